//! The switchboard: which sessions are open, which rooms they are attached to, and who hears of what.
//!
//! A machine without lock, clock or I/O. The hub tells it what happened in the order in which it happened, between
//! [`HubState::begin`] and [`HubState::finish`], and does what it says is to be done ([`effects`]). Within one call of the
//! hub, a room's events are written into one buffer per form; each session of that form is then handed that one buffer.

mod buffer;
pub(in crate::hub) mod effects;
pub(in crate::hub) mod elsewhere;
mod ending;
mod following;
mod inquiry;
mod presence;
mod rooms;
mod sessions;
mod telling;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::bus::Topic;
use crate::cluster::MAX_NODES;
use crate::hub::backlog::Backlog;
use crate::hub::encoder::SharedEncoder;
use crate::hub::metrics::DialectNumber;
use crate::hub::sink::Sink;
use crate::hub::tap::{Tap, TapUser};
use crate::id_map::{IdMap, IdSet};
use crate::model::{
    EndReason, GatewayBan, NodeId, RoomId, RoomRef, Seq, SessionId, SessionInfo, Timestamp,
    TokenId, User, UserId, UserKind, UserRef,
};
use buffer::Buffer;
use effects::{Effects, Moment, Outgoing, Outward};
use elsewhere::{Elsewhere, connected};
use inquiry::Inquiry;
use presence::PresenceEntry;
pub(in crate::hub) use sessions::password_mark;
use telling::Counting;

/// Memory for so many sinks' deliveries is kept from one call of the hub to the next.
const MAX_KEPT_OUTGOING: usize = 4096;

/// By how much the numbers of a node's sessions rise, where there are several nodes.
const PER_NODE: u64 = MAX_NODES as u64 + 1;

/// The number of the node that gave a session its number, where there are several nodes.
pub(in crate::hub) fn node_of(session: SessionId) -> u16 {
    // It is below that of the most nodes.
    (session.0 % PER_NODE) as u16
}

/// Which rooms a session is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All that its user is a member of.
    AllRooms,
    /// The one that it entered last.
    OneRoom,
    /// All that its user is a member of, and nobody sees that it is there: it only listens.
    Unseen,
}

impl Scope {
    /// Whether a session of this scope is attached to all rooms of its user.
    fn is_all(self) -> bool {
        self != Self::OneRoom
    }

    /// Whether its user is online by it.
    pub(in crate::hub) fn is_seen(self) -> bool {
        self != Self::Unseen
    }
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

/// A session that a login opened and nothing has ended yet.
pub(in crate::hub) struct SessionEntry {
    pub(in crate::hub) user: Arc<User>,
    /// The same, where its connection sees it.
    pub(in crate::hub) current: CurrentUser,
    pub(in crate::hub) reference: Arc<UserRef>,
    pub(in crate::hub) sink: Arc<dyn Sink>,
    pub(in crate::hub) encoder: SharedEncoder,
    pub(in crate::hub) scope: Scope,
    pub(in crate::hub) dialect: &'static str,
    /// The same, where it is counted.
    pub(in crate::hub) number: DialectNumber,
    pub(in crate::hub) address: Option<IpAddr>,
    pub(in crate::hub) since: Timestamp,
    pub(in crate::hub) exclusive: bool,
    pub(in crate::hub) token: Option<TokenId>,
    /// Of the account's password when it was opened: another one ends it.
    pub(in crate::hub) password_mark: u64,
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
    /// Its direct rooms, if there are other nodes.
    #[allow(
        clippy::box_collection,
        reason = "of one node it is empty: 8 bytes less"
    )]
    directs: Option<Box<BTreeSet<RoomId>>>,
    /// Where a session of it broke off, and until when it is idle there, unless another session is there.
    pub(in crate::hub) graces: BTreeMap<RoomId, Instant>,
}

/// A room with somebody in it, or that is watched.
pub(in crate::hub) struct LiveRoom {
    pub(in crate::hub) reference: Arc<RoomRef>,
    pub(in crate::hub) subscribers: Vec<Subscriber>,
    pub(in crate::hub) presences: IdMap<UserId, PresenceEntry>,
    /// The last change that was told here.
    pub(in crate::hub) seq: Seq,
    /// Who is there at other nodes.
    elsewhere: Option<Elsewhere>,
    /// Of what the others were told last of who is there at this one.
    version: u64,
    /// How many want the tap to be told of it, wherever it happens.
    watchers: u32,
    buffers: Vec<Buffer>,
}

/// A direct room with a session of one of its users, or that is watched.
struct FollowedDirect {
    /// The last change that was told here.
    seq: Seq,
    /// How many of the two are here, and how many watch.
    followers: u32,
}

/// A session's place in a room, with what is needed to reach it.
pub(in crate::hub) struct Subscriber {
    pub(in crate::hub) session: SessionId,
    pub(in crate::hub) user: UserId,
    dialect: DialectNumber,
    is_seen: bool,
    encoder: SharedEncoder,
    sink: Arc<dyn Sink>,
}

/// Who is connected, where, and what is still to be told and done: what the module says of it.
pub(in crate::hub) struct HubState {
    node: NodeId,
    /// The node's number, where there may be others.
    node_number: Option<u16>,
    pub(in crate::hub) sessions: IdMap<SessionId, Box<SessionEntry>>,
    /// Where there are several nodes: by which claim a session holds its user's one connection.
    claims: IdMap<SessionId, u64>,
    pub(in crate::hub) online: IdMap<UserId, Box<OnlineUser>>,
    pub(in crate::hub) live_rooms: IdMap<RoomId, LiveRoom>,
    pub(in crate::hub) live_room_names: HashMap<String, RoomId>,
    directs: IdMap<RoomId, FollowedDirect>,
    /// Who is connected to other nodes.
    hall: Elsewhere,
    hall_version: u64,
    /// Rooms about which somebody asks who is there.
    inquiries: IdMap<RoomId, Inquiry>,
    last_version: u64,
    /// Nodes that are no more, and when their users are absent.
    gone: Vec<(Instant, NodeId)>,
    /// Nodes that said that they are no more, or that the registry knows no more.
    lost: IdSet<NodeId>,
    /// Other nodes may use the store and the bus.
    pub(in crate::hub) is_shared: bool,
    /// What is told now was done at another node.
    is_foreign: bool,
    /// Who lingers, the first to go first.
    pub(in crate::hub) in_grace: BTreeSet<(Instant, UserId, RoomId)>,
    /// Nobody hears of anybody's presence any more: all are about to go.
    pub(in crate::hub) presence_suppressed: bool,
    touched: Vec<RoomId>,
    ending: Vec<(SessionId, EndReason)>,
    outgoing: Vec<Outgoing>,
    effects: Effects,
    pub(in crate::hub) now: Moment,
    /// From a broken connection to absent.
    pub(in crate::hub) grace: Duration,
    /// When something was due, as far as was known before the present call.
    was_due: (Option<Instant>, usize),
    /// Tokens whose last use the store is still to record, and how often: they were in use a moment ago.
    uses: IdMap<TokenId, usize>,
    /// Who is kept out of the whole gateway, as the store has it; of some the time may be over.
    pub(in crate::hub) bans: Vec<GatewayBan>,
    /// Guests that the store could not end yet.
    pub(in crate::hub) unended_guests: Vec<UserId>,
    pub(in crate::hub) counting: Counting,
    /// What waits for all sessions together.
    pub(in crate::hub) backlog: Arc<Backlog>,
    tap: Tap,
    next_session: u64,
}

impl HubState {
    pub(in crate::hub) fn new(node: NodeId, tap: Tap, grace: Duration, now: Moment) -> Self {
        Self {
            node,
            node_number: None,
            sessions: IdMap::default(),
            claims: IdMap::default(),
            online: IdMap::default(),
            live_rooms: IdMap::default(),
            live_room_names: HashMap::new(),
            directs: IdMap::default(),
            hall: Elsewhere::default(),
            hall_version: 0,
            inquiries: IdMap::default(),
            last_version: 0,
            gone: Vec::new(),
            lost: IdSet::default(),
            is_shared: false,
            is_foreign: false,
            in_grace: BTreeSet::new(),
            presence_suppressed: false,
            bans: Vec::new(),
            touched: Vec::new(),
            ending: Vec::new(),
            outgoing: Vec::new(),
            effects: Effects::default(),
            now,
            grace,
            was_due: (None, 0),
            uses: IdMap::default(),
            unended_guests: Vec::new(),
            counting: Counting::default(),
            backlog: Arc::default(),
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
        let mut touched = std::mem::take(&mut self.touched);
        for room in touched.drain(..) {
            self.flush_room(room);
        }
        self.touched = touched;
        if self.outgoing.is_empty() {
            self.end_sessions();
        }
        std::mem::take(&mut self.outgoing)
    }

    /// What [`HubState::take_outgoing`] gave is done: its memory serves for what comes.
    pub(in crate::hub) fn put_back(&mut self, done: Vec<Outgoing>) {
        if done.is_empty() && done.capacity() <= MAX_KEPT_OUTGOING && self.outgoing.capacity() == 0
        {
            self.outgoing = done;
        }
    }

    /// All that else is to be done of what happened since [`HubState::begin`].
    pub(in crate::hub) fn finish(&mut self) -> Effects {
        self.counting.counts.told.rooms_live(self.live_rooms.len());
        let (departure, unended) = self.was_due;
        self.effects.is_due_sooner =
            self.next_departure() != departure || self.unended_guests.len() > unended;
        std::mem::take(&mut self.effects)
    }

    pub(in crate::hub) fn open_entry(&mut self, entry: SessionEntry) -> SessionId {
        let id = self.new_session_id();
        let topic = Topic::User(entry.user.id);
        let effects = &mut self.effects;
        let user_entry = self.online.entry(entry.user.id).or_insert_with(|| {
            effects.outward.push(Outward::Interest(topic, true));
            Box::new(OnlineUser {
                kind: entry.user.kind,
                sessions: Vec::with_capacity(1),
                status: None,
                profile: String::new(),
                directs: None,
                graces: BTreeMap::new(),
            })
        });
        user_entry.kind = entry.user.kind;
        user_entry.sessions.push(id);
        if entry.scope.is_seen() && !self.is_online(entry.user.id) {
            self.publish_connected(connected(&entry.reference), true);
        }
        if let Some(line) = entry.sink.tap() {
            line.log_in(TapUser {
                session: id,
                user: entry.user.clone(),
            });
        }
        self.counting.session(&entry, 1);
        self.sessions.insert(id, Box::new(entry));
        id
    }

    /// The hub is this node from now on.
    pub(in crate::hub) fn become_node(&mut self, node: NodeId, number: Option<u16>) {
        (self.node, self.node_number) = (node, number);
    }

    /// The bus is to bring what concerns anybody who is here: it was joined anew.
    pub(in crate::hub) fn want_all(&mut self) {
        let rooms = self.live_rooms.keys().map(|room| Topic::Room(*room));
        let users = self.online.keys().map(|user| Topic::User(*user));
        let wanted = rooms.chain(users);
        let wanted = wanted.map(|topic| Outward::Interest(topic, true));
        self.effects.outward.extend(wanted);
    }

    /// Where there are several nodes, the last digits are the node's number.
    fn new_session_id(&mut self) -> SessionId {
        let count = self.next_session;
        self.next_session += 1;
        SessionId(match self.node_number {
            Some(number) => count * PER_NODE + u64::from(number),
            None => count,
        })
    }

    pub(in crate::hub) fn session_infos(&self, of: Option<UserId>, node: &str) -> Vec<SessionInfo> {
        let mut infos: Vec<SessionInfo> = self
            .sessions
            .iter()
            .filter(|(_, entry)| of.is_none_or(|user| user == entry.user.id))
            .map(|(id, entry)| SessionInfo {
                id: *id,
                user: entry.reference.clone(),
                dialect: entry.dialect.to_owned(),
                listener: entry
                    .sink
                    .tap()
                    .and_then(|line| line.listener.as_deref().map(str::to_owned)),
                address: entry
                    .address
                    .map_or_else(|| "-".to_owned(), |address| address.to_string()),
                since: entry.since,
                encrypted: entry.sink.is_encrypted(),
                node: node.to_owned(),
            })
            .collect();
        infos.sort_by_key(|info| info.id);
        infos
    }

    /// Whether a user has a session that is seen.
    pub(in crate::hub) fn is_online(&self, user: UserId) -> bool {
        let sessions = self.online.get(&user).map(|user| user.sessions.iter());
        sessions.into_iter().flatten().any(|id| self.is_seen(*id))
    }

    pub(super) fn is_seen(&self, session: SessionId) -> bool {
        let entry = self.sessions.get(&session);
        entry.is_some_and(|entry| entry.scope.is_seen())
    }

    /// Whether there is anybody to tell what concerns a user.
    pub(in crate::hub) fn is_connected(&self, user: UserId) -> bool {
        self.online
            .get(&user)
            .is_some_and(|user_entry| !user_entry.sessions.is_empty())
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
                .is_some_and(|entry| entry.scope.is_all())
        };
        sessions.iter().filter(in_all).copied().collect()
    }
}

#[cfg(test)]
mod tests;
