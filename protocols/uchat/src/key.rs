//! The keys that mean something in some frame.

macro_rules! keys {
    ($($key:ident = $word:literal,)+) => {
        /// A key of some frame, or of an object in one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Key {
            $($key,)+
        }

        impl Key {
            /// How many keys there are.
            pub(crate) const COUNT: usize = [$(Self::$key,)+].len();

            /// The key as it is written.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$key => $word,)+
                }
            }

            /// The key with this name, if it means something.
            pub(crate) fn named(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$key),)+
                    _ => None,
                }
            }
        }

        /// [`Key::as_str`] as a literal, for what documents it.
        macro_rules! key_name {
            $(($key) => {
                $word
            };)+
        }
        pub(crate) use key_name;
    };
}

keys! {
    Type = "type",
    Login = "login",
    Pass = "pass",
    Name = "name",
    Desc = "desc",
    Token = "token",
    Date = "date",
    RoomId = "room_id",
    RoomName = "room_name",
    UserId = "user_id",
    Id = "id",
    CustomerId = "customer_id",
    Power = "power",
    MessageId = "message_id",
    Message = "message",
    MsgId = "msg_id",
    MsgType = "msg_type",
    Msg = "msg",
    Status = "status",
    FileSize = "file_size",
    FileName = "file_name",
    Count = "count",
    Size = "size",
    ErrorCode = "error_code",
    Rooms = "rooms",
    Members = "members",
    Messages = "messages",
    Msgs = "msgs",
}
