//! What is wrong with a configuration, and where.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::refusal::words;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it: the default holds.
    Default,
    /// A line of a file, from 1.
    File {
        /// The file as it was named to [`super::Config::load`].
        path: PathBuf,
        /// The line, from 1; 0 is the file as a whole.
        line: usize,
    },
    /// A line, from 1, of the text given to [`super::Config::from_toml`].
    Text {
        /// The line, from 1.
        line: usize,
    },
    /// A variable of the environment, by its name.
    Variable(String),
    /// An option of the command line, as it is written.
    CommandLine(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: 0 } => write!(f, "{}", path.display()),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Text { line } => write!(f, "line {line}"),
            Self::Variable(name) => f.write_str(name),
            Self::CommandLine(option) => f.write_str(option),
        }
    }
}

/// Why a configuration was refused. Shown as `FILE:LINE: KEY: what is wrong; what would be right`, where a
/// variable's name stands in place of `FILE:LINE` for a value from the environment. [`ConfigError::all`] has what else is
/// wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    origin: Origin,
    key: String,
    wrong: String,
    right: String,
    others: Box<[ConfigError]>,
}

impl ConfigError {
    pub(super) fn new(
        origin: Origin,
        key: impl Into<String>,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) -> Self {
        Self {
            origin,
            key: key.into(),
            wrong: wrong.into(),
            right: right.into(),
            others: Box::default(),
        }
    }

    /// Nothing, or all of them in one.
    pub(super) fn none_of(errors: Vec<Self>) -> Result<(), Self> {
        let mut errors = errors.into_iter();
        errors.next().map_or(Ok(()), |first| {
            let others = errors.collect();
            Err(Self { others, ..first })
        })
    }

    /// Everything that is wrong: this, and what else was found.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }

    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self::new(
            Origin::File {
                path: path.to_owned(),
                line: 0,
            },
            "",
            format!("cannot be read: {}", words(error)),
            "",
        )
    }

    /// A file that was read once and cannot be read again, or that was emptied meanwhile.
    #[cfg(feature = "cli")]
    pub(crate) fn not_again(path: &Path, wrong: &str) -> Self {
        let origin = Origin::File {
            path: path.to_owned(),
            line: 0,
        };
        let right = "put a whole configuration there, or start the gateway anew with a file";
        Self::new(origin, "", wrong, right)
    }

    /// Where the wrong value stands.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key, `limits.queue_events`; `None` where the error is about no key (text that is not TOML, an
    /// unknown variable).
    pub fn key(&self) -> Option<&str> {
        (!self.key.is_empty()).then_some(&self.key)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if let Some(key) = self.key() {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.wrong)?;
        if self.right.is_empty() {
            Ok(())
        } else {
            write!(f, "; {}", self.right)
        }
    }
}

impl Error for ConfigError {}
