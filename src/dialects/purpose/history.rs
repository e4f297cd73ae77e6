//! REQUEST_CHAT_MSG: "all created or updated in [from, to], oldest first; an answer that would pass 4 MiB ends with a
//! whole second, from which the client can go on".
//!
//! What is cut off is what was created after that second, and what is older but was updated after it. The messages come in
//! the order of `created`; a client goes on from the last one's, or from its `updated` where it was created before `from`.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tolmach_purpose::{FrameWriter, limits, purpose};

use super::adapter::PurposeAdapter;
use super::chats::by_id;
use super::encoder;
use super::messages::{first_of, last_of};
use crate::commands;
use crate::gateway::RequestContext;
use crate::model::{HistoryQuery, Message, Result, SeenMarks};

/// How many messages are read from the store at a time.
const PAGE: usize = 1000;

/// What one reading came to.
enum Found {
    /// All there is.
    All(Vec<Arc<Message>>),
    /// More than one answer holds: its beginning, and in which second the first message that is too much was created.
    More(Vec<Arc<Message>>, i64),
}

impl PurposeAdapter {
    pub(super) async fn history(
        &self,
        task: u8,
        chat: i32,
        from: i64,
        to: Option<i64>,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let marks = commands::SeenMarks { room: by_id(chat) };
        let marks = cx.session.call(marks).await?;
        let messages = whole_seconds(chat, from, to, cx).await?;
        Ok(write(task, &messages, &marks))
    }
}

/// The messages of one answer.
async fn whole_seconds(
    chat: i32,
    from: i64,
    to: Option<i64>,
    cx: &mut RequestContext<'_>,
) -> Result<Vec<Arc<Message>>> {
    let from = from.max(0);
    // Without `to` it is now: nothing is from later.
    let last = to.unwrap_or(i64::MAX);
    match read(chat, from, last, false, cx).await? {
        Found::All(messages) => Ok(messages),
        Found::More(_, second) if second == from => read_whole(chat, from, from, cx).await,
        Found::More(mut messages, second) => {
            let (begin, end) = (first_of(from), last_of(second - 1));
            messages.retain(|message| match message.updated {
                Some(updated) if message.created < begin => updated <= end,
                _ => message.created <= end,
            });
            if second > from && !messages.is_empty() {
                return Ok(messages);
            }
            let last = last.min(cx.at.seconds().max(from));
            first_edits(chat, from, last, cx).await
        }
    }
}

/// Where more old messages were edited than one answer holds: those of as many whole seconds as it does hold.
async fn first_edits(
    chat: i32,
    from: i64,
    last: i64,
    cx: &mut RequestContext<'_>,
) -> Result<Vec<Arc<Message>>> {
    // Up to `fits` it is not too much, up to `exceeds` it is.
    let (mut fits, mut exceeds) = (from - 1, last);
    let mut fitting = Vec::new();
    while exceeds - fits > 1 {
        let middle = fits + (exceeds - fits) / 2;
        match read(chat, from, middle, false, cx).await? {
            Found::All(messages) => (fits, fitting) = (middle, messages),
            Found::More(..) => exceeds = middle,
        }
    }
    if fitting.is_empty() {
        return read_whole(chat, from, exceeds, cx).await;
    }
    Ok(fitting)
}

async fn read_whole(
    chat: i32,
    from: i64,
    to: i64,
    cx: &mut RequestContext<'_>,
) -> Result<Vec<Arc<Message>>> {
    match read(chat, from, to, true, cx).await? {
        Found::All(messages) | Found::More(messages, _) => Ok(messages),
    }
}

/// Reads what was created or updated in these seconds, until it is more than one answer holds; `whole`: all of it.
async fn read(
    chat: i32,
    from: i64,
    to: i64,
    whole: bool,
    cx: &mut RequestContext<'_>,
) -> Result<Found> {
    let mut query = HistoryQuery::page(by_id(chat), None, PAGE);
    query.from = Some(first_of(from));
    query.to = Some(last_of(to));
    query.touched = true;
    let mut found: Vec<Arc<Message>> = Vec::new();
    let mut bytes = 0;
    loop {
        let page = cx.session.call(commands::History(query.clone())).await?;
        for message in page.messages {
            bytes += encoder::message(&message, false).encoded_len();
            if bytes > limits::HISTORY_BYTES && !whole && !found.is_empty() {
                return Ok(Found::More(found, message.created.seconds()));
            }
            found.push(message);
        }
        match found.last() {
            Some(last) if page.omitted > 0 => query.after = Some(last.id),
            _ => return Ok(Found::All(found)),
        }
    }
}

fn write(task: u8, messages: &[Arc<Message>], marks: &SeenMarks) -> Bytes {
    let shown = messages
        .iter()
        .map(|message| encoder::message(message, marks.has_seen(message)));
    let length: usize = shown.clone().map(|message| message.encoded_len()).sum();
    let mut out = BytesMut::with_capacity(limits::HEADER_BYTES + length);
    let mut frame = FrameWriter::begin(purpose::ACCEPTED, task, &mut out);
    for message in shown {
        frame.message(&message);
    }
    frame.finish();
    out.freeze()
}
