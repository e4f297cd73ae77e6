//! RQ_GET_NEW_MSGS, RQ_OLD_MSGS, RQ_SEARCH_MSGS.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tolmach_uchat::{Flavor, Page, limits};

use super::adapter::UchatAdapter;
use super::rooms::by_id;
use super::{encoder, gateway};
use crate::commands;
use crate::gateway::RequestContext;
use crate::model::{
    Error, HistoryOrder, HistoryQuery, Message, MessageId, Result, SearchQuery, Timestamp,
};

/// Of so many bytes of text, a few less or more, a page has no more messages: other dialects know long ones. What is left out is on
/// the side away from the date, so that a client that goes on from its page gets it.
const PAGE_BYTES: usize = 8 * 1024 * 1024;
/// How many messages are read at a time. Deleted ones are left out of them: a small page must not make many small reads.
const READ: usize = limits::COUNT as usize;

impl UchatAdapter {
    /// Later than the date, newest first: PROTOCOL.md 7.
    pub(super) async fn new_messages(
        &self,
        room: i32,
        date: i64,
        count: u32,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let mut out = BytesMut::new();
        if room == gateway::ROOM {
            write(&[], Page::new_messages(room, &mut out));
            return Ok(out.freeze());
        }
        let mut query = newest(room, READ);
        query.after = Some(last_known(room, date, cx).await?);
        let messages = newest_first(query, count, LeftOut::Newest, cx).await?;
        write(&messages, Page::new_messages(room, &mut out));
        Ok(out.freeze())
    }

    /// Earlier than the date, newest first: PROTOCOL.md 7.
    pub(super) async fn old_messages(
        &self,
        room: i32,
        date: i64,
        count: u32,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let mut out = BytesMut::new();
        if room == gateway::ROOM {
            write(&[], Page::old_messages(room, self.rules.flavor, &mut out));
            return Ok(out.freeze());
        }
        let mut query = newest(room, READ);
        query.before = match place(room, date, cx).await? {
            Place::Of(message) => Some(message),
            // From now, or later, one looks back on everything: also on what a clock that ran ahead has dated.
            _ if date >= cx.at.0 => None,
            Place::After(message) => Some(MessageId(message.0.saturating_add(1))),
            Place::Start => Some(MessageId(0)),
        };
        let messages = newest_first(query, count, LeftOut::Oldest, cx).await?;
        let page = Page::old_messages(room, self.rules.flavor, &mut out);
        write(&messages, page);
        Ok(out.freeze())
    }

    /// Texts that contain it, in any case; in the document's flavor those that start with it: PROTOCOL.md 7, 9.
    pub(super) async fn search(
        &self,
        room: i32,
        text: String,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let mut out = BytesMut::new();
        if room == gateway::ROOM {
            write(&[], Page::search(&mut out));
            return Ok(out.freeze());
        }
        let command = commands::Search {
            room: by_id(room),
            query: SearchQuery {
                prefix: self.rules.flavor == Flavor::Document,
                ..SearchQuery::containing(text, limits::COUNT as usize)
            },
        };
        let messages = cx.session.call(command).await?.messages;
        write(&messages, Page::search(&mut out));
        Ok(out.freeze())
    }
}

/// Where a date lies in the order of a room's messages, which is that of their `seq`: a clock that ran ahead and was set right
/// leaves messages with later dates before others with earlier ones.
enum Place {
    /// It is this message's; no other has it.
    Of(MessageId),
    /// It is no message's, and this is the last one with an earlier date.
    After(MessageId),
    /// It is no message's, and none has an earlier date.
    Start,
}

async fn place(room: i32, date: i64, cx: &mut RequestContext<'_>) -> Result<Place> {
    if let Some(message) = dated(room, date, cx).await? {
        return Ok(Place::Of(message));
    }
    let mut earlier = newest(room, 1);
    earlier.to = Some(Timestamp(date));
    let last = first_of(earlier, cx).await?;
    Ok(last.map_or(Place::Start, Place::After))
}

/// The message that bears a date.
async fn dated(room: i32, date: i64, cx: &mut RequestContext<'_>) -> Result<Option<MessageId>> {
    let mut query = newest(room, 1);
    (query.from, query.to) = (Some(Timestamp(date)), Some(Timestamp(date)));
    first_of(query, cx).await
}

/// The number behind which all lies that is newer than a date: that of its message, else one before the first with a later date.
async fn last_known(room: i32, date: i64, cx: &mut RequestContext<'_>) -> Result<MessageId> {
    if let Some(message) = dated(room, date, cx).await? {
        return Ok(message);
    }
    let mut later = newest(room, 1);
    later.order = HistoryOrder::Oldest;
    later.from = Some(Timestamp(date.saturating_add(1)));
    let first = first_of(later, cx).await?;
    Ok(MessageId(first.map_or(i64::MAX, |first| first.0 - 1)))
}

async fn first_of(query: HistoryQuery, cx: &mut RequestContext<'_>) -> Result<Option<MessageId>> {
    let page = cx.session.call(commands::History(query)).await?;
    Ok(page.messages.first().map(|message| message.id))
}

fn newest(room: i32, limit: usize) -> HistoryQuery {
    let mut query = HistoryQuery::page(by_id(room), None, limit);
    query.order = HistoryOrder::Newest;
    query
}

/// Which messages are left out where those that `count` allows are of more than [`PAGE_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    Oldest,
    Newest,
}

/// At most so many messages that are not deleted; fewer where those would be of more than [`PAGE_BYTES`].
async fn newest_first(
    mut query: HistoryQuery,
    count: u32,
    left_out: LeftOut,
    cx: &mut RequestContext<'_>,
) -> Result<VecDeque<Arc<Message>>> {
    if count == 0 {
        return Err(Error::invalid("count", "it is 1 to 500"));
    }
    let mut allowed = count.min(limits::COUNT) as usize;
    let mut found: VecDeque<Arc<Message>> = VecDeque::new();
    let mut bytes = 0;
    loop {
        let page = cx.session.call(commands::History(query.clone())).await?;
        let messages = page.messages;
        query.before = messages.last().map(|message| message.id);
        let shown = messages.into_iter().filter(|message| !message.deleted);
        for message in shown.take(allowed) {
            allowed -= 1;
            bytes += message.text.len();
            found.push_back(message);
            while left_out == LeftOut::Newest && bytes > PAGE_BYTES && found.len() > 1 {
                bytes -= found.pop_front().map_or(0, |newest| newest.text.len());
            }
        }
        let is_full = left_out == LeftOut::Oldest && bytes >= PAGE_BYTES;
        if allowed == 0 || is_full || page.omitted == 0 || query.before.is_none() {
            return Ok(found);
        }
    }
}

fn write<'a>(messages: impl IntoIterator<Item = &'a Arc<Message>>, mut page: Page<'_>) {
    for message in messages {
        page.push(&encoder::message(message));
    }
}
