//! Messages: said, found, seen.

use tolmach_purpose::Answer;

use super::adapter::{PurposeAdapter, reason};
use super::chats::by_id;
use crate::commands;
use crate::gateway::{RequestContext, Response};
use crate::model::{Error, MessageId, Result, Target, Timestamp};

/// Milliseconds in a second, the wire's unit of time.
const SECOND: i64 = 1000;

/// The first moment of a second.
pub(super) fn first_of(second: i64) -> Timestamp {
    Timestamp(second.saturating_mul(SECOND))
}

/// The last moment of a second.
pub(super) fn last_of(second: i64) -> Timestamp {
    Timestamp(second.saturating_mul(SECOND).saturating_add(SECOND - 1))
}

impl PurposeAdapter {
    pub(super) async fn send(
        &self,
        task: u8,
        chat: i32,
        text: &str,
        cx: &mut RequestContext<'_>,
    ) -> Response {
        let mut message = commands::Send::text(Target::Room(by_id(chat)), text);
        message.offline = commands::Offline::Store;
        let accepted = self.accepted(task, &Answer::<&str>::Nothing);
        let revision = self.rules.revision;
        cx.post(message, move |outcome| match outcome {
            Ok(_) => accepted,
            Err(error) => super::adapter::declined(revision, task, &reason(&error)),
        })
        .await
    }

    /// The wire has 31 bits of a message's id: the newest message with these bits in a room that the asker may see.
    pub(super) async fn message(&self, id: i32, cx: &mut RequestContext<'_>) -> Result<MessageId> {
        let command = commands::FindMessage {
            low_bits: id,
            room: None,
        };
        Ok(cx.session.call(command).await?.id)
    }

    pub(super) async fn mark_seen(
        &self,
        chat: i32,
        time: i64,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let (room, at) = (by_id(chat), last_of(time));
        // GET_SEEN would give an earlier one.
        if at.seconds() < time {
            return Err(Error::invalid("time", "it is too far ahead"));
        }
        self.done(commands::MarkSeen { room, at }, cx).await
    }

    pub(super) async fn seen(
        &self,
        chat: i32,
        cx: &mut RequestContext<'_>,
    ) -> Result<Answer<String>> {
        let command = commands::Seen { room: by_id(chat) };
        let at = cx.session.call(command).await?;
        Ok(Answer::Seen(at.seconds()))
    }
}
