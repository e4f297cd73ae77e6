//! The frame that lines stand for: their bytes, or, where those are not written, names and values.

use super::page::{self, Kind};
use crate::values::Values;

/// Whether a frame is written in bytes: `08000000 32 05  …`.
pub(super) fn is_in_bytes(line: &str) -> bool {
    let first = line.split(' ').next().unwrap_or_default();
    first.len() == 8 && first.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The bytes before the two spaces of each line.
pub(super) fn bytes(lines: &[String], values: &Values) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    for line in lines {
        let mut rest = line.split("  ").next().unwrap_or_default();
        while !rest.is_empty() {
            rest = one(rest, values, &mut out)
                .ok_or_else(|| format!("not in hexadecimal: {rest:?}"))?;
        }
    }
    Ok(out)
}

/// Takes a space, a `-` (no bytes), a byte or a placeholder; what is behind it.
fn one<'a>(text: &'a str, values: &Values, out: &mut Vec<u8>) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix([' ', '-']) {
        return Some(rest);
    }
    if text.starts_with('<') {
        let (name, rest) = text.split_at(text.find('>')? + 1);
        let value = values.value(name)?;
        match name {
            "<time>" => out.extend(value.parse::<i64>().ok()?.to_le_bytes()),
            _ => out.extend(value.bytes()),
        }
        return Some(rest);
    }
    let byte = u8::from_str_radix(text.get(..2)?, 16).ok()?;
    out.push(byte);
    text.get(2..)
}

/// `CREATE_CHAT task 5 chat_name "tea"`: the fields' names and commas may be left out.
pub(super) fn named(revision: u8, lines: &[String], values: &Values) -> Result<Vec<u8>, String> {
    let text = lines.join(" ");
    let mut words = Words(&text);
    let name = words.next().unwrap_or_default();
    let (purpose, byte) = page::named(revision, name)
        .ok_or_else(|| format!("{name:?} is no purpose of revision {revision}, and no bytes"))?;
    let task = match (words.next(), words.next().map(str::parse)) {
        (Some("task"), Some(Ok(task))) => task,
        _ => return Err(format!("behind {name} comes task and its number")),
    };
    let mut body = Vec::new();
    for row in purpose.body(revision) {
        for field in row.fields {
            let word = match words.next() {
                Some(word) if word == field.name => words.next(),
                word => word,
            };
            match word {
                None if row.is_optional => break,
                None => return Err(format!("{} is missing", field.name)),
                Some(word) => write(field.kind, word, values, &mut body)
                    .ok_or_else(|| format!("{} cannot be {word}", field.name))?,
            }
        }
    }
    if let Some(word) = words.next() {
        return Err(format!("{word} is too much"));
    }
    Ok(super::frame(byte, task, &body))
}

fn write(kind: Kind, word: &str, values: &Values, out: &mut Vec<u8>) -> Option<()> {
    let filled = values.value(word);
    let value = filled.as_deref().unwrap_or(word);
    match kind {
        Kind::U8 => out.push(value.parse().ok()?),
        Kind::I32 => out.extend(value.parse::<i32>().ok()?.to_le_bytes()),
        Kind::Time => out.extend(value.parse::<i64>().ok()?.to_le_bytes()),
        Kind::Ipv4 => out.extend(value.parse::<std::net::Ipv4Addr>().ok()?.octets()),
        Kind::Text => {
            let text = match filled {
                Some(filled) => filled,
                None => serde_json::from_str::<String>(value).ok()?,
            };
            out.extend(text.bytes());
            out.push(0);
        }
    }
    Some(())
}

/// Words and texts in quotation marks, between spaces and commas.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start_matches([' ', ',']);
        let end = if text.starts_with('"') {
            closing_quote(text)
        } else {
            text.find([' ', ',']).unwrap_or(text.len())
        };
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }
}

/// Where a text in quotation marks ends.
fn closing_quote(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
