//! Limits that were hit, for the log: each once a second, with a number.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::field;

use crate::hub::tap::TapConnection;
use crate::model::User;
use crate::throttle::Throttle;

/// How often it is said that one limit was hit.
const SAID: Duration = Duration::from_secs(1);

/// Who hit a limit.
#[derive(Debug, Clone, Default)]
pub(super) struct Hit {
    /// The connection's number, where it has one.
    pub(super) connection: Option<u64>,
    pub(super) peer: Option<IpAddr>,
    /// The login of who is in.
    pub(super) user: Option<String>,
}

impl Hit {
    pub(super) fn of(line: &TapConnection, user: Option<&User>) -> Self {
        Self {
            connection: Some(line.number),
            peer: line.address,
            user: user.map(|user| user.login.clone()),
        }
    }

    /// Before it has a number.
    pub(super) fn from(peer: Option<IpAddr>) -> Self {
        Self {
            peer,
            ..Self::default()
        }
    }
}

/// The limits that were hit, each with how often since it was last said.
#[derive(Default)]
pub(super) struct Hits(Mutex<HashMap<&'static str, Arc<Throttle<Hit>>>>);

impl Hits {
    /// Somebody hit a limit, which is named as its key in `[limits]` is. Must be called in a tokio runtime.
    pub(super) fn note(&self, limit: &'static str, hit: Hit) {
        let throttle = {
            let mut throttles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let throttle = throttles.entry(limit);
            throttle.or_insert_with(|| Throttle::new(SAID)).clone()
        };
        throttle.note(hit, move |times, hit| {
            tracing::warn!(
                limit,
                connection = hit.connection,
                peer = hit.peer.map(field::display),
                user = hit.user,
                times,
                "a limit was hit"
            );
        });
    }
}
