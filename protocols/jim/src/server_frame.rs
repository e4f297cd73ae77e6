//! What a server says.

use crate::ascii::ascii_bytes;
use crate::characters::Counter;
use crate::compat;
use crate::document;
use crate::extra::Extra;
use crate::limits::{COMPAT_OBJECT_BYTES, OBJECT_CHARS};
use crate::spelling::Spelling;
use bytes::{BufMut, BytesMut};

/// What a server says.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerFrame {
    /// The answer to what a client said, or a notice (100, 101).
    Answer(Answer),
    /// `msg`: someone's message. Its `encoding` is not kept but computed: PROTOCOL.md 5.1.
    Msg {
        /// A user's name, or a room's with its `#`.
        to: String,
        /// The name of the user who said it.
        from: String,
        /// Seconds since 1970, UTC, by the server's clock.
        time: i64,
        /// The text as it was said, within its limit if a gateway wrote it.
        message: String,
        /// Fields that the sender's client put in and the protocol does not know. They are left out where they
        /// would make the object longer than [`OBJECT_CHARS`].
        extra: Extra,
    },
    /// `probe`: asks whether the client is still there; it should answer with a presence.
    Probe {
        /// Seconds since 1970, UTC, by the server's clock.
        time: i64,
    },
    /// The answer to `get_contacts`, of published clients: 202, and how many [`Contact`](Self::Contact)s follow.
    ContactCount {
        /// Seconds since 1970, UTC, by the server's clock.
        time: i64,
        /// How many names follow, each in an object of its own.
        quantity: u32,
    },
    /// One name of a contact list.
    Contact {
        /// The name of an account or guest in the list.
        user_id: String,
    },
}

/// An answer to a request, or a notice: PROTOCOL.md 3.4 and 5.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The code of the answer, from 100 to 999.
    pub code: u16,
    /// Seconds since 1970, UTC; 0 where a server did not say it.
    pub time: i64,
    /// The text for a person: `alert` below 400, else `error`.
    pub text: Option<String>,
}

impl Answer {
    /// Whether what was asked is done, or will be.
    pub const fn is_accepted(&self) -> bool {
        self.code < 400
    }
}

impl ServerFrame {
    /// Appends the object and a newline: PROTOCOL.md 1.9. This cannot fail, and needs no codec: a frame
    /// for many is written once. Text is sent as UTF-8, with escapes only where JSON asks for them.
    ///
    /// Limits are not enforced, except that [`Extra`] gives way: see [`fits`](Self::fits).
    pub fn write(&self, dst: &mut BytesMut) {
        dst.reserve(document::LIKELY_BYTES + self.text_bytes());
        document::put_server_frame(dst, self);
        dst.put_u8(b'\n');
    }

    /// Appends the object and a newline as published clients read it: in ASCII, a message spelled like theirs, with every
    /// name twice where they do so and enough remains for the text ([`COMPAT_TEXT_BYTES`](crate::limits::COMPAT_TEXT_BYTES)).
    ///
    /// The limit of [`COMPAT_OBJECT_BYTES`](crate::limits::COMPAT_OBJECT_BYTES) is not enforced, except that [`Extra`] gives way:
    /// see [`compat_text_bytes`](Self::compat_text_bytes).
    pub fn write_compat(&self, spelling: Spelling, dst: &mut BytesMut) {
        dst.reserve(document::LIKELY_BYTES + self.text_bytes());
        compat::put_server_frame(dst, self, spelling);
    }

    /// How many bytes ([`ascii_bytes`](crate::ascii_bytes)) a text may take in place of this frame's own, for the object to keep
    /// to [`COMPAT_OBJECT_BYTES`](crate::limits::COMPAT_OBJECT_BYTES): 50 at
    /// least, 240 beside names within their limits and U+FFFF for who has spoken.
    pub fn compat_text_bytes(&self, spelling: Spelling) -> usize {
        let mut object = BytesMut::new();
        compat::put_without_extra(&mut object, self, spelling);
        let text = match self {
            Self::Answer(answer) => answer.text.as_deref().unwrap_or_default(),
            Self::Msg { message, .. } => message,
            _ => "",
        };
        let text: usize = text.chars().map(ascii_bytes).sum();
        // Who has not spoken gets the text twice.
        let times = match self {
            Self::Msg { .. } if spelling.unspoken => 2,
            _ => 1,
        };
        COMPAT_OBJECT_BYTES.saturating_sub(object.len() - times * text) / times
    }

    /// The length of what [`write`](Self::write) puts, without the newline, in characters as the wire counts.
    pub fn characters(&self) -> usize {
        let mut counter = Counter::default();
        document::put_server_frame(&mut counter, self);
        counter.0
    }

    /// Whether the object keeps to [`OBJECT_CHARS`]: PROTOCOL.md 2.3.
    pub fn fits(&self) -> bool {
        self.characters() <= OBJECT_CHARS
    }

    fn text_bytes(&self) -> usize {
        match self {
            Self::Answer(answer) => answer.text.as_ref().map_or(0, String::len),
            Self::Msg { message, .. } => message.len(),
            _ => 0,
        }
    }
}
