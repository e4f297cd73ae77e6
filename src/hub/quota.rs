//! What one address or one user may make in an hour.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::field;

use crate::dial::Dial;
use crate::model::{Error, Network, Result, UserId};
use crate::throttle::Throttle;

/// Over which time is counted.
const HOUR: Duration = Duration::from_secs(3600);
/// How often refusals are logged.
const SAID: Duration = Duration::from_secs(1);
/// How many makers are kept before those who made nothing in the last hour are swept out.
const SWEEP_AT: usize = 10_000;

/// Whose making is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Maker {
    /// All connections from one IPv4 address, or one /64 of IPv6.
    Network(Network),
    User(UserId),
}

impl Maker {
    /// The network of an address.
    pub(super) fn of_place(address: IpAddr) -> Self {
        Self::Network(Network::of_place(address))
    }
}

/// Remembers when each maker made something, for an hour.
pub(super) struct Quota {
    limit: Dial,
    /// The key in `[limits]`.
    name: &'static str,
    made: Mutex<HashMap<Maker, VecDeque<Instant>>>,
    said: Arc<Throttle<Maker>>,
}

/// One of the hour's, which is given back unless it is kept.
pub(super) struct Taken<'a> {
    quota: &'a Quota,
    makers: Vec<Maker>,
    at: Instant,
}

impl Quota {
    /// At most `limit` an hour; 0: no limit. `name` is the limit's key in a configuration, for the log.
    pub(super) fn new(name: &'static str, limit: u32) -> Self {
        Self {
            limit: u64::from(limit).into(),
            name,
            made: Mutex::default(),
            said: Throttle::new(SAID),
        }
    }

    /// Another limit from now on. Without one nothing was counted.
    pub(super) fn set_limit(&self, limit: u32) {
        self.limit.set(limit.into());
    }

    /// Takes one for each of these makers, or none. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// [`Error::RateLimited`] where one of them has made as many as it may in the last hour.
    pub(super) fn take(&self, makers: Vec<Maker>, now: Instant) -> Result<Taken<'_>> {
        let limit = self.limit.get();
        if limit == 0 {
            let makers = Vec::new();
            return Ok(Taken {
                quota: self,
                makers,
                at: now,
            });
        }
        let mut made = self.made();
        if made.len() >= SWEEP_AT {
            made.retain(|_, times| times.back().is_some_and(|last| now < *last + HOUR));
        }
        for maker in &makers {
            let times = made.entry(*maker).or_default();
            while times.front().is_some_and(|first| now >= *first + HOUR) {
                times.pop_front();
            }
            if let Some(first) = times.front().filter(|_| times.len() as u64 >= limit) {
                let limit = self.name;
                self.said.note(*maker, move |times, maker| {
                    let (peer, user) = match maker {
                        Maker::Network(network) => (Some(field::display(network)), None),
                        Maker::User(user) => (None, Some(user.0)),
                    };
                    tracing::warn!(limit, peer, user_id = user, times, "a limit was hit");
                });
                return Err(Error::RateLimited {
                    retry_after: *first + HOUR - now,
                });
            }
        }
        for maker in &makers {
            made.entry(*maker).or_default().push_back(now);
        }
        Ok(Taken {
            quota: self,
            makers,
            at: now,
        })
    }

    fn made(&self) -> MutexGuard<'_, HashMap<Maker, VecDeque<Instant>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken<'_> {
    /// What was taken was used: it is not given back.
    pub(super) fn keep(mut self) {
        self.makers.clear();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut made = self.quota.made();
        for maker in self.makers.drain(..) {
            if let Some(times) = made.get_mut(&maker)
                && let Some(place) = times.iter().rposition(|at| *at == self.at)
            {
                times.remove(place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_hour_is_counted_to_the_moment_and_what_was_not_made_is_given_back() {
        let quota = Quota::new("rooms_made_per_hour", 2);
        let (start, minute) = (Instant::now(), Duration::from_secs(60));
        let user = || vec![Maker::User(UserId(1))];
        drop(quota.take(user(), start).unwrap());
        quota.take(user(), start).unwrap().keep();
        quota.take(user(), start + minute).unwrap().keep();
        let refused = quota.take(user(), start + 2 * minute).err();
        let retry_after = HOUR - 2 * minute;
        assert_eq!(refused, Some(Error::RateLimited { retry_after }));
        quota
            .take(vec![Maker::User(UserId(2))], start)
            .unwrap()
            .keep();
        // One maker's refusal takes nothing of another's.
        let both = vec![Maker::User(UserId(2)), Maker::User(UserId(1))];
        assert!(quota.take(both, start + minute).is_err());
        quota
            .take(vec![Maker::User(UserId(2))], start)
            .unwrap()
            .keep();
        quota.take(user(), start + HOUR).unwrap().keep();
        assert!(quota.take(user(), start + HOUR).is_err());
        let unlimited = Quota::new("rooms_made_per_hour", 0);
        for _ in 0..10 {
            unlimited.take(user(), start).unwrap().keep();
        }
    }

    #[tokio::test]
    async fn a_household_is_one_maker() {
        let (quota, now) = (Quota::new("rooms_made_per_hour", 1), Instant::now());
        let take = |address: &str| {
            let makers = vec![Maker::of_place(address.parse().unwrap())];
            quota.take(makers, now).map(Taken::keep)
        };
        assert!(take("2001:db8::1").is_ok());
        assert!(take("2001:db8::ffff:2").is_err());
        assert!(take("2001:db8:0:1::1").is_ok());
        assert!(take("192.0.2.1").is_ok());
        assert!(take("192.0.2.2").is_ok());
    }
}
