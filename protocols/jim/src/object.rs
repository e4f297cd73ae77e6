//! A whole JSON object within its limit of characters.

use crate::characters::measure;
use crate::error::BadFrame;
use memchr::memchr;
use tolmach_json::Object;

/// Reads an object of at most `limit` characters.
///
/// Its length is checked first, so that a longer one is never parsed.
///
/// # Errors
/// [`BadFrame::ObjectTooLong`] or [`BadFrame::NotJson`].
pub(crate) fn read(bytes: &[u8], limit: usize) -> Result<Object<'_>, BadFrame> {
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

    fn read(json: &str, limit: usize) -> Result<Object<'_>, BadFrame> {
        super::read(json.as_bytes(), limit)
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
            super::read(b"{\"a\":\"\xD0\"}", 640),
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
