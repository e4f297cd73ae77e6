//! What is measured under which load.

use std::fmt;

use clap::ValueEnum;
use tolmach_load::Pace;

/// Which nodes there are, and who is at which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(super) enum Setting {
    /// One node with SQLite.
    Sqlite,
    /// One node with PostgreSQL.
    Postgres,
    /// Two nodes, with PostgreSQL and NATS: whole rooms are at one.
    Own,
    /// The same, half of those who hear are at the other node than the one who speaks.
    Half,
    /// The same, all who hear are.
    Other,
}

impl Setting {
    pub(super) const ALL: [Self; 5] = [
        Self::Sqlite,
        Self::Postgres,
        Self::Own,
        Self::Half,
        Self::Other,
    ];

    /// Those with two nodes.
    pub(super) const TWO: [Self; 3] = [Self::Own, Self::Half, Self::Other];

    /// Whether one is at the other node, by the place in its room; the one who speaks has place 0.
    pub(super) fn is_away(self, place: usize) -> bool {
        match self {
            Self::Sqlite | Self::Postgres | Self::Own => false,
            Self::Half => place > 0 && place.is_multiple_of(2),
            Self::Other => place > 0,
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "one node, SQLite",
            Self::Postgres => "one node, PostgreSQL",
            Self::Own => "two nodes, receivers at the sender's",
            Self::Half => "two nodes, receivers at both",
            Self::Other => "two nodes, receivers at the other",
        })
    }
}

/// A load: rooms with one who speaks in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Load {
    /// What it is called on the command line.
    name: &'static str,
    pub(super) rooms: usize,
    /// How many in each only hear.
    pub(super) receivers: usize,
    /// How many messages are under way for each who speaks; 0: they speak at the rate.
    in_flight: u32,
    per_second: u32,
}

impl Load {
    const fn flood(name: &'static str, rooms: usize, receivers: usize, in_flight: u32) -> Self {
        Self {
            name,
            rooms,
            receivers,
            in_flight,
            per_second: 0,
        }
    }

    const fn even(name: &'static str, rooms: usize, receivers: usize, per_second: u32) -> Self {
        Self {
            name,
            rooms,
            receivers,
            in_flight: 0,
            per_second,
        }
    }

    /// As many as can be accepted, with nobody to hear them.
    pub(super) const ACCEPTED: Self = Self::flood("accepted", 64, 0, 16);
    /// The same, each heard by two.
    pub(super) const HEARD: Self = Self::flood("heard", 64, 2, 16);
    /// One at a time.
    pub(super) const ONE: Self = Self::flood("one", 1, 2, 1);
    /// An even pace of 500 messages a second that two hear each.
    pub(super) const EVEN: Self = Self::even("even", 64, 2, 500);
    /// Ten receivers at each node.
    pub(super) const TEN: Self = Self::even("ten", 10, 20, 100);
    /// An even pace in rooms of which two hundred hear.
    pub(super) const HUNDRED: Self = Self::even("hundred", 4, 200, 20);

    /// Loads whose transactions are ever larger.
    pub(super) const BATCHES: [Self; 4] = [
        Self::flood("batches", 1, 0, 1),
        Self::flood("batches", 20, 0, 1),
        Self::flood("batches", 100, 0, 4),
        Self::flood("batches", 100, 0, 100),
    ];

    /// All but those of [`Load::BATCHES`].
    pub(super) const ALL: [Self; 6] = [
        Self::ACCEPTED,
        Self::HEARD,
        Self::ONE,
        Self::EVEN,
        Self::TEN,
        Self::HUNDRED,
    ];

    /// Those for who has little time.
    pub(super) const QUICK: [Self; 2] = [Self::ONE, Self::TEN];

    /// The one of [`Load::ALL`] that has this name.
    ///
    /// # Errors
    /// The names that there are.
    pub(super) fn parse(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|load| load.name == name);
        found.ok_or_else(|| format!("one of {}", Self::ALL.map(|load| load.name).join(", ")))
    }

    /// Where it shows something.
    pub(super) fn settings(self) -> &'static [Setting] {
        match self {
            // Nobody hears, wherever one would be.
            Self::ACCEPTED => &[Setting::Sqlite, Setting::Postgres, Setting::Own],
            Self::TEN | Self::HUNDRED => &Setting::TWO,
            _ => &Setting::ALL,
        }
    }

    /// How fast they speak: at a rate, or with a window.
    pub(super) fn pace(self) -> Pace {
        match self.in_flight {
            0 => Pace::PerSecond(self.per_second),
            window => Pace::InFlight(window),
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rooms, receivers, ..
        } = self;
        write!(f, "{rooms} rooms, {receivers} hear, ")?;
        match self.in_flight {
            0 => write!(f, "{} msg/s", self.per_second),
            window => write!(f, "{window} in flight each"),
        }
    }
}
