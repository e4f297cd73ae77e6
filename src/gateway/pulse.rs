//! How a gateway is, for who looks after it.

use std::sync::Arc;

use super::listener::ConnectionLimiter;
use crate::hub::Hub;

/// How a gateway is; see [`Gateway::pulse`](super::Gateway::pulse).
#[derive(Clone)]
pub struct Pulse {
    pub(super) limiter: Arc<ConnectionLimiter>,
    pub(super) hub: Hub,
}

impl Pulse {
    /// How many connections there are, logged in or not.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.limiter.inside()
    }

    /// How many messages were accepted since the start.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.hub.messages()
    }

    /// Is done once the hub answers, as [`Hub::answers`] is, and each thread that carries connections has found time to answer, too.
    pub async fn answers(&self) {
        self.hub.answers().await;
        self.limiter.threads().answer().await;
    }
}
