//! Writes a frame piece by piece.

use crate::header;
use crate::limits::HEADER_BYTES;
use crate::structures::{ChatInfo, Message, SessionInfo, UserInfo};
use crate::value::{FieldText, Put};
use bytes::{BufMut, BytesMut};

/// A frame that is being written behind what its buffer already holds. Its length is put in when it is finished
/// (or dropped): at no time is there a half frame in the buffer that nobody will complete.
///
/// A text is written as its UTF-8 and one NUL. A NUL inside it cannot be said on this wire and is left out, so
/// that no text can end its field early and be read as the fields behind it; everything else of it is kept.
///
/// ```
/// use bytes::BytesMut;
/// use tolmach_purpose::{FrameWriter, Message, Status, purpose};
///
/// let message = Message {
///     id: 1, sender_id: 2, chat_id: 3, created: 10, updated: 10, status: Status::Sent, text: "hi",
/// };
/// let mut wire = BytesMut::new();
/// let mut history = FrameWriter::begin(purpose::ACCEPTED, 7, &mut wire);
/// while history.body_len() + message.encoded_len() <= 100 {
///     history.message(&message);
/// }
/// assert_eq!(history.finish(), 6 + 3 * 32);
/// assert_eq!(wire.len(), 6 + 3 * 32);
/// ```
#[derive(Debug)]
pub struct FrameWriter<'a> {
    out: &'a mut BytesMut,
    start: usize,
}

impl<'a> FrameWriter<'a> {
    /// Begins a frame of a purpose byte ([`purpose`](crate::purpose) has those of answers) and a task id.
    pub fn begin(purpose: u8, task: u8, out: &'a mut BytesMut) -> Self {
        let start = out.len();
        out.put_slice(&header::empty(purpose, task));
        Self { out, start }
    }

    /// The length of the body so far, in bytes.
    pub fn body_len(&self) -> usize {
        self.out.len() - self.start - HEADER_BYTES
    }

    /// Puts the body's length into the header. Returns the length of the whole frame, in bytes.
    pub fn finish(self) -> usize {
        self.body_len().min(u32::MAX as usize) + HEADER_BYTES
    }

    /// Writes one byte as it is.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.out.put_u8(value);
        self
    }

    /// Writes a bool as 0 or 1.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.u8(value.into())
    }

    /// Writes an id, four bytes.
    pub fn i32(&mut self, value: i32) -> &mut Self {
        self.out.put_i32_le(value);
        self
    }

    /// Writes a time, UNIX seconds.
    pub fn i64(&mut self, value: i64) -> &mut Self {
        self.out.put_i64_le(value);
        self
    }

    /// Writes a text and its NUL.
    pub fn text(&mut self, text: impl AsRef<str>) -> &mut Self {
        for part in text.as_ref().split('\0') {
            self.out.put_slice(part.as_bytes());
        }
        self.u8(0)
    }

    /// Writes bytes as they are: fields that were encoded before.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.put_slice(bytes);
        self
    }

    /// Writes the fields of a message.
    pub fn message<T: FieldText>(&mut self, message: &Message<T>) -> &mut Self {
        message.put(self);
        self
    }

    /// Writes the fields of a chat.
    pub fn chat<T: FieldText>(&mut self, chat: &ChatInfo<T>) -> &mut Self {
        chat.put(self);
        self
    }

    /// Writes the fields of a user.
    pub fn user<T: FieldText>(&mut self, user: &UserInfo<T>) -> &mut Self {
        user.put(self);
        self
    }

    /// Writes the fields of a session.
    pub fn session(&mut self, session: &SessionInfo) -> &mut Self {
        session.put(self);
        self
    }
}

/// A body beyond the 4 GiB that a header can say is cut there, so that the next frame stays readable.
impl Drop for FrameWriter<'_> {
    fn drop(&mut self) {
        let length = u32::try_from(self.body_len()).unwrap_or(u32::MAX);
        self.out
            .truncate(self.start + HEADER_BYTES + length as usize);
        if let Some(place) = self.out.get_mut(self.start..self.start + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }
}

/// The bytes of a text on the wire, with its NUL.
pub(crate) fn text_len(text: &str) -> usize {
    text.len() - memchr::memchr_iter(0, text.as_bytes()).count() + 1
}
