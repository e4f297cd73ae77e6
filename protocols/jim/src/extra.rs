//! The fields of a `msg` that the protocol does not know.

use crate::characters::measure;
use crate::limits::EXTRA_CHARS;
use crate::object;
use tolmach_json::Object;
use tolmach_json::{Member, join_unknown};

/// The unknown members of a `msg`, kept for passing on: PROTOCOL.md 5.4.
///
/// They are held as JSON text, compact, one line: `"k":v,"k2":v2`. There are at most
/// [`EXTRA_CHARS`] characters, keys included; more than that is dropped, all of it. Names that
/// the protocol's page gives a meaning to anywhere (`response`, `error`, `user`, `sender`…) are never among
/// them, so that nobody can say through them what only the server may.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extra(String);

/// A member takes at least five characters: `"":1,`.
const MAX_MEMBERS: usize = (EXTRA_CHARS + 1) / 5;

impl Extra {
    /// Reads stored members again, as [`as_json`](Self::as_json) gave them. What are no valid JSON members,
    /// or too many, becomes empty.
    pub fn from_json(members: &str) -> Self {
        let mut object = format!("{{{members}}}").into_bytes();
        let limit = object.len();
        object::read(&mut object, limit)
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

    /// The members but those with these keys.
    pub(crate) fn without(self, keys: &[&str]) -> Self {
        let object = format!("{{{}}}", self.0);
        let Ok(object) = object::parse(&object) else {
            return self;
        };
        let members = object.members().iter();
        let kept: Vec<_> = members
            .filter(|member| !keys.contains(&&*member.key))
            .collect();
        Self(join_unknown(&kept, usize::MAX).unwrap_or_default())
    }

    /// Whether there are members, and none of them holds others: no value is an object or a list.
    pub(crate) fn is_flat(&self) -> bool {
        let object = format!("{{{}}}", self.0);
        !self.0.is_empty()
            && object::parse(&object).is_ok_and(|object| {
                let is_plain = |member: &Member<'_>| !member.value.starts_with(['{', '[']);
                object.members().iter().all(is_plain)
            })
    }

    /// The unknown members of an object; of several with the same key the last one holds.
    pub(crate) fn of(object: &Object<'_>) -> Self {
        let members = object.members().iter();
        let unknown: Vec<_> = members.filter(|member| !is_known(&member.key)).collect();
        if unknown.len() > MAX_MEMBERS {
            return Self::default();
        }
        let json = join_unknown(&unknown, usize::MAX).unwrap_or_default();
        if measure(json.as_bytes()) > EXTRA_CHARS {
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
        ] {
            assert!(Extra::from_json(json).is_empty(), "{json}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_not_passed_on() {
        let extra = Extra::from_json(r#""a":"\ud800","\udc00":1"#);
        assert_eq!(extra.as_json(), r#""a":"\ufffd","�":1"#);
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
