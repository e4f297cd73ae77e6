//! How one key of a configuration is read and how it is shown, whatever file or variable it stands in.
//!
//! A dialect's own keys are a table of [`Key`]s, made by [`key!`](crate::key):
//!
//! ```
//! use std::time::Duration;
//! use tolmach::key;
//! use tolmach::settings::{Key, Value, Written, read};
//!
//! #[derive(Debug, Clone, Default, PartialEq)]
//! struct TelnetSettings {
//!     idle_after: Duration,
//!     banner: bool,
//! }
//!
//! const KEYS: &[Key<TelnetSettings>] = &[
//!     key!(idle_after: read::duration, "Silence after which a connection is idle."),
//!     key!(banner: read::flag, "Whether the gateway says something first."),
//! ];
//!
//! let mut settings = TelnetSettings::default();
//! let written = Written::new(Value::Text("90s".into()), 1);
//! (KEYS[0].read)(&mut settings, &written).unwrap();
//! assert_eq!(settings.idle_after, Duration::from_secs(90));
//! assert_eq!((KEYS[1].show)(&settings).as_deref(), Some("false"));
//!
//! let wrong = (KEYS[1].read)(&mut settings, &Written::new(Value::Integer(5), 1)).unwrap_err();
//! assert_eq!(wrong.wrong, "5 is neither true nor false");
//! ```

mod choice;
pub mod read;
mod show;
mod value;

pub use choice::{Choice, choice};
pub use show::{Show, quoted};
pub use value::{Value, ValueError, Written};

/// One key of `T`: a field, or a field of a section of it.
#[derive(Debug)]
pub struct Key<T: 'static> {
    /// As it stands in the file: `pace`, or `limits.burst` with its section.
    pub name: &'static str,
    /// What it is for, in a line for people (`tolmach config example`).
    pub about: &'static str,
    /// Its value is shown to nobody.
    pub is_secret: bool,
    /// Sets the field to what was written, or says what is wrong with that.
    pub read: fn(&mut T, &Written) -> Result<(), ValueError>,
    /// The field as TOML; `None` where nothing is set.
    pub show: fn(&T) -> Option<String>,
}

/// A [`Key`] of the name of its field: `key!(pace: read::duration, "The least time between two objects.")`,
/// `key!(limits.burst: read::limit, "…")`; with `secret` in front its value is shown to nobody.
///
/// What stands behind the colon takes a [`&Written`](crate::settings::Written) and gives the field's value or a
/// [`ValueError`](crate::settings::ValueError); the field's type says how it is shown, by
/// [`Show`](crate::settings::Show). The text says what the key is for, in a line.
#[macro_export]
macro_rules! key {
    (secret $first:ident $(. $second:ident)? : $read:expr, $about:expr) => {
        $crate::settings::Key {
            is_secret: true,
            ..$crate::key!($first $(. $second)? : $read, $about)
        }
    };
    ($first:ident $(. $second:ident)? : $read:expr, $about:expr) => {
        $crate::settings::Key {
            name: concat!(stringify!($first) $(, ".", stringify!($second))?),
            about: $about,
            is_secret: false,
            read: |of, written| {
                of.$first $(.$second)? = $read(written)?;
                Ok(())
            },
            show: |of| $crate::settings::Show::show(&of.$first $(.$second)?),
        }
    };
}

/// A key and what holds for it. Two are equal where they mean the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    /// The key's name, as [`Key::name`] has it.
    pub name: &'static str,
    /// What it is for: [`Key::about`].
    pub about: &'static str,
    is_secret: bool,
    value: Option<String>,
}

impl Shown {
    #[cfg(feature = "daemon")]
    pub(crate) fn new(name: &'static str, about: &'static str, value: Option<String>) -> Self {
        Self {
            name,
            about,
            is_secret: false,
            value,
        }
    }

    /// Whether there is a value that nobody sees.
    #[cfg(feature = "daemon")]
    pub(crate) fn is_hidden(&self) -> bool {
        self.is_secret && self.value() != self.value.as_deref()
    }

    /// The value as TOML, as far as anybody may see it: a secret is `"***"` unless it is empty. `None` where nothing is set.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        match self.value.as_deref() {
            Some(value) if self.is_secret && value != "\"\"" => Some("\"***\""),
            value => value,
        }
    }
}

impl<T> Key<T> {
    /// Sets the key of this name; `None` if there is none. What is wrong with a secret is said without it.
    pub fn set(
        keys: &[Self],
        of: &mut T,
        name: &str,
        written: &Written,
    ) -> Option<Result<(), ValueError>> {
        let key = keys.iter().find(|key| key.name == name)?;
        let read = (key.read)(of, written);
        Some(read.map_err(|error| match key.is_secret {
            true => error.of_a_secret(written),
            false => error,
        }))
    }

    /// All keys with what holds for them.
    pub fn shown(keys: &[Self], of: &T) -> Vec<Shown> {
        let shown = |key: &Self| Shown {
            name: key.name,
            about: key.about,
            is_secret: key.is_secret,
            value: (key.show)(of),
        };
        keys.iter().map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Door {
        password: String,
    }

    const KEYS: &[Key<Door>] =
        &[key!(secret password: |written| read::text(written).map(str::to_owned), "Opens it.")];

    #[test]
    fn a_secret_is_shown_to_nobody_and_its_change_is_noticed() {
        let shown = |password: &str| {
            let password = password.to_owned();
            Key::shown(KEYS, &Door { password }).remove(0)
        };
        assert_eq!(shown("sesame").value(), Some("\"***\""));
        assert!(shown("sesame") != shown("open") && shown("open") == shown("open"));
        // Nobody is led to set what would be no secret.
        assert_eq!(shown("").value(), Some("\"\""));
    }

    #[test]
    fn what_is_wrong_with_a_secret_is_said_without_it() {
        let lasting: &[Key<Door>] =
            &[key!(secret password: |written| read::duration(written).map(|_| String::new()), "")];
        let password = String::new();
        let mut door = Door { password };
        for (keys, value) in [
            (KEYS, Value::Integer(12_345_678)),
            (lasting, Value::Integer(12_345_678)),
            (lasting, Value::Text("12345678".into())),
            (lasting, Value::Text("12345678 x".into())),
        ] {
            let written = Written::new(value, 3);
            let error = Key::set(keys, &mut door, "password", &written);
            let shown = format!("{:?} {written:?}", error.unwrap().unwrap_err());
            assert!(!shown.contains("1234"), "{shown}");
        }
        let written = Written::new(Value::Integer(12_345_678), 3);
        let error = Key::set(KEYS, &mut door, "password", &written);
        let ValueError { wrong, right, .. } = error.unwrap().unwrap_err();
        assert_eq!(
            (wrong.as_str(), right.as_str()),
            ("a number cannot be taken", "write it in quotes")
        );
    }
}
