//! Carrying out a batch of writes in one transaction.

use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{
    ApplyError, Commit, CommitSink, Limits, RowKey, RowKeys, RowsError, Transaction, Write,
};
use crate::model::{Error, RoomEvent};
use crate::throttle::Tally;

/// How often failures are said at most: whoever writes can cause them.
const FAILED_SAID: Duration = Duration::from_secs(1);

/// Why a commit did not say that it holds.
#[derive(Debug)]
#[cfg_attr(
    not(all(feature = "sqlite", feature = "postgres")),
    allow(
        dead_code,
        reason = "memory never fails, and each store in its own ways"
    )
)]
pub(super) enum CommitError {
    /// Nothing of the transaction is kept; a rollback ends it.
    NothingKept(RowsError),
    /// Nothing of the transaction is kept, unless the process ends before the next one is committed: then it may be found whole.
    /// A rollback ends it.
    Undone(RowsError),
    /// The transaction may be kept or not, and nothing that is written next depends on it.
    Lost(RowsError),
    /// The transaction may be kept or not. Nothing more may be written.
    Unknown(RowsError),
}

/// No number is left for a new user or room. As a [`RowsError`] of a write that has touched no row yet (a new user or
/// room is the first that a write touches) it denies that write alone.
#[derive(Debug, thiserror::Error)]
#[error("all numbers are used")]
pub(super) struct NumbersUsed;

impl From<NumbersUsed> for RowsError {
    fn from(error: NumbersUsed) -> Self {
        Self(Box::new(error))
    }
}

/// What a transaction is made of.
///
/// ```text
///          begin          rows().…        commit → Ok
///   idle ────────▶ open ───────────▶ … ──────────────▶ idle
///    ▲               │                 rollback          │
///    └───────────────┴───────────────────────────────────┘
/// ```
pub(super) trait Backend: Send {
    /// Opens a transaction for these writes; none is open.
    fn begin(&mut self, writes: &[Box<dyn Write>]) -> Result<(), RowsError>;
    /// The rows as the open transaction sees them.
    fn rows(&mut self) -> &mut dyn Transaction;
    /// Makes the transaction last and visible.
    fn commit(&mut self) -> Result<(), CommitError>;
    /// Ends a transaction that failed anywhere, without a trace in rows or caches. Without one it does nothing.
    fn rollback(&mut self);
    /// Whether such an error means that what is stored is damaged, and what to do then.
    fn damage(&self, _error: &RowsError) -> Option<String> {
        None
    }
    /// The place for work between two batches. An error means that nothing more may be written.
    fn between_batches(&mut self) -> Result<(), RowsError> {
        Ok(())
    }
}

impl<B: Backend + ?Sized> Backend for Box<B> {
    fn begin(&mut self, writes: &[Box<dyn Write>]) -> Result<(), RowsError> {
        (**self).begin(writes)
    }

    fn rows(&mut self) -> &mut dyn Transaction {
        (**self).rows()
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        (**self).commit()
    }

    fn rollback(&mut self) {
        (**self).rollback();
    }

    fn damage(&self, error: &RowsError) -> Option<String> {
        (**self).damage(error)
    }

    fn between_batches(&mut self) -> Result<(), RowsError> {
        (**self).between_batches()
    }
}

/// A backend with the rules, the sink and the count.
pub(super) struct Committer<B> {
    pub(super) backend: B,
    limits: Limits,
    sink: Arc<dyn CommitSink>,
    commits: Arc<AtomicU64>,
    /// The store does not know what it holds, or cannot go on: every write is refused.
    poisoned: bool,
    stopped: Stopped,
    failed: Tally,
}

/// Why a whole batch came to nothing.
enum Lost {
    /// By a write, or by the transaction's beginning or end.
    Broken(RowsError, Option<Culprit>),
    /// As far as anybody can tell here; the store goes on.
    Undone(RowsError),
    Unknown(RowsError),
    /// A defect, met while the write at this place was carried out.
    Panicked(usize),
}

/// A write that met trouble.
struct Culprit {
    name: &'static str,
    /// What [`Stopped::places`] said of it.
    places: Vec<RowKey>,
}

/// What takes no more writes, because rows of it are damaged. Others go on.
#[derive(Default)]
struct Stopped {
    places: HashSet<RowKey>,
    /// The kinds of writes that met damage nobody knew a place of.
    said: HashSet<&'static str>,
}

impl Stopped {
    /// The rooms and messages that a write names, not who writes. Nobody is asked before damage was met once: for a sound
    /// database that would be work for nothing.
    fn places(&self, write: &dyn Write) -> Vec<RowKey> {
        if self.said.is_empty() {
            return Vec::new();
        }
        let mut keys = RowKeys::default();
        write.rows(&mut keys);
        let place = |key: &RowKey| match key {
            RowKey::Room(_) | RowKey::RoomName(_) | RowKey::Message(_) => Some(key.clone()),
            RowKey::Direct(one, other) => Some(RowKey::Direct(*one.min(other), *one.max(other))),
            RowKey::Member(room, _) => Some(RowKey::Room(*room)),
            RowKey::User(_)
            | RowKey::Login(_)
            | RowKey::Token(_)
            | RowKey::TokenHash(_)
            | RowKey::Places(_)
            | RowKey::Bans => None,
        };
        keys.as_slice().iter().filter_map(place).collect()
    }

    /// Stops the places of a write that met damage; says so once.
    fn stop(&mut self, culprit: Option<Culprit>, error: &RowsError, advice: &str) {
        let (write, places) = match culprit {
            Some(Culprit { name, places }) => (name, places),
            None => ("the transaction", Vec::new()),
        };
        if !places.is_empty() {
            tracing::error!(%error, write, ?places, advice, "the database is damaged: these take no more writes until the gateway starts again, others do");
            self.places.extend(places);
        } else if self.said.insert(write) {
            tracing::error!(%error, write, advice, "the database is damaged where this is written: it is refused, with what shares its transaction");
        }
    }
}

/// What each write of a batch came to, should the batch be committed.
type Applied = Vec<(Result<(), Error>, Vec<RoomEvent>)>;

impl<B: Backend> Committer<B> {
    pub(super) fn new(backend: B, limits: Limits, sink: Arc<dyn CommitSink>) -> Self {
        Self {
            backend,
            limits,
            sink,
            commits: Arc::default(),
            poisoned: false,
            stopped: Stopped::default(),
            failed: Tally::new(FAILED_SAID),
        }
    }

    /// From now on it carries out what this one submits.
    pub(super) fn serve(
        &mut self,
        limits: Limits,
        sink: Arc<dyn CommitSink>,
        commits: Arc<AtomicU64>,
    ) {
        (self.limits, self.sink, self.commits) = (limits, sink, commits);
    }

    /// Where the number of transactions that were committed can be read.
    pub(super) fn counter(&self) -> Arc<AtomicU64> {
        self.commits.clone()
    }

    /// Carries out a batch in one transaction and tells the sink, once, of every write in it, in order. Never panics.
    pub(super) fn run(&mut self, batch: Vec<Box<dyn Write>>) {
        let told = if self.poisoned {
            refused(batch, &Error::Unavailable)
        } else {
            self.commit_or_lose(batch)
        };
        deliver(self.sink.as_ref(), told);
        if !self.poisoned {
            self.between_batches();
        }
    }

    fn commit_or_lose(&mut self, mut batch: Vec<Box<dyn Write>>) -> Vec<Commit> {
        let lost = match self.transact(&mut batch) {
            Ok(applied) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                let told = batch.into_iter().zip(applied);
                return told
                    .map(|(write, (outcome, events))| Commit {
                        write,
                        outcome,
                        events,
                    })
                    .collect();
            }
            Err(lost) => lost,
        };
        if catch_unwind(AssertUnwindSafe(|| self.backend.rollback())).is_err() {
            self.poison(&"a rollback panicked");
        }
        match lost {
            Lost::Broken(error, culprit) => {
                match self.backend.damage(&error) {
                    Some(advice) => self.stopped.stop(culprit, &error, &advice),
                    None => self.failed(&error),
                }
                refused(batch, &Error::Unavailable)
            }
            Lost::Undone(error) => {
                self.failed(&error);
                refused(batch, &Error::OutcomeUnknown)
            }
            Lost::Unknown(error) => {
                self.poison(&error);
                refused(batch, &Error::OutcomeUnknown)
            }
            Lost::Panicked(culprit) => {
                let name = batch.get(culprit).map(|write| write.name());
                tracing::error!(
                    write = name,
                    "a write panicked; nothing of its batch was kept"
                );
                let mut told = refused(batch, &Error::Unavailable);
                if let Some(commit) = told.get_mut(culprit) {
                    commit.outcome = Err(Error::Internal);
                }
                told
            }
        }
    }

    fn transact(&mut self, batch: &mut [Box<dyn Write>]) -> Result<Applied, Lost> {
        let broken = |error| Lost::Broken(error, None);
        self.backend.begin(batch).map_err(broken)?;
        let mut applied = Vec::with_capacity(batch.len());
        for (place, write) in batch.iter_mut().enumerate() {
            let places = self.stopped.places(&**write);
            if places
                .iter()
                .any(|place| self.stopped.places.contains(place))
            {
                applied.push((Err(Error::Unavailable), Vec::new()));
                continue;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let rows = self.backend.rows();
                if write.needs_room() && !rows.has_room() {
                    return Err(Error::Unavailable.into());
                }
                write.apply(&self.limits, rows)
            }));
            applied.push(match outcome.map_err(|_| Lost::Panicked(place))? {
                Ok(events) => (Ok(()), events),
                Err(ApplyError::Refused(error)) => (Err(error), Vec::new()),
                Err(ApplyError::Broken(error)) if error.0.is::<NumbersUsed>() => {
                    tracing::error!(%error, "a new user or room was refused");
                    (Err(Error::Unavailable), Vec::new())
                }
                Err(ApplyError::Broken(error)) => {
                    let name = write.name();
                    return Err(Lost::Broken(error, Some(Culprit { name, places })));
                }
            });
        }
        match catch_unwind(AssertUnwindSafe(|| self.backend.commit())) {
            Ok(Ok(())) => Ok(applied),
            Ok(Err(CommitError::NothingKept(error))) => Err(broken(error)),
            Ok(Err(CommitError::Undone(error) | CommitError::Lost(error))) => {
                Err(Lost::Undone(error))
            }
            Ok(Err(CommitError::Unknown(error))) => Err(Lost::Unknown(error)),
            Err(_) => Err(Lost::Unknown(RowsError("the commit panicked".into()))),
        }
    }

    fn failed(&mut self, error: &RowsError) {
        if let Some(times) = self.failed.note(Instant::now()) {
            tracing::error!(%error, times, "the store failed; nothing of these batches was kept");
        }
    }

    fn between_batches(&mut self) {
        match catch_unwind(AssertUnwindSafe(|| self.backend.between_batches())) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.poison(&error),
            Err(_) => self.poison(&"work between batches panicked"),
        }
    }

    fn poison(&mut self, why: &dyn fmt::Display) {
        self.poisoned = true;
        tracing::error!(error = %why, "the store cannot say what it holds; it takes no more writes until it is opened again");
    }
}

/// Tells a sink. Its panic is its own affair: what is committed stays so, and the next batch is told too.
pub(super) fn deliver(sink: &dyn CommitSink, told: Vec<Commit>) {
    if catch_unwind(AssertUnwindSafe(|| sink.committed(told))).is_err() {
        tracing::error!("the one told of commits panicked");
    }
}

/// The same error for every write.
pub(super) fn refused(writes: Vec<Box<dyn Write>>, error: &Error) -> Vec<Commit> {
    let refusal = |write| Commit {
        write,
        outcome: Err(error.clone()),
        events: Vec::new(),
    };
    writes.into_iter().map(refusal).collect()
}
