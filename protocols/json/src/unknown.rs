//! Members that a protocol has no meaning for, kept as text to be passed on.

use crate::members::Member;
use crate::value::compact;
use crate::write::Sink;
use std::collections::HashSet;

/// The members as compact JSON without braces around them, `"k":v,"k2":v2`: of equal keys the last one, where it
/// stands. `None` where that takes more than `limit` bytes.
#[must_use]
pub fn join_unknown(members: &[&Member<'_>], limit: usize) -> Option<String> {
    let mut seen = HashSet::with_capacity(members.len());
    let from_last = members.iter().rev();
    let mut kept: Vec<_> = from_last
        .filter(|member| seen.insert(&*member.key))
        .collect();
    kept.reverse();
    let mut json = String::new();
    for member in kept {
        if !json.is_empty() {
            json.push(',');
        }
        json.text(&member.key);
        json.push(':');
        if !compact(&mut json, member.value, limit) {
            return None;
        }
    }
    Some(json)
}

#[cfg(test)]
mod tests {
    use super::join_unknown;
    use crate::members::Object;

    fn join(json: &str, limit: usize) -> Option<String> {
        let object = Object::parse(json).unwrap();
        join_unknown(&object.members().iter().collect::<Vec<_>>(), limit)
    }

    #[test]
    fn the_last_of_equal_keys_stays_where_it_is() {
        let json = r#"{"a":1 , "b" : 2,"\u0061":[ 3 ]}"#;
        assert_eq!(join(json, 13).as_deref(), Some(r#""b":2,"a":[3]"#));
        assert_eq!(join(json, 12), None);
    }

    #[test]
    fn none_are_an_empty_text() {
        assert_eq!(join("{}", 0).as_deref(), Some(""));
    }
}
