//! JSON objects, written straight into the output.

use crate::key::Key;
use crate::request_type::RequestType;
use bytes::{BufMut, BytesMut};
use std::fmt::{Display, Write};
use tolmach_json::Sink;

/// An object on its way into `out`.
pub(crate) struct Object<'o> {
    out: &'o mut BytesMut,
    is_empty: bool,
}

impl<'o> Object<'o> {
    /// Begins a frame: its `type` comes first.
    pub(crate) fn frame(request: RequestType, out: &'o mut BytesMut) -> Self {
        let mut frame = Self::inside(out);
        frame.number(Key::Type, request.number());
        frame
    }

    fn inside(out: &'o mut BytesMut) -> Self {
        out.put_u8(b'{');
        Self {
            out,
            is_empty: true,
        }
    }

    /// Writes a string. Only what JSON demands is escaped, so that there is no `\n` in a frame.
    pub(crate) fn text(&mut self, key: Key, text: &str) -> &mut Self {
        self.key(key);
        Sink::text(self.out, text);
        self
    }

    /// Writes a whole number.
    pub(crate) fn number(&mut self, key: Key, number: impl Display) -> &mut Self {
        self.key(key);
        // Writing into a `BytesMut` fails only where its length would not fit a `usize`.
        let _ = write!(self.out, "{number}");
        self
    }

    /// Writes an array of objects, each as `write` says.
    pub(crate) fn list<T>(&mut self, key: Key, items: &[T], write: fn(&T, &mut Object<'_>)) {
        self.key(key);
        let mut list = List::inside(self.out);
        items
            .iter()
            .for_each(|item| list.item(|object| write(item, object)));
        self.out.put_u8(b']');
    }

    /// Begins an array of objects that is the frame's last member.
    pub(crate) fn into_list(mut self, key: Key) -> List<'o> {
        self.key(key);
        List::inside(self.out)
    }

    /// Ends a frame by its brace and line.
    pub(crate) fn end(self) {
        self.out.put_slice(b"}\n");
    }

    fn key(&mut self, key: Key) {
        self.out
            .put_slice(if self.is_empty { b"\"" } else { b",\"" });
        self.is_empty = false;
        self.out.put_slice(key.as_str().as_bytes());
        self.out.put_slice(b"\":");
    }
}

/// An array of objects on its way into `out`.
pub(crate) struct List<'o> {
    out: &'o mut BytesMut,
    is_empty: bool,
}

impl<'o> List<'o> {
    fn inside(out: &'o mut BytesMut) -> Self {
        out.put_u8(b'[');
        Self {
            out,
            is_empty: true,
        }
    }

    /// Writes one object, whose members `write` writes.
    pub(crate) fn item(&mut self, write: impl FnOnce(&mut Object<'_>)) {
        if !self.is_empty {
            self.out.put_u8(b',');
        }
        self.is_empty = false;
        write(&mut Object::inside(self.out));
        self.out.put_u8(b'}');
    }

    /// Ends the array and the frame that it is the last member of.
    pub(crate) fn end_frame(&mut self) {
        self.out.put_slice(b"]}\n");
    }
}
