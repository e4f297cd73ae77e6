//! A gateway in whose store a test says when things happened.

use std::sync::Arc;

use tolmach::commands::{Actor, AddMember, Change, Delete, Edit, Send, Submission};
use tolmach::hub::Options;
use tolmach::model::{
    MessageId, MessageKind, RoomId, RoomKind, RoomSelector, Timestamp, UserId, UserSelector,
};
use tolmach::store::{CommitSink, Limits, MemoryStore, Store};

use super::{Daemon, PATIENCE, hub_over};

/// A gateway with a room "tea" that the account "anna" is a member of.
pub(crate) struct Past {
    pub(crate) daemon: Daemon,
    store: Arc<dyn Store>,
    anna: UserId,
    pub(crate) tea: i32,
    said: i64,
}

impl Past {
    pub(crate) async fn in_memory() -> Self {
        Self::over(MemoryStore::open).await
    }

    pub(crate) async fn over<S: Store>(
        open: impl FnOnce(Limits, Arc<dyn CommitSink>) -> S + std::marker::Send + 'static,
    ) -> Self {
        let (hub, store) = hub_over(Options::default(), None, open).await;
        let daemon = Daemon::over(hub, "").await;
        let anna = UserId(daemon.account("anna").await);
        let tea = daemon.create_room("tea", RoomKind::Public, None).await;
        let past = Self {
            daemon,
            store,
            anna,
            tea,
            said: 0,
        };
        let (room, user) = (past.room(), UserSelector::Id(anna));
        let add = AddMember { room, user };
        past.write(Timestamp(0), Actor::Operator, add);
        past
    }

    /// A change at a time of its own.
    fn write(&self, at: Timestamp, actor: Actor, change: impl Change) {
        let write = Submission::new(actor, None, at, change, |_, _| {});
        self.store.submit(write);
    }

    fn room(&self) -> RoomSelector {
        RoomSelector::Id(RoomId(self.tea))
    }

    /// Anna says something at this millisecond.
    pub(crate) fn say(&mut self, at: i64, text: String) {
        let message = Send {
            kind: MessageKind::Text,
            ..Send::text(self.room(), text)
        };
        self.said += 1;
        self.write(Timestamp(at), Actor::User(self.anna), message);
    }

    /// Waits until all of that is stored; the number of its first message.
    pub(crate) async fn stored(&self) -> i64 {
        let stored = async {
            loop {
                let last = self.store.last_message_id().await.unwrap().0;
                if last >= self.said {
                    return last - self.said + 1;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, stored).await.unwrap()
    }

    /// Anna gives a message another text, or none, at this millisecond.
    pub(crate) fn edit(&self, at: i64, message: i64, text: Option<String>) {
        let message = MessageId(message);
        let (at, anna) = (Timestamp(at), Actor::User(self.anna));
        match text {
            Some(text) => self.write(at, anna, Edit::text(message, &text)),
            None => self.write(at, anna, Delete { message }),
        }
    }

    /// Waits until a message was changed at this millisecond.
    pub(crate) async fn edited(&self, at: i64, message: i64) {
        let edited = async {
            loop {
                let now = self
                    .store
                    .message(MessageId(message))
                    .await
                    .unwrap()
                    .unwrap();
                if now.updated == Some(Timestamp(at)) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, edited).await.unwrap();
    }
}
