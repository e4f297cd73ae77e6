//! The time of day, which people may set, and which may be wrong.

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
