//! "Over it the gateway reads that connection more slowly and refuses nothing."

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How fast the requests of one connection are taken: so many a second over time, and a burst of them at once.
///
/// Each request moves `spent_until` by one interval; it may run ahead of the clock by a burst.
pub(super) struct Pace {
    interval: Duration,
    ahead: Duration,
    spent_until: Instant,
}

impl Pace {
    /// None where either number is 0: no limit.
    pub(super) fn new(requests_per_second: u32, burst: u32) -> Option<Self> {
        let interval = Duration::from_secs(1).checked_div(requests_per_second)?;
        Some(Self {
            interval,
            ahead: interval * burst.checked_sub(1)?,
            spent_until: Instant::now(),
        })
    }

    /// Waits until one more request is due.
    pub(super) async fn keep(&mut self) {
        let now = Instant::now();
        let due = self.spent_until.max(now);
        self.spent_until = due + self.interval;
        if due > now + self.ahead {
            sleep_until(due - self.ahead).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_free_and_the_rest_has_its_pace() {
        let start = Instant::now();
        let mut pace = Pace::new(10, 5).unwrap();
        for _ in 0..5 {
            pace.keep().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for number in 1..=3 {
            pace.keep().await;
            let since = start.elapsed().as_millis();
            assert!((number * 100..number * 100 + 5).contains(&since), "{since}");
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
        let later = Instant::now();
        for _ in 0..5 {
            pace.keep().await;
        }
        assert_eq!(later.elapsed(), Duration::ZERO);
        assert!(Pace::new(0, 5).is_none() && Pace::new(5, 0).is_none());
    }
}
