//! The writer's connection: transactions, and what became of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio_postgres::Row;
use tokio_postgres::error::{Severity, SqlState};

use super::locks::{Neighbours, WRITES};
use super::offline::wipe;
use super::overlay::Overlay;
use super::session::{Connector, Query, Session, query, within};
use super::values::{Sql, first};
use super::wanted::{Part, Reach, Wanted};
use crate::cluster::Identity;
use crate::model::{RoomId, UserRef};
use crate::store::batch::{Backend, CommitError};
use crate::store::{RowsError, Scrub, Transaction, Write};

/// How long a connection may take, and any answer but that to a COMMIT.
const ANSWER: Duration = Duration::from_millis(2_500);
/// How long a COMMIT may take.
const COMMITTING: Duration = Duration::from_millis(2_500);
/// How long, from the beginning of a COMMIT on, it is asked what became of it.
const ASKING: Duration = Duration::from_millis(4_500);
/// After which time that is asked again.
const AGAIN: Duration = Duration::from_millis(50);
/// How long no connection is tried after one that failed.
const REST: Duration = Duration::from_millis(250);
/// How often a transaction is begun at most, where its connection is gone or another stands in its way.
const BEGINNINGS: usize = 3;

/// Of how many rooms it is remembered how they were called.
const CALLED: usize = 4_096;

const SAY_DONE: &str = "INSERT INTO writers (id, done) VALUES ($1, $2) \
    ON CONFLICT (id) DO UPDATE SET done = excluded.done, at = now()";
/// After a crash another transaction may get the number of one of which nothing was on disk; so what was said to be done is looked
/// at, too, after it.
const STATUS: &str = "SELECT pg_xact_status($1::text::xid8)";
const IS_DONE: &str = "SELECT done = $2 FROM writers WHERE id = $1";

/// What one thread writes with.
pub(in crate::store) struct PostgresBackend {
    pub(super) rows: Overlay,
    /// How many numbers of messages this batch may need.
    pub(super) numbers: i64,
    /// Whose changes may be made meanwhile.
    pub(super) reach: Reach,
    /// Which rooms were called so lately.
    called: HashMap<String, RoomId>,
    /// The user with the number 0, who has no row.
    pub(super) gateway: Arc<UserRef>,
    scrub: Option<Scrub>,
    /// What wipes meanwhile; whether it was done.
    wiping: Option<JoinHandle<bool>>,
    connector: Connector,
    neighbours: Neighbours,
    session: Option<Session>,
    /// When a connection could not be made.
    failed: Option<Instant>,
    /// The transaction that may be open, by its number as far as it is known.
    open: Option<Option<String>>,
    /// When it must be known what became of a COMMIT.
    deadline: Option<Instant>,
    trips: Arc<AtomicU64>,
    /// On whose behalf it writes.
    node: Option<Arc<Identity>>,
    /// Under which number it says what it did last, in each transaction.
    writer: i64,
    done: i64,
    // Dropped after the connection that lives on it.
    runtime: Runtime,
}

impl PostgresBackend {
    pub(super) fn new(
        runtime: Runtime,
        connector: Connector,
        neighbours: Neighbours,
        session: Session,
        gateway: Arc<UserRef>,
        trips: Arc<AtomicU64>,
        node: Option<Arc<Identity>>,
    ) -> Self {
        Self {
            rows: Overlay::default(),
            numbers: 1,
            reach: Reach::All,
            called: HashMap::new(),
            gateway,
            scrub: None,
            wiping: None,
            connector,
            neighbours,
            session: Some(session),
            failed: None,
            open: None,
            deadline: None,
            trips,
            node,
            writer: rand::random(),
            done: 0,
            runtime,
        }
    }

    /// Asks in the open transaction, in one round trip, after all that is to be written already.
    pub(super) fn fetch(&mut self, query: Query) -> Sql<Vec<Row>> {
        let mut queries = self.rows.take_pending()?;
        queries.push(query);
        let answers = self.ask(queries)?;
        Ok(answers.into_iter().next_back().unwrap_or_default())
    }

    /// Asks for parts of the rows, in one round trip.
    pub(super) fn load(&mut self, parts: Vec<(Part, Query)>) -> Sql<()> {
        if parts.is_empty() {
            return Ok(());
        }
        let (parts, queries): (Vec<Part>, Vec<Query>) = parts.into_iter().unzip();
        let answers = self.ask(queries)?;
        self.learn(parts, answers)
    }

    /// The same after all that is to be written already.
    pub(super) fn load_after_writes(&mut self, parts: Vec<(Part, Query)>) -> Sql<()> {
        let (parts, asked): (Vec<Part>, Vec<Query>) = parts.into_iter().unzip();
        let mut queries = self.rows.take_pending()?;
        let written = queries.len();
        queries.extend(asked);
        let answers = self.ask(queries)?.split_off(written);
        self.learn(parts, answers)
    }

    fn learn(&mut self, parts: Vec<Part>, answers: Vec<Vec<Row>>) -> Sql<()> {
        for (part, rows) in parts.into_iter().zip(answers) {
            self.rows.learn(part, &rows, &self.gateway)?;
        }
        Ok(())
    }

    fn ask(&mut self, queries: Vec<Query>) -> Sql<Vec<Vec<Row>>> {
        let left = self.left();
        let session = self.session.as_mut();
        let session = session.ok_or_else(|| RowsError("the connection is lost".into()))?;
        self.trips.fetch_add(1, Ordering::Relaxed);
        let answers = self
            .runtime
            .block_on(async { within(left, session.ask_all(&queries)).await });
        if answers.as_ref().is_err_and(|error| !is_survived(error)) {
            self.session = None;
        }
        answers
    }

    /// How far the last wiping has come: see [`Transaction::scrub`].
    pub(super) fn scrubbed(&mut self) -> Scrub {
        if let Some(wiped) = self.wiping.take_if(|wiping| wiping.is_finished()) {
            let is_done = wiped.join().unwrap_or_default();
            self.scrub = Some(if is_done { Scrub::Done } else { Scrub::Failed });
        }
        let found = self.scrub;
        self.scrub = match found {
            None | Some(Scrub::Asked) => Some(Scrub::Asked),
            Some(Scrub::Done | Scrub::Failed) => None,
        };
        found.unwrap_or(Scrub::Asked)
    }

    /// How long something may take now.
    fn left(&self) -> Duration {
        let left = |until: Instant| until.saturating_duration_since(Instant::now());
        self.deadline.map_or(ANSWER, left)
    }

    /// Sees that there is a connection.
    fn connect(&mut self) -> Sql<()> {
        let open = |session: &Session| !session.is_closed();
        if self.session.as_ref().is_some_and(open) {
            return Ok(());
        }
        self.session = None;
        if self.failed.is_some_and(|at| at.elapsed() < REST) {
            return Err(RowsError("the database was not reached just now".into()));
        }
        let left = self.left();
        let (connector, neighbours) = (&self.connector, self.neighbours);
        let connected = self
            .runtime
            .block_on(async { within(left, neighbours.join(connector)).await });
        self.failed = connected.is_err().then(Instant::now);
        self.session = Some(connected?);
        Ok(())
    }

    /// Begins a transaction and reads what its writes name. It may turn out that they reach further than it seemed; then there
    /// is one that is to be ended.
    fn begin_for(&mut self, mut wanted: Wanted, reach: Reach) -> Sql<Reach> {
        self.connect()?;
        let space = self.session.as_ref().map_or(0, |session| session.space);
        let lock = match reach {
            Reach::Rooms => {
                "SELECT pg_current_xact_id()::text, pg_advisory_xact_lock_shared($1, $2)"
            }
            Reach::All => "SELECT pg_current_xact_id()::text, pg_advisory_xact_lock($1, $2)",
        };
        let mut parts = wanted.names();
        // Rooms are most likely called as they were lately.
        let is_guessed = reach == Reach::Rooms && wanted.guess(&self.called);
        let found_at_once = parts.is_empty() || is_guessed;
        if found_at_once {
            parts.extend(wanted.rows(reach));
        }
        let (parts, queries): (Vec<Part>, Vec<Query>) = parts.into_iter().unzip();
        let mut opening = vec![
            query!("BEGIN ISOLATION LEVEL READ COMMITTED"),
            query!(lock, WRITES, space),
        ];
        let node = self.node.as_ref().map(|identity| identity.node());
        // Whoever finds this node gone waits for the commit, or is before it.
        let here = "SELECT id FROM nodes WHERE id = $1 FOR KEY SHARE";
        opening.extend(node.map(|node| query!(here, node)));
        let opened = opening.len();
        opening.extend(queries);
        self.open = Some(None);
        let mut answers = self.ask(opening)?;
        let rows = answers.split_off(opened);
        if let (Some(identity), Some(node)) = (&self.node, node)
            && answers.pop().unwrap_or_default().is_empty()
        {
            identity.refused(node);
            return Err(RowsError("this node is gone".into()));
        }
        self.open = Some(first(&answers.pop().unwrap_or_default())?);
        self.learn(parts, rows)?;
        if is_guessed && !wanted.was_guessed(&self.called, &self.rows) {
            self.called.clear();
            return Ok(Reach::All);
        }
        if !found_at_once {
            let pairs = wanted.pairs_of_logins(&self.rows);
            self.load(pairs.into_iter().collect())?;
            let is_complete = wanted.resolve(&self.rows);
            if !is_complete && reach == Reach::Rooms {
                return Ok(Reach::All);
            }
            self.load(wanted.rows(reach))?;
        }
        self.rows.miss(&wanted);
        if !is_guessed {
            if self.called.len() >= CALLED {
                self.called.clear();
            }
            self.called.extend(wanted.called(&self.rows));
        }
        Ok(reach)
    }

    /// What became of a transaction whose COMMIT did not say that it holds.
    fn ask_what_became(
        &mut self,
        number: String,
        since: Instant,
        mut why: RowsError,
    ) -> Result<(), CommitError> {
        // What it left open ends with it.
        self.session = None;
        let until = since + ASKING;
        self.deadline = Some(until);
        loop {
            let asked = vec![
                query!(STATUS, number.clone()),
                query!(IS_DONE, self.writer, self.done),
            ];
            let connected = self.connect();
            let told = connected.and_then(|()| self.ask(asked));
            match told.and_then(|answers| became(&answers)) {
                Ok((status, is_done)) => {
                    tracing::warn!(status, error = %why, "a commit was not answered: what became of it was asked for");
                    match status.as_deref() {
                        Some("committed") if is_done => return Ok(()),
                        Some("committed" | "aborted") => return Err(CommitError::NothingKept(why)),
                        Some("in progress") => {}
                        _ => return Err(CommitError::Lost(why)),
                    }
                }
                // The server has crashed, and nothing of it was on disk.
                Err(error) if is_of_the_future(&error) => {
                    return Err(CommitError::NothingKept(error));
                }
                Err(error) => why = error,
            }
            if Instant::now() + AGAIN >= until {
                return Err(CommitError::Lost(why));
            }
            thread::sleep(AGAIN);
        }
    }
}

impl Backend for PostgresBackend {
    fn begin(&mut self, writes: &[Box<dyn Write>]) -> Result<(), RowsError> {
        self.deadline = None;
        let mut reach = None;
        for _ in 0..BEGINNINGS {
            self.rollback();
            let wanted = Wanted::by(writes);
            self.numbers = wanted.numbers();
            let wide = reach.unwrap_or(wanted.reach());
            match self.begin_for(wanted, wide) {
                Ok(found) if found == wide => {
                    self.reach = wide;
                    return Ok(());
                }
                Ok(wider) => reach = Some(wider),
                Err(error) if is_worth_another(&error) && self.failed.is_none() => {
                    tracing::debug!(%error, "a transaction is begun anew");
                }
                Err(error) => return Err(error),
            }
        }
        Err(RowsError("a transaction could not be begun".into()))
    }

    fn rows(&mut self) -> &mut dyn Transaction {
        self
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        let nothing_kept = CommitError::NothingKept;
        let mut queries = self.rows.take_pending().map_err(nothing_kept)?;
        self.done += 1;
        queries.push(query!(SAY_DONE, self.writer, self.done));
        queries.push(query!("COMMIT"));
        let began = Instant::now();
        self.deadline = Some(began + COMMITTING);
        let asked = self.ask(queries);
        let number = self.open.take().flatten();
        self.rows = Overlay::default();
        match (asked, number) {
            (Ok(_), _) => Ok(()),
            (Err(error), Some(number)) => self.ask_what_became(number, began, error),
            (Err(error), None) => Err(CommitError::Lost(error)),
        }
    }

    fn between_batches(&mut self) -> Result<(), RowsError> {
        if self.scrub == Some(Scrub::Asked) && self.wiping.is_none() {
            let url = self.connector.url.clone();
            let wipe = move || match wipe(&url) {
                Ok(()) => true,
                Err(error) => {
                    tracing::error!(%error, "what was erased cannot be wiped from the disk yet");
                    false
                }
            };
            let thread = thread::Builder::new().name("store-wipe".to_owned());
            self.wiping = thread.spawn(wipe).ok();
        }
        Ok(())
    }

    fn rollback(&mut self) {
        self.deadline = None;
        self.rows = Overlay::default();
        if self.open.take().is_some()
            && self.session.is_some()
            && self.ask(vec![query!("ROLLBACK")]).is_err()
        {
            self.session = None;
        }
    }
}

/// The server's own words, when an error is.
fn said(error: &RowsError) -> Option<&tokio_postgres::error::DbError> {
    let error = error.0.downcast_ref::<tokio_postgres::Error>()?;
    error.as_db_error()
}

/// The status of the transaction that has a number, if it is known, and whether it is the one that was meant.
fn became(answers: &[Vec<Row>]) -> Sql<(Option<String>, bool)> {
    let [status, is_done] = answers else {
        return Err(RowsError("an answer is missing".into()));
    };
    let status: Option<Option<String>> = first(status)?;
    Ok((status.flatten(), first(is_done)?.unwrap_or_default()))
}

/// Whether no transaction had this number yet.
fn is_of_the_future(error: &RowsError) -> bool {
    said(error).is_some_and(|said| *said.code() == SqlState::INVALID_PARAMETER_VALUE)
}

/// Whether a connection can be used after this.
fn is_survived(error: &RowsError) -> bool {
    let fatal = [Some(Severity::Fatal), Some(Severity::Panic)];
    said(error).is_some_and(|said| !fatal.contains(&said.parsed_severity()))
}

/// Whether what failed before anything was written may well not fail the next time: nothing was wrong with it.
fn is_worth_another(error: &RowsError) -> bool {
    let Some(said) = said(error) else {
        return error.0.is::<tokio_postgres::Error>();
    };
    let deadlock = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
    ];
    deadlock.contains(said.code()) || !is_survived(error)
}
