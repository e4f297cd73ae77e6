//! What strangers can cause as often as they like is said once in a while, with a number.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counts what happens, and has it said at once where nothing was said for a while, else when that while is over. `T` is
/// what is known of one time that it happened.
///
/// ```text
///            happens: said, "1 time"
///   quiet ─────────────────────────────▶ counting ◀─┐ the while is over: what was counted is said
///     ▲                                    │   └────┘
///     └────────────────────────────────────┘ the while is over, and nothing was counted
/// ```
pub(crate) struct Throttle<T> {
    every: Duration,
    /// While it counts: how often it happened since it was said, and what it was the last time.
    unsaid: Mutex<Option<(u64, Option<T>)>>,
}

impl<T: Send + 'static> Throttle<T> {
    /// Says something once in `every` at most.
    pub(crate) fn new(every: Duration) -> Arc<Self> {
        Arc::new(Self {
            every,
            unsaid: Mutex::new(None),
        })
    }

    /// It happened. `say` is told how often since the last time, and the latest `detail`. Must be called in a tokio
    /// runtime.
    pub(crate) fn note(self: &Arc<Self>, detail: T, say: impl Fn(u64, T) + Send + 'static) {
        {
            let mut unsaid = self.unsaid();
            if let Some((times, last)) = &mut *unsaid {
                (*times, *last) = (*times + 1, Some(detail));
                return;
            }
            *unsaid = Some((0, None));
        }
        say(1, detail);
        let throttle = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(throttle.every).await;
                let counted = throttle.unsaid().take_if(|(times, _)| *times == 0);
                if counted.is_some() {
                    return;
                }
                let counted = throttle.unsaid().replace((0, None));
                if let Some((times, Some(detail))) = counted {
                    say(times, detail);
                }
            }
        });
    }

    fn unsaid(&self) -> MutexGuard<'_, Option<(u64, Option<T>)>> {
        self.unsaid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As [`Throttle`], for a thread outside the runtime: what was counted is said when it happens again.
pub(crate) struct Tally {
    every: Duration,
    said: Option<Instant>,
    unsaid: u64,
}

impl Tally {
    /// Has something said once in `every` at most.
    pub(crate) const fn new(every: Duration) -> Self {
        Self {
            every,
            said: None,
            unsaid: 0,
        }
    }

    /// It happened at `now`. How often it happened since it was said, if it is to be said.
    pub(crate) fn note(&mut self, now: Instant) -> Option<u64> {
        self.unsaid += 1;
        if self
            .said
            .is_some_and(|said| now.saturating_duration_since(said) < self.every)
        {
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_says_the_first_and_then_how_many_once_in_a_while() {
        let (mut tally, start) = (Tally::new(Duration::from_secs(1)), Instant::now());
        let mut at = |millis| tally.note(start + Duration::from_millis(millis));
        assert_eq!(at(0), Some(1));
        assert_eq!((0..900).find_map(&mut at), None);
        assert_eq!(at(1000), Some(901));
        assert_eq!(at(1001), None);
        assert_eq!(at(9000), Some(2));
    }

    type Said = Arc<Mutex<Vec<(u64, u32)>>>;

    fn note(throttle: &Arc<Throttle<u32>>, said: &Said, detail: u32) {
        let said = said.clone();
        throttle.note(detail, move |times, detail| {
            said.lock().unwrap().push((times, detail));
        });
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_is_said_at_once_and_the_others_together() {
        let (throttle, said) = (Throttle::new(Duration::from_secs(1)), Said::default());
        let take = || std::mem::take(&mut *said.lock().unwrap());
        for detail in 0..900 {
            note(&throttle, &said, detail);
        }
        assert_eq!(take(), [(1, 0)]);
        tokio::time::sleep(Duration::from_millis(1001)).await;
        assert_eq!(take(), [(899, 899)]);
        note(&throttle, &said, 7);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(take(), [(1, 7)]);
        // Nothing more happens, nothing more is said; then it is said at once again.
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(take(), []);
        note(&throttle, &said, 8);
        assert_eq!(take(), [(1, 8)]);
    }
}
