//! Pages of what was said.

use super::{Message, Read, ServerFrame};
use crate::Id;
use crate::error::BadFrame;
use crate::fields::Fields;
use crate::flavor::Flavor;
use crate::key::Key;
use crate::object::{List, Object};
use crate::request::RequestType;
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
    /// Begins the answer to RQ_GET_NEW_MSGS: "{room_id, messages: […]}".
    pub fn new_messages(room: Id, out: &'o mut BytesMut) -> Self {
        let mut frame = Object::frame(RequestType::NewMessages, out);
        frame.number(Key::RoomId, room);
        Self {
            messages: frame.into_list(Key::Messages),
        }
    }

    /// Begins the answer to RQ_OLD_MSGS: "{room_id, messages: […]}".
    pub fn old_messages(room: Id, flavor: Flavor, out: &'o mut BytesMut) -> Self {
        let mut frame = Object::frame(RequestType::OldMessages, out);
        frame.number(Key::RoomId, room);
        Self {
            messages: frame.into_list(old_messages_key(flavor)),
        }
    }

    /// Begins the answer to RQ_SEARCH_MSGS: "{msgs: […]}".
    pub fn search(out: &'o mut BytesMut) -> Self {
        let frame = Object::frame(RequestType::Search, out);
        Self {
            messages: frame.into_list(Key::Msgs),
        }
    }

    /// Writes the next message: "newest first".
    pub fn push(&mut self, message: &Message<'_>) {
        self.messages.item(|object| message.write(object));
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        self.messages.end_frame();
    }
}

/// In the document "RQ_OLD_MSGS answers under `message`".
fn old_messages_key(flavor: Flavor) -> Key {
    match flavor {
        Flavor::Field => Key::Messages,
        Flavor::Document => Key::Message,
    }
}

pub(super) fn read(request: RequestType, flavor: Flavor, fields: &Fields<'_>) -> Read {
    match request {
        RequestType::NewMessages => Some(new_messages(fields)),
        RequestType::OldMessages => Some(old_messages(flavor, fields)),
        RequestType::Search => Some(
            fields
                .list(Key::Msgs, Message::read)
                .map(ServerFrame::Search),
        ),
        _ => None,
    }
}

fn new_messages(fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::NewMessages {
        room: fields.id(Key::RoomId)?,
        messages: fields.list(Key::Messages, Message::read)?,
    })
}

fn old_messages(flavor: Flavor, fields: &Fields<'_>) -> Result<ServerFrame<'static>, BadFrame> {
    Ok(ServerFrame::OldMessages {
        room: fields.id(Key::RoomId)?,
        messages: fields.list(old_messages_key(flavor), Message::read)?,
    })
}

pub(super) fn write(frame: &ServerFrame<'_>, flavor: Flavor, object: &mut Object<'_>) {
    match frame {
        ServerFrame::NewMessages { room, messages } => {
            object.number(Key::RoomId, room);
            object.list(Key::Messages, messages, Message::write);
        }
        ServerFrame::OldMessages { room, messages } => {
            object.number(Key::RoomId, room);
            object.list(old_messages_key(flavor), messages, Message::write);
        }
        ServerFrame::Search(messages) => object.list(Key::Msgs, messages, Message::write),
        _ => {}
    }
}
