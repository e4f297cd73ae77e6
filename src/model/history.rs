//! Which messages of a room are wanted.

use serde::{Deserialize, Serialize};

use super::{MessageId, RoomSelector, Seq, Timestamp};

/// In which order a history comes, and from which end the limit takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HistoryOrder {
    /// The oldest message comes first.
    Oldest,
    /// The newest message comes first.
    Newest,
}

/// Which messages of a room are sought. All bounds that are given hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchQuery {
    /// What is seen in the message, without regard to case.
    pub text: String,
    /// Only messages that begin with it.
    pub prefix: bool,
    /// Only messages with a greater id.
    pub after: Option<MessageId>,
    /// Only messages with a smaller id.
    pub before: Option<MessageId>,
    /// The order of the answer; the limit takes from its beginning.
    pub order: HistoryOrder,
    /// Most messages in the answer.
    pub limit: usize,
}

impl SearchQuery {
    /// The newest messages in which this is seen, newest first, at most `limit`.
    #[must_use]
    pub fn containing(text: impl Into<String>, limit: usize) -> Self {
        Self {
            text: text.into(),
            prefix: false,
            after: None,
            before: None,
            order: HistoryOrder::Newest,
            limit,
        }
    }
}

/// Which messages of a room are wanted. All bounds that are given hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryQuery {
    /// The room they were said in.
    pub room: RoomSelector,
    /// Only messages with a greater id.
    pub after: Option<MessageId>,
    /// Only messages with a smaller id.
    pub before: Option<MessageId>,
    /// Only messages created at this time or later.
    pub from: Option<Timestamp>,
    /// Only messages created at this time or earlier.
    pub to: Option<Timestamp>,
    /// Only messages whose place in the room is this or an earlier one.
    pub upto: Option<Seq>,
    /// `from` and `to` also hold a message that was edited or deleted between them.
    pub touched: bool,
    /// The order of the answer; the limit takes from its beginning.
    pub order: HistoryOrder,
    /// Most messages in the answer.
    pub limit: usize,
}

impl HistoryQuery {
    /// The whole history of a room, oldest first, at most `limit` messages after `after`.
    #[must_use]
    pub fn page(room: RoomSelector, after: Option<MessageId>, limit: usize) -> Self {
        Self {
            room,
            after,
            before: None,
            from: None,
            to: None,
            upto: None,
            touched: false,
            order: HistoryOrder::Oldest,
            limit,
        }
    }

    /// Whether it is about all that was said: nothing but the limit leaves anything out.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let (ids, times) = ((self.after, self.before), (self.from, self.to));
        (ids, times, self.upto) == ((None, None), (None, None), None)
    }
}
