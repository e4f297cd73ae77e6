//! Pages of what was said.

use super::Message;
use crate::Id;
use crate::flavor::Flavor;
use crate::key::Key;
use crate::object::{List, Object};
use crate::request_type::RequestType;
use crate::value::Item;
use bytes::BytesMut;

/// An answer that lists messages, written one message at a time, so that nobody needs to collect them.
///
/// The frame is whole when the page is dropped.
///
/// ```
/// use bytes::BytesMut;
/// use tolmach_uchat::{Flavor, Page};
///
/// let mut out = BytesMut::new();
/// let page = Page::old_messages(7, Flavor::Field, &mut out);
/// // page.push(&message) …
/// drop(page);
/// assert_eq!(out, "{\"type\":10,\"room_id\":7,\"messages\":[]}\n");
/// ```
pub struct Page<'o> {
    messages: List<'o>,
}

impl<'o> Page<'o> {
    /// Begins the answer to RQ_GET_NEW_MSGS.
    pub fn new_messages(room: Id, out: &'o mut BytesMut) -> Self {
        let mut frame = Object::frame(RequestType::NewMessages, out);
        frame.number(Key::RoomId, room);
        Self {
            messages: frame.into_list(Key::Messages),
        }
    }

    /// Begins the answer to RQ_OLD_MSGS.
    pub fn old_messages(room: Id, flavor: Flavor, out: &'o mut BytesMut) -> Self {
        let mut frame = Object::frame(RequestType::OldMessages, out);
        frame.number(Key::RoomId, room);
        Self {
            messages: frame.into_list(old_messages_key(flavor)),
        }
    }

    /// Begins the answer to RQ_SEARCH_MSGS.
    pub fn search(out: &'o mut BytesMut) -> Self {
        let frame = Object::frame(RequestType::Search, out);
        Self {
            messages: frame.into_list(Key::Msgs),
        }
    }

    /// Writes the next message; the newest comes first.
    pub fn push(&mut self, message: &Message<'_>) {
        self.messages.item(|object| message.write(object));
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        self.messages.end_frame();
    }
}

/// Where the messages of an RQ_OLD_MSGS stand: PROTOCOL.md 9.
pub(super) fn old_messages_key(flavor: Flavor) -> Key {
    match flavor {
        Flavor::Field => Key::Messages,
        Flavor::Document => Key::Message,
    }
}
