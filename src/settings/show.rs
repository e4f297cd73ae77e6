//! Values as TOML writes them, such that reading gives the same value again.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::choice::Choice;
use crate::model::Network;

/// What a configuration can hold.
pub trait Show {
    /// The value in TOML; `None` for what is not set and has no value.
    fn show(&self) -> Option<String>;
}

macro_rules! as_displayed {
    ($($kind:ty),*) => { $(impl Show for $kind {
        fn show(&self) -> Option<String> {
            Some(self.to_string())
        }
    })* };
}

as_displayed!(bool, u8, u16, u32, u64, usize);

impl Show for String {
    fn show(&self) -> Option<String> {
        Some(quoted(self))
    }
}

impl Show for PathBuf {
    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string_lossy()))
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self) -> Option<String> {
        self.as_ref().and_then(T::show)
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self) -> Option<String> {
        let items: Vec<_> = self.iter().filter_map(T::show).collect();
        Some(format!("[{}]", items.join(", ")))
    }
}

impl Show for Duration {
    /// In the largest unit of which it is a multiple, above seconds only from two on: `60s`, `2m`, `90d`.
    fn show(&self) -> Option<String> {
        const SECOND: u128 = 1_000_000_000;
        const UNITS: [(&str, u128); 7] = [
            ("d", 86_400 * SECOND),
            ("h", 3600 * SECOND),
            ("m", 60 * SECOND),
            ("s", SECOND),
            ("ms", 1_000_000),
            ("us", 1000),
            ("ns", 1),
        ];
        let nanos = self.as_nanos();
        let fits = |unit: u128| nanos.is_multiple_of(unit) && (nanos > unit || unit <= SECOND);
        let found = UNITS.iter().find(|(_, unit)| nanos > 0 && fits(*unit));
        Some(found.map_or("\"0s\"".into(), |(word, unit)| {
            format!("\"{}{word}\"", nanos / unit)
        }))
    }
}

impl Show for SocketAddr {
    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

impl Show for Network {
    fn show(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}

impl<T: Choice> Show for T {
    fn show(&self) -> Option<String> {
        T::WORDS
            .iter()
            .find(|(_, choice)| choice == self)
            .map(|(word, _)| quoted(word))
    }
}

/// A text as TOML writes it: in quotes, what is special escaped.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            // Writing to a String cannot fail.
            _ if character.is_control() => drop(write!(quoted, "\\u{:04X}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
