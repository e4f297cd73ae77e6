//! What one node asks another by way of the store, where the bus brings no answer: slower, but nothing of it is lost.
//!
//! ```text
//!  this node ──LeaveLetter: a question──▶ the store's news ──every 700 ms──▶ the other node reads it, and does what it says
//!            ◀──every 700 ms── the store's news ◀──LeaveLetter: the answer──
//! ```

use std::time::Duration;

use super::Hub;
use super::commands::{Actor, Change, Work};
use crate::bus::{Envelope, Payload, VERSION};
use crate::cluster::{Answer, Question};
use crate::model::{Error, News, NodeId, Result};
use crate::store::{ApplyError, RowKeys};

/// How long another node may take to read a letter, and to answer it.
const PATIENCE: Duration = Duration::from_secs(4);

/// Puts among the store's news what one node has for another, or for all others.
struct LeaveLetter {
    to: Option<NodeId>,
    envelope: String,
}

impl Change for LeaveLetter {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;

    fn rows(&self, _keys: &mut RowKeys) {}

    fn apply(self, work: &mut Work<'_>) -> Result<(), ApplyError> {
        let Self { to, envelope } = self;
        work.add_news(&News::Letter { to, envelope })
    }
}

impl Hub {
    /// Asks a node by letter, and waits for a moment. `None`: it has not answered yet; it reads the letter once it can, unless it is
    /// gone before.
    ///
    /// # Errors
    /// Those of the store, which does not have the letter then.
    pub(super) async fn ask_by_letter(
        &self,
        to: NodeId,
        question: Question,
    ) -> Result<Option<Answer>> {
        let Some(cluster) = &self.inner.cluster else {
            return Ok(None);
        };
        let (asked, told) = cluster.questions.open();
        let number = asked.number;
        self.leave_letter(Some(to), Payload::Ask { number, question })
            .await?;
        let told = tokio::time::timeout(PATIENCE, told).await;
        Ok(told.ok().and_then(|answer| answer.ok()))
    }

    /// Asks all others by letter for something that is not answered.
    pub(super) async fn ask_all_by_letter(&self, question: Question) -> Result<()> {
        let number = 0;
        self.leave_letter(None, Payload::Ask { number, question })
            .await
    }

    async fn leave_letter(&self, to: Option<NodeId>, payload: Payload) -> Result<()> {
        let envelope = serde_json::to_string(&self.envelope(payload)).map_err(|error| {
            tracing::error!(%error, "a letter to another node cannot be written");
            Error::Internal
        })?;
        let letter = LeaveLetter { to, envelope };
        self.commit(Actor::Operator, None, letter, |_, ()| Ok(()))
            .await
    }

    /// Does what a letter says, if it is for this node.
    pub(super) fn read_letter(&self, to: Option<NodeId>, envelope: &str) {
        if to.is_some_and(|to| to != self.node()) {
            return;
        }
        let Envelope {
            version,
            node: from,
            payload,
        } = match Envelope::decode(envelope.as_bytes()) {
            Ok(envelope) => envelope,
            Err(error) => {
                tracing::error!(%error, "a letter of another node cannot be read");
                return;
            }
        };
        if version > VERSION || from == self.node() {
            return;
        }
        match payload {
            Payload::Ask { number, question } => {
                let hub = self.clone();
                drop(self.run(async move {
                    let answer = hub.answer_to(question).await;
                    if to.is_none() {
                        return;
                    }
                    let answer = Payload::Answer { number, answer };
                    if let Err(error) = hub.leave_letter(Some(from), answer).await {
                        tracing::warn!(%error, "a letter of another node cannot be answered");
                    }
                }));
            }
            Payload::Answer { number, answer } => self.answered(number, answer),
            // All others the bus alone carries.
            Payload::Rooms(_)
            | Payload::Presence(_)
            | Payload::AskPresence(_)
            | Payload::Everybody(_)
            | Payload::Leaving
            | Payload::News
            | Payload::Beat(_)
            | Payload::Unknown => {}
        }
    }
}
