//! What waits for all sessions together: each sink counts its own in one number that all share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::metrics::{Counts, DialectNumber};
use super::sink::Waiting;
use crate::dial::Dial;

/// The bytes of events that wait for all connections of a hub, and how many may before the one that most waits for is ended.
#[derive(Debug, Default)]
pub struct Backlog {
    bytes: AtomicUsize,
    events: AtomicUsize,
    bound: Dial,
    /// Here, so that a connection need not hold it.
    counts: Arc<Counts>,
}

impl Backlog {
    /// At most so many bytes; 0: no limit.
    pub(super) fn new(bound: usize, counts: Arc<Counts>) -> Self {
        Self {
            bytes: AtomicUsize::new(0),
            events: AtomicUsize::new(0),
            bound: (bound as u64).into(),
            counts,
        }
    }

    /// Another bound from now on; 0: no limit.
    pub(super) fn set_bound(&self, bound: usize) {
        self.bound.set(bound as u64);
    }

    /// How many bytes wait now.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How much waits now.
    pub(super) fn waiting(&self) -> Waiting {
        Waiting {
            events: self.events.load(Ordering::Relaxed),
            bytes: self.bytes(),
        }
    }

    /// Whether it is more than may.
    pub(super) fn is_over(&self) -> bool {
        let bound = self.bound.get();
        bound > 0 && self.bytes() as u64 > bound
    }
}

/// What waits for one connection, counted among what waits for all until it is dropped.
#[derive(Debug)]
pub struct CountedWaiting {
    own: Waiting,
    all: Arc<Backlog>,
}

impl CountedWaiting {
    /// The part of a session for which nothing waits yet, in the sum of all.
    #[must_use]
    pub fn new(all: Arc<Backlog>) -> Self {
        let own = Waiting::default();
        Self { own, all }
    }

    /// How much waits for this one.
    #[must_use]
    pub fn own(&self) -> Waiting {
        self.own
    }

    /// Counts what was written to a connection.
    pub(crate) fn sent(&self, dialect: DialectNumber, bytes: usize) {
        self.all.counts.sent(dialect, bytes);
    }

    /// Counts what has come to wait.
    pub fn add(&mut self, more: Waiting) {
        self.own.add(more);
        self.all.bytes.fetch_add(more.bytes, Ordering::Relaxed);
        self.all.events.fetch_add(more.events, Ordering::Relaxed);
    }

    /// Counts what waits no longer.
    pub fn subtract(&mut self, less: Waiting) {
        let before = self.own;
        self.own.subtract(less);
        let bytes = before.bytes - self.own.bytes;
        self.all.bytes.fetch_sub(bytes, Ordering::Relaxed);
        let events = before.events - self.own.events;
        self.all.events.fetch_sub(events, Ordering::Relaxed);
    }

    /// Nothing waits any more.
    pub fn clear(&mut self) {
        self.subtract(self.own);
    }
}

impl Drop for CountedWaiting {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_counted_once_and_goes_with_its_connection() {
        let all = Arc::new(Backlog::new(10, Arc::default()));
        let bytes = |bytes| Waiting { events: 1, bytes };
        let (mut one, mut other) = (
            CountedWaiting::new(all.clone()),
            CountedWaiting::new(all.clone()),
        );
        one.add(bytes(6));
        other.add(bytes(4));
        assert_eq!((all.bytes(), all.is_over()), (10, false));
        other.add(bytes(1));
        assert!(all.is_over());
        // More than there is cannot be taken from the others' part.
        one.subtract(bytes(100));
        assert_eq!((all.bytes(), one.own().bytes), (5, 0));
        drop(other);
        assert_eq!(all.waiting(), Waiting::default());
    }
}
