//! What the state counts of what it tells, under its lock.

use std::sync::OnceLock;

use super::dialects::{DialectNumber, MAX_DIALECTS};
use super::number::Held;
use crate::hub::translation::{Level, Meaning};
use crate::model::UserKind;

/// How many levels there are.
const LEVELS: usize = Level::ALL.len();

/// Changed by whoever holds the state's lock, read without it.
#[derive(Debug, Default)]
pub(in crate::hub) struct Told {
    deliveries: [Held; MAX_DIALECTS],
    /// The last is of what no connection said.
    messages: [Held; MAX_DIALECTS + 1],
    /// Of accounts, of guests.
    sessions: [[Held; 2]; MAX_DIALECTS],
    rooms_live: Held,
    /// By whose they are, then by whom they are for; the last is of what no session of this node caused.
    translations: [[OnceLock<Translations>; MAX_DIALECTS]; MAX_DIALECTS + 1],
}

/// By meaning and level. Made when the first of a pair is counted.
#[derive(Debug)]
struct Translations(Box<[[Held; LEVELS]]>);

impl Default for Translations {
    fn default() -> Self {
        Self(Meaning::ALL.iter().map(|_| Default::default()).collect())
    }
}

fn place_of(dialect: Option<DialectNumber>) -> usize {
    dialect.map_or(MAX_DIALECTS, DialectNumber::place)
}

impl Told {
    /// Of so many events a session was handed the frames.
    pub(in crate::hub) fn delivered(&self, dialect: DialectNumber, events: usize) {
        self.deliveries[dialect.place()].add(events as i64);
    }

    /// A message was accepted that came over this dialect.
    pub(in crate::hub) fn accepted(&self, dialect: Option<DialectNumber>) {
        self.messages[place_of(dialect)].add(1);
    }

    /// A session of such a user is there (1), or gone (-1).
    pub(in crate::hub) fn sessions(&self, dialect: DialectNumber, kind: UserKind, more: i64) {
        self.sessions[dialect.place()][kind as usize].add(more);
    }

    /// So many rooms have somebody in them.
    pub(in crate::hub) fn rooms_live(&self, count: usize) {
        self.rooms_live.set(count as i64);
    }

    /// An event was translated.
    pub(in crate::hub) fn translated(
        &self,
        from: Option<DialectNumber>,
        to: DialectNumber,
        meaning: Meaning,
        level: Level,
    ) {
        let pair = &self.translations[place_of(from)][to.place()];
        let counts = &pair.get_or_init(Translations::default).0;
        if let Some(levels) = counts.get(meaning as usize) {
            levels[level as usize].add(1);
        }
    }

    pub(super) fn deliveries(&self, of: DialectNumber) -> u64 {
        self.deliveries[of.place()].load()
    }

    pub(super) fn messages(&self, of: Option<DialectNumber>) -> u64 {
        self.messages[place_of(of)].load()
    }

    /// How many messages were accepted.
    pub(in crate::hub) fn all_messages(&self) -> u64 {
        self.messages.iter().map(Held::load).sum()
    }

    pub(super) fn open_sessions(&self, of: DialectNumber, kind: UserKind) -> u64 {
        self.sessions[of.place()][kind as usize].load()
    }

    pub(super) fn live_rooms(&self) -> u64 {
        self.rooms_live.load()
    }

    /// What happened at all.
    pub(super) fn translations(
        &self,
        from: Option<DialectNumber>,
        to: DialectNumber,
    ) -> impl Iterator<Item = (Meaning, Level, u64)> {
        let pair = self.translations[place_of(from)][to.place()].get();
        let meanings = pair
            .into_iter()
            .flat_map(|pair| Meaning::ALL.iter().zip(&pair.0));
        let all = meanings.flat_map(|(meaning, levels)| {
            let levels = Level::ALL.iter().zip(levels);
            levels.map(|(level, count)| (*meaning, *level, count.load()))
        });
        all.filter(|(_, _, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meanings_and_levels_are_numbered_in_the_order_of_their_lists() {
        let meanings = Meaning::ALL.iter().map(|meaning| *meaning as usize);
        assert!(meanings.eq(0..Meaning::ALL.len()));
        let levels = Level::ALL.iter().map(|level| *level as usize);
        assert!(levels.eq(0..LEVELS));
        assert_eq!(
            [UserKind::Account as usize, UserKind::Guest as usize],
            [0, 1]
        );
    }
}
