//! Values as someone wrote them, with the place where they stand.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::error::{ConfigError, Origin};
use super::keys::Keys;
use crate::settings::{Value, Written};

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

/// The value of a variable: TOML, or else text.
pub(super) fn variable(text: &str) -> Written {
    let value = match DeValue::parse(text) {
        Ok(parsed) => value(parsed.get_ref(), text),
        Err(_) => Value::Text(text.into()),
    };
    Written {
        value,
        line: 1,
        bare: Some(text.into()),
    }
}

fn written(key_at: usize, spanned: &Spanned<DeValue<'_>>, text: &str) -> Written {
    Written::new(value(spanned.get_ref(), text), line(text, key_at))
}

fn value(value: &DeValue<'_>, text: &str) -> Value {
    match value {
        DeValue::String(string) => Value::Text(string.clone().into_owned()),
        DeValue::Integer(integer) => Value::Integer(number(integer)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Float(float) => Value::Other(float.to_string()),
        DeValue::Datetime(time) => Value::Other(time.to_string()),
        DeValue::Array(items) => {
            let items = items.iter();
            Value::List(
                items
                    .map(|item| written(item.span().start, item, text))
                    .collect(),
            )
        }
        DeValue::Table(table) => Value::Table(fields(table, text)),
    }
}

/// The keys and values of a TOML document, in the order in which they stand there.
pub(super) fn document(
    text: &str,
    source: &Source,
    keys: &Keys,
) -> Vec<Result<Entry, ConfigError>> {
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let wrong = format!("not TOML: {}", error.message());
            let origin = source.at(line(text, at));
            return vec![Err(ConfigError::new(origin, "", wrong, ""))];
        }
    };
    let mut entries = Vec::new();
    for (key, written) in fields(table.get_ref(), text) {
        if keys.is_elsewhere(&key) {
            continue;
        }
        if keys.is_section(&key) {
            entries.extend(section(&key, written, source));
        } else {
            entries.push(Ok(Entry {
                key,
                written,
                source: source.clone(),
            }));
        }
    }
    entries
}

fn section(key: &str, written: Written, source: &Source) -> Vec<Result<Entry, ConfigError>> {
    let Value::Table(inside) = written.value else {
        let wrong = format!("{} is not a section", written.quote());
        let right = format!("write [{key}] and its keys below it");
        let error = ConfigError::new(source.at(written.line), key, wrong, right);
        return vec![Err(error)];
    };
    let entry = |(name, written)| {
        Ok(Entry {
            key: format!("{key}.{name}"),
            written,
            source: source.clone(),
        })
    };
    inside.into_iter().map(entry).collect()
}

fn fields(table: &DeTable<'_>, text: &str) -> Vec<(String, Written)> {
    let mut fields: Vec<_> = table.iter().collect();
    fields.sort_by_key(|(key, _)| key.span().start);
    let field = |(key, value): (&Spanned<_>, _)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        (name.to_string(), written(key.span().start, value, text))
    };
    fields.into_iter().map(field).collect()
}

fn number(integer: &DeInteger<'_>) -> i128 {
    i128::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(i128::MAX)
}

fn line(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}
