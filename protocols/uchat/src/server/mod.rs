//! What a server says: answers, and what it tells unasked.

mod account;
mod file;
mod frame;
mod history;
mod member;
mod message;
mod room;

pub use frame::ServerFrame;
pub use history::Page;
pub use member::Member;
pub use message::Message;
pub use room::Room;

use crate::error::BadFrame;
use crate::fields::Fields;
use crate::flavor::Flavor;
use crate::object::Object;
use crate::request::RequestType;
use bytes::BytesMut;

impl ServerFrame<'_> {
    /// Appends the frame, one object and `\n`, to `out`; raw bytes as they are. Never fails.
    pub fn write(&self, flavor: Flavor, out: &mut BytesMut) {
        let Some(request) = self.request() else {
            if let Self::Raw(bytes) = self {
                out.extend_from_slice(bytes);
            }
            return;
        };
        let mut object = Object::frame(member::written_as(request, flavor), out);
        WRITERS
            .iter()
            .for_each(|write| write(self, flavor, &mut object));
        object.end();
    }
}

impl ServerFrame<'static> {
    /// Reads what a line holds: by the first family that knows the request.
    pub(crate) fn read(mut fields: Fields<'_>, flavor: Flavor) -> Result<Self, BadFrame> {
        let request = fields.request()?;
        for read in READERS {
            if let Some(frame) = read(request, flavor, &fields) {
                return frame;
            }
        }
        Err(fields.unknown_type())
    }
}

/// What a family makes of a frame; `None` where the request is not of it.
type Read = Option<Result<ServerFrame<'static>, BadFrame>>;

/// Writes the members of a frame of one family; nothing where it is not of it.
type Writer = fn(&ServerFrame<'_>, Flavor, &mut Object<'_>);

const READERS: [fn(RequestType, Flavor, &Fields<'_>) -> Read; 6] = [
    message::read,
    history::read,
    // Before `room`, which reads RQ_SEARCH_CH too.
    member::read,
    room::read,
    account::read,
    file::read,
];

const WRITERS: [Writer; 6] = [
    message::write,
    history::write,
    member::write,
    room::write,
    account::write,
    file::write,
];
