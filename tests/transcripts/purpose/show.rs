//! A body's bytes and what they are, line by line.

use std::fmt::Write;
use std::net::Ipv4Addr;

use super::page::{Field, Kind, Row};
use tolmach::dialects::client::Placeholders;

/// Hexadecimal bytes, or a placeholder, and what they are.
pub(super) struct Line {
    pub(super) hex: String,
    pub(super) meaning: String,
}

/// What is left of a body, and what hides its times and secrets.
pub(super) struct Body<'a> {
    pub(super) rest: &'a [u8],
    pub(super) who: &'a str,
    pub(super) values: &'a mut Placeholders,
}

impl Body<'_> {
    /// All of it. What is not as it should be ends it: it is shown as it is.
    pub(super) fn lines(mut self, rows: &[Row]) -> Vec<Line> {
        let mut lines = Vec::new();
        for row in rows {
            while !(self.rest.is_empty() && (row.is_optional || row.is_repeated)) {
                let Some(line) = self.row(row) else {
                    lines.push(self.remains("not as it should be"));
                    return lines;
                };
                lines.push(line);
                if !row.is_repeated {
                    break;
                }
            }
        }
        if !self.rest.is_empty() {
            lines.push(self.remains("left over"));
        }
        lines
    }

    fn remains(&mut self, meaning: &str) -> Line {
        let rest = match std::mem::take(&mut self.rest) {
            [] => "-".to_owned(),
            rest => hex(rest),
        };
        Line {
            hex: rest,
            meaning: format!("… {meaning}"),
        }
    }

    /// One line; `None` and nothing taken where the bytes are no such fields.
    fn row(&mut self, row: &Row) -> Option<Line> {
        let whole = self.rest;
        let (mut hexes, mut meanings) = (Vec::new(), Vec::new());
        let mut created = None;
        for field in &row.fields {
            let Some((hex, value)) = self.field(*field, created) else {
                self.rest = whole;
                return None;
            };
            if field.name == "created" {
                created = Some(hex.1);
            }
            hexes.push(hex.0);
            meanings.push(format!("{} {value}", field.name));
        }
        Some(Line {
            hex: hexes.join(" "),
            meaning: meanings.join(", "),
        })
    }

    /// A field's bytes as shown, its number, and its value as shown.
    fn field(&mut self, field: Field, created: Option<i64>) -> Option<((String, i64), String)> {
        Some(match field.kind {
            Kind::U8 => {
                let [byte] = self.take()?;
                ((hex(&[byte]), 0), byte.to_string())
            }
            Kind::I32 => {
                let bytes = self.take()?;
                ((hex(&bytes), 0), i32::from_le_bytes(bytes).to_string())
            }
            Kind::Ipv4 => {
                let bytes = self.take::<4>()?;
                ((hex(&bytes), 0), Ipv4Addr::from(bytes).to_string())
            }
            Kind::Time => {
                let bytes = self.take()?;
                let value = i64::from_le_bytes(bytes);
                let Some(shown) = self.values.time(value, created) else {
                    return Some(((hex(&bytes), value), value.to_string()));
                };
                ((shown.to_owned(), value), shown.to_owned())
            }
            Kind::Text => self.text()?,
        })
    }

    fn text(&mut self) -> Option<((String, i64), String)> {
        let end = self.rest.iter().position(|byte| *byte == 0)?;
        let text = std::str::from_utf8(&self.rest[..end]).ok()?;
        let (whole, rest) = self.rest.split_at(end + 1);
        let shown = self.values.secret(text, self.who);
        self.rest = rest;
        if shown == text {
            // JSON's escapes: a text may have line breaks.
            let quoted = serde_json::Value::from(text).to_string();
            return Some(((hex(whole), 0), quoted));
        }
        Some(((format!("{shown}00"), 0), shown))
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*head)
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
