//! How a member of a frame is read and written, by its type.

use crate::Id;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::key::Key;
use crate::number::ErrorCode;
use crate::object::Object;
use crate::secret::Secret;
use std::borrow::Cow;

/// What the type of a member says about how it stands on the wire.
pub(crate) trait Value: Sized {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame>;
    fn write(&self, object: &mut Object<'_>, key: Key);
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

/// As [`read!`], written.
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

impl Value for String {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame> {
        fields.text(key)
    }

    fn write(&self, object: &mut Object<'_>, key: Key) {
        object.text(key, self);
    }
}

impl Value for Cow<'_, str> {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame> {
        fields.text(key)
    }

    fn write(&self, object: &mut Object<'_>, key: Key) {
        object.text(key, self);
    }
}

impl<T: Value> Value for Secret<T> {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame> {
        T::read(fields, key).map(Secret)
    }

    fn write(&self, object: &mut Object<'_>, key: Key) {
        self.0.write(object, key);
    }
}

impl Value for Id {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame> {
        fields.id(key)
    }

    fn write(&self, object: &mut Object<'_>, key: Key) {
        object.number(key, self);
    }
}

/// A time, in milliseconds.
impl Value for i64 {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame> {
        fields.date(key)
    }

    fn write(&self, object: &mut Object<'_>, key: Key) {
        object.number(key, self);
    }
}

/// A size, in bytes.
impl Value for u64 {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame> {
        fields.size(key)
    }

    fn write(&self, object: &mut Object<'_>, key: Key) {
        object.number(key, self);
    }
}

/// How many: more than 32 bits are as many as they hold.
impl Value for u32 {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame> {
        Ok(fields.size(key)?.try_into().unwrap_or(u32::MAX))
    }

    fn write(&self, object: &mut Object<'_>, key: Key) {
        object.number(key, self);
    }
}

impl Value for ErrorCode {
    fn read(fields: &Fields<'_>, key: Key) -> Result<Self, BadFrame> {
        fields.number(key, "an error's number, 0 to 7", ErrorCode::from_number)
    }

    fn write(&self, object: &mut Object<'_>, key: Key) {
        object.number(key, self.number());
    }
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
