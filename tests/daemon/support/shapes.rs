//! The objects of uchat: their keys, and of what types they are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The keys of a message object, in the order of the alphabet.
const MESSAGE: &str =
    "date file_name file_size message message_id msg_type power room_id status user_id";
/// The keys of a room object, without the room's type.
const ROOM: &str = "customer_id date desc id name power";

/// The object has these keys and no others.
pub(crate) fn has_keys(object: &Value, keys: &str) {
    let there: BTreeSet<_> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected: BTreeSet<_> = keys.split_whitespace().collect();
    assert_eq!(there, expected, "{object}");
}

/// It is a message object: all its keys, of the right types, the ids within 31 bits, the time in milliseconds.
pub(crate) fn is_message(object: &Value) {
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove("type");
    has_keys(&object, MESSAGE);
    for id in ["message_id", "room_id", "user_id"] {
        let id = object[id].as_i64().unwrap_or_else(|| panic!("{object}"));
        assert!((0..1 << 31).contains(&id), "{object}");
    }
    for number in ["msg_type", "status", "file_size", "power"] {
        assert!(object[number].is_u64(), "{number}: {object}");
    }
    for text in ["message", "file_name"] {
        assert!(object[text].is_string(), "{text}: {object}");
    }
    in_milliseconds(&object["date"]);
}

/// It is a room object, as a list (`Some`, with this type) or an answer of its own has it.
pub(crate) fn is_room(object: &Value, kind: Option<u8>) {
    let mut object = object.clone();
    let told = object.as_object_mut().unwrap().remove("type");
    if let Some(kind) = kind {
        assert_eq!(told, Some(json!(kind)), "{object}");
    }
    has_keys(&object, ROOM);
    for number in ["id", "customer_id", "power"] {
        let number = object[number]
            .as_i64()
            .unwrap_or_else(|| panic!("{object}"));
        assert!((0..1 << 31).contains(&number), "{object}");
    }
    assert!(object["name"].is_string() && object["desc"].is_string());
    in_milliseconds(&object["date"]);
}

fn in_milliseconds(date: &Value) {
    let date = date.as_i64().unwrap_or_else(|| panic!("no number: {date}"));
    assert!(date > 1_600_000_000_000, "not in milliseconds: {date}");
}
