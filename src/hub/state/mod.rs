//! The switchboard: which sessions are open, which rooms they are attached to, and who hears of what.
//!
//! A machine without lock, clock or I/O. The hub tells it what happened in the order in which it happened, between
//! [`HubState::begin`] and [`HubState::finish`], and does what it says is to be done ([`effects`]). Within one call of the
//! hub, a room's events are written into one buffer per form; each session of that form is then handed that one buffer.

mod buffer;
pub(in crate::hub) mod effects;
mod presence;
mod sessions;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::BytesMut;

use crate::hub::encoder::{Audience, Encoded, Encoding, Shared, SharedEncoder};
use crate::hub::sink::{Delivery, Sink};
use crate::hub::tap::{Tap, TapUser};
use crate::hub::translation::Observer;
use crate::model::{
    EndReason, Event, NodeId, Origin, Present, RoomChange, RoomEvent, RoomId, RoomKind, RoomRef,
    Seq, SessionId, SessionInfo, Timestamp, TokenId, User, UserId, UserKind, UserRef,
    fold_room_name,
};
use buffer::Buffer;
use effects::{Effects, Moment, Outgoing};
use presence::PresenceEntry;

/// Which rooms a session is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All that its user is a member of.
    AllRooms,
    /// The one that it entered last.
    OneRoom,
}

/// The user of a session, as both the state and the connection know it.
#[derive(Clone)]
pub(in crate::hub) struct CurrentUser(Arc<Mutex<Arc<User>>>);

impl CurrentUser {
    pub(in crate::hub) fn new(user: Arc<User>) -> Self {
        Self(Arc::new(Mutex::new(user)))
    }

    pub(in crate::hub) fn load(&self) -> Arc<User> {
        self.lock().clone()
    }

    fn store(&self, user: Arc<User>) {
        *self.lock() = user;
    }

    fn lock(&self) -> MutexGuard<'_, Arc<User>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open session.
pub(in crate::hub) struct SessionEntry {
    pub(in crate::hub) user: Arc<User>,
    /// The same, where its connection sees it.
    pub(in crate::hub) current: CurrentUser,
    pub(in crate::hub) reference: Arc<UserRef>,
    pub(in crate::hub) sink: Arc<dyn Sink>,
    pub(in crate::hub) encoder: SharedEncoder,
    pub(in crate::hub) scope: Scope,
    pub(in crate::hub) dialect: &'static str,
    pub(in crate::hub) address: String,
    pub(in crate::hub) since: Timestamp,
    pub(in crate::hub) exclusive: bool,
    pub(in crate::hub) token: Option<TokenId>,
    pub(in crate::hub) by_api_token: bool,
    pub(in crate::hub) silent: bool,
    pub(in crate::hub) rooms: BTreeSet<RoomId>,
    /// Private rooms whose id this session got for their exact name.
    pub(in crate::hub) known: BTreeSet<RoomId>,
}

/// A user with open sessions, or whose last one broke off a moment ago.
pub(in crate::hub) struct OnlineUser {
    pub(in crate::hub) kind: UserKind,
    pub(in crate::hub) sessions: Vec<SessionId>,
    pub(in crate::hub) status: Option<String>,
    pub(in crate::hub) profile: String,
    /// Where a session of it broke off, and until when it is idle there, unless another session is there.
    pub(in crate::hub) graces: BTreeMap<RoomId, Instant>,
}

/// A room with somebody in it.
pub(in crate::hub) struct LiveRoom {
    pub(in crate::hub) reference: Arc<RoomRef>,
    pub(in crate::hub) subscribers: Vec<Subscriber>,
    pub(in crate::hub) presences: HashMap<UserId, PresenceEntry>,
    /// The last change that was told here.
    pub(in crate::hub) seq: Option<Seq>,
    buffers: Vec<Buffer>,
}

/// A session's place in a room, with what is needed to reach it.
pub(in crate::hub) struct Subscriber {
    pub(in crate::hub) session: SessionId,
    pub(in crate::hub) user: UserId,
    encoder: SharedEncoder,
    sink: Arc<dyn Sink>,
}

/// Who counts translations, and from which dialect the present event comes.
#[derive(Default)]
struct Observing {
    observer: Option<Arc<dyn Observer>>,
    from: Option<&'static str>,
}

impl Observing {
    fn count(&self, encoder: &SharedEncoder, event: &Event, audience: Audience, encoded: Encoded) {
        if let Some(observer) = &self.observer {
            let told = encoder.translated(event, audience, encoded);
            observer.translated(self.from, encoder.0.dialect(), told.meaning, told.level);
        }
    }
}

/// See the module.
pub(in crate::hub) struct HubState {
    node: NodeId,
    pub(in crate::hub) sessions: HashMap<SessionId, SessionEntry>,
    pub(in crate::hub) online: HashMap<UserId, OnlineUser>,
    pub(in crate::hub) live_rooms: HashMap<RoomId, LiveRoom>,
    pub(in crate::hub) live_room_names: HashMap<String, RoomId>,
    /// Who lingers, the first to go first.
    pub(in crate::hub) in_grace: BTreeSet<(Instant, UserId, RoomId)>,
    /// Nobody hears of anybody's presence any more: all are about to go.
    pub(in crate::hub) presence_suppressed: bool,
    touched: Vec<RoomId>,
    ending: Vec<(SessionId, EndReason)>,
    outgoing: Vec<Outgoing>,
    effects: Effects,
    now: Moment,
    /// From a broken connection to absent.
    grace: Duration,
    /// When something was due, as far as was known before the present call.
    was_due: (Option<Instant>, usize),
    /// Guests that the store could not end yet.
    pub(in crate::hub) unended_guests: Vec<UserId>,
    observing: Observing,
    tap: Tap,
    next_session: u64,
}

impl HubState {
    pub(in crate::hub) fn new(node: NodeId, tap: Tap, grace: Duration, now: Moment) -> Self {
        Self {
            node,
            sessions: HashMap::new(),
            online: HashMap::new(),
            live_rooms: HashMap::new(),
            live_room_names: HashMap::new(),
            in_grace: BTreeSet::new(),
            presence_suppressed: false,
            touched: Vec::new(),
            ending: Vec::new(),
            outgoing: Vec::new(),
            effects: Effects::default(),
            now,
            grace,
            was_due: (None, 0),
            unended_guests: Vec::new(),
            observing: Observing::default(),
            tap,
            next_session: 1,
        }
    }

    /// What happens from now on happens at this moment.
    pub(in crate::hub) fn begin(&mut self, now: Moment) {
        self.now = now;
        self.was_due = (self.next_departure(), self.unended_guests.len());
    }

    /// What sessions are to be given, as far as is known. To be asked until there is nothing more: what happens to that may
    /// end sessions, of which others are told.
    pub(in crate::hub) fn take_outgoing(&mut self) -> Vec<Outgoing> {
        for room in std::mem::take(&mut self.touched) {
            self.flush_room(room);
        }
        if self.outgoing.is_empty() {
            self.end_sessions();
        }
        std::mem::take(&mut self.outgoing)
    }

    /// A session took no more of what it was given: it is too slow.
    pub(in crate::hub) fn overflowed(&mut self, session: SessionId) {
        self.end_later(session, EndReason::TooSlow);
    }

    /// All that else is to be done of what happened since [`HubState::begin`].
    pub(in crate::hub) fn finish(&mut self) -> Effects {
        let (departure, unended) = self.was_due;
        self.effects.is_due_sooner =
            self.next_departure() != departure || self.unended_guests.len() > unended;
        std::mem::take(&mut self.effects)
    }

    /// Ends the sessions that are over.
    fn end_sessions(&mut self) {
        let mut ending = std::mem::take(&mut self.ending);
        // Of several reasons the one that says most comes first; a session ends once.
        ending.sort_by_key(|(_, reason)| !reason.is_about_account());
        for (session, reason) in ending {
            // A client that is merely too slow is to come back; all others are gone.
            let grace = (reason == EndReason::TooSlow && !self.grace.is_zero())
                .then(|| self.now.instant + self.grace);
            self.end_entry(session, reason, grace, self.now.at);
        }
    }

    pub(in crate::hub) fn open_entry(&mut self, entry: SessionEntry) -> SessionId {
        let id = SessionId(self.next_session);
        self.next_session += 1;
        let user_entry = self
            .online
            .entry(entry.user.id)
            .or_insert_with(|| OnlineUser {
                kind: entry.user.kind,
                sessions: Vec::new(),
                status: None,
                profile: String::new(),
                graces: BTreeMap::new(),
            });
        user_entry.kind = entry.user.kind;
        user_entry.sessions.push(id);
        if let Some(line) = entry.sink.tap() {
            line.log_in(TapUser {
                session: id,
                user: entry.user.clone(),
            });
        }
        self.sessions.insert(id, entry);
        id
    }

    pub(in crate::hub) fn session_infos(&self, of: Option<UserId>) -> Vec<SessionInfo> {
        let mut infos: Vec<SessionInfo> = self
            .sessions
            .iter()
            .filter(|(_, entry)| of.is_none_or(|user| user == entry.user.id))
            .map(|(id, entry)| SessionInfo {
                id: *id,
                user: entry.reference.clone(),
                dialect: entry.dialect.to_owned(),
                address: entry.address.clone(),
                since: entry.since,
            })
            .collect();
        infos.sort_by_key(|info| info.id);
        infos
    }

    /// The room that a session is attached to under this name.
    pub(in crate::hub) fn attached_room(&self, session: SessionId, name: &str) -> Option<RoomId> {
        let room = *self.live_room_names.get(&fold_room_name(name))?;
        self.sessions
            .get(&session)?
            .rooms
            .contains(&room)
            .then_some(room)
    }

    pub(in crate::hub) fn is_connected(&self, user: UserId) -> bool {
        self.online
            .get(&user)
            .is_some_and(|user_entry| !user_entry.sessions.is_empty())
    }

    pub(in crate::hub) fn present(&self, room: RoomId) -> Vec<Present> {
        let Some(live_room) = self.live_rooms.get(&room) else {
            return Vec::new();
        };
        let mut present: Vec<Present> = live_room
            .presences
            .iter()
            .map(|(user, at)| self.describe(*user, at))
            .collect();
        present.sort_by_key(|present| present.user.id);
        present
    }

    pub(in crate::hub) fn describe(&self, user: UserId, presences: &PresenceEntry) -> Present {
        let user_entry = self.online.get(&user);
        Present {
            user: presences.user.clone(),
            presence: presences.presence,
            status: user_entry.and_then(|user_entry| user_entry.status.clone()),
            profile: user_entry
                .map(|user_entry| user_entry.profile.clone())
                .unwrap_or_default(),
        }
    }

    /// A durable change of a room happened here or at another node; called in the order of `seq`.
    pub(in crate::hub) fn room_event(&mut self, event: RoomEvent) {
        let room = event.room.clone();
        if let Some(live_room) = self.live_rooms.get_mut(&room.id) {
            if live_room.seq.is_some_and(|told| told >= event.seq) {
                return;
            }
            live_room.seq = Some(event.seq);
            self.update_reference(&room);
        }
        if room.kind == RoomKind::Direct {
            return self.tell_pair(&room, &Arc::new(Event::Room(event)));
        }
        let at = event.at;
        let change = event.change.clone();
        if let RoomChange::MemberJoined { user } = &change {
            for session in self.sessions_in_all_rooms(user.id) {
                self.attach(session, &room, Some(event.seq), at);
            }
        }
        let subject = subject(&change).cloned();
        self.broadcast(
            room.id,
            &Arc::new(Event::Room(event)),
            subject.as_ref().map(|user| user.id),
        );
        match change {
            RoomChange::MemberLeft { user }
            | RoomChange::MemberRemoved { user }
            | RoomChange::MemberBanned { user } => {
                self.expel(room.id, user.id, at);
            }
            RoomChange::RoomDeleted => self.close_live_room(room.id),
            _ => {}
        }
    }

    fn update_reference(&mut self, room: &Arc<RoomRef>) {
        let Some(live_room) = self.live_rooms.get_mut(&room.id) else {
            return;
        };
        if live_room.reference.name != room.name {
            self.live_room_names
                .remove(&fold_room_name(&live_room.reference.name));
            self.live_room_names
                .insert(fold_room_name(&room.name), room.id);
        }
        live_room.reference = room.clone();
    }

    /// The room's hall, opened if nobody was in it; `seq` is the last change that its first visitor knows of.
    pub(in crate::hub) fn live_room(
        &mut self,
        room: &Arc<RoomRef>,
        seq: Option<Seq>,
    ) -> &mut LiveRoom {
        self.live_room_names
            .entry(fold_room_name(&room.name))
            .or_insert(room.id);
        self.live_rooms.entry(room.id).or_insert_with(|| LiveRoom {
            reference: room.clone(),
            subscribers: Vec::new(),
            presences: HashMap::new(),
            seq,
            buffers: Vec::new(),
        })
    }

    /// Gives a session its place in a room's hall.
    pub(in crate::hub) fn subscribe(&mut self, session: SessionId, room: RoomId) {
        let (Some(entry), Some(live_room)) =
            (self.sessions.get(&session), self.live_rooms.get_mut(&room))
        else {
            return;
        };
        live_room.subscribers.push(Subscriber {
            session,
            user: entry.user.id,
            encoder: entry.encoder.clone(),
            sink: entry.sink.clone(),
        });
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

    pub(in crate::hub) fn sessions_in_all_rooms(&self, user: UserId) -> Vec<SessionId> {
        let sessions = self
            .online
            .get(&user)
            .map(|user_entry| user_entry.sessions.as_slice())
            .unwrap_or_default();
        let in_all = |id: &&SessionId| {
            self.sessions
                .get(id)
                .is_some_and(|entry| entry.scope == Scope::AllRooms)
        };
        sessions.iter().filter(in_all).copied().collect()
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
        self.observing.from = self.dialect_of(origin);
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
            let told = buffer.tell(event, &mine, &self.observing);
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
    fn dialect_of(&self, origin: Option<Origin>) -> Option<&'static str> {
        let here = origin.filter(|origin| origin.node == self.node)?;
        Some(self.sessions.get(&here.session)?.dialect)
    }

    /// From now on this one counts translations.
    pub(in crate::hub) fn observe(&mut self, observer: Arc<dyn Observer>) {
        self.observing.observer = Some(observer);
    }

    /// The sessions of the two users of a direct room are told.
    fn tell_pair(&mut self, room: &RoomRef, event: &Arc<Event>) {
        let Some((a, b)) = room.pair else { return };
        self.tap.event(event);
        let (actor, origin) = doer(event);
        self.observing.from = self.dialect_of(origin);
        let mut encoded: Vec<(SharedEncoder, Encoding)> = Vec::new();
        let mut counted: Vec<(usize, Audience)> = Vec::new();
        // Who writes to oneself is both.
        for user in [a, b].into_iter().take(if a == b { 1 } else { 2 }) {
            let sessions = self
                .online
                .get(&user)
                .map(|user_entry| user_entry.sessions.clone())
                .unwrap_or_default();
            for session in sessions {
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
                    self.observing
                        .count(&entry.encoder, event, audience, written);
                    counted.push((place, audience));
                }
                self.push(session, room.id, delivery);
            }
        }
    }

    /// One session is told of a room, apart from those that are in its hall.
    pub(in crate::hub) fn push(&mut self, session: SessionId, room: RoomId, delivery: Delivery) {
        let Some(entry) = self.sessions.get(&session) else {
            return;
        };
        self.outgoing.push(Outgoing::Push {
            session,
            sink: entry.sink.clone(),
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
        for buffer in std::mem::take(&mut live_room.buffers) {
            let parts = buffer.finish();
            for subscriber in live_room
                .subscribers
                .iter()
                .filter(|subscriber| parts.encoder == subscriber.encoder)
            {
                self.outgoing.push(Outgoing::Push {
                    session: subscriber.session,
                    sink: subscriber.sink.clone(),
                    room,
                    delivery: parts.of(subscriber.session),
                });
            }
        }
    }

    /// Marks a sink that the caller put something into.
    pub(in crate::hub) fn mark_dirty(&mut self, sink: &Arc<dyn Sink>) {
        self.outgoing.push(Outgoing::Flush(sink.clone()));
    }

    /// Ends a session when the present call is over.
    pub(in crate::hub) fn end_later(&mut self, session: SessionId, reason: EndReason) {
        self.ending.push((session, reason));
    }

    /// Ends the other sessions of the session's user and dialect that are attached to one of its rooms.
    pub(in crate::hub) fn end_others_here(&mut self, session: SessionId, reason: EndReason) {
        let Some(own) = self.sessions.get(&session) else {
            return;
        };
        let is_other = |(id, entry): &(&SessionId, &SessionEntry)| {
            **id != session
                && entry.user.id == own.user.id
                && entry.dialect == own.dialect
                && !entry.rooms.is_disjoint(&own.rooms)
        };
        let others: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(is_other)
            .map(|(id, _)| *id)
            .collect();
        self.ending
            .extend(others.into_iter().map(|id| (id, reason)));
    }

    /// Ends every session. All go at once: nobody is told of the others.
    pub(in crate::hub) fn end_all(&mut self, reason: EndReason) {
        self.presence_suppressed = true;
        self.ending
            .extend(self.sessions.keys().map(|session| (*session, reason)));
    }

    /// Ends a session and its user's presence at once.
    pub(in crate::hub) fn end_now(&mut self, session: SessionId, reason: EndReason, at: Timestamp) {
        self.end_entry(session, reason, None, at);
    }

    fn end_entry(
        &mut self,
        session: SessionId,
        reason: EndReason,
        grace_until: Option<Instant>,
        at: Timestamp,
    ) {
        let Some(entry) = self.sessions.get(&session) else {
            return;
        };
        let (sink, encoder) = (entry.sink.clone(), entry.encoder.clone());
        self.remove_entry(session, grace_until, at);
        let mut last = BytesMut::new();
        if reason != EndReason::OutcomeUnknown {
            encoder.0.encode_end(reason, &mut last);
        }
        let last = last.freeze();
        self.outgoing.push(Outgoing::Close { sink, reason, last });
    }

    fn close_live_room(&mut self, room: RoomId) {
        self.flush_room(room);
        let Some(live_room) = self.live_rooms.remove(&room) else {
            return;
        };
        self.live_room_names
            .remove(&fold_room_name(&live_room.reference.name));
        for subscriber in live_room.subscribers {
            if let Some(entry) = self.sessions.get_mut(&subscriber.session) {
                entry.rooms.remove(&room);
            }
        }
    }
}

impl LiveRoom {
    fn open_buffers(&mut self) {
        for subscriber in &self.subscribers {
            if !self
                .buffers
                .iter()
                .any(|buffer| buffer.encoder == subscriber.encoder)
            {
                self.buffers.push(Buffer::new(subscriber.encoder.clone()));
            }
        }
    }
}

/// Who an event happens to, beside the one who did it.
fn subject(change: &RoomChange) -> Option<&Arc<UserRef>> {
    match change {
        RoomChange::MemberJoined { user }
        | RoomChange::MemberLeft { user }
        | RoomChange::MemberRemoved { user }
        | RoomChange::MemberBanned { user }
        | RoomChange::MemberUnbanned { user }
        | RoomChange::RoleChanged { user, .. } => Some(user),
        _ => None,
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

#[cfg(test)]
mod tests;
