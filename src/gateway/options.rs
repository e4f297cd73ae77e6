//! What one listener takes beside its dialect.

use ipnet::IpNet;

use crate::setters::setters;

/// What one listener takes beside its dialect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerOptions {
    /// Networks of balancers, each of whose connections begins with a header of the PROXY protocol (version 1 or 2): the
    /// address in it counts as the connection's. A connection of theirs without one is closed, and one of anybody else's that has one.
    pub proxy: Vec<IpNet>,
}

setters! {
    ListenerOptions {
        proxy: Vec<IpNet>,
    }
}
