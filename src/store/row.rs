//! Rows as other stores can take them in.

use std::fmt::Write;

use serde_json::{Map, Value};

/// A row: its columns by name, bytes as hexadecimal digits.
pub type Row = Map<String, Value>;

/// The table of the last numbers that were given, by what they were given to.
pub const SEQUENCE: &str = "numbers";

/// Bytes as digits, two each.
#[must_use]
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // A string takes everything.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
