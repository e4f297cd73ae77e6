//! The server's answers and notices.

use super::fields::{ALERT, ERROR, RESPONSE, TIME};
use crate::error::BadFrame;
use crate::server_frame::Answer;
use std::borrow::Cow;
use tolmach_json::{Object, Sink, string};

/// An answer: PROTOCOL.md 3.4.
/// A text under the other of the two names is taken where the right one is absent or null.
pub(crate) fn read(object: &Object<'_>) -> Result<Answer, BadFrame> {
    let json = object
        .find(RESPONSE.key)
        .ok_or_else(|| RESPONSE.missing())?;
    let code = read_code(json).ok_or(BadFrame::BadCode)?;
    let names = if code < 400 {
        [ALERT, ERROR]
    } else {
        [ERROR, ALERT]
    };
    let field = names
        .iter()
        .find(|field| object.find(field.key).is_some_and(|json| json != "null"));
    let text = field
        .map(|field| field.required(object))
        .transpose()?
        .map(Cow::into_owned);
    Ok(Answer {
        code,
        time: read_time(object),
        text,
    })
}

pub(crate) fn put(sink: &mut impl Sink, answer: &Answer) {
    sink.raw("{\"response\":");
    sink.number(i64::from(answer.code));
    sink.raw(",\"time\":");
    sink.number(answer.time);
    if let Some(text) = &answer.text {
        sink.raw(if answer.code < 400 {
            ",\"alert\":"
        } else {
            ",\"error\":"
        });
        sink.text(text);
    }
    sink.raw("}");
}

/// Seconds since 1970: of a number or a text with a number in it, fractions cut off; else 0.
pub(crate) fn read_time(object: &Object<'_>) -> i64 {
    let Some(json) = object.find(TIME.key) else {
        return 0;
    };
    let number = json.trim_matches('"');
    number
        .parse()
        .or_else(|_| number.parse::<f64>().map(|seconds| seconds as i64))
        .unwrap_or(0)
}

/// Three digits, as a number or as a text.
fn read_code(json: &str) -> Option<u16> {
    let digits = string(json).unwrap_or(Cow::Borrowed(json));
    let three = digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|code| three && *code >= 100)
}

#[cfg(test)]
mod tests {
    use super::{read_code, read_time};
    use crate::object;

    #[test]
    fn a_code_is_three_digits() {
        assert_eq!(read_code("200"), Some(200));
        assert_eq!(read_code("\"404\""), Some(404));
        for json in [
            "20", "2000", "099", "\"099\"", "200.0", "-20", "\"+20\"", "null", "[200]", "\"\"",
        ] {
            assert_eq!(read_code(json), None, "{json}");
        }
    }

    #[test]
    fn a_time_is_whole_seconds_or_0() {
        for (json, seconds) in [
            ("1700000000", 1_700_000_000),
            ("1700000000.9", 1_700_000_000),
            ("17e8", 1_700_000_000),
            ("-5", -5),
            ("\"1700000000.5\"", 1_700_000_000),
            ("\"Sat Nov 21\"", 0),
            ("\"\"", 0),
            ("null", 0),
            ("1e999", i64::MAX),
        ] {
            let object = format!("{{\"time\":{json}}}");
            assert_eq!(
                read_time(&object::parse(&object).unwrap()),
                seconds,
                "{json}"
            );
        }
        assert_eq!(read_time(&object::parse("{}").unwrap()), 0);
    }
}
