//! All that is counted, at one moment.

use std::sync::Arc;

use super::Counts;
use super::dialects::DialectNumber;
use super::histogram::{Distribution, Histogram, SIZES, TIMES};
use crate::bus::BusFigures;
use crate::hub::Hub;
use crate::hub::sink::Waiting;
use crate::hub::translation::{Level, Meaning};
use crate::model::UserKind;
use crate::word::Word;

/// What the hub and its gateway have done since the start, and how it is now; see [`Hub::metrics`].
///
/// What never happened is in no list. A dialect is called what its sessions say ([`ConnectionInfo`](crate::hub::ConnectionInfo));
/// those after the first fifteen are `other` together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figures {
    /// Connections that are open, by listener and dialect.
    pub connections: Vec<Connections>,
    /// What is counted for each dialect, in the order in which they were first heard of.
    pub dialects: Vec<DialectFigures>,
    /// Messages that no connection said, such as those of the program that the hub is embedded in.
    pub own_messages: u64,
    /// What commands came to.
    pub commands: Vec<CommandFigures>,
    /// What became of events on their way from one dialect to another.
    pub translations: Vec<TranslationFigures>,
    /// Rooms with somebody in them.
    pub rooms_live: u64,
    /// What waits for all connections together: events that their systems have not taken yet.
    pub outbox: Waiting,
    /// Seconds from a write's submission until it was durable.
    pub commit_seconds: Distribution,
    /// Writes in one transaction.
    pub commit_writes: Distribution,
    /// Writes that were submitted, and whose outcome is not known yet.
    pub store_queue: u64,
    /// How often the store asked something of a database in another process in order to write.
    pub store_round_trips: u64,
    /// Seconds from durable until the last socket of this node was handed its frames.
    pub delivery_seconds: Distribution,
    /// What the bus carried.
    pub bus: BusFigures,
}

/// Connections that are open now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connections {
    /// The name of the listener that they came by; `None` for those that came by none.
    pub listener: Option<Arc<str>>,
    /// The dialect that they speak.
    pub dialect: &'static str,
    /// How many there are.
    pub open: u64,
}

/// What is counted for one dialect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DialectFigures {
    /// The dialect's name, as its sessions say it.
    pub name: &'static str,
    /// Open sessions of accounts.
    pub accounts: u64,
    /// Open sessions of guests.
    pub guests: u64,
    /// Connections that came, those that were refused too.
    pub connections: u64,
    /// Why connections closed, those that were refused too.
    pub closes: Vec<Closes>,
    /// Frames that came in, bad ones too.
    pub frames_received: u64,
    /// Frames that came in and could not be understood, and bytes that could not be cut into frames.
    pub frames_bad: u64,
    /// Bytes that came in, without what encryption adds.
    pub received_bytes: u64,
    /// Bytes that were written, without what encryption adds.
    pub sent_bytes: u64,
    /// Messages that were accepted.
    pub messages: u64,
    /// Events whose frames were handed to a session, once for each session, echoes too.
    pub deliveries: u64,
    /// What became of those who wanted to be let in.
    pub logins: Vec<Logins>,
}

/// How many connections closed for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closes {
    /// Why: a word of those in docs/log.md, `too_many_connections` or `address_banned`.
    pub reason: String,
    /// How many connections ended so since the start.
    pub count: u64,
}

/// How often logins came to one outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logins {
    /// `ok`, or the name of an [`Error`](crate::model::Error) as the log has it.
    pub outcome: &'static str,
    /// How many attempts came to this since the start.
    pub count: u64,
}

/// How often a command came to one outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandFigures {
    /// The command's name as the control socket has it; `other` for those that are not the hub's own.
    pub command: String,
    /// `ok`, or the name of an [`Error`](crate::model::Error) as the log has it.
    pub outcome: &'static str,
    /// How many times the command came to this since the start.
    pub count: u64,
}

/// How often events of a dialect came to another one in the same way: once for an event and each of the forms in which
/// somebody was there to read it, however many those were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslationFigures {
    /// The dialect of the session that caused it; `None`: no session of this node did.
    pub from: Option<&'static str>,
    /// The dialect that it was told in.
    pub to: &'static str,
    /// What it means: the row of the table.
    pub meaning: Meaning,
    /// How much of it arrived.
    pub level: Level,
    /// How many there were since the start, counted as said above.
    pub count: u64,
}

impl Figures {
    pub(super) fn read(hub: &Hub) -> Self {
        let counts = hub.counts();
        let mut figures = Self {
            dialects: counts.dialect_figures(),
            own_messages: counts.told.messages(None),
            commands: counts.command_figures(),
            translations: counts.translation_figures(),
            rooms_live: counts.told.live_rooms(),
            outbox: hub.backlog().waiting(),
            commit_seconds: Histogram::read([&counts.commit_seconds], &TIMES),
            commit_writes: Histogram::read([&counts.commit_writes], &SIZES),
            store_queue: hub.inner.commit_queue.under_way(),
            store_round_trips: hub.inner.store.round_trips(),
            delivery_seconds: counts.delivery_seconds(),
            bus: hub.bus_figures(),
            connections: Vec::new(),
        };
        let rare = counts.rare();
        figures.connections.clone_from(&rare.open);
        for ((dialect, reason), count) in &rare.closes {
            let name = counts.dialects.name(*dialect);
            let known = figures.dialects.iter_mut().find(|one| one.name == name);
            if let Some(dialect) = known {
                let (reason, count) = (reason.clone(), *count);
                dialect.closes.push(Closes { reason, count });
            }
        }
        figures
    }

    /// What is counted for the dialect of this name.
    #[must_use]
    pub fn dialect(&self, name: &str) -> Option<&DialectFigures> {
        self.dialects.iter().find(|dialect| dialect.name == name)
    }

    /// Messages that were accepted, whoever said them.
    #[must_use]
    pub fn messages(&self) -> u64 {
        let dialects = self.dialects.iter().map(|dialect| dialect.messages);
        self.own_messages + dialects.sum::<u64>()
    }

    /// Events whose frames were handed to a session, over all dialects.
    #[must_use]
    pub fn deliveries(&self) -> u64 {
        let dialects = self.dialects.iter();
        dialects.map(|dialect| dialect.deliveries).sum()
    }

    /// Connections that closed for this reason, over all dialects.
    #[must_use]
    pub fn closed(&self, reason: &str) -> u64 {
        let closes = self.dialects.iter().flat_map(|dialect| &dialect.closes);
        let of_reason = closes.filter(|closes| closes.reason == reason);
        of_reason.map(|closes| closes.count).sum()
    }
}

impl Counts {
    fn dialect_figures(&self) -> Vec<DialectFigures> {
        let all = self.dialects.all();
        all.map(|(number, name)| self.figures_of(number, name))
            .collect()
    }

    fn figures_of(&self, of: DialectNumber, name: &'static str) -> DialectFigures {
        let logins = self.logins.read(of.place());
        DialectFigures {
            name,
            accounts: self.told.open_sessions(of, UserKind::Account),
            guests: self.told.open_sessions(of, UserKind::Guest),
            connections: self.connections[of.place()].load(),
            closes: Vec::new(),
            frames_received: self.traffic(of, |traffic| &traffic.frames),
            frames_bad: self.traffic(of, |traffic| &traffic.bad_frames),
            received_bytes: self.traffic(of, |traffic| &traffic.received_bytes),
            sent_bytes: self.traffic(of, |traffic| &traffic.sent_bytes),
            messages: self.told.messages(Some(of)),
            deliveries: self.told.deliveries(of),
            logins: logins
                .map(|(outcome, count)| Logins { outcome, count })
                .collect(),
        }
    }

    fn command_figures(&self) -> Vec<CommandFigures> {
        let names = self.names.iter().copied().chain(["Other"]).enumerate();
        let all = names.flat_map(|(row, name)| {
            let counted = self.commands.read(row);
            counted.map(move |(outcome, count)| CommandFigures {
                command: Word(name).to_string(),
                outcome,
                count,
            })
        });
        all.collect()
    }

    fn translation_figures(&self) -> Vec<TranslationFigures> {
        let dialects: Vec<_> = self.dialects.all().collect();
        let from = dialects
            .iter()
            .map(|(from, name)| (Some(*from), Some(*name)));
        let mut all = Vec::new();
        for (from, from_name) in from.chain([(None, None)]) {
            for (to, to_name) in &dialects {
                let counted = self.told.translations(from, *to);
                all.extend(counted.map(|(meaning, level, count)| TranslationFigures {
                    from: from_name,
                    to: to_name,
                    meaning,
                    level,
                    count,
                }));
            }
        }
        all
    }
}
