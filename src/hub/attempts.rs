//! Failed logins, by account and network together, and from where accounts were logged in to.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::dial::Dial;
use crate::model::{Error, Network, Result, UserId};
use crate::turns::Asker;

/// Over which time failures are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// How many windows are kept before those that are over are swept out.
const SWEEP_AT: usize = 10_000;
/// How many networks an account is known to come from: the latest.
const HOMES: usize = 4;

/// Counts failed logins in windows of a minute that begin with the first failure. All addresses of one network count as one.
pub(super) struct Attempts {
    limit: Dial,
    windows: Mutex<Windows>,
    /// Accounts alone, and only those that somebody has logged in to: they are no more than there have been.
    homes: Mutex<HashMap<UserId, Vec<Option<Network>>>>,
}

#[derive(Default)]
struct Windows {
    /// By account and network.
    open: HashMap<(String, Option<Network>), Window>,
    /// How many there were when those that were over had been swept out.
    swept: usize,
}

#[derive(Clone, Copy)]
struct Window {
    began: Instant,
    failures: u32,
}

impl Attempts {
    /// At most `limit` failures a minute; 0: no limit.
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit: u64::from(limit).into(),
            windows: Mutex::default(),
            homes: Mutex::default(),
        }
    }

    /// Another limit from now on, for failures that were counted, too.
    pub(super) fn set_limit(&self, limit: u32) {
        self.limit.set(limit.into());
    }

    /// Whether one more attempt is let through.
    pub(super) fn check(&self, account: &str, address: Option<IpAddr>, now: Instant) -> Result<()> {
        let windows = locked(&self.windows);
        let Some(window) = windows.of(account, address, now) else {
            return Ok(());
        };
        let limit = self.limit.get();
        if limit > 0 && u64::from(window.failures) >= limit {
            return Err(Error::RateLimited {
                retry_after: window.began + WINDOW - now,
            });
        }
        Ok(())
    }

    /// Counts a login that failed, for this account from this address.
    pub(super) fn failed(&self, account: &str, address: Option<IpAddr>, now: Instant) {
        let mut windows = locked(&self.windows);
        if windows.open.len() >= SWEEP_AT.max(2 * windows.swept) {
            windows.open.retain(|_, window| window.is_open(now));
            windows.swept = windows.open.len();
        }
        let fresh = Window {
            began: now,
            failures: 0,
        };
        let key = (account.to_owned(), address.map(Network::of_place));
        let window = windows.open.entry(key).or_insert(fresh);
        if !window.is_open(now) {
            *window = fresh;
        }
        window.failures += 1;
    }

    /// An account was logged in to from there.
    pub(super) fn succeeded(&self, user: UserId, address: Option<IpAddr>) {
        let mut homes = locked(&self.homes);
        let (homes, network) = (
            homes.entry(user).or_default(),
            address.map(Network::of_place),
        );
        homes.retain(|home| *home != network);
        homes.insert(0, network);
        homes.truncate(HOMES);
    }

    /// Who tries the password of an account: of `user`, if there is one.
    pub(super) fn asker(
        &self,
        account: &str,
        user: Option<UserId>,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Asker {
        let network = address.map(Network::of_place);
        let homes = locked(&self.homes);
        let homes = user.and_then(|user| homes.get(&user));
        let is_known = homes.is_some_and(|homes| homes.contains(&network));
        let windows = locked(&self.windows);
        Asker {
            network,
            account: account.to_owned(),
            failures: windows
                .of(account, address, now)
                .map_or(0, |window| window.failures),
            is_stranger: !is_known,
        }
    }
}

impl Windows {
    /// The failures of the last minute.
    fn of(&self, account: &str, address: Option<IpAddr>, now: Instant) -> Option<&Window> {
        let key = (account.to_owned(), address.map(Network::of_place));
        self.open.get(&key).filter(|window| window.is_open(now))
    }
}

impl Window {
    fn is_open(&self, now: Instant) -> bool {
        now < self.began + WINDOW
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_by_account_and_address_and_ends_after_a_minute() {
        let attempts = Attempts::new(2);
        let start = Instant::now();
        for _ in 0..2 {
            assert!(attempts.check("anna", None, start).is_ok());
            attempts.failed("anna", None, start);
        }
        let error = attempts
            .check("anna", None, start + Duration::from_secs(20))
            .unwrap_err();
        assert_eq!(
            error,
            Error::RateLimited {
                retry_after: Duration::from_secs(40)
            }
        );
        assert!(attempts.check("boris", None, start).is_ok());
        assert!(
            attempts
                .check("anna", Some(IpAddr::from([127, 0, 0, 1])), start)
                .is_ok()
        );
        assert!(attempts.check("anna", None, start + WINDOW).is_ok());
    }

    #[test]
    fn all_addresses_of_one_household_fail_together() {
        let attempts = Attempts::new(1);
        let address = |text: &str| Some(text.parse().unwrap());
        let start = Instant::now();
        attempts.failed("anna", address("2001:db8::1"), start);
        let check = |text| attempts.check("anna", address(text), start);
        assert!(check("2001:db8::ffff:2").is_err());
        assert!(check("2001:db8:0:1::1").is_ok());
    }

    #[test]
    fn an_account_is_known_where_it_was_logged_in_to_the_last_few_times() {
        let attempts = Attempts::new(1);
        let (anna, boris, now) = (UserId(1), UserId(2), Instant::now());
        let address = |last: u8| Some(IpAddr::from([192, 0, 2, last]));
        let is_stranger = |user, last| {
            attempts
                .asker("", Some(user), address(last), now)
                .is_stranger
        };
        assert!(is_stranger(anna, 1));
        for last in [1, 2, 3, 4, 1, 5] {
            attempts.succeeded(anna, address(last));
        }
        assert_eq!(
            [1, 2, 3, 4, 5].map(|last| is_stranger(anna, last)),
            [false, true, false, false, false]
        );
        assert!(is_stranger(boris, 1));
        assert!(attempts.asker("", None, address(1), now).is_stranger);
        attempts.failed("anna", address(1), now);
        let failures = |last, now| {
            attempts
                .asker("anna", Some(anna), address(last), now)
                .failures
        };
        assert_eq!(
            (
                failures(1, now),
                failures(2, now),
                failures(1, now + WINDOW)
            ),
            (1, 0, 0)
        );
    }
}
