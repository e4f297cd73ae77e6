//! A hub over a store of its own, and clients inside the process.

mod client;
mod cluster;
#[path = "../../daemon/support/wall_clock.rs"]
mod wall_clock;
mod words;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use tolmach::commands::{self, Command};
use tolmach::hub::{Bounds, ConnectionInfo, Events, Hub, HubBuilder, Options, Scope};
use tolmach::model::{
    Error, HistoryQuery, MessageId, Role, Room, RoomEvent, RoomId, RoomKind, Seq, UserId,
};
use tolmach::store::{CommitSink, Limits, MemoryStore, Store};

pub(crate) use client::{Client, names, texts};
pub(crate) use cluster::{Cluster, Health, TestBus};
pub(crate) use wall_clock::WallClock;
pub(crate) use words::{
    by_id, create_room, draft, enter, guest, lines, log_in, login, name, password, register, say,
    sha256, to_user, token,
};

/// What no test comes near unless it means to.
pub(crate) const BOUNDS: Bounds = Bounds {
    events: 100_000,
    bytes: 0,
};

/// A hub and what it runs on.
pub(crate) struct World {
    pub(crate) hub: Hub,
    pub(crate) store: Arc<dyn Store>,
    files: Option<tempfile::TempDir>,
}

impl World {
    /// A hub over a store in memory, as it is configured by default.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A hub over a store in memory, configured otherwise.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        change(&mut options);
        Self::of(Hub::builder().options(options)).await
    }

    /// The hub of a builder, over a store in memory.
    pub(crate) async fn of(builder: HubBuilder) -> Self {
        Self::over(builder, |limits, sink| {
            Arc::new(MemoryStore::open(limits, sink))
        })
        .await
    }

    /// The hub of a builder, over a store that tests may look into.
    pub(crate) async fn over(
        builder: HubBuilder,
        open: impl FnOnce(Limits, Arc<dyn CommitSink>) -> Arc<dyn Store> + Send + 'static,
    ) -> Self {
        let (give, given) = mpsc::channel();
        let builder = builder.store(move |limits, sink| {
            let store = open(limits, sink);
            give.send(store.clone())?;
            Ok(store)
        });
        Self {
            hub: builder.start().await.unwrap(),
            store: given.recv().unwrap(),
            files: None,
        }
    }

    /// A hub over a database.
    pub(crate) async fn in_a_file() -> Self {
        Self::in_a_file_with(|_| {}).await
    }

    /// A hub over a database, configured otherwise.
    pub(crate) async fn in_a_file_with(change: impl FnOnce(&mut Options)) -> Self {
        Self::in_a_file_of(tempfile::tempdir().unwrap(), change).await
    }

    /// Another hub, over what this one's files hold at this moment.
    pub(crate) async fn killed(&self) -> Self {
        let copy = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(self.files.as_ref().unwrap()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        Self::in_a_file_of(copy, |_| {}).await
    }

    async fn in_a_file_of(files: tempfile::TempDir, change: impl FnOnce(&mut Options)) -> Self {
        let path = files.path().join("hub.db");
        let mut options = Options::default();
        change(&mut options);
        let world = Self::over(Hub::builder().options(options), move |limits, sink| {
            Arc::new(tolmach::store::SqliteStore::open(&path, limits, sink).unwrap())
        });
        Self {
            files: Some(files),
            ..world.await
        }
    }

    /// Where its database is.
    pub(crate) fn database(&self) -> PathBuf {
        self.files.as_ref().unwrap().path().join("hub.db")
    }

    /// All that its files hold at this moment.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.files.as_ref().unwrap()).unwrap();
        let read = |file: std::io::Result<std::fs::DirEntry>| std::fs::read(file.unwrap().path());
        files
            .flat_map(|file| read(file).unwrap_or_default())
            .collect()
    }

    /// One of each kind of store.
    pub(crate) async fn of_each_kind() -> Vec<Self> {
        vec![Self::new().await, Self::in_a_file().await]
    }

    /// Nobody yet, to be attached to all rooms of whoever it becomes.
    pub(crate) fn client(&self) -> Client {
        self.client_over("plain", false, Scope::AllRooms)
    }

    /// Nobody yet, from an address.
    pub(crate) fn client_from(&self, address: IpAddr) -> Client {
        self.client_of("plain", false, Scope::AllRooms, Some(address))
    }

    /// Nobody yet, over a dialect that says how it is connected.
    pub(crate) fn client_over(
        &self,
        dialect: &'static str,
        exclusive: bool,
        scope: Scope,
    ) -> Client {
        self.client_of(dialect, exclusive, scope, None)
    }

    fn client_of(
        &self,
        dialect: &'static str,
        exclusive: bool,
        scope: Scope,
        address: Option<IpAddr>,
    ) -> Client {
        let (sink, events) = Events::channel(BOUNDS);
        let encoder = Events::encoder();
        Client {
            session: self.hub.connect(ConnectionInfo {
                dialect,
                address,
                exclusive,
                scope,
                encoder,
                sink,
            }),
            events,
        }
    }

    /// A new account (its password is its login), connected.
    pub(crate) async fn account(&self, login: &str) -> Client {
        self.op(register(login)).await;
        self.again(login).await
    }

    /// One more session of an account.
    pub(crate) async fn again(&self, login: &str) -> Client {
        self.seat(self.client(), login).await
    }

    /// Gives a connection to an account.
    pub(crate) async fn seat(&self, mut client: Client, user: &str) -> Client {
        let commands::NewToken { value, .. } = self
            .op(commands::CreateToken {
                user: login(user),
                value: None,
            })
            .await;
        let value = value.0;
        client.ok(token(&value)).await;
        client
    }

    /// A new guest, connected.
    pub(crate) async fn guest(&self, name: &str) -> Client {
        let mut client = self.client();
        client.ok(guest(name)).await;
        client
    }

    /// Accounts, connected.
    pub(crate) async fn accounts<const N: usize>(&self, logins: [&str; N]) -> [Client; N] {
        let mut clients = Vec::new();
        for login in logins {
            clients.push(self.account(login).await);
        }
        clients
            .try_into()
            .unwrap_or_else(|_| panic!("as many clients as logins"))
    }

    /// A room that the operator makes, with these members.
    pub(crate) async fn room<const N: usize>(
        &self,
        room: &str,
        kind: RoomKind,
        members: [(&str, Role); N],
    ) -> Arc<Room> {
        let commands::Entered { room: made, .. } = self.op(create_room(room, kind)).await;
        for (user, role) in members {
            let (place, who) = (by_id(made.id), login(user));
            if role == Role::Banned {
                self.op(commands::Ban {
                    room: place,
                    user: who,
                })
                .await;
                continue;
            }
            self.op(commands::AddMember {
                room: place.clone(),
                user: who.clone(),
            })
            .await;
            if role != Role::Member {
                self.op(commands::SetRole {
                    room: place,
                    user: who,
                    role,
                })
                .await;
            }
        }
        self.stored(made.id).await
    }

    /// The operator does something that succeeds.
    pub(crate) async fn op<C: Command>(&self, command: C) -> C::Reply {
        let what = format!("{command:?}");
        self.hub
            .operate(command)
            .await
            .unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// The operator tries something that fails.
    pub(crate) async fn op_err<C: Command>(&self, command: C) -> Error {
        let what = format!("{command:?}");
        match self.hub.operate(command).await {
            Err(error) => error,
            Ok(_) => panic!("{what} was done"),
        }
    }

    /// A room as it is stored.
    pub(crate) async fn stored(&self, room: RoomId) -> Arc<Room> {
        Arc::new(self.store.room(room).await.unwrap().unwrap().room.clone())
    }

    /// Waits until what was submitted before, by whomever, is committed and told.
    pub(crate) async fn settled(&self) {
        for _ in 0..3 {
            let barrier = commands::Hide {
                message: MessageId(0),
            };
            assert_eq!(self.hub.operate(barrier).await, Err(Error::Unauthenticated));
            tokio::task::yield_now().await;
        }
    }

    /// Everything that is stored of a room, and of the tokens and rooms of a user.
    pub(crate) async fn snapshot(&self, room: RoomId, user: Option<UserId>) -> String {
        let store = &self.store;
        let query = HistoryQuery::page(by_id(room), None, 1000);
        let mut all = format!("{:?}\n", store.room(room).await.unwrap());
        all += &format!("{:?}\n", store.members(room).await.unwrap());
        all += &format!("{:?}\n", store.history(room, user, &query).await.unwrap());
        all += &format!("{:?}\n", store.changes(room, Seq(0), 1000).await.unwrap());
        all += &format!("{:?}\n", store.rooms().await.unwrap());
        all += &format!("{:?}\n", store.accounts().await.unwrap());
        if let Some(user) = user {
            all += &format!("{:?}\n", store.rooms_of(user).await.unwrap());
        }
        all
    }

    /// As many of a room's changes behind one as there are, at most so many.
    pub(crate) async fn changes(&self, room: RoomId, after: i64, limit: usize) -> Vec<RoomEvent> {
        self.store.changes(room, Seq(after), limit).await.unwrap()
    }

    /// The room's changes bear 1, 2, 3… up to the room's own number.
    pub(crate) async fn assert_gapless(&self, room: RoomId) {
        let seqs: Vec<i64> = self
            .changes(room, 0, 100_000)
            .await
            .iter()
            .map(|event| event.seq.0)
            .collect();
        let last = self.stored(room).await.seq.0;
        assert_eq!(seqs, (1..=last).collect::<Vec<_>>());
    }
}
