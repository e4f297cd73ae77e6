//! The keys that a configuration has: one row for each of the gateway's, and those of its dialects.

use super::read::{connections, frame_bytes, lease, level, life, path, some_path, threads};
use super::section::StoreUrl;
use super::{Config, address, http, name, suggest, url};
use crate::dialects;
use crate::dialects::Settings;
use crate::key;
use crate::settings::read::{duration, flag, limit, whole};
use crate::settings::{Key, Show, ValueError, choice, quoted};

/// The keys that are not about listeners. Those of a section stand together, those of none come first.
pub(super) const GENERAL: &[Key<Config>] = &[
    key!(data_dir: path, "Where the gateway keeps its database, its lock and its control socket."),
    key!(name: name::gateway, "What the gateway calls itself in notices, and the login under which it answers private messages."),
    Key {
        name: "store.url",
        about: "Where accounts, rooms and messages are kept. `sqlite:PATH` is a file, a relative one under `data_dir`; `postgres://USER:PASSWORD@HOST/DATABASE` a database on a server; `memory:` keeps nothing beyond the life of the process.",
        is_secret: false,
        read: |config, written| {
            config.store.url = url::store(written)?;
            Ok(())
        },
        show: store_url,
    },
    key!(store.connections: connections, "How many connections to a `postgres://` database read at once, 1 to 1000; one more writes."),
    key!(files.url: url::files, "Where the contents of files are kept. `file:///PATH` is a directory, which is this gateway's alone (its nodes share it) and is made where there is none; `s3://BUCKET/PREFIX` a bucket, what begins with the prefix is this gateway's alone; `\"\"` a directory beside the database."),
    key!(files.endpoint: url::endpoint, "Where the server of an `s3://` bucket is: `https://HOST`, or `http://HOST:PORT` on a network of its own. Not set: as `AWS_ENDPOINT_URL` says, else AWS."),
    key!(files.region: url::word, "The region of an `s3://` bucket. Not set: as `AWS_REGION` says, else `us-east-1`."),
    key!(files.access_key_id: url::word, "The id of the access key to an `s3://` bucket. Without both: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` (and `AWS_SESSION_TOKEN`), else the role of the machine."),
    key!(secret files.secret_access_key: url::word, "The access key to an `s3://` bucket."),
    key!(bus.url: url::bus, "What carries events between nodes: `local:` is this process alone, `nats://HOST:PORT` NATS."),
    key!(bus.prefix: url::prefix, "What all subjects of a NATS bus begin with; several gateways may share one."),
    key!(bus.ca: some_path, "A PEM file: authorities that vouch for the servers of a NATS bus, beside the system's."),
    key!(node.name: name::node, "What this process is called in lists and logs, where several are one gateway; empty: the machine's name."),
    key!(node.lease: lease, "For how long the others wait for a node that is not heard of before it is gone: what it held is free then. `\"2s\"` to `\"5m\"`."),
    key!(runtime.threads: threads, "Over how many threads connections are spread: a number, or `\"auto\"` for one less than there are processors for the process."),
    key!(accounts.registration: choice, "Who makes accounts: `\"open\"` is anyone over a dialect that can, `\"closed\"` is the command line only."),
    key!(accounts.password_min: whole, "The least characters of a new password, where the gateway gets to see it"),
    key!(accounts.guests: flag, "Whether a client may come in without an account"),
    key!(accounts.session_life: life, "A session that was not used for so long is gone; an open connection is use. More than 0."),
    key!(rooms.create_on_join: flag, "Whether entering a room that does not exist yet makes it, as a public one"),
    key!(rooms.create: name::rooms, "Public rooms that exist from the start."),
    key!(rooms.keep: duration, "For how long messages are kept, in direct rooms too; `\"0s\"`: for ever."),
    Key {
        name: "http.address",
        about: "Where metrics, the API, WebSocket and the pages are: IP address and port; `\"\"`: nowhere. `serve -a` does not move it. Where nobody set it and another process has the port, the gateway starts without HTTP and says so.",
        is_secret: false,
        read: |config, written| {
            config.http.address = http::address(written)?;
            Ok(())
        },
        show: |config| config.http.address.show().or_else(|| Some(quoted(""))),
    },
    key!(http.tls: choice, "As a listener's `tls`. Where it is not set: `\"off\"` where every listener's is, `\"required\"` where `tls.client` is."),
    key!(http.proxy: address::networks, "As a listener's `proxy`: networks of balancers, whose connections begin with a header of the PROXY protocol, version 1 or 2."),
    key!(http.public_url: http::public_url, "What links to files begin with, as `\"https://chat.example\"`; `\"\"`: there are no links."),
    key!(http.origins: http::origins, "Further origins, as `[\"https://chat.example\"]`, whose pages may open a WebSocket or call the API; the gateway's own always may."),
    key!(http.chat: flag, "Whether there is a chat at `/`"),
    key!(http.console: flag, "Whether there is a console for operators at `/console`"),
    key!(http.metrics: flag, "Whether anybody who reaches the address may read `/metrics`; operators always may"),
    key!(tls.certificate: some_path, "A PEM file: the certificate and its chain. Without both files the gateway makes a self-signed one for the machine's names and addresses, once, in `data_dir/tls` (`certificate.pem`, and `key.pem` with mode 0600)."),
    key!(tls.key: some_path, "A PEM file: the private key, as PKCS#8, SEC1 or RSA's own form, not encrypted: RSA of 2048 bits or more, P-256, P-384 or Ed25519."),
    key!(tls.client_ca: some_path, "A PEM file: the authorities that vouch for clients."),
    key!(tls.client: choice, "Whether clients show a certificate: `\"off\"` asks for none, `\"optional\"` refuses one that does not hold, `\"required\"` refuses who shows none, too."),
    key!(presence.grace: duration, "How long someone whose connection broke off without a farewell is idle before being absent."),
    key!(limits.connections: limit, "Connections at once. One more is told so in its dialect and closed."),
    key!(limits.connections_per_address: limit, "Connections at once from one IP address, of IPv6 one /64."),
    key!(limits.login_timeout: duration, "How long a connection may take to say who it is; `\"0s\"` is no limit."),
    key!(limits.handshakes: limit, "TLS handshakes under way at once; one more waits for its turn."),
    key!(limits.frame_bytes: frame_bytes, "Bytes of one inbound frame, where its dialect does not bound it; at least 1024"),
    key!(limits.file_bytes: limit, "Bytes of one uploaded file."),
    key!(limits.queue_events: limit, "Events that wait for one session. Who falls further behind is closed, and recovers from history."),
    key!(limits.queue_bytes: limit, "Bytes that wait for one session; likewise."),
    key!(limits.queue_total_bytes: limit, "Bytes that wait for all sessions together, what several are told counted for each. Over it the one that most waits for is closed as too slow, then the next, until it is kept."),
    key!(limits.receiving_total_bytes: limit, "Bytes of frames that have begun and are not whole yet, of all connections together, the first 64 KiB of each not counted."),
    key!(limits.requests_per_second: limit, "Requests of one connection. Over it the gateway reads that connection more slowly, and refuses nothing."),
    key!(limits.burst: limit, "Requests that one connection may send at once before it is slowed down."),
    key!(limits.messages_per_second: limit, "Messages and edits of one user in one room (a private message in the room of the two), over all its connections. Over it these are read more slowly: nothing is refused or lost, and nobody else waits."),
    key!(limits.messages_burst: limit, "Messages that one user may say at once in one room before its connections are slowed down."),
    key!(limits.failed_logins: limit, "Failed logins a minute, by account and IP address (of IPv6 one /64) together; more are refused unseen."),
    key!(limits.passwords_waiting: limit, "Passwords from one IP address, of IPv6 one /64, that wait for their turn to be checked or made. Over it who would come last is refused: who failed most often lately, then who has not come in from there before."),
    key!(limits.registrations_per_hour: limit, "Accounts and guests an hour from one IP address, of IPv6 one /64; more are refused"),
    key!(limits.rooms_made_per_hour: limit, "Rooms an hour that one user makes (those of two users for their private messages are not counted), and all guests of one address; more are refused"),
    key!(limits.rooms_per_user: limit, "Rooms that one user is a member of."),
    key!(limits.members_per_room: limit, "Members of one room."),
    key!(limits.disk_free: limit, "Bytes that stay free on the disks of the store and of the files."),
    key!(log.level: level, "What goes to standard error: `off`, `error`, `warn`, `info`, `debug` or `trace`, or several with commas between, `TARGET=LEVEL` for a part of the program: `\"info,tolmach::hub=debug\"`."),
    key!(log.format: choice, "`\"text\"` for a person, `\"json\"` for one object a line."),
    key!(shutdown.grace: duration, "How long clients may take, after SIGTERM or SIGINT, to read what waits for them."),
];

/// The keys that only a start looks at.
pub(super) const NEEDS_RESTART: [&str; 15] = [
    "data_dir",
    "name",
    "store.url",
    "store.connections",
    "files.url",
    "files.endpoint",
    "files.region",
    "files.access_key_id",
    "files.secret_access_key",
    "bus.url",
    "bus.prefix",
    "bus.ca",
    "node.name",
    "node.lease",
    "runtime.threads",
];

/// The keys of a `[[listener]]` beside those of its dialect, and what they are for.
pub(super) const LISTENER: [(&str, &str); 5] = [
    ("name", "What the ready line and messages call it"),
    ("dialect", "Required"),
    (
        "address",
        "IP address and port: `\"[::]:7777\"`, `\"127.0.0.1:7777\"`. Port 0 lets the system choose",
    ),
    (
        "tls",
        "`\"auto\"` takes plain connections and TLS on one port, told apart by the first bytes (0x16 0x03 begin a handshake); `\"required\"` takes TLS only, and tells a plain client so; `\"off\"` takes plain only.",
    ),
    (
        "proxy",
        "Networks of balancers, as `[\"10.0.0.0/8\", \"192.0.2.1\"]`. A connection from there begins with a header of the PROXY protocol, version 1 or 2",
    ),
];

/// What a file with these dialects can hold, by name.
pub(super) struct Keys {
    /// Every key but those inside a `[[listener]]`: `name`, `limits.burst`, `jim.pace`, `listener`.
    pub(super) all: Vec<String>,
    /// Dialects that are known, but not here. Their sections are passed over: a file may serve several builds.
    elsewhere: Vec<&'static str>,
}

impl Keys {
    pub(super) fn of(dialects: &[Settings]) -> Self {
        let general = GENERAL.iter().map(|key| key.name.to_owned());
        let of_dialects = dialects.iter().flat_map(|settings| {
            let keys = settings.shown().into_iter();
            keys.map(|key| format!("{}.{}", settings.dialect(), key.name))
        });
        let known = dialects::ALL.iter().map(|kind| kind.name());
        let known = known.chain(dialects::LEFT_OUT.iter().copied());
        let is_here = |name: &str| dialects.iter().any(|here| here.dialect() == name);
        Self {
            all: general
                .chain(of_dialects)
                .chain(["listener".into()])
                .collect(),
            elsewhere: known.filter(|name| !is_here(name)).collect(),
        }
    }

    /// Whether the file has a `[name]`.
    pub(super) fn is_section(&self, name: &str) -> bool {
        self.sections().any(|section| section == name)
    }

    /// Whether a key in dotted form is of a dialect that is not here.
    pub(super) fn is_elsewhere(&self, key: &str) -> bool {
        let section = key.split('.').next().unwrap_or(key);
        self.elsewhere.contains(&section)
    }

    fn sections(&self) -> impl Iterator<Item = &str> {
        let dotted = self.all.iter().filter_map(|key| key.split_once('.'));
        dotted.map(|(section, _)| section)
    }

    /// What is wrong with a key that does not exist, and the one that was probably meant.
    pub(super) fn unknown(&self, key: &str) -> ValueError {
        let sections = self.sections().filter(|_| !key.contains('.'));
        let known = self.all.iter().map(String::as_str).chain(sections);
        suggest::unknown(key, known, str::to_owned)
    }
}

/// A path under `data_dir` is shown as it would be written, without it.
fn store_url(config: &Config) -> Option<String> {
    Some(match &config.store.url {
        StoreUrl::Memory => quoted("memory:"),
        StoreUrl::Sqlite(path) => {
            let path = path.strip_prefix(&config.data_dir).unwrap_or(path);
            quoted(&format!("sqlite:{}", path.display()))
        }
        #[cfg(feature = "postgres")]
        StoreUrl::Postgres(url) => quoted(&url.without_password()),
    })
}
