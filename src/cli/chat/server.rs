//! Where the server is, and the way there.

use super::failure::Failure;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long to wait for a connection.
const CONNECT_TIME: Duration = Duration::from_secs(30);

/// Where the server is.
#[derive(Debug, Clone)]
pub(super) struct Server {
    host: String,
    port: u16,
}

impl Server {
    /// The server of this name or address.
    pub(super) fn new(host: &str, port: u16) -> Self {
        let host = host.to_owned();
        Self { host, port }
    }

    /// A new connection to it.
    ///
    /// # Errors
    /// [`Failure::Connect`] where there is none, or none in time.
    pub(super) async fn connect(&self) -> Result<TcpStream, Failure> {
        // An IPv6 address may come in the brackets that it has in front of a port.
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let connected = timeout(CONNECT_TIME, TcpStream::connect((host, self.port)))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let stream = connected.map_err(|source| Failure::Connect {
            host: self.host.clone(),
            port: self.port,
            source,
        })?;
        stream.set_nodelay(true).map_err(Failure::Transport)?;
        Ok(stream)
    }
}
