//! The rooms with somebody in them, and what happens to them.

use std::sync::Arc;

use super::effects::Outward;
use super::inquiry::Inquiry;
use super::presence::PresenceEntry;
use super::{HubState, LiveRoom, Subscriber};
use crate::bus::Topic;
use crate::model::{
    Event, Present, RoomChange, RoomEvent, RoomId, RoomKind, RoomRef, Seq, SessionId, UserId,
    UserRef, fold_room_name,
};

impl HubState {
    /// The room that a session is attached to under this name.
    pub(in crate::hub) fn attached_room(&self, session: SessionId, name: &str) -> Option<RoomId> {
        let room = *self.live_room_names.get(&fold_room_name(name))?;
        self.sessions
            .get(&session)?
            .rooms
            .contains(&room)
            .then_some(room)
    }

    pub(in crate::hub) fn present(&self, room: RoomId) -> Vec<Present> {
        let Some(live_room) = self.live_rooms.get(&room) else {
            return self.inquired(room);
        };
        let mut present: Vec<Present> = live_room
            .presences
            .iter()
            .map(|(user, at)| self.describe(room, *user, at))
            .collect();
        present.sort_by_key(|present| present.user.id);
        present
    }

    pub(in crate::hub) fn describe(
        &self,
        room: RoomId,
        user: UserId,
        entry: &PresenceEntry,
    ) -> Present {
        let elsewhere = || {
            self.live_rooms
                .get(&room)?
                .elsewhere
                .as_ref()?
                .present(user)
        };
        let (status, profile) = match (self.online.get(&user), elsewhere()) {
            (Some(user_entry), _) => (user_entry.status.clone(), user_entry.profile.clone()),
            (None, Some(present)) => (present.status.clone(), present.profile.clone()),
            (None, None) => (None, String::new()),
        };
        Present {
            user: entry.user.clone(),
            presence: entry.presence,
            status,
            profile,
        }
    }

    /// A durable change of a room happened at another node; called in the order of `seq`.
    pub(in crate::hub) fn foreign_event(&mut self, event: RoomEvent) {
        self.is_foreign = true;
        self.room_event(event);
        self.is_foreign = false;
    }

    /// A durable change of a room happened here or at another node; called in the order of `seq`.
    pub(in crate::hub) fn room_event(&mut self, event: RoomEvent) {
        let room = event.room.clone();
        if let Some(live_room) = self.live_rooms.get_mut(&room.id) {
            if live_room.seq >= event.seq {
                return;
            }
            live_room.seq = event.seq;
            self.update_reference(&room);
        }
        if room.kind == RoomKind::Direct {
            if !self.advance_direct(&room, event.seq) {
                return;
            }
            return self.tell_pair(&room, &Arc::new(Event::Room(event)));
        }
        let change = event.change.clone();
        if let RoomChange::MemberJoined { user } = &change {
            for session in self.sessions_in_all_rooms(user.id) {
                self.attach(session, &room, event.seq);
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
                self.expel(room.id, user.id);
            }
            RoomChange::RoomDeleted => self.close_live_room(room.id),
            RoomChange::Created
            | RoomChange::Posted(_)
            | RoomChange::Edited(_)
            | RoomChange::Deleted(_)
            | RoomChange::HistoryCleared
            | RoomChange::Titled
            | RoomChange::Described { .. }
            | RoomChange::Renamed { .. }
            | RoomChange::AccessChanged
            | RoomChange::Quieted { .. }
            | RoomChange::Slowed { .. }
            | RoomChange::MemberJoined { .. }
            | RoomChange::MemberUnbanned { .. }
            | RoomChange::RoleChanged { .. } => {}
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
    pub(in crate::hub) fn live_room(&mut self, room: &Arc<RoomRef>, seq: Seq) -> &mut LiveRoom {
        self.live_room_names
            .entry(fold_room_name(&room.name))
            .or_insert(room.id);
        let (effects, inquiries) = (&mut self.effects, &mut self.inquiries);
        self.live_rooms.entry(room.id).or_insert_with(|| {
            let topic = Topic::Room(room.id);
            effects.outward.push(Outward::Interest(topic, true));
            let found = inquiries.get_mut(&room.id).map(Inquiry::take);
            let (elsewhere, presences) = found.unzip();
            LiveRoom {
                reference: room.clone(),
                subscribers: Vec::new(),
                presences: presences.unwrap_or_default(),
                seq,
                elsewhere,
                version: 0,
                watchers: 0,
                buffers: Vec::new(),
            }
        })
    }

    /// Nobody is in the room any more.
    pub(super) fn forget_room(&mut self, room: RoomId) -> Option<LiveRoom> {
        let live_room = self.live_rooms.remove(&room)?;
        let name = fold_room_name(&live_room.reference.name);
        self.live_room_names.remove(&name);
        let topic = Topic::Room(room);
        self.effects.outward.push(Outward::Interest(topic, false));
        Some(live_room)
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
            dialect: entry.number,
            is_seen: entry.scope.is_seen(),
            encoder: entry.encoder.clone(),
            sink: entry.sink.clone(),
        });
    }

    pub(in crate::hub) fn close_live_room(&mut self, room: RoomId) {
        self.flush_room(room);
        let Some(live_room) = self.forget_room(room) else {
            return;
        };
        for subscriber in live_room.subscribers {
            if let Some(entry) = self.sessions.get_mut(&subscriber.session) {
                entry.rooms.remove(&room);
            }
        }
    }
}

/// Who an event happens to, beside the one who did it.
pub(super) fn subject(change: &RoomChange) -> Option<&Arc<UserRef>> {
    match change {
        RoomChange::MemberJoined { user }
        | RoomChange::MemberLeft { user }
        | RoomChange::MemberRemoved { user }
        | RoomChange::MemberBanned { user }
        | RoomChange::MemberUnbanned { user }
        | RoomChange::RoleChanged { user, .. } => Some(user),
        RoomChange::Created
        | RoomChange::Posted(_)
        | RoomChange::Edited(_)
        | RoomChange::Deleted(_)
        | RoomChange::HistoryCleared
        | RoomChange::Titled
        | RoomChange::Described { .. }
        | RoomChange::Renamed { .. }
        | RoomChange::AccessChanged
        | RoomChange::Quieted { .. }
        | RoomChange::Slowed { .. }
        | RoomChange::RoomDeleted => None,
    }
}
