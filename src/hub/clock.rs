//! The time of day, which people may set, and which may be wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::model::Timestamp;

/// What the hub takes for the time of day: what messages, tokens and notices bear.
///
/// It may step forth and back. What is due after a while (a grace, a pace, a limit by the minute) is measured by the
/// runtime's own time, which does not.
pub trait Clock: Send + Sync + 'static {
    /// The present time, in milliseconds since 1970, UTC.
    fn now(&self) -> Timestamp;
}

/// The machine's clock, as it is set: it may be moved.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A hub's clock, put right by that of the registry, where there is one: all nodes go by the same.
pub(super) struct CorrectedClock {
    own: Arc<dyn Clock>,
    /// By how many milliseconds the registry's is ahead.
    ahead: AtomicI64,
}

impl CorrectedClock {
    pub(super) fn new(own: Arc<dyn Clock>) -> Self {
        Self {
            own,
            ahead: AtomicI64::new(0),
        }
    }

    /// Goes by the registry's clock, which said `time` at some moment of the last `took`. What that may be off by is not corrected.
    pub(super) fn follow(&self, time: Timestamp, took: Duration) {
        let ahead = time.0.saturating_sub(self.own.now().0);
        let change = ahead.abs_diff(self.ahead.load(Ordering::Relaxed));
        if u128::from(change) > took.as_millis() {
            self.ahead.store(ahead, Ordering::Relaxed);
        }
    }
}

impl Clock for CorrectedClock {
    fn now(&self) -> Timestamp {
        let ahead = self.ahead.load(Ordering::Relaxed);
        Timestamp(self.own.now().0.saturating_add(ahead))
    }
}
