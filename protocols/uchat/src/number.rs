//! Enums that are numbers on the wire.

/// Declares an enum whose variants are numbers on the wire, with the way there and back.
macro_rules! numbered {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$what:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$what])* $variant = $number,)+
        }

        impl $name {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The number on the wire.
            pub const fn number(self) -> i64 {
                self as i64
            }

            /// The one with this number, if there is one.
            pub const fn from_number(number: i64) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use numbered;

numbered! {
    /// What went wrong: `error_code` of an RQ_ERROR_MSG.
    ///
    /// In the field a client gives up on any but the first three: PROTOCOL.md 3.6.
    pub enum ErrorCode {
        /// ER_AUTH_DATA: wrong login, password or token, or not logged in.
        AuthData = 0,
        /// ER_USER_EXST: the login is taken.
        UserExists = 1,
        /// ER_CLI_EXST: the user is connected already.
        ClientExists = 2,
        /// Not allowed; the room has a password, or a limit on rooms or members is reached.
        NotAllowed = 3,
        /// There is no such user, room or message.
        NotFound = 4,
        /// The request is not as it should be.
        BadRequest = 5,
        /// Too many failed logins, or connections.
        TooMany = 6,
        /// The fault is the server's.
        Server = 7,
    }
}

numbered! {
    /// What kind of room it is: `type` of a room object.
    pub enum RoomType {
        /// No search finds it.
        Private = 0,
        /// Anybody may find it.
        Global = 1,
        /// A conversation between two users.
        Direct = 2,
    }
}

numbered! {
    /// What a member is in a room: `type` of a member object.
    pub enum MemberType {
        /// The owner, whom the wire calls customer.
        Owner = 0,
        /// May do nearly all that the owner may.
        Admin = 1,
        /// May delete what others said.
        Moderator = 2,
        /// A member like most.
        Simple = 3,
        /// May not come back.
        Banned = 4,
    }
}

numbered! {
    /// What a message is: `msg_type`.
    pub enum MessageType {
        /// Nothing but a text.
        Text = 0,
        /// A file without a text.
        File = 1,
        /// A file with text.
        FileWithText = 2,
        /// A sticker, of which the text is the name.
        Sticker = 3,
    }
}

numbered! {
    /// Whether a message is as it was sent: `status`.
    #[derive(Default)]
    pub enum MessageStatus {
        /// It is as it was sent.
        #[default]
        New = 0,
        /// It was edited since.
        Edited = 1,
    }
}

impl MessageType {
    /// Whether an RQ_MSG can send it: PROTOCOL.md 6.1. Files come by RQ_UPLOAD_FILE.
    pub const fn is_sendable(self) -> bool {
        matches!(self, Self::Text | Self::Sticker)
    }
}
