//! Properties that the protocol has no meaning for, kept as text to be passed on.

use crate::limits;
use std::borrow::Cow;
use tolmach_json::{Member, Object, Scanner, join_unknown};

/// Whether an [`Extra`] never brings this key into a `message`: what the server says itself, and what belongs into
/// `connect` (a token that a client puts everywhere is not told to the room).
pub(crate) fn is_owned_by_message(key: &str) -> bool {
    matches!(
        key,
        "type" | "content" | "user" | "time" | "id" | "private" | "edit" | "action" | "to"
    ) || matches!(key, "room" | "token" | "last_event_id")
}

/// Whether an [`Extra`] never brings this key into a `user` hash.
pub(crate) fn is_owned_by_user(key: &str) -> bool {
    matches!(key, "id" | "name" | "status")
}

/// JSON members, kept as text for passing on; often empty.
///
/// Always valid and compact, at most [`limits::EXTRA_BYTES`] long, and no key is there twice: PROTOCOL.md 5.
///
/// Where it is written, the properties that the server says itself are left out of it.
///
/// ```
/// use tolmach_talker::Extra;
///
/// let extra = Extra::from_json(r#""color": "red", "size": [1, 2]"#);
/// assert_eq!(extra.as_json(), r#""color":"red","size":[1,2]"#);
/// assert!(Extra::from_json(r#"{"color":"red"}"#).is_empty()); // no braces
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra {
    json: String,
    /// Whether a key is among those that a frame may have to leave out.
    has_owned: bool,
}

impl Extra {
    /// The members in `members`, as [`as_json`](Self::as_json) gave them, for instance to a store. Empty when
    /// they are not valid or too long. Of a key that is there twice the last one stays.
    pub fn from_json(members: &str) -> Self {
        let object = format!("{{{members}}}");
        let is_object =
            Scanner::new(limits::NESTING).scan(object.as_bytes()) == Ok(Some(object.len()));
        if members.is_empty() || !is_object {
            return Self::default();
        }
        Object::parse(&object)
            .map(|object| Self::of(&object, |_| false))
            .unwrap_or_default()
    }

    /// The members of an object but those that are owned, or nothing if they are too much.
    pub(crate) fn of(object: &Object<'_>, is_owned: fn(&str) -> bool) -> Self {
        let is_other = |member: &&Member<'_>| !is_owned(&member.key);
        let others: Vec<_> = object.members().iter().filter(is_other).collect();
        // The least that they can take: a value has a byte, and the last one no comma.
        let least: usize = others
            .iter()
            .map(|other| other.key.len() + r#""":0,"#.len())
            .sum();
        if others.is_empty() || least > limits::EXTRA_BYTES + 1 {
            return Self::default();
        }
        let may_be_owned = |key: &str| is_owned_by_message(key) || is_owned_by_user(key);
        Self {
            has_owned: others.iter().any(|other| may_be_owned(&other.key)),
            json: join_unknown(&others, limits::EXTRA_BYTES).unwrap_or_default(),
        }
    }

    /// The attributes in a `user` hash; none where `json` is no object.
    pub(crate) fn of_user(json: &str) -> Self {
        Object::parse(json)
            .map(|user| Self::of(&user, is_owned_by_user))
            .unwrap_or_default()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// The members as compact JSON without the braces around them, `"k":v,"k2":v2`; empty when there are none.
    pub fn as_json(&self) -> &str {
        &self.json
    }

    /// The same without the members that are owned.
    pub(crate) fn without(&self, is_owned: fn(&str) -> bool) -> Cow<'_, str> {
        if !self.has_owned {
            return Cow::Borrowed(&self.json);
        }
        let object = format!("{{{}}}", self.json);
        let rest = Object::parse(&object).map(|object| Self::of(&object, is_owned).json);
        Cow::Owned(rest.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_members_is_nothing() {
        for bad in [
            "",
            " ",
            "1",
            "{}",
            "\"a\"",
            "\"a\":",
            "\"a\":1,",
            r#""a":1},{"b":2"#,
            "\"a\":\"\n\"",
            "\"a\":tru",
        ] {
            assert!(Extra::from_json(bad).is_empty(), "{bad}");
        }
    }

    #[test]
    fn the_last_of_two_stays() {
        assert_eq!(
            Extra::from_json(r#""a":1,"b":2,"\u0061":3"#).as_json(),
            r#""b":2,"a":3"#
        );
    }

    #[test]
    fn text_is_kept_as_it_came() {
        let text = r#""a":1.50,"b":123456789012345678901234567890,"c":"\u0041\/","d":1e999"#;
        assert_eq!(Extra::from_json(text).as_json(), text);
    }

    #[test]
    fn the_limit_holds_at_its_last_byte() {
        let members = |bytes: usize| format!(r#""k":"{}""#, "x".repeat(bytes - 6));
        assert_eq!(
            Extra::from_json(&members(limits::EXTRA_BYTES))
                .as_json()
                .len(),
            limits::EXTRA_BYTES
        );
        assert!(Extra::from_json(&members(limits::EXTRA_BYTES + 1)).is_empty());
    }

    #[test]
    fn the_limit_holds_for_many_small_ones() {
        let members = |count: usize| {
            (0..count)
                .map(|i| format!("\"{i:03}\":0"))
                .collect::<Vec<_>>()
                .join(",")
        };
        let fits = (limits::EXTRA_BYTES + 1) / 8;
        assert_eq!(Extra::from_json(&members(fits)).as_json(), members(fits));
        assert!(Extra::from_json(&members(fits + 1)).is_empty());
    }

    #[test]
    fn many_small_ones_may_fill_the_limit_to_its_last_byte() {
        let mut members: Vec<_> = (0..511).map(|i| format!("\"{i:03}\":0")).collect();
        members.push("\"last\":0".to_owned());
        let members = members.join(",");
        assert_eq!(members.len(), limits::EXTRA_BYTES);
        assert_eq!(Extra::from_json(&members).as_json(), members);
    }

    #[test]
    fn what_is_nested_too_deep_is_nothing() {
        // The object around the members is a level, too.
        let nested = |levels: usize| format!("\"k\":{}1{}", "[".repeat(levels), "]".repeat(levels));
        let deepest = nested(limits::NESTING - 1);
        assert_eq!(Extra::from_json(&deepest).as_json(), deepest);
        assert!(Extra::from_json(&nested(limits::NESTING)).is_empty());
    }

    #[test]
    fn what_only_one_owns_is_left_out_of_that() {
        let of_message = Extra::from_json(r#""a":1,"private":true"#);
        assert_eq!(of_message.without(is_owned_by_message), r#""a":1"#);
        assert_eq!(of_message.without(is_owned_by_user), of_message.as_json());
        let of_user = Extra::from_json(r#""a":1,"status":"away""#);
        assert_eq!(of_user.without(is_owned_by_user), r#""a":1"#);
        assert_eq!(of_user.without(is_owned_by_message), of_user.as_json());
    }

    #[test]
    fn owned_members_are_left_out() {
        let extra = Extra::from_json(r#""a":1,"id":2,"type":"x","name":"y""#);
        assert_eq!(extra.without(is_owned_by_user), r#""a":1,"type":"x""#);
        assert_eq!(extra.without(is_owned_by_message), r#""a":1,"name":"y""#);
    }
}
