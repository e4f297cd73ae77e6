//! Who is told what: an event is written once for each form, and handed to the sessions of that form.

use std::sync::Arc;

use super::buffer::Buffer;
use super::effects::Outgoing;
use super::rooms::subject;
use super::{HubState, LiveRoom, SessionEntry, Subscriber};
use crate::hub::encoder::{Audience, Encoded, Encoding, Shared, SharedEncoder, Translated};
use crate::hub::metrics::{Counts, DialectNumber};
use crate::hub::sink::{Delivery, Sink};
use crate::model::{Event, NodeId, Origin, RoomId, RoomRef, SessionId, UserId};

/// Where it is counted what is told, and from which dialect the present event comes.
#[derive(Default)]
pub(in crate::hub) struct Counting {
    pub(in crate::hub) counts: Arc<Counts>,
    from: Option<DialectNumber>,
}

impl Counting {
    /// An event was translated for these audiences. What it means to several of them alike is counted once.
    pub(super) fn translated(
        &self,
        encoder: &SharedEncoder,
        event: &Event,
        audiences: impl IntoIterator<Item = (Audience, Encoded)>,
    ) {
        let to = self.counts.number(encoder.0.dialect());
        let mut before = [None; 3];
        for ((audience, encoded), place) in audiences.into_iter().zip(0..) {
            let translated = encoder.translated(event, audience, encoded);
            if !before.contains(&Some(translated)) {
                let Translated { meaning, level } = translated;
                self.counts.told.translated(self.from, to, meaning, level);
            }
            if let Some(slot) = before.get_mut::<usize>(place) {
                *slot = Some(translated);
            }
        }
    }

    /// A session is there (1), or gone (-1).
    pub(super) fn session(&self, entry: &SessionEntry, more: i64) {
        let told = &self.counts.told;
        told.sessions(entry.number, entry.user.kind, more);
    }
}

impl HubState {
    /// What is told is counted there.
    pub(in crate::hub) fn count_in(&mut self, counts: Arc<Counts>) {
        self.counting.counts = counts;
    }

    /// A session is told in another form from now on.
    pub(in crate::hub) fn set_encoder(&mut self, session: SessionId, encoder: &SharedEncoder) {
        let Some(entry) = self.sessions.get_mut(&session) else {
            return;
        };
        entry.encoder = encoder.clone();
        for room in entry.rooms.clone() {
            // What was written so far is handed out by the form that it has.
            self.flush_room(room);
            if let Some(live_room) = self.live_rooms.get_mut(&room) {
                let own = |subscriber: &&mut Subscriber| subscriber.session == session;
                for subscriber in live_room.subscribers.iter_mut().filter(own) {
                    subscriber.encoder = encoder.clone();
                }
            }
        }
    }

    /// Everybody in the room is told; `subject` is the user that the event happens to.
    pub(in crate::hub) fn broadcast(
        &mut self,
        room: RoomId,
        event: &Arc<Event>,
        subject: Option<UserId>,
    ) {
        self.tap.event(event);
        let Some(live_room) = self.live_rooms.get_mut(&room) else {
            return;
        };
        if live_room.buffers.is_empty() {
            self.touched.push(room);
            live_room.open_buffers();
        }
        let (actor, origin) = doer(event);
        self.counting.from = self.dialect_of(origin);
        let Some(live_room) = self.live_rooms.get_mut(&room) else {
            return;
        };
        let concerned = subject.or(actor);
        let concerned = concerned.and_then(|user| self.online.get(&user));
        for buffer in &mut live_room.buffers {
            let here = |session: &&SessionId| {
                self.sessions.get(session).is_some_and(|entry| {
                    entry.rooms.contains(&room) && entry.encoder == buffer.encoder
                })
            };
            let mine = concerned.map(|user_entry| user_entry.sessions.iter().filter(here));
            let mine: Vec<(SessionId, Audience)> = mine
                .into_iter()
                .flatten()
                .map(|session| (*session, mine_of(self.node, *session, origin)))
                .collect();
            let unaware: Vec<SessionId> = match event.unaware() {
                [] => Vec::new(),
                unaware => live_room
                    .subscribers
                    .iter()
                    .filter(|subscriber| subscriber.encoder == buffer.encoder)
                    .filter(|subscriber| unaware.contains(&subscriber.user))
                    .map(|subscriber| subscriber.session)
                    .collect(),
            };
            let told = buffer.tell(event, &mine, &unaware, &self.counting);
            if let Some(reason) = told.end {
                let all = live_room
                    .subscribers
                    .iter()
                    .filter(|subscriber| subscriber.encoder == buffer.encoder);
                self.ending
                    .extend(all.map(|subscriber| (subscriber.session, reason)));
            }
            self.ending.extend(told.ending_instead);
        }
    }

    /// The dialect of the session of this node that caused an event.
    pub(super) fn dialect_of(&self, origin: Option<Origin>) -> Option<DialectNumber> {
        let here = origin.filter(|origin| origin.node == self.node)?;
        Some(self.sessions.get(&here.session)?.number)
    }

    /// The sessions of the two users of a direct room are told.
    pub(super) fn tell_pair(&mut self, room: &RoomRef, event: &Arc<Event>) {
        let Some((a, b)) = room.pair else { return };
        self.tap.event(event);
        let (actor, origin) = doer(event);
        self.counting.from = self.dialect_of(origin);
        let mut encoded: Vec<(SharedEncoder, Encoding)> = Vec::new();
        let mut counted: Vec<(usize, Audience)> = Vec::new();
        // Who writes to oneself is both.
        for user in [a, b].into_iter().take(if a == b { 1 } else { 2 }) {
            let sessions = self
                .online
                .get(&user)
                .map(|user_entry| user_entry.sessions.clone())
                .unwrap_or_default();
            if !self.is_online(user)
                && actor != Some(user)
                && event.posted().is_some()
                && !self.is_foreign
                && self.hall.present(user).is_none()
            {
                self.effects.unheard.push((room.id, user));
            }
            for session in sessions {
                if event.unaware().contains(&user) {
                    self.tell_alone(session, room.id, event);
                    continue;
                }
                let Some(entry) = self.sessions.get(&session) else {
                    continue;
                };
                let audience = audience(self.node, session, user, actor, origin);
                let known = encoded
                    .iter()
                    .position(|(encoder, _)| *encoder == entry.encoder);
                let place = known.unwrap_or_else(|| {
                    let encoder = entry.encoder.clone();
                    let encoding = encoder.encode(event, Audience::MINE, Shared::default());
                    encoded.push((encoder, encoding));
                    encoded.len() - 1
                });
                let (delivery, written) = encoded[place].1.told(audience);
                if !counted.contains(&(place, audience)) {
                    self.counting
                        .translated(&entry.encoder, event, [(audience, written)]);
                    counted.push((place, audience));
                }
                self.ending
                    .extend(written.end.map(|reason| (session, reason)));
                self.push(session, room.id, delivery);
            }
        }
    }

    /// One session is told what those in a room's hall were told before it was there.
    pub(super) fn tell_alone(&mut self, session: SessionId, room: RoomId, event: &Arc<Event>) {
        let Some(entry) = self.sessions.get(&session) else {
            return;
        };
        let (user, encoder) = (entry.user.id, entry.encoder.clone());
        let (actor, origin) = doer(event);
        let subject = match &**event {
            Event::Room(event) => subject(&event.change).map(|user| user.id),
            Event::Presence(_) | Event::Ended(_) => None,
        };
        self.counting.from = self.dialect_of(origin);
        let audience = audience(self.node, session, user, subject.or(actor), origin);
        let hidden = event.unaware().contains(&user);
        let newer = event.to_unaware().filter(|_| hidden).map(Arc::new);
        let event = match (hidden, &newer) {
            (false, _) => event,
            (true, Some(newer)) => newer,
            (true, None) => return,
        };
        let encoding = encoder.encode(event, Audience::MINE, Shared::default());
        let (delivery, written) = encoding.told(audience);
        self.counting
            .translated(&encoder, event, [(audience, written)]);
        self.ending
            .extend(written.end.map(|reason| (session, reason)));
        self.push(session, room, delivery);
    }

    /// One session is told of a room, apart from those that are in its hall.
    pub(in crate::hub) fn push(&mut self, session: SessionId, room: RoomId, delivery: Delivery) {
        let Some(entry) = self.sessions.get(&session) else {
            return;
        };
        self.outgoing.push(Outgoing::Push {
            session,
            sink: entry.sink.clone(),
            dialect: entry.number,
            room,
            delivery,
        });
    }

    /// Hands each session of the room what was written for it since the last time. To be called before anybody
    /// comes to the room or goes from it, so that each gets just what happened while it was there.
    pub(in crate::hub) fn flush_room(&mut self, room: RoomId) {
        let Some(live_room) = self.live_rooms.get_mut(&room) else {
            return;
        };
        self.outgoing.reserve(live_room.subscribers.len());
        for buffer in std::mem::take(&mut live_room.buffers) {
            let parts = buffer.finish();
            for subscriber in live_room
                .subscribers
                .iter()
                .filter(|subscriber| parts.encoder == subscriber.encoder)
            {
                let delivery = parts.of(subscriber.session);
                if !delivery.is_empty() {
                    self.outgoing.push(Outgoing::Push {
                        session: subscriber.session,
                        sink: subscriber.sink.clone(),
                        dialect: subscriber.dialect,
                        room,
                        delivery,
                    });
                }
            }
        }
    }

    /// Marks a sink that the caller put something into.
    pub(in crate::hub) fn mark_dirty(&mut self, sink: &Arc<dyn Sink>) {
        self.outgoing.push(Outgoing::Flush(sink.clone()));
    }
}

impl LiveRoom {
    fn open_buffers(&mut self) {
        for subscriber in &self.subscribers {
            let known = self
                .buffers
                .iter_mut()
                .find(|buffer| buffer.encoder == subscriber.encoder);
            match known {
                Some(buffer) => buffer.readers += 1,
                None => self.buffers.push(Buffer::new(subscriber.encoder.clone())),
            }
        }
    }
}

fn doer(event: &Event) -> (Option<UserId>, Option<Origin>) {
    match event {
        Event::Room(event) => (Some(event.actor.id), event.origin),
        Event::Presence(event) => (Some(event.who.user.id), None),
        Event::Ended(_) => (None, None),
    }
}

/// A session's relation to an event that one of its direct room's users did.
fn audience(
    node: NodeId,
    session: SessionId,
    user: UserId,
    actor: Option<UserId>,
    origin: Option<Origin>,
) -> Audience {
    if actor == Some(user) {
        mine_of(node, session, origin)
    } else {
        Audience::Other
    }
}

/// The relation to an event of a session of the user who did it, or to whom it happened.
fn mine_of(node: NodeId, session: SessionId, origin: Option<Origin>) -> Audience {
    if origin == Some(Origin { node, session }) {
        Audience::Origin
    } else {
        Audience::Own
    }
}
