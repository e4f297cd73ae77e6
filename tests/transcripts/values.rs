//! What no two runs share: the time, and random secrets. Files show placeholders instead.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds that clocks may be apart.
const SLACK: i64 = 5;
/// A random secret's hexadecimal digits; a login comes behind them.
const DIGITS: usize = 64;
/// The hexadecimal digits of a stored file's name.
const FILE_DIGITS: usize = 32;

/// How people write a time.
const DATE: &str = "0000-00-00 00:00:00";

/// The placeholders of one run.
pub(crate) struct Values {
    start: i64,
    /// Secrets, and what they are shown as.
    secrets: Vec<(String, String)>,
}

/// The time, UNIX seconds.
fn now() -> i64 {
    now_ms() / 1000
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

impl Values {
    pub(crate) fn new() -> Self {
        Self {
            start: now(),
            secrets: Vec::new(),
        }
    }

    /// Whether this is a time of this run.
    pub(crate) fn is_time(&self, value: i64) -> bool {
        (self.start - SLACK..=now() + SLACK).contains(&value)
    }

    /// What is shown for a secret that somebody is told or sends; itself where it is not random.
    pub(crate) fn secret(&mut self, value: &str, who: &str) -> String {
        if let Some((_, name)) = self.secrets.iter().find(|(known, _)| known == value) {
            return name.clone();
        }
        if value.len() == FILE_DIGITS && is_random(value.as_bytes()) {
            return self.named(value, "<file");
        }
        let digits = value.as_bytes().get(..DIGITS).unwrap_or_default();
        if value.len() <= DIGITS || !is_random(digits) {
            return value.to_owned();
        }
        self.named(value, &format!("<hash-{who}"))
    }

    /// Names what is random: `<hash-anna>`, the next one `<hash-anna-2>`.
    fn named(&mut self, value: &str, begins: &str) -> String {
        let before = self.secrets.iter();
        let before = before
            .filter(|(_, name)| {
                name.starts_with(&format!("{begins}>")) || name.starts_with(&format!("{begins}-"))
            })
            .count();
        let name = match before {
            0 => format!("{begins}>"),
            before => format!("{begins}-{}>", before + 1),
        };
        self.secrets.push((value.to_owned(), name.clone()));
        name
    }

    /// What a placeholder stands for where it is sent.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        if name == "<time>" {
            return Some(now().to_string());
        }
        let known = self.secrets.iter().find(|(_, known)| known == name);
        known.map(|(value, _)| value.clone())
    }

    /// A line of text with placeholders.
    pub(crate) fn hide(&mut self, line: &str, who: &str) -> String {
        let mut out = String::new();
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            if let Some(behind) = self.behind_date(rest) {
                out.push_str("<date-time>");
                rest = behind;
                continue;
            }
            let is_word = |letter: char| letter.is_ascii_alphanumeric();
            let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            if length == 0 {
                out.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            }
            let (word, after) = rest.split_at(length);
            rest = after;
            if word
                .parse()
                .is_ok_and(|value: i64| self.is_time(value / 1000))
            {
                out.push_str("<time-ms>");
            } else if word.parse().is_ok_and(|value| self.is_time(value)) {
                out.push_str("<time>");
                let is_part = |letter: char| letter == '.' || letter.is_ascii_digit();
                if after.starts_with('.') {
                    rest = after.trim_start_matches(is_part);
                }
            } else {
                out.push_str(&self.secret(word, who));
            }
        }
        out
    }

    /// What comes behind a time of this run as people write it, where the text begins with one.
    fn behind_date<'a>(&self, text: &'a str) -> Option<&'a str> {
        let (date, behind) = text.split_at_checked(DATE.len())?;
        let is_like = |(one, like): (u8, u8)| like == one || (like == b'0' && one.is_ascii_digit());
        if !date.bytes().zip(DATE.bytes()).all(is_like) {
            return None;
        }
        let time = humantime::parse_rfc3339_weak(date).ok()?;
        let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
        self.is_time(seconds.try_into().ok()?).then_some(behind)
    }

    /// A line of text with values in place of placeholders.
    pub(crate) fn fill(&self, line: &str) -> String {
        let mut out = line.replace("<time>", &now().to_string());
        out = out.replace("<time-ms>", &now_ms().to_string());
        for (value, name) in &self.secrets {
            out = out.replace(name, value);
        }
        out
    }
}

/// Decimal digits alone are somebody's text.
fn is_random(digits: &[u8]) -> bool {
    digits.iter().all(|byte| is_digit(*byte)) && digits.iter().any(u8::is_ascii_lowercase)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}
