//! The rows that a batch of writes says it will look at, fetched together.
//!
//! What is named by something else than its number (a login, a room's name, two users, a message for its room) is found
//! first, so that all rooms can be locked at once, in the order of their numbers: no two nodes wait for each other.

use std::collections::{BTreeSet, HashMap};

use super::bans;
use super::overlay::Overlay;
use super::session::{Query, query};
use super::values::{IN_A_ROOM, MEMBER, MESSAGE, MESSAGES, ROOM, TOKEN, USER};
use crate::model::{MessageId, RoomId, TokenId, UserId};
use crate::store::{RowKey, RowKeys, Write};

/// Whose changes may be made meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Others', in other rooms: all that is changed lies in rooms that are locked.
    Rooms,
    /// Nobody's.
    All,
}

/// What a query's rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Users,
    Spoke,
    Tokens,
    Hashes,
    Names,
    Pairs,
    Homes,
    Rooms,
    Falls,
    Members,
    Places,
    Messages,
    Hidden,
    Bans,
    Numbers,
    Counters,
}

/// Rows by what names them.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) users: BTreeSet<UserId>,
    pub(super) logins: BTreeSet<String>,
    pub(super) rooms: BTreeSet<RoomId>,
    pub(super) names: BTreeSet<String>,
    pub(super) pairs: BTreeSet<(UserId, UserId)>,
    pub(super) members: BTreeSet<(RoomId, UserId)>,
    pub(super) messages: BTreeSet<MessageId>,
    pub(super) tokens: BTreeSet<TokenId>,
    pub(super) hashes: BTreeSet<[u8; 32]>,
    /// Users all of whose places are wanted.
    pub(super) places: BTreeSet<UserId>,
    bans: bool,
    /// What single writes name: places in rooms that are still to be found.
    indirect: Vec<Named>,
    /// How many numbers of messages may be needed.
    numbers: i64,
    reaches_out: bool,
}

/// What one write names.
#[derive(Debug, Default)]
struct Named {
    users: Vec<UserId>,
    logins: Vec<String>,
    rooms: Vec<RoomId>,
    names: Vec<String>,
    pairs: Vec<(UserId, UserId)>,
    messages: Vec<MessageId>,
}

/// A pair as it lies in a room's row.
pub(super) fn pair(a: UserId, b: UserId) -> (UserId, UserId) {
    (a.min(b), a.max(b))
}

impl Wanted {
    pub(super) fn by(writes: &[Box<dyn Write>]) -> Self {
        let mut wanted = Self::default();
        for write in writes {
            let mut keys = RowKeys::default();
            write.rows(&mut keys);
            wanted.reaches_out |= !write.stays_in_rooms();
            wanted.add(keys.as_slice());
        }
        wanted
    }

    /// How far these writes reach, as far as that is known before.
    pub(super) fn reach(&self) -> Reach {
        if self.reaches_out {
            Reach::All
        } else {
            Reach::Rooms
        }
    }

    fn add(&mut self, keys: &[RowKey]) {
        let mut named = Named::default();
        for key in keys {
            match key {
                RowKey::User(id) => named.users.push(*id),
                RowKey::Login(login) => named.logins.push(login.clone()),
                RowKey::Room(id) => named.rooms.push(*id),
                RowKey::RoomName(name) => named.names.push(name.clone()),
                RowKey::Direct(a, b) => named.pairs.push(pair(*a, *b)),
                RowKey::Member(room, user) => {
                    self.rooms.insert(*room);
                    self.members.insert((*room, *user));
                }
                RowKey::Message(id) => named.messages.push(*id),
                RowKey::Token(id) => {
                    self.tokens.insert(*id);
                }
                RowKey::TokenHash(hash) => {
                    self.hashes.insert(*hash);
                }
                RowKey::Places(user) => {
                    self.places.insert(*user);
                }
                RowKey::Bans => self.bans = true,
            }
        }
        self.users.extend(&named.users);
        self.logins.extend(named.logins.iter().cloned());
        self.rooms.extend(&named.rooms);
        self.names.extend(named.names.iter().cloned());
        self.pairs.extend(&named.pairs);
        self.messages.extend(&named.messages);
        let direct = named.rooms.len() + named.names.len() + named.pairs.len();
        self.numbers += i64::from(direct + named.logins.len() > 0);
        if named.names.len() + named.pairs.len() + named.messages.len() + named.logins.len() > 0 {
            self.indirect.push(named);
        }
    }

    /// What must be asked first, to find the rooms.
    pub(super) fn names(&self) -> Vec<(Part, Query)> {
        let mut parts = Vec::new();
        if !self.logins.is_empty() {
            let logins: Vec<String> = self.logins.iter().cloned().collect();
            let sql = format!("SELECT {USER} FROM users u WHERE u.folded = ANY($1)");
            parts.push((Part::Users, query!(sql, logins)));
        }
        if !self.names.is_empty() {
            let names: Vec<String> = self.names.iter().cloned().collect();
            let sql = "SELECT folded, id FROM rooms WHERE folded = ANY($1)";
            parts.push((Part::Names, query!(sql, names)));
        }
        parts.extend(pairs(&self.pairs));
        if !self.messages.is_empty() {
            let messages: Vec<MessageId> = self.messages.iter().copied().collect();
            let sql = "SELECT id, room FROM messages WHERE id = ANY($1)";
            parts.push((Part::Homes, query!(sql, messages)));
        }
        parts
    }

    /// The direct rooms of actors and those they named by login, where these are still to be looked for.
    pub(super) fn pairs_of_logins(&mut self, rows: &Overlay) -> Option<(Part, Query)> {
        let mut found = BTreeSet::new();
        for named in &mut self.indirect {
            let Some(actor) = named.users.first().copied() else {
                continue;
            };
            let others = named.logins.iter().filter_map(|login| rows.id_of(login));
            let others: Vec<UserId> = others.collect();
            named
                .pairs
                .extend(others.iter().map(|other| pair(actor, *other)));
            named.users.extend(others);
            found.extend(named.pairs.iter().filter(|pair| !self.pairs.contains(pair)));
        }
        self.pairs.extend(&found);
        pairs(&found)
    }

    /// Adds the rooms that are most likely meant by names, if there is nothing else to be found first; whether that is so.
    pub(super) fn guess(&mut self, called: &HashMap<String, RoomId>) -> bool {
        let is_by_name =
            self.logins.is_empty() && self.pairs.is_empty() && self.messages.is_empty();
        if self.names.is_empty()
            || !is_by_name
            || !self.names.iter().all(|name| called.contains_key(name))
        {
            return false;
        }
        for named in &self.indirect {
            let rooms = named.names.iter().filter_map(|name| called.get(name));
            for room in rooms.chain(&named.rooms) {
                self.rooms.insert(*room);
                self.members
                    .extend(named.users.iter().map(|user| (*room, *user)));
            }
        }
        true
    }

    /// Whether all names are those of the rooms that were guessed.
    pub(super) fn was_guessed(&self, called: &HashMap<String, RoomId>, rows: &Overlay) -> bool {
        self.names
            .iter()
            .all(|name| rows.room_named(name) == called.get(name).copied())
    }

    /// The rooms that were found by their names.
    pub(super) fn called(&self, rows: &Overlay) -> Vec<(String, RoomId)> {
        let names = self.names.iter();
        names
            .filter_map(|name| Some((name.clone(), rows.room_named(name)?)))
            .collect()
    }

    /// Adds what was found by names, and says whether all is there that writes would say something in.
    pub(super) fn resolve(&mut self, rows: &Overlay) -> bool {
        let mut complete = true;
        for named in &self.indirect {
            let mut rooms = named.rooms.clone();
            rooms.extend(named.names.iter().filter_map(|name| rows.room_named(name)));
            let direct = named.pairs.iter().map(|pair| rows.room_of(*pair));
            let direct: Vec<Option<RoomId>> = direct.collect();
            complete &= direct.iter().all(Option::is_some);
            rooms.extend(direct.into_iter().flatten());
            rooms.extend(named.messages.iter().filter_map(|id| rows.home_of(*id)));
            for room in rooms {
                self.rooms.insert(room);
                let members = named.users.iter().map(|user| (room, *user));
                self.members.extend(members);
            }
        }
        complete
    }

    /// All rows, and locks on the rooms where others may change some.
    pub(super) fn rows(&self, reach: Reach) -> Vec<(Part, Query)> {
        let mut parts = Vec::new();
        let rooms: Vec<RoomId> = self.rooms.iter().copied().collect();
        if !rooms.is_empty() {
            let lock = match reach {
                Reach::Rooms => " FOR UPDATE",
                Reach::All => "",
            };
            let sql = format!(
                "SELECT {ROOM}, r.messages FROM rooms r WHERE r.id = ANY($1) ORDER BY r.id{lock}"
            );
            parts.push((Part::Rooms, query!(sql, rooms.clone())));
            let sql = "SELECT room, seq, last FROM falls WHERE room = ANY($1) ORDER BY room, seq";
            parts.push((Part::Falls, query!(sql, rooms.clone())));
        }
        if !self.users.is_empty() || !rooms.is_empty() {
            let users: Vec<UserId> = self.users.iter().copied().collect();
            let sql = format!(
                "SELECT {USER} FROM users u WHERE u.id = ANY($1::int4[] || ARRAY( \
                    SELECT unnest(ARRAY[low, high]) FROM rooms WHERE id = ANY($2)))"
            );
            parts.push((Part::Users, query!(sql, users, rooms)));
        }
        if !self.members.is_empty() {
            let (rooms, users): (Vec<RoomId>, Vec<UserId>) = self.members.iter().copied().unzip();
            let sql = format!(
                "SELECT {MEMBER} FROM unnest($1::int4[], $2::int4[]) AS k (room, \"user\") JOIN members m USING (room, \"user\")"
            );
            parts.push((Part::Members, query!(sql, rooms, users)));
        }
        if !self.messages.is_empty() {
            let messages: Vec<MessageId> = self.messages.iter().copied().collect();
            let sql =
                format!("SELECT {MESSAGE} FROM {MESSAGES} WHERE m.id = ANY($1) AND {IN_A_ROOM}");
            parts.push((Part::Messages, query!(sql, messages.clone())));
            let sql = "SELECT h.message, h.\"user\" FROM messages m JOIN hidden h ON h.room = m.room AND h.message = m.id \
                WHERE m.id = ANY($1)";
            parts.push((Part::Hidden, query!(sql, messages)));
        }
        if !self.tokens.is_empty() {
            let tokens: Vec<TokenId> = self.tokens.iter().copied().collect();
            let sql = format!("SELECT {TOKEN} FROM tokens WHERE id = ANY($1)");
            parts.push((Part::Tokens, query!(sql, tokens)));
        }
        if !self.hashes.is_empty() {
            let hashes: Vec<Vec<u8>> = self.hashes.iter().map(|hash| hash.to_vec()).collect();
            let sql = format!("SELECT {TOKEN} FROM tokens WHERE hash = ANY($1)");
            parts.push((Part::Hashes, query!(sql, hashes)));
        }
        if !self.places.is_empty() {
            let users: Vec<UserId> = self.places.iter().copied().collect();
            parts.extend(places(users, self.rooms.iter().copied().collect(), reach));
        }
        if self.bans {
            parts.push((Part::Bans, bans::all_of_gateway()));
        }
        match reach {
            Reach::Rooms => parts.extend(numbers(self.numbers)),
            Reach::All => parts.push((Part::Counters, query!("SELECT name, value FROM counters"))),
        }
        parts
    }

    /// How many numbers of messages are needed, where that is asked for later.
    pub(super) fn numbers(&self) -> i64 {
        self.numbers.max(1)
    }
}

/// All places of users, and their rooms but those that are known, where nobody changes these meanwhile.
pub(super) fn places(users: Vec<UserId>, known: Vec<RoomId>, reach: Reach) -> Vec<(Part, Query)> {
    let sql = format!("SELECT {MEMBER} FROM members m WHERE m.\"user\" = ANY($1)");
    let mut parts = vec![(Part::Places, query!(sql, users.clone()))];
    if reach == Reach::All {
        let theirs = "IN (SELECT room FROM members WHERE \"user\" = ANY($1))";
        let sql = format!(
            "SELECT {ROOM}, r.messages FROM rooms r WHERE r.id {theirs} AND r.id <> ALL($2)"
        );
        parts.push((Part::Rooms, query!(sql, users.clone(), known.clone())));
        let sql = format!(
            "SELECT room, seq, last FROM falls WHERE room {theirs} AND room <> ALL($2) ORDER BY room, seq"
        );
        parts.push((Part::Falls, query!(sql, users, known)));
    }
    parts
}

/// What will be asked of those whose places end.
pub(super) fn people(users: &[UserId], known: Vec<RoomId>, reach: Reach) -> Vec<(Part, Query)> {
    let sql = format!("SELECT {USER} FROM users u WHERE u.id = ANY($1)");
    let spoke = "SELECT id, spoke FROM users WHERE id = ANY($1)";
    let mut parts = vec![
        (Part::Users, query!(sql, users.to_vec())),
        (Part::Spoke, query!(spoke, users.to_vec())),
    ];
    parts.extend(places(users.to_vec(), known, reach));
    parts
}

fn pairs(pairs: &BTreeSet<(UserId, UserId)>) -> Option<(Part, Query)> {
    if pairs.is_empty() {
        return None;
    }
    let (low, high): (Vec<UserId>, Vec<UserId>) = pairs.iter().copied().unzip();
    let sql = "SELECT r.low, r.high, r.id FROM unnest($1::int4[], $2::int4[]) AS k (low, high) JOIN rooms r USING (low, high)";
    Some((Part::Pairs, query!(sql, low, high)))
}

/// So many new numbers of messages.
pub(super) fn numbers(count: i64) -> Option<(Part, Query)> {
    let sql = "SELECT nextval('message_ids') FROM generate_series(1, $1::int8)";
    (count > 0).then(|| (Part::Numbers, query!(sql, count)))
}
