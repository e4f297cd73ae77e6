//! The sections of the configuration that are not about listeners.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

#[cfg(feature = "s3")]
use crate::files::S3Options;
use crate::gateway::TlsMode;
use crate::model::Network;
use crate::settings::{Choice, Show, quoted};

/// `[store]`: where durable things are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Where durable things are kept, and in which kind of store.
    pub url: StoreUrl,
    /// How many connections to a database on a server read at once, 1 to 1,000; one more writes.
    pub connections: usize,
}

/// A store that this build has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A SQLite database in this file; a relative path of the configuration is already under `data_dir`.
    Sqlite(PathBuf),
    /// A PostgreSQL database on a server.
    #[cfg(feature = "postgres")]
    Postgres(Box<crate::store::PostgresUrl>),
    /// Nothing is kept beyond the life of the process.
    Memory,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            url: StoreUrl::Sqlite("tolmach.db".into()),
            connections: 8,
        }
    }
}

/// `[files]`: where the contents of files are kept.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// Where the contents of files are kept, and in which kind of place.
    pub url: FilesUrl,
    /// Where the server of a bucket is, if it is none of AWS or the environment does not say it.
    pub endpoint: Option<String>,
    /// The region of a bucket, if the environment does not say it.
    pub region: Option<String>,
    /// The id of an access key to a bucket, if the environment does not say it.
    pub access_key_id: Option<String>,
    /// The access key to a bucket; a secret.
    pub secret_access_key: Option<String>,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Files({:?}, {:?})", self.url, self.endpoint)
    }
}

#[cfg(feature = "s3")]
impl Files {
    /// The bucket, where that is the place.
    pub(crate) fn bucket(&self) -> Option<S3Options> {
        let FilesUrl::S3 { bucket, prefix } = &self.url else {
            return None;
        };
        Some(S3Options {
            bucket: bucket.clone(),
            prefix: prefix.clone(),
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            credentials: self
                .access_key_id
                .clone()
                .zip(self.secret_access_key.clone()),
        })
    }
}

/// A place for the contents of files that this build has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FilesUrl {
    /// A directory beside the database, or under `data_dir` where there is none.
    #[default]
    Beside,
    /// This directory, which several nodes may share; an absolute path.
    Directory(PathBuf),
    /// A bucket of S3, which several nodes may share.
    #[cfg(feature = "s3")]
    S3 {
        /// The name of the bucket.
        bucket: String,
        /// What the names of all objects begin with; empty: nothing.
        prefix: String,
    },
}

/// `[bus]`: what carries events between nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bus {
    /// What carries events between nodes, and where it is.
    pub url: BusUrl,
    /// What all subjects of a NATS bus begin with: several gateways may share one.
    pub prefix: String,
    /// Authorities that vouch for the servers of a NATS bus, beside the system's.
    pub ca: Option<PathBuf>,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            url: BusUrl::Local,
            prefix: "tolmach".to_owned(),
            ca: None,
        }
    }
}

/// A bus that this build has.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum BusUrl {
    /// Events stay within this process.
    #[default]
    Local,
    /// Servers of NATS carry events to the other nodes.
    #[cfg(feature = "nats")]
    Nats(NatsServers),
}

/// The servers of a NATS bus.
#[cfg(feature = "nats")]
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NatsServers {
    /// `nats://HOST:PORT` or `tls://HOST:PORT` each.
    pub servers: Vec<String>,
    /// A user and a password, or a token alone; a secret.
    pub credentials: Option<(String, Option<String>)>,
}

impl fmt::Debug for BusUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show().unwrap_or_default())
    }
}

/// `[http]`: metrics, API, WebSocket and pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where to listen; none: HTTP is not served. Port 0 lets the system choose.
    pub address: Option<SocketAddr>,
    /// Whether TLS is spoken.
    pub tls: TlsMode,
    /// The networks of balancers, whose connections begin with a header of the PROXY protocol.
    pub proxy: Vec<Network>,
    /// What links to files begin with, without a slash at the end; empty: there are no links.
    pub public_url: String,
    /// Further origins whose pages may open a WebSocket or call the API, as `https://chat.example`.
    pub origins: Vec<String>,
    /// Whether there is a chat at `/`.
    pub chat: bool,
    /// Whether there is a console at `/console`.
    pub console: bool,
    /// Whether anybody may read `/metrics`; operators always may.
    pub metrics: bool,
}

impl Default for Http {
    fn default() -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 7070));
        Self {
            address: cfg!(feature = "http").then_some(address),
            tls: TlsMode::Auto,
            proxy: Vec::new(),
            public_url: String::new(),
            origins: Vec::new(),
            chat: true,
            console: true,
            metrics: true,
        }
    }
}

/// `[node]`: this process among several that are one gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What lists and logs call it; empty: the machine's name.
    pub name: String,
    /// How long it may be unheard of before the others count it as gone, 2 s to 5 min.
    pub lease: Duration,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            name: String::new(),
            lease: Duration::from_secs(10),
        }
    }
}

impl Node {
    /// What the node is called.
    #[must_use]
    pub fn shown_name(&self) -> String {
        let host = || nix::unistd::gethostname().ok()?.into_string().ok();
        match self.name.is_empty() {
            true => host().unwrap_or_else(|| "node".to_owned()),
            false => self.name.clone(),
        }
    }
}

/// `[runtime]`: what the gateway runs on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runtime {
    /// Over how many threads connections are spread.
    pub threads: Threads,
}

/// A number of threads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Threads {
    /// One for each processor that is there for this process but one, which the store and password hashing have; one at least.
    #[default]
    Auto,
    /// This number of threads, 1 to 1,024.
    Count(NonZeroUsize),
}

impl Threads {
    /// How many that is on this machine, now.
    #[must_use]
    pub fn count(self) -> NonZeroUsize {
        match self {
            Self::Auto => {
                let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
                NonZeroUsize::new(processors - 1).unwrap_or(NonZeroUsize::MIN)
            }
            Self::Count(count) => count,
        }
    }
}

impl Show for Threads {
    fn show(&self) -> Option<String> {
        match self {
            Self::Auto => Some(quoted("auto")),
            Self::Count(count) => Some(count.to_string()),
        }
    }
}

/// `[accounts]`: who may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// Who may make accounts.
    pub registration: Registration,
    /// The least characters of new passwords that the gateway gets to see.
    pub password_min: usize,
    /// Whether someone without an account may come in (JIM's presence).
    pub guests: bool,
    /// After how long without use a session's token is gone; more than 0.
    pub session_life: Duration,
}

/// Who may make accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Anyone, over any dialect that can.
    Open,
    /// The command line only.
    Closed,
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            registration: Registration::Open,
            password_min: 8,
            guests: true,
            session_life: Duration::from_secs(90 * 24 * 60 * 60),
        }
    }
}

/// `[rooms]`: which rooms there are without anyone asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rooms {
    /// Whether JIM's `join` and Talker's `connect` make a public room that does not exist.
    pub create_on_join: bool,
    /// The rooms that exist from the start, by valid names that differ without regard to case.
    pub create: Vec<String>,
    /// For how long messages are kept where the room says nothing else; zero: for ever.
    pub keep: Duration,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            create_on_join: true,
            create: vec!["lobby".into()],
            keep: Duration::ZERO,
        }
    }
}

/// `[tls]`: the certificate. Without files the gateway makes a self-signed one in `data_dir`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// A PEM file, the certificate and its chain. Given exactly when `key` is.
    pub certificate: Option<PathBuf>,
    /// A PEM file, the private key.
    pub key: Option<PathBuf>,
    /// A PEM file, the authorities that vouch for clients. Given exactly when `client` is not [`ClientMode::Off`].
    pub client_ca: Option<PathBuf>,
    /// Whether clients show a certificate.
    pub client: ClientMode,
}

/// Whether clients show a certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientMode {
    /// They are not asked for one.
    #[default]
    Off,
    /// They may; one that does not hold is refused.
    Optional,
    /// They must; who shows none is refused, too.
    Required,
}

/// `[presence]`: when someone counts as absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// From a connection that broke off without a farewell to absent.
    pub grace: Duration,
}

impl Default for Presence {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(30),
        }
    }
}

/// `[limits]`: what one connection, user or room may take. 0 is no limit, everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once, over all listeners.
    pub connections: usize,
    /// Connections at once from one IP address, of IPv6 one /64.
    pub connections_per_address: usize,
    /// How long a connection may take to say who it is.
    pub login_timeout: Duration,
    /// TLS handshakes under way at once.
    pub handshakes: usize,
    /// Bytes of one inbound frame; at least 1024.
    pub frame_bytes: usize,
    /// Bytes of one uploaded file.
    pub file_bytes: u64,
    /// Events waiting for one session.
    pub queue_events: usize,
    /// Bytes of the events waiting for one session.
    pub queue_bytes: usize,
    /// Bytes of the events waiting for all sessions together.
    pub queue_total_bytes: usize,
    /// Bytes of frames that are not whole yet, of all connections together.
    pub receiving_total_bytes: usize,
    /// Requests a second of one connection, over time.
    pub requests_per_second: u32,
    /// Requests that one connection may send at once before `requests_per_second` holds it back.
    pub burst: u32,
    /// Messages a second of one user in one room, over time and over all its connections.
    pub messages_per_second: u32,
    /// Messages that one user may say at once in one room before `messages_per_second` holds its connections back.
    pub messages_burst: u32,
    /// Failed logins a minute, by account and address together.
    pub failed_logins: u32,
    /// Passwords from one address that wait for their turn to be hashed.
    pub passwords_waiting: u32,
    /// Accounts and guests an hour from one address.
    pub registrations_per_hour: u32,
    /// Rooms an hour that one user makes, and all guests of one address.
    pub rooms_made_per_hour: u32,
    /// Rooms that one user is a member of.
    pub rooms_per_user: usize,
    /// Members of one room.
    pub members_per_room: usize,
    /// Bytes that stay free on the disk of the store.
    pub disk_free: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 0,
            login_timeout: Duration::from_secs(60),
            handshakes: 256,
            frame_bytes: 2 * 1024 * 1024,
            file_bytes: 10_000_000,
            queue_events: 4096,
            queue_bytes: 4 * 1024 * 1024,
            queue_total_bytes: 256 * 1024 * 1024,
            receiving_total_bytes: 256 * 1024 * 1024,
            requests_per_second: 1000,
            burst: 2000,
            messages_per_second: 10,
            messages_burst: 60,
            failed_logins: 10,
            passwords_waiting: 1000,
            registrations_per_hour: 0,
            rooms_made_per_hour: 0,
            rooms_per_user: 1000,
            members_per_room: 0,
            disk_free: 64 * 1024 * 1024,
        }
    }
}

/// `[log]`: what is logged to standard error, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// A level (`off`, `error`, `warn`, `info`, `debug`, `trace`) or several directives `target=level` with commas
    /// between, as `tracing` filters take them.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for a person to read.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".into(),
            format: LogFormat::Text,
        }
    }
}

/// `[shutdown]`: how the gateway ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shutdown {
    /// How long clients may take to read what waits for them.
    pub grace: Duration,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(10),
        }
    }
}

impl Choice for Registration {
    const WORDS: &'static [(&'static str, Self)] =
        &[("open", Self::Open), ("closed", Self::Closed)];
}

impl Choice for ClientMode {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("off", Self::Off),
        ("optional", Self::Optional),
        ("required", Self::Required),
    ];
}

impl Choice for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

impl Show for FilesUrl {
    fn show(&self) -> Option<String> {
        Some(match self {
            Self::Beside => quoted(""),
            Self::Directory(path) => quoted(&format!("file://{}", path.display())),
            #[cfg(feature = "s3")]
            Self::S3 { bucket, prefix } if prefix.is_empty() => quoted(&format!("s3://{bucket}")),
            #[cfg(feature = "s3")]
            Self::S3 { bucket, prefix } => quoted(&format!("s3://{bucket}/{prefix}")),
        })
    }
}

impl Show for BusUrl {
    fn show(&self) -> Option<String> {
        match self {
            Self::Local => Some(quoted("local:")),
            #[cfg(feature = "nats")]
            Self::Nats(NatsServers {
                servers,
                credentials,
            }) => {
                let credentials = match credentials {
                    None => "://".to_owned(),
                    Some((user, Some(_))) => format!("://{user}:***@"),
                    // A token.
                    Some((_, None)) => "://***@".to_owned(),
                };
                let shown: Vec<_> = servers
                    .iter()
                    .map(|server| server.replacen("://", &credentials, 1))
                    .collect();
                Some(quoted(&shown.join(",")))
            }
        }
    }
}
