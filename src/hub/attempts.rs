//! Failed logins, by account and address together.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::dial::Dial;
use crate::model::{Error, Result};

/// Over which time failures are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// How many windows are kept before those that are over are swept out.
const SWEEP_AT: usize = 10_000;

/// Counts failed logins in windows of a minute that begin with the first failure.
pub(super) struct Attempts {
    limit: Dial,
    windows: Mutex<Windows>,
}

type Windows = HashMap<(String, Option<IpAddr>), Window>;

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
        }
    }

    /// Another limit from now on, for failures that were counted, too.
    pub(super) fn set_limit(&self, limit: u32) {
        self.limit.set(limit.into());
    }

    /// Whether one more attempt is let through.
    pub(super) fn check(&self, account: &str, address: Option<IpAddr>, now: Instant) -> Result<()> {
        let windows = self.windows();
        let Some(window) = windows.get(&(account.to_owned(), address)) else {
            return Ok(());
        };
        let over = window.began + WINDOW;
        let limit = self.limit.get();
        if limit > 0 && u64::from(window.failures) >= limit && now < over {
            return Err(Error::RateLimited {
                retry_after: over - now,
            });
        }
        Ok(())
    }

    /// An attempt failed.
    pub(super) fn failed(&self, account: &str, address: Option<IpAddr>, now: Instant) {
        let mut windows = self.windows();
        if windows.len() >= SWEEP_AT {
            windows.retain(|_, window| now < window.began + WINDOW);
        }
        let window = windows
            .entry((account.to_owned(), address))
            .or_insert(Window {
                began: now,
                failures: 0,
            });
        if now >= window.began + WINDOW {
            *window = Window {
                began: now,
                failures: 0,
            };
        }
        window.failures += 1;
    }

    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
}
