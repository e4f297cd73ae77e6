//! A whole JSON object within its limit of characters.

use crate::characters::measure;
use crate::error::BadFrame;
use memchr::memchr;
use tolmach_json::{Object, mend_surrogates};

/// Reads an object of at most `limit` characters.
///
/// Its length is checked first, so that a longer one is never parsed. Halves of surrogate pairs become U+FFFD, so that what
/// is in it can be passed on: PROTOCOL.md 1.4.
///
/// # Errors
/// [`BadFrame::ObjectTooLong`] or [`BadFrame::NotJson`].
pub(crate) fn read(bytes: &mut [u8], limit: usize) -> Result<Object<'_>, BadFrame> {
    // There are never more characters than bytes, and no surrogates where there are no escapes.
    if bytes.len() > limit || memchr(b'\\', bytes).is_some() {
        let characters = measure(bytes);
        if characters > limit {
            return Err(BadFrame::ObjectTooLong { characters, limit });
        }
        mend_surrogates(bytes);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        not_json(format_args!(
            "invalid UTF-8 at byte {}",
            error.valid_up_to() + 1
        ))
    })?;
    parse(text)
}

/// Reads an object inside another one, which was read before.
///
/// # Errors
/// [`BadFrame::NotJson`].
pub(crate) fn parse(text: &str) -> Result<Object<'_>, BadFrame> {
    Object::parse(text).map_err(not_json)
}

fn not_json(reason: impl ToString) -> BadFrame {
    BadFrame::NotJson {
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::error::BadFrame;
    use tolmach_json::Object;

    /// What `check` makes of the object that `json` is.
    fn read<T>(
        json: &str,
        limit: usize,
        check: impl FnOnce(Object<'_>) -> T,
    ) -> Result<T, BadFrame> {
        super::read(&mut json.as_bytes().to_vec(), limit).map(check)
    }

    #[test]
    fn the_last_of_equal_keys_holds() {
        read(r#"{"a":1,"\u0061":{"b":[2, 3]}}"#, 640, |object| {
            assert_eq!(object.find("a"), Some(r#"{"b":[2, 3]}"#));
            assert_eq!(object.find("b"), None);
        })
        .unwrap();
    }

    #[test]
    fn length_comes_before_validity() {
        assert!(matches!(
            read("{nonsense}", 9, |_| ()),
            Err(BadFrame::ObjectTooLong {
                characters: 10,
                limit: 9
            })
        ));
        assert!(matches!(
            read("{nonsense}", 10, |_| ()),
            Err(BadFrame::NotJson { .. })
        ));
    }

    #[test]
    fn white_space_is_not_length() {
        assert!(read("{   \"a\" : \n 1 }", 7, |_| ()).is_ok());
        assert!(read("{   \"a\" : \n 1 }", 6, |_| ()).is_err());
    }

    #[test]
    fn half_a_surrogate_pair_is_mended_wherever_it_stands() {
        for (json, key, value) in [
            (r#"{"a":"\ud800"}"#, "a", r#""\ufffd""#),
            (r#"{"a":["\udc00"]}"#, "a", r#"["\ufffd"]"#),
            (r#"{"\ud800x":1}"#, "\u{fffd}x", "1"),
        ] {
            read(json, 640, |object| {
                assert_eq!(object.find(key), Some(value), "{json}");
            })
            .unwrap();
        }
    }

    #[test]
    fn what_is_not_text_is_refused() {
        assert!(matches!(
            super::read(&mut b"{\"a\":\"\xD0\"}".to_vec(), 640),
            Err(BadFrame::NotJson { .. })
        ));
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(30_000), "]".repeat(30_000));
        assert!(read(&deep, 64 * 1024, |_| ()).is_ok());
        assert!(read(&deep.replace("]}", "}"), 64 * 1024, |_| ()).is_err());
    }
}
