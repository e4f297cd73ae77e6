//! Carrying out a batch of writes in one transaction.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Commit, CommitSink, Ticket};
use crate::ledger::{Applied, ApplyError, Policy, RowsError, Transaction, Write, apply};
use crate::model::Error;

/// Why a commit did not say that it holds.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "sqlite"),
    allow(dead_code, reason = "memory never fails")
)]
pub(super) enum CommitError {
    /// Nothing of the transaction is kept; a rollback ends it.
    NothingKept(RowsError),
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
    /// Opens a transaction.
    fn begin(&mut self) -> Result<(), RowsError>;
    /// The rows as the open transaction sees them.
    fn rows(&mut self) -> &mut dyn Transaction;
    /// Makes the transaction last and visible.
    fn commit(&mut self) -> Result<(), CommitError>;
    /// Ends a transaction that failed anywhere, without a trace in rows or caches. Without one it does nothing.
    fn rollback(&mut self);
    /// The place for work between two batches. An error means that nothing more may be written.
    fn between_batches(&mut self) -> Result<(), RowsError> {
        Ok(())
    }
}

impl<B: Backend + ?Sized> Backend for Box<B> {
    fn begin(&mut self) -> Result<(), RowsError> {
        (**self).begin()
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

    fn between_batches(&mut self) -> Result<(), RowsError> {
        (**self).between_batches()
    }
}

/// A backend with the rules, the sink and the count.
pub(super) struct Committer<B> {
    pub(super) backend: B,
    policy: Policy,
    sink: Arc<dyn CommitSink>,
    commits: Arc<AtomicU64>,
    /// The store does not know what it holds, or cannot go on: every write is refused.
    poisoned: bool,
}

/// Why a whole batch came to nothing.
enum Lost {
    Broken(RowsError),
    Unknown(RowsError),
    /// A defect, met while this write was carried out.
    Panicked(Ticket),
}

impl<B: Backend> Committer<B> {
    pub(super) fn new(backend: B, policy: Policy, sink: Arc<dyn CommitSink>) -> Self {
        Self {
            backend,
            policy,
            sink,
            commits: Arc::default(),
            poisoned: false,
        }
    }

    /// Where the number of transactions that were committed can be read.
    pub(super) fn counter(&self) -> Arc<AtomicU64> {
        self.commits.clone()
    }

    /// Carries out a batch in one transaction and tells the sink, once, of every write in it, in order. Never panics.
    pub(super) fn run(&mut self, batch: Vec<(Ticket, Write)>) {
        let tickets: Vec<Ticket> = batch.iter().map(|(ticket, _)| *ticket).collect();
        let told = if self.poisoned {
            refused(&tickets, &Error::Unavailable)
        } else {
            self.commit_or_lose(batch, &tickets)
        };
        deliver(self.sink.as_ref(), told);
        if !self.poisoned {
            self.between_batches();
        }
    }

    fn commit_or_lose(&mut self, batch: Vec<(Ticket, Write)>, tickets: &[Ticket]) -> Vec<Commit> {
        let lost = match self.transact(batch) {
            Ok(told) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                return told;
            }
            Err(lost) => lost,
        };
        if catch_unwind(AssertUnwindSafe(|| self.backend.rollback())).is_err() {
            self.poison(&"a rollback panicked");
        }
        match lost {
            Lost::Broken(error) => {
                tracing::error!(%error, writes = tickets.len(), "the store failed; nothing of the batch was kept");
                refused(tickets, &Error::Unavailable)
            }
            Lost::Unknown(error) => {
                self.poison(&error);
                refused(tickets, &Error::OutcomeUnknown)
            }
            Lost::Panicked(culprit) => {
                tracing::error!(
                    ticket = culprit,
                    "a write panicked; nothing of its batch was kept"
                );
                let error = |ticket| {
                    if ticket == culprit {
                        Error::Internal
                    } else {
                        Error::Unavailable
                    }
                };
                tickets
                    .iter()
                    .map(|ticket| refusal(*ticket, error(*ticket)))
                    .collect()
            }
        }
    }

    fn transact(&mut self, batch: Vec<(Ticket, Write)>) -> Result<Vec<Commit>, Lost> {
        self.backend.begin().map_err(Lost::Broken)?;
        let mut told = Vec::with_capacity(batch.len());
        for (ticket, write) in batch {
            let (outcome, events) = match self.apply(write).ok_or(Lost::Panicked(ticket))? {
                Ok((outcome, events)) => (Ok(outcome), events),
                Err(ApplyError::Refused(error)) => (Err(error), Vec::new()),
                Err(ApplyError::Broken(error)) if error.0.is::<NumbersUsed>() => {
                    tracing::error!(%error, "a new user or room was refused");
                    (Err(Error::Unavailable), Vec::new())
                }
                Err(ApplyError::Broken(error)) => return Err(Lost::Broken(error)),
            };
            told.push(Commit {
                ticket,
                outcome,
                events,
            });
        }
        match catch_unwind(AssertUnwindSafe(|| self.backend.commit())) {
            Ok(Ok(())) => Ok(told),
            Ok(Err(CommitError::NothingKept(error))) => Err(Lost::Broken(error)),
            Ok(Err(CommitError::Unknown(error))) => Err(Lost::Unknown(error)),
            Err(_) => Err(Lost::Unknown(RowsError("the commit panicked".into()))),
        }
    }

    /// `None`: it panicked.
    fn apply(&mut self, write: Write) -> Option<Applied> {
        catch_unwind(AssertUnwindSafe(|| {
            apply(&self.policy, self.backend.rows(), write)
        }))
        .ok()
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
pub(super) fn refused(tickets: &[Ticket], error: &Error) -> Vec<Commit> {
    tickets
        .iter()
        .map(|ticket| refusal(*ticket, error.clone()))
        .collect()
}

pub(super) fn refusal(ticket: Ticket, error: Error) -> Commit {
    Commit {
        ticket,
        outcome: Err(error),
        events: Vec::new(),
    }
}
