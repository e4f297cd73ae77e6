//! What a hub keeps of direct rooms, whose changes can come from other nodes: up to where each was told here.

use std::sync::Arc;

use super::{FollowedDirect, HubState, SessionEntry, password_mark};
use crate::bus::Topic;
use crate::model::{
    EndReason, RoomChange, RoomEvent, RoomId, RoomKind, RoomRef, Seq, SessionId, TokenId, UserId,
    UserRef,
};
use crate::store::UserRow;

impl HubState {
    /// Whether somebody is attached to this room, which is no direct one then, or watches it.
    pub(in crate::hub) fn is_for_many(&self, room: RoomId) -> bool {
        self.live_rooms.contains_key(&room)
    }

    /// The last change of a room that was told here; `None` if nobody here is to be told of any.
    pub(in crate::hub) fn told(&self, room: &RoomRef) -> Option<Seq> {
        match room.pair {
            None => self.live_rooms.get(&room.id).map(|live_room| live_room.seq),
            Some((a, b)) => match self.directs.get(&room.id) {
                Some(direct) => Some(direct.seq),
                // It was made after its users came.
                None => [a, b]
                    .iter()
                    .any(|user| self.online.contains_key(user))
                    .then_some(Seq(0)),
            },
        }
    }

    /// The rooms whose changes concern sessions here.
    pub(in crate::hub) fn followed(&self) -> Vec<RoomId> {
        self.live_rooms
            .keys()
            .chain(self.directs.keys())
            .copied()
            .collect()
    }

    /// Those of them whose changes come under a topic.
    pub(in crate::hub) fn followed_by(&self, topic: Topic) -> Vec<RoomId> {
        match topic {
            Topic::Room(room) => vec![room],
            Topic::User(user) => {
                let directs = self
                    .online
                    .get(&user)
                    .and_then(|user_entry| user_entry.directs.as_ref());
                directs
                    .into_iter()
                    .flat_map(|directs| directs.iter().copied())
                    .collect()
            }
            Topic::All | Topic::Node(_) => Vec::new(),
        }
    }

    /// Whether a user is here who is to have a place in a room since this change, and the change was not told or a session has
    /// none.
    pub(in crate::hub) fn is_missed_in(&self, room: RoomId, user: UserId, seq: Seq) -> bool {
        let Some(user_entry) = self.online.get(&user) else {
            return false;
        };
        if self.told_of(room).is_none_or(|told| told < seq) {
            return true;
        }
        let is_elsewhere = |id: &SessionId| {
            let entry = self.sessions.get(id);
            entry.is_some_and(|entry| !entry.rooms.contains(&room))
        };
        let directs = user_entry.directs.as_ref();
        !directs.is_some_and(|directs| directs.contains(&room))
            && user_entry.sessions.iter().any(is_elsewhere)
    }

    /// Whether a session of a user is not in a room, though it is in all rooms where the user is a member.
    pub(in crate::hub) fn lacks_place(&self, room: RoomId, user: UserId) -> bool {
        let places = self.sessions_in_all_rooms(user).into_iter();
        let mut places = places.filter_map(|session| self.sessions.get(&session));
        places.any(|entry| !entry.rooms.contains(&room))
    }

    /// A user's row, and the tokens that are left to it, may be others than when its sessions opened.
    pub(in crate::hub) fn review_user(
        &mut self,
        user: UserId,
        row: Option<&UserRow>,
        tokens: &[TokenId],
    ) {
        let Some(row) = row.filter(|row| row.folded.is_some() && !row.erasing) else {
            return self.end_sessions_of(user, EndReason::AccountRemoved, |_| true);
        };
        if row.user.disabled {
            return self.end_sessions_of(user, EndReason::AccountDisabled, |_| true);
        }
        let mark = password_mark(row);
        let by_old_one = |entry: &SessionEntry| !entry.by_api_token && entry.password_mark != mark;
        self.end_sessions_of(user, EndReason::PasswordChanged, by_old_one);
        let is_revoked = |entry: &SessionEntry| entry.token.is_some_and(|id| !tokens.contains(&id));
        self.end_sessions_of(user, EndReason::TokenRevoked, is_revoked);
        let mut known = self.sessions.values().filter(|entry| entry.user.id == user);
        if known.any(|entry| entry.user != row.user) {
            self.update_user(row);
        }
    }

    /// A room was removed, nobody can say any more by whom.
    pub(in crate::hub) fn room_is_gone(&mut self, room: RoomId, gateway: &str) {
        let live_room = self.live_rooms.get(&room);
        let Some((reference, seq)) = live_room.map(|room| (room.reference.clone(), room.seq))
        else {
            self.directs.remove(&room);
            return;
        };
        let actor = UserRef {
            id: UserId::GATEWAY,
            login: gateway.to_owned(),
            name: gateway.to_owned(),
        };
        self.foreign_event(RoomEvent {
            room: reference,
            seq: seq.next(),
            at: self.now.at,
            actor: Arc::new(actor),
            peer: None,
            origin: None,
            seen: false,
            unaware: Vec::new(),
            change: RoomChange::RoomDeleted,
        });
    }

    /// The last change of a room that was told here, if sessions here are concerned.
    pub(in crate::hub) fn told_of(&self, room: RoomId) -> Option<Seq> {
        let live_room = self.live_rooms.get(&room).map(|live_room| live_room.seq);
        live_room.or_else(|| Some(self.directs.get(&room)?.seq))
    }

    /// A user who is here has a direct room, whose last change was this when that was found.
    pub(in crate::hub) fn follow(&mut self, user: UserId, room: RoomId, seq: Seq) {
        if !self.is_shared {
            return;
        }
        let Some(user_entry) = self.online.get_mut(&user) else {
            return;
        };
        if user_entry.directs.get_or_insert_default().insert(room) {
            let direct = FollowedDirect { seq, followers: 0 };
            self.directs.entry(room).or_insert(direct).followers += 1;
        }
    }

    /// A user goes, and with it what was kept of its direct rooms.
    pub(super) fn unfollow(&mut self, user: UserId) {
        let user_entry = self.online.get_mut(&user);
        let rooms = user_entry.and_then(|user_entry| user_entry.directs.take());
        for room in rooms.into_iter().flat_map(|rooms| *rooms) {
            self.unfollow_direct(room);
        }
    }

    fn unfollow_direct(&mut self, room: RoomId) {
        if let Some(direct) = self.directs.get_mut(&room) {
            direct.followers -= 1;
            if direct.followers == 0 {
                self.directs.remove(&room);
            }
        }
    }

    /// The tap is told what happens in a room after this change, at whichever node; until [`HubState::unwatch`].
    pub(in crate::hub) fn watch(&mut self, room: &Arc<RoomRef>, seq: Seq) {
        match room.kind {
            // The bus does not bring it: beats say where to look.
            RoomKind::Direct => {
                let direct = FollowedDirect { seq, followers: 0 };
                self.directs.entry(room.id).or_insert(direct).followers += 1;
            }
            RoomKind::Public | RoomKind::Private => self.live_room(room, seq).watchers += 1,
        }
    }

    pub(in crate::hub) fn unwatch(&mut self, room: &RoomRef) {
        match room.kind {
            RoomKind::Direct => self.unfollow_direct(room.id),
            RoomKind::Public | RoomKind::Private => {
                // Of one that was removed there is nothing left.
                if let Some(live_room) = self.live_rooms.get_mut(&room.id) {
                    live_room.watchers -= 1;
                    self.forget_if_empty(room.id);
                }
            }
        }
    }

    /// What happened in a room up to this change is kept no longer, and cannot be told.
    pub(in crate::hub) fn pass_over(&mut self, room: RoomId, upto: Seq) {
        if let Some(live_room) = self.live_rooms.get_mut(&room) {
            live_room.seq = live_room.seq.max(upto);
        }
        if let Some(direct) = self.directs.get_mut(&room) {
            direct.seq = direct.seq.max(upto);
        }
    }

    /// A direct room has changed; `false` if that was told before.
    pub(super) fn advance_direct(&mut self, room: &RoomRef, seq: Seq) -> bool {
        if !self.is_shared {
            return true;
        }
        match self.directs.get_mut(&room.id) {
            Some(direct) if direct.seq >= seq => return false,
            Some(direct) => direct.seq = seq,
            None => {
                for user in room.pair.into_iter().flat_map(|(a, b)| [a, b]) {
                    self.follow(user, room.id, seq);
                }
            }
        }
        true
    }
}
