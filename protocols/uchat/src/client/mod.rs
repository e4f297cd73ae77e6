//! What a client says: "client sends".

mod account;
mod file;
mod frame;
mod history;
mod member;
mod message;
mod room;

pub use frame::ClientFrame;

use crate::error::BadFrame;
use crate::fields::Fields;
use crate::object::Object;
use crate::request::RequestType;
use bytes::BytesMut;

impl ClientFrame {
    /// Reads what a line holds: by the first family that knows the request.
    pub(crate) fn read(mut fields: Fields<'_>) -> Result<Self, BadFrame> {
        let request = fields.request()?;
        for read in READERS {
            if let Some(frame) = read(request, &fields) {
                return frame;
            }
        }
        Err(fields.unknown_type())
    }

    /// Appends the frame, one object and `\n`, to `out`; raw bytes as they are. Never fails.
    pub fn write(&self, out: &mut BytesMut) {
        let Some(request) = self.request() else {
            if let Self::Raw(bytes) = self {
                out.extend_from_slice(bytes);
            }
            return;
        };
        let mut object = Object::frame(request, out);
        WRITERS.iter().for_each(|write| write(self, &mut object));
        object.end();
    }
}

/// Reads a frame of one family; `None` where the request is not of it.
type Reader = fn(RequestType, &Fields<'_>) -> Option<Result<ClientFrame, BadFrame>>;

/// Writes the members of a frame of one family; nothing where it is not of it.
type Writer = fn(&ClientFrame, &mut Object<'_>);

const READERS: [Reader; 6] = [
    message::read,
    history::read,
    room::read,
    member::read,
    account::read,
    file::read,
];

const WRITERS: [Writer; 6] = [
    message::write,
    history::write,
    room::write,
    member::write,
    account::write,
    file::write,
];
