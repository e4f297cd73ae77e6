//! The rows of one transaction: what was read, with what was changed since, and what is still to be written.
//!
//! Nothing of it outlives the transaction: another node may change the rows after it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use tokio_postgres::Row;

use super::bans;
use super::session::{Query, query};
use super::values::{self, Columns, ROOM_COLUMNS, Sql, json, text};
use super::wanted::{Part, Wanted};
use crate::model::{
    FileInfo, GatewayBan, GuestBan, Membership, Message, MessageId, MessageKind, Role, RoomId, Seq,
    Timestamp, TokenId, UserId, UserRef, fold_text,
};
use crate::store::{RoomRow, TokenRow, UserRow};

/// The clock was believed again, though a message with a later time was there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fall {
    /// The first message after it.
    pub(super) seq: Seq,
    /// The last time before it.
    pub(super) last: Timestamp,
}

/// A room, with the counters that hold.
#[derive(Debug, Clone)]
pub(super) struct KnownRoom {
    pub(super) row: Arc<RoomRow>,
    pub(super) seq: Seq,
    pub(super) last_message: Timestamp,
    /// How many messages were said.
    pub(super) messages: i64,
    pub(super) falls: Vec<Fall>,
}

impl KnownRoom {
    pub(super) fn new(row: Arc<RoomRow>, messages: i64) -> Self {
        Self {
            seq: row.room.seq,
            last_message: row.room.last_message,
            messages,
            falls: Vec::new(),
            row,
        }
    }
}

/// `None` stands for what is known not to be there.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    pub(super) users: HashMap<UserId, Option<Arc<UserRow>>>,
    pub(super) logins: HashMap<String, Option<UserId>>,
    pub(super) rooms: HashMap<RoomId, Option<KnownRoom>>,
    pub(super) names: HashMap<String, Option<RoomId>>,
    pub(super) pairs: HashMap<(UserId, UserId), Option<RoomId>>,
    pub(super) members: HashMap<(RoomId, UserId), Option<Membership>>,
    /// Whole lists of members, whose rows are in `members`.
    pub(super) rosters: HashMap<RoomId, BTreeSet<(Timestamp, UserId)>>,
    pub(super) messages: HashMap<MessageId, Option<Message>>,
    /// From whom messages are hidden.
    pub(super) hidden: HashMap<MessageId, BTreeSet<UserId>>,
    pub(super) tokens: HashMap<TokenId, Option<TokenRow>>,
    pub(super) hashes: HashMap<[u8; 32], Option<TokenId>>,
    /// All rooms where users have a place, whose rows are in `members`.
    pub(super) places: HashMap<UserId, BTreeSet<RoomId>>,
    /// The contact lists that were read whole.
    pub(super) contacts: HashMap<UserId, BTreeSet<UserId>>,
    pub(super) guest_bans: Option<Vec<GuestBan>>,
    pub(super) gateway_bans: Option<Vec<GatewayBan>>,
    /// Whether they have said something.
    pub(super) spoke: HashMap<UserId, bool>,
    /// The last numbers that were given.
    pub(super) counters: HashMap<String, i64>,
    pub(super) numbers: VecDeque<MessageId>,
    /// The rooms of messages that were named.
    homes: HashMap<MessageId, RoomId>,
    pending: Pending,
}

/// What is to be written: `statements` in order, then the rest.
#[derive(Debug, Default)]
struct Pending {
    statements: Vec<Query>,
    new: Vec<(Message, i64)>,
    changed: BTreeMap<MessageId, Message>,
    logged: Vec<(RoomId, Seq, String)>,
    /// Rooms whose counters are ahead of their rows.
    ahead: BTreeSet<RoomId>,
    members: BTreeSet<(RoomId, UserId)>,
    spoke: BTreeSet<UserId>,
}

impl Overlay {
    /// Takes in what a part of the rows says.
    pub(super) fn learn(&mut self, part: Part, rows: &[Row], gateway: &Arc<UserRef>) -> Sql<()> {
        if part == Part::Bans {
            self.gateway_bans = Some(bans::of_gateway(rows)?);
            return Ok(());
        }
        for row in rows {
            match part {
                Part::Users => self.learn_user(values::user(row)?),
                Part::Spoke => {
                    self.spoke.insert(row.value(0)?, row.value(1)?);
                }
                Part::Tokens | Part::Hashes => self.learn_token(values::token(row)?),
                Part::Names => {
                    self.names.insert(row.value(0)?, Some(row.value(1)?));
                }
                Part::Pairs => {
                    let pair = (row.value(0)?, row.value(1)?);
                    self.pairs.insert(pair, Some(row.value(2)?));
                }
                Part::Homes => {
                    self.homes.insert(row.value(0)?, row.value(1)?);
                }
                Part::Rooms => {
                    let room = KnownRoom::new(values::room(row)?, row.value(ROOM_COLUMNS)?);
                    self.rooms.insert(room.row.room.id, Some(room));
                }
                Part::Falls => {
                    let fall = Fall {
                        seq: row.value(1)?,
                        last: row.value(2)?,
                    };
                    if let Some(Some(room)) = self.rooms.get_mut(&row.value(0)?) {
                        room.falls.push(fall);
                    }
                }
                Part::Members => {
                    let member = values::member(row)?;
                    let key = (member.room, member.user);
                    self.members.insert(key, Some(member));
                }
                Part::Places => {
                    let member = values::member(row)?;
                    let (room, user) = (member.room, member.user);
                    self.places.entry(user).or_default().insert(room);
                    self.members.insert((room, user), Some(member));
                }
                Part::Messages => {
                    let message = values::message(row, gateway)?;
                    self.messages.insert(message.id, Some(message));
                }
                Part::Hidden => {
                    let users = self.hidden.entry(row.value(0)?).or_default();
                    users.insert(row.value(1)?);
                }
                // All of them were taken in at once.
                Part::Bans => {}
                Part::Numbers => self.numbers.push_back(row.value(0)?),
                Part::Counters => {
                    self.counters.insert(row.value(0)?, row.value(1)?);
                }
            }
        }
        Ok(())
    }

    pub(super) fn learn_user(&mut self, row: Arc<UserRow>) {
        if let Some(folded) = &row.folded {
            self.logins.insert(folded.clone(), Some(row.user.id));
        }
        self.users.insert(row.user.id, Some(row));
    }

    pub(super) fn learn_token(&mut self, row: TokenRow) {
        self.hashes.insert(row.hash, Some(row.info.id));
        self.tokens.insert(row.info.id, Some(row));
    }

    pub(super) fn forget_token(&mut self, id: TokenId) {
        self.tokens.insert(id, None);
        self.hashes.retain(|_, holder| *holder != Some(id));
    }

    /// What was named and not found is not there.
    pub(super) fn miss(&mut self, wanted: &Wanted) {
        for id in &wanted.users {
            self.users.entry(*id).or_default();
        }
        for login in &wanted.logins {
            self.logins.entry(login.clone()).or_default();
        }
        for id in &wanted.rooms {
            self.rooms.entry(*id).or_default();
        }
        for name in &wanted.names {
            self.names.entry(name.clone()).or_default();
        }
        for pair in &wanted.pairs {
            self.pairs.entry(*pair).or_default();
        }
        for key in &wanted.members {
            self.members.entry(*key).or_default();
        }
        for id in &wanted.messages {
            self.messages.entry(*id).or_default();
            self.hidden.entry(*id).or_default();
        }
        for id in &wanted.tokens {
            self.tokens.entry(*id).or_default();
        }
        for hash in &wanted.hashes {
            self.hashes.entry(*hash).or_default();
        }
        for user in &wanted.places {
            self.places.entry(*user).or_default();
        }
    }

    pub(super) fn id_of(&self, login: &str) -> Option<UserId> {
        self.logins.get(login).copied().flatten()
    }

    pub(super) fn room_named(&self, name: &str) -> Option<RoomId> {
        self.names.get(name).copied().flatten()
    }

    pub(super) fn room_of(&self, pair: (UserId, UserId)) -> Option<RoomId> {
        self.pairs.get(&pair).copied().flatten()
    }

    pub(super) fn home_of(&self, message: MessageId) -> Option<RoomId> {
        self.homes.get(&message).copied()
    }

    /// The rooms of messages that were named.
    pub(super) fn homes(&self) -> BTreeSet<RoomId> {
        self.homes.values().copied().collect()
    }

    /// Replaces a user's row; what finds it follows.
    pub(super) fn set_user(&mut self, row: Arc<UserRow>) {
        self.forget_login(row.user.id);
        self.learn_user(row);
    }

    pub(super) fn remove_user(&mut self, id: UserId) {
        self.forget_login(id);
        self.users.insert(id, None);
    }

    fn forget_login(&mut self, id: UserId) {
        for holder in self
            .logins
            .values_mut()
            .filter(|holder| **holder == Some(id))
        {
            *holder = None;
        }
    }

    /// Replaces a room; what finds it follows.
    pub(super) fn set_room(&mut self, folded: Option<String>, room: KnownRoom) {
        let id = room.row.room.id;
        self.forget_name(id);
        if let Some(folded) = folded {
            self.names.insert(folded, Some(id));
        }
        if let Some(pair) = room.row.room.pair {
            self.pairs.insert(pair, Some(id));
        }
        self.rooms.insert(id, Some(room));
    }

    fn forget_name(&mut self, id: RoomId) {
        for holder in self
            .names
            .values_mut()
            .filter(|holder| **holder == Some(id))
        {
            *holder = None;
        }
    }

    /// All that is known of a room that is gone.
    pub(super) fn remove_room(&mut self, id: RoomId) {
        self.forget_name(id);
        for holder in self
            .pairs
            .values_mut()
            .filter(|holder| **holder == Some(id))
        {
            *holder = None;
        }
        self.rooms.insert(id, None);
        self.rosters.insert(id, BTreeSet::new());
        for rooms in self.places.values_mut() {
            rooms.remove(&id);
        }
        for (_, member) in self.members.iter_mut().filter(|((room, _), _)| *room == id) {
            *member = None;
        }
        let of_room = |message: &Message| message.room == id;
        for message in self.messages.values_mut() {
            message.take_if(|message| of_room(message));
        }
        if let Some(bans) = &mut self.guest_bans {
            bans.retain(|ban| ban.room != id);
        }
    }

    /// Messages of a room that are gone, up to a place.
    pub(super) fn forget_messages(&mut self, room: RoomId, upto: Seq) {
        let gone = |message: &Message| message.room == room && message.seq <= upto;
        for message in self.messages.values_mut() {
            message.take_if(|message| gone(message));
        }
    }

    /// A whole list of members, as it is read.
    pub(super) fn learn_roster(&mut self, room: RoomId, members: Vec<Membership>) {
        let roster = members.iter().map(|member| (member.joined, member.user));
        self.rosters.insert(room, roster.collect());
        for member in members {
            self.members.insert((room, member.user), Some(member));
        }
    }

    /// The members of a room, in the order of `joined`, then of user; `None` where they are still to be read.
    pub(super) fn roster(&self, room: RoomId) -> Option<Vec<Membership>> {
        let roster = self.rosters.get(&room)?.iter();
        let row = |(_, user): &(Timestamp, UserId)| self.members.get(&(room, *user)).cloned();
        Some(roster.filter_map(row).flatten().collect())
    }

    /// A user's places, in the order of rooms; `None` where they are still to be read.
    pub(super) fn places_of(&self, user: UserId) -> Option<Vec<Membership>> {
        let rooms = self.places.get(&user)?.iter();
        let row = |room: &RoomId| self.members.get(&(*room, user)).cloned();
        Some(rooms.filter_map(row).flatten().collect())
    }

    /// Keeps a membership, or ends it.
    pub(super) fn set_member(&mut self, key: (RoomId, UserId), member: Option<Membership>) {
        if let Some(roster) = self.rosters.get_mut(&key.0) {
            roster.retain(|(_, user)| *user != key.1);
            roster.extend(member.iter().map(|member| (member.joined, member.user)));
        }
        if let Some(rooms) = self.places.get_mut(&key.1) {
            match member {
                Some(_) => rooms.insert(key.0),
                None => rooms.remove(&key.0),
            };
        }
        self.members.insert(key, member);
        self.pending.members.insert(key);
    }

    pub(super) fn add_message(&mut self, message: Message, number: i64) {
        let sender = message.sender.id;
        if self.spoke.insert(sender, true) != Some(true) {
            self.pending.spoke.insert(sender);
        }
        self.messages.insert(message.id, Some(message.clone()));
        self.pending.new.push((message, number));
    }

    pub(super) fn update_message(&mut self, message: Message) {
        self.messages.insert(message.id, Some(message.clone()));
        self.pending.changed.insert(message.id, message);
    }

    pub(super) fn log(&mut self, room: RoomId, seq: Seq, change: String) {
        self.pending.logged.push((room, seq, change));
    }

    /// A room's counters are ahead of its row.
    pub(super) fn advanced(&mut self, room: RoomId) {
        self.pending.ahead.insert(room);
    }

    /// Writes something after all that is to be written already.
    pub(super) fn write(&mut self, query: Query) {
        self.pending.statements.push(query);
    }

    /// Writes something that removes what may still wait to be written.
    pub(super) fn write_after_rows(&mut self, query: Query) -> Sql<()> {
        let waiting = self.take_pending()?;
        self.pending.statements = waiting;
        self.pending.statements.push(query);
        Ok(())
    }

    /// What is still to be written, in order.
    pub(super) fn take_pending(&mut self) -> Sql<Vec<Query>> {
        let Pending {
            mut statements,
            new,
            changed,
            logged,
            ahead,
            members,
            spoke,
        } = std::mem::take(&mut self.pending);
        if !new.is_empty() {
            statements.push(added(&new)?);
        }
        if !changed.is_empty() {
            statements.push(updated(&changed)?);
        }
        if !logged.is_empty() {
            let sql = "INSERT INTO changes (room, seq, change) SELECT * FROM unnest($1::int4[], $2::int8[], $3::text[])";
            let (mut rooms, mut seqs, mut changes) = (Vec::new(), Vec::new(), Vec::new());
            for (room, seq, change) in logged {
                rooms.push(room);
                seqs.push(seq);
                changes.push(text(&change));
            }
            statements.push(query!(sql, rooms, seqs, changes));
        }
        statements.extend(self.counted(&ahead));
        self.write_members(&members, &mut statements);
        if !spoke.is_empty() {
            let sql = "UPDATE users SET spoke = true WHERE id IN \
                (SELECT id FROM users WHERE id = ANY($1) AND NOT spoke ORDER BY id FOR UPDATE)";
            let spoke: Vec<UserId> = spoke.into_iter().collect();
            statements.push(query!(sql, spoke));
        }
        Ok(statements)
    }

    fn counted(&self, ahead: &BTreeSet<RoomId>) -> Option<Query> {
        let rooms = ahead.iter().filter_map(|id| self.rooms.get(id)?.as_ref());
        let (mut ids, mut seqs) = (Vec::<RoomId>::new(), Vec::<Seq>::new());
        let (mut lasts, mut messages) = (Vec::<Timestamp>::new(), Vec::<i64>::new());
        for room in rooms {
            ids.push(room.row.room.id);
            seqs.push(room.seq);
            lasts.push(room.last_message);
            messages.push(room.messages);
        }
        let sql = "UPDATE rooms r SET seq = c.seq, last_message = c.last, messages = c.messages \
            FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::int8[]) AS c (id, seq, last, messages) WHERE r.id = c.id";
        (!ids.is_empty()).then(|| query!(sql, ids, seqs, lasts, messages))
    }

    fn write_members(&self, keys: &BTreeSet<(RoomId, UserId)>, statements: &mut Vec<Query>) {
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for key in keys {
            match self.members.get(key) {
                Some(Some(member)) => kept.push(member),
                Some(None) | None => gone.push(*key),
            }
        }
        if !gone.is_empty() {
            let sql = "DELETE FROM members m USING unnest($1::int4[], $2::int4[]) AS k (room, \"user\") \
                WHERE m.room = k.room AND m.\"user\" = k.\"user\"";
            let (rooms, users): (Vec<RoomId>, Vec<UserId>) = gone.into_iter().unzip();
            statements.push(query!(sql, rooms, users));
        }
        if !kept.is_empty() {
            let sql = "INSERT INTO members AS m (room, \"user\", role, joined, seen, since, waiting) \
                SELECT * FROM unnest($1::int4[], $2::int4[], $3::text[], $4::int8[], $5::int8[], $6::int8[], $7::int8[]) \
                ON CONFLICT (room, \"user\") DO UPDATE SET role = excluded.role, joined = excluded.joined, \
                seen = excluded.seen, since = excluded.since, waiting = excluded.waiting";
            let rooms: Vec<RoomId> = kept.iter().map(|member| member.room).collect();
            let users: Vec<UserId> = kept.iter().map(|member| member.user).collect();
            let roles: Vec<Role> = kept.iter().map(|member| member.role).collect();
            let joined: Vec<Timestamp> = kept.iter().map(|member| member.joined).collect();
            let seen: Vec<Timestamp> = kept.iter().map(|member| member.seen).collect();
            let since: Vec<Seq> = kept.iter().map(|member| member.since).collect();
            let waiting = kept.iter().map(|member| i64::try_from(member.waiting));
            let waiting: Vec<i64> = waiting.map(|count| count.unwrap_or(i64::MAX)).collect();
            statements.push(query!(
                sql, rooms, users, roles, joined, seen, since, waiting
            ));
        }
    }
}

fn added(new: &[(Message, i64)]) -> Sql<Query> {
    const SQL: &str = "INSERT INTO messages \
        (id, room, seq, sender, kind, text, reply_to, created, updated, deleted, file, extra, number, searched) \
        SELECT * FROM unnest($1::int8[], $2::int4[], $3::int8[], $4::int4[], $5::text[], $6::text[], $7::int8[], $8::int8[], \
        $9::int8[], $10::bool[], $11::text[], $12::text[], $13::int8[], $14::text[])";
    macro_rules! all {
        ($message:ident => $value:expr) => {
            new.iter().map(|($message, _)| $value).collect::<Vec<_>>()
        };
    }
    let files: Sql<Vec<Option<String>>> = new.iter().map(|(message, _)| file(message)).collect();
    Ok(query!(
        SQL,
        all!(message => message.id),
        all!(message => message.room),
        all!(message => message.seq),
        all!(message => message.sender.id),
        all!(message => message.kind),
        all!(message => text(&message.text)),
        all!(message => message.reply_to),
        all!(message => message.created),
        all!(message => message.updated),
        all!(message => message.deleted),
        files?,
        all!(message => text(&message.extra)),
        new.iter().map(|(_, number)| *number).collect::<Vec<i64>>(),
        all!(message => searched(message.kind, &message.text, message.file.as_ref())),
    ))
}

fn updated(changed: &BTreeMap<MessageId, Message>) -> Sql<Query> {
    const SQL: &str = "UPDATE messages m SET kind = c.kind, text = c.text, updated = c.updated, deleted = c.deleted, file = c.file, \
        extra = c.extra, searched = c.searched FROM unnest($1::int8[], $2::text[], $3::text[], $4::int8[], $5::bool[], $6::text[], \
        $7::text[], $8::text[]) AS c (id, kind, text, updated, deleted, file, extra, searched) WHERE m.id = c.id";
    macro_rules! all {
        ($message:ident => $value:expr) => {
            changed.values().map(|$message| $value).collect::<Vec<_>>()
        };
    }
    let files: Sql<Vec<Option<String>>> = changed.values().map(file).collect();
    Ok(query!(
        SQL,
        all!(message => message.id),
        all!(message => message.kind),
        all!(message => text(&message.text)),
        all!(message => message.updated),
        all!(message => message.deleted),
        files?,
        all!(message => text(&message.extra)),
        all!(message => searched(message.kind, &message.text, message.file.as_ref())),
    ))
}

fn file(message: &Message) -> Sql<Option<String>> {
    message.file.as_ref().map(json).transpose()
}

/// What a search looks at.
pub(super) fn searched(kind: MessageKind, said: &str, file: Option<&FileInfo>) -> String {
    text(&fold_text(&kind.searched(said, file)))
}
