//! Numbers that name things, and the clock's reading.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A user's number: positive, the same in every dialect; 0 is the gateway itself.
    UserId(i32)
}
id! {
    /// A room's number: positive, the same in every dialect.
    RoomId(i32)
}
id! {
    /// A message's number: positive and rising over all rooms.
    ///
    /// A dialect that carries 31 bits shows [`MessageId::low_bits`].
    MessageId(i64)
}
id! {
    /// The number of a token, from 1; not a secret.
    TokenId(i32)
}
id! {
    /// A session's number, never given twice in one process. Of several nodes no two have sessions with the same number.
    SessionId(u64)
}
id! {
    /// The place of a durable change among a room's changes: 1, 2, 3… without a gap.
    Seq(i64)
}
id! {
    /// One process among those that share a bus; chosen at random at start.
    NodeId(u64)
}

impl Seq {
    /// The place behind it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl UserId {
    /// The gateway's own user.
    pub const GATEWAY: Self = Self(0);
}

impl MessageId {
    /// What a dialect with 31-bit numbers shows for this message.
    ///
    /// ```
    /// assert_eq!(tolmach::model::MessageId((1 << 31) + 7).low_bits(), 7);
    /// ```
    #[must_use]
    pub fn low_bits(self) -> i32 {
        // The mask leaves 31 bits, which always fit.
        (self.0 & 0x7fff_ffff) as i32
    }
}

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// What the system's clock says.
    #[must_use]
    pub fn now() -> Self {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// The moment this long before it, in whole milliseconds; never below the least that can be written.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(by))
    }

    /// Whole seconds since the epoch, rounded down: what most dialects carry.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}
