//! A clock that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tolmach::hub::Clock;
use tolmach::model::Timestamp;

/// It stands still until it is set.
#[derive(Clone)]
pub(crate) struct WallClock(Arc<AtomicI64>);

impl WallClock {
    pub(crate) fn at(time: i64) -> Self {
        Self(Arc::new(AtomicI64::new(time)))
    }

    /// Steps, back where `by` is less than 0; in milliseconds.
    pub(crate) fn step(&self, by: i64) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}
