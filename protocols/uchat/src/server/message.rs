//! What was said, and what became of it.

use crate::Id;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::number::{MessageStatus, MessageType};
use crate::object::Object;
use crate::value::{Item, Scalar, Value, Whole};
use std::borrow::Cow;

/// A message as it is told: PROTOCOL.md 3.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// The low 31 bits of the message's id.
    pub message_id: Id,
    /// The room it was said in.
    pub room_id: Id,
    /// The id of its author.
    pub user_id: Id,
    /// When it was said, in milliseconds since 1970.
    pub date: i64,
    /// The text; of a file the name under which it is stored.
    pub message: Cow<'a, str>,
    /// Whether it is a text, a file or a sticker.
    pub msg_type: MessageType,
    /// Whether it was edited. `New` where a server does not tell it.
    pub status: MessageStatus,
    /// A file's size in bytes, else 0.
    pub file_size: u64,
    /// A file's name as the sender had it, else empty.
    pub file_name: Cow<'a, str>,
    /// Its size in bytes. 0 where a server does not tell it.
    pub power: u64,
}

impl Item for Message<'_> {
    fn read(fields: &Fields<'_>) -> Result<Self, BadFrame> {
        Ok(Self {
            message_id: Value::read(fields, Key::MessageId)?,
            room_id: Value::read(fields, Key::RoomId)?,
            user_id: Value::read(fields, Key::UserId)?,
            date: Value::read(fields, Key::Date)?,
            message: Value::read(fields, Key::Message)?,
            msg_type: Value::read(fields, Key::MsgType)?,
            status: Scalar::read_optional(fields, Key::Status)?.unwrap_or_default(),
            file_size: Scalar::read_optional(fields, Key::FileSize)?.unwrap_or_default(),
            file_name: Scalar::read_optional(fields, Key::FileName)?.unwrap_or_default(),
            power: Scalar::read_optional(fields, Key::Power)?.unwrap_or_default(),
        })
    }

    fn write(&self, object: &mut Object<'_>) {
        object
            .number(Key::MessageId, self.message_id)
            .number(Key::RoomId, self.room_id)
            .number(Key::UserId, self.user_id)
            .number(Key::Date, self.date)
            .text(Key::Message, &self.message)
            .number(Key::MsgType, self.msg_type.number())
            .number(Key::Status, self.status.number())
            .number(Key::FileSize, self.file_size)
            .text(Key::FileName, &self.file_name)
            .number(Key::Power, self.power);
    }
}

impl Whole for Message<'_> {
    fn read_whole(fields: &Fields<'_>) -> Result<Self, BadFrame> {
        Self::read(fields)
    }

    fn write_whole(&self, frame: &mut Object<'_>) {
        self.write(frame);
    }
}
