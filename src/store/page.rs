//! A page while it is being filled: where it ends.

use std::sync::Arc;

use super::{PAGE_BYTES, Page};
use crate::model::{Message, MessageId, RoomChange, RoomEvent};

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

    #[cfg(feature = "postgres")]
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn push(&mut self, message: Arc<Message>) {
        self.allowance.take(size(&message));
        self.messages.push(message);
    }

    pub(super) fn into_messages(self) -> Vec<Arc<Message>> {
        self.messages
    }
}

/// What has been found so far of what a user said.
pub(super) struct Said {
    messages: Vec<Arc<Message>>,
    bytes: usize,
    next: Option<MessageId>,
}

impl Said {
    /// `next`: where to go on after all of it.
    pub(super) fn new(next: Option<MessageId>) -> Self {
        Self {
            messages: Vec::new(),
            bytes: 0,
            next,
        }
    }

    /// Takes one more; `false`: that was the last one of this page.
    pub(super) fn take(&mut self, message: Arc<Message>) -> bool {
        self.bytes += size(&message);
        let id = message.id;
        self.messages.push(message);
        let is_full = self.bytes >= PAGE_BYTES;
        if is_full {
            self.next = Some(id);
        }
        !is_full
    }

    pub(super) fn into_page(self) -> (Vec<Arc<Message>>, Option<MessageId>) {
        (self.messages, self.next)
    }
}

/// What has been found so far of a history.
pub(super) struct Filling {
    limit: usize,
    page: Page,
    bytes: usize,
}

impl Filling {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            page: Page::default(),
            bytes: 0,
        }
    }

    /// Whether one more message belongs to the next page.
    pub(super) fn is_full(&self) -> bool {
        self.page.messages.len() >= self.limit || self.bytes >= PAGE_BYTES
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
