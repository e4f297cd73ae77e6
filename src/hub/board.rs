//! The switchboard: which sessions are open, which rooms they are attached to, and who hears of what.
//!
//! It has no clock and no I/O. The hub holds it under one lock, tells it what happened in the order in which it
//! happened, and afterwards flushes the outboxes it names ([`Board::take_dirty`]). Within one call of the hub,
//! a room's events are written into one buffer per form; each session of that form then gets that one buffer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::outbox::{Outbox, Overflow};
use super::presence::Attendance;
use super::render::{Form, Relation, Told, Written};
use super::tap::{Tap, Who};
use super::translation::Observer;
use crate::model::{
    EndReason, Event, NodeId, Origin, PresenceEvent, Present, RoomChange, RoomEvent, RoomId,
    RoomKind, RoomRef, Seq, SessionId, SessionInfo, Timestamp, TokenId, User, UserId, UserKind,
    UserRef, fold_room_name,
};

/// Which rooms a session is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All that its user is a member of.
    AllRooms,
    /// The one that it entered last.
    OneRoom,
}

/// An open session.
pub(super) struct Seat {
    pub(super) user: Arc<User>,
    pub(super) reference: Arc<UserRef>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) form: Form,
    pub(super) scope: Scope,
    pub(super) dialect: &'static str,
    pub(super) address: String,
    pub(super) since: Timestamp,
    pub(super) exclusive: bool,
    pub(super) token: Option<TokenId>,
    pub(super) by_api_token: bool,
    pub(super) silent: bool,
    /// What it is told in place of the form's words when it is over.
    pub(super) parting: Option<Bytes>,
    pub(super) rooms: BTreeSet<RoomId>,
    /// Private rooms whose id this session got for their exact name.
    pub(super) known: BTreeSet<RoomId>,
}

/// A user with open sessions, or whose last one broke off a moment ago.
pub(super) struct Person {
    pub(super) kind: UserKind,
    pub(super) sessions: Vec<SessionId>,
    pub(super) status: Option<String>,
    pub(super) profile: String,
    /// Where a session of it broke off, and until when it is idle there, unless another session is there.
    pub(super) haunts: BTreeMap<RoomId, Instant>,
}

/// A room with somebody in it.
pub(super) struct Hall {
    pub(super) reference: Arc<RoomRef>,
    pub(super) chairs: Vec<Chair>,
    pub(super) attendance: HashMap<UserId, Attendance>,
    /// The last change that was told here.
    pub(super) seq: Option<Seq>,
    buffers: Vec<Buffer>,
}

/// A session's place in a room, with what is needed to reach it.
pub(super) struct Chair {
    pub(super) session: SessionId,
    pub(super) user: UserId,
    form: Form,
    outbox: Arc<Outbox>,
}

/// What one call has to tell the sessions of one form in one room.
struct Buffer {
    form: Form,
    bytes: BytesMut,
    frames: usize,
    /// Sessions that get something else in place of parts.
    cuts: HashMap<SessionId, Vec<Cut>>,
}

/// Who counts translations, and from which dialect the present event comes.
#[derive(Default)]
struct Observing {
    observer: Option<Arc<dyn Observer>>,
    from: Option<&'static str>,
}

impl Observing {
    fn count(&self, form: &Form, told: Told) {
        if let Some(observer) = &self.observer {
            observer.translated(self.from, form.0.dialect(), told.meaning, told.level);
        }
    }
}

struct Cut {
    from: usize,
    to: usize,
    frames_less: usize,
    instead: Bytes,
    frames_more: usize,
}

/// See the module.
pub(super) struct Board {
    node: NodeId,
    pub(super) seats: HashMap<SessionId, Seat>,
    pub(super) people: HashMap<UserId, Person>,
    pub(super) halls: HashMap<RoomId, Hall>,
    pub(super) hall_names: HashMap<String, RoomId>,
    /// Who lingers, the first to go first.
    pub(super) lingering: BTreeSet<(Instant, UserId, RoomId)>,
    /// Nobody hears of anybody's presence any more: all are about to go.
    pub(super) hushed: bool,
    touched: Vec<RoomId>,
    dirty: Vec<Arc<Outbox>>,
    ending: Vec<(SessionId, EndReason)>,
    /// Guests that became absent; their memberships are to be ended.
    pub(super) gone_guests: Vec<UserId>,
    /// Guests that the store could not end yet.
    pub(super) unended_guests: Vec<UserId>,
    /// Tokens whose connection closed: they were in use until now.
    pub(super) unused_tokens: Vec<TokenId>,
    /// What the other nodes are to be told of presence.
    pub(super) published: Vec<PresenceEvent>,
    observing: Observing,
    tap: Tap,
    next_session: u64,
}

impl Board {
    pub(super) fn new(node: NodeId, tap: Tap) -> Self {
        Self {
            node,
            seats: HashMap::new(),
            people: HashMap::new(),
            halls: HashMap::new(),
            hall_names: HashMap::new(),
            lingering: BTreeSet::new(),
            hushed: false,
            touched: Vec::new(),
            dirty: Vec::new(),
            ending: Vec::new(),
            gone_guests: Vec::new(),
            unended_guests: Vec::new(),
            unused_tokens: Vec::new(),
            published: Vec::new(),
            observing: Observing::default(),
            tap,
            next_session: 1,
        }
    }

    pub(super) fn seat(&mut self, seat: Seat) -> SessionId {
        let id = SessionId(self.next_session);
        self.next_session += 1;
        let person = self.people.entry(seat.user.id).or_insert_with(|| Person {
            kind: seat.user.kind,
            sessions: Vec::new(),
            status: None,
            profile: String::new(),
            haunts: BTreeMap::new(),
        });
        person.kind = seat.user.kind;
        person.sessions.push(id);
        if let Some(line) = seat.outbox.line() {
            line.log_in(Who {
                session: id,
                user: seat.user.id,
                login: seat.user.login.clone(),
                is_guest: seat.user.kind == UserKind::Guest,
            });
        }
        self.seats.insert(id, seat);
        id
    }

    pub(super) fn session_infos(&self, of: Option<UserId>) -> Vec<SessionInfo> {
        let mut infos: Vec<SessionInfo> = self
            .seats
            .iter()
            .filter(|(_, seat)| of.is_none_or(|user| user == seat.user.id))
            .map(|(id, seat)| SessionInfo {
                id: *id,
                user: seat.reference.clone(),
                dialect: seat.dialect.to_owned(),
                address: seat.address.clone(),
                since: seat.since,
            })
            .collect();
        infos.sort_by_key(|info| info.id);
        infos
    }

    /// The room that a session is attached to under this name.
    pub(super) fn attached_room(&self, session: SessionId, name: &str) -> Option<RoomId> {
        let room = *self.hall_names.get(&fold_room_name(name))?;
        self.seats
            .get(&session)?
            .rooms
            .contains(&room)
            .then_some(room)
    }

    pub(super) fn is_connected(&self, user: UserId) -> bool {
        self.people
            .get(&user)
            .is_some_and(|person| !person.sessions.is_empty())
    }

    pub(super) fn present(&self, room: RoomId) -> Vec<Present> {
        let Some(hall) = self.halls.get(&room) else {
            return Vec::new();
        };
        let mut present: Vec<Present> = hall
            .attendance
            .iter()
            .map(|(user, at)| self.describe(*user, at))
            .collect();
        present.sort_by_key(|present| present.user.id);
        present
    }

    pub(super) fn describe(&self, user: UserId, attendance: &Attendance) -> Present {
        let person = self.people.get(&user);
        Present {
            user: attendance.user.clone(),
            presence: attendance.presence,
            status: person.and_then(|person| person.status.clone()),
            profile: person
                .map(|person| person.profile.clone())
                .unwrap_or_default(),
        }
    }

    /// A durable change of a room happened here or at another node; called in the order of `seq`.
    pub(super) fn room_event(&mut self, event: RoomEvent) {
        let room = event.room.clone();
        if let Some(hall) = self.halls.get_mut(&room.id) {
            if hall.seq.is_some_and(|told| told >= event.seq) {
                return;
            }
            hall.seq = Some(event.seq);
            self.update_reference(&room);
        }
        if room.kind == RoomKind::Direct {
            return self.tell_pair(&room, &Event::Room(event));
        }
        let at = event.at;
        let change = event.change.clone();
        if let RoomChange::MemberJoined { user } = &change {
            for session in self.sessions_in_all_rooms(user.id) {
                self.attach(session, &room, Some(event.seq), at);
            }
        }
        let subject = subject(&change).cloned();
        self.tell_hall(
            room.id,
            &Event::Room(event),
            subject.as_ref().map(|user| user.id),
        );
        match change {
            RoomChange::MemberLeft { user }
            | RoomChange::MemberRemoved { user }
            | RoomChange::MemberBanned { user } => {
                self.expel(room.id, user.id, at);
            }
            RoomChange::RoomDeleted => self.close_hall(room.id),
            _ => {}
        }
    }

    fn update_reference(&mut self, room: &Arc<RoomRef>) {
        let Some(hall) = self.halls.get_mut(&room.id) else {
            return;
        };
        if hall.reference.name != room.name {
            self.hall_names
                .remove(&fold_room_name(&hall.reference.name));
            self.hall_names.insert(fold_room_name(&room.name), room.id);
        }
        hall.reference = room.clone();
    }

    /// The room's hall, opened if nobody was in it; `seq` is the last change that its first visitor knows of.
    pub(super) fn hall(&mut self, room: &Arc<RoomRef>, seq: Option<Seq>) -> &mut Hall {
        self.hall_names
            .entry(fold_room_name(&room.name))
            .or_insert(room.id);
        self.halls.entry(room.id).or_insert_with(|| Hall {
            reference: room.clone(),
            chairs: Vec::new(),
            attendance: HashMap::new(),
            seq,
            buffers: Vec::new(),
        })
    }

    /// Gives a session its place in a room's hall.
    pub(super) fn take_chair(&mut self, session: SessionId, room: RoomId) {
        let (Some(seat), Some(hall)) = (self.seats.get(&session), self.halls.get_mut(&room)) else {
            return;
        };
        hall.chairs.push(Chair {
            session,
            user: seat.user.id,
            form: seat.form.clone(),
            outbox: seat.outbox.clone(),
        });
    }

    /// A session is told in another form from now on.
    pub(super) fn set_form(&mut self, session: SessionId, form: &Form) {
        let Some(seat) = self.seats.get_mut(&session) else {
            return;
        };
        seat.form = form.clone();
        for room in seat.rooms.clone() {
            // What was written so far is handed out by the form that it has.
            self.settle(room);
            if let Some(hall) = self.halls.get_mut(&room) {
                let own = |chair: &&mut Chair| chair.session == session;
                for chair in hall.chairs.iter_mut().filter(own) {
                    chair.form = form.clone();
                }
            }
        }
    }

    pub(super) fn sessions_in_all_rooms(&self, user: UserId) -> Vec<SessionId> {
        let sessions = self
            .people
            .get(&user)
            .map(|person| person.sessions.as_slice())
            .unwrap_or_default();
        let in_all = |id: &&SessionId| {
            self.seats
                .get(id)
                .is_some_and(|seat| seat.scope == Scope::AllRooms)
        };
        sessions.iter().filter(in_all).copied().collect()
    }

    /// Everybody in the room is told; `subject` is the user that the event happens to.
    pub(super) fn tell_hall(&mut self, room: RoomId, event: &Event, subject: Option<UserId>) {
        self.tap.event(event);
        let Some(hall) = self.halls.get_mut(&room) else {
            return;
        };
        if hall.buffers.is_empty() {
            self.touched.push(room);
            hall.open_buffers();
        }
        let (actor, origin) = doer(event);
        self.observing.from = self.dialect_of(origin);
        let Some(hall) = self.halls.get_mut(&room) else {
            return;
        };
        let concerned = subject.or(actor);
        for buffer in &mut hall.buffers {
            let from = buffer.bytes.len();
            let told = buffer.form.tell(event, Relation::Other, &mut buffer.bytes);
            self.observing.count(&buffer.form, told);
            let written = told.written;
            buffer.frames += written.frames;
            if let Some(reason) = written.end {
                let all = hall.chairs.iter().filter(|chair| chair.form == buffer.form);
                self.ending.extend(all.map(|chair| (chair.session, reason)));
            }
            if buffer.form.0.is_same_for_all(event) {
                continue;
            }
            let Some(person) = concerned.and_then(|user| self.people.get(&user)) else {
                continue;
            };
            for session in &person.sessions {
                let here = |seat: &&Seat| seat.rooms.contains(&room) && seat.form == buffer.form;
                let Some(_) = self.seats.get(session).filter(here) else {
                    continue;
                };
                let is_origin = origin
                    == Some(Origin {
                        node: self.node,
                        session: *session,
                    });
                let relation = if is_origin {
                    Relation::Origin
                } else {
                    Relation::Own
                };
                let mut instead = BytesMut::new();
                let told = buffer.form.tell(event, relation, &mut instead);
                self.observing.count(&buffer.form, told);
                let own = told.written;
                self.ending.extend(own.end.map(|reason| (*session, reason)));
                buffer.cuts.entry(*session).or_default().push(Cut {
                    from,
                    to: buffer.bytes.len(),
                    frames_less: written.frames,
                    instead: instead.freeze(),
                    frames_more: own.frames,
                });
            }
        }
    }

    /// The dialect of the session of this node that caused an event.
    fn dialect_of(&self, origin: Option<Origin>) -> Option<&'static str> {
        let here = origin.filter(|origin| origin.node == self.node)?;
        Some(self.seats.get(&here.session)?.dialect)
    }

    /// From now on this one counts translations.
    pub(super) fn observe(&mut self, observer: Arc<dyn Observer>) {
        self.observing.observer = Some(observer);
    }

    /// The sessions of the two users of a direct room are told.
    fn tell_pair(&mut self, room: &RoomRef, event: &Event) {
        let Some((a, b)) = room.pair else { return };
        self.tap.event(event);
        let (actor, origin) = doer(event);
        self.observing.from = self.dialect_of(origin);
        let mut rendered: Vec<(Form, Relation, Bytes, Written)> = Vec::new();
        // Who writes to oneself is both.
        for user in [a, b].into_iter().take(if a == b { 1 } else { 2 }) {
            let sessions = self
                .people
                .get(&user)
                .map(|person| person.sessions.clone())
                .unwrap_or_default();
            for session in sessions {
                let Some(seat) = self.seats.get(&session) else {
                    continue;
                };
                let relation = relation(self.node, session, user, actor, origin);
                let known = rendered
                    .iter()
                    .find(|(form, to, ..)| *form == seat.form && *to == relation);
                let (bytes, frames) = match known {
                    Some((_, _, bytes, written)) => (bytes.clone(), written.frames),
                    None => {
                        let mut out = BytesMut::new();
                        let told = seat.form.tell(event, relation, &mut out);
                        self.observing.count(&seat.form, told);
                        let written = told.written;
                        let bytes = out.freeze();
                        rendered.push((seat.form.clone(), relation, bytes.clone(), written));
                        (bytes, written.frames)
                    }
                };
                self.push(session, room.id, bytes, frames);
            }
        }
    }

    /// One session is told of a room, apart from those that are in its hall.
    pub(super) fn push(&mut self, session: SessionId, room: RoomId, bytes: Bytes, frames: usize) {
        let Some(seat) = self.seats.get(&session) else {
            return;
        };
        match seat.outbox.push_of(room, bytes, frames.max(1)) {
            Ok(true) => self.dirty.push(seat.outbox.clone()),
            Ok(false) => {}
            Err(Overflow) => self.ending.push((session, EndReason::TooSlow)),
        }
    }

    /// Hands each session of the room what was written for it since the last time. To be called before anybody
    /// comes to the room or goes from it, so that each gets just what happened while it was there.
    pub(super) fn settle(&mut self, room: RoomId) {
        let Some(hall) = self.halls.get_mut(&room) else {
            return;
        };
        for buffer in std::mem::take(&mut hall.buffers) {
            let shared = buffer.bytes.freeze();
            for chair in hall.chairs.iter().filter(|chair| chair.form == buffer.form) {
                let (bytes, frames) = match buffer.cuts.get(&chair.session) {
                    Some(cuts) => without_cuts(&shared, buffer.frames, cuts),
                    None => (shared.clone(), buffer.frames),
                };
                match chair.outbox.push_of(room, bytes, frames.max(1)) {
                    Ok(true) => self.dirty.push(chair.outbox.clone()),
                    Ok(false) => {}
                    Err(Overflow) => self.ending.push((chair.session, EndReason::TooSlow)),
                }
            }
        }
    }

    /// Hands out all that was written; then ends the sessions that are over. Returns the outboxes to flush.
    pub(super) fn take_dirty(
        &mut self,
        now: Instant,
        grace: std::time::Duration,
        at: Timestamp,
    ) -> Vec<Arc<Outbox>> {
        loop {
            for room in std::mem::take(&mut self.touched) {
                self.settle(room);
            }
            let mut ending = std::mem::take(&mut self.ending);
            // Of several reasons the one that says most comes first; a session ends once.
            ending.sort_by_key(|(_, reason)| !reason.is_about_account());
            if ending.is_empty() {
                return std::mem::take(&mut self.dirty);
            }
            for (session, reason) in ending {
                self.end(session, reason, now, grace, at);
            }
        }
    }

    /// Marks an outbox that the caller filled.
    pub(super) fn mark_dirty(&mut self, outbox: &Arc<Outbox>) {
        self.dirty.push(outbox.clone());
    }

    /// Ends a session when the present call is over.
    pub(super) fn end_later(&mut self, session: SessionId, reason: EndReason) {
        self.ending.push((session, reason));
    }

    /// Ends the other sessions of the session's user and dialect that are attached to one of its rooms.
    pub(super) fn end_others_here(&mut self, session: SessionId, reason: EndReason) {
        let Some(own) = self.seats.get(&session) else {
            return;
        };
        let is_other = |(id, seat): &(&SessionId, &Seat)| {
            **id != session
                && seat.user.id == own.user.id
                && seat.dialect == own.dialect
                && !seat.rooms.is_disjoint(&own.rooms)
        };
        let others: Vec<SessionId> = self
            .seats
            .iter()
            .filter(is_other)
            .map(|(id, _)| *id)
            .collect();
        self.ending
            .extend(others.into_iter().map(|id| (id, reason)));
    }

    /// Ends every session. All go at once: nobody is told of the others.
    pub(super) fn end_all(&mut self, reason: EndReason) {
        self.hushed = true;
        self.ending
            .extend(self.seats.keys().map(|session| (*session, reason)));
    }

    fn end(
        &mut self,
        session: SessionId,
        reason: EndReason,
        now: Instant,
        grace: std::time::Duration,
        at: Timestamp,
    ) {
        // A client that is merely too slow is to come back; all others are gone.
        let linger = (reason == EndReason::TooSlow && !grace.is_zero()).then_some(now + grace);
        self.end_seat(session, reason, linger, at);
    }

    /// Ends a session and its user's presence at once.
    pub(super) fn end_now(&mut self, session: SessionId, reason: EndReason, at: Timestamp) {
        self.end_seat(session, reason, None, at);
    }

    fn end_seat(
        &mut self,
        session: SessionId,
        reason: EndReason,
        linger: Option<Instant>,
        at: Timestamp,
    ) {
        let Some(seat) = self.seats.get(&session) else {
            return;
        };
        let (outbox, form) = (seat.outbox.clone(), seat.form.clone());
        let parting = seat.parting.clone().filter(|_| reason.is_final());
        self.remove_seat(session, linger, at);
        let last = parting.unwrap_or_else(|| {
            let mut last = BytesMut::new();
            if reason != EndReason::OutcomeUnknown {
                form.0.render_end(reason, &mut last);
            }
            last.freeze()
        });
        outbox.close(last, reason == EndReason::TooSlow);
        self.dirty.push(outbox);
    }

    fn close_hall(&mut self, room: RoomId) {
        self.settle(room);
        let Some(hall) = self.halls.remove(&room) else {
            return;
        };
        self.hall_names
            .remove(&fold_room_name(&hall.reference.name));
        for chair in hall.chairs {
            if let Some(seat) = self.seats.get_mut(&chair.session) {
                seat.rooms.remove(&room);
            }
        }
    }
}

impl Hall {
    fn open_buffers(&mut self) {
        for chair in &self.chairs {
            if !self.buffers.iter().any(|buffer| buffer.form == chair.form) {
                let form = chair.form.clone();
                self.buffers.push(Buffer {
                    form,
                    bytes: BytesMut::new(),
                    frames: 0,
                    cuts: HashMap::new(),
                });
            }
        }
    }
}

fn without_cuts(shared: &Bytes, frames: usize, cuts: &[Cut]) -> (Bytes, usize) {
    let mut bytes = BytesMut::with_capacity(shared.len());
    let mut frames = frames;
    let mut place = 0;
    for cut in cuts {
        bytes.extend_from_slice(&shared[place..cut.from]);
        bytes.extend_from_slice(&cut.instead);
        place = cut.to;
        frames = frames - cut.frames_less + cut.frames_more;
    }
    bytes.extend_from_slice(&shared[place..]);
    (bytes.freeze(), frames)
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
fn relation(
    node: NodeId,
    session: SessionId,
    user: UserId,
    actor: Option<UserId>,
    origin: Option<Origin>,
) -> Relation {
    if actor != Some(user) {
        Relation::Other
    } else if origin == Some(Origin { node, session }) {
        Relation::Origin
    } else {
        Relation::Own
    }
}
