//! The fields of a `msg` that the protocol does not know.

use crate::characters::{is_white_space, measure};
use crate::limits::EXTRA_CHARS;
use crate::object::{Member, Object};
use crate::sink::Sink;

/// The unknown members of a `msg`, kept for passing on, "as the document asks".
///
/// They are held as JSON text, compact, one line: `"k":v,"k2":v2`. There are at most
/// [`EXTRA_CHARS`] characters, "keys included. More than that is dropped, all of it". Names that
/// the protocol's page gives a meaning to anywhere (`response`, `error`, `user`, `sender`…) are never among
/// them, so that nobody can say through them what only the server may.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extra(String);

/// A member takes at least five characters: `"":1,`.
const MOST_MEMBERS: usize = (EXTRA_CHARS + 1) / 5;

impl Extra {
    /// Reads stored members again, as [`as_json`](Self::as_json) gave them. What are no valid JSON members,
    /// or too many, becomes empty.
    pub fn from_json(members: &str) -> Self {
        let object = format!("{{{members}}}");
        Object::read(object.as_bytes(), object.len())
            .map(|object| Self::of(&object))
            .unwrap_or_default()
    }

    /// The members as they stand in an object, or `""`.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there are members, and none of them holds others: no value is an object or a list.
    pub(crate) fn is_flat(&self) -> bool {
        let object = format!("{{{}}}", self.0);
        !self.0.is_empty()
            && Object::parse(&object).is_ok_and(|object| {
                let is_plain = |member: &Member<'_>| !member.value.starts_with(['{', '[']);
                object.members().iter().all(is_plain)
            })
    }

    /// The unknown members of an object; of several with the same key the last one holds.
    pub(crate) fn of(object: &Object<'_>) -> Self {
        let unknown: Vec<_> = object
            .members()
            .iter()
            .filter(|member| !is_known(&member.key))
            .collect();
        if unknown.len() > MOST_MEMBERS {
            return Self::default();
        }
        let mut json = String::new();
        for (i, member) in unknown.iter().enumerate() {
            if unknown[i + 1..].iter().all(|later| later.key != member.key) {
                append(&mut json, member);
            }
        }
        if measure(json.as_bytes()).characters > EXTRA_CHARS {
            Self::default()
        } else {
            Self(json)
        }
    }
}

/// Every name of a field that the protocol's page knows, in any direction and flavor.
fn is_known(key: &str) -> bool {
    matches!(
        key,
        "action" | "time" | "to" | "from" | "message" | "encoding"
    ) || matches!(
        key,
        "user" | "type" | "room" | "password" | "response" | "alert" | "error" | "quantity"
    ) || matches!(
        key,
        "sender" | "destination" | "text" | "mess_text" | "message_text"
    ) || matches!(key, "account_name" | "client_name" | "user_id")
}

fn append(json: &mut String, member: &Member<'_>) {
    if !json.is_empty() {
        json.push(',');
    }
    json.text(&member.key);
    json.push(':');
    compact(json, member.value);
}

/// Appends a JSON value without the white space between its tokens, which may be line breaks.
fn compact(json: &mut String, value: &str) {
    let (mut in_string, mut escaped) = (false, false);
    json.extend(value.chars().filter(|&c| {
        let kept = in_string || !(c.is_ascii() && is_white_space(c as u8));
        if c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = c == '\\' && !escaped;
        kept
    }));
}

#[cfg(test)]
mod tests {
    use super::Extra;

    #[test]
    fn members_become_compact() {
        let extra = Extra::from_json("\"mood\" : [ 1,\n\"a \\\" b\" ] , \"k\":{ }");
        assert_eq!(extra.as_json(), r#""mood":[1,"a \" b"],"k":{}"#);
        assert_eq!(Extra::from_json(extra.as_json()), extra);
    }

    #[test]
    fn what_are_no_members_is_empty() {
        for json in [
            "",
            " ",
            "1",
            "\"a\"",
            "\"a\":1,",
            "\"a\":1}",
            "\"a\":1},{\"b\":2",
            "\"a\":\"\\ud800\"",
        ] {
            assert!(Extra::from_json(json).is_empty(), "{json}");
        }
    }

    #[test]
    fn known_names_are_left_out() {
        let extra =
            Extra::from_json(r#""response":200,"a":1,"\u0061ction":"quit","sender":"root""#);
        assert_eq!(extra.as_json(), r#""a":1"#);
    }

    #[test]
    fn the_last_of_equal_keys_holds() {
        assert_eq!(
            Extra::from_json(r#""a":1,"b":2,"\u0061":3"#).as_json(),
            r#""b":2,"a":3"#
        );
    }

    #[test]
    fn at_most_128_characters_else_nothing() {
        let of_length = |n: usize| Extra::from_json(&format!("\"k\" : \"{}\"", "ж".repeat(n - 6)));
        assert_eq!(of_length(128).as_json().chars().count(), 128);
        assert!(of_length(129).is_empty());
        let many = |n: usize| Extra::from_json(&vec!["\"\":1"; n].join(","));
        assert_eq!(many(25).as_json(), "\"\":1");
        assert!(many(26).is_empty());
    }
}
