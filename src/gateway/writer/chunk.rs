//! A piece of what is written.

use bytes::Bytes;

use crate::hub::tap::TapEvent;
use crate::hub::{Delivery, Waiting};
use crate::model::RoomId;

/// Whole frames of one source.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    /// How many of its frames count as waiting events.
    pub(super) events: usize,
    pub(super) source: Source,
}

/// Why frames are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The request of this slot is answered.
    Answer(u64),
    /// As an answer, a part of what is no frame.
    Content(u64),
    /// The server asks by itself: a suspended peer is asked all the same.
    Asked,
    /// Something happened in this room.
    Room(RoomId),
    /// It is the end.
    End,
}

impl Chunk {
    pub(super) fn answer(slot: u64, bytes: Bytes) -> Self {
        Self::of(Source::Answer(slot), bytes, 0)
    }

    pub(super) fn content(slot: u64, bytes: Bytes) -> Self {
        Self::of(Source::Content(slot), bytes, 0)
    }

    pub(super) fn asked(bytes: Bytes) -> Self {
        Self::of(Source::Asked, bytes, 1)
    }

    pub(super) fn event(room: RoomId, delivery: Delivery) -> Self {
        Self::of(Source::Room(room), delivery.bytes, delivery.count.max(1))
    }

    pub(super) fn end(bytes: Bytes) -> Self {
        Self::of(Source::End, bytes, 0)
    }

    fn of(source: Source, bytes: Bytes, events: usize) -> Self {
        Self {
            bytes,
            events,
            source,
        }
    }

    /// What those who watch are told of it.
    pub(super) fn told(&self) -> TapEvent {
        let (request, room) = match self.source {
            Source::Answer(slot) | Source::Content(slot) => (Some(slot), None),
            Source::Room(room) => (None, Some(room)),
            Source::Asked | Source::End => (None, None),
        };
        TapEvent::Out {
            bytes: self.bytes.clone(),
            request,
            room,
        }
    }

    /// How much of what waits it is.
    pub(super) fn size(&self) -> Waiting {
        Waiting {
            events: self.events,
            bytes: self.bytes.len(),
        }
    }

    /// Whether it is no frames, but a part of a content.
    pub(super) fn is_content(&self) -> bool {
        matches!(self.source, Source::Content(_))
    }

    /// Whether it is kept where events are dropped, as what the server asks by itself; else it is counted.
    pub(super) fn outlasts(&self, dropped: &mut Waiting) -> bool {
        let is_kept = self.source == Source::Asked;
        if !is_kept {
            dropped.add(self.size());
        }
        is_kept
    }
}
