//! Who is in which room, and how: see [`PresenceChange`] for the picture.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::effects::Outward;
use super::elsewhere::connected;
use super::{HubState, LiveRoom, Scope};
use crate::bus::Topic;
use crate::cluster::ExclusiveName;
use crate::model::{
    Event, Presence, PresenceChange, PresenceEvent, RoomId, RoomRef, Seq, SessionId, UserId,
    UserKind, UserRef,
};

/// One user's presence in one room.
pub(in crate::hub) struct PresenceEntry {
    pub(in crate::hub) user: Arc<UserRef>,
    pub(in crate::hub) presence: Presence,
    /// How it is there by sessions of this node; `None`: by others' alone.
    pub(in crate::hub) here: Option<Presence>,
    /// It is here because its last connection here broke off a moment ago.
    pub(in crate::hub) lingers: bool,
}

impl HubState {
    /// Attaches a session to a room whose last change was `seq` when its user was found to be a member: from now on it hears
    /// what happens there. After which change that is.
    pub(in crate::hub) fn attach(
        &mut self,
        session: SessionId,
        room: &Arc<RoomRef>,
        seq: Seq,
    ) -> Seq {
        let told = self.live_rooms.get(&room.id).map_or(seq, |room| room.seq);
        let Some(entry) = self.sessions.get_mut(&session) else {
            return told;
        };
        let (user, reference) = (entry.user.id, entry.reference.clone());
        if !entry.rooms.insert(room.id) {
            return told;
        }
        let scope = entry.scope;
        let before: Vec<RoomId> = match scope {
            Scope::OneRoom => entry
                .rooms
                .iter()
                .copied()
                .filter(|other| *other != room.id)
                .collect(),
            Scope::AllRooms | Scope::Unseen => Vec::new(),
        };
        for other in before {
            self.detach(session, other);
        }
        self.flush_room(room.id);
        let live_room = self.live_room(room, seq);
        if !scope.is_seen() {
            self.subscribe(session, room.id);
            return told;
        }
        let was_there = live_room.presences.contains_key(&user);
        live_room.presences.entry(user).or_insert(PresenceEntry {
            user: reference,
            presence: Presence::Online,
            here: None,
            lingers: false,
        });
        self.subscribe(session, room.id);
        if !was_there {
            self.tell_presence(room.id, user, PresenceChange::Online);
        }
        self.review(room.id, user);
        told
    }

    /// As [`HubState::attach`], for a session that should have been there after `seq`: what the others were told since then it
    /// is told now.
    pub(in crate::hub) fn attach_late(
        &mut self,
        session: SessionId,
        room: &Arc<RoomRef>,
        seq: Seq,
        missed: &[Arc<Event>],
    ) {
        let entry = self.sessions.get(&session);
        if entry.is_none_or(|entry| entry.rooms.contains(&room.id)) {
            return;
        }
        self.attach(session, room, seq);
        for event in missed {
            self.tell_alone(session, room.id, event);
        }
    }

    /// Takes a session from a room, as it goes to another.
    fn detach(&mut self, session: SessionId, room: RoomId) {
        self.flush_room(room);
        let Some(entry) = self.sessions.get_mut(&session) else {
            return;
        };
        entry.rooms.remove(&room);
        let user = entry.user.id;
        if let Some(live_room) = self.live_rooms.get_mut(&room) {
            live_room
                .subscribers
                .retain(|subscriber| subscriber.session != session);
        }
        if self.is_attended(room, user) {
            self.review(room, user);
        } else {
            self.go_absent(room, user);
        }
    }

    /// Takes a session from all its rooms and forgets it. The user of one that broke off so long ago is idle for what is left
    /// of the grace, else absent at once.
    pub(in crate::hub) fn remove_entry(&mut self, session: SessionId, broke_off: Option<Duration>) {
        let Some(entry) = self.sessions.get(&session) else {
            return;
        };
        let user = entry.user.id;
        for room in entry.rooms.clone() {
            self.flush_room(room);
            if let Some(live_room) = self.live_rooms.get_mut(&room) {
                live_room
                    .subscribers
                    .retain(|subscriber| subscriber.session != session);
            }
        }
        let Some(entry) = self.sessions.remove(&session) else {
            return;
        };
        self.counting.session(&entry, -1);
        if let Some(line) = entry.sink.tap() {
            line.log_out(session);
        }
        if let Some(token) = entry.token {
            self.used(token);
        }
        if let Some(claim) = self.claims.remove(&session) {
            let dialect = entry.dialect.to_owned();
            let name = ExclusiveName { user, dialect };
            self.effects.released.push((name, claim));
        }
        if let Some(user_entry) = self.online.get_mut(&user) {
            user_entry.sessions.retain(|present| *present != session);
        }
        if !entry.scope.is_seen() {
            for room in entry.rooms {
                self.forget_if_empty(room);
            }
            return self.forget_if_gone(user);
        }
        if !self.is_online(user) {
            self.publish_connected(connected(&entry.reference), false);
        }
        let grace = broke_off.and_then(|ago| self.grace.checked_sub(ago));
        let grace = grace.filter(|left| !left.is_zero());
        let lingers = grace.is_some();
        if let Some(left) = grace {
            let until = self.now.instant + left;
            for room in &entry.rooms {
                self.begin_grace(user, *room, until);
            }
        }
        for room in entry.rooms {
            if lingers || self.is_attended(room, user) {
                self.review(room, user);
            } else {
                self.go_absent(room, user);
            }
        }
        self.forget_if_gone(user);
    }

    /// Whether a user is online or idle in a room.
    pub(in crate::hub) fn is_there(&self, room: RoomId, user: UserId) -> bool {
        self.live_rooms
            .get(&room)
            .is_some_and(|live_room| live_room.presences.contains_key(&user))
    }

    /// Whether a session of the user that is seen is attached to the room.
    fn is_attended(&self, room: RoomId, user: UserId) -> bool {
        self.live_rooms.get(&room).is_some_and(|live_room| {
            live_room
                .subscribers
                .iter()
                .any(|subscriber| subscriber.is_seen && subscriber.user == user)
        })
    }

    /// A session is silent for too long, or says something again.
    pub(in crate::hub) fn set_silent(&mut self, session: SessionId, silent: bool) {
        let Some(entry) = self.sessions.get_mut(&session) else {
            return;
        };
        if entry.silent == silent {
            return;
        }
        entry.silent = silent;
        let user = entry.user.id;
        for room in entry.rooms.clone() {
            self.review(room, user);
        }
    }

    /// A user is idle in a room until then, unless one of its sessions is there.
    fn begin_grace(&mut self, user: UserId, room: RoomId, until: Instant) {
        let Some(user_entry) = self.online.get_mut(&user) else {
            return;
        };
        if let Some(before) = user_entry.graces.insert(room, until) {
            self.in_grace.remove(&(before, user, room));
        }
        self.in_grace.insert((until, user, room));
    }

    /// When the next lingering user is to become absent somewhere.
    pub(in crate::hub) fn next_departure(&self) -> Option<Instant> {
        let first = self.in_grace.first().map(|(until, ..)| *until);
        let of_gone = self.gone.iter().map(|(until, _)| *until).min();
        first.into_iter().chain(of_gone).min()
    }

    /// Makes absent whose grace is over.
    pub(in crate::hub) fn depart(&mut self) {
        while let Some((until, user, room)) = self.in_grace.first().copied()
            && until <= self.now.instant
        {
            self.end_grace_in(user, room);
        }
        self.depart_of_gone();
    }

    /// Makes a lingering user absent now, wherever none of its sessions is attached.
    pub(in crate::hub) fn end_grace(&mut self, user: UserId) {
        let graces = self
            .online
            .get(&user)
            .map(|user_entry| user_entry.graces.keys().copied().collect::<Vec<_>>());
        for room in graces.unwrap_or_default() {
            self.end_grace_in(user, room);
        }
        self.forget_if_gone(user);
    }

    /// A user said farewell where it was last in a room: it is nowhere idle there any more because a connection broke off before.
    pub(super) fn end_lingering(&mut self, room: RoomId, user: UserId) {
        let live_room = self.live_rooms.get_mut(&room);
        if let Some(elsewhere) = live_room.and_then(|live_room| live_room.elsewhere.as_mut()) {
            elsewhere.forget_lingering(user);
        }
        if self
            .presence_entry(room, user)
            .is_some_and(|entry| entry.lingers)
        {
            self.end_grace_in(user, room);
        }
    }

    fn end_grace_in(&mut self, user: UserId, room: RoomId) {
        if let Some(until) = self
            .online
            .get_mut(&user)
            .and_then(|user_entry| user_entry.graces.remove(&room))
        {
            self.in_grace.remove(&(until, user, room));
        }
        if !self.is_attended(room, user) {
            self.go_absent(room, user);
        }
        self.forget_if_gone(user);
    }

    /// A user's membership ended: its sessions are no longer in the room, and it is absent there.
    pub(in crate::hub) fn expel(&mut self, room: RoomId, user: UserId) {
        self.flush_room(room);
        let Some(live_room) = self.live_rooms.get_mut(&room) else {
            return;
        };
        let leaving: Vec<SessionId> = live_room
            .subscribers
            .iter()
            .filter(|subscriber| subscriber.user == user)
            .map(|subscriber| subscriber.session)
            .collect();
        live_room
            .subscribers
            .retain(|subscriber| subscriber.user != user);
        if let Some(elsewhere) = &mut live_room.elsewhere {
            elsewhere.forget_user(user);
        }
        for session in leaving {
            if let Some(entry) = self.sessions.get_mut(&session) {
                entry.rooms.remove(&room);
            }
        }
        self.go_absent(room, user);
    }

    fn forget_if_gone(&mut self, user: UserId) {
        let Some(user_entry) = self.online.get(&user) else {
            return;
        };
        if user_entry.sessions.is_empty() && user_entry.graces.is_empty() {
            if user_entry.kind == UserKind::Guest {
                self.effects.gone_guests.push(user);
            }
            self.unfollow(user);
            self.online.remove(&user);
            let topic = Topic::User(user);
            self.effects.outward.push(Outward::Interest(topic, false));
        }
    }

    fn go_absent(&mut self, room: RoomId, user: UserId) {
        if let Some(entry) = self.presence_entry(room, user)
            && entry.here.take().is_some()
        {
            let lingered = std::mem::take(&mut entry.lingers);
            self.publish_here(room, user);
            if !lingered {
                self.end_lingering(room, user);
            }
        }
        self.merge(room, user);
        self.flush_room(room);
        self.forget_if_empty(room);
    }

    pub(super) fn forget_if_empty(&mut self, room: RoomId) {
        let Some(live_room) = self.live_rooms.get_mut(&room) else {
            return;
        };
        let mut presences = live_room.presences.values();
        if live_room.subscribers.is_empty()
            && live_room.watchers == 0
            && !presences.any(|entry| entry.here.is_some())
        {
            self.forget_room(room);
        }
    }

    /// Online here while an attached session is active, else idle.
    fn review(&mut self, room: RoomId, user: UserId) {
        let Some(live_room) = self.live_rooms.get_mut(&room) else {
            return;
        };
        let sessions = &self.sessions;
        let own = live_room
            .subscribers
            .iter()
            .filter(|subscriber| subscriber.user == user && subscriber.is_seen);
        let mut own = own
            .filter_map(|subscriber| sessions.get(&subscriber.session))
            .peekable();
        let lingers = own.peek().is_none();
        let now = match own.any(|entry| !entry.silent) {
            true => Presence::Online,
            false => Presence::Idle,
        };
        let Some(entry) = live_room.presences.get_mut(&user) else {
            return;
        };
        let before = (
            entry.here.replace(now),
            std::mem::replace(&mut entry.lingers, lingers),
        );
        if before != (Some(now), lingers) {
            self.publish_here(room, user);
        }
        self.merge(room, user);
    }

    /// A user is called otherwise. Where its login is another, the old one goes and the new one comes: clients know users by
    /// it.
    pub(in crate::hub) fn update_presences(&mut self, user: &Arc<UserRef>) {
        let is_there = |live_room: &LiveRoom| live_room.presences.contains_key(&user.id);
        let live_rooms = self.live_rooms.iter();
        let mut rooms: Vec<RoomId> = live_rooms
            .filter(|(_, live_room)| is_there(live_room))
            .map(|(room, _)| *room)
            .collect();
        rooms.sort();
        for room in rooms {
            self.update_presence(room, user);
        }
    }

    pub(super) fn update_presence(&mut self, room: RoomId, user: &Arc<UserRef>) {
        let login = |entry: &mut PresenceEntry| entry.user.login.clone();
        let is_another =
            self.presence_entry(room, user.id).map(login).as_ref() != Some(&user.login);
        if is_another {
            self.tell_presence(room, user.id, PresenceChange::Offline);
        }
        if let Some(entry) = self.presence_entry(room, user.id) {
            entry.user = user.clone();
            if is_another {
                entry.presence = Presence::Online;
                self.tell_presence(room, user.id, PresenceChange::Online);
                self.merge(room, user.id);
            }
            self.publish_if_here(room, user.id);
        }
    }

    fn publish_if_here(&mut self, room: RoomId, user: UserId) {
        if self
            .presence_entry(room, user)
            .is_some_and(|entry| entry.here.is_some())
        {
            self.publish_here(room, user);
        }
    }

    pub(super) fn presence_entry(
        &mut self,
        room: RoomId,
        user: UserId,
    ) -> Option<&mut PresenceEntry> {
        self.live_rooms.get_mut(&room)?.presences.get_mut(&user)
    }

    pub(super) fn tell_presence(&mut self, room: RoomId, user: UserId, change: PresenceChange) {
        if self.presence_suppressed {
            return;
        }
        let Some(live_room) = self.live_rooms.get(&room) else {
            return;
        };
        let Some(presences) = live_room.presences.get(&user) else {
            return;
        };
        let event = PresenceEvent {
            room: live_room.reference.clone(),
            who: self.describe(room, user, presences),
            change,
            at: self.now.at,
        };
        self.broadcast(room, &Arc::new(Event::Presence(event)), None);
    }
}
