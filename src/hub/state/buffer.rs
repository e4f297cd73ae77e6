//! What one call of the hub has to tell the sessions of one form in one room: bytes that all share, and for some of them
//! something else in place of parts.

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};

use super::Observing;
use crate::hub::encoder::{Audience, SharedEncoder};
use crate::model::{EndReason, Event, SessionId};

pub(super) struct Buffer {
    pub(super) encoder: SharedEncoder,
    bytes: BytesMut,
    frames: usize,
    cuts: HashMap<SessionId, Vec<Cut>>,
}

/// A part of the shared bytes that a session is not told, and what it is told in its place.
struct Cut {
    from: usize,
    to: usize,
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
            bytes: BytesMut::new(),
            frames: 0,
            cuts: HashMap::new(),
        }
    }

    /// One more event; `mine` are the sessions whose own it is.
    pub(super) fn tell(
        &mut self,
        event: &Event,
        mine: &[(SessionId, Audience)],
        observing: &Observing,
    ) -> Ending {
        let from = self.bytes.len();
        let audiences: Vec<Audience> = mine.iter().map(|(_, audience)| *audience).collect();
        let shared = std::mem::take(&mut self.bytes);
        let mut encoding = self.encoder.encode(event, &audiences, shared);
        self.bytes = std::mem::take(&mut encoding.shared);
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
                to: self.bytes.len(),
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
            shared: self.bytes.freeze(),
            frames: self.frames,
            cuts: self.cuts,
        }
    }
}

/// What a buffer holds for each session.
pub(super) struct Parts {
    pub(super) encoder: SharedEncoder,
    shared: Bytes,
    frames: usize,
    cuts: HashMap<SessionId, Vec<Cut>>,
}

impl Parts {
    /// What a session is told, and how many frames that is.
    pub(super) fn of(&self, session: SessionId) -> (Bytes, usize) {
        let Some(cuts) = self.cuts.get(&session) else {
            return (self.shared.clone(), self.frames);
        };
        let mut bytes = BytesMut::with_capacity(self.shared.len());
        let (mut frames, mut place) = (self.frames, 0);
        for cut in cuts {
            bytes.extend_from_slice(&self.shared[place..cut.from]);
            bytes.extend_from_slice(&cut.instead);
            place = cut.to;
            frames = frames - cut.frames_less + cut.frames_more;
        }
        bytes.extend_from_slice(&self.shared[place..]);
        (bytes.freeze(), frames)
    }
}
