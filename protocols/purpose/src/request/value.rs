//! A field of a request: its layout, how it is read and how it is written.

use crate::body::Body;
use crate::error::BadBody;
use crate::purpose::Layout;
use crate::text::{Secret, Text};
use crate::writer::FrameWriter;

/// What the type of a request's member says about its field.
pub(super) trait Value: Sized {
    /// How the field is written.
    const LAYOUT: Layout;
    /// Whether the body may end before it.
    const IS_OPTIONAL: bool = false;

    fn read(body: &mut Body, field: &'static str) -> Result<Self, BadBody>;
    fn write(&self, frame: &mut FrameWriter<'_>);
}

impl Value for u8 {
    const LAYOUT: Layout = Layout::U8;

    fn read(body: &mut Body, field: &'static str) -> Result<Self, BadBody> {
        body.u8(field)
    }

    fn write(&self, frame: &mut FrameWriter<'_>) {
        frame.u8(*self);
    }
}

impl Value for i32 {
    const LAYOUT: Layout = Layout::I32;

    fn read(body: &mut Body, field: &'static str) -> Result<Self, BadBody> {
        body.i32(field)
    }

    fn write(&self, frame: &mut FrameWriter<'_>) {
        frame.i32(*self);
    }
}

impl Value for i64 {
    const LAYOUT: Layout = Layout::I64;

    fn read(body: &mut Body, field: &'static str) -> Result<Self, BadBody> {
        body.i64(field)
    }

    fn write(&self, frame: &mut FrameWriter<'_>) {
        frame.i64(*self);
    }
}

impl Value for Text {
    const LAYOUT: Layout = Layout::Text;

    fn read(body: &mut Body, field: &'static str) -> Result<Self, BadBody> {
        body.text(field)
    }

    fn write(&self, frame: &mut FrameWriter<'_>) {
        frame.text(self);
    }
}

impl Value for Secret {
    const LAYOUT: Layout = Layout::Text;

    fn read(body: &mut Body, field: &'static str) -> Result<Self, BadBody> {
        body.secret(field)
    }

    fn write(&self, frame: &mut FrameWriter<'_>) {
        frame.text(self);
    }
}

/// A field that may be left out: PROTOCOL.md 2.2.
impl<V: Value> Value for Option<V> {
    const LAYOUT: Layout = V::LAYOUT;
    const IS_OPTIONAL: bool = true;

    fn read(body: &mut Body, field: &'static str) -> Result<Self, BadBody> {
        body.optional(field, V::read)
    }

    fn write(&self, frame: &mut FrameWriter<'_>) {
        if let Some(value) = self {
            value.write(frame);
        }
    }
}
