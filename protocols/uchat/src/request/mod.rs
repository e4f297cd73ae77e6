//! What a client asks of a server.
//!
//! [`requests!`] makes of the list in `table` the [`Request`]s, the states in which they are allowed, and reading and
//! writing. How one member is read and written stands in [`value`](crate::value).

mod table;
mod value;

pub use table::Request;

use crate::object::Object;
use bytes::BytesMut;

/// What a request asks of its connection, least first.
///
/// ```text
///          LOG_IN, SIGN_UP or TOKEN answered
/// Stranger ─────────────────────────────────▶ LoggedIn
///    ▲               LOG_OUT                     │
///    └───────────────────────────────────────────┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Nobody has logged in.
    Stranger,
    /// The connection is somebody's: PROTOCOL.md 4.
    LoggedIn,
}

/// Each entry: what it does; `Variant State { member: Type = Key, … }`, a member with `by codec` where its type alone
/// does not say how it is read and written.
macro_rules! requests {
    ($(
        $(#[doc = $doc:literal])*
        $kind:ident $state:ident $({ $(
            $(#[doc = $about:literal])*
            $member:ident: $type:ty = $key:ident $(by $codec:ident)?
        ),* $(,)? })?
    )*) => {
        /// What a client asks of a server: one variant per request.
        ///
        /// Texts come as they are: what bounds them is in [`limits`](crate::limits). Keys that a request does not have are
        /// ignored, and of those that repeat the first counts. `null` is the same as none.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Request {
            $(
                $(#[doc = $doc])*
                $kind $({ $(
                    #[doc = concat!("The member `", key_name!($key), "`.")]
                    $(#[doc = $about])*
                    $member: $type,
                )* })?,
            )*
        }

        impl RequestType {
            /// The least state in which a client may ask it; none where only servers say it.
            pub const fn state(self) -> Option<State> {
                match self {
                    $(Self::$kind => Some(State::$state),)*
                    Self::Error | Self::RoomPower | Self::NewMember => None,
                }
            }
        }

        impl Request {
            /// The number of its `type`.
            pub const fn kind(&self) -> RequestType {
                match self {
                    $(Self::$kind { .. } => RequestType::$kind,)*
                }
            }

            /// The least state in which it is allowed.
            pub const fn state(&self) -> State {
                match self {
                    $(Self::$kind { .. } => State::$state,)*
                }
            }

            /// Reads what a line holds: the first member that is wrong, in the order of the table, is told.
            pub(crate) fn read(mut fields: Fields<'_>) -> Result<Self, BadFrame> {
                match fields.request()? {
                    $(RequestType::$kind => Ok(Self::$kind $({ $(
                        $member: read!(&fields, Key::$key $(, $codec)?)?,
                    )* })?),)*
                    RequestType::Error | RequestType::RoomPower | RequestType::NewMember => {
                        Err(fields.unknown_type())
                    }
                }
            }

            pub(super) fn write_members(&self, object: &mut Object<'_>) {
                match self {
                    $(Self::$kind $({ $($member),* })? => {
                        $($(write!($member, object, Key::$key $(, $codec)?);)*)?
                    })*
                }
            }
        }
    };
}
use requests;

impl Request {
    /// Appends the frame, one object and `\n`, to `out`. Never fails.
    pub fn write(&self, out: &mut BytesMut) {
        let mut object = Object::frame(self.kind(), out);
        self.write_members(&mut object);
        object.end();
    }
}
