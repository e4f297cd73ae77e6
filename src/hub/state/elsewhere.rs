//! Who is where at other nodes, as far as they said: each node tells those in a room who of its own is there, and everybody who is
//! connected to it.
//!
//! What a node says of a room bears a number and the number before it, so that whoever missed something asks for all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::effects::Outward;
use super::presence::PresenceEntry;
use super::{HubState, LiveRoom};
use crate::bus::{Everybody, PresenceNews, There};
use crate::model::{NodeId, Presence, PresenceChange, Present, RoomId, UserId};

/// No room: whoever is connected is there.
pub(in crate::hub) const HALL: RoomId = RoomId(0);
/// Most users that one answer names.
const PART: usize = 256;

/// Who is in one room at other nodes.
#[derive(Default)]
pub(super) struct Elsewhere(BTreeMap<NodeId, AtNode>);

#[derive(Default)]
struct AtNode {
    /// It has said who is there.
    is_heard: bool,
    /// Of the last that was heard.
    version: u64,
    users: BTreeMap<UserId, There>,
    /// What was heard of an answer.
    parts: Vec<There>,
}

/// A user of another node whose presence may be another now.
struct Heard {
    user: UserId,
    /// It was there by an open connection, and is not any more.
    said_farewell: bool,
}

impl Elsewhere {
    /// A user as it is at the other node where it is most so.
    pub(super) fn present(&self, user: UserId) -> Option<&Present> {
        let at_nodes = self
            .0
            .values()
            .filter_map(|at_node| at_node.users.get(&user));
        let present = at_nodes.map(|there| &there.who);
        present.min_by_key(|present| present.presence == Presence::Idle)
    }

    /// A user is nowhere here any more.
    pub(super) fn forget_user(&mut self, user: UserId) {
        for at_node in self.0.values_mut() {
            at_node.users.remove(&user);
        }
    }

    /// A user is idle there no more where all its connections broke off.
    pub(super) fn forget_lingering(&mut self, user: UserId) {
        for at_node in self.0.values_mut() {
            if at_node.users.get(&user).is_some_and(|there| there.lingers) {
                at_node.users.remove(&user);
            }
        }
    }

    /// Everybody, as they are at the other node where they are most so.
    pub(super) fn everybody(&self) -> Vec<Present> {
        let at_nodes = self.0.values();
        let users: BTreeSet<UserId> = at_nodes
            .flat_map(|at_node| at_node.users.keys().copied())
            .collect();
        let present = users.into_iter().filter_map(|user| self.present(user));
        present.cloned().collect()
    }

    /// Whether a node has said who is there.
    pub(super) fn has_heard(&self, node: NodeId) -> bool {
        self.0.get(&node).is_some_and(|at_node| at_node.is_heard)
    }

    /// Other nodes at which a user is there.
    pub(super) fn nodes_of(&self, user: UserId) -> Vec<NodeId> {
        let at_nodes = self.0.iter();
        let its = at_nodes.filter(|(_, at_node)| at_node.users.contains_key(&user));
        its.map(|(node, _)| *node).collect()
    }

    /// The users of a node there.
    fn users(&self, node: NodeId) -> Vec<UserId> {
        let at_node = self.0.get(&node);
        at_node
            .map(|at_node| at_node.users.keys().copied().collect())
            .unwrap_or_default()
    }

    /// Whose presence may be another now; `None`: something was missed.
    fn hear(&mut self, node: NodeId, news: PresenceNews) -> Option<Vec<Heard>> {
        let at_node = self.0.entry(node).or_default();
        if news.version <= at_node.version {
            return Some(Vec::new());
        }
        if news.before != at_node.version {
            return None;
        }
        (at_node.version, at_node.is_heard) = (news.version, true);
        let user = news.who.who.user.id;
        let before = match news.is_there {
            true => at_node.users.insert(user, news.who),
            false => at_node.users.remove(&user),
        };
        let said_farewell = !news.is_there && before.is_some_and(|there| !there.lingers);
        Some(vec![Heard {
            user,
            said_farewell,
        }])
    }

    /// The same, of everybody.
    fn hear_all(&mut self, node: NodeId, all: Everybody) -> Option<Vec<Heard>> {
        let at_node = self.0.entry(node).or_default();
        if all.is_first {
            at_node.parts.clear();
        }
        at_node.parts.extend(all.users);
        if !all.is_last {
            return Some(Vec::new());
        }
        let parts = std::mem::take(&mut at_node.parts);
        if parts.len() != all.total {
            return None;
        }
        let mut before = std::mem::take(&mut at_node.users);
        (at_node.version, at_node.is_heard) = (all.version, true);
        let users = parts.into_iter().map(|there| (there.who.user.id, there));
        at_node.users = users.collect();
        before.retain(|user, _| !at_node.users.contains_key(user));
        let gone = before
            .into_iter()
            .map(|(user, there)| (user, !there.lingers));
        let here = at_node.users.keys().map(|user| (*user, false));
        let concerned = gone.chain(here).map(|(user, said_farewell)| Heard {
            user,
            said_farewell,
        });
        Some(concerned.collect())
    }
}

impl HubState {
    /// Whether a user has an open session at any node.
    pub(in crate::hub) fn is_connected_anywhere(&self, user: UserId) -> bool {
        self.is_online(user) || self.hall.present(user).is_some()
    }

    /// The other nodes are told how a user is in a room of this one.
    pub(super) fn publish_here(&mut self, room: RoomId, user: UserId) {
        if !self.is_shared || self.presence_suppressed {
            return;
        }
        let Some(live_room) = self.live_rooms.get(&room) else {
            return;
        };
        let Some(entry) = live_room.presences.get(&user) else {
            return;
        };
        let who = There {
            who: Present {
                presence: entry.here.unwrap_or(Presence::Idle),
                ..self.describe(room, user, entry)
            },
            lingers: entry.lingers,
        };
        let (is_there, before) = (entry.here.is_some(), live_room.version);
        let version = self.next_version();
        if let Some(live_room) = self.live_rooms.get_mut(&room) {
            live_room.version = version;
        }
        self.tell_nodes(PresenceNews {
            room,
            before,
            version,
            who,
            is_there,
        });
    }

    /// The other nodes are told that a user is connected to this one, or no longer.
    pub(super) fn publish_connected(&mut self, who: There, is_there: bool) {
        if !self.is_shared || self.presence_suppressed {
            return;
        }
        let before = self.hall_version;
        let version = self.next_version();
        self.hall_version = version;
        self.tell_nodes(PresenceNews {
            room: HALL,
            before,
            version,
            who,
            is_there,
        });
    }

    fn next_version(&mut self) -> u64 {
        self.last_version += 1;
        self.last_version
    }

    fn tell_nodes(&mut self, news: PresenceNews) {
        self.effects.outward.push(Outward::Presence(news));
    }

    /// Says again how a user is, wherever it is here: it describes itself otherwise.
    pub(in crate::hub) fn publish_again(&mut self, user: UserId) {
        let is_here = |live_room: &LiveRoom| {
            let entry = live_room.presences.get(&user);
            entry.is_some_and(|entry| entry.here.is_some())
        };
        let live_rooms = self.live_rooms.iter();
        let rooms: Vec<RoomId> = live_rooms
            .filter(|(_, live_room)| is_here(live_room))
            .map(|(room, _)| *room)
            .collect();
        for room in rooms {
            self.publish_here(room, user);
        }
    }

    /// Everybody of this node in a room, as other nodes are told who ask; nothing, where this node says nothing of it any more.
    pub(in crate::hub) fn everybody(&self, room: RoomId) -> Vec<Everybody> {
        if self.presence_suppressed {
            return Vec::new();
        }
        let (version, users) = match self.live_rooms.get(&room) {
            _ if room == HALL => (self.hall_version, self.connected()),
            None => (0, Vec::new()),
            Some(live_room) => {
                let here = |(user, entry): (&UserId, &PresenceEntry)| {
                    let presence = entry.here?;
                    let described = self.describe(room, *user, entry);
                    Some(There {
                        who: Present {
                            presence,
                            ..described
                        },
                        lingers: entry.lingers,
                    })
                };
                let users = live_room.presences.iter().filter_map(here);
                (live_room.version, users.collect())
            }
        };
        let total = users.len();
        let parts = total.div_ceil(PART).max(1);
        let mut users = users.into_iter();
        (0..parts)
            .map(|part| Everybody {
                room,
                version,
                total,
                is_first: part == 0,
                is_last: part + 1 == parts,
                users: users.by_ref().take(PART).collect(),
            })
            .collect()
    }

    fn connected(&self) -> Vec<There> {
        let online = self.online.values();
        let sessions = online.filter_map(|user_entry| {
            let mut sessions = user_entry.sessions.iter();
            sessions.find(|session| self.is_seen(**session))
        });
        let entries = sessions.filter_map(|session| self.sessions.get(session));
        entries.map(|entry| connected(&entry.reference)).collect()
    }

    /// The rooms of which other nodes are asked who is there.
    pub(in crate::hub) fn halls(&self) -> Vec<RoomId> {
        self.live_rooms.keys().copied().chain([HALL]).collect()
    }

    /// These rooms with the number of what this node said last of each. None, where it says nothing of presence any more.
    pub(in crate::hub) fn versions(&self, mut rooms: Vec<RoomId>) -> Vec<(RoomId, u64)> {
        if self.presence_suppressed {
            rooms.clear();
        }
        let version = |room| (room, self.version_of(room));
        rooms.into_iter().map(version).collect()
    }

    /// 0: nobody is there.
    fn version_of(&self, room: RoomId) -> u64 {
        match room == HALL {
            true => self.hall_version,
            false => self
                .live_rooms
                .get(&room)
                .map_or(0, |live_room| live_room.version),
        }
    }

    pub(super) fn elsewhere(&mut self, room: RoomId) -> Option<&mut Elsewhere> {
        if room == HALL {
            return Some(&mut self.hall);
        }
        match self.live_rooms.get_mut(&room) {
            Some(live_room) => Some(live_room.elsewhere.get_or_insert_default()),
            None => Some(self.inquiries.get_mut(&room)?.elsewhere()),
        }
    }

    /// Another node says how one of its users is in a room; `false`: something that it said before was missed.
    pub(in crate::hub) fn hear_presence(&mut self, node: NodeId, news: PresenceNews) -> bool {
        if self.is_lost(node) {
            return true;
        }
        let room = news.room;
        let Some(elsewhere) = self.elsewhere(room) else {
            return true;
        };
        let heard = elsewhere.hear(node, news);
        self.heard_of(room, heard)
    }

    /// The same, of everybody.
    pub(in crate::hub) fn hear_everybody(&mut self, node: NodeId, all: Everybody) -> bool {
        if self.is_lost(node) {
            return true;
        }
        self.gone.retain(|(_, gone)| *gone != node);
        let room = all.room;
        let Some(elsewhere) = self.elsewhere(room) else {
            return true;
        };
        let heard = elsewhere.hear_all(node, all);
        self.heard_of(room, heard)
    }

    fn heard_of(&mut self, room: RoomId, heard: Option<Vec<Heard>>) -> bool {
        let is_all = heard.is_some();
        for Heard {
            user,
            said_farewell,
        } in heard.into_iter().flatten()
        {
            if said_farewell {
                self.end_lingering(room, user);
            }
            self.merge(room, user);
        }
        is_all
    }

    /// Whether what a node said last of a room, by its number, was not heard.
    pub(in crate::hub) fn has_missed(&mut self, node: NodeId, room: RoomId, version: u64) -> bool {
        if self.is_lost(node) {
            return false;
        }
        let Some(elsewhere) = self.elsewhere(room) else {
            return false;
        };
        let at_node = elsewhere.0.get(&node);
        at_node.map_or(0, |at_node| at_node.version) != version
    }

    /// Whether a node is no more, and never comes again: what it says of presence counts no more.
    pub(in crate::hub) fn is_lost(&self, node: NodeId) -> bool {
        self.lost.contains(&node)
    }

    /// A node is no more: its users are idle for the grace, since they may come again elsewhere.
    pub(in crate::hub) fn node_is_gone(&mut self, node: NodeId, is_for_good: bool) {
        self.hall.0.remove(&node);
        let was_lost = is_for_good && !self.lost.insert(node);
        if was_lost || self.gone.iter().any(|(_, gone)| *gone == node) {
            return;
        }
        self.gone.push((self.now.instant + self.grace, node));
        self.change_users_of(node, |at_node| {
            for there in at_node.users.values_mut() {
                (there.who.presence, there.lingers) = (Presence::Idle, true);
            }
        });
    }

    /// Makes absent the users of nodes that are gone for as long as the grace.
    pub(super) fn depart_of_gone(&mut self) {
        let now = self.now.instant;
        let due = self.gone.extract_if(.., |(until, _)| *until <= now);
        for (_, node) in due.collect::<Vec<_>>() {
            self.change_users_of(node, |at_node| *at_node = AtNode::default());
        }
    }

    fn change_users_of(&mut self, node: NodeId, change: impl Fn(&mut AtNode)) {
        let mut rooms: Vec<RoomId> = self.live_rooms.keys().copied().collect();
        rooms.sort();
        for room in rooms {
            let live_room = self.live_rooms.get_mut(&room);
            let Some(elsewhere) = live_room.and_then(|live_room| live_room.elsewhere.as_mut())
            else {
                continue;
            };
            let users = elsewhere.users(node);
            if let Some(at_node) = elsewhere.0.get_mut(&node) {
                change(at_node);
            }
            for user in users {
                self.merge(room, user);
            }
        }
    }

    /// Online in a room while it is so at any node, else idle, else absent.
    pub(super) fn merge(&mut self, room: RoomId, user: UserId) {
        let Some(live_room) = self.live_rooms.get_mut(&room) else {
            return;
        };
        let elsewhere = live_room.elsewhere.as_ref();
        let elsewhere = elsewhere
            .and_then(|elsewhere| elsewhere.present(user))
            .cloned();
        let Some(entry) = live_room.presences.get_mut(&user) else {
            if let Some(present) = elsewhere {
                live_room.presences.insert(
                    user,
                    PresenceEntry {
                        user: present.user,
                        presence: Presence::Online,
                        here: None,
                        lingers: false,
                    },
                );
                self.tell_presence(room, user, PresenceChange::Online);
                self.merge_known(room, user, present.presence);
            }
            return;
        };
        let here = entry.here;
        let now = match (here, elsewhere.as_ref().map(|present| present.presence)) {
            (Some(Presence::Online), _) | (_, Some(Presence::Online)) => Presence::Online,
            (Some(Presence::Idle), _) | (_, Some(Presence::Idle)) => Presence::Idle,
            (None, None) => return self.take_out(room, user),
        };
        let renamed = elsewhere.filter(|present| here.is_none() && present.user != entry.user);
        if let Some(present) = renamed {
            self.update_presence(room, &present.user);
        }
        self.merge_known(room, user, now);
    }

    fn merge_known(&mut self, room: RoomId, user: UserId, now: Presence) {
        let Some(entry) = self.presence_entry(room, user) else {
            return;
        };
        if entry.presence != now {
            entry.presence = now;
            let change = match now {
                Presence::Online => PresenceChange::Back,
                Presence::Idle => PresenceChange::Idle,
            };
            self.tell_presence(room, user, change);
        }
    }

    /// A user is absent from a room.
    fn take_out(&mut self, room: RoomId, user: UserId) {
        self.tell_presence(room, user, PresenceChange::Offline);
        self.flush_room(room);
        if let Some(live_room) = self.live_rooms.get_mut(&room) {
            live_room.presences.remove(&user);
        }
    }
}

/// What the others are told of somebody who is connected.
pub(super) fn connected(user: &Arc<crate::model::UserRef>) -> There {
    let who = Present {
        user: user.clone(),
        presence: Presence::Online,
        status: None,
        profile: String::new(),
    };
    There {
        who,
        lingers: false,
    }
}
