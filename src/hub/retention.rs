//! What is over age is marked, and then removed little by little; so is what a removed room leaves.
//!
//! ```text
//!  every 20 s:  rooms in which something is over age ──MarkAged──▶ nothing of it is shown any more
//!  meanwhile:   some of a room that was removed ──Forget──▶ its rows are gone ──▶ so are its files
//!               a pause of 9 times as long as that took, …
//!               some of what is marked, in the same way, with pauses of 199 times, …
//! ```

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Hub;
use super::commands::{Actor, Forget, MarkAged};
use crate::model::{Result, RoomId, Timestamp};

/// The least time from one look for what is over age to the next, and the most: what is over age is gone within a minute.
const ROUND: Duration = Duration::from_secs(20);
const LONGEST_ROUND: Duration = Duration::from_secs(40);
/// How many rooms one transaction marks.
const ROOMS: usize = 100;
/// How many messages one transaction removes.
const MESSAGES: usize = 500;
/// One part of the time goes to this work, so many to others: at most 0.5 % of a core, so that with what a store does after it
/// (as its search index, at the same pace) it is 1 %. What is measured is the time from asking to the answer, in which the store may
/// wait for the disk or for others: that is more than it works.
const PAUSES: u32 = 199;
/// The same of rooms that were removed: whoever did that wants it gone soon.
const REMOVED_PAUSES: u32 = 9;
/// How far the clock may be from where it should be.
const SLACK: i64 = 60 * 1000;
/// For how long a step of the clock must have stood to be believed.
const DOUBT: Duration = Duration::from_secs(3600);

/// The time by which ages are measured.
///
/// What is removed does not come back when a clock that ran ahead is set right. So a step forth counts once it has stood for an
/// hour, and until then the time that has passed does; a step back counts at once.
struct AgeClock {
    trusted: Timestamp,
    at: Instant,
    /// Since when the clock has said something else.
    doubted: Option<Instant>,
}

impl AgeClock {
    fn new(says: Timestamp, at: Instant) -> Self {
        Self {
            trusted: says,
            at,
            doubted: None,
        }
    }

    fn now(&mut self, says: Timestamp, at: Instant) -> Timestamp {
        let passed = at.duration_since(self.at).as_millis();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        self.trusted = Timestamp(self.trusted.0.saturating_add(passed));
        self.at = at;
        let is_as_expected = says.0.abs_diff(self.trusted.0) <= SLACK.unsigned_abs();
        let doubted = *self.doubted.get_or_insert(at);
        if is_as_expected || at.duration_since(doubted) >= DOUBT {
            self.trusted = says;
            self.doubted = None;
        }
        self.trusted.min(says)
    }
}

impl Hub {
    /// Has what is over age looked for now.
    pub(super) fn look_for_aged(&self) {
        self.inner.aged.notify_one();
    }

    /// Removes what is over age, as long as the hub runs.
    pub(super) async fn keep_no_longer(self) {
        let mut clock = AgeClock::new(self.time(), Instant::now());
        loop {
            let begun = Instant::now();
            let now = clock.now(self.time(), begun);
            let worked = self.prune(now, begun + ROUND).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "what is over age cannot be removed now; it is tried again");
                Duration::ZERO
            });
            let next = begun + (worked * PAUSES).clamp(ROUND, LONGEST_ROUND);
            // Woken or not: it is time.
            let _ = timeout_at(next, self.inner.aged.notified()).await;
        }
    }

    /// Marks what is over age, and removes what is marked, or was in a room that is gone, until then. Says how long the looking and
    /// marking took.
    async fn prune(&self, now: Timestamp, until: Instant) -> Result<Duration> {
        let (keep, began) = (self.options().keep, std::time::Instant::now());
        let rooms = self.inner.store.prunable(now, keep).await?;
        for rooms in rooms.chunks(ROOMS) {
            let rooms = rooms.to_vec();
            let mark = MarkAged { rooms, keep, now };
            self.commit(Actor::Operator, None, mark, |_, ()| Ok(()))
                .await?;
        }
        let removed = self.inner.store.removed_rooms().await?;
        let worked = began.elapsed();
        self.forget(removed, REMOVED_PAUSES, until).await?;
        self.forget(rooms, PAUSES, until).await?;
        Ok(worked)
    }

    /// Removes what is marked in these rooms, or what is left of them, a little of each in turn, until then.
    async fn forget(&self, mut rooms: Vec<RoomId>, pauses: u32, until: Instant) -> Result<()> {
        while !rooms.is_empty() {
            for room in std::mem::take(&mut rooms) {
                if Instant::now() >= until || self.is_leaving() {
                    return Ok(());
                }
                let began = std::time::Instant::now();
                let is_done = self.forget_some(room).await?;
                let pause = began.elapsed() * pauses;
                tokio::time::sleep_until(until.min(Instant::now() + pause)).await;
                if !is_done {
                    rooms.push(room);
                }
            }
        }
        Ok(())
    }

    /// Removes a little of what is marked in a room, or of what is left of it; whether that was all.
    pub(super) async fn forget_some(&self, room: RoomId) -> Result<bool> {
        let limit = MESSAGES;
        let forget = Forget { room, limit };
        let forgot = self
            .commit(Actor::Operator, None, forget, |_, forgot| Ok(forgot))
            .await?;
        if forgot.files {
            self.sweep_soon(room);
        }
        Ok(forgot.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: i64 = 1_700_000_000_000;
    const DAY: i64 = 24 * 3600 * 1000;

    #[test]
    fn a_step_of_the_clock_counts_once_it_has_stood_for_an_hour() {
        let start = Instant::now();
        let mut clock = AgeClock::new(Timestamp(T), start);
        let mut at = |seconds: u64, step: i64| {
            let millis = i64::try_from(seconds).unwrap() * 1000;
            let says = Timestamp(T + millis + step);
            let now = clock.now(says, start + Duration::from_secs(seconds));
            now.0 - T - millis
        };
        assert_eq!(at(20, 0), 0);
        assert_eq!(
            at(40, 30_000),
            30_000,
            "a clock that is a little off is set"
        );
        assert_eq!(at(60, DAY), 30_000);
        assert_eq!(at(3659, DAY), 30_000);
        assert_eq!(at(3660, DAY), DAY);
        assert_eq!(at(3680, -DAY), -DAY, "a step back removes nothing");
        assert_eq!(at(3700, DAY), DAY, "set right again within the hour");
        assert_eq!(at(3720, 2 * DAY), DAY);
        assert_eq!(at(3740, DAY), DAY);
        assert_eq!(at(3760, 2 * DAY), DAY);
        assert_eq!(at(7300, 2 * DAY), DAY, "doubted anew since then");
        assert_eq!(at(7360, 2 * DAY), 2 * DAY);
    }
}
