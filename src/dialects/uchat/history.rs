//! RQ_GET_NEW_MSGS, RQ_OLD_MSGS, RQ_SEARCH_MSGS.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tolmach_uchat::{Flavor, Page, limits};

use super::adapter::UchatAdapter;
use super::encoder;
use super::rooms::by_id;
use crate::commands;
use crate::gateway::RequestContext;
use crate::model::{Error, HistoryOrder, HistoryQuery, Message, Result, Timestamp};

/// Of so many bytes of text, a few less or more, a page has no more messages: other dialects know long ones.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

impl UchatAdapter {
    /// Later than the date, newest first: PROTOCOL.md 7.
    pub(super) async fn new_messages(
        &self,
        room: i32,
        date: i64,
        count: u32,
        cx: &mut RequestContext<'_>,
    ) -> Result<Bytes> {
        let after = |query: &mut HistoryQuery| query.from = Some(Timestamp(date.saturating_add(1)));
        let messages = newest_first(room, count, after, cx).await?;
        let mut out = BytesMut::new();
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
        let before = |query: &mut HistoryQuery| query.to = Some(Timestamp(date.saturating_sub(1)));
        let messages = newest_first(room, count, before, cx).await?;
        let mut out = BytesMut::new();
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
        let command = commands::Search {
            room: by_id(room),
            text,
            prefix: self.rules.flavor == Flavor::Document,
            limit: limits::COUNT as usize,
        };
        let messages = cx.session.call(command).await?.messages;
        let mut out = BytesMut::new();
        write(&messages, Page::search(&mut out));
        Ok(out.freeze())
    }
}

/// At most so many messages that are not deleted, and all of the last one's millisecond; fewer where those would be of
/// more than [`PAGE_BYTES`].
async fn newest_first(
    room: i32,
    count: u32,
    bound: impl Fn(&mut HistoryQuery),
    cx: &mut RequestContext<'_>,
) -> Result<Vec<Arc<Message>>> {
    if count == 0 {
        return Err(Error::invalid("count", "it is 1 to 500"));
    }
    let count = count.min(limits::COUNT) as usize;
    // Deleted ones are left out of what is read: a small count must not make many small reads of it.
    let mut query = HistoryQuery::page(by_id(room), None, limits::COUNT as usize);
    query.order = HistoryOrder::Newest;
    query.keep_equal_times = true;
    bound(&mut query);
    let mut found: Vec<Arc<Message>> = Vec::new();
    let mut bytes = 0;
    loop {
        let page = cx.session.call(commands::History(query.clone())).await?;
        let messages = page.messages;
        query.before = messages.last().map(|message| message.id);
        bytes += messages.iter().map(|said| said.text.len()).sum::<usize>();
        let shown = messages.into_iter().filter(|message| !message.deleted);
        found.extend(shown);
        let is_full = found.len() >= count || bytes >= PAGE_BYTES;
        if is_full || page.omitted == 0 || query.before.is_none() {
            found.truncate(whole_times(&found, count));
            return Ok(found);
        }
    }
}

/// No page ends between messages of one millisecond: PROTOCOL.md 7.1.
fn whole_times(messages: &[Arc<Message>], count: usize) -> usize {
    let Some(last) = count.checked_sub(1).and_then(|last| messages.get(last)) else {
        return messages.len();
    };
    let of_last_time = |message: &&Arc<Message>| message.created == last.created;
    count + messages[count..].iter().take_while(of_last_time).count()
}

fn write(messages: &[Arc<Message>], mut page: Page<'_>) {
    for message in messages {
        page.push(&encoder::message(message));
    }
}
