//! A page while it is being filled: where it ends.

use std::sync::Arc;

use super::{PAGE_BYTES, Page};
use crate::model::{HistoryQuery, Message, RoomChange, RoomEvent, Timestamp};

/// How much more an answer may hold: it ends after so many entries, or after [`PAGE_BYTES`].
#[derive(Debug)]
pub(super) struct Allowance {
    entries: usize,
    bytes: usize,
}

impl Allowance {
    pub(super) fn new(entries: usize) -> Self {
        let bytes = PAGE_BYTES;
        Self { entries, bytes }
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.entries == 0 || self.bytes == 0
    }

    /// For one more event.
    pub(super) fn use_for(&mut self, event: &RoomEvent) {
        self.take(match &event.change {
            RoomChange::Posted(message)
            | RoomChange::Edited(message)
            | RoomChange::Deleted(message) => size(message),
            RoomChange::Described { description } => description.len(),
            _ => 0,
        });
    }

    fn take(&mut self, bytes: usize) {
        self.entries = self.entries.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// The bytes of a message that a page is measured by.
fn size(message: &Message) -> usize {
    message.text.len() + message.extra.len()
}

/// What a search has found so far.
#[derive(Debug)]
pub(super) struct Findings {
    messages: Vec<Arc<Message>>,
    allowance: Allowance,
}

impl Findings {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            messages: Vec::new(),
            allowance: Allowance::new(limit),
        }
    }

    pub(super) fn are_complete(&self) -> bool {
        self.allowance.is_used_up()
    }

    pub(super) fn push(&mut self, message: Arc<Message>) {
        self.allowance.take(size(&message));
        self.messages.push(message);
    }

    pub(super) fn into_messages(self) -> Vec<Arc<Message>> {
        self.messages
    }
}

/// What has been found so far of a history.
pub(super) struct Filling<'a> {
    query: &'a HistoryQuery,
    page: Page,
    bytes: usize,
}

impl<'a> Filling<'a> {
    pub(super) fn new(query: &'a HistoryQuery) -> Self {
        Self {
            query,
            page: Page::default(),
            bytes: 0,
        }
    }

    /// Whether one more message, created then, belongs to the page.
    pub(super) fn takes(&self, created: Timestamp) -> bool {
        let found = &self.page.messages;
        let same_time = || found.last().is_some_and(|last| last.created == created);
        let full = found.len() >= self.query.limit || self.bytes >= PAGE_BYTES;
        !full || (self.query.keep_equal_times && same_time())
    }

    pub(super) fn push(&mut self, message: Arc<Message>) {
        self.bytes += size(&message);
        self.page.messages.push(message);
    }

    /// The page, when there were `total` messages in all.
    pub(super) fn ended_of(mut self, total: u64) -> Page {
        self.page.omitted = total.saturating_sub(self.page.messages.len() as u64);
        self.page
    }

    /// The page, when it holds all that was wanted.
    pub(super) fn complete(self) -> Page {
        self.page
    }

    pub(super) fn len(&self) -> usize {
        self.page.messages.len()
    }
}
