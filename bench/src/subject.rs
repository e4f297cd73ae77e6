//! Who is put under a load.

use std::fmt;

use tolmach_reliability::client::Dialect;

use crate::shape::Group;

/// A server and how it is spoken to, by its place in the list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Subject(usize);

/// What there is to know of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// At the head of a row.
    pub(crate) title: &'static str,
    /// Which server is measured.
    pub(crate) kind: Kind,
    /// How those speak who speak, and those hear who only hear, where it is tolmach.
    pub(crate) dialects: Option<[Dialect; 2]>,
    /// Through what they speak.
    pub(crate) over: Over,
    /// Where it is measured though it is not named.
    groups: &'static [Group],
}

/// What there is between a protocol and TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// Nothing.
    Tcp,
    /// TLS.
    Tls,
    /// WebSocket.
    WebSocket,
}

/// A server as it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// The bare loop.
    Bare {
        /// Whether senders hear themselves; else each message is answered.
        echo: bool,
        /// Whether receivers answer what they hear.
        answers: bool,
    },
    /// `redis-server`.
    Redis,
    /// `inspircd`.
    Inspircd,
    /// `nats-server`.
    Nats,
    /// `mosquitto`.
    Mosquitto,
    /// `nats-server` that keeps in files what comes for a stream.
    JetStream,
    /// PostgreSQL, as its packages set it up.
    Postgres,
    /// `tolmach serve` with this `store.url`.
    Tolmach(&'static str),
    /// The same, on the disk.
    OnDisk(&'static str),
}

use Dialect::{Jim, Purpose, Talker, Uchat};
use Group::{Durable, Idle, Members, Pairs, Rate, Rooms, Table};

const MEMORY: Kind = Kind::Tolmach("memory:");
const SQLITE: Kind = Kind::Tolmach("sqlite:tolmach.db");

const fn bare(name: &'static str, title: &'static str, echo: bool, answers: bool) -> About {
    About {
        name,
        title,
        kind: Kind::Bare { echo, answers },
        dialects: None,
        over: Over::Tcp,
        groups: match answers {
            true => &[Table, Pairs],
            false => &[Table, Pairs, Rate, Members, Rooms],
        },
    }
}

const fn peer(name: &'static str, title: &'static str, kind: Kind) -> About {
    About {
        name,
        title,
        kind,
        dialects: None,
        over: Over::Tcp,
        groups: &[Table, Rate, Idle],
    }
}

const fn tolmach(
    name: &'static str,
    title: &'static str,
    kind: Kind,
    dialects: [Dialect; 2],
    groups: &'static [Group],
) -> About {
    About {
        name,
        title,
        kind,
        dialects: Some(dialects),
        over: Over::Tcp,
        groups,
    }
}

const SUBJECTS: &[About] = &[
    bare("bare", "bare loop, echo", true, false),
    bare("bare-ack", "bare loop, answer", false, false),
    bare(
        "bare-answers",
        "bare loop, answer, receivers answer",
        false,
        true,
    ),
    peer("redis", "redis-server, pub/sub", Kind::Redis),
    peer("inspircd", "inspircd", Kind::Inspircd),
    peer("nats", "nats-server", Kind::Nats),
    peer("mosquitto", "mosquitto, QoS 0", Kind::Mosquitto),
    About {
        groups: &[Durable],
        ..peer("jetstream", "nats-server JetStream, files", Kind::JetStream)
    },
    About {
        groups: &[Durable],
        ..peer("postgres", "PostgreSQL, an INSERT for each", Kind::Postgres)
    },
    tolmach(
        "jim-disk",
        "tolmach JIM, SQLite on the disk",
        Kind::OnDisk("sqlite:tolmach.db"),
        [Jim, Jim],
        &[Durable],
    ),
    tolmach(
        "uchat-disk",
        "tolmach uchat, SQLite on the disk",
        Kind::OnDisk("sqlite:tolmach.db"),
        [Uchat, Uchat],
        &[Durable],
    ),
    tolmach(
        "jim",
        "tolmach JIM, `memory:`",
        MEMORY,
        [Jim, Jim],
        &[Table, Rate, Members, Rooms, Idle, Durable],
    ),
    tolmach(
        "jim-sqlite",
        "tolmach JIM, SQLite",
        SQLITE,
        [Jim, Jim],
        &[Table],
    ),
    About {
        over: Over::Tls,
        ..tolmach(
            "jim-tls",
            "tolmach JIM through TLS, `memory:`",
            MEMORY,
            [Jim, Jim],
            &[Table, Idle],
        )
    },
    About {
        over: Over::WebSocket,
        ..tolmach(
            "jim-ws",
            "tolmach JIM over WebSocket, `memory:`",
            MEMORY,
            [Jim, Jim],
            &[Table, Idle],
        )
    },
    tolmach(
        "talker",
        "tolmach Talker, `memory:`",
        MEMORY,
        [Talker, Talker],
        &[Table],
    ),
    tolmach(
        "talker-sqlite",
        "tolmach Talker, SQLite",
        SQLITE,
        [Talker, Talker],
        &[Table, Rate, Members, Idle],
    ),
    tolmach(
        "purpose",
        "tolmach purpose, `memory:`",
        MEMORY,
        [Purpose, Purpose],
        &[Table, Idle],
    ),
    tolmach(
        "purpose-sqlite",
        "tolmach purpose, SQLite",
        SQLITE,
        [Purpose, Purpose],
        &[Table],
    ),
    tolmach(
        "uchat",
        "tolmach uchat, `memory:`",
        MEMORY,
        [Uchat, Uchat],
        &[Table],
    ),
    tolmach(
        "uchat-sqlite",
        "tolmach uchat, SQLite",
        SQLITE,
        [Uchat, Uchat],
        &[Table],
    ),
    tolmach(
        "jim-talker",
        "JIM to Talker",
        MEMORY,
        [Jim, Talker],
        &[Pairs],
    ),
    tolmach(
        "jim-purpose",
        "JIM to purpose",
        MEMORY,
        [Jim, Purpose],
        &[Pairs],
    ),
    tolmach("jim-uchat", "JIM to uchat", MEMORY, [Jim, Uchat], &[Pairs]),
    tolmach(
        "talker-jim",
        "Talker to JIM",
        MEMORY,
        [Talker, Jim],
        &[Pairs],
    ),
    tolmach(
        "talker-purpose",
        "Talker to purpose",
        MEMORY,
        [Talker, Purpose],
        &[Pairs],
    ),
    tolmach(
        "talker-uchat",
        "Talker to uchat",
        MEMORY,
        [Talker, Uchat],
        &[Pairs],
    ),
    tolmach(
        "purpose-jim",
        "purpose to JIM",
        MEMORY,
        [Purpose, Jim],
        &[Pairs],
    ),
    tolmach(
        "purpose-talker",
        "purpose to Talker",
        MEMORY,
        [Purpose, Talker],
        &[Pairs],
    ),
    tolmach(
        "purpose-uchat",
        "purpose to uchat",
        MEMORY,
        [Purpose, Uchat],
        &[Pairs],
    ),
    tolmach("uchat-jim", "uchat to JIM", MEMORY, [Uchat, Jim], &[Pairs]),
    tolmach(
        "uchat-talker",
        "uchat to Talker",
        MEMORY,
        [Uchat, Talker],
        &[Pairs],
    ),
    tolmach(
        "uchat-purpose",
        "uchat to purpose",
        MEMORY,
        [Uchat, Purpose],
        &[Pairs],
    ),
];

impl Subject {
    /// All of them, in the order of the tables.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..SUBJECTS.len()).map(Self)
    }

    /// The one of this name.
    ///
    /// # Errors
    /// The names that there are.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let found = Self::all().find(|subject| subject.about().name == name);
        found.ok_or_else(|| {
            let names: Vec<_> = SUBJECTS.iter().map(|about| about.name).collect();
            format!("one of {}", names.join(", "))
        })
    }

    /// What there is to know of it.
    pub(crate) fn about(self) -> &'static About {
        &SUBJECTS[self.0]
    }

    /// Whether it is measured in this group though it is not named.
    pub(crate) fn is_in(self, group: Group) -> bool {
        self.about().groups.contains(&group)
    }

    /// The bare loop that it is measured by: its sender hears as much, its receivers say as much.
    pub(crate) fn yardstick(self) -> Self {
        let kind = match (self.about().kind, self.about().dialects) {
            (kind @ Kind::Bare { .. }, _) => kind,
            (_, Some([speak, hear])) => Kind::Bare {
                echo: matches!(speak, Talker | Uchat) && hear != Purpose,
                answers: hear == Purpose,
            },
            (_, None) => Kind::Bare {
                echo: true,
                answers: false,
            },
        };
        let found = Self::all().find(|subject| subject.about().kind == kind);
        found.unwrap_or(self)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about().title)
    }
}
