//! How events become one dialect's bytes, once for all sessions that read them alike.

use std::sync::Arc;

use bytes::BytesMut;

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

/// What was written of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Encoded {
    /// How many frames; 0: the dialect says nothing of it.
    pub frames: usize,
    /// The session is over with this, for a dialect whose session lives in one room.
    pub end: Option<EndReason>,
}

impl Encoded {
    /// Nothing to say.
    pub const NOTHING: Self = Self {
        frames: 0,
        end: None,
    };

    /// So many frames, and the session goes on.
    #[must_use]
    pub fn frames(frames: usize) -> Self {
        Self { frames, end: None }
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

/// Turns events into one wire form. Sessions that share a `EventEncoder` share the bytes: an event is rendered once for
/// all that have [`Audience::Other`] to it.
pub trait EventEncoder: Send + Sync {
    /// What the dialect is called in counts.
    fn dialect(&self) -> &'static str {
        "embedded"
    }

    /// What becomes of a meaning here. The state does not ask for frames of what is declared as left out, or as told by
    /// something else; a form that declares nothing is asked for all.
    fn translation(&self, meaning: Meaning) -> Translation {
        Translation::native(meaning, "")
    }

    /// Appends the frames that a session with this relation to the event is told, if any.
    fn encode(&self, event: &Event, audience: Audience, out: &mut BytesMut) -> Encoded;

    /// Whether [`Audience::Origin`] and [`Audience::Own`] are told of this event just what all others are.
    fn is_same_for_all(&self, event: &Event) -> bool;

    /// Appends the last words before the server ends a session, if the dialect has any.
    fn encode_end(&self, reason: EndReason, out: &mut BytesMut);
}

/// A wire form, equal to itself and its clones only.
#[derive(Clone)]
pub struct SharedEncoder(pub Arc<dyn EventEncoder>);

/// What an event became for some sessions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Translated {
    pub(super) written: Encoded,
    pub(super) meaning: Meaning,
    pub(super) level: Level,
}

impl SharedEncoder {
    /// Appends what a session with this relation to the event is told, as far as the dialect declares to tell it.
    pub(super) fn tell(&self, event: &Event, audience: Audience, out: &mut BytesMut) -> Translated {
        let meaning = Meaning::of(event, audience);
        let declared = self.0.translation(meaning);
        let by_event = declared.by == By::Event && declared.level != Level::Dropped;
        let written = if by_event {
            self.0.encode(event, audience, out)
        } else {
            Encoded::NOTHING
        };
        let is_told = written.frames > 0 || written.end.is_some() || declared.by != By::Event;
        let level = if is_told {
            declared.level
        } else {
            Level::Dropped
        };
        Translated {
            written,
            meaning,
            level,
        }
    }
}

impl PartialEq for SharedEncoder {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The form of whoever embeds the hub: each event as one line of JSON, as serde writes [`Event`].
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonLines;

impl EventEncoder for JsonLines {
    fn encode(&self, event: &Event, _: Audience, out: &mut BytesMut) -> Encoded {
        match serde_json::to_vec(event) {
            Ok(line) => {
                out.extend_from_slice(&line);
                out.extend_from_slice(b"\n");
                Encoded::frames(1)
            }
            Err(error) => {
                tracing::error!(%error, "an event cannot be written as JSON");
                Encoded::NOTHING
            }
        }
    }

    fn is_same_for_all(&self, _: &Event) -> bool {
        true
    }

    fn encode_end(&self, reason: EndReason, out: &mut BytesMut) {
        self.encode(&Event::Ended(reason), Audience::Own, out);
    }
}
