//! Where the server is, and the way there.

use super::failure::Failure;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::dialects::client::Stream;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long to wait for a connection.
const CONNECT_TIME: Duration = Duration::from_secs(30);

/// Where the server is.
#[derive(Clone)]
pub(super) struct Server {
    host: String,
    port: u16,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl Server {
    /// The server of this name or address.
    pub(super) fn new(host: &str, port: u16) -> Self {
        let host = host.to_owned();
        Self {
            host,
            port,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// The same server, spoken to through TLS.
    #[cfg(feature = "tls")]
    pub(super) fn through(self, tls: Tls) -> Self {
        Self {
            tls: Some(tls),
            ..self
        }
    }

    /// A new connection to it.
    ///
    /// # Errors
    /// [`Failure::Connect`] where there is none, or none in time; `Failure::Tls` where it is not encrypted as it has to be.
    pub(super) async fn connect(&self) -> Result<Box<dyn Stream>, Failure> {
        let in_time = timeout(CONNECT_TIME, self.reach()).await;
        in_time.unwrap_or_else(|_| Err(self.unreachable(io::ErrorKind::TimedOut.into())))
    }

    async fn reach(&self) -> Result<Box<dyn Stream>, Failure> {
        // An IPv6 address may come in the brackets that it has in front of a port.
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let connected = TcpStream::connect((host, self.port)).await;
        let stream = connected.map_err(|source| self.unreachable(source))?;
        stream.set_nodelay(true).map_err(Failure::Transport)?;
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return Ok(Box::new(tls.shake_hands(host, stream).await?));
        }
        Ok(Box::new(stream))
    }

    fn unreachable(&self, source: io::Error) -> Failure {
        Failure::Connect {
            host: self.host.clone(),
            port: self.port,
            source,
        }
    }
}
