//! "Over it the gateway reads that connection more slowly and refuses nothing."

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{RoomId, UserId};

/// How many users in rooms are kept before those who keep the pace anyway are swept out.
const SWEEP_AT: usize = 1024;

/// So many a second over time, and a burst of them at once.
///
/// Each one moves `spent_until` by one interval; it may run ahead of the clock by a burst.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    interval: Duration,
    ahead: Duration,
}

impl Rate {
    /// None where either number is 0: no limit.
    pub(super) fn new(per_second: u32, burst: u32) -> Option<Self> {
        let interval = Duration::from_secs(1).checked_div(per_second)?;
        let ahead = interval * burst.checked_sub(1)?;
        Some(Self { interval, ahead })
    }

    /// Takes one: when it is due, if that is not now.
    fn take(self, spent_until: &mut Instant, now: Instant) -> Option<Instant> {
        let due = (*spent_until).max(now);
        *spent_until = due + self.interval;
        (due > now + self.ahead).then(|| due - self.ahead)
    }
}

/// How much of their [`Rate`] the requests of one connection have spent.
pub(super) struct Pace {
    spent_until: Instant,
}

impl Pace {
    pub(super) fn new() -> Self {
        let spent_until = Instant::now();
        Self { spent_until }
    }

    /// Takes one request: when it is due, if that is not now.
    pub(super) fn take(&mut self, rate: Rate) -> Option<Instant> {
        rate.take(&mut self.spent_until, Instant::now())
    }
}

/// How fast each user says something in each room, over all its connections.
pub(super) struct MessagePaces {
    rate: RwLock<Option<Rate>>,
    spent: Mutex<Spent>,
}

struct Spent {
    until: HashMap<(UserId, RoomId), Instant>,
    sweep_at: usize,
}

impl MessagePaces {
    /// Where either number is 0 there is no limit.
    pub(super) fn new(messages_per_second: u32, burst: u32) -> Self {
        Self {
            rate: RwLock::new(Rate::new(messages_per_second, burst)),
            spent: Mutex::new(Spent {
                until: HashMap::new(),
                sweep_at: SWEEP_AT,
            }),
        }
    }

    /// Another pace from now on.
    pub(super) fn set(&self, messages_per_second: u32, burst: u32) {
        let mut rate = self.rate.write().unwrap_or_else(PoisonError::into_inner);
        *rate = Rate::new(messages_per_second, burst);
    }

    /// Whether there is a limit.
    pub(super) fn are_kept(&self) -> bool {
        self.rate().is_some()
    }

    fn rate(&self) -> Option<Rate> {
        *self.rate.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one message: when it is due, if that is not now.
    pub(super) fn take(&self, user: UserId, room: RoomId) -> Option<Instant> {
        let rate = self.rate()?;
        let now = Instant::now();
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.until.len() >= spent.sweep_at {
            spent.until.retain(|_, until| *until > now);
            // Each sweep is paid for by as many new ones.
            spent.sweep_at = SWEEP_AT.max(2 * spent.until.len());
        }
        let until = spent.until.entry((user, room)).or_insert(now);
        rate.take(until, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_the_rest_has_its_pace() {
        let start = Instant::now();
        let (rate, mut pace) = (Rate::new(10, 5).unwrap(), Pace::new());
        for _ in 0..5 {
            assert_eq!(pace.take(rate), None);
        }
        for number in 1..=3 {
            let due = pace.take(rate).unwrap();
            assert_eq!(due - start, Duration::from_millis(100 * number));
            tokio::time::sleep_until(due).await;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        for _ in 0..5 {
            assert_eq!(pace.take(rate), None);
        }
        assert!(Rate::new(0, 5).is_none() && Rate::new(5, 0).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pace_is_of_one_user_in_one_room_and_forgotten_when_it_is_kept() {
        let paces = MessagePaces::new(10, 2);
        let take = |user, room| paces.take(UserId(user), RoomId(room));
        let now = Instant::now();
        assert_eq!([take(1, 1), take(1, 1), take(1, 2), take(2, 1)], [None; 4]);
        assert_eq!(take(1, 1), Some(now + Duration::from_millis(100)));
        assert_eq!(take(1, 1), Some(now + Duration::from_millis(200)));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(take(1, 1), None);
        for user in 2..=2000 {
            take(user, 1);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let kept = paces.spent.lock().unwrap().until.len();
        assert!(kept <= SWEEP_AT, "{kept}");
        paces.set(0, 2);
        assert_eq!(([take(1, 1); 5], paces.are_kept()), ([None; 5], false));
        paces.set(1, 1);
        assert_eq!(
            (take(1, 1), take(1, 1)),
            (None, Some(Instant::now() + Duration::from_secs(1)))
        );
    }
}
