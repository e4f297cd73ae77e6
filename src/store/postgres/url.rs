//! Where a database is, and how it is to be reached.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// For how long a server may be silent while a connection is made.
const CONNECTING: Duration = Duration::from_millis(1_500);
/// For how long what was sent may be unanswered by the server's machine before the connection counts as lost.
const UNANSWERED: Duration = Duration::from_secs(4);

/// Where a PostgreSQL database is: `postgres://USER[:PASSWORD]@HOST[:PORT][,HOST…]/DATABASE[?sslmode=…]`, as libpq reads it.
///
/// `sslmode` is `disable`, `prefer` (unless said), `require` (encrypted, whoever it is; with `sslrootcert` as `verify-full`)
/// or `verify-full` (by the authorities in the file `sslrootcert`, or those of the system). `sslcert` and `sslkey` name the files of
/// a certificate of one's own and its key; `channel_binding` is `disable`, `prefer` (unless said) or `require`. It is shown
/// without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    pub(super) config: Config,
    pub(super) verified: Verified,
    /// The files of one's own certificate and of its key.
    pub(super) own: Option<(PathBuf, PathBuf)>,
}

/// By what a server is believed to be what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verified {
    /// It is not asked.
    Not,
    /// By the authorities that the system trusts.
    BySystem,
    /// By the authorities in this file.
    ByFile(PathBuf),
}

impl PostgresUrl {
    /// Reads such a URL.
    ///
    /// # Errors
    /// What is wrong with it, without anything that may be secret.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut root, mut rest) = ("prefer".to_owned(), None, Vec::new());
        let (mut certificate, mut key) = (None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = || percent_decode_str(value).decode_utf8_lossy().into_owned();
            match name {
                "sslmode" => mode = decoded(),
                "sslrootcert" => root = Some(decoded()).filter(|file| file != "system"),
                "sslcert" => certificate = Some(decoded().into()),
                "sslkey" => key = Some(decoded().into()),
                _ => rest.push(pair),
            }
        }
        let url = format!("{place}?{}", rest.join("&"));
        let parsed = url.parse::<Config>().map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            cause.unwrap_or_else(|| "it cannot be read".to_owned())
        });
        let mut config = parsed?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("it names no host".to_owned());
        }
        if config.get_user().is_none_or(str::is_empty) {
            return Err("it names no user".to_owned());
        }
        let verified = || match &root {
            Some(file) => Verified::ByFile(file.into()),
            None => Verified::BySystem,
        };
        let (ssl, verified) = match mode.as_str() {
            "disable" => (SslMode::Disable, Verified::Not),
            "prefer" => (SslMode::Prefer, Verified::Not),
            "require" if root.is_none() => (SslMode::Require, Verified::Not),
            "require" | "verify-full" => (SslMode::Require, verified()),
            _ => return Err("sslmode is disable, prefer, require or verify-full".to_owned()),
        };
        let own = match (certificate, key) {
            (None, None) => None,
            (Some(_), Some(_)) if ssl == SslMode::Disable => {
                return Err("sslcert is of no use without encryption".to_owned());
            }
            (Some(certificate), Some(key)) => Some((certificate, key)),
            _ => return Err("sslcert and sslkey go together".to_owned()),
        };
        config
            .ssl_mode(ssl)
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3)
            .tcp_user_timeout(UNANSWERED);
        if config.get_application_name().is_none() {
            config.application_name("tolmach");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECTING);
        }
        Ok(Self {
            config,
            verified,
            own,
        })
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "postgres://")?;
        for (place, host) in self.config.get_hosts().iter().enumerate() {
            let separator = if place == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(out, "{separator}{name}")?,
                Host::Unix(path) => write!(out, "{separator}{}", path.display())?,
            }
            let ports = self.config.get_ports();
            if let Some(port) = ports
                .get(place)
                .or(ports.first())
                .filter(|port| **port != 5432)
            {
                write!(out, ":{port}")?;
            }
        }
        let user = self.config.get_user().unwrap_or_default();
        write!(out, "/{}", self.config.get_dbname().unwrap_or(user))
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_secrets() {
        for (url, says) in [
            ("postgres://", "no host"),
            ("postgres://db/tolmach", "no user"),
            ("postgres://u:secret@db/x?sslmode=maybe", "sslmode is"),
            ("postgres://u:secret@db/x?fruit=pear", "fruit"),
            ("postgres://u:secret@db/x?sslkey=key.pem", "go together"),
            (
                "postgres://u:secret@db/x?sslmode=disable&sslkey=a&sslcert=b",
                "without encryption",
            ),
            ("postgres://u:secret@db:port/x", "port"),
        ] {
            let said = PostgresUrl::parse(url).unwrap_err();
            assert!(
                said.contains(says) && !said.contains("secret"),
                "{url}: {said}"
            );
        }
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (url, shown) in [
            (
                "postgres://u:secret@db/x?sslmode=require",
                "postgres://db/x",
            ),
            (
                "postgresql://u:secret@a:5433,b:5434",
                "postgres://a:5433,b:5434/u",
            ),
            (
                "postgres://u@%2Frun%2Fpostgresql/x",
                "postgres:///run/postgresql/x",
            ),
        ] {
            let url = PostgresUrl::parse(url).unwrap();
            assert_eq!(
                (url.to_string(), format!("{url:?}")),
                (shown.to_owned(), shown.to_owned())
            );
        }
    }

    #[test]
    fn sslmode_is_what_libpq_takes_it_for() {
        let verified = |query: &str| {
            let url = PostgresUrl::parse(&format!("postgres://u@db/x{query}")).unwrap();
            (url.config.get_ssl_mode(), url.verified)
        };
        assert_eq!(verified(""), (SslMode::Prefer, Verified::Not));
        assert_eq!(
            verified("?sslmode=disable"),
            (SslMode::Disable, Verified::Not)
        );
        assert_eq!(
            verified("?sslmode=require"),
            (SslMode::Require, Verified::Not)
        );
        let by_file = Verified::ByFile("/etc/ca.pem".into());
        let asked = "?sslrootcert=%2Fetc%2Fca.pem&sslmode=require";
        assert_eq!(verified(asked), (SslMode::Require, by_file));
        assert_eq!(
            verified("?sslmode=verify-full"),
            (SslMode::Require, Verified::BySystem)
        );
    }
}
