//! What connections may take.

#[cfg(feature = "tls")]
use std::sync::Arc;
use std::time::Duration;

use crate::hub::Bounds;
use crate::setters::setters;
#[cfg(feature = "tls")]
use crate::turns::Turns;

/// What connections may take; 0 stands for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at once, over all listeners.
    pub connections: usize,
    /// Connections at once from one IP address, of IPv6 one /64.
    pub connections_per_address: usize,
    /// How long a connection may take to say who it is.
    pub login_timeout: Duration,
    /// TLS handshakes under way at once, over all listeners; one more waits for its turn.
    pub handshakes: usize,
    /// Events waiting for one session.
    pub queue_events: usize,
    /// Bytes of the events waiting for one session.
    pub queue_bytes: usize,
    /// Bytes of frames that are not whole yet, of all connections together; the first 64 KiB of each are not counted.
    pub receiving_total_bytes: usize,
    /// Requests a second of one connection, over time; over it the connection is read more slowly.
    pub requests_per_second: u32,
    /// Requests that one connection may send at once before `requests_per_second` holds it back.
    pub burst: u32,
    /// Messages and edits a second of one user in one room, over time and over all its connections; over it these are read
    /// more slowly.
    pub messages_per_second: u32,
    /// Messages that one user may say at once in one room before `messages_per_second` holds its connections back.
    pub messages_burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 0,
            login_timeout: Duration::from_secs(60),
            handshakes: 256,
            queue_events: 4096,
            queue_bytes: 4 * 1024 * 1024,
            receiving_total_bytes: 256 * 1024 * 1024,
            requests_per_second: 1000,
            burst: 2000,
            messages_per_second: 10,
            messages_burst: 60,
        }
    }
}

setters! {
    Limits {
        connections: usize,
        connections_per_address: usize,
        login_timeout: Duration,
        handshakes: usize,
        queue_events: usize,
        queue_bytes: usize,
        receiving_total_bytes: usize,
        requests_per_second: u32,
        burst: u32,
        messages_per_second: u32,
        messages_burst: u32,
    }
}

impl Limits {
    /// The places of those who shake hands.
    #[cfg(feature = "tls")]
    pub(super) fn turns(&self) -> Arc<Turns> {
        let places = match self.handshakes {
            0 => usize::MAX,
            most => most,
        };
        Arc::new(Turns::new(places, 0))
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds {
            events: self.queue_events,
            bytes: self.queue_bytes,
        }
    }
}
