//! What one call of the hub has to tell the sessions of one form in one room: bytes that all share, and for some of them
//! something else in place of parts.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::telling::Observing;
use crate::hub::Delivery;
use crate::hub::encoder::{Audience, Shared, SharedEncoder};
use crate::model::{EndReason, Event, SessionId};

pub(super) struct Buffer {
    pub(super) encoder: SharedEncoder,
    shared: Shared,
    frames: usize,
    cuts: HashMap<SessionId, Vec<Cut>>,
}

/// A part of the shared bytes that a session is not told, and what it is told in its place.
struct Cut {
    from: (usize, usize),
    to: (usize, usize),
    frames_less: usize,
    instead: Bytes,
    frames_more: usize,
}

/// Whose session is over with an event.
pub(super) struct Ending {
    /// All that share the bytes.
    pub(super) end: Option<EndReason>,
    /// Those that are told something else.
    pub(super) ending_instead: Vec<(SessionId, EndReason)>,
}

impl Buffer {
    pub(super) fn new(encoder: SharedEncoder) -> Self {
        Self {
            encoder,
            shared: Shared::default(),
            frames: 0,
            cuts: HashMap::new(),
        }
    }

    /// One more event; `mine` are the sessions whose own it is.
    pub(super) fn tell(
        &mut self,
        event: &Arc<Event>,
        mine: &[(SessionId, Audience)],
        observing: &Observing,
    ) -> Ending {
        let from = self.shared.end();
        let audiences: Vec<Audience> = mine.iter().map(|(_, audience)| *audience).collect();
        let shared = std::mem::take(&mut self.shared);
        let mut encoding = self.encoder.encode(event, &audiences, shared);
        self.shared = std::mem::take(&mut encoding.shared);
        let others = encoding.others;
        self.frames += others.frames;
        observing.count(&self.encoder, event, Audience::Other, others);
        let mut ending_instead = Vec::new();
        for (session, audience) in mine {
            let Some((instead, told)) = encoding.told_instead(*audience) else {
                continue;
            };
            observing.count(&self.encoder, event, *audience, *told);
            ending_instead.extend(told.end.map(|reason| (*session, reason)));
            self.cuts.entry(*session).or_default().push(Cut {
                from,
                to: self.shared.end(),
                frames_less: others.frames,
                instead: instead.clone(),
                frames_more: told.frames,
            });
        }
        Ending {
            end: others.end,
            ending_instead,
        }
    }

    /// Nothing more is told.
    pub(super) fn finish(self) -> Parts {
        Parts {
            encoder: self.encoder,
            shared: Delivery {
                bytes: self.shared.bytes.freeze(),
                events: self.shared.events,
                count: self.frames,
            },
            cuts: self.cuts,
        }
    }
}

/// What a buffer holds for each session.
pub(super) struct Parts {
    pub(super) encoder: SharedEncoder,
    shared: Delivery,
    cuts: HashMap<SessionId, Vec<Cut>>,
}

impl Parts {
    /// What a session is told.
    pub(super) fn of(&self, session: SessionId) -> Delivery {
        let Some(cuts) = self.cuts.get(&session) else {
            return self.shared.clone();
        };
        let Delivery { bytes, events, .. } = &self.shared;
        let (mut own, mut own_events) = (BytesMut::with_capacity(bytes.len()), Vec::new());
        let (mut count, mut place) = (self.shared.count, (0, 0));
        for cut in cuts {
            own.extend_from_slice(&bytes[place.0..cut.from.0]);
            own.extend_from_slice(&cut.instead);
            own_events.extend_from_slice(&events[place.1..cut.from.1]);
            count = count - cut.frames_less + cut.frames_more;
            place = cut.to;
        }
        own.extend_from_slice(&bytes[place.0..]);
        own_events.extend_from_slice(&events[place.1..]);
        Delivery {
            bytes: own.freeze(),
            events: own_events,
            count,
        }
    }
}
