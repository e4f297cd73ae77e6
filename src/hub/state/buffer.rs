//! What one call of the hub has to tell the sessions of one form in one room: bytes that all share, and for some of them
//! something else in place of parts.

use std::sync::Arc;

use bytes::BytesMut;

use super::telling::Counting;
use crate::hub::Delivery;
use crate::hub::encoder::{Audience, Encoded, Shared, SharedEncoder};
use crate::model::{EndReason, Event, SessionId};

pub(super) struct Buffer {
    pub(super) encoder: SharedEncoder,
    /// How many sessions of the form there are in the room.
    pub(super) readers: usize,
    shared: Shared,
    frames: usize,
    /// Of how many events the shared bytes tell.
    told: usize,
    cuts: Vec<Cut>,
}

/// A part of the shared bytes that a session is not told, and what it is told in its place.
struct Cut {
    session: SessionId,
    from: (usize, usize),
    to: (usize, usize),
    /// What the others were told there.
    others: Encoded,
    instead: Delivery,
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
            readers: 1,
            shared: Shared::default(),
            frames: 0,
            told: 0,
            cuts: Vec::new(),
        }
    }

    /// One more event; `mine` are the sessions whose own it is, `unaware` those of
    /// [`RoomEvent::unaware`](crate::model::RoomEvent::unaware).
    pub(super) fn tell(
        &mut self,
        event: &Arc<Event>,
        mine: &[(SessionId, Audience)],
        unaware: &[SessionId],
        counting: &Counting,
    ) -> Ending {
        let from = self.shared.end();
        let audiences: Vec<Audience> = mine.iter().map(|(_, audience)| *audience).collect();
        let shared = std::mem::take(&mut self.shared);
        let mut encoding = self.encoder.encode(event, &audiences, shared);
        self.shared = std::mem::take(&mut encoding.shared);
        let others = encoding.others;
        self.frames += others.frames;
        self.told += others.told();
        let has_others = self.readers > mine.len() + unaware.len();
        let others_told = has_others.then_some((Audience::Other, others));
        let there = Audience::MINE
            .iter()
            .filter(|mine| audiences.contains(mine));
        let mine_told = there.map(|mine| {
            let instead = encoding.told_instead(*mine);
            (*mine, instead.map_or(others, |(_, told)| *told))
        });
        counting.translated(
            &self.encoder,
            event,
            others_told.into_iter().chain(mine_told),
        );
        let mut ending_instead = Vec::new();
        for (session, audience) in mine {
            let Some((instead, told)) = encoding.told_instead(*audience) else {
                continue;
            };
            ending_instead.extend(told.end.map(|reason| (*session, reason)));
            let instead = Delivery::frames(instead.clone(), told.frames);
            self.cut(*session, from, others, instead);
        }
        if !unaware.is_empty() {
            let instead = event.to_unaware().map(|event| {
                let event = Arc::new(event);
                let encoding = self.encoder.encode(&event, &[], Shared::default());
                let (instead, told) = encoding.told(Audience::Other);
                if let Some(reason) = told.end {
                    ending_instead.extend(unaware.iter().map(|session| (*session, reason)));
                }
                counting.translated(&self.encoder, &event, [(Audience::Other, told)]);
                instead
            });
            for session in unaware {
                self.cut(*session, from, others, instead.clone().unwrap_or_default());
            }
        }
        Ending {
            end: others.end,
            ending_instead,
        }
    }

    /// A session is told this in place of what was written for the others from there on.
    fn cut(
        &mut self,
        session: SessionId,
        from: (usize, usize),
        others: Encoded,
        instead: Delivery,
    ) {
        self.cuts.push(Cut {
            session,
            from,
            to: self.shared.end(),
            others,
            instead,
        });
    }

    /// Nothing more is told.
    pub(super) fn finish(mut self) -> Parts {
        // Those of one session stay in their order.
        self.cuts.sort_by_key(|cut| cut.session);
        Parts {
            encoder: self.encoder,
            shared: Delivery {
                bytes: self.shared.bytes.freeze(),
                events: self.shared.events,
                count: self.frames,
                told: self.told,
            },
            cuts: self.cuts,
        }
    }
}

/// What a buffer holds for each session.
pub(super) struct Parts {
    pub(super) encoder: SharedEncoder,
    shared: Delivery,
    /// By session, then by place.
    cuts: Vec<Cut>,
}

impl Parts {
    /// What a session is told.
    pub(super) fn of(&self, session: SessionId) -> Delivery {
        let first = self.cuts.partition_point(|cut| cut.session < session);
        let cuts = &self.cuts[first..];
        let cuts = &cuts[..cuts.partition_point(|cut| cut.session == session)];
        if cuts.is_empty() {
            return self.shared.clone();
        }
        let Delivery { bytes, events, .. } = &self.shared;
        let length = |cut: &Cut| cut.to.0 - cut.from.0;
        let instead = |cut: &Cut| cut.instead.bytes.len();
        let kept = bytes.len() - cuts.iter().map(length).sum::<usize>();
        let mut own = BytesMut::with_capacity(kept + cuts.iter().map(instead).sum::<usize>());
        let mut own_events = Vec::new();
        let (mut count, mut told) = (self.shared.count, self.shared.told);
        let mut place = (0, 0);
        for cut in cuts {
            own.extend_from_slice(&bytes[place.0..cut.from.0]);
            own.extend_from_slice(&cut.instead.bytes);
            own_events.extend_from_slice(&events[place.1..cut.from.1]);
            own_events.extend_from_slice(&cut.instead.events);
            count = count - cut.others.frames + cut.instead.count;
            told = told - cut.others.told() + cut.instead.told;
            place = cut.to;
        }
        own.extend_from_slice(&bytes[place.0..]);
        own_events.extend_from_slice(&events[place.1..]);
        Delivery {
            bytes: own.freeze(),
            events: own_events,
            count,
            told,
        }
    }
}
