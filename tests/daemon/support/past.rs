//! A gateway in whose store a test says when things happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tolmach::bus::LocalBus;
use tolmach::hub::{CommitQueue, Hub, Options};
use tolmach::ledger::{Actor, Change, Place, Write};
use tolmach::model::{MessageId, MessageKind, RoomId, RoomKind, Timestamp, UserId};
use tolmach::store::{MemoryStore, Store};

use super::{Daemon, PATIENCE};

/// A gateway with a room "tea" that the account "anna" is a member of.
pub(crate) struct Past {
    pub(crate) daemon: Daemon,
    store: Arc<dyn Store>,
    tickets: AtomicU64,
    anna: UserId,
    pub(crate) tea: i32,
    said: i64,
}

impl Past {
    pub(crate) async fn in_memory() -> Self {
        Self::over(|options, inbox| Arc::new(MemoryStore::open(options.policy(), inbox))).await
    }

    pub(crate) async fn over(
        open: impl FnOnce(&Options, Arc<CommitQueue>) -> Arc<dyn Store>,
    ) -> Self {
        let options = Options::default();
        let inbox = Arc::new(CommitQueue::new());
        let store = open(&options, inbox.clone());
        let hub = Hub::start(options, store.clone(), Arc::new(LocalBus::new()), inbox)
            .await
            .unwrap();
        let daemon = Daemon::over(hub, "").await;
        let anna = UserId(daemon.account("anna").await);
        let tea = daemon.create_room("tea", RoomKind::Public, None).await;
        let tickets = AtomicU64::new(u64::MAX);
        let past = Self {
            daemon,
            store,
            tickets,
            anna,
            tea,
            said: 0,
        };
        let (room, user) = (RoomId(tea), anna);
        past.write(
            Timestamp(0),
            Actor::Operator,
            Change::AddMember { room, user },
        );
        past
    }

    /// A change at a time of its own. The hub's own tickets rise from below.
    fn write(&self, at: Timestamp, actor: Actor, change: Change) {
        let ticket = self.tickets.fetch_sub(1, Ordering::SeqCst);
        self.store.submit(
            ticket,
            Write {
                actor,
                origin: None,
                at,
                change,
            },
        );
    }

    /// Anna says something at this millisecond.
    pub(crate) fn say(&mut self, at: i64, text: String) {
        let change = Change::Post {
            place: Place::Room(RoomId(self.tea)),
            kind: MessageKind::Text,
            text,
            reply_to: None,
            file: None,
            extra: String::new(),
        };
        self.said += 1;
        self.write(Timestamp(at), Actor::User(self.anna), change);
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
        let change = match text {
            Some(text) => Change::Edit { message, text },
            None => Change::Delete { message },
        };
        self.write(Timestamp(at), Actor::User(self.anna), change);
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
