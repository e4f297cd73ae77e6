//! Finds where a JSON object ends, in bytes that arrive in any pieces.
//!
//! The scanner looks at each byte once and remembers where it was, so that an event that arrives byte by byte
//! costs no more than one that arrives whole. It refuses the first byte that no JSON object can have there;
//! only the spelling of numbers and of `true`, `false`, `null` is left to the parser that reads the whole object.
//!
//! ```text
//!            {             "            "            :             any value
//!   Start ─────▶ FirstKey ───▶ String ─────▶ Colon ─────▶ Value ─────────────▶ After ─┐ } or ]: one level
//!                               ▲   key          [          ▲  │ ,  in an array   │   │ up, or the end
//!                               └── Key ◀────────┼──────────┼──┴──────────────────┘ , in an object
//!                                             FirstItem ────┘
//! ```

mod brace;
mod string;

pub use brace::BraceScanner;

use crate::plain::plain_run;
use string::{InString, Step};

/// Why a scan stopped for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A byte that no JSON object can have there.
    #[error("a byte that no JSON object can have there")]
    Invalid,
    /// More objects and arrays stand open at once than allowed.
    #[error("more objects and arrays are open at once than allowed")]
    TooDeep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the `{` that begins the object.
    Start,
    /// After `{`: a key, or `}`.
    FirstKey,
    /// After a `,` in an object.
    Key,
    /// After a key: a `:` comes next.
    Colon,
    /// After `[`: a value, or `]`.
    FirstItem,
    /// After a `:`, or a `,` in an array.
    Value,
    /// In a number or a word; it ends with the first byte that neither can have.
    Scalar,
    /// After a value: `,` or the end of what it is in.
    After,
    /// In the string that is a key.
    KeyString(InString),
    /// In a string that is a value.
    ValueString(InString),
}

/// A search for the end of an object that stops at the first byte that cannot be right: escapes and
/// the order of tokens are looked at, but not the inside of numbers and words. Each byte is looked at once, however the
/// stream is cut.
#[derive(Debug)]
pub struct Scanner {
    state: State,
    /// The brackets that will close what is open, outermost first.
    open: Vec<u8>,
    nesting: usize,
    /// How many bytes of the object were looked at.
    seen: usize,
}

impl Scanner {
    /// A scanner that allows `nesting` levels, the object itself counted.
    pub fn new(nesting: usize) -> Self {
        Self {
            state: State::Start,
            open: Vec::new(),
            nesting,
            seen: 0,
        }
    }

    /// Whether no byte of an object was seen.
    pub fn is_idle(&self) -> bool {
        self.seen == 0
    }

    /// Goes on in `bytes`, which begin with the object and with all that earlier calls were given. Returns
    /// the object's length when it ends in them, and is idle then.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<Option<usize>, Fault> {
        while let Some(&byte) = bytes.get(self.seen) {
            self.state = match self.state {
                State::KeyString(place) => match self.string(place, bytes)? {
                    Step::Inside(place) => State::KeyString(place),
                    Step::Closed => State::Colon,
                },
                State::ValueString(place) => match self.string(place, bytes)? {
                    Step::Inside(place) => State::ValueString(place),
                    Step::Closed => State::After,
                },
                state => {
                    let next = self.step(state, byte)?;
                    self.seen += 1;
                    next
                }
            };
            if self.open.is_empty() {
                return Ok(Some(self.finish()));
            }
        }
        Ok(None)
    }

    /// Goes on in a string to its end, or to that of `bytes`.
    fn string(&mut self, mut place: InString, bytes: &[u8]) -> Result<Step, Fault> {
        let mut rest = &bytes[self.seen..];
        let reached = loop {
            if place == InString::Plain {
                rest = &rest[plain_run(rest)..];
            }
            let Some((&byte, after)) = rest.split_first() else {
                break Step::Inside(place);
            };
            rest = after;
            match place.step(byte)? {
                Step::Inside(next) => place = next,
                Step::Closed => break Step::Closed,
            }
        };
        self.seen = bytes.len() - rest.len();
        Ok(reached)
    }

    fn finish(&mut self) -> usize {
        self.state = State::Start;
        std::mem::take(&mut self.seen)
    }

    /// What `byte` leads to outside of strings.
    fn step(&mut self, state: State, byte: u8) -> Result<State, Fault> {
        use State::*;
        Ok(match (state, byte) {
            (Scalar, b' ' | b'\t' | b'\r' | b'\n') => After,
            (FirstKey | Key | Colon | FirstItem | Value | After, b' ' | b'\t' | b'\r' | b'\n') => {
                state
            }
            (FirstKey | Key, b'"') => KeyString(InString::Plain),
            (Colon, b':') => Value,
            (FirstItem | Value, b'"') => ValueString(InString::Plain),
            (FirstItem | Value, b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => Scalar,
            (Scalar, b'0'..=b'9' | b'a'..=b'z' | b'+' | b'-' | b'.' | b'E') => Scalar,
            (Start | FirstItem | Value, b'{') => self.enter(b'}', FirstKey)?,
            (FirstItem | Value, b'[') => self.enter(b']', FirstItem)?,
            (Scalar | After, b',') if self.open.last() == Some(&b'}') => Key,
            (Scalar | After, b',') => Value,
            (FirstKey, b'}') | (FirstItem, b']') | (Scalar | After, b'}' | b']') => {
                self.leave(byte)?
            }
            _ => return Err(Fault::Invalid),
        })
    }

    fn enter(&mut self, closer: u8, state: State) -> Result<State, Fault> {
        if self.open.len() >= self.nesting {
            return Err(Fault::TooDeep);
        }
        self.open.push(closer);
        Ok(state)
    }

    fn leave(&mut self, closer: u8) -> Result<State, Fault> {
        self.open
            .pop_if(|open| *open == closer)
            .map(|_| State::After)
            .ok_or(Fault::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scans `text` and sees that cutting it anywhere makes no difference.
    fn scan(text: &str) -> Result<Option<usize>, Fault> {
        let bytes = text.as_bytes();
        let whole = Scanner::new(4).scan(bytes);
        let mut scanner = Scanner::new(4);
        let stepwise = (1..=bytes.len())
            .map(|end| scanner.scan(&bytes[..end]))
            .find(|outcome| *outcome != Ok(None))
            .unwrap_or(Ok(None));
        assert_eq!(stepwise, whole, "{text}");
        whole
    }

    #[test]
    fn an_object_ends_with_its_brace() {
        for object in [
            "{}",
            "{ }",
            r#"{"a":1}"#,
            r#"{"a":[]}"#,
            r#"{"a":[1,[2] , {"b":null}],"c":"}{"}"#,
            r#"{"\"":"\\"}"#,
            "{\r\n\t\"a\" : -1.5E+3 ,\n\"b\":true }",
            r#"{"a":"\ud83d\ude00\u0041\n\/"}"#,
            r#"{"a":"\ud83d","b":"\ude00\ud83dx\ud83d\n"}"#,
        ] {
            assert_eq!(scan(object), Ok(Some(object.len())), "{object}");
            assert_eq!(
                scan(&format!("{object}{object}")),
                Ok(Some(object.len())),
                "{object}"
            );
            assert_eq!(scan(&object[..object.len() - 1]), Ok(None), "{object}");
        }
    }

    #[test]
    fn the_first_wrong_byte_is_refused() {
        for wrong in [
            "x",
            "[",
            "{n",
            "{1",
            "{,",
            "{]",
            r#"{"a","#,
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":,"#,
            r#"{"a":1 2"#,
            r#"{"a":1]"#,
            r#"{"a":[1}"#,
            r#"{"a":[,"#,
            r#"{"a":[1,]"#,
            r#"{"a":1,}"#,
            r#"{"a":x"#,
            "{\"a\n",
            r#"{"\x"#,
            r#"{"\u00g"#,
            r#"{"a":"\ud83g"#,
            "{\"a\":\"\u{1}",
        ] {
            assert_eq!(scan(wrong), Err(Fault::Invalid), "{wrong}");
            let before = &wrong[..wrong.len() - 1];
            assert_eq!(scan(before), Ok(None), "{before}");
        }
    }

    #[test]
    fn it_is_idle_between_objects() {
        let mut scanner = Scanner::new(4);
        assert!(scanner.is_idle());
        assert_eq!(scanner.scan(b"{"), Ok(None));
        assert!(!scanner.is_idle());
        assert_eq!(scanner.scan(b"{}{"), Ok(Some(2)));
        assert!(scanner.is_idle());
    }

    #[test]
    fn nesting_is_bounded() {
        assert_eq!(scan(r#"{"a":[[[1]]]}"#), Ok(Some(13)));
        assert_eq!(scan(r#"{"a":[[[["#), Err(Fault::TooDeep));
        assert_eq!(scan(r#"{"a":[[[{"#), Err(Fault::TooDeep));
    }
}
