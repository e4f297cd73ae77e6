//! What dialects of JSON lines share.

use serde_json::Value;

use crate::values::Values;

/// A line's length, with its newline.
pub(crate) fn cut(bytes: &[u8]) -> Option<usize> {
    let newline = bytes.iter().position(|byte| *byte == b'\n')?;
    Some(newline + 1)
}

/// A line without its newline.
pub(crate) fn show(frame: &[u8], who: &str, values: &mut Values) -> Vec<String> {
    let line = frame.strip_suffix(b"\n").unwrap_or(frame);
    vec![values.hide(&String::from_utf8_lossy(line), who)]
}

/// A line, or more that are one object together; a newline ends it.
pub(crate) fn read(lines: &[String], values: &Values) -> Vec<u8> {
    let mut line = values.fill(&lines.join("\n"));
    line.push('\n');
    line.into_bytes()
}

pub(crate) fn parse(frame: &[u8]) -> Value {
    serde_json::from_slice(frame).unwrap_or(Value::Null)
}

pub(crate) fn line(value: &Value) -> Vec<u8> {
    format!("{value}\n").into_bytes()
}
