//! What an ACCEPTED contains.

use crate::body::Body;
use crate::error::BadBody;
use crate::purpose::ACCEPTED;
use crate::request::RequestKind;
use crate::revision::Revision;
use crate::structures::{ChatInfo, Message, SessionInfo, UserInfo};
use crate::text::{Secret, Text};
use crate::writer::FrameWriter;
use bytes::{Bytes, BytesMut};

/// The content of an ACCEPTED.
///
/// The frame does not say which it is: who asked knows, see [`RequestKind::answer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T = Text> {
    /// No content.
    Nothing,
    /// A new session.
    Session {
        /// Its id.
        session_id: i32,
        /// What restores it.
        session_hash: Secret<T>,
        /// Whose it is; 0 from revision 1, which does not tell it.
        user_id: i32,
    },
    /// The session goes on.
    Restored {
        /// Whose it is; 0 from revision 1, which does not tell it.
        user_id: i32,
    },
    /// The id of a user.
    UserId(i32),
    /// The id of a chat.
    ChatId(i32),
    /// Whether a chat has a password.
    HasPassword(bool),
    /// A chat and its members.
    Chat {
        /// The chat.
        chat: ChatInfo<T>,
        /// Those whom the asker may know.
        members: Vec<UserInfo<T>>,
    },
    /// One chat: a direct one, or one that was created.
    ChatInfo(ChatInfo<T>),
    /// The asker's chats.
    Chats(Vec<ChatInfo<T>>),
    /// What was said, oldest first. Long ones are better built with a [`FrameWriter`].
    Messages(Vec<Message<T>>),
    /// Up to when a chat was seen, UNIX seconds; 0 for never.
    Seen(i64),
    /// A user.
    User(UserInfo<T>),
    /// The asker.
    OwnUser {
        /// The asker.
        user: UserInfo<T>,
        /// The field `desc`.
        description: T,
    },
    /// The asker's sessions.
    Sessions(Vec<SessionInfo>),
    /// The HEARTBEAT's own bytes.
    Echo(Bytes),
}

/// Which [`Answer`] it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerKind {
    /// [`Answer::Nothing`]
    Nothing,
    /// [`Answer::Session`]
    Session,
    /// [`Answer::Restored`]
    Restored,
    /// [`Answer::UserId`]
    UserId,
    /// [`Answer::ChatId`]
    ChatId,
    /// [`Answer::HasPassword`]
    HasPassword,
    /// [`Answer::Chat`]
    Chat,
    /// [`Answer::ChatInfo`]
    ChatInfo,
    /// [`Answer::Chats`]
    Chats,
    /// [`Answer::Messages`]
    Messages,
    /// [`Answer::Seen`]
    Seen,
    /// [`Answer::User`]
    User,
    /// [`Answer::OwnUser`]
    OwnUser,
    /// [`Answer::Sessions`]
    Sessions,
}

impl<T: AsRef<str>> Answer<T> {
    /// Writes the whole ACCEPTED frame.
    pub fn write(&self, revision: Revision, task: u8, out: &mut BytesMut) {
        let mut frame = FrameWriter::begin(ACCEPTED, task, out);
        self.write_content(revision, &mut frame);
        frame.finish();
    }

    fn write_content(&self, revision: Revision, frame: &mut FrameWriter<'_>) {
        match self {
            Self::Nothing => {}
            Self::Session {
                session_id,
                session_hash,
                user_id,
            } => {
                frame.i32(*session_id).text(session_hash);
                write_user_id(*user_id, revision, frame);
            }
            Self::Restored { user_id } => write_user_id(*user_id, revision, frame),
            Self::UserId(id) | Self::ChatId(id) => {
                frame.i32(*id);
            }
            Self::HasPassword(has) => {
                frame.bool(*has);
            }
            Self::Chat { chat, members } => {
                chat.write(frame);
                members.iter().for_each(|member| member.write(frame));
            }
            Self::ChatInfo(chat) => chat.write(frame),
            Self::Chats(chats) => chats.iter().for_each(|chat| chat.write(frame)),
            Self::Messages(messages) => messages.iter().for_each(|message| message.write(frame)),
            Self::Seen(time) => {
                frame.i64(*time);
            }
            Self::User(user) => user.write(frame),
            Self::OwnUser { user, description } => {
                frame.user(user).text(description);
            }
            Self::Sessions(sessions) => sessions.iter().for_each(|session| session.write(frame)),
            Self::Echo(bytes) => {
                frame.raw(bytes);
            }
        }
    }
}

/// Only revision 2 tells it: PROTOCOL.md 4.2.
fn write_user_id(user_id: i32, revision: Revision, frame: &mut FrameWriter<'_>) {
    if revision == Revision::Two {
        frame.i32(user_id);
    }
}

fn read_user_id(revision: Revision, body: &mut Body) -> Result<i32, BadBody> {
    match revision {
        Revision::One => Ok(0),
        Revision::Two => body.i32("user_id"),
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

    fn read_content(
        kind: AnswerKind,
        revision: Revision,
        body: &mut Body,
    ) -> Result<Self, BadBody> {
        Ok(match kind {
            AnswerKind::Nothing => Self::Nothing,
            AnswerKind::Session => Self::Session {
                session_id: body.i32("session_id")?,
                session_hash: body.secret("session_hash")?,
                user_id: read_user_id(revision, body)?,
            },
            AnswerKind::Restored => Self::Restored {
                user_id: read_user_id(revision, body)?,
            },
            AnswerKind::UserId => Self::UserId(body.i32("user_id")?),
            AnswerKind::ChatId => Self::ChatId(body.i32("chat_id")?),
            AnswerKind::HasPassword => Self::HasPassword(body.bool("has_password")?),
            AnswerKind::Chat => Self::Chat {
                chat: ChatInfo::read(body)?,
                members: body.list(UserInfo::read)?,
            },
            AnswerKind::ChatInfo => Self::ChatInfo(ChatInfo::read(body)?),
            AnswerKind::Chats => Self::Chats(body.list(ChatInfo::read)?),
            AnswerKind::Messages => Self::Messages(body.list(Message::read)?),
            AnswerKind::Seen => Self::Seen(body.i64("time")?),
            AnswerKind::User => Self::User(UserInfo::read(body)?),
            AnswerKind::OwnUser => Self::OwnUser {
                user: UserInfo::read(body)?,
                description: body.text("desc")?,
            },
            AnswerKind::Sessions => Self::Sessions(body.list(SessionInfo::read)?),
        })
    }
}
