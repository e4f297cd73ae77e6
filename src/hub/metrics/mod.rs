//! What is counted while the hub and its gateway work, and [`Figures`]: all of it at one moment.
//!
//! ```text
//!  threads of connections: frames, bytes, times ──▶ a shard each ──┐
//!  under the state's lock: deliveries, translations ──▶ [`Told`] ──┼──▶ summed when somebody asks ──▶ Figures
//!  what is rare: commands, logins, connections ──▶ counters ───────┘
//! ```
//!
//! To count takes no lock, no memory and no look-up by hash on the way of a message: dialects have numbers, all else is an
//! enum. Whoever reads takes no lock that a delivery waits for. Nothing here holds a login, a room or an address.

mod dialects;
mod figures;
mod histogram;
mod number;
mod outcome;
mod told;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::model::Error;
use dialects::{Dialects, MAX_DIALECTS};
use histogram::{Histogram, TIMES};
use number::{Counter, Sharded};
use outcome::COUNT;

pub(crate) use dialects::DialectNumber;
pub use figures::{
    Closes, CommandFigures, Connections, DialectFigures, Figures, Logins, TranslationFigures,
};
pub use histogram::Distribution;
pub(super) use told::Told;

use super::Hub;

/// What is counted; see the module.
#[derive(Debug)]
pub(crate) struct Counts {
    dialects: Dialects,
    pub(super) told: Told,
    shards: Sharded<Shard>,
    /// What commands are called, but for those that are in no list.
    names: &'static [&'static str],
    commands: Outcomes,
    logins: Outcomes,
    connections: [Counter; MAX_DIALECTS],
    commit_seconds: Histogram,
    commit_writes: Histogram,
    rare: Mutex<Rare>,
}

/// What one thread counts.
#[derive(Debug, Default)]
struct Shard {
    traffic: [Traffic; MAX_DIALECTS],
    delivery_seconds: Histogram,
}

/// What goes over a dialect's connections.
#[derive(Debug, Default)]
struct Traffic {
    frames: Counter,
    bad_frames: Counter,
    received_bytes: Counter,
    sent_bytes: Counter,
}

/// How often something came to each outcome.
#[derive(Debug)]
struct Outcomes(Box<[[Counter; COUNT]]>);

/// What has a lock of its own, as nobody comes or goes often.
#[derive(Debug, Default)]
struct Rare {
    /// Those that are open now.
    open: Vec<Connections>,
    closes: BTreeMap<(DialectNumber, String), u64>,
}

impl Rare {
    /// Where those are counted that came by this listener and speak this dialect.
    fn place_of(&mut self, listener: Option<&Arc<str>>, dialect: &'static str) -> usize {
        let is_it = |one: &Connections| one.listener.as_ref() == listener && one.dialect == dialect;
        self.open.iter().position(is_it).unwrap_or_else(|| {
            self.open.push(Connections {
                listener: listener.cloned(),
                dialect,
                open: 0,
            });
            self.open.len() - 1
        })
    }
}

impl Outcomes {
    fn new(rows: usize) -> Self {
        Self((0..rows).map(|_| Default::default()).collect())
    }

    fn add(&self, row: usize, error: Option<&Error>) {
        if let Some(row) = self.0.get(row) {
            row[outcome::number(error)].add(1);
        }
    }

    /// What happened at all.
    fn read(&self, row: usize) -> impl Iterator<Item = (&'static str, u64)> {
        let row = self.0.get(row).into_iter().flatten();
        let counted = outcome::NAMES.into_iter().zip(row.map(Counter::load));
        counted.filter(|(_, count)| *count > 0)
    }
}

impl Default for Counts {
    /// Where no command is in a list.
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Counts {
    /// For commands that are called so; what else is asked for counts together.
    pub(super) fn new(commands: &'static [&'static str]) -> Self {
        Self {
            dialects: Dialects::default(),
            told: Told::default(),
            shards: Sharded::default(),
            names: commands,
            commands: Outcomes::new(commands.len() + 1),
            logins: Outcomes::new(MAX_DIALECTS),
            connections: Default::default(),
            commit_seconds: Histogram::default(),
            commit_writes: Histogram::default(),
            rare: Mutex::default(),
        }
    }

    /// The number of a dialect of this name, which it has from now on.
    pub(crate) fn number(&self, name: &'static str) -> DialectNumber {
        self.dialects.number(name)
    }

    fn own(&self, dialect: DialectNumber) -> &Traffic {
        &self.shards.own().traffic[dialect.place()]
    }

    /// Bytes came in, without what encryption adds.
    pub(crate) fn received(&self, dialect: DialectNumber, bytes: usize) {
        self.own(dialect).received_bytes.add(bytes as u64);
    }

    /// A client's system took bytes, without what encryption adds.
    pub(crate) fn sent(&self, dialect: DialectNumber, bytes: usize) {
        self.own(dialect).sent_bytes.add(bytes as u64);
    }

    /// A frame came in, or what is none.
    pub(crate) fn frame(&self, dialect: DialectNumber, is_bad: bool) {
        let own = self.own(dialect);
        own.frames.add(1);
        if is_bad {
            own.bad_frames.add(1);
        }
    }

    /// A command of this place among all came to this.
    pub(super) fn commanded(&self, command: Option<usize>, error: Option<&Error>) {
        if let Some(command) = command {
            self.commands.add(command, error);
        }
    }

    /// Somebody who wanted to be let in was, or was not.
    pub(super) fn came(&self, dialect: DialectNumber, error: Option<&Error>) {
        self.logins.add(dialect.place(), error);
    }

    /// So many writes were submitted at these moments and last from `durable` on.
    pub(super) fn committed(&self, submitted: impl Iterator<Item = Instant>, durable: Instant) {
        let mut writes = 0;
        for at in submitted {
            self.commit_seconds
                .add_time(durable.saturating_duration_since(at));
            writes += 1;
        }
        if writes > 0 {
            self.commit_writes.add_size(writes);
        }
    }

    /// There is a listener, to which nobody may have come yet.
    pub(crate) fn listens(&self, listener: Arc<str>, dialect: &'static str) {
        let dialect = self.number(dialect);
        self.rare()
            .place_of(Some(&listener), self.dialects.name(dialect));
    }

    /// Somebody is connected, until [`left`](Self::left) is told what this gives.
    pub(crate) fn came_in(&self, listener: Option<&Arc<str>>, dialect: &'static str) -> OpenPlace {
        let number = self.number(dialect);
        self.connections[number.place()].add(1);
        let dialect = self.dialects.name(number);
        let mut rare = self.rare();
        let place = rare.place_of(listener, dialect);
        if let Some(here) = rare.open.get_mut(place) {
            here.open += 1;
        }
        OpenPlace(NonZeroU32::MIN.saturating_add(place as u32))
    }

    /// Who is connected speaks this dialect from now on, as one that came in for it, unless it did before.
    pub(crate) fn changed(
        &self,
        place: OpenPlace,
        listener: Option<&Arc<str>>,
        dialect: &'static str,
    ) -> OpenPlace {
        let name = self.dialects.name(self.number(dialect));
        let before = self.rare().open.get(place.index()).map(|here| here.dialect);
        if before == Some(name) {
            return place;
        }
        self.left(place);
        self.came_in(listener, dialect)
    }

    /// Somebody is connected no longer.
    pub(crate) fn left(&self, place: OpenPlace) {
        if let Some(here) = self.rare().open.get_mut(place.index()) {
            here.open = here.open.saturating_sub(1);
        }
    }

    /// Somebody who connected was told to go.
    pub(crate) fn refused(&self, dialect: &'static str, reason: String) {
        let dialect = self.number(dialect);
        self.connections[dialect.place()].add(1);
        self.closed(dialect, reason);
    }

    /// A connection closed, for this reason in the words of the log.
    pub(crate) fn closed(&self, dialect: DialectNumber, reason: String) {
        *self.rare().closes.entry((dialect, reason)).or_default() += 1;
    }

    fn rare(&self) -> MutexGuard<'_, Rare> {
        self.rare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn traffic(&self, of: DialectNumber, what: impl Fn(&Traffic) -> &Counter) -> u64 {
        let shards = self.shards.all();
        let all = shards.map(|shard| what(&shard.traffic[of.place()]).load());
        all.sum()
    }

    fn delivery_seconds(&self) -> Distribution {
        let all = self.shards.all().map(|shard| &shard.delivery_seconds);
        Histogram::read(all, &TIMES)
    }
}

/// Among which of those that are connected one counts: their place, from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenPlace(NonZeroU32);

impl OpenPlace {
    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// What was committed and is being handed to sockets: dropped once the last one has it.
pub(super) struct Handing {
    counts: Arc<Counts>,
    /// How many commits are durable since when. One transaction's have one moment, and need no memory.
    first: Option<(Instant, u64)>,
    more: Vec<(Instant, u64)>,
}

impl Handing {
    pub(super) fn new(counts: Arc<Counts>) -> Self {
        Self {
            counts,
            first: None,
            more: Vec::new(),
        }
    }

    /// One more, that is durable since then.
    pub(super) fn add(&mut self, durable: Instant) {
        match self.more.last_mut().or(self.first.as_mut()) {
            Some((since, commits)) if *since == durable => *commits += 1,
            Some(_) => self.more.push((durable, 1)),
            None => self.first = Some((durable, 1)),
        }
    }
}

impl Drop for Handing {
    fn drop(&mut self) {
        let Some(first) = self.first else { return };
        let (now, own) = (Instant::now(), self.counts.shards.own());
        for (durable, commits) in [&first].into_iter().chain(&self.more) {
            let time = now.saturating_duration_since(*durable);
            own.delivery_seconds.add_times(time, *commits);
        }
    }
}

impl Hub {
    /// What was counted since the hub started, and how it is now. Takes no lock that a delivery waits for, but for a moment that
    /// of the queue of commits.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tolmach::hub::{Hub, Scope};
    ///
    /// let hub = Hub::builder().start().await?;
    /// let (mut anna, _events) = hub.attach("bot", Scope::AllRooms);
    /// anna.log_in_guest("anna").await?;
    /// anna.enter("tea").await?;
    /// anna.say("tea", "Tea?").await?;
    /// let figures = hub.metrics();
    /// let bots = figures.dialect("bot").ok_or("nobody came")?;
    /// assert_eq!((bots.guests, bots.messages, figures.rooms_live), (1, 1, 1));
    /// # hub.stop().await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn metrics(&self) -> Figures {
        Figures::read(self)
    }

    /// Where it is counted.
    pub(crate) fn counts(&self) -> &Arc<Counts> {
        &self.inner.counts
    }
}
