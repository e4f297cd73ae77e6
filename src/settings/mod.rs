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
//! const KEYS: &[Key<TelnetSettings>] = &[key!(idle_after: read::duration), key!(banner: read::flag)];
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
    /// Sets the field to what was written, or says what is wrong with that.
    pub read: fn(&mut T, &Written) -> Result<(), ValueError>,
    /// The field as TOML; `None` where nothing is set.
    pub show: fn(&T) -> Option<String>,
}

/// A [`Key`] of the name of its field: `key!(pace: read::duration)`, `key!(limits.burst: read::limit)`.
///
/// What stands behind the colon takes a [`&Written`](crate::settings::Written) and gives the field's value or a
/// [`ValueError`](crate::settings::ValueError); the field's type says how it is shown, by
/// [`Show`](crate::settings::Show).
#[macro_export]
macro_rules! key {
    ($first:ident $(. $second:ident)? : $read:expr) => {
        $crate::settings::Key {
            name: concat!(stringify!($first) $(, ".", stringify!($second))?),
            read: |of, written| {
                of.$first $(.$second)? = $read(written)?;
                Ok(())
            },
            show: |of| $crate::settings::Show::show(&of.$first $(.$second)?),
        }
    };
}

impl<T> Key<T> {
    /// Sets the key of this name; `None` if there is none.
    pub fn set(
        keys: &[Self],
        of: &mut T,
        name: &str,
        written: &Written,
    ) -> Option<Result<(), ValueError>> {
        let key = keys.iter().find(|key| key.name == name);
        key.map(|key| (key.read)(of, written))
    }

    /// All keys with their values as TOML.
    pub fn shown(keys: &[Self], of: &T) -> Vec<(&'static str, Option<String>)> {
        keys.iter().map(|key| (key.name, (key.show)(of))).collect()
    }
}
