//! The members of an object and the items of an array, one after the other, without building a tree of them.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A member of an object.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// The key, decoded; borrowed where it has no escapes.
    pub key: Cow<'a, str>,
    /// The JSON text of the value as it stands there.
    pub value: &'a str,
}

/// Calls `each` with every member of the object that `json` is, in their order. Duplicates come as often as they are
/// given. Values are skipped over without recursion, so that nesting costs no stack; escapes inside them are not
/// looked into.
///
/// # Errors
/// `json` is not a valid object, or there is something behind it.
#[inline]
pub fn for_each_member<'a>(json: &'a str, each: impl FnMut(Member<'a>)) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_map(Members(each))?;
    deserializer.end()
}

/// Calls `each` with the JSON text of every item of the array that `json` is, in their order.
///
/// # Errors
/// `json` is not a valid array, or there is something behind it.
pub fn for_each_item<'a>(json: &'a str, each: impl FnMut(&'a str)) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_seq(Items(each))?;
    deserializer.end()
}

/// An object that is valid throughout: its members in the order in which they came.
#[derive(Debug)]
pub struct Object<'a> {
    members: Vec<Member<'a>>,
}

impl<'a> Object<'a> {
    /// Reads an object with all its members.
    ///
    /// # Errors
    /// As [`for_each_member`].
    #[inline]
    pub fn parse(json: &'a str) -> serde_json::Result<Self> {
        // Few objects on a wire have more members.
        let mut members = Vec::with_capacity(8);
        for_each_member(json, |member| members.push(member))?;
        Ok(Self { members })
    }

    /// The JSON text of a member's value; of several with the same key the last one holds.
    #[must_use]
    #[inline]
    pub fn find(&self, key: &str) -> Option<&'a str> {
        let found = self.members.iter().rev().find(|member| member.key == key);
        found.map(|member| member.value)
    }

    /// All members, those with the same key too.
    #[must_use]
    pub fn members(&self) -> &[Member<'a>] {
        &self.members
    }
}

struct Members<F>(F);

impl<'a, F: FnMut(Member<'a>)> Visitor<'a> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            let value = map.next_value::<&RawValue>()?.get();
            (self.0)(Member { key, value });
        }
        Ok(())
    }
}

struct Items<F>(F);

impl<'a, F: FnMut(&'a str)> Visitor<'a> for Items<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON array")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&RawValue>()? {
            (self.0)(item.get());
        }
        Ok(())
    }
}

/// A key, borrowed where it has no escapes (serde's own `Cow` is always owned).
struct Key;

impl<'a> DeserializeSeed<'a> for Key {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Key {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'a str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Object, for_each_item, for_each_member};

    #[test]
    fn members_come_in_order_and_as_often_as_they_are_given() {
        let mut members = Vec::new();
        let json = r#"{"a":1,"\u0061":{"b":[2, 3]}}"#;
        for_each_member(json, |member| members.push((member.key, member.value))).unwrap();
        assert_eq!(
            members,
            [("a".into(), "1"), ("a".into(), r#"{"b":[2, 3]}"#)]
        );
    }

    #[test]
    fn the_last_of_equal_keys_is_found() {
        let object = Object::parse(r#"{"a":1,"\u0061":{"b":[2, 3]}}"#).unwrap();
        assert_eq!(object.find("a"), Some(r#"{"b":[2, 3]}"#));
        assert_eq!(object.find("b"), None);
        assert_eq!(object.members().len(), 2);
    }

    #[test]
    fn items_come_in_order() {
        let mut items = Vec::new();
        for_each_item(r#"[1, "a" ,{}]"#, |item| items.push(item)).unwrap();
        assert_eq!(items, ["1", "\"a\"", "{}"]);
    }

    #[test]
    fn what_is_not_whole_is_an_error() {
        for json in ["", "[]", "{} {}", r#"{"a"}"#, r#"{"a":1,}"#] {
            assert!(for_each_member(json, |_| ()).is_err(), "{json}");
        }
        for json in ["", "{}", "[] []", "[1,]"] {
            assert!(for_each_item(json, |_| ()).is_err(), "{json}");
        }
    }

    #[test]
    fn an_error_says_what_was_expected() {
        let error = for_each_member("[]", |_| ()).unwrap_err().to_string();
        assert!(error.contains("expected a JSON object"), "{error}");
        let error = for_each_item("{}", |_| ()).unwrap_err().to_string();
        assert!(error.contains("expected a JSON array"), "{error}");
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(30_000), "]".repeat(30_000));
        assert!(for_each_member(&deep, |_| ()).is_ok());
        assert!(for_each_member(&deep.replace("]}", "}"), |_| ()).is_err());
    }
}
