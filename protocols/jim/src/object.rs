//! A whole JSON object as its members, borrowed from the bytes.

use crate::characters::measure;
use crate::error::BadFrame;
use memchr::memchr;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The members of a JSON object that is valid throughout, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    members: Vec<Member<'a>>,
}

/// A member: its key, decoded, and the JSON text of its value.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) value: &'a str,
}

impl<'a> Object<'a> {
    /// Reads an object of at most `limit` characters.
    ///
    /// Its length is checked first, so that a longer one is never parsed; values are skipped over without
    /// recursion, so that nesting costs no stack.
    ///
    /// # Errors
    /// [`BadFrame::ObjectTooLong`] or [`BadFrame::NotJson`].
    pub(crate) fn read(bytes: &'a [u8], limit: usize) -> Result<Self, BadFrame> {
        // There are never more characters than bytes, and no surrogates where there are no escapes.
        if bytes.len() > limit || memchr(b'\\', bytes).is_some() {
            let measure = measure(bytes);
            if measure.characters > limit {
                return Err(BadFrame::ObjectTooLong {
                    characters: measure.characters,
                    limit,
                });
            }
            if measure.lone_surrogate {
                return Err(not_json("a \\u escape stands for half of a character"));
            }
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            not_json(format_args!(
                "invalid UTF-8 at byte {}",
                error.valid_up_to() + 1
            ))
        })?;
        Self::parse(text)
    }

    /// Reads an object inside another one, which was read before.
    ///
    /// # Errors
    /// [`BadFrame::NotJson`].
    pub(crate) fn parse(text: &'a str) -> Result<Self, BadFrame> {
        serde_json::from_str(text).map_err(not_json)
    }

    /// The JSON text of a member's value; of several with the same key the last one holds.
    pub(crate) fn find(&self, key: &str) -> Option<&'a str> {
        self.members
            .iter()
            .rev()
            .find(|member| member.key == key)
            .map(|member| member.value)
    }

    pub(crate) fn members(&self) -> &[Member<'a>] {
        &self.members
    }
}

fn not_json(reason: impl ToString) -> BadFrame {
    BadFrame::NotJson {
        reason: reason.to_string(),
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // The longest action of the protocol has seven members.
        let mut members = Vec::with_capacity(8);
        while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            members.push(Member {
                key,
                value: value.get(),
            });
        }
        Ok(Object { members })
    }
}

/// A key, borrowed where it holds no escapes (serde's own `Cow` is always owned).
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyText)
    }
}

struct KeyText;

impl<'de> Visitor<'de> for KeyText {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::Object;
    use crate::error::BadFrame;

    fn read(json: &str, limit: usize) -> Result<Object<'_>, BadFrame> {
        Object::read(json.as_bytes(), limit)
    }

    #[test]
    fn the_last_of_equal_keys_holds() {
        let object = read(r#"{"a":1,"\u0061":{"b":[2, 3]}}"#, 640).unwrap();
        assert_eq!(object.find("a"), Some(r#"{"b":[2, 3]}"#));
        assert_eq!(object.find("b"), None);
    }

    #[test]
    fn length_comes_before_validity() {
        assert!(matches!(
            read("{nonsense}", 9),
            Err(BadFrame::ObjectTooLong {
                characters: 10,
                limit: 9
            })
        ));
        assert!(matches!(
            read("{nonsense}", 10),
            Err(BadFrame::NotJson { .. })
        ));
    }

    #[test]
    fn white_space_is_not_length() {
        assert!(read("{   \"a\" : \n 1 }", 7).is_ok());
        assert!(read("{   \"a\" : \n 1 }", 6).is_err());
    }

    #[test]
    fn what_is_not_text_is_refused_wherever_it_stands() {
        for json in [
            r#"{"a":"\ud800"}"#,
            r#"{"a":["\udc00"]}"#,
            r#"{"\ud800x":1}"#,
        ] {
            assert!(
                matches!(read(json, 640), Err(BadFrame::NotJson { .. })),
                "{json}"
            );
        }
        assert!(matches!(
            Object::read(b"{\"a\":\"\xD0\"}", 640),
            Err(BadFrame::NotJson { .. })
        ));
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(30_000), "]".repeat(30_000));
        assert!(read(&deep, 64 * 1024).is_ok());
        assert!(read(&deep.replace("]}", "}"), 64 * 1024).is_err());
    }
}
