//! Which time a new message bears.

use crate::model::Timestamp;

/// How far a room's last message may be ahead of the clock, in milliseconds, before the clock is believed again.
pub(super) const AHEAD: i64 = 10 * 60 * 1000;

/// The time from which on one is looked for that no message of the room bears: after the last one's. One that is far ahead was
/// said while the clock ran ahead; it is left alone, and the time falls.
pub(super) fn next(now: Timestamp, last: Timestamp) -> Timestamp {
    if last.0.saturating_sub(now.0) > AHEAD {
        now
    } else {
        now.max(after(last))
    }
}

/// The least time after this one: a millisecond later.
pub(super) fn after(time: Timestamp) -> Timestamp {
    Timestamp(time.0.saturating_add(1))
}
