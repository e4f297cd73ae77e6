//! Where a database is, and how it is to be reached.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};
use tokio_postgres::Config;
use tokio_postgres::config::{
    ChannelBinding, Host, LoadBalanceHosts, SslMode, SslNegotiation, TargetSessionAttrs,
};

/// For how long a server may be silent while a connection is made.
const CONNECTING: Duration = Duration::from_millis(1_500);
/// For how long what was sent may be unanswered by the server's machine before the connection counts as lost.
const UNANSWERED: Duration = Duration::from_secs(4);
/// What a server calls the connections, unless the URL says something else.
const APPLICATION: &str = "tolmach";
/// What cannot stand for itself in a user or a host.
const PART: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
/// What cannot stand for itself behind the hosts.
const BEHIND: &AsciiSet = &PART.remove(b'/');

/// Where a PostgreSQL database is: `postgres://USER[:PASSWORD]@HOST[:PORT][,HOST…]/DATABASE[?sslmode=…]`, as libpq reads it.
///
/// `sslmode` is `disable`, `prefer` (unless said), `require` (encrypted, whoever it is; with `sslrootcert` as `verify-full`)
/// or `verify-full` (by the authorities in the file `sslrootcert`, or those of the system). `sslcert` and `sslkey` name the files of
/// a certificate of one's own and its key; `channel_binding` is `disable`, `prefer` (unless said) or `require`. It is displayed
/// in short: its hosts and the database.
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
        let is_cut = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
        if config.get_hosts().iter().any(is_cut) {
            return Err("an @ in a user or a password is written %40".to_owned());
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
            config.application_name(APPLICATION);
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

    /// All that holds of it, but with `***` in the place of a password; it can be read again.
    #[must_use]
    pub fn without_password(&self) -> String {
        let part = |text: &str| utf8_percent_encode(text, PART).to_string();
        let behind = |text: &str| utf8_percent_encode(text, BEHIND).to_string();
        let user = part(self.config.get_user().unwrap_or_default());
        let password = self.config.get_password().map_or("", |_| ":***");
        let hosts = self.config.get_hosts().iter().enumerate();
        let hosts = hosts.map(|(place, host)| {
            let name = match host {
                Host::Tcp(name) if name.contains(':') => format!("[{name}]"),
                Host::Tcp(name) => part(name),
                Host::Unix(path) => percent_encode(path.as_os_str().as_bytes(), PART).to_string(),
            };
            name + &self.port(place)
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        let database = self.config.get_dbname();
        let database = database.map_or(String::new(), |name| format!("/{}", behind(name)));
        let parameters = self.parameters().into_iter();
        let parameters = parameters.map(|(name, value)| format!("{name}={}", behind(&value)));
        let parameters = parameters.collect::<Vec<_>>().join("&");
        let mark = if parameters.is_empty() { "" } else { "?" };
        format!("postgres://{user}{password}@{hosts}{database}{mark}{parameters}")
    }

    /// Those that are not as they are unless said.
    fn parameters(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let mut all = Vec::new();
        let mut is = |name, value: Option<String>| all.extend(value.map(|value| (name, value)));
        let joined = |of: Vec<String>| (!of.is_empty()).then(|| of.join(","));
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let mode = match (config.get_ssl_mode(), &self.verified) {
            (SslMode::Disable, _) => Some("disable"),
            (SslMode::Require, Verified::Not) => Some("require"),
            (SslMode::Require, Verified::BySystem | Verified::ByFile(_)) => Some("verify-full"),
            _ => None,
        };
        is("sslmode", mode.map(str::to_owned));
        if let Verified::ByFile(root) = &self.verified {
            is("sslrootcert", Some(text(root)));
        }
        if let Some((certificate, key)) = &self.own {
            is("sslcert", Some(text(certificate)));
            is("sslkey", Some(text(key)));
        }
        let is_direct = config.get_ssl_negotiation() == SslNegotiation::Direct;
        is("sslnegotiation", is_direct.then(|| "direct".to_owned()));
        let binding = match config.get_channel_binding() {
            ChannelBinding::Disable => Some("disable"),
            ChannelBinding::Require => Some("require"),
            _ => None,
        };
        is("channel_binding", binding.map(str::to_owned));
        let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
        is("hostaddr", joined(addresses.collect()));
        if config.get_hosts().is_empty() {
            let ports = config.get_ports().iter().map(ToString::to_string);
            is("port", joined(ports.collect()));
        }
        let is_random = config.get_load_balance_hosts() == LoadBalanceHosts::Random;
        is("load_balance_hosts", is_random.then(|| "random".to_owned()));
        let patience = config.get_connect_timeout();
        let patience = patience.filter(|patience| **patience != CONNECTING);
        is(
            "connect_timeout",
            patience.map(|patience| patience.as_secs().to_string()),
        );
        is(
            "keepalives",
            (!config.get_keepalives()).then(|| "0".to_owned()),
        );
        is("options", config.get_options().map(str::to_owned));
        let application = config.get_application_name();
        let application = application.filter(|name| *name != APPLICATION);
        is("application_name", application.map(str::to_owned));
        all
    }

    /// The port of a host behind a colon; nothing where it is PostgreSQL's own.
    fn port(&self, place: usize) -> String {
        let ports = self.config.get_ports();
        let port = ports.get(place).or(ports.first());
        let port = port.filter(|port| **port != 5432);
        port.map_or(String::new(), |port| format!(":{port}"))
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
            out.write_str(&self.port(place))?;
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
            ("postgres://u:se@cret@db/x", "%40"),
        ] {
            let said = PostgresUrl::parse(url).unwrap_err();
            assert!(
                said.contains(says) && !said.contains("secret"),
                "{url}: {said}"
            );
        }
    }

    #[test]
    fn a_url_is_displayed_in_short() {
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
    fn all_but_the_password_is_shown_and_can_be_read_again() {
        for (url, shown) in [
            ("postgres://u@db", "postgres://u@db"),
            (
                "postgresql://an%20na:sec:ret%40@db:5433/x?sslmode=require&connect_timeout=7",
                "postgres://an%20na:***@db:5433/x?sslmode=require&connect_timeout=7",
            ),
            (
                "postgres://u:secret@[::1],db:5434/x/y",
                "postgres://u:***@[::1],db:5434/x/y",
            ),
            (
                "postgres://u@%2Frun%2Fpostgresql/x?password=secret",
                "postgres://u:***@%2Frun%2Fpostgresql/x",
            ),
            (
                "postgres://u:sec?ret@db/x?application_name=b%26b",
                "postgres://u:***@db/x?application_name=b%26b",
            ),
            (
                "postgres:///x?user=u&hostaddr=127.0.0.1&port=5433",
                "postgres://u@/x?hostaddr=127.0.0.1&port=5433",
            ),
            (
                "postgres://u@db/x?sslkey=k&sslcert=c&sslrootcert=%2Fetc%2Fca.pem&sslmode=require",
                "postgres://u@db/x?sslmode=verify-full&sslrootcert=/etc/ca.pem&sslcert=c&sslkey=k",
            ),
            (
                "postgres://u@db/x?sslmode=verify-full&sslnegotiation=direct&channel_binding=require\
                 &load_balance_hosts=random&keepalives=0&options=-c%20a%3D1",
                "postgres://u@db/x?sslmode=verify-full&sslnegotiation=direct&channel_binding=require\
                 &load_balance_hosts=random&keepalives=0&options=-c%20a%3D1",
            ),
            // What is the same unsaid, or has no effect.
            (
                "postgres://u@db:5432/x?sslmode=prefer&application_name=tolmach&keepalives_idle=9",
                "postgres://u@db/x",
            ),
        ] {
            let read = PostgresUrl::parse(url).unwrap();
            assert_eq!(read.without_password(), shown, "{url}");
            let mut again = PostgresUrl::parse(shown).unwrap();
            if let Some(password) = read.config.get_password() {
                again.config.password(password);
            }
            assert!(again == read, "{url}");
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
