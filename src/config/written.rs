//! Values as someone wrote them, with the place where they stand.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::error::{ConfigError, Origin};
use super::keys;

/// What was read: a layer of the configuration, or one variable.
#[derive(Debug, Clone)]
pub(super) enum Source {
    File(PathBuf),
    Text,
    Variable(String),
}

impl Source {
    /// The place of a line, from 1. A variable has no lines that a person would count.
    pub(super) fn at(&self, line: usize) -> Origin {
        match self {
            Self::File(path) => Origin::File {
                path: path.clone(),
                line,
            },
            Self::Text => Origin::Text { line },
            Self::Variable(name) => Origin::Variable(name.clone()),
        }
    }
}

/// One key with its value: `limits.burst`, or `listener` with all of them.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) written: Written,
    pub(super) source: Source,
}

/// A value and the line, from 1, of its key (of itself in a list).
#[derive(Debug)]
pub(super) struct Written {
    pub(super) value: Value,
    pub(super) line: usize,
    /// The whole of a variable: where text is wanted, it need not be quoted.
    bare: Option<String>,
}

#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    /// Saturates: no key takes numbers of this size.
    Integer(i128),
    Flag(bool),
    List(Vec<Written>),
    Table(Vec<(String, Written)>),
    /// What no key takes (fractions, dates), as it would be written.
    Other(String),
}

impl Written {
    /// The value of a variable: TOML, or else text.
    pub(super) fn variable(text: &str) -> Self {
        let value = match DeValue::parse(text) {
            Ok(value) => Value::new(value.get_ref(), text),
            Err(_) => Value::Text(text.into()),
        };
        Self {
            value,
            line: 1,
            bare: Some(text.into()),
        }
    }

    fn new(key_at: usize, value: &Spanned<DeValue<'_>>, text: &str) -> Self {
        Self {
            value: Value::new(value.get_ref(), text),
            line: line(text, key_at),
            bare: None,
        }
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => self.bare.as_deref(),
        }
    }

    /// The value, for a message about it.
    pub(super) fn quote(&self) -> String {
        match &self.value {
            Value::Text(text) => format!("{text:?}"),
            Value::Integer(number) => number.to_string(),
            Value::Flag(flag) => flag.to_string(),
            Value::List(_) => "a list".into(),
            Value::Table(_) => "a table".into(),
            Value::Other(other) => other.clone(),
        }
    }
}

impl Value {
    fn new(value: &DeValue<'_>, text: &str) -> Self {
        match value {
            DeValue::String(string) => Self::Text(string.clone().into_owned()),
            DeValue::Integer(integer) => Self::Integer(number(integer)),
            DeValue::Boolean(flag) => Self::Flag(*flag),
            DeValue::Float(float) => Self::Other(float.to_string()),
            DeValue::Datetime(time) => Self::Other(time.to_string()),
            DeValue::Array(items) => Self::List(
                items
                    .iter()
                    .map(|item| Written::new(item.span().start, item, text))
                    .collect(),
            ),
            DeValue::Table(table) => Self::Table(fields(table, text)),
        }
    }
}

/// The keys and values of a TOML document, in the order in which they stand there.
pub(super) fn document(text: &str, source: &Source) -> Result<Vec<Entry>, ConfigError> {
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        ConfigError::new(
            source.at(line(text, at)),
            "",
            format!("not TOML: {}", error.message()),
            "",
        )
    })?;
    let mut entries = Vec::new();
    for (key, written) in fields(table.get_ref(), text) {
        if keys::is_section(&key) {
            entries.extend(section(&key, written, source)?);
        } else {
            entries.push(Entry {
                key,
                written,
                source: source.clone(),
            });
        }
    }
    Ok(entries)
}

fn section(key: &str, written: Written, source: &Source) -> Result<Vec<Entry>, ConfigError> {
    let Value::Table(inside) = written.value else {
        let wrong = format!("{} is not a section", written.quote());
        let right = format!("write [{key}] and its keys below it");
        return Err(ConfigError::new(source.at(written.line), key, wrong, right));
    };
    let entry = |(name, written)| Entry {
        key: format!("{key}.{name}"),
        written,
        source: source.clone(),
    };
    Ok(inside.into_iter().map(entry).collect())
}

fn fields(table: &DeTable<'_>, text: &str) -> Vec<(String, Written)> {
    let mut fields: Vec<_> = table.iter().collect();
    fields.sort_by_key(|(key, _)| key.span().start);
    let written = |key: usize, value| Written::new(key, value, text);
    fields
        .into_iter()
        .map(|(key, value)| (key.get_ref().to_string(), written(key.span().start, value)))
        .collect()
}

fn number(integer: &DeInteger<'_>) -> i128 {
    i128::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(i128::MAX)
}

fn line(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}
