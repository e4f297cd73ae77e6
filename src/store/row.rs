//! Rows as other stores can take them in.

use serde_json::{Map, Value};

/// A row: its columns by name, bytes as hexadecimal digits.
pub type Row = Map<String, Value>;

/// The table of the last numbers that were given, by what they were given to.
pub const SEQUENCE: &str = "numbers";
