//! What no two runs share, the time and random secrets, and what transcripts show instead: `<time>`, `<time-ms>`,
//! `<date-time>`, `<later>`, `<hash-NAME>`, `<file>`.

use std::ops::RangeInclusive;
use std::time::UNIX_EPOCH;

use crate::model::Timestamp;

/// Seconds that clocks may be apart.
const SLACK: i64 = 5;
/// A random secret's hexadecimal digits; a login comes behind them.
const DIGITS: usize = 64;
/// The hexadecimal digits of a stored file's name.
const FILE_DIGITS: usize = 32;
/// How people write a time.
const DATE: &str = "0000-00-00 00:00:00";

/// The times and secrets of one run, and what they are shown as.
#[derive(Debug)]
pub struct Placeholders {
    since: i64,
    /// The last second of the run; none while it goes on.
    until: Option<i64>,
    /// Secrets, and what they are shown as.
    secrets: Vec<(String, String)>,
}

impl Placeholders {
    /// Those of a run that begins now.
    #[must_use]
    pub fn from_now() -> Self {
        Self {
            since: Timestamp::now().seconds(),
            until: None,
            secrets: Vec::new(),
        }
    }

    /// Those of a run that was recorded from `since` on, in UNIX seconds, and is known until then.
    #[must_use]
    pub fn of_recording(since: i64) -> Self {
        Self {
            since,
            until: Some(since),
            secrets: Vec::new(),
        }
    }

    /// More of a recording is known: until this second.
    pub fn extend(&mut self, until: i64) {
        self.until = self.until.max(Some(until));
    }

    fn run(&self) -> RangeInclusive<i64> {
        let until = self.until.unwrap_or_else(|| Timestamp::now().seconds());
        self.since - SLACK..=until + SLACK
    }

    /// A time of the run, in UNIX seconds, as it is shown beside what was made at `created`; none for any other time.
    #[must_use]
    pub fn time(&self, time: i64, created: Option<i64>) -> Option<&'static str> {
        self.run().contains(&time).then_some(match created {
            Some(created) if time > created => "<later>",
            Some(created) if time < created => "<earlier>",
            _ => "<time>",
        })
    }

    /// What is shown for a text that `who` is told or sends; itself where it is no secret.
    pub fn secret(&mut self, value: &str, who: &str) -> String {
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
        let is_alike = |name: &str| {
            let rest = name.strip_prefix(begins);
            rest.is_some_and(|rest| rest.starts_with(['>', '-']))
        };
        let before = self.secrets.iter().filter(|(_, name)| is_alike(name));
        let name = match before.count() {
            0 => format!("{begins}>"),
            before => format!("{begins}-{}>", before + 1),
        };
        self.secrets.push((value.to_owned(), name.clone()));
        name
    }

    /// What a placeholder stands for where it is sent.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<String> {
        if name == "<time>" {
            return Some(Timestamp::now().seconds().to_string());
        }
        let known = self.secrets.iter().find(|(_, known)| known == name);
        known.map(|(value, _)| value.clone())
    }

    /// A line of text with placeholders, as `who` is told or sends it.
    pub fn hide(&mut self, line: &str, who: &str) -> String {
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
            let number: Option<i64> = word.parse().ok();
            if number.is_some_and(|number| self.run().contains(&(number / 1000))) {
                out.push_str("<time-ms>");
            } else if let Some(shown) = number.and_then(|number| self.time(number, None)) {
                out.push_str(shown);
                if after.starts_with('.') {
                    rest = after.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
                }
            } else {
                out.push_str(&self.secret(word, who));
            }
        }
        out
    }

    /// What comes behind a time of the run as people write it, where the text begins with one.
    fn behind_date<'a>(&self, text: &'a str) -> Option<&'a str> {
        let (date, behind) = text.split_at_checked(DATE.len())?;
        let is_like = |(one, like): (u8, u8)| like == one || (like == b'0' && one.is_ascii_digit());
        if !date.bytes().zip(DATE.bytes()).all(is_like) {
            return None;
        }
        let time = humantime::parse_rfc3339_weak(date).ok()?;
        let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let is_of_run = self.run().contains(&seconds.try_into().ok()?);
        is_of_run.then_some(behind)
    }

    /// A line of text with values in place of placeholders.
    #[must_use]
    pub fn fill(&self, line: &str) -> String {
        let now = Timestamp::now();
        let mut out = line.replace("<time>", &now.seconds().to_string());
        out = out.replace("<time-ms>", &now.0.to_string());
        for (value, name) in &self.secrets {
            out = out.replace(name, value);
        }
        out
    }
}

/// Decimal digits alone are somebody's text.
fn is_random(digits: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    digits.iter().all(is_digit) && digits.iter().any(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_run_are_hidden() {
        let mut run = Placeholders::of_recording(1000);
        run.extend(1010);
        let json = r#"{"time":1003.25,"n":994,"s":"at 1004","m":1004007,"l":1016}"#;
        assert_eq!(
            run.hide(json, "anna"),
            r#"{"time":<time>,"n":994,"s":"at <time>","m":<time-ms>,"l":1016}"#
        );
        assert_eq!(run.time(1004, Some(1003)), Some("<later>"));
        assert_eq!(run.time(1002, Some(1003)), Some("<earlier>"));
        assert_eq!(run.time(1, Some(1003)), None);
    }

    #[test]
    fn a_secret_has_one_name_and_comes_back() {
        let mut run = Placeholders::from_now();
        let [one, two] = ["0a", "0b"].map(|digits| format!("{}anna", digits.repeat(32)));
        assert_eq!(run.hide(&format!("\"{one}\""), "anna"), "\"<hash-anna>\"");
        assert_eq!(run.secret(&two, "anna"), "<hash-anna-2>");
        assert_eq!(run.secret(&one, "boris"), "<hash-anna>");
        assert_eq!(run.fill("say <hash-anna-2>"), format!("say {two}"));
        assert_eq!(run.secret(&"1".repeat(70), "anna"), "1".repeat(70));
    }
}
