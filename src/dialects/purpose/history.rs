//! REQUEST_CHAT_MSG: "all created or updated in [from, to], oldest first; an answer that would pass 4 MiB ends with a
//! whole second, from which the client can go on".
//!
//! What is cut off is what was created after that second, and what is older but was updated after it. The messages of a whole
//! answer come in the order in which they were said, which the times are not in when the clock was set back; those of one that
//! is cut come in the order of `created`, and a client goes on from the last one's, or from its `updated` where it was created
//! before `from`.

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
    /// All messages that were asked for, oldest first.
    All(Vec<Arc<Message>>),
    /// More than one answer holds. What was found belongs to these seconds: the first of them, and the last one.
    TooMuch(i64, i64),
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
        Ok(write(task, &messages, &marks, &self.rules.public_url))
    }
}

/// The messages of one answer: of as many whole seconds as it holds, and, where there is something later than the second from
/// which they were asked for, of one after that at least: else a client could not go on.
async fn whole_seconds(
    chat: i32,
    from: i64,
    to: Option<i64>,
    cx: &mut RequestContext<'_>,
) -> Result<Vec<Arc<Message>>> {
    let from = from.max(0);
    // Without `to` it is now: nothing is from later.
    let last = to.unwrap_or(i64::MAX);
    // Up to `fits` it is not too much, up to `exceeds` it is.
    let mut fits = from - 1;
    let mut exceeds = match read(chat, from, last, true, cx).await? {
        Found::All(messages) => return Ok(messages),
        Found::TooMuch(_, upto) => upto,
    };
    let mut fitting = Vec::new();
    // Mostly it is the second before.
    let mut middle = exceeds - 1;
    while exceeds - fits > 1 {
        match read(chat, from, middle, true, cx).await? {
            Found::All(messages) => (fits, fitting) = (middle, messages),
            Found::TooMuch(_, upto) => exceeds = upto.min(middle),
        }
        middle = fits + (exceeds - fits) / 2;
    }
    let goes_on = |message: &Arc<Message>| belongs_to(message, from) > from;
    if !fitting.iter().any(goes_on) {
        let next = next_second(chat, from, last, cx).await?;
        if let Found::All(more) = read(chat, from, next.unwrap_or(from), false, cx).await? {
            return Ok(by_time(more));
        }
    }
    Ok(by_time(fitting))
}

fn by_time(mut messages: Vec<Arc<Message>>) -> Vec<Arc<Message>> {
    messages.sort_by_key(|message| message.created);
    messages
}

/// The first second after this one, and up to the last, in which something was created or updated.
async fn next_second(
    chat: i32,
    second: i64,
    mut last: i64,
    cx: &mut RequestContext<'_>,
) -> Result<Option<i64>> {
    let from = second.saturating_add(1);
    let mut next = None;
    loop {
        match read(chat, from, last, true, cx).await? {
            Found::All(messages) => {
                let seconds = messages.iter().map(|message| belongs_to(message, from));
                return Ok(seconds.min().or(next));
            }
            // What is still to be found may belong to an earlier one: an old message that was edited.
            Found::TooMuch(first, _) => (next, last) = (Some(first), first - 1),
        }
    }
}

/// Reads what was created or updated in these seconds, in the order in which it was said; `bounded`: until it is more than one answer
/// holds.
async fn read(
    chat: i32,
    from: i64,
    to: i64,
    bounded: bool,
    cx: &mut RequestContext<'_>,
) -> Result<Found> {
    let mut query = HistoryQuery::page(by_id(chat), None, PAGE);
    query.from = Some(first_of(from));
    query.to = Some(last_of(to));
    query.touched = true;
    let mut found: Vec<Arc<Message>> = Vec::new();
    let (mut bytes, mut first, mut upto) = (0, i64::MAX, from);
    loop {
        let page = cx.session.call(commands::History(query.clone())).await?;
        for message in page.messages {
            bytes += encoder::message(&message, false, "").encoded_len();
            let second = belongs_to(&message, from);
            (first, upto) = (first.min(second), upto.max(second));
            if bounded && bytes > limits::HISTORY_BYTES && !found.is_empty() {
                return Ok(Found::TooMuch(first, upto));
            }
            found.push(message);
        }
        match found.last() {
            Some(last) if page.omitted > 0 => query.after = Some(last.id),
            _ => break,
        }
    }
    Ok(Found::All(found))
}

/// The first second, from `from` on, in which the message was created or updated.
fn belongs_to(message: &Message, from: i64) -> i64 {
    let times = [Some(message.created), message.updated].into_iter();
    let seconds = times.flatten().map(|at| at.seconds());
    seconds
        .filter(|second| *second >= from)
        .min()
        .unwrap_or(from)
}

fn write(task: u8, messages: &[Arc<Message>], marks: &SeenMarks, public_url: &str) -> Bytes {
    let shown = messages
        .iter()
        .map(|message| encoder::message(message, marks.has_seen(message), public_url));
    let length: usize = shown.clone().map(|message| message.encoded_len()).sum();
    let mut out = BytesMut::with_capacity(limits::HEADER_BYTES + length);
    let mut frame = FrameWriter::begin(purpose::ACCEPTED, task, &mut out);
    for message in shown {
        frame.message(&message);
    }
    frame.finish();
    out.freeze()
}
