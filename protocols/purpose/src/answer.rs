//! What an ACCEPTED contains.

use crate::body::Body;
use crate::error::BadBody;
use crate::purpose::{ACCEPTED, Field};
use crate::request::RequestKind;
use crate::revision::Revision;
use crate::structures::{ChatInfo, Message, SessionInfo, UserInfo};
use crate::text::{Secret, Text};
use crate::value::{FieldText, Put, Value};
use crate::writer::FrameWriter;
use bytes::{Bytes, BytesMut};

/// A member, which only revisions from `$since` on have.
macro_rules! read {
    ($body:expr, $revision:expr, $field:literal) => {
        Value::read($body, $field)
    };
    ($body:expr, $revision:expr, $field:literal, $since:ident) => {
        if $revision == Revision::$since {
            Value::read($body, $field)
        } else {
            Ok(Default::default())
        }
    };
}

/// Writes the member that [`read!`] reads.
macro_rules! write {
    ($member:expr, $frame:expr, $revision:expr) => {
        $member.put($frame)
    };
    ($member:expr, $frame:expr, $revision:expr, $since:ident) => {
        if $revision == Revision::$since {
            $member.put($frame);
        }
    };
}

/// Each entry: what it is; `Variant { member: Type = "field", … }`, or `(what: Type = "field")` for its only member. A
/// member `since Revision` reads as 0 before, where it is not written.
macro_rules! answers {
    ($(
        $(#[doc = $doc:literal])*
        $kind:ident
        $({ $(
            $(#[doc = $about:literal])*
            $member:ident: $type:ty = $field:literal $(since $since:ident)?
        ),* $(,)? })?
        $(($only:ident: $only_type:ty = $only_field:literal))?
    )*) => {
        /// The content of an ACCEPTED.
        ///
        /// The frame does not say which it is: who asked knows, see [`RequestKind::answer`].
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Answer<T = Text> {
            $(
                $(#[doc = $doc])*
                $kind
                $({ $(
                    #[doc = concat!("The field `", $field, "`.")]
                    $(#[doc = $about])*
                    $member: $type,
                )* })?
                $(($only_type))?,
            )*
            /// The answer to a HEARTBEAT: its own bytes.
            Echo(Bytes),
        }

        /// Which [`Answer`] a request has.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AnswerKind {
            $($(#[doc = $doc])* $kind,)*
        }

        impl AnswerKind {
            /// The fields of the content, in their order. One that only revision 2 has is optional here.
            pub fn fields(self) -> &'static [Field] {
                type T = Text;
                match self {
                    $(Self::$kind => {
                        const FIELDS: &[Field] = &[
                        $($(Field {
                            name: $field,
                            layout: <$type as Value>::LAYOUT,
                            is_optional: false $(|| matches!(Revision::$since, Revision::Two))?,
                        },)*)?
                        $(Field {
                            name: $only_field,
                            layout: <$only_type as Value>::LAYOUT,
                            is_optional: false,
                        })?
                    ];
                        FIELDS
                    })*
                }
            }
        }

        impl Answer {
            fn read_content(
                kind: AnswerKind,
                revision: Revision,
                body: &mut Body,
            ) -> Result<Self, BadBody> {
                match kind {
                    $(AnswerKind::$kind => Ok(Self::$kind
                        $({ $($member: read!(body, revision, $field $(, $since)?)?,)* })?
                        $((read!(body, revision, $only_field)?))?
                    ),)*
                }
            }
        }

        impl<T: FieldText> Answer<T> {
            fn write_content(&self, revision: Revision, frame: &mut FrameWriter<'_>) {
                match self {
                    $(Self::$kind $({ $($member),* })? $(($only))? => {
                        $($(write!($member, frame, revision $(, $since)?);)*)?
                        $($only.put(frame);)?
                    })*
                    Self::Echo(bytes) => {
                        frame.raw(bytes);
                    }
                }
            }
        }
    };
}

answers! {
    /// No content at all.
    Nothing

    /// A new session: PROTOCOL.md 4.2.
    Session {
        session_id: i32 = "session_id",
        /// It restores the session.
        session_hash: Secret<T> = "session_hash",
        /// 0 from revision 1, which does not tell it.
        user_id: i32 = "user_id" since Two,
    }

    /// The session goes on: PROTOCOL.md 4.2.
    Restored {
        /// 0 from revision 1, which does not tell it.
        user_id: i32 = "user_id" since Two,
    }

    /// The id of a user.
    UserId(user: i32 = "user_id")

    /// The id of a chat.
    ChatId(chat: i32 = "chat_id")

    /// Whether a chat has a password.
    HasPassword(has_password: bool = "has_password")

    /// A chat and those of its members whom the asker may know.
    Chat { chat: ChatInfo<T> = "chat", members: Vec<UserInfo<T>> = "members" }

    /// One chat: a direct one, or one that was created.
    ChatInfo(chat: ChatInfo<T> = "chat")

    /// The chats of the asker.
    Chats(chats: Vec<ChatInfo<T>> = "chats")

    /// What was said, oldest first. Long ones are better built with a [`FrameWriter`].
    Messages(messages: Vec<Message<T>> = "messages")

    /// Up to when a chat was seen, UNIX seconds; 0 for never.
    Seen(time: i64 = "time")

    /// Somebody of whom was asked.
    User(user: UserInfo<T> = "user")

    /// The asker, and what it says of itself.
    OwnUser { user: UserInfo<T> = "user", description: T = "desc" }

    /// The sessions of the asker.
    Sessions(sessions: Vec<SessionInfo> = "sessions")
}

impl<T: FieldText> Answer<T> {
    /// Writes the whole ACCEPTED frame.
    pub fn write(&self, revision: Revision, task: u8, out: &mut BytesMut) {
        let mut frame = FrameWriter::begin(ACCEPTED, task, out);
        self.write_content(revision, &mut frame);
        frame.finish();
    }
}

impl Answer {
    /// Reads the content of the ACCEPTED that answers a request of this kind.
    ///
    /// # Errors
    /// The first field that is wrong, or bytes that are left over.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use tolmach_purpose::{Answer, RequestKind, Revision};
    ///
    /// let body = Bytes::from_static(&[7, 0, 0, 0]);
    /// assert_eq!(Answer::read(RequestKind::ChatId, Revision::One, body), Ok(Answer::ChatId(7)));
    /// ```
    pub fn read(kind: RequestKind, revision: Revision, body: Bytes) -> Result<Self, BadBody> {
        let mut body = Body::new(body);
        let answer = Self::read_content(kind.answer(), revision, &mut body)?;
        body.end(answer)
    }
}
