//! Where what a session is told goes. The hub only hands it over; who owns the sink writes it to a socket, or lets
//! somebody in the process read it.

use std::sync::Arc;

use bytes::Bytes;

use super::tap::TapConnection;
use crate::model::{EndReason, Event, RoomId};

/// How much may wait for one session; 0 stands for no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Events that were not taken yet.
    pub events: usize,
    /// The bytes of these events.
    pub bytes: usize,
}

impl Bounds {
    /// Whether so much fits beside what waits. Where nothing waits anything does: the reader has not been slow.
    #[must_use]
    pub fn hold(&self, waiting: Waiting, more: Waiting) -> bool {
        let fits = |limit: usize, waiting: usize, more: usize| {
            limit == 0 || waiting == 0 || waiting + more <= limit
        };
        fits(self.events, waiting.events, more.events)
            && fits(self.bytes, waiting.bytes, more.bytes)
    }
}

/// How much there is of what [`Bounds`] limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// How many events wait.
    pub events: usize,
    /// The bytes of these events.
    pub bytes: usize,
}

impl Waiting {
    /// Counts what has come to wait.
    pub fn add(&mut self, more: Self) {
        self.events += more.events;
        self.bytes += more.bytes;
    }

    /// Counts what waits no longer.
    pub fn subtract(&mut self, less: Self) {
        self.events = self.events.saturating_sub(less.events);
        self.bytes = self.bytes.saturating_sub(less.bytes);
    }
}

/// What a session is told at once: as bytes, or as the events themselves, as its [encoder](super::EventEncoder) has it.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// Whole frames. One buffer is shared by all sessions that are told the same.
    pub bytes: Bytes,
    /// Events, for a sink inside the process.
    pub events: Vec<Arc<Event>>,
    /// How many frames and events that is.
    pub count: usize,
    /// Of how many events it tells: one may take several frames.
    pub told: usize,
}

impl Delivery {
    /// The frames of one event, so many.
    #[must_use]
    pub fn frames(bytes: Bytes, count: usize) -> Self {
        Self {
            bytes,
            events: Vec::new(),
            count,
            told: usize::from(count > 0),
        }
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.events.is_empty()
    }
}

/// More waits than the bounds let: the reader is too slow. Nothing of the push was queued.
#[derive(Debug, PartialEq, Eq)]
pub struct Overflow;

/// What a session is told goes here, in the order in which it happened. Everything but [`Sink::flush`] is called under the
/// hub's lock: it queues, and neither waits nor calls the hub. A session whose sink panics ends with
/// [`EndReason::OutcomeUnknown`].
pub trait Sink: Send + Sync {
    /// Queues what tells of a room. `Ok(true)`: nothing was waiting for a flush, so flush it.
    ///
    /// # Errors
    /// [`Overflow`].
    fn push(&self, room: RoomId, delivery: Delivery) -> Result<bool, Overflow>;

    /// Hands on what is queued, as far as it is taken now. Several threads may call it at once.
    fn flush(&self);

    /// The session is over: `last` is what its form has to say of it, behind what is queued. What a reader that was
    /// [`EndReason::TooSlow`] has not begun to take is dropped before. Nothing is taken after this.
    fn close(&self, reason: EndReason, last: Bytes);

    /// Whether the session was closed. One whose reader is merely gone is not: what it said before is still carried out.
    fn was_closed(&self) -> bool;

    /// How much waits, of what it counts in the hub's [backlog](super::Hub::backlog).
    fn waiting(&self) -> Waiting {
        Waiting::default()
    }

    /// Whether the reader has vanished, as far as one can tell: its connection has acknowledged nothing for too long.
    fn is_reader_gone(&self) -> bool {
        false
    }

    /// Whether what goes to the reader is encrypted on its way.
    fn is_encrypted(&self) -> bool {
        false
    }

    /// The reader is somebody else from now on: events that wait are not for it.
    fn change_reader(&self) {}

    /// The session is dropped, so that nothing is told any more. Not called under the hub's lock.
    fn left(&self) {}

    /// By what those who watch know the connection, if it has one.
    fn tap(&self) -> Option<&Arc<TapConnection>> {
        None
    }
}
