//! A field of a body: its layout, how it is read and how it is written, by the type of its value.

use crate::body::Body;
use crate::error::BadBody;
use crate::purpose::Layout;
use crate::structures::Status;
use crate::text::{Secret, Text};
use crate::writer::FrameWriter;
use std::borrow::Cow;
use std::sync::Arc;

/// What the type of a value says about its field.
pub(crate) trait Value: Sized {
    /// How the field is written.
    const LAYOUT: Layout;
    /// Whether the body may end before it.
    const IS_OPTIONAL: bool = false;

    fn read(body: &mut Body, field: &'static str) -> Result<Self, BadBody>;
}

/// A value that can be written.
pub(crate) trait Put {
    fn put(&self, frame: &mut FrameWriter<'_>);
}

/// A text that frames are written with. Those that are read are [`Text`]s.
pub trait FieldText: AsRef<str> {}

impl FieldText for Text {}
impl FieldText for String {}
impl FieldText for &str {}
impl FieldText for Cow<'_, str> {}
impl FieldText for Arc<str> {}

/// Each entry: a type, the layout of its field, and by which method of [`Body`] it is read.
macro_rules! values {
    ($($type:ty: $layout:ident, $read:ident;)*) => {
        $(impl Value for $type {
            const LAYOUT: Layout = Layout::$layout;

            fn read(body: &mut Body, field: &'static str) -> Result<Self, BadBody> {
                body.$read(field)
            }
        })*
    };
}

values! {
    u8: U8, u8;
    bool: U8, bool;
    Status: U8, status;
    i32: I32, i32;
    i64: I64, i64;
    Text: Text, text;
    Secret: Text, secret;
}

/// A field that may be left out: PROTOCOL.md 2.2.
impl<V: Value> Value for Option<V> {
    const LAYOUT: Layout = V::LAYOUT;
    const IS_OPTIONAL: bool = true;

    fn read(body: &mut Body, field: &'static str) -> Result<Self, BadBody> {
        body.optional(field, V::read)
    }
}

/// What is made of fields, and comes alone or up to the end of a body: PROTOCOL.md 6.
pub(crate) trait Structure: Value {
    /// How a list of them is written.
    const LIST: Layout;
}

impl<S: Structure> Value for Vec<S> {
    const LAYOUT: Layout = S::LIST;

    fn read(body: &mut Body, field: &'static str) -> Result<Self, BadBody> {
        body.list(|body| S::read(body, field))
    }
}

/// Each entry: a type, and the statement that writes a value of it.
macro_rules! puts {
    ($($type:ty: |$value:ident, $frame:ident| $put:expr;)*) => {
        $(impl Put for $type {
            fn put(&self, $frame: &mut FrameWriter<'_>) {
                let $value = *self;
                $put;
            }
        })*
    };
}

puts! {
    u8: |value, frame| frame.u8(value);
    bool: |value, frame| frame.bool(value);
    Status: |value, frame| frame.u8(value as u8);
    i32: |value, frame| frame.i32(value);
    i64: |value, frame| frame.i64(value);
}

impl<T: FieldText> Put for T {
    fn put(&self, frame: &mut FrameWriter<'_>) {
        frame.text(self);
    }
}

impl<T: FieldText> Put for Secret<T> {
    fn put(&self, frame: &mut FrameWriter<'_>) {
        self.0.put(frame);
    }
}

impl<V: Put> Put for Option<V> {
    fn put(&self, frame: &mut FrameWriter<'_>) {
        self.iter().for_each(|value| value.put(frame));
    }
}

impl<V: Put> Put for Vec<V> {
    fn put(&self, frame: &mut FrameWriter<'_>) {
        self.iter().for_each(|value| value.put(frame));
    }
}
