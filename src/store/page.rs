//! A page of a history while it is being filled: where it ends.

use std::sync::Arc;

use super::{PAGE_BYTES, Page};
use crate::model::{HistoryQuery, Message, Timestamp};

/// What has been found so far.
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
        !full || (self.query.whole_times && same_time())
    }

    pub(super) fn push(&mut self, message: Arc<Message>) {
        self.bytes += message.text.len() + message.extra.len();
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
