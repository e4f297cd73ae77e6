//! Connections that a balancer passes on: the header that says from where they come is read before anything else.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::proxy::{self, BadHeader, Header};
use crate::model::Network;
use crate::throttle::Throttle;

/// How often it is logged that connections of one listener were closed.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

/// The balancers in front of one listener.
pub(super) struct Balancers {
    listener: String,
    networks: Vec<Network>,
    complaints: Arc<Throttle<Complaint>>,
}

/// From where a connection came, and why it was closed.
type Complaint = (Option<IpAddr>, String);

/// Why a connection that was to begin with a header was closed.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoHeader {
    #[error(transparent)]
    Bad(#[from] BadHeader),
    #[error("it ended before its header: {0}")]
    Ended(#[from] io::Error),
    #[error("no header came in time")]
    Late,
}

impl Balancers {
    /// None where no network is given.
    pub(super) fn new(listener: &str, networks: Vec<Network>) -> Option<Self> {
        (!networks.is_empty()).then(|| Self {
            listener: listener.to_owned(),
            networks,
            complaints: Throttle::new(COMPLAIN_EVERY),
        })
    }

    /// Whether a connection from this address is a balancer's.
    pub(super) fn include(&self, peer: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(peer))
    }

    /// Logs that a connection was closed, once a minute at most.
    pub(super) fn complain(&self, peer: Option<IpAddr>, reason: &dyn fmt::Display) {
        let listener = self.listener.clone();
        let complaint = (peer, reason.to_string());
        self.complaints
            .note(complaint, move |times, (peer, reason)| {
                let peer = peer.map(tracing::field::display);
                tracing::warn!(
                    listener,
                    peer,
                    reason,
                    times,
                    "connections were closed for their PROXY header"
                );
            });
    }
}

/// Reads a header and nothing that follows it: from where the connection comes, where the header says so.
///
/// # Errors
/// The connection has to be closed. What came before is lost if the future is dropped.
pub(super) async fn read_header(socket: &mut TcpStream) -> Result<Option<IpAddr>, NoHeader> {
    let mut bytes = Vec::new();
    loop {
        let more = match proxy::read(&bytes)? {
            Header::Unfinished(more) => more,
            Header::Whole(from) => return Ok(from),
        };
        let here = bytes.len();
        bytes.resize(here + more, 0);
        let count = socket.read(&mut bytes[here..]).await?;
        bytes.truncate(here + count);
        if count == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    }
}
