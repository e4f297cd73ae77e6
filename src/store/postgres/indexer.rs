//! The index of large rooms' texts, by `pg_trgm`, filled behind the commits by one node at a time: see `schema4.sql`.
//!
//! That an entry says what its messages say is seen to by the database itself: a trigger takes away the text of an entry one of
//! whose messages changes, with a lock on the room's row of `indexed` that whoever fills entries has for itself.

use std::io;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::locks::{SEARCHES, WRITES};
use super::session::{Connector, Session, explain, query};
use super::values::{Sql, column, first, limit};
use crate::model::RoomId;
use crate::store::worker::Worker;

/// How long to wait for one's turn, and after a failure.
const RETRY: Duration = Duration::from_secs(10);
/// One part of the time goes to looking for what is to be done, so many pass without.
const RESTS: u32 = 100;
/// How much longer than the shortest the longest rest is.
const LONGEST: u32 = 60;
/// How many entries are filled in one transaction: edits in the room wait for it.
const PORTION: usize = 16;
/// After so many portions what they brought is put in its place, so that searches need not read it through.
const PLACED: u32 = 16;

/// Those who change nothing while rooms come under the index: so that every trigger sees them, or has done its work before.
const ADMIT: &str = "INSERT INTO indexed SELECT id, 0 FROM rooms r WHERE messages >= $1 \
    AND NOT EXISTS (SELECT 1 FROM indexed i WHERE i.room = r.id)";
const TO_ADMIT: &str = "SELECT EXISTS (SELECT 1 FROM rooms r LEFT JOIN indexed i ON i.room = r.id WHERE r.messages >= $1 AND i.room IS NULL)";
const DUE: &str = "SELECT i.room FROM indexed i JOIN rooms r ON r.id = i.room WHERE r.seq >= i.upto + $1 \
    UNION SELECT room FROM searches WHERE text IS NULL";
const FORGET: &str =
    "DELETE FROM indexed i WHERE NOT EXISTS (SELECT 1 FROM rooms r WHERE r.id = i.room)";
const LOCK: &str = "SELECT upto FROM indexed WHERE room = $1 FOR UPDATE";
/// Only whole entries are made.
const FILL: &str = "WITH made AS (INSERT INTO searches (room, first, last, text) \
    SELECT $1::int4, min(seq), max(seq), string_agg(E'\\n' || searched, '' ORDER BY seq) FROM ( \
        SELECT seq, searched, (row_number() OVER (ORDER BY seq) - 1) / $2::int8 AS entry FROM messages \
        WHERE room = $1 AND seq > (SELECT upto FROM indexed WHERE room = $1) ORDER BY seq LIMIT $2 * $3::int8) AS said \
    GROUP BY entry HAVING count(*) = $2 RETURNING last) \
    UPDATE indexed SET upto = (SELECT max(last) FROM made) WHERE room = $1 AND EXISTS (SELECT 1 FROM made) \
    RETURNING (SELECT count(*) FROM made)";
/// One of whose messages none is left goes.
const MEND: &str = "WITH said AS (SELECT e.first, string_agg(E'\\n' || m.searched, '' ORDER BY m.seq) AS text FROM \
        (SELECT first, last FROM searches WHERE room = $1 AND text IS NULL ORDER BY first LIMIT $2) AS e \
        LEFT JOIN messages m ON m.room = $1 AND m.seq BETWEEN e.first AND e.last GROUP BY e.first), \
    gone AS (DELETE FROM searches s USING said WHERE s.room = $1 AND s.first = said.first AND said.text IS NULL), \
    mended AS (UPDATE searches s SET text = said.text FROM said WHERE s.room = $1 AND s.first = said.first AND said.text IS NOT NULL) \
    SELECT count(*) FROM said";

/// How texts are indexed.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Indexing {
    /// A room in which so many messages were said is indexed. Searches read so many changes anyway.
    pub(in crate::store) large: i64,
    /// How many messages an entry is of.
    pub(in crate::store) entry: i64,
    /// How long to rest at least before each look for something to do.
    pub(in crate::store) rest: Duration,
}

impl Default for Indexing {
    fn default() -> Self {
        Self {
            large: 10_000,
            entry: 16,
            rest: Duration::from_secs(1),
        }
    }
}

/// The thread that indexes, while it is its node's turn; it ends with this.
pub(super) struct Indexer {
    stop: Option<oneshot::Sender<()>>,
    thread: Worker,
}

impl Indexer {
    pub(super) fn start(connector: Connector, indexing: Indexing) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = Worker::start("store-search", move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = keep(&connector, indexing) => {}
                }
            });
        })?;
        let stop = Some(stop);
        Ok(Self { stop, thread })
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        self.stop.take();
        self.thread.join();
    }
}

/// Indexes for as long as that is possible at all.
async fn keep(connector: &Connector, indexing: Indexing) {
    // A node that is there for one command needs none of it.
    sleep(indexing.rest).await;
    loop {
        let kept = match connector.connect().await {
            Ok(session) => Keeper::new(session, indexing).work().await,
            Err(error) => Err(error),
        };
        match kept {
            Ok(()) => return,
            Err(error) => {
                let error = explain(&error);
                tracing::debug!(error, "the search index is not kept up for now");
            }
        }
        sleep(RETRY).await;
    }
}

/// What the thread has.
pub(super) struct Keeper {
    session: Session,
    indexing: Indexing,
    /// How many portions were not put in their place yet.
    unplaced: u32,
}

impl Keeper {
    pub(super) fn new(session: Session, indexing: Indexing) -> Self {
        Self {
            session,
            indexing,
            unplaced: 0,
        }
    }

    async fn work(&mut self) -> Sql<()> {
        let turn = "SELECT pg_try_advisory_lock($1, $2)";
        let space = self.session.space;
        while first(&self.session.ask(query!(turn, SEARCHES, space)).await?)? != Some(true) {
            sleep(RETRY).await;
        }
        if !self.prepare().await? {
            return Ok(());
        }
        loop {
            let looking = self.look().await?;
            let rest = self.indexing.rest;
            sleep((looking * RESTS).clamp(rest, rest * LONGEST)).await;
        }
    }

    /// Sees to it that there is an index that entries can be put in, if there can be one.
    pub(super) async fn prepare(&mut self) -> Sql<bool> {
        // What is not on disk yet can be made again.
        self.session.run("SET synchronous_commit = off").await?;
        let Some(trigrams) = self.extension("pg_trgm").await? else {
            return Ok(false);
        };
        // Without it other rooms' entries are looked at, too.
        let room = self.extension("btree_gin").await?.map_or("", |_| "room, ");
        let there = query!("SELECT to_regclass('searches_text') IS NOT NULL");
        if first(&self.session.ask(there).await?)? != Some(true) {
            let sql = format!(
                "BEGIN; TRUNCATE indexed, searches; CREATE INDEX searches_text ON searches \
                    USING gin ({room}text {trigrams}.gin_trgm_ops) WITH (gin_pending_list_limit = 65536); COMMIT"
            );
            self.session.run(&sql).await?;
        }
        Ok(true)
    }

    /// The schema that an extension is in, which is made where it is not there and that is allowed.
    async fn extension(&mut self, name: &'static str) -> Sql<Option<String>> {
        let sql = "SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = $1";
        let there = first(&self.session.ask(query!(sql, name)).await?)?;
        if there.is_some() {
            return Ok(there);
        }
        let make = format!("CREATE EXTENSION IF NOT EXISTS {name}");
        if let Err(error) = self.session.run(&make).await {
            if self.session.is_closed() {
                return Err(error);
            }
            let error = explain(&error);
            tracing::info!(error, "searches in large rooms go without {name}");
        }
        first(&self.session.ask(query!(sql, name)).await?)
    }

    /// Indexes what is not indexed yet; says how long it took to find out what that is.
    pub(super) async fn look(&mut self) -> Sql<Duration> {
        let begun = Instant::now();
        let Indexing { large, entry, .. } = self.indexing;
        let to_admit = self.session.ask(query!(TO_ADMIT, large)).await?;
        if first(&to_admit)? == Some(true) {
            let lock = "SELECT pg_advisory_xact_lock($1, $2)";
            let asked = [
                query!("BEGIN"),
                // All who write would wait behind it.
                query!("SET LOCAL lock_timeout = '500ms'"),
                query!(lock, WRITES, self.session.space),
                query!(ADMIT, large),
                query!("COMMIT"),
            ];
            if let Err(error) = self.session.ask_all(&asked).await {
                tracing::debug!(error = explain(&error), "no room is indexed for now");
                self.session.run("ROLLBACK").await?;
            }
        }
        self.session.ask(query!(FORGET)).await?;
        let rooms: Vec<RoomId> = column(&self.session.ask(query!(DUE, entry)).await?)?;
        let looking = begun.elapsed();
        for room in rooms {
            while self.fill(room).await? {}
        }
        self.place(1).await?;
        Ok(looking)
    }

    /// Fills a portion of a room's entries; whether there may be more.
    async fn fill(&mut self, room: RoomId) -> Sql<bool> {
        let begun = Instant::now();
        let portion = limit(PORTION);
        let asked = [
            query!("BEGIN"),
            query!(LOCK, room),
            query!(MEND, room, portion),
            query!(FILL, room, self.indexing.entry, portion),
            query!("COMMIT"),
        ];
        let answers = self.session.ask_all(&asked).await?;
        let mut is_full = false;
        for rows in answers.get(2..4).into_iter().flatten() {
            let filled: Option<i64> = first(rows)?;
            is_full |= filled == Some(portion);
        }
        self.unplaced += 1;
        self.place(PLACED).await?;
        // It is never in a hurry, and others want the server, too.
        sleep(begun.elapsed()).await;
        Ok(is_full)
    }

    /// Puts what so many portions or more brought in its place.
    async fn place(&mut self, portions: u32) -> Sql<()> {
        if self.unplaced >= portions {
            self.unplaced = 0;
            let sql = "SELECT gin_clean_pending_list('searches_text')";
            self.session.ask(query!(sql)).await?;
        }
        Ok(())
    }
}
