//! What bodies are made of: messages, chats, users, sessions: PROTOCOL.md 6.

use crate::body::Body;
use crate::error::BadBody;
use crate::purpose::{Field, Layout};
use crate::text::Text;
use crate::value::{FieldText, Put, Structure, Value};
use crate::writer::{FrameWriter, text_len};
use std::net::Ipv4Addr;

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// Nobody but its author is known to have seen it.
    Sent = 0,
    /// A member other than its author has seen the chat up to it: PROTOCOL.md 6.1.
    Seen = 1,
    /// It is gone; its text is empty.
    Deleted = 2,
}

impl Status {
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        [Self::Sent, Self::Seen, Self::Deleted]
            .into_iter()
            .find(|status| *status as u8 == byte)
    }
}

/// Each entry: what it is; `Name<T>, Layout, LayoutOfList { field: Type, … }`, with `<T>` where it has texts.
macro_rules! structures {
    ($(
        $(#[$about:meta])*
        $name:ident $(<$text:ident>)?, $layout:ident, $list:ident {
            $( $(#[$field_about:meta])* $field:ident: $type:ty, )*
        }
    )*) => {
        $(
            $(#[$about])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $name $(<$text = Text>)? {
                $( $(#[$field_about])* pub $field: $type, )*
            }

            impl $name {
                /// Its fields, in the order in which they are written.
                pub const FIELDS: &[Field] = {
                    $(type $text = Text;)?
                    &[$(Field {
                        name: stringify!($field),
                        layout: <$type as Value>::LAYOUT,
                        is_optional: false,
                    },)*]
                };
            }

            impl Value for $name {
                const LAYOUT: Layout = Layout::$layout;

                fn read(body: &mut Body, _: &'static str) -> Result<Self, BadBody> {
                    Ok(Self { $($field: Value::read(body, stringify!($field))?,)* })
                }
            }

            impl Structure for $name {
                const LIST: Layout = Layout::$list;
            }

            impl $(<$text: FieldText>)? Put for $name $(<$text>)? {
                fn put(&self, frame: &mut FrameWriter<'_>) {
                    $(self.$field.put(frame);)*
                }
            }
        )*
    };
}

structures! {
    /// A message of a chat: PROTOCOL.md 6.1. An edited one comes again with its id and a newer `updated`.
    Message<T>, Message, Messages {
        /// The low 31 bits of the message's id.
        id: i32,
        /// Its author's user id.
        sender_id: i32,
        /// The chat it was said in.
        chat_id: i32,
        /// When it was said, UNIX seconds.
        created: i64,
        /// When it last changed, UNIX seconds.
        updated: i64,
        /// How far it has come.
        status: Status,
        /// What its author said.
        text: T,
    }

    /// A chat as one user sees it: PROTOCOL.md 6.2.
    ChatInfo<T>, ChatInfo, Chats {
        /// The id of the chat.
        id: i32,
        /// The title that is shown.
        title: T,
        /// Whether it is between two users.
        is_direct: bool,
        /// When it last changed, UNIX seconds.
        updated: i64,
        /// Its unique name, by which it is found.
        nickname: T,
        /// Whether one needs a password to join it.
        has_password: bool,
    }

    /// A user: PROTOCOL.md 6.3.
    UserInfo<T>, UserInfo, Users {
        /// The id of the user.
        id: i32,
        /// The name that is shown.
        name: T,
        /// The unique name, which is the login.
        nickname: T,
    }

    /// A session of a user: PROTOCOL.md 6.4.
    #[derive(Copy)]
    SessionInfo, SessionInfo, Sessions {
        /// The number of the session.
        id: i32,
        /// Where it is used from, see [`ipv4_of`](Self::ipv4_of); 0 when that is not an IPv4 address.
        ipv4: i32,
        /// When it was last used, UNIX seconds.
        last_activity: i64,
        /// The id of the user.
        user_id: i32,
    }
}

impl<T: FieldText> Message<T> {
    /// Its length on the wire, in bytes.
    pub fn encoded_len(&self) -> usize {
        3 * 4 + 2 * 8 + 1 + text_len(self.text.as_ref())
    }
}

impl SessionInfo {
    /// An address as [`ipv4`](Self::ipv4) holds it: the four bytes on the wire are the address's, in its order.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// use tolmach_purpose::SessionInfo;
    ///
    /// let ipv4 = SessionInfo::ipv4_of(Ipv4Addr::new(192, 168, 0, 1));
    /// assert_eq!(ipv4.to_le_bytes(), [192, 168, 0, 1]);
    /// ```
    pub fn ipv4_of(address: Ipv4Addr) -> i32 {
        i32::from_le_bytes(address.octets())
    }

    /// The address, unless it is 0.
    pub fn address(&self) -> Option<Ipv4Addr> {
        (self.ipv4 != 0).then(|| Ipv4Addr::from(self.ipv4.to_le_bytes()))
    }
}
