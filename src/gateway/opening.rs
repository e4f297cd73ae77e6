//! The first bytes of a connection: whether they are its dialect's.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::BytesMut;

use super::balancer::Balancers;
use super::proxy;

/// What a connection may begin with beside its dialect's own bytes.
#[derive(Clone, Default)]
pub(super) struct Opening {
    /// Whose headers are awaited before; a header of anybody else ends the connection.
    pub(super) balancers: Option<Arc<Balancers>>,
}

/// The first bytes of one connection, kept until they say what they are.
pub(super) struct FirstBytes {
    opening: Opening,
    peer: Option<IpAddr>,
    pub(super) held: BytesMut,
}

/// What a connection begins with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    /// Bytes of its dialect.
    Plain,
    /// A balancer's header that nobody asked for.
    Header,
}

impl FirstBytes {
    /// None where nothing but a dialect's bytes are looked for.
    pub(super) fn new(opening: Opening, peer: Option<IpAddr>) -> Option<Box<Self>> {
        opening.balancers.is_some().then(|| {
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
        Some(Beginning::Plain)
    }
}
