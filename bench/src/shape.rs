//! The loads.

use std::fmt;

use clap::ValueEnum;
use tolmach_load::Pace;

/// A load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Shape {
    /// 100 rooms of 10, 2,000 messages a second
    #[value(name = "rooms-2000")]
    Rooms2000,
    /// 100 rooms of 10, 10,000 messages a second
    #[value(name = "rooms-10000")]
    Rooms10000,
    /// 100 rooms of 10, each member has one message under way, as fast as it goes
    #[value(name = "rooms-1")]
    Rooms1,
    /// 100 rooms of 10, each member has 16 messages under way, as fast as it goes
    #[value(name = "rooms-16")]
    Rooms16,
    /// 1 room of 1,000, 100 messages a second
    #[value(name = "room-100")]
    Room100,
    /// 1 room of 1,000, ten of its members have 4 messages under way each, as fast as it goes
    #[value(name = "room-4")]
    Room4,
}

/// What a load is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// How many rooms.
    pub(crate) rooms: usize,
    /// How many are in each.
    pub(crate) members: usize,
    /// How many of those speak.
    pub(crate) senders: usize,
    /// How fast.
    pub(crate) pace: Pace,
}

impl Shape {
    /// All of them, in the order of the table.
    pub(crate) const ALL: &[Self] = &[
        Self::Rooms2000,
        Self::Rooms10000,
        Self::Rooms1,
        Self::Rooms16,
        Self::Room100,
        Self::Room4,
    ];

    /// Whether it is measured where there is little time.
    pub(crate) fn is_quick(self) -> bool {
        matches!(
            self,
            Self::Rooms2000 | Self::Rooms10000 | Self::Rooms16 | Self::Room100
        )
    }

    /// What it is made of.
    pub(crate) fn load(self) -> Load {
        let rooms = |pace| Load {
            rooms: 100,
            members: 10,
            senders: 10,
            pace,
        };
        let room = |senders, pace| Load {
            rooms: 1,
            members: 1000,
            senders,
            pace,
        };
        match self {
            Self::Rooms2000 => rooms(Pace::PerSecond(2000)),
            Self::Rooms10000 => rooms(Pace::PerSecond(10_000)),
            Self::Rooms1 => rooms(Pace::InFlight(1)),
            Self::Rooms16 => rooms(Pace::InFlight(16)),
            Self::Room100 => room(1000, Pace::PerSecond(100)),
            Self::Room4 => room(10, Pace::InFlight(4)),
        }
    }

    /// At the head of a column.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Rooms2000 => "100 rooms × 10, 2,000 msg/s",
            Self::Rooms10000 => "same, 10,000 msg/s",
            Self::Rooms1 => "one in flight each, max",
            Self::Rooms16 => "16 in flight each, max",
            Self::Room100 => "1 room × 1,000, 100 msg/s",
            Self::Room4 => "same, 10 senders with 4 in flight, max",
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}
