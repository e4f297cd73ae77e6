//! What is read and written in a transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::aged;
use super::backend::PostgresBackend;
use super::bans;
use super::overlay::{Fall, KnownRoom};
use super::reads::{HIDDEN_FROM, MEMBER_COUNT};
use super::session::query;
use super::values::{
    self, Columns, IN_A_ROOM, MEMBER, MESSAGE, MESSAGES, ROOM, Sql, TOKEN, USER, column, count,
    every, first, json, limit, millis, text,
};
use super::wanted::{Part, Reach, pair, people, places};
use crate::model::{
    BanSubject, GatewayBan, GuestBan, Membership, Message, MessageId, News, NodeId, RoomEvent,
    RoomId, RoomKind, Seq, Timestamp, TokenId, TokenInfo, UserId, UserRef, fold_room_name,
    fold_text,
};
use crate::store::logged::Logged;
use crate::store::{RoomRow, RowsError, Scrub, SecretBytes, TokenRow, Transaction, UserRow, time};

pub(super) const GUESTS: &str = "SELECT id FROM users WHERE kind = 'guest' AND folded IS NOT NULL AND ($1::int8 IS NULL OR node = $1) ORDER BY id";

/// Below this number no message is given one, though the messages that had it are gone.
const KEEP_LAST_MESSAGE: &str = "UPDATE counters SET value = greatest(value, (SELECT max(id) FROM messages)) WHERE name = 'messages'";

fn broken(why: &'static str) -> RowsError {
    RowsError(why.into())
}

impl PostgresBackend {
    fn write_user(&mut self, sql: &'static str, row: &UserRow) {
        let user = &row.user;
        self.rows.write(query!(
            sql,
            user.id,
            text(&user.login),
            row.folded.as_deref().map(text),
            text(&user.name),
            text(&user.description),
            user.kind,
            user.disabled,
            user.created,
            row.password.as_deref().map(text),
            row.address.map(|address| address.to_string()),
            row.erasing,
            row.last_login,
            row.node,
            user.operator,
        ));
    }

    fn write_room(&mut self, sql: &'static str, row: &RoomRow, folded: Option<&str>) {
        let room = &row.room;
        let (low, high) = room.pair.unzip();
        self.rows.write(query!(
            sql,
            room.id,
            text(&room.name),
            folded.map(text),
            text(&room.title),
            text(&fold_text(&room.title)),
            text(&room.description),
            room.kind,
            row.password.as_deref().map(text),
            room.owner,
            low,
            high,
            room.created,
            room.updated,
            room.cleared,
            room.quiet,
            millis(room.slow),
            room.keep.map(millis),
            room.pruned,
        ));
    }

    pub(super) fn known_room(&mut self, id: RoomId) -> Sql<Option<&mut KnownRoom>> {
        if !self.rows.rooms.contains_key(&id) {
            // It was not named, and is locked after others: should that stand in another's way, the database sees it.
            let lock = match self.reach {
                Reach::Rooms => " FOR UPDATE",
                Reach::All => "",
            };
            let sql = format!("SELECT {ROOM}, r.messages FROM rooms r WHERE r.id = $1{lock}");
            let falls = "SELECT room, seq, last FROM falls WHERE room = $1 ORDER BY seq";
            self.load_after_writes(vec![
                (Part::Rooms, query!(sql, id)),
                (Part::Falls, query!(falls, id)),
            ])?;
            self.rows.rooms.entry(id).or_default();
        }
        Ok(self.rows.rooms.get_mut(&id).and_then(Option::as_mut))
    }
}

fn folded_name(row: &RoomRow) -> Option<String> {
    (row.room.kind != RoomKind::Direct).then(|| fold_room_name(&row.room.name))
}

impl Transaction for PostgresBackend {
    fn user(&mut self, id: UserId) -> Result<Option<Arc<UserRow>>, RowsError> {
        if !self.rows.users.contains_key(&id) {
            let sql = format!("SELECT {USER} FROM users u WHERE u.id = $1");
            self.load_after_writes(vec![(Part::Users, query!(sql, id))])?;
            self.rows.users.entry(id).or_default();
        }
        Ok(self.rows.users.get(&id).cloned().flatten())
    }

    fn user_by_login(&mut self, folded: &str) -> Result<Option<Arc<UserRow>>, RowsError> {
        if !self.rows.logins.contains_key(folded) {
            let sql = format!("SELECT {USER} FROM users u WHERE u.folded = $1");
            self.load_after_writes(vec![(Part::Users, query!(sql, text(folded)))])?;
            self.rows.logins.entry(folded.to_owned()).or_default();
        }
        match self.rows.id_of(folded) {
            Some(id) => self.user(id),
            None => Ok(None),
        }
    }

    fn add_user(&mut self, mut row: UserRow) -> Result<Arc<UserRow>, RowsError> {
        Arc::make_mut(&mut row.user).id = UserId(self.next("users")??);
        row.reference = Arc::new(row.user.to_ref());
        let sql = "INSERT INTO users (id, login, folded, name, description, kind, disabled, created, password, address, erasing, last_login, node, operator) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
        self.write_user(sql, &row);
        let row = Arc::new(row);
        self.rows.set_user(row.clone());
        Ok(row)
    }

    fn put_user(&mut self, row: UserRow) -> Result<Arc<UserRow>, RowsError> {
        let sql = "UPDATE users SET login = $2, folded = $3, name = $4, description = $5, kind = $6, disabled = $7, \
            created = $8, password = $9, address = $10, erasing = $11, last_login = $12, node = $13, operator = $14 WHERE id = $1";
        self.write_user(sql, &row);
        let row = Arc::new(row);
        self.rows.set_user(row.clone());
        Ok(row)
    }

    fn remove_user(&mut self, id: UserId) -> Result<(), RowsError> {
        self.rows.remove_user(id);
        self.rows
            .write(query!("DELETE FROM users WHERE id = $1", id));
        Ok(())
    }

    fn guests(&mut self, node: Option<NodeId>) -> Result<Vec<UserId>, RowsError> {
        let guests: Vec<UserId> = column(&self.fetch(query!(GUESTS, node))?)?;
        // Each of them will be looked at.
        let known = self.rows.rooms.keys().copied().collect();
        self.load_after_writes(people(&guests, known, self.reach))?;
        for guest in &guests {
            self.rows.places.entry(*guest).or_default();
        }
        Ok(guests)
    }

    fn has_spoken(&mut self, id: UserId) -> Result<bool, RowsError> {
        if !self.rows.spoke.contains_key(&id) {
            let sql = "SELECT id, spoke FROM users WHERE id = $1";
            self.load_after_writes(vec![(Part::Spoke, query!(sql, id))])?;
            self.rows.spoke.entry(id).or_default();
        }
        Ok(self.rows.spoke.get(&id).copied().unwrap_or_default())
    }

    fn contacts(&mut self, user: UserId) -> Result<Vec<UserId>, RowsError> {
        if !self.rows.contacts.contains_key(&user) {
            let sql = "SELECT contact FROM contacts WHERE \"user\" = $1";
            let contacts = column(&self.fetch(query!(sql, user))?)?;
            self.rows
                .contacts
                .insert(user, BTreeSet::from_iter(contacts));
        }
        let contacts = self.rows.contacts.get(&user).into_iter().flatten();
        Ok(contacts.copied().collect())
    }

    fn add_contact(&mut self, user: UserId, contact: UserId) -> Result<(), RowsError> {
        let sql = "INSERT INTO contacts (\"user\", contact) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.rows.write(query!(sql, user, contact));
        if let Some(contacts) = self.rows.contacts.get_mut(&user) {
            contacts.insert(contact);
        }
        Ok(())
    }

    fn remove_contact(&mut self, user: UserId, contact: UserId) -> Result<(), RowsError> {
        let sql = "DELETE FROM contacts WHERE \"user\" = $1 AND contact = $2";
        self.rows.write(query!(sql, user, contact));
        if let Some(contacts) = self.rows.contacts.get_mut(&user) {
            contacts.remove(&contact);
        }
        Ok(())
    }

    fn forget_contact(&mut self, user: UserId) -> Result<(), RowsError> {
        let sql = "DELETE FROM contacts WHERE \"user\" = $1 OR contact = $1";
        self.rows.write(query!(sql, user));
        self.rows.contacts.clear();
        Ok(())
    }

    fn add_token(&mut self, mut row: TokenRow) -> Result<Option<TokenInfo>, RowsError> {
        if !self.rows.hashes.contains_key(&row.hash) {
            let sql = format!("SELECT {TOKEN} FROM tokens WHERE hash = $1");
            self.load_after_writes(vec![(Part::Hashes, query!(sql, row.hash.to_vec()))])?;
        }
        if self.rows.hashes.get(&row.hash).copied().flatten().is_some() {
            return Ok(None);
        }
        // A token is not always the first row that a write touches.
        let number = self.next("tokens")?;
        let number = number.map_err(|_| broken("all numbers are used"))?;
        row.info.id = TokenId(number);
        let info = row.info.clone();
        let sql = "INSERT INTO tokens (id, \"user\", hash, kind, created, used, address) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        self.rows.write(query!(
            sql,
            info.id,
            info.user,
            row.hash.to_vec(),
            info.kind,
            info.created,
            info.used,
            info.address.as_deref().map(text),
        ));
        self.rows.learn_token(row);
        Ok(Some(info))
    }

    fn token(&mut self, id: TokenId) -> Result<Option<TokenRow>, RowsError> {
        if !self.rows.tokens.contains_key(&id) {
            let sql = format!("SELECT {TOKEN} FROM tokens WHERE id = $1");
            self.load_after_writes(vec![(Part::Tokens, query!(sql, id))])?;
            self.rows.tokens.entry(id).or_default();
        }
        Ok(self.rows.tokens.get(&id).cloned().flatten())
    }

    fn tokens(&mut self, user: UserId) -> Result<Vec<TokenInfo>, RowsError> {
        let sql = format!("SELECT {TOKEN} FROM tokens WHERE \"user\" = $1 ORDER BY id");
        let rows = self.fetch(query!(sql, user))?;
        every(&rows, |row| Ok(values::token(row)?.info))
    }

    fn touch_token(
        &mut self,
        id: TokenId,
        used: Timestamp,
        address: Option<&str>,
    ) -> Result<(), RowsError> {
        let sql = "UPDATE tokens SET used = $2, address = coalesce($3, address) WHERE id = $1";
        self.rows.write(query!(sql, id, used, address.map(text)));
        if let Some(Some(row)) = self.rows.tokens.get_mut(&id) {
            row.info.used = Some(used);
            if let Some(address) = address {
                row.info.address = Some(address.to_owned());
            }
        }
        Ok(())
    }

    fn remove_token(&mut self, id: TokenId) -> Result<(), RowsError> {
        self.rows.forget_token(id);
        self.rows
            .write(query!("DELETE FROM tokens WHERE id = $1", id));
        Ok(())
    }

    fn expire_tokens(&mut self, before: Timestamp) -> Result<(), RowsError> {
        let sql = "DELETE FROM tokens WHERE kind = 'session' AND coalesce(used, created) < $1";
        self.rows.tokens.clear();
        self.rows.hashes.clear();
        self.rows.write(query!(sql, before));
        Ok(())
    }

    fn room(&mut self, id: RoomId) -> Result<Option<Arc<RoomRow>>, RowsError> {
        Ok(self.known_room(id)?.map(|room| room.row.clone()))
    }

    fn room_by_name(&mut self, folded: &str) -> Result<Option<Arc<RoomRow>>, RowsError> {
        if !self.rows.names.contains_key(folded) {
            let sql = "SELECT folded, id FROM rooms WHERE folded = $1";
            self.load_after_writes(vec![(Part::Names, query!(sql, text(folded)))])?;
            self.rows.names.entry(folded.to_owned()).or_default();
        }
        match self.rows.room_named(folded) {
            Some(id) => self.room(id),
            None => Ok(None),
        }
    }

    fn direct_room(&mut self, a: UserId, b: UserId) -> Result<Option<Arc<RoomRow>>, RowsError> {
        let (low, high) = pair(a, b);
        if !self.rows.pairs.contains_key(&(low, high)) {
            let sql = "SELECT low, high, id FROM rooms WHERE low = $1 AND high = $2";
            self.load_after_writes(vec![(Part::Pairs, query!(sql, low, high))])?;
            self.rows.pairs.entry((low, high)).or_default();
        }
        match self.rows.room_of((low, high)) {
            Some(id) => self.room(id),
            None => Ok(None),
        }
    }

    fn add_room(&mut self, row: RoomRow) -> Result<Arc<RoomRow>, RowsError> {
        let RoomRow {
            mut room, password, ..
        } = row;
        room.id = RoomId(self.next("rooms")??);
        let row = Arc::new(RoomRow::new(room, password));
        let sql = "INSERT INTO rooms (id, name, folded, title, folded_title, description, kind, password, owner, low, high, \
            created, updated, cleared, quiet, slow, keep, pruned, seq, last_message) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 0, 0)";
        let folded = folded_name(&row);
        self.write_room(sql, &row, folded.as_deref());
        let id = row.room.id;
        self.rows.set_room(folded, KnownRoom::new(row.clone(), 0));
        self.rows.advanced(id);
        Ok(row)
    }

    fn put_room(&mut self, row: RoomRow) -> Result<Arc<RoomRow>, RowsError> {
        let row = Arc::new(row);
        let known = self.known_room(row.room.id)?;
        let known = known.ok_or_else(|| broken("no such room"))?;
        let known = KnownRoom {
            row: row.clone(),
            ..known.clone()
        };
        let sql = "UPDATE rooms SET name = $2, folded = $3, title = $4, folded_title = $5, description = $6, kind = $7, \
            password = $8, owner = $9, low = $10, high = $11, created = $12, updated = $13, cleared = $14, quiet = $15, \
            slow = $16, keep = $17, pruned = $18 WHERE id = $1";
        let folded = folded_name(&row);
        self.write_room(sql, &row, folded.as_deref());
        self.rows.set_room(folded, known);
        Ok(row)
    }

    fn owned_rooms(&mut self, user: UserId) -> Result<Vec<RoomId>, RowsError> {
        let sql = "SELECT id FROM rooms WHERE owner = $1 ORDER BY id";
        column(&self.fetch(query!(sql, user))?)
    }

    fn remove_room(&mut self, id: RoomId) -> Result<(), RowsError> {
        let sql = "INSERT INTO removed_rooms (id) VALUES ($1)";
        self.rows.write_after_rows(query!(sql, id))?;
        for sql in [
            "DELETE FROM indexed WHERE room = $1",
            "DELETE FROM rooms WHERE id = $1",
            "DELETE FROM members WHERE room = $1",
            "DELETE FROM guest_bans WHERE room = $1",
        ] {
            self.rows.write(query!(sql, id));
        }
        self.rows.remove_room(id);
        Ok(())
    }

    fn advance(
        &mut self,
        id: RoomId,
        message_at: Option<Timestamp>,
    ) -> Result<(Seq, Timestamp), RowsError> {
        let room = self.known_room(id)?;
        let mut room = room.ok_or_else(|| broken("no such room"))?.clone();
        room.seq.0 += 1;
        if let Some(now) = message_at {
            let last = room.last_message;
            let mut at = time::next(now, last);
            if at <= last || !room.falls.is_empty() {
                let (seq, known) = (room.seq, room.falls.len());
                room.falls.push(Fall { seq, last });
                at = self.free(id, &room.falls, at)?;
                if at > last {
                    room.falls.truncate(known);
                } else {
                    let sql = "INSERT INTO falls (room, seq, last) VALUES ($1, $2, $3)";
                    self.rows.write(query!(sql, id, seq, last));
                }
            }
            room.last_message = at;
        }
        let place = (room.seq, room.last_message);
        self.rows.rooms.insert(id, Some(room));
        self.rows.advanced(id);
        Ok(place)
    }

    fn seq(&mut self, id: RoomId) -> Result<Seq, RowsError> {
        Ok(self.known_room(id)?.map_or(Seq(0), |room| room.seq))
    }

    fn log(&mut self, event: &RoomEvent) -> Result<(), RowsError> {
        if let Some(logged) = Logged::new(event) {
            self.rows.log(event.room.id, event.seq, json(&logged)?);
        }
        Ok(())
    }

    fn member(&mut self, room: RoomId, user: UserId) -> Result<Option<Membership>, RowsError> {
        let key = (room, user);
        if !self.rows.members.contains_key(&key) && !self.rows.rosters.contains_key(&room) {
            let sql =
                format!("SELECT {MEMBER} FROM members m WHERE m.room = $1 AND m.\"user\" = $2");
            self.load_after_writes(vec![(Part::Members, query!(sql, room, user))])?;
            self.rows.members.entry(key).or_default();
        }
        Ok(self.rows.members.get(&key).cloned().flatten())
    }

    fn members(&mut self, room: RoomId) -> Result<Vec<Membership>, RowsError> {
        if let Some(members) = self.rows.roster(room) {
            return Ok(members);
        }
        // What is asked of one message's room will be asked of the others'.
        let mut rooms = self.rows.homes();
        rooms.insert(room);
        rooms.retain(|room| !self.rows.rosters.contains_key(room));
        let rooms: Vec<RoomId> = rooms.into_iter().collect();
        let sql = format!("SELECT {MEMBER} FROM members m WHERE m.room = ANY($1)");
        let found = self.fetch(query!(sql, rooms.clone()))?;
        let mut members = every(&found, values::member)?;
        for room in rooms {
            let own = members.extract_if(.., |member| member.room == room);
            let own = own.collect();
            self.rows.learn_roster(room, own);
        }
        Ok(self.rows.roster(room).unwrap_or_default())
    }

    fn memberships(&mut self, user: UserId) -> Result<Vec<Membership>, RowsError> {
        if !self.rows.places.contains_key(&user) {
            // Each of these rooms will be looked at.
            let known = self.rows.rooms.keys().copied().collect();
            self.load_after_writes(places(vec![user], known, self.reach))?;
            self.rows.places.entry(user).or_default();
        }
        Ok(self.rows.places_of(user).unwrap_or_default())
    }

    fn member_count(&mut self, room: RoomId) -> Result<u64, RowsError> {
        count(&self.fetch(query!(MEMBER_COUNT, room))?)
    }

    fn room_count(&mut self, user: UserId) -> Result<u64, RowsError> {
        let sql = "SELECT count(*) FROM members m JOIN rooms r ON r.id = m.room \
            WHERE m.\"user\" = $1 AND m.role <> 'banned' AND r.kind <> 'direct'";
        count(&self.fetch(query!(sql, user))?)
    }

    fn put_member(&mut self, membership: Membership) -> Result<(), RowsError> {
        let key = (membership.room, membership.user);
        self.rows.set_member(key, Some(membership));
        Ok(())
    }

    fn remove_member(&mut self, room: RoomId, user: UserId) -> Result<(), RowsError> {
        self.rows.set_member((room, user), None);
        Ok(())
    }

    fn guest_bans(&mut self, room: Option<RoomId>) -> Result<Vec<GuestBan>, RowsError> {
        bans::guest_bans(self, room)
    }

    fn put_guest_ban(&mut self, ban: GuestBan) -> Result<(), RowsError> {
        bans::put_guest_ban(self, ban)
    }

    fn remove_guest_ban(&mut self, ban: &GuestBan) -> Result<(), RowsError> {
        bans::remove_guest_ban(self, ban)
    }

    fn gateway_bans(&mut self) -> Result<Vec<GatewayBan>, RowsError> {
        bans::gateway_bans(self)
    }

    fn put_gateway_ban(&mut self, ban: GatewayBan) -> Result<(), RowsError> {
        bans::put_gateway_ban(self, ban)
    }

    fn remove_gateway_ban(&mut self, subject: &BanSubject) -> Result<(), RowsError> {
        bans::remove_gateway_ban(self, subject)
    }

    fn secret(&mut self, name: &str, new: SecretBytes) -> Result<SecretBytes, RowsError> {
        // What another node kept is found, too.
        let sql = "INSERT INTO secrets (name, secret) VALUES ($1, $2) \
            ON CONFLICT (name) DO UPDATE SET secret = secrets.secret RETURNING secret";
        let kept = self.fetch(query!(sql, text(name), new.to_vec()))?;
        let kept: Option<Vec<u8>> = first(&kept)?;
        let kept = kept.and_then(|kept| kept.try_into().ok());
        kept.ok_or_else(|| broken("a secret is missing"))
    }

    fn next_message_id(&mut self) -> Result<MessageId, RowsError> {
        if self.rows.numbers.is_empty() {
            self.more_numbers()?;
        }
        let next = self.rows.numbers.pop_front();
        next.ok_or_else(|| broken("no number was given"))
    }

    fn add_message(&mut self, message: &Message) -> Result<(), RowsError> {
        let room = self.known_room(message.room)?;
        let room = room.ok_or_else(|| broken("no such room"))?;
        room.messages += 1;
        let number = room.messages;
        self.rows.advanced(message.room);
        self.rows.add_message(message.clone(), number);
        Ok(())
    }

    fn message(&mut self, id: MessageId) -> Result<Option<Message>, RowsError> {
        if !self.rows.messages.contains_key(&id) {
            let sql = format!("SELECT {MESSAGE} FROM {MESSAGES} WHERE m.id = $1 AND {IN_A_ROOM}");
            self.load_after_writes(vec![(Part::Messages, query!(sql, id))])?;
            self.rows.messages.entry(id).or_default();
        }
        let mut message = self.rows.messages.get(&id).cloned().flatten();
        if let Some(message) = &mut message
            && let Some(Some(row)) = self.rows.users.get(&message.sender.id)
        {
            message.sender = row.reference.clone();
        }
        Ok(message)
    }

    fn last_said(
        &mut self,
        room: RoomId,
        user: UserId,
        after: Timestamp,
        before: Timestamp,
    ) -> Result<Option<Timestamp>, RowsError> {
        let sql = "SELECT created FROM messages WHERE room = $1 AND sender = $2 AND created < $4 AND seq > coalesce( \
            (SELECT seq FROM messages WHERE room = $1 AND created <= $3 ORDER BY seq DESC LIMIT 1), 0) ORDER BY seq DESC LIMIT 1";
        first(&self.fetch(query!(sql, room, user, after, before))?)
    }

    fn update_message(&mut self, message: &Message) -> Result<(), RowsError> {
        if self.message(message.id)?.is_none() {
            return Err(broken("no such message"));
        }
        self.rows.update_message(message.clone());
        Ok(())
    }

    fn rename_in_log(
        &mut self,
        user: &Arc<UserRef>,
        after: (RoomId, Seq),
        looks: usize,
    ) -> Result<Option<(RoomId, Seq)>, RowsError> {
        let sql = "SELECT seq, change, room FROM changes WHERE (room, seq) > ($1, $2) ORDER BY room, seq LIMIT $3";
        let found = self.fetch(query!(sql, after.0, after.1, limit(looks)))?;
        let found = every(&found, |row| {
            Ok((row.value::<RoomId>(2)?, values::logged(row)?))
        })?;
        let last = found.last().map(|(room, (seq, _))| (*room, *seq));
        let next = last.filter(|_| found.len() == looks);
        for (room, (seq, mut logged)) in found {
            if logged.rename(user) {
                let sql = "UPDATE changes SET change = $3 WHERE room = $1 AND seq = $2";
                let query = query!(sql, room, seq, text(&json(&logged)?));
                self.rows.write(query);
            }
        }
        Ok(next)
    }

    fn scrub(&mut self) -> Scrub {
        self.scrubbed()
    }

    fn over_age(
        &mut self,
        room: RoomId,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Seq>, RowsError> {
        aged::over_age(self, room, before, now)
    }

    fn messages_left(&mut self, room: RoomId) -> Result<u64, RowsError> {
        let sql = "SELECT count(*) FROM rooms r JOIN messages m ON m.room = r.id AND m.seq > r.pruned WHERE r.id = $1";
        count(&self.fetch(query!(sql, room))?)
    }

    fn forget(&mut self, room: RoomId, limit: usize) -> Result<(bool, bool), RowsError> {
        self.rows.write_after_rows(query!(KEEP_LAST_MESSAGE))?;
        let forgot = aged::forget(self, room, limit)?;
        if let Some(known) = self.known_room(room)? {
            known.falls.retain(|fall| fall.seq > forgot.upto);
        }
        Ok((forgot.all, forgot.files))
    }

    fn add_news(&mut self, news: &News) -> Result<(), RowsError> {
        self.keep_news(news)
    }

    fn hide_message(&mut self, user: UserId, message: MessageId) -> Result<(), RowsError> {
        if let Some(message) = self.message(message)? {
            let sql = "INSERT INTO hidden (\"user\", room, message) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
            self.rows.write(query!(sql, user, message.room, message.id));
            if let Some(users) = self.rows.hidden.get_mut(&message.id) {
                users.insert(user);
            }
        }
        Ok(())
    }

    fn hidden_from(&mut self, room: RoomId, message: MessageId) -> Result<Vec<UserId>, RowsError> {
        if let Some(users) = self.rows.hidden.get(&message) {
            return Ok(users.iter().copied().collect());
        }
        let found = self.fetch(query!(HIDDEN_FROM, room, vec![message]))?;
        let found = every(&found, |row| row.value::<UserId>(1))?;
        self.rows
            .hidden
            .insert(message, found.iter().copied().collect());
        Ok(found)
    }
}
