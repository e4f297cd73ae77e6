//! The first bytes of a connection: whether they are its dialect's.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::BytesMut;

use super::balancer::Balancers;
use super::proxy;
#[cfg(feature = "tls")]
use super::tls::{self, Policy};

/// Where a connection came in, and what it may begin with beside its dialect's own bytes.
#[derive(Clone, Default)]
pub(super) struct Opening {
    /// The listener's name; none for a connection inside the process.
    pub(super) listener: Option<Arc<str>>,
    /// Whose headers are awaited before; a header of anybody else ends the connection.
    pub(super) balancers: Option<Arc<Balancers>>,
    /// How it is encrypted, where it may be.
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Arc<Policy>>,
}

impl Opening {
    /// What may follow a header.
    pub(super) fn behind_header(mut self) -> Self {
        self.balancers = None;
        self
    }

    /// As a configuration says it.
    pub(super) fn tls_mode(&self) -> &'static str {
        #[cfg(feature = "tls")]
        return match &self.tls {
            Some(policy) if policy.is_required => "required",
            Some(_) => "auto",
            None => "off",
        };
        #[cfg(not(feature = "tls"))]
        "off"
    }

    fn is_plain(&self) -> bool {
        #[cfg(feature = "tls")]
        if self.tls.is_some() {
            return false;
        }
        self.balancers.is_none()
    }
}

/// The first bytes of one connection, kept until they say what they are.
pub(super) struct FirstBytes {
    opening: Opening,
    pub(super) peer: Option<IpAddr>,
    pub(super) held: BytesMut,
}

/// What a connection begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    /// Bytes of its dialect.
    Plain,
    /// A balancer's header that nobody asked for.
    Header,
    /// The first record of a TLS handshake.
    #[cfg(feature = "tls")]
    Hello,
}

impl FirstBytes {
    /// None where nothing but a dialect's bytes are looked for.
    pub(super) fn new(opening: Opening, peer: Option<IpAddr>) -> Option<Box<Self>> {
        (!opening.is_plain()).then(|| {
            Box::new(Self {
                opening,
                peer,
                held: BytesMut::new(),
            })
        })
    }

    /// What the bytes are, unless that cannot be told of so few and more may come.
    pub(super) fn beginning(&self, ended: bool) -> Option<Beginning> {
        if let Some(balancers) = &self.opening.balancers {
            match proxy::is_header(&self.held) {
                Some(true) => {
                    balancers.complain(self.peer, &"it is not one of `proxy`, and sent a header");
                    return Some(Beginning::Header);
                }
                None if !ended => return None,
                Some(false) | None => {}
            }
        }
        #[cfg(feature = "tls")]
        if self.opening.tls.is_some() {
            match tls::is_hello(&self.held) {
                Some(true) => return Some(Beginning::Hello),
                None if !ended => return None,
                Some(false) | None => {}
            }
        }
        Some(Beginning::Plain)
    }
}
