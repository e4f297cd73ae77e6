//! Encrypted connections: which certificate is shown, and the TLS session that both halves of a connection share.
//!
//! ```text
//!             ┌─ channel ──────────────────────────────┐
//!  bytes in ─▶│ first bytes ─▶ plain                   │─▶ reader: plain bytes
//!             │             └▶ its turn ─▶ handshake ─▶│
//!  bytes out◀─│ at most a record ahead of the socket ◀─│◀─ writer: plain bytes, by whichever thread has them
//!             └────────────────────────────────────────┘
//! ```
//!
//! Everything above the transport sees plain bytes and knows nothing of this.

mod certificate;
mod channel;
mod self_signed;
mod session;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

pub use certificate::{Certificate, ClientCertificates, TlsFileError};
#[cfg(feature = "cli")]
pub(crate) use certificate::{authorities, fingerprint};
pub use rustls;
use rustls::ServerConfig;

use super::hits::Hits;
use crate::turns::Turns;

pub(super) use channel::{Channel, TlsReader, TlsWire, is_hello};

/// By which certificate and rules connections are encrypted. A handle: clones are the same.
#[derive(Clone)]
pub struct Tls(Arc<RwLock<Arc<ServerConfig>>>);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// TLS by a configuration of rustls. [`Certificate::server_config`] makes one of files.
    pub fn new(config: impl Into<Arc<ServerConfig>>) -> Self {
        Self(Arc::new(RwLock::new(config.into())))
    }

    /// Another configuration for handshakes that begin from now on; connections that there are go on as they are.
    pub fn replace(&self, config: impl Into<Arc<ServerConfig>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = config.into();
    }

    fn current(&self) -> Arc<ServerConfig> {
        let config = self.0.read().unwrap_or_else(PoisonError::into_inner);
        config.clone()
    }
}

/// How one listener's connections are encrypted.
pub(super) struct Policy {
    pub(super) tls: Tls,
    /// Nothing is served in plain.
    pub(super) is_required: bool,
    /// Who may shake hands at the same time, over all listeners.
    pub(super) turns: Arc<Turns>,
    /// Where it is told that one had to wait for its turn.
    pub(super) hits: Arc<Hits>,
}
