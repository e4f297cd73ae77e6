//! A session and what it is told.

use std::sync::Arc;

use tolmach::commands::{self, Command};
use tolmach::hub::{Events, Session};
use tolmach::model::{
    Error, Event, HistoryQuery, Message, Presence, Present, Result, Room, RoomSelector, Seq,
    SessionId, UserId,
};

use super::words::{enter, lines, say};

/// A session inside the process.
pub(crate) struct Client {
    pub(crate) session: Session,
    pub(crate) events: Events,
}

impl Client {
    /// Tries something.
    pub(crate) async fn call<C: Command>(&mut self, command: C) -> Result<C::Reply> {
        self.session.call(command).await
    }

    /// Does something that succeeds.
    pub(crate) async fn ok<C: Command>(&mut self, command: C) -> C::Reply {
        let what = format!("{command:?}");
        self.call(command)
            .await
            .unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// Tries something that fails.
    pub(crate) async fn err<C: Command>(&mut self, command: C) -> Error {
        let what = format!("{command:?}");
        match self.call(command).await {
            Err(error) => error,
            Ok(_) => panic!("{what} was done"),
        }
    }

    /// Enters a room: it, its last change before, and who is there.
    pub(crate) async fn enter(&mut self, room: RoomSelector) -> (Arc<Room>, Seq, Vec<String>) {
        let entered = self.ok(enter(room)).await;
        let present = describe(&entered.present);
        (entered.room, entered.seq, present)
    }

    /// Says something in a room.
    pub(crate) async fn say(&mut self, room: RoomSelector, text: &str) -> Arc<Message> {
        self.ok(say(room, text)).await
    }

    /// The texts of a room's history, oldest first.
    pub(crate) async fn texts(&mut self, room: RoomSelector) -> Vec<String> {
        texts(
            self.ok(commands::History(HistoryQuery::page(room, None, 1000)))
                .await,
        )
    }

    /// Who is in a room, and how.
    pub(crate) async fn who(&mut self, room: RoomSelector) -> Vec<String> {
        let present = self.ok(commands::Who { room }).await;
        describe(&present)
    }

    /// The names of the rooms one is a member of; a direct one's is empty.
    pub(crate) async fn my_rooms(&mut self) -> Vec<String> {
        names(self.ok(commands::MyRooms).await)
    }

    /// What it was told since the last time.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        lines(&self.told())
    }

    /// As [`Client::heard`], the events themselves.
    pub(crate) fn told(&mut self) -> Vec<Event> {
        let events = std::iter::from_fn(|| self.events.try_next());
        events.map(Arc::unwrap_or_clone).collect()
    }

    pub(crate) fn user(&self) -> UserId {
        self.session.user().unwrap().id
    }

    pub(crate) fn id(&self) -> SessionId {
        self.session.id().unwrap()
    }
}

/// `anna`, `boris (idle)`.
fn describe(present: &[Present]) -> Vec<String> {
    let one = |present: &Present| match present.presence {
        Presence::Online => present.user.login.clone(),
        Presence::Idle => format!("{} (idle)", present.user.login),
    };
    present.iter().map(one).collect()
}

/// The texts of a page of messages.
pub(crate) fn texts(page: commands::Messages) -> Vec<String> {
    let text = |message: &Arc<Message>| message.text.clone();
    page.messages.iter().map(text).collect()
}

/// The names of rooms.
pub(crate) fn names(rooms: Vec<Arc<Room>>) -> Vec<String> {
    rooms.iter().map(|room| room.name.clone()).collect()
}
