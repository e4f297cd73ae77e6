//! Who is put under a load.

use std::fmt;

use clap::ValueEnum;
use tolmach_reliability::client::Dialect;

/// A server, and how it is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Subject {
    /// The bare loop, each message to its sender, too
    Bare,
    /// The bare loop, its sender hears that it was passed on
    BareAck,
    /// redis, pub/sub
    Redis,
    /// tolmach, JIM, memory:
    Jim,
    /// tolmach, JIM, SQLite
    JimSqlite,
    /// tolmach, Talker, memory:
    Talker,
    /// tolmach, Talker, SQLite
    TalkerSqlite,
}

/// A server as it is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// The bare loop; whether senders hear themselves.
    Bare(bool),
    /// `redis-server`.
    Redis,
    /// `tolmach serve` with this `store.url`.
    Tolmach(&'static str),
}

const MEMORY: &str = "memory:";
const SQLITE: &str = "sqlite:tolmach.db";

impl Subject {
    /// All of them, in the order of the table.
    pub(crate) const ALL: &[Self] = &[
        Self::Bare,
        Self::BareAck,
        Self::Redis,
        Self::Jim,
        Self::JimSqlite,
        Self::Talker,
        Self::TalkerSqlite,
    ];

    /// Which server.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Bare => Kind::Bare(true),
            Self::BareAck => Kind::Bare(false),
            Self::Redis => Kind::Redis,
            Self::Jim | Self::Talker => Kind::Tolmach(MEMORY),
            Self::JimSqlite | Self::TalkerSqlite => Kind::Tolmach(SQLITE),
        }
    }

    /// Which dialect is spoken, where it is tolmach.
    pub(crate) fn dialect(self) -> Option<Dialect> {
        match self {
            Self::Bare | Self::BareAck | Self::Redis => None,
            Self::Jim | Self::JimSqlite => Some(Dialect::Jim),
            Self::Talker | Self::TalkerSqlite => Some(Dialect::Talker),
        }
    }

    /// By what it is measured: the same writes, to the sender, too.
    pub(crate) fn yardstick(self) -> Self {
        match self.dialect() {
            Some(Dialect::Jim | Dialect::Purpose) => Self::BareAck,
            Some(Dialect::Talker | Dialect::Uchat) => Self::Bare,
            None if self == Self::BareAck => self,
            None => Self::Bare,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bare => "bare loop, echo",
            Self::BareAck => "bare loop, answer",
            Self::Redis => "redis pub/sub",
            Self::Jim => "tolmach JIM, `memory:`",
            Self::JimSqlite => "tolmach JIM, SQLite",
            Self::Talker => "tolmach Talker, `memory:`",
            Self::TalkerSqlite => "tolmach Talker, SQLite",
        })
    }
}
