//! What is to be done now that something happened: the state says it, [`Shared`](crate::hub::shared::Shared) does it.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::bus::{PresenceNews, Topic};
use crate::cluster::ExclusiveName;
use crate::hub::metrics::DialectNumber;
use crate::hub::sink::{Delivery, Sink};
use crate::model::{EndReason, RoomId, SessionId, Timestamp, TokenId, UserId};

/// When something happens: for deadlines, and as people read it.
#[derive(Debug, Clone, Copy)]
pub(in crate::hub) struct Moment {
    pub(in crate::hub) instant: Instant,
    pub(in crate::hub) at: Timestamp,
}

/// What a session's sink is given; all of them in their order.
pub(in crate::hub) enum Outgoing {
    /// The session is told of a room. If it is too slow for that, [`HubState::overflowed`](super::HubState::overflowed).
    Push {
        session: SessionId,
        sink: Arc<dyn Sink>,
        /// The dialect of the session whose sink this is.
        dialect: DialectNumber,
        room: RoomId,
        delivery: Delivery,
    },
    /// Its reader is somebody else from now on.
    ChangeReader(Arc<dyn Sink>),
    /// Its session is over; `last` is what its form has to say of it.
    Close {
        sink: Arc<dyn Sink>,
        reason: EndReason,
        last: Bytes,
    },
    /// Somebody put an answer into it.
    Flush(Arc<dyn Sink>),
}

/// What the bus is asked for; all of it in its order.
pub(in crate::hub) enum Outward {
    /// This node is to hear a topic, or no longer.
    Interest(Topic, bool),
    /// The others are to be told of this.
    Presence(PresenceNews),
}

/// What is to be done beside that.
#[derive(Default)]
pub(in crate::hub) struct Effects {
    /// What concerns the other nodes.
    pub(in crate::hub) outward: Vec<Outward>,
    /// Guests that became absent; their memberships are to be ended.
    pub(in crate::hub) gone_guests: Vec<UserId>,
    /// Names that sessions held by a claim and are free now.
    pub(in crate::hub) released: Vec<(ExclusiveName, u64)>,
    /// Tokens that were in use until now; [`HubState::recorded`](super::HubState::recorded) is to be told once that is stored.
    pub(in crate::hub) used_tokens: Vec<TokenId>,
    /// Who was said something in a direct room while away.
    pub(in crate::hub) unheard: Vec<(RoomId, UserId)>,
    /// Something is due earlier than was known.
    pub(in crate::hub) is_due_sooner: bool,
}
