//! `postgres://…`: a database on a server, one thread that writes, a pool of connections that read.
//!
//! ```text
//!             ┌─ BEGIN, locks, all rows that the writes name ─┐ 1 or 2 round trips
//!  submit ─▶ queue ─▶ apply, in memory, each write             │
//!             └─ all that changed, COMMIT ─────────────────────┘ 1 round trip ──▶ sink
//!  read ───▶ pool ──▶ one moment's rows
//! ```
//!
//! Several nodes may write at once. A transaction that changes nothing but what lies in rooms it names shares a lock with
//! others of its kind and locks its rooms in the order of their numbers; any other has that lock for itself. So nothing that was
//! read changes before the commit, and no two wait for each other.

mod aged;
mod backend;
mod bans;
mod changes;
mod history;
mod indexer;
mod locks;
mod news;
mod numbers;
mod offline;
mod overlay;
mod readers;
mod reads;
mod registry;
mod rows;
mod search;
mod session;
mod tables;
#[cfg(test)]
mod tests;
mod times;
mod tls;
mod url;
mod values;
mod wanted;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::runtime::{Builder, Runtime};

pub(super) use self::indexer::Indexing;
pub use self::locks::Neighbours;
pub use self::registry::PostgresRegistry;
pub use self::url::PostgresUrl;

use self::backend::PostgresBackend;
use self::indexer::Indexer;
use self::locks::Taken;
use self::readers::Readers;
use self::search::Search;
use self::session::{Connector, Session, explain, query};
use self::values::{
    Columns, GUEST_BAN, IN_A_ROOM, MEMBER, MESSAGE, MESSAGES, ROOM, ROOM_COLUMNS, Sql, TOKEN, USER,
    at_most_one, column, every, first, limit, millis, text,
};
use super::batch::Backend;
use super::page::Said;
use super::writer::Writer;
use super::{
    CommitSink, Limits, NewsPage, NewsPlace, Page, RoomRow, RowsError, Store, TokenRow, UserRow,
    Write,
};
use crate::model::{
    GatewayBan, GuestBan, HistoryQuery, Membership, Message, MessageId, Result, RoomEvent, RoomId,
    SearchQuery, SeenMarks, Seq, Timestamp, TokenId, TokenInfo, UserId, UserRef,
};

/// How long a database is tried that does not answer.
const OPENING: Duration = Duration::from_secs(10);
/// After which time it is tried again.
const AGAIN: Duration = Duration::from_millis(250);

/// Why a database is not opened.
#[derive(Debug, thiserror::Error)]
#[error("{at}: {why}")]
pub struct PostgresError {
    at: String,
    why: String,
}

/// A store in a PostgreSQL database.
///
/// Others may use the database meanwhile, in other schemas. It connects again by itself. Reads go on after [`Store::close`].
pub struct PostgresStore {
    writer: Writer,
    readers: Readers,
    gateway: Arc<UserRef>,
    trips: Arc<AtomicU64>,
    indexing: Indexing,
    _indexer: Indexer,
}

impl PostgresStore {
    /// Opens a database, and gives it what it needs. `connections` read at once at most; one more writes. Blocks the thread: one
    /// that does not answer is tried for 10 s.
    ///
    /// # Errors
    /// It cannot be reached or used, or another node is there that is no neighbour.
    pub fn open(
        url: &PostgresUrl,
        connections: usize,
        neighbours: Neighbours,
        limits: Limits,
        sink: Arc<dyn CommitSink>,
    ) -> Result<Self, PostgresError> {
        let indexing = Indexing::default();
        Self::over(
            url,
            connections,
            neighbours,
            limits,
            sink,
            indexing,
            |backend| backend,
        )
    }

    /// As [`PostgresStore::open`], with something around the backend, and rooms indexed as it is said.
    pub(super) fn over<B: Backend + 'static>(
        url: &PostgresUrl,
        connections: usize,
        neighbours: Neighbours,
        limits: Limits,
        sink: Arc<dyn CommitSink>,
        indexing: Indexing,
        around: impl FnOnce(PostgresBackend) -> B,
    ) -> Result<Self, PostgresError> {
        let failed = |why| PostgresError {
            at: url.to_string(),
            why,
        };
        let connector = Connector::new(url).map_err(failed)?;
        let (runtime, session) = opened(&connector, neighbours).map_err(failed)?;
        let name = &limits.gateway;
        let gateway = Arc::new(UserRef {
            id: UserId::GATEWAY,
            login: name.clone(),
            name: name.clone(),
        });
        let readers = Readers::start(connector.clone(), connections);
        let readers = readers.map_err(|error| failed(error.to_string()))?;
        let indexer = Indexer::start(connector.clone(), indexing);
        let trips = Arc::<AtomicU64>::default();
        let backend = PostgresBackend::new(
            runtime,
            connector,
            neighbours,
            session,
            gateway.clone(),
            trips.clone(),
            limits.node.clone(),
        );
        let writer = Writer::start(around(backend), limits, sink);
        Ok(Self {
            writer: writer.map_err(|error| failed(error.to_string()))?,
            readers,
            gateway,
            trips,
            indexing,
            _indexer: indexer.map_err(|error| failed(error.to_string()))?,
        })
    }

    /// How many transactions were committed.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }
}

/// Connects and brings the tables up to date, on a thread that may wait.
fn opened(connector: &Connector, neighbours: Neighbours) -> Result<(Runtime, Session), String> {
    thread::scope(|scope| {
        let opening = scope.spawn(|| {
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            let until = Instant::now() + OPENING;
            let session = loop {
                match runtime.block_on(open_once(connector, neighbours)) {
                    Ok(session) => break session,
                    Err(error) if error.0.is::<Taken>() || is_said(&error) => {
                        return Err(explain(&error));
                    }
                    Err(error) if Instant::now() >= until => {
                        return Err(format!(
                            "it did not answer for {} s: {}",
                            OPENING.as_secs(),
                            explain(&error)
                        ));
                    }
                    Err(_) => thread::sleep(AGAIN),
                }
            };
            Ok((runtime, session))
        });
        let opened = opening.join();
        opened.unwrap_or_else(|_| Err("opening it panicked".to_owned()))
    })
}

async fn open_once(connector: &Connector, neighbours: Neighbours) -> Sql<Session> {
    let mut session = neighbours.join(connector).await?;
    tables::bring_up_to_date(&mut session).await?;
    // Nobody asks any more what these did last.
    let sql = "DELETE FROM writers WHERE at < now() - interval '1 day'";
    session.run(sql).await?;
    Ok(session)
}

/// Whether waiting helps nothing: the server has said no, and not that it is about to start or to stop.
fn is_said(error: &RowsError) -> bool {
    match error.0.downcast_ref::<tokio_postgres::Error>() {
        Some(error) => match error.as_db_error() {
            Some(said) => {
                !said.code().code().starts_with("57P") && !said.code().code().starts_with("53")
            }
            None => tls::is_distrust(error),
        },
        None => true,
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn submit(&self, write: Box<dyn Write>) {
        self.writer.submit(write);
    }

    async fn close(&self) {
        self.writer.close().await;
    }

    fn round_trips(&self) -> u64 {
        self.trips.load(Ordering::Relaxed)
    }

    #[cfg(feature = "sqlite")]
    fn write_to(&self, _: &std::path::Path) -> Result<()> {
        let why = "the store is a database, which can be copied without its gateway";
        Err(crate::model::Error::Unsupported(why.to_owned()))
    }

    async fn user(&self, id: UserId) -> Result<Option<Arc<UserRow>>> {
        let sql = format!("SELECT {USER} FROM users u WHERE u.id = $1");
        let asked = self
            .readers
            .ask(query!(sql, id), |rows| at_most_one(rows, values::user));
        asked.await
    }

    async fn user_by_login(&self, folded: &str) -> Result<Option<Arc<UserRow>>> {
        let sql = format!("SELECT {USER} FROM users u WHERE u.folded = $1");
        let asked = query!(sql, text(folded));
        self.readers
            .ask(asked, |rows| at_most_one(rows, values::user))
            .await
    }

    async fn accounts(&self) -> Result<Vec<Arc<UserRow>>> {
        self.accounts_where("IS NOT NULL").await
    }

    async fn ended_accounts(&self) -> Result<Vec<Arc<UserRow>>> {
        self.accounts_where("IS NULL").await
    }

    async fn erasing_accounts(&self) -> Result<Vec<UserId>> {
        let sql = "SELECT id FROM users WHERE erasing ORDER BY id";
        self.readers.ask(query!(sql), column).await
    }

    async fn contacts(&self, user: UserId) -> Result<Vec<Arc<UserRef>>> {
        let sql = format!(
            "SELECT {USER} FROM users u WHERE u.id IN (SELECT contact FROM contacts WHERE \"user\" = $1) ORDER BY u.id"
        );
        let reference = |row: &_| Ok(values::user(row)?.reference.clone());
        self.readers
            .ask(query!(sql, user), |rows| every(rows, reference))
            .await
    }

    async fn token(&self, hash: [u8; 32]) -> Result<Option<TokenRow>> {
        let sql = format!("SELECT {TOKEN} FROM tokens WHERE hash = $1");
        let asked = query!(sql, hash.to_vec());
        self.readers
            .ask(asked, |rows| at_most_one(rows, values::token))
            .await
    }

    async fn token_by_id(&self, id: TokenId) -> Result<Option<TokenRow>> {
        let sql = format!("SELECT {TOKEN} FROM tokens WHERE id = $1");
        self.readers
            .ask(query!(sql, id), |rows| at_most_one(rows, values::token))
            .await
    }

    async fn tokens(&self, user: UserId) -> Result<Vec<TokenInfo>> {
        let sql = format!("SELECT {TOKEN} FROM tokens WHERE \"user\" = $1 ORDER BY id");
        let info = |row: &_| Ok(values::token(row)?.info);
        self.readers
            .ask(query!(sql, user), |rows| every(rows, info))
            .await
    }

    async fn room(&self, id: RoomId) -> Result<Option<Arc<RoomRow>>> {
        let sql = format!("SELECT {ROOM} FROM rooms r WHERE r.id = $1");
        self.readers
            .ask(query!(sql, id), |rows| at_most_one(rows, values::room))
            .await
    }

    async fn room_by_name(&self, folded: &str) -> Result<Option<Arc<RoomRow>>> {
        let sql = format!("SELECT {ROOM} FROM rooms r WHERE r.folded = $1");
        let asked = query!(sql, text(folded));
        self.readers
            .ask(asked, |rows| at_most_one(rows, values::room))
            .await
    }

    async fn direct_room(&self, a: UserId, b: UserId) -> Result<Option<Arc<RoomRow>>> {
        let sql = format!("SELECT {ROOM} FROM rooms r WHERE r.low = $1 AND r.high = $2");
        let (low, high) = wanted::pair(a, b);
        let asked = query!(sql, low, high);
        self.readers
            .ask(asked, |rows| at_most_one(rows, values::room))
            .await
    }

    async fn rooms(&self) -> Result<Vec<Arc<RoomRow>>> {
        let sql = format!("SELECT {ROOM} FROM rooms r WHERE r.kind <> 'direct' ORDER BY r.id");
        self.readers
            .ask(query!(sql), |rows| every(rows, values::room))
            .await
    }

    async fn public_rooms(&self, folded_prefix: &str) -> Result<Vec<Arc<RoomRow>>> {
        let prefix = text(folded_prefix);
        let end = reads::end_of_prefix(&prefix);
        let asked = query!(reads::public_rooms(), prefix, end);
        self.readers
            .ask(asked, |rows| every(rows, values::room))
            .await
    }

    async fn rooms_of(&self, user: UserId) -> Result<Vec<(Arc<RoomRow>, Membership)>> {
        let sql = format!(
            "SELECT {ROOM}, {MEMBER} FROM members m JOIN rooms r ON r.id = m.room WHERE m.\"user\" = $1 ORDER BY m.room"
        );
        let place = |row: &_| Ok((values::room(row)?, values::member_from(row, ROOM_COLUMNS)?));
        self.readers
            .ask(query!(sql, user), |rows| every(rows, place))
            .await
    }

    async fn member(&self, room: RoomId, user: UserId) -> Result<Option<Membership>> {
        let sql = format!("SELECT {MEMBER} FROM members m WHERE m.room = $1 AND m.\"user\" = $2");
        let asked = query!(sql, room, user);
        self.readers
            .ask(asked, |rows| at_most_one(rows, values::member))
            .await
    }

    async fn members(&self, room: RoomId) -> Result<Vec<(Membership, Arc<UserRef>)>> {
        let named = |row: &tokio_postgres::Row| {
            let membership = values::member(row)?;
            let user = UserRef {
                id: membership.user,
                login: row.value(values::MEMBER_COLUMNS)?,
                name: row.value(values::MEMBER_COLUMNS + 1)?,
            };
            Ok((membership, Arc::new(user)))
        };
        self.readers
            .ask(query!(reads::members(), room), |rows| every(rows, named))
            .await
    }

    async fn guest_bans(&self, room: RoomId) -> Result<Vec<GuestBan>> {
        let sql = format!("SELECT {GUEST_BAN} FROM guest_bans WHERE room = $1 ORDER BY folded");
        self.readers
            .ask(query!(sql, room), |rows| every(rows, values::guest_ban))
            .await
    }

    async fn gateway_bans(&self) -> Result<Vec<GatewayBan>> {
        self.readers
            .ask(bans::all_of_gateway(), bans::of_gateway)
            .await
    }

    async fn member_count(&self, room: RoomId) -> Result<u64> {
        let asked = query!(reads::MEMBER_COUNT, room);
        self.readers.ask(asked, values::count).await
    }

    async fn seen_marks(&self, room: RoomId) -> Result<SeenMarks> {
        let asked = query!(reads::seen_marks(), room);
        let latest = self
            .readers
            .ask(asked, |rows| every(rows, values::member))
            .await?;
        Ok(SeenMarks::of(&latest))
    }

    async fn history(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &HistoryQuery,
    ) -> Result<Page> {
        let mut moment = self.readers.moment().await?;
        let page = history::history(&mut moment, &self.gateway, room, viewer, query).await;
        moment.end(page)
    }

    async fn search(
        &self,
        room: RoomId,
        viewer: Option<UserId>,
        query: &SearchQuery,
    ) -> Result<Vec<Arc<Message>>> {
        let search = Search {
            room,
            viewer,
            query,
            indexing: self.indexing,
        };
        let mut moment = self.readers.moment().await?;
        let found = search.run(&mut moment, &self.gateway).await;
        moment.end(found)
    }

    async fn prunable(&self, now: Timestamp, keep: Duration) -> Result<Vec<RoomId>> {
        let asked = query!(aged::PRUNABLE, now, millis(keep));
        self.readers.ask(asked, column).await
    }

    async fn removed_rooms(&self) -> Result<Vec<RoomId>> {
        let sql = "SELECT id FROM removed_rooms ORDER BY id";
        self.readers.ask(query!(sql), column).await
    }

    async fn files(&self, room: RoomId) -> Result<Vec<String>> {
        self.readers.ask(query!(reads::FILES, room), column).await
    }

    async fn message(&self, id: MessageId) -> Result<Option<Arc<Message>>> {
        let sql = format!("SELECT {MESSAGE} FROM {MESSAGES} WHERE m.id = $1 AND {IN_A_ROOM}");
        let message = |row: &_| Ok(Arc::new(values::message(row, &self.gateway)?));
        self.readers
            .ask(query!(sql, id), |rows| at_most_one(rows, message))
            .await
    }

    async fn said_by(
        &self,
        user: UserId,
        after: MessageId,
        looks: usize,
    ) -> Result<(Vec<Arc<Message>>, Option<MessageId>)> {
        let mut moment = self.readers.moment().await?;
        let said = said_by(&mut moment, &self.gateway, user, after, looks).await;
        moment.end(said)
    }

    async fn is_hidden(&self, user: UserId, message: MessageId) -> Result<bool> {
        let asked = query!(reads::IS_HIDDEN, user, message);
        let is_hidden = self.readers.ask(asked, first).await?;
        Ok(is_hidden.unwrap_or_default())
    }

    async fn hidden_by(&self, user: UserId) -> Result<Vec<(RoomId, MessageId)>> {
        let mark = |row: &tokio_postgres::Row| Ok((row.value(0)?, row.value(1)?));
        let asked = query!(reads::HIDDEN_BY, user);
        self.readers.ask(asked, |rows| every(rows, mark)).await
    }

    async fn last_message_id(&self) -> Result<MessageId> {
        let last = self.readers.ask(query!(reads::LAST_MESSAGE), first).await?;
        Ok(last.unwrap_or(MessageId(0)))
    }

    async fn changes(&self, room: RoomId, after: Seq, limit: usize) -> Result<Vec<RoomEvent>> {
        let mut moment = self.readers.moment().await?;
        let changes = changes::changes(&mut moment, &self.gateway, room, after, limit).await;
        moment.end(changes)
    }

    async fn seqs(&self, rooms: &[RoomId]) -> Result<Vec<(RoomId, Seq)>> {
        let asked = query!(
            "SELECT id, seq FROM rooms WHERE id = ANY($1)",
            rooms.to_vec()
        );
        let place = |row: &tokio_postgres::Row| Ok((row.value(0)?, row.value(1)?));
        self.readers.ask(asked, |rows| every(rows, place)).await
    }

    async fn news(&self, after: Option<&NewsPlace>) -> Result<NewsPage> {
        let mut moment = self.readers.moment().await?;
        let page = news::news(&mut moment, after).await;
        moment.end(page)
    }
}

impl PostgresStore {
    async fn accounts_where(&self, folded: &str) -> Result<Vec<Arc<UserRow>>> {
        let sql = format!(
            "SELECT {USER} FROM users u WHERE u.kind = 'account' AND u.folded {folded} ORDER BY u.id"
        );
        self.readers
            .ask(query!(sql), |rows| every(rows, values::user))
            .await
    }
}

async fn said_by(
    moment: &mut readers::Moment,
    gateway: &Arc<UserRef>,
    user: UserId,
    after: MessageId,
    looks: usize,
) -> Sql<(Vec<Arc<Message>>, Option<MessageId>)> {
    let sql = "SELECT id FROM messages WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2::bigint - 1";
    let end: Option<MessageId> = first(&moment.ask(query!(sql, after, limit(looks))).await?)?;
    let sql = format!(
        "SELECT {MESSAGE} FROM {MESSAGES} WHERE m.id > $1 AND m.id <= $2 AND m.sender = $3 AND {IN_A_ROOM} ORDER BY m.id"
    );
    let upto = end.unwrap_or(MessageId(i64::MAX));
    let rows = moment.ask(query!(sql, after, upto, user)).await?;
    let mut said = Said::new(end);
    for message in every(&rows, |row| values::message(row, gateway))? {
        if !said.take(Arc::new(message)) {
            break;
        }
    }
    Ok(said.into_page())
}
