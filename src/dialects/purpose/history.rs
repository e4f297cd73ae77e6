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
    /// All messages that were asked for, oldest first.
    All(Vec<Arc<Message>>),
    /// More than one answer holds, and what was found belongs to no second later than this one.
    TooMuch(i64),
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

/// The messages of one answer: of as many whole seconds as it holds, and of one at least.
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
        Found::TooMuch(upto) => upto,
    };
    let mut fitting = Vec::new();
    // Mostly it is the second before.
    let mut middle = exceeds - 1;
    while exceeds - fits > 1 {
        match read(chat, from, middle, true, cx).await? {
            Found::All(messages) => (fits, fitting) = (middle, messages),
            Found::TooMuch(upto) => exceeds = upto.min(middle),
        }
        middle = fits + (exceeds - fits) / 2;
    }
    if fitting.is_empty()
        && let Found::All(second) = read(chat, from, exceeds, false, cx).await?
    {
        return Ok(second);
    }
    Ok(fitting)
}

/// Reads what was created or updated in these seconds, in the order of `created`; `bounded`: until it is more than one answer
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
    let (mut bytes, mut upto) = (0, from);
    loop {
        let page = cx.session.call(commands::History(query.clone())).await?;
        for message in page.messages {
            bytes += encoder::message(&message, false, "").encoded_len();
            upto = upto.max(belongs_to(&message, from));
            if bounded && bytes > limits::HISTORY_BYTES && !found.is_empty() {
                return Ok(Found::TooMuch(upto));
            }
            found.push(message);
        }
        match found.last() {
            Some(last) if page.omitted > 0 => query.after = Some(last.id),
            _ => break,
        }
    }
    found.sort_by_key(|message| message.created);
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
