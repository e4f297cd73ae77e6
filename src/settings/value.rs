//! Values as somebody wrote them, and what can be wrong with one.

use std::fmt;

/// A value and where it stands. No `Debug` shows the value, which may be a secret.
pub struct Written {
    /// The value that stands there.
    pub value: Value,
    /// The line, from 1, of its key (of itself in a list).
    pub line: usize,
    /// The whole of a variable: where text is wanted, it need not be quoted.
    pub(crate) bare: Option<String>,
}

/// A value of TOML. Its `Debug` shows the kind alone.
pub enum Value {
    /// Text between quotation marks.
    Text(String),
    /// A whole number. Saturates: no key takes numbers of this size.
    Integer(i128),
    /// A truth value, `true` or `false`.
    Flag(bool),
    /// An array of values, each with its line.
    List(Vec<Written>),
    /// A table: its keys and values, in the order in which they stand there.
    Table(Vec<(String, Written)>),
    /// What no key takes (fractions, dates), as it would be written.
    Other(String),
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written")
            .field("value", &self.value)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(…)",
            Self::Integer(_) => "Integer(…)",
            Self::Flag(_) => "Flag(…)",
            Self::List(_) => "List(…)",
            Self::Table(_) => "Table(…)",
            Self::Other(_) => "Other(…)",
        })
    }
}

impl Written {
    /// A value in this line, from 1.
    pub fn new(value: Value, line: usize) -> Self {
        Self {
            value,
            line,
            bare: None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => self.bare.as_deref(),
        }
    }

    /// The value, for a message about it.
    pub fn quote(&self) -> String {
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

/// Why one value was refused, before anyone knows where it stands. Shown as `what is wrong; what would be right`
/// behind the place and the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    /// What is wrong: `"soon" is not a duration`.
    pub wrong: String,
    /// What would be right: `write a number and its unit, as "30s"`; may be empty.
    pub right: String,
    /// The line of the part that is wrong, where that is not the line of the key.
    pub line: Option<usize>,
}

impl ValueError {
    /// What is wrong, and what would be right.
    pub fn new(wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            right: right.into(),
            line: None,
        }
    }

    /// The same of a value that nobody is to read.
    pub(super) fn of_a_secret(self, written: &Written) -> Self {
        let kind = match written.value {
            Value::Text(_) => "this text",
            Value::Integer(_) => "a number",
            Value::Flag(_) => "a truth value",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(_) => "this value",
        };
        // What would be right may be made of what is wrong.
        let is_made_of_it = match &written.value {
            Value::Text(text) | Value::Other(text) => self.right.contains(text),
            Value::Integer(number) => self.right.contains(&number.to_string()),
            Value::Flag(_) => false,
            Value::List(_) | Value::Table(_) => true,
        };
        let right = if is_made_of_it {
            String::new()
        } else {
            self.right
        };
        Self {
            wrong: format!("{kind} cannot be taken"),
            right,
            line: self.line,
        }
    }
}
