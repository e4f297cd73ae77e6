//! How a member of a frame is read and written, by the type of its value.

use crate::Id;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::json;
use crate::key::Key;
use crate::number::{ErrorCode, MemberType, MessageStatus, MessageType, RoomType};
use crate::object::Object;
use crate::secret::Secret;
use std::borrow::Cow;

/// How a member with a value of this type is read and written.
pub(crate) trait Value: Sized {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame>;
    fn write(&self, object: &mut Object<'_>, key: Key);
}

/// A text or a number.
pub(crate) trait Scalar: Sized {
    /// What the member must be, as in "it must be …".
    const RIGHT: &'static str;

    /// The value of valid JSON; `None` where it is something else.
    fn from_json(json: &str) -> Option<Self>;

    fn put(&self, object: &mut Object<'_>, key: Key);

    /// Reads a member that some servers do without.
    fn read_optional(fields: &Fields<'_>, key: Key) -> Result<Option<Self>, BadFrame> {
        fields.optional(key, Self::RIGHT, Self::from_json)
    }
}

impl<S: Scalar> Value for S {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame> {
        fields.required(key, S::RIGHT, S::from_json)
    }

    fn write(&self, object: &mut Object<'_>, key: Key) {
        self.put(object, key);
    }
}

/// A member by its type, or by the codec that its row names; without a key, an object whose members are the frame's.
macro_rules! read {
    ($fields:expr) => {
        crate::value::Whole::read_whole($fields)
    };
    ($fields:expr, $key:expr) => {
        crate::value::Value::read($fields, $key)
    };
    ($fields:expr, $key:expr, $codec:ident $(, $flavor:expr)?) => {
        $codec::read($fields, $key $(, $flavor)?)
    };
}

/// Writes the member that [`read!`] reads.
macro_rules! write {
    ($object:expr, $frame:expr) => {
        crate::value::Whole::write_whole($object, $frame)
    };
    ($member:expr, $object:expr, $key:expr) => {
        crate::value::Value::write($member, $object, $key)
    };
    ($member:expr, $object:expr, $key:expr, $codec:ident $(, $flavor:expr)?) => {
        $codec::write($member, $object, $key $(, $flavor)?)
    };
}

pub(crate) use {read, write};

/// Each entry: a type of texts, and how it is made of one.
macro_rules! texts {
    ($($type:ty: $from:expr;)*) => {
        $(impl Scalar for $type {
            const RIGHT: &'static str = "a string";

            fn from_json(json: &str) -> Option<Self> {
                json::string(json).map($from)
            }

            fn put(&self, object: &mut Object<'_>, key: Key) {
                object.text(key, self);
            }
        })*
    };
}

texts! {
    String: std::convert::identity;
    Cow<'_, str>: Cow::Owned;
}

impl<T: Scalar> Scalar for Secret<T> {
    const RIGHT: &'static str = T::RIGHT;

    fn from_json(json: &str) -> Option<Self> {
        T::from_json(json).map(Secret)
    }

    fn put(&self, object: &mut Object<'_>, key: Key) {
        self.0.put(object, key);
    }
}

/// Each entry: a type, what a member of it must be, what it is made of its JSON, and the number that is written.
macro_rules! numbers {
    ($($type:ty: $right:literal, |$json:ident| $read:expr, |$value:ident| $write:expr;)*) => {
        $(impl Scalar for $type {
            const RIGHT: &'static str = $right;

            fn from_json($json: &str) -> Option<Self> {
                $read
            }

            fn put(&self, object: &mut Object<'_>, key: Key) {
                let $value = *self;
                object.number(key, $write);
            }
        })*
    };
}

numbers! {
    Id: "an id, a number of 31 bits", |json| json::whole(json).filter(|id| *id >= 0), |id| id;
    i64: "milliseconds since 1970, a number", |json| json::whole(json), |date| date;
    u64: "a whole number from 0", |json| json::whole(json), |size| size;
    // More than 32 bits are as many as they hold.
    u32: "a whole number from 0", |json| Some(json::whole::<u64>(json)?.try_into().unwrap_or(u32::MAX)), |count| count;
    ErrorCode: "an error's number, 0 to 7", |json| Self::from_number(json::whole(json)?), |code| code.number();
    RoomType: "a room's type 0, 1 or 2", |json| Self::from_number(json::whole(json)?), |kind| kind.number();
    MemberType: "a member's type, 0 to 4", |json| Self::from_number(json::whole(json)?), |kind| kind.number();
    MessageType: "a message's type, 0 to 3", |json| Self::from_number(json::whole(json)?), |kind| kind.number();
    MessageStatus: "a message's status, 0 or 1", |json| Self::from_number(json::whole(json)?), |status| status.number();
}

/// An object of a list.
pub(crate) trait Item: Sized {
    fn read(fields: &Fields<'_>) -> Result<Self, BadFrame>;
    fn write(&self, object: &mut Object<'_>);
}

impl<T: Item> Value for Vec<T> {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame> {
        fields.list(key, T::read)
    }

    fn write(&self, object: &mut Object<'_>, key: Key) {
        object.list(key, self, T::write);
    }
}

/// An object whose members are a frame's own.
pub(crate) trait Whole: Sized {
    fn read_whole(fields: &Fields<'_>) -> Result<Self, BadFrame>;
    fn write_whole(&self, frame: &mut Object<'_>);
}
