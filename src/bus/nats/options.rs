//! Where a NATS bus is, and why it does not serve.

use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};

use async_nats::{ConnectError, ConnectErrorKind, ConnectOptions};

/// Where a NATS bus is, and how one gets in.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NatsOptions {
    /// `nats://HOST:PORT` or `tls://HOST:PORT` each; any of them will do.
    pub servers: Vec<String>,
    /// A user and a password, or a token alone.
    pub credentials: Option<(String, Option<String>)>,
    /// A PEM file of authorities that vouch for the servers, beside the system's.
    pub authorities: Option<PathBuf>,
    /// What all subjects begin with.
    pub prefix: String,
    /// How long a bus is waited for that is not there at the start.
    pub patience: Duration,
}

impl Default for NatsOptions {
    /// No server, the prefix `tolmach`, ten seconds of patience.
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            credentials: None,
            authorities: None,
            prefix: "tolmach".to_owned(),
            patience: Duration::from_secs(10),
        }
    }
}

impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("NatsOptions");
        shown.field("servers", &self.servers);
        shown.field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl NatsOptions {
    /// How one connects, and says who one is.
    pub(super) fn login(&self) -> ConnectOptions {
        let connect = ConnectOptions::new()
            .name("tolmach")
            .connection_timeout(Duration::from_secs(2));
        let connect = match self.credentials.clone() {
            Some((user, Some(password))) => connect.user_and_password(user, password),
            Some((token, None)) => connect.token(token),
            None => connect,
        };
        match &self.authorities {
            Some(path) => connect.add_root_certificates(path.clone()),
            None => connect,
        }
    }
}

/// Why a bus does not serve.
#[derive(Debug, thiserror::Error)]
pub enum NatsFault {
    /// Nobody answers. It may come yet: nodes begin without it.
    #[error("no server answers: {0}")]
    Away(String),
    /// Waiting helps nothing: an address that is none, a file that cannot be read, credentials that are refused, a certificate that
    /// nobody known vouches for, subjects that are not allowed.
    #[error("{0}")]
    Refused(String),
}

impl NatsFault {
    pub(super) fn of(error: &ConnectError) -> Self {
        match refusal(error) {
            Some(why) => Self::Refused(why),
            None => Self::Away(
                error
                    .source()
                    .map_or_else(|| error.to_string(), ToString::to_string),
            ),
        }
    }
}

/// Why waiting for a server helps nothing; `None`: it may come.
fn refusal(error: &ConnectError) -> Option<String> {
    let cause = error.source().map(ToString::to_string);
    let cause = cause.unwrap_or_else(|| error.to_string());
    let is_unknown = || {
        let cause = error.source().and_then(|cause| cause.downcast_ref());
        cause.is_some_and(|cause: &io::Error| cause.kind() == io::ErrorKind::InvalidData)
    };
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            Some("the server does not accept the user and the password, or the token".to_owned())
        }
        ConnectErrorKind::Tls => Some(format!("TLS cannot be used: {cause}")),
        ConnectErrorKind::Io if is_unknown() => Some(format!(
            "the server's certificate is not accepted: {cause}; bus.ca names a file of further authorities"
        )),
        ConnectErrorKind::ServerParse => Some(cause),
        ConnectErrorKind::Io
        | ConnectErrorKind::Dns
        | ConnectErrorKind::TimedOut
        | ConnectErrorKind::MaxReconnects => None,
    }
}
