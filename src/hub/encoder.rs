//! How events become one dialect's bytes, once for all sessions that read them alike.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::guarded::guarded;
use super::sink::Delivery;
use super::translation::{By, Level, Meaning, Translation};
use crate::model::{EndReason, Event};

/// What a session has to do with an event.
///
/// Where an event happens to a user (a member joins, leaves, is removed, banned, gets a role), that user's sessions are
/// meant, and who did it is one of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Nothing: somebody else did it, or it happened to somebody else.
    Other,
    /// Its user did it, or it happened to its user, by way of another connection or by somebody else.
    Own,
    /// It asked for it itself.
    Origin,
}

impl Audience {
    /// All sessions of the user whose event it is.
    pub const MINE: &[Self] = &[Self::Own, Self::Origin];
}

/// What was written of an event for one audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Encoded {
    /// How many frames; 0: the dialect says nothing of it.
    pub frames: usize,
    /// The session is over with this, for a dialect whose session lives in one room.
    pub end: Option<EndReason>,
}

impl Encoded {
    /// The dialect says nothing of the event.
    pub const NOTHING: Self = Self {
        frames: 0,
        end: None,
    };

    /// So many frames, and the session goes on.
    #[must_use]
    pub fn frames(frames: usize) -> Self {
        Self { frames, end: None }
    }

    /// Of how many events that tells: the one, or none.
    pub(super) fn told(self) -> usize {
        usize::from(self.frames > 0)
    }

    /// The session is over; the reason is written when it ends.
    #[must_use]
    pub fn ending(reason: EndReason) -> Self {
        Self {
            frames: 0,
            end: Some(reason),
        }
    }
}

/// What one event becomes for each [`Audience`]. Who is told nothing of its own is told what the others are.
#[derive(Debug, Default)]
pub struct Encoding {
    /// The others' frames, behind those of the events before.
    pub(super) shared: Shared,
    pub(super) others: Encoded,
    own: Private,
    origin: Private,
}

/// Frames and events, as several sessions are told them.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) bytes: BytesMut,
    pub(super) events: Vec<Arc<Event>>,
}

impl Shared {
    /// A place in it: how many bytes, how many events.
    pub(super) fn end(&self) -> (usize, usize) {
        (self.bytes.len(), self.events.len())
    }

    fn truncate(&mut self, (bytes, events): (usize, usize)) {
        self.bytes.truncate(bytes);
        self.events.truncate(events);
    }
}

/// What one audience is told in place of what is shared.
#[derive(Debug, Default)]
struct Private {
    /// Somebody of this audience is there.
    is_wanted: bool,
    told: Option<(Bytes, Encoded)>,
}

impl Encoding {
    /// An event's encoding, for the others and for whom else there is.
    #[must_use]
    pub fn new(audiences: &[Audience]) -> Self {
        Self::behind(Shared::default(), audiences)
    }

    fn behind(shared: Shared, audiences: &[Audience]) -> Self {
        let private = |audience| Private {
            is_wanted: audiences.contains(&audience),
            told: None,
        };
        Self {
            shared,
            others: Encoded::NOTHING,
            own: private(Audience::Own),
            origin: private(Audience::Origin),
        }
    }

    /// Writes what everybody is told for whom nothing else is written.
    pub fn all(&mut self, write: impl FnOnce(&mut BytesMut) -> Encoded) {
        self.others = write(&mut self.shared.bytes);
    }

    /// Tells everybody the event itself, or another in its place: for a [sink](super::Sink) that takes events.
    pub fn event(&mut self, event: Arc<Event>) {
        self.shared.events.push(event);
        self.others = Encoded::frames(1);
    }

    /// Tells these of the event's user's sessions something else than the others. Written once, if any of them is there.
    pub fn instead(&mut self, to: &[Audience], write: impl FnOnce(&mut BytesMut) -> Encoded) {
        let is_wanted = |audience: &Audience| {
            self.private(*audience)
                .is_some_and(|private| private.is_wanted)
        };
        if !to.iter().any(is_wanted) {
            return;
        }
        let mut bytes = BytesMut::new();
        let encoded = write(&mut bytes);
        let told = (bytes.freeze(), encoded);
        for audience in to {
            if let Some(private) = self.private_mut(*audience) {
                private.told = Some(told.clone());
            }
        }
    }

    /// Tells these of the event's user's sessions nothing.
    pub fn nothing(&mut self, to: &[Audience]) {
        self.instead(to, |_| Encoded::NOTHING);
    }

    /// What an audience is told that is not what the others are.
    #[must_use]
    pub fn told_instead(&self, audience: Audience) -> Option<&(Bytes, Encoded)> {
        self.private(audience)?.told.as_ref()
    }

    /// What an audience is told, and what comes of it.
    #[must_use]
    pub fn told(&self, audience: Audience) -> (Delivery, Encoded) {
        match self.told_instead(audience) {
            Some((bytes, encoded)) => (Delivery::frames(bytes.clone(), encoded.frames), *encoded),
            None => {
                let delivery = Delivery {
                    bytes: Bytes::copy_from_slice(&self.shared.bytes),
                    events: self.shared.events.clone(),
                    count: self.others.frames,
                    told: self.others.told(),
                };
                (delivery, self.others)
            }
        }
    }

    fn private(&self, audience: Audience) -> Option<&Private> {
        match audience {
            Audience::Other => None,
            Audience::Own => Some(&self.own),
            Audience::Origin => Some(&self.origin),
        }
    }

    fn private_mut(&mut self, audience: Audience) -> Option<&mut Private> {
        match audience {
            Audience::Other => None,
            Audience::Own => Some(&mut self.own),
            Audience::Origin => Some(&mut self.origin),
        }
    }
}

/// What counts call a form that does not say.
pub(super) const EMBEDDED: &str = "embedded";

/// Turns events into one wire form. Sessions that share an `EventEncoder` share the bytes: an event is encoded once for
/// all of them. Where it panics, these sessions end with [`EndReason::OutcomeUnknown`].
pub trait EventEncoder: Send + Sync {
    /// What the dialect is called in counts.
    fn dialect(&self) -> &'static str {
        EMBEDDED
    }

    /// What becomes of a meaning here. The state does not ask for frames of what is declared as left out, or as told by
    /// something else; a form that declares nothing is asked for all.
    fn translation(&self, meaning: Meaning) -> Translation {
        Translation::native(meaning, "")
    }

    /// Says what each audience is told of an event, if anything.
    fn encode(&self, event: &Arc<Event>, out: &mut Encoding);

    /// Appends the last words before the server ends a session, if the dialect has any.
    fn encode_end(&self, reason: EndReason, out: &mut BytesMut);
}

/// A wire form, equal to itself and its clones only.
#[derive(Clone)]
pub struct SharedEncoder(pub Arc<dyn EventEncoder>);

/// How an event came to an audience, for counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Translated {
    pub(super) meaning: Meaning,
    pub(super) level: Level,
}

impl SharedEncoder {
    /// What each of these audiences is told of an event, as far as the dialect declares to tell it, behind what `shared`
    /// holds already.
    pub(super) fn encode(
        &self,
        event: &Arc<Event>,
        audiences: &[Audience],
        shared: Shared,
    ) -> Encoding {
        let before = shared.end();
        let mut encoding = Encoding::behind(shared, audiences);
        let tells = |audience| self.declared(event, audience).is_told_by_event();
        let tells_others = tells(Audience::Other);
        if !tells_others && !audiences.iter().any(|audience| tells(*audience)) {
            return encoding;
        }
        let written = guarded("an encoder", || self.0.encode(event, &mut encoding));
        if written.is_none() {
            encoding.shared.truncate(before);
            encoding = Encoding::behind(encoding.shared, audiences);
            encoding.others = Encoded::ending(EndReason::OutcomeUnknown);
            return encoding;
        }
        for audience in audiences {
            if !tells(*audience) {
                encoding.nothing(&[*audience]);
            } else if !tells_others && encoding.told_instead(*audience).is_none() {
                let told = Bytes::copy_from_slice(&encoding.shared.bytes[before.0..]);
                let others = encoding.others;
                encoding.instead(&[*audience], |out| {
                    out.extend_from_slice(&told);
                    others
                });
            }
        }
        if !tells_others {
            encoding.shared.truncate(before);
            encoding.others = Encoded::NOTHING;
        }
        encoding
    }

    /// What this encoding means to an audience.
    pub(super) fn translated(
        &self,
        event: &Event,
        audience: Audience,
        encoded: Encoded,
    ) -> Translated {
        let declared = self.declared(event, audience);
        let is_told = encoded.frames > 0 || encoded.end.is_some() || declared.by != By::Event;
        let level = if is_told {
            declared.level
        } else {
            Level::Dropped
        };
        Translated {
            meaning: declared.meaning,
            level,
        }
    }

    fn declared(&self, event: &Event, audience: Audience) -> Translation {
        self.0.translation(Meaning::of(event, audience))
    }
}

impl PartialEq for SharedEncoder {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
