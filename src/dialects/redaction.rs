//! What dialects share that show their frames to those who watch: what is secret, and JSON without it.

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::hub::tap::{SECRET, Show, Shown, without_tokens};

/// What is in the name of a member that is secret.
const SECRET_NAMES: [&str; 4] = ["pass", "token", "hash", "secret"];

/// What is said to the gateway itself, without the password of `register PASSWORD`, which it understands; `None` where
/// there is none.
#[must_use]
pub fn without_registration(text: &str) -> Option<String> {
    let said = text.trim();
    let said = said.strip_prefix("/me ").unwrap_or(said).trim();
    let (verb, rest) = said.split_once(char::is_whitespace)?;
    let registers = verb.to_lowercase() == "register" && !rest.trim().is_empty();
    registers.then(|| format!("{verb} {SECRET}"))
}

/// JSON objects as they are, without what is secret; one a line in what goes out.
pub struct Objects {
    is_private: fn(&Value) -> bool,
}

impl Objects {
    /// `is_private` says whether what came in is for one user.
    #[must_use]
    pub fn new(is_private: fn(&Value) -> bool) -> Self {
        Self { is_private }
    }

    /// An object; `None` where it is none.
    fn object(&self, bytes: &[u8], is_from_client: bool) -> Option<Shown> {
        let text = std::str::from_utf8(bytes).ok()?;
        let text = text.trim_start_matches('\u{feff}').trim();
        // What cannot be read, as it holds half of a surrogate pair, may be for one user.
        let private = is_from_client
            && serde_json::from_str(text)
                .ok()
                .is_none_or(|frame: Value| (self.is_private)(&frame));
        let lines = blanked(text, private)?;
        Some(
            lines
                .lines()
                .map(|line| line.trim_end().to_owned())
                .collect(),
        )
    }
}

impl Show for Objects {
    fn inbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        vec![
            self.object(bytes, true)
                .unwrap_or_else(|| other(bytes.len())),
        ]
    }

    fn outbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        let (mut shown, mut others) = (Vec::new(), 0);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            match self.object(line, false) {
                Some(object) => {
                    if others > 0 {
                        shown.push(other(std::mem::take(&mut others)));
                    }
                    shown.push(object);
                }
                None => others += line.len(),
            }
        }
        if others > 0 {
            shown.push(other(others));
        }
        shown
    }
}

/// A file's bytes, or a broken object, of which nobody can say what in it is secret.
fn other(bytes: usize) -> Shown {
    vec![format!("<{bytes} bytes that are no JSON>")]
}

/// JSON as it is written, without what is secret; `None` where it is none.
fn blanked(json: &str, private: bool) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(start) = rest.find('"') {
        let (before, text) = rest.split_at(start);
        let (text, after) = text.split_at(string_end(text));
        out.push_str(before);
        let value = after.trim_start().strip_prefix(':').map(str::trim_start);
        let Some(value) = value else {
            out.push_str(&blanked_string(text, private));
            rest = after;
            continue;
        };
        out.push_str(text);
        out.push_str(&after[..after.len() - value.len()]);
        rest = value;
        if is_secret(text) && !value.starts_with("null") {
            out.push_str(&format!("\"{SECRET}\""));
            rest = &value[value_end(value)..];
        }
    }
    Some(out + rest)
}

fn is_secret(name: &str) -> bool {
    let name: String = serde_json::from_str(name).unwrap_or_default();
    let name = name.to_lowercase();
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
}

fn blanked_string(text: &str, private: bool) -> String {
    let Ok(said) = serde_json::from_str::<String>(text) else {
        return format!("\"{SECRET}\"");
    };
    let registration = private.then(|| without_registration(&said)).flatten();
    let shown = registration.unwrap_or_else(|| without_tokens(&said));
    if shown == said {
        text.to_owned()
    } else {
        Value::from(shown).to_string()
    }
}

/// How long the string is that this begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// How long the value is that this begins with.
fn value_end(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => at += string_end(&text[at..]) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_blanked_and_all_else_is_as_it_was() {
        let token = format!("{}anna", "0a".repeat(32));
        for (json, shown) in [
            (r#"{ "a" : 1, "ü":"\"x" }"#.to_owned(), None),
            (
                r#"{"user":{"password":"x\"y","n":1}}"#.to_owned(),
                Some(r#"{"user":{"password":"<secret>","n":1}}"#),
            ),
            (
                r#"{"p\u0061ss" : {"a":["]"]} ,"b":2}"#.to_owned(),
                Some(r#"{"p\u0061ss" : "<secret>" ,"b":2}"#),
            ),
            (
                r#"{"TOKEN":17}"#.to_owned(),
                Some(r#"{"TOKEN":"<secret>"}"#),
            ),
            (
                format!(r#"{{"message":"it is {token}"}}"#),
                Some(r#"{"message":"it is <secret>"}"#),
            ),
        ] {
            assert_eq!(blanked(&json, false).unwrap(), shown.unwrap_or(&json));
        }
        assert_eq!(blanked(r#"{"password":"x"#, false), None);
    }

    #[test]
    fn a_registration_is_secret_where_it_is_for_one() {
        let json = r#"{"to":"tolmach","m":" Register  my pass "}"#;
        let shown = r#"{"to":"tolmach","m":"Register <secret>"}"#;
        assert_eq!(blanked(json, true).unwrap(), shown);
        assert_eq!(blanked(json, false).unwrap(), json);
    }

    #[test]
    fn what_is_no_json_is_only_counted() {
        let mut show = Objects::new(|_| false);
        let bytes = Bytes::from_static(b"{\"a\":1}\nab\ncd\n{}\n");
        let shown = show.outbound(&bytes).concat();
        assert_eq!(shown, ["{\"a\":1}", "<6 bytes that are no JSON>", "{}"]);
    }
}
