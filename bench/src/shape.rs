//! The loads.

use std::fmt;

use tolmach_load::Pace;

/// A load, by its place in the list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Shape(usize);

/// What a load is made of.
#[derive(Debug)]
pub(crate) struct Load {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// At the head of a column.
    pub(crate) title: &'static str,
    /// What it is to show.
    pub(crate) group: Group,
    /// How many rooms.
    pub(crate) rooms: usize,
    /// How many are in each.
    pub(crate) members: usize,
    /// How many of those speak.
    pub(crate) senders: usize,
    /// How fast they speak: at a rate, or with a window.
    pub(crate) pace: Pace,
}

/// What loads are to show together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Group {
    /// The table of all servers.
    Table,
    /// Senders of one dialect and receivers of another.
    Pairs,
    /// The cost against the rate of messages, and the latency.
    Rate,
    /// The cost against the number of members of a room, with as many deliveries a second.
    Members,
    /// The cost against the number of rooms.
    Rooms,
    /// The memory of those who say nothing.
    Idle,
    /// How many messages are kept for good, and how soon that is known: everybody is alone in a room.
    Durable,
}

const fn load(
    name: &'static str,
    title: &'static str,
    group: Group,
    [rooms, members, senders]: [usize; 3],
    pace: Pace,
) -> Load {
    Load {
        name,
        title,
        group,
        rooms,
        members,
        senders,
        pace,
    }
}

use Group::{Durable, Idle, Members, Pairs, Rate, Rooms, Table};
use Pace::{InFlight, PerSecond};

const LOADS: &[Load] = &[
    load(
        "rooms-2000",
        "100 rooms × 10, 2,000 msg/s",
        Table,
        [100, 10, 10],
        PerSecond(2000),
    ),
    load(
        "rooms-10000",
        "same, 10,000 msg/s",
        Table,
        [100, 10, 10],
        PerSecond(10_000),
    ),
    load(
        "rooms-1",
        "one in flight each, max",
        Table,
        [100, 10, 10],
        InFlight(1),
    ),
    load(
        "rooms-16",
        "16 in flight each, max",
        Table,
        [100, 10, 10],
        InFlight(16),
    ),
    load(
        "room-100",
        "1 room × 1,000, 100 msg/s",
        Table,
        [1, 1000, 1000],
        PerSecond(100),
    ),
    load(
        "room-4",
        "same, 10 of them with 4 in flight, max",
        Table,
        [1, 1000, 10],
        InFlight(4),
    ),
    load(
        "pairs",
        "100 rooms × 10, 1 speaks, 2,000 msg/s",
        Pairs,
        [100, 10, 1],
        PerSecond(2000),
    ),
    load("rate-500", "500", Rate, [100, 10, 10], PerSecond(500)),
    load("rate-1000", "1,000", Rate, [100, 10, 10], PerSecond(1000)),
    load("rate-2000", "2,000", Rate, [100, 10, 10], PerSecond(2000)),
    load("rate-4000", "4,000", Rate, [100, 10, 10], PerSecond(4000)),
    load("rate-8000", "8,000", Rate, [100, 10, 10], PerSecond(8000)),
    load(
        "rate-16000",
        "16,000",
        Rate,
        [100, 10, 10],
        PerSecond(16_000),
    ),
    load(
        "members-2",
        "500 × 2",
        Members,
        [500, 2, 2],
        PerSecond(10_000),
    ),
    load(
        "members-10",
        "100 × 10",
        Members,
        [100, 10, 10],
        PerSecond(2000),
    ),
    load(
        "members-100",
        "10 × 100",
        Members,
        [10, 100, 10],
        PerSecond(200),
    ),
    load(
        "members-1000",
        "1 × 1,000",
        Members,
        [1, 1000, 10],
        PerSecond(20),
    ),
    load(
        "members-5000",
        "1 × 5,000",
        Members,
        [1, 5000, 10],
        PerSecond(4),
    ),
    load("count-10", "10 × 2", Rooms, [10, 2, 2], PerSecond(5000)),
    load("count-100", "100 × 2", Rooms, [100, 2, 2], PerSecond(5000)),
    load(
        "count-1000",
        "1,000 × 2",
        Rooms,
        [1000, 2, 2],
        PerSecond(5000),
    ),
    load(
        "count-4000",
        "4,000 × 2",
        Rooms,
        [4000, 2, 2],
        PerSecond(5000),
    ),
    load(
        "alone",
        "1 sender, one in flight",
        Durable,
        [1, 1, 1],
        InFlight(1),
    ),
    load(
        "durable-1",
        "64 senders, one in flight each",
        Durable,
        [64, 1, 1],
        InFlight(1),
    ),
    load(
        "durable-16",
        "64 senders, 16 in flight each",
        Durable,
        [64, 1, 1],
        InFlight(16),
    ),
    load(
        "durable-2000",
        "64 senders, 2,000 msg/s",
        Durable,
        [64, 1, 1],
        PerSecond(2000),
    ),
    load(
        "idle",
        "memory per idle connection",
        Idle,
        [200, 10, 0],
        PerSecond(1),
    ),
];

/// Those for who has little time.
const QUICK: [&str; 4] = ["rooms-2000", "rooms-10000", "rooms-16", "room-100"];

impl Shape {
    /// All of them, in the order of the tables.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..LOADS.len()).map(Self)
    }

    /// The one of this name.
    ///
    /// # Errors
    /// The names that there are.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let found = Self::all().find(|shape| shape.load().name == name);
        found.ok_or_else(|| {
            let names: Vec<_> = LOADS.iter().map(|load| load.name).collect();
            format!("one of {}", names.join(", "))
        })
    }

    /// Whether it is measured where there is little time.
    pub(crate) fn is_quick(self) -> bool {
        QUICK.contains(&self.load().name)
    }

    /// What it is made of.
    pub(crate) fn load(self) -> &'static Load {
        &LOADS[self.0]
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.load().name)
    }
}
