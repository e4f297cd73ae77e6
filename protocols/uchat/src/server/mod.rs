//! What a server says: answers, and what it tells unasked.
//!
//! [`frames!`] makes of the list in `table` the [`ServerFrame`]s, and their reading and writing. The objects that they
//! hold have files of their own.

mod codec;
mod member;
mod message;
mod page;
mod room;
mod table;

pub use member::Member;
pub use message::Message;
pub use page::Page;
pub use room::Room;
pub use table::ServerFrame;

use crate::fields::Fields;
use crate::flavor::Flavor;
use crate::key::Key;
use crate::object::Object;
use crate::request_type::RequestType;
use bytes::BytesMut;

/// Each entry: what it tells; `Variant` with `{ member: Type = Key, … }`, with `(what: Type = Key)` for its only member,
/// or with `(what: Type)` for an object whose members are the frame's. A member has `by codec` where its type alone does
/// not say how it is read and written.
macro_rules! frames {
    ($(
        $(#[doc = $doc:literal])*
        $kind:ident
        $({ $(
            $(#[doc = $about:literal])*
            $member:ident: $type:ty = $key:ident $(by $codec:ident)?
        ),* $(,)? })?
        $(($only:ident: $only_type:ty $(= $only_key:ident)?))?
    )*) => {
        /// What a server says. Texts may be borrowed; those that a [`ClientCodec`](crate::ClientCodec) read are owned.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum ServerFrame<'a> {
            $(
                $(#[doc = $doc])*
                $kind
                $({ $(
                    #[doc = concat!("The member `", key_name!($key), "`.")]
                    $(#[doc = $about])*
                    $member: $type,
                )* })?
                $(($only_type))?,
            )*
            /// A piece of a download, no frame at all: some of the raw bytes that
            /// [`ClientCodec::expect_raw`](crate::ClientCodec::expect_raw) announced.
            Raw(Bytes),
        }

        impl ServerFrame<'_> {
            /// What the frame answers or tells, whatever the flavor writes as its type; none for [`ServerFrame::Raw`].
            pub const fn request(&self) -> Option<RequestType> {
                match self {
                    $(Self::$kind { .. } => Some(RequestType::$kind),)*
                    Self::Raw(_) => None,
                }
            }

            pub(super) fn write_members(&self, flavor: Flavor, object: &mut Object<'_>) {
                match self {
                    $(Self::$kind $({ $($member),* })? $(($only))? => {
                        $($(write!($member, object, Key::$key $(, $codec, flavor)?);)*)?
                        $(write!($only, object $(, Key::$only_key)?);)?
                    })*
                    Self::Raw(_) => {}
                }
            }
        }

        impl ServerFrame<'static> {
            /// Reads what a line holds: the first member that is wrong, in the order of the table, is told.
            pub(crate) fn read(mut fields: Fields<'_>, flavor: Flavor) -> Result<Self, BadFrame> {
                let request = fields.request()?;
                match read_as(request, flavor, &fields) {
                    $(Some(RequestType::$kind) => Ok(Self::$kind
                        $({ $($member: read!(&fields, Key::$key $(, $codec, flavor)?)?,)* })?
                        $((read!(&fields $(, Key::$only_key)?)?))?
                    ),)*
                    Some(
                        RequestType::LogIn
                        | RequestType::SignUp
                        | RequestType::RoomPower
                        | RequestType::Upload,
                    )
                    | None => Err(fields.unknown_type()),
                }
            }
        }
    };
}
use frames;

impl ServerFrame<'_> {
    /// Appends the frame, one object and `\n`, to `out`; raw bytes as they are. Never fails.
    pub fn write(&self, flavor: Flavor, out: &mut BytesMut) {
        let Some(request) = self.request() else {
            if let Self::Raw(bytes) = self {
                out.extend_from_slice(bytes);
            }
            return;
        };
        let mut object = Object::frame(written_as(request, flavor), out);
        self.write_members(flavor, &mut object);
        object.end();
    }
}

/// The type that a frame is written with: PROTOCOL.md 9.
fn written_as(request: RequestType, flavor: Flavor) -> RequestType {
    match (request, flavor) {
        (RequestType::Members, Flavor::Document) => RequestType::SearchRooms,
        _ => request,
    }
}

/// What a frame of this type is; none where this flavor has none of the type.
fn read_as(request: RequestType, flavor: Flavor, fields: &Fields<'_>) -> Option<RequestType> {
    match (request, flavor) {
        (RequestType::Members, Flavor::Document) => None,
        (RequestType::SearchRooms, Flavor::Document) if fields.has(Key::Members) => {
            Some(RequestType::Members)
        }
        _ => Some(request),
    }
}
