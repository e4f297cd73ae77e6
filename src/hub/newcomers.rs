//! What the log tells of those who come: accounts that were made, logins that failed. Each once a second, with a number.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tracing::field;

use crate::model::Error;
use crate::throttle::Throttle;
use crate::word::{Word, bounded};

/// How often each is said.
const SAID: Duration = Duration::from_secs(1);

/// See the module. All must be called in a tokio runtime.
pub(super) struct Newcomers {
    made: Arc<Throttle<Newcomer>>,
    failed: Arc<Throttle<(Newcomer, Error)>>,
}

/// Who it is, and from where.
#[derive(Debug)]
pub(super) struct Newcomer {
    /// The login as it was typed, its beginning; none where only a token was shown.
    user: Option<String>,
    peer: Option<IpAddr>,
}

impl Newcomer {
    pub(super) fn new(login: &str, peer: Option<IpAddr>) -> Self {
        let user = (!login.is_empty()).then(|| bounded(login));
        Self { user, peer }
    }
}

impl Newcomers {
    pub(super) fn new() -> Self {
        Self {
            made: Throttle::new(SAID),
            failed: Throttle::new(SAID),
        }
    }

    /// Somebody made an account.
    pub(super) fn made(&self, newcomer: Newcomer) {
        self.made.note(newcomer, |times, Newcomer { user, peer }| {
            tracing::info!(user, peer = peer.map(field::display), times, "account made");
        });
    }

    /// Somebody was not let in.
    pub(super) fn failed(&self, newcomer: Newcomer, why: Error) {
        let failed = (newcomer, why);
        self.failed.note(failed, |times, (newcomer, why)| {
            let Newcomer { user, peer } = newcomer;
            let (peer, reason) = (peer.map(field::display), Word(why));
            tracing::info!(user, peer, %reason, times, "login failed");
        });
    }
}
