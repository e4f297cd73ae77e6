//! What one listener takes beside its dialect.

use crate::model::Network;
use crate::setters::setters;

/// What one listener takes beside its dialect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerOptions {
    /// Whether its connections are encrypted, where the gateway has a certificate; `Auto` unless said.
    pub tls: TlsMode,
    /// Networks of balancers, each of whose connections begins with a header of the PROXY protocol (version 1 or 2): the
    /// address in it counts as the connection's. A connection of theirs without one is closed, and one of anybody else's that has one.
    pub proxy: Vec<Network>,
}

/// Whether a listener speaks TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// Plain and TLS on one port, told apart by the first bytes. Who says nothing is spoken to in plain.
    #[default]
    Auto,
    /// Only TLS: what is plain is refused.
    Required,
    /// Only plain connections are understood.
    Off,
}

setters! {
    ListenerOptions {
        tls: TlsMode,
        proxy: Vec<Network>,
    }
}
