//! Members of requests that their type alone does not describe.

use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::object::Object;

/// RQ_LOG_IN's `pass`, with the `name` and `desc` that mean nothing there: PROTOCOL.md 4.2.
pub(super) mod alone {
    use super::{BadFrame, Fields, Key, Object};
    use crate::secret::Secret;
    use crate::value::Value;

    pub(in crate::request) fn read(fields: &Fields<'_>, key: Key) -> Result<Secret, BadFrame> {
        Value::read(fields, key)
    }

    pub(in crate::request) fn write(pass: &Secret, object: &mut Object<'_>, key: Key) {
        object
            .text(key, &pass.0)
            .text(Key::Name, "")
            .text(Key::Desc, "");
    }
}

/// RQ_NEW_ROOM's second `type`: PROTOCOL.md 2.2.
pub(super) mod second_type {
    use super::{BadFrame, Fields, Key, Object};
    use crate::number::RoomType;

    pub(in crate::request) fn read(fields: &Fields<'_>, _: Key) -> Result<RoomType, BadFrame> {
        let right = "the request first, then a room's type 0, 1 or 2";
        fields.second_type(right, RoomType::from_number)
    }

    pub(in crate::request) fn write(kind: &RoomType, object: &mut Object<'_>, key: Key) {
        object.number(key, kind.number());
    }
}

/// The type of a message that is sent, which is no file: PROTOCOL.md 6.1.
pub(super) mod sendable {
    use super::{BadFrame, Fields, Key, Object};
    use crate::number::MessageType;
    use crate::value::Scalar;

    pub(in crate::request) fn read(fields: &Fields<'_>, key: Key) -> Result<MessageType, BadFrame> {
        let right = "0 for a text or 3 for a sticker";
        fields.required(key, right, |json| {
            MessageType::from_json(json).filter(|kind| kind.is_sendable())
        })
    }

    pub(in crate::request) fn write(kind: &MessageType, object: &mut Object<'_>, key: Key) {
        object.number(key, kind.number());
    }
}
