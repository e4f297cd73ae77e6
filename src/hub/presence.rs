//! Who is in which room, and how: see [`PresenceChange`] for the picture.

use std::sync::Arc;
use std::time::Instant;

use super::board::{Board, Scope};
use crate::model::{
    Event, Presence, PresenceChange, PresenceEvent, RoomId, RoomRef, Seq, SessionId, Timestamp,
    UserId, UserKind, UserRef,
};

/// One user's presence in one room.
pub(super) struct Attendance {
    pub(super) user: Arc<UserRef>,
    pub(super) presence: Presence,
}

impl Board {
    /// Attaches a session to a room: from now on it hears what happens there.
    pub(super) fn attach(
        &mut self,
        session: SessionId,
        room: &Arc<RoomRef>,
        seq: Option<Seq>,
        at: Timestamp,
    ) {
        let Some(seat) = self.seats.get_mut(&session) else {
            return;
        };
        let (user, reference) = (seat.user.id, seat.reference.clone());
        if !seat.rooms.insert(room.id) {
            return;
        }
        let before: Vec<RoomId> = match seat.scope {
            Scope::OneRoom => seat
                .rooms
                .iter()
                .copied()
                .filter(|other| *other != room.id)
                .collect(),
            Scope::AllRooms => Vec::new(),
        };
        for other in before {
            self.detach(session, other, at);
        }
        self.settle(room.id);
        let hall = self.hall(room, seq);
        let was_there = hall.attendance.contains_key(&user);
        hall.attendance.entry(user).or_insert(Attendance {
            user: reference,
            presence: Presence::Online,
        });
        self.take_chair(session, room.id);
        if was_there {
            self.review(room.id, user, at);
        } else {
            self.tell_presence(room.id, user, PresenceChange::Online, at);
        }
    }

    /// Takes a session from a room, as it goes to another.
    fn detach(&mut self, session: SessionId, room: RoomId, at: Timestamp) {
        self.settle(room);
        let Some(seat) = self.seats.get_mut(&session) else {
            return;
        };
        seat.rooms.remove(&room);
        let user = seat.user.id;
        if let Some(hall) = self.halls.get_mut(&room) {
            hall.chairs.retain(|chair| chair.session != session);
        }
        if self.is_attended(room, user) {
            self.review(room, user, at);
        } else {
            self.go_absent(room, user, at);
        }
    }

    /// Takes a session from all its rooms and forgets it. Its user is idle until `linger`, or absent at once.
    pub(super) fn remove_seat(
        &mut self,
        session: SessionId,
        linger: Option<Instant>,
        at: Timestamp,
    ) {
        let Some(seat) = self.seats.get(&session) else {
            return;
        };
        let user = seat.user.id;
        for room in seat.rooms.clone() {
            self.settle(room);
            if let Some(hall) = self.halls.get_mut(&room) {
                hall.chairs.retain(|chair| chair.session != session);
            }
        }
        let Some(seat) = self.seats.remove(&session) else {
            return;
        };
        if let Some(line) = seat.outbox.line() {
            line.log_out(session);
        }
        self.unused_tokens.extend(seat.token);
        if let Some(person) = self.people.get_mut(&user) {
            person.sessions.retain(|present| *present != session);
        }
        if let Some(until) = linger {
            for room in &seat.rooms {
                self.linger(user, *room, until);
            }
        }
        for room in seat.rooms {
            if linger.is_some() || self.is_attended(room, user) {
                self.review(room, user, at);
            } else {
                self.go_absent(room, user, at);
            }
        }
        self.forget_if_gone(user);
    }

    /// Whether a user is online or idle in a room.
    pub(super) fn is_there(&self, room: RoomId, user: UserId) -> bool {
        self.halls
            .get(&room)
            .is_some_and(|hall| hall.attendance.contains_key(&user))
    }

    /// Whether a session of the user is attached to the room.
    fn is_attended(&self, room: RoomId, user: UserId) -> bool {
        self.halls
            .get(&room)
            .is_some_and(|hall| hall.chairs.iter().any(|chair| chair.user == user))
    }

    /// A session is silent for too long, or says something again.
    pub(super) fn set_silent(&mut self, session: SessionId, silent: bool, at: Timestamp) {
        let Some(seat) = self.seats.get_mut(&session) else {
            return;
        };
        if seat.silent == silent {
            return;
        }
        seat.silent = silent;
        let user = seat.user.id;
        for room in seat.rooms.clone() {
            self.review(room, user, at);
        }
    }

    /// A user is idle in a room until then, unless one of its sessions is there.
    fn linger(&mut self, user: UserId, room: RoomId, until: Instant) {
        let Some(person) = self.people.get_mut(&user) else {
            return;
        };
        if let Some(before) = person.haunts.insert(room, until) {
            self.lingering.remove(&(before, user, room));
        }
        self.lingering.insert((until, user, room));
    }

    /// When the next lingering user is to become absent somewhere.
    pub(super) fn next_departure(&self) -> Option<Instant> {
        self.lingering.first().map(|(until, ..)| *until)
    }

    /// Makes absent whose grace is over.
    pub(super) fn depart(&mut self, now: Instant, at: Timestamp) {
        while let Some((until, user, room)) = self.lingering.first().copied()
            && until <= now
        {
            self.stop_lingering(user, room, at);
        }
    }

    /// Makes a lingering user absent now, wherever none of its sessions is attached.
    pub(super) fn end_lingering(&mut self, user: UserId, at: Timestamp) {
        let haunts = self
            .people
            .get(&user)
            .map(|person| person.haunts.keys().copied().collect::<Vec<_>>());
        for room in haunts.unwrap_or_default() {
            self.stop_lingering(user, room, at);
        }
        self.forget_if_gone(user);
    }

    fn stop_lingering(&mut self, user: UserId, room: RoomId, at: Timestamp) {
        if let Some(until) = self
            .people
            .get_mut(&user)
            .and_then(|person| person.haunts.remove(&room))
        {
            self.lingering.remove(&(until, user, room));
        }
        if !self.is_attended(room, user) {
            self.go_absent(room, user, at);
        }
        self.forget_if_gone(user);
    }

    /// A user's membership ended: its sessions are no longer in the room, and it is absent there.
    pub(super) fn expel(&mut self, room: RoomId, user: UserId, at: Timestamp) {
        self.settle(room);
        let Some(hall) = self.halls.get_mut(&room) else {
            return;
        };
        let leaving: Vec<SessionId> = hall
            .chairs
            .iter()
            .filter(|chair| chair.user == user)
            .map(|chair| chair.session)
            .collect();
        hall.chairs.retain(|chair| chair.user != user);
        for session in leaving {
            if let Some(seat) = self.seats.get_mut(&session) {
                seat.rooms.remove(&room);
            }
        }
        self.go_absent(room, user, at);
    }

    fn forget_if_gone(&mut self, user: UserId) {
        let Some(person) = self.people.get(&user) else {
            return;
        };
        if person.sessions.is_empty() && person.haunts.is_empty() {
            if person.kind == UserKind::Guest {
                self.gone_guests.push(user);
            }
            self.people.remove(&user);
        }
    }

    fn go_absent(&mut self, room: RoomId, user: UserId, at: Timestamp) {
        if self
            .halls
            .get(&room)
            .is_some_and(|hall| hall.attendance.contains_key(&user))
        {
            self.tell_presence(room, user, PresenceChange::Offline, at);
        }
        self.settle(room);
        let Some(hall) = self.halls.get_mut(&room) else {
            return;
        };
        hall.attendance.remove(&user);
        if hall.chairs.is_empty() && hall.attendance.is_empty() {
            let name = hall.reference.name.clone();
            self.halls.remove(&room);
            self.hall_names.remove(&crate::model::fold_room_name(&name));
        }
    }

    /// Online while an attached session is active, else idle.
    fn review(&mut self, room: RoomId, user: UserId, at: Timestamp) {
        let Some(hall) = self.halls.get_mut(&room) else {
            return;
        };
        let seats = &self.seats;
        let active = hall.chairs.iter().any(|chair| {
            chair.user == user && seats.get(&chair.session).is_some_and(|seat| !seat.silent)
        });
        let now = if active {
            Presence::Online
        } else {
            Presence::Idle
        };
        let Some(attendance) = hall.attendance.get_mut(&user) else {
            return;
        };
        if attendance.presence != now {
            attendance.presence = now;
            let change = if active {
                PresenceChange::Back
            } else {
                PresenceChange::Idle
            };
            self.tell_presence(room, user, change, at);
        }
    }

    fn tell_presence(&mut self, room: RoomId, user: UserId, change: PresenceChange, at: Timestamp) {
        if self.hushed {
            return;
        }
        let Some(hall) = self.halls.get(&room) else {
            return;
        };
        let Some(attendance) = hall.attendance.get(&user) else {
            return;
        };
        let event = PresenceEvent {
            room: hall.reference.clone(),
            who: self.describe(user, attendance),
            change,
            at,
        };
        self.published.push(event.clone());
        self.tell_hall(room, &Event::Presence(event), None);
    }
}
