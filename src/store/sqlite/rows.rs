//! What is read and written in a transaction.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::aged;
use super::backend::{LAST_MESSAGE, SqliteBackend};
use super::bans;
use super::cache::CachedRoom;
use super::changes;
use super::reads;
use super::times::{Fall, free};
use super::values::{
    self, IN_A_ROOM, MEMBER, MESSAGE, SENDER, Sql, TOKEN, USER, all, count, failed, one, run,
};
use super::written;
use crate::model::{
    BanSubject, GatewayBan, GuestBan, Membership, Message, MessageId, NodeId, Room, RoomEvent,
    RoomId, Seq, Timestamp, TokenId, TokenInfo, UserId, UserRef,
};
use crate::store::batch::NumbersUsed;
use crate::store::logged::Logged;
use crate::store::{RoomRow, RowsError, Scrub, SecretBytes, TokenRow, Transaction, UserRow, time};

pub(super) const EXPIRE_TOKENS: &str =
    "DELETE FROM tokens WHERE kind = 'session' AND coalesce(used, created) < ?1";
pub(super) const GUESTS: &str =
    "SELECT id FROM users WHERE kind = 'guest' AND folded IS NOT NULL ORDER BY id";

fn broken(why: &'static str) -> RowsError {
    RowsError(why.into())
}

/// The number that the last INSERT gave.
fn given(conn: &Connection) -> Result<i32, RowsError> {
    i32::try_from(conn.last_insert_rowid()).map_err(|_| broken("all numbers are used"))
}

/// Whether there is a number for one more row; to be asked before the INSERT.
fn one_more(conn: &Connection, table: &str) -> Result<(), RowsError> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
    let last: Option<i64> = one(conn, sql, [table], |row| row.get(0)).map_err(failed)?;
    match last {
        Some(last) if last >= i64::from(i32::MAX) => Err(NumbersUsed.into()),
        _ => Ok(()),
    }
}

impl Transaction for SqliteBackend {
    fn has_room(&self) -> bool {
        self.has_room
    }

    fn user(&mut self, id: UserId) -> Result<Option<Arc<UserRow>>, RowsError> {
        self.cached_user(id).map_err(failed)
    }

    fn user_by_login(&mut self, folded: &str) -> Result<Option<Arc<UserRow>>, RowsError> {
        one(
            &self.conn,
            &format!("SELECT {USER} FROM users WHERE folded = ?1"),
            [folded],
            values::user,
        )
        .map_err(failed)
    }

    fn add_user(&mut self, mut row: UserRow) -> Result<Arc<UserRow>, RowsError> {
        one_more(&self.conn, "users")?;
        written::add_user(&self.conn, &row).map_err(failed)?;
        Arc::make_mut(&mut row.user).id = UserId(given(&self.conn)?);
        row.reference = Arc::new(row.user.to_ref());
        let row = Arc::new(row);
        self.cache.users.keep(row.user.id, row.clone());
        Ok(row)
    }

    fn put_user(&mut self, row: UserRow) -> Result<Arc<UserRow>, RowsError> {
        written::put_user(&self.conn, &row).map_err(failed)?;
        let row = Arc::new(row);
        self.cache.users.keep(row.user.id, row.clone());
        Ok(row)
    }

    fn remove_user(&mut self, id: UserId) -> Result<(), RowsError> {
        self.cache.users.forget(&id);
        run(&self.conn, "DELETE FROM users WHERE id = ?1", [id])
            .map(drop)
            .map_err(failed)
    }

    fn guests(&mut self, node: Option<NodeId>) -> Result<Vec<UserId>, RowsError> {
        // Here nobody is at a node.
        if node.is_some() {
            return Ok(Vec::new());
        }
        all(&self.conn, GUESTS, [], |row| row.get(0)).map_err(failed)
    }

    fn has_spoken(&mut self, id: UserId) -> Result<bool, RowsError> {
        let sql = "SELECT spoke FROM users WHERE id = ?1";
        let spoke = one(&self.conn, sql, [id], |row| row.get(0)).map_err(failed)?;
        Ok(spoke.unwrap_or_default())
    }

    fn contacts(&mut self, user: UserId) -> Result<Vec<UserId>, RowsError> {
        let sql = "SELECT contact FROM contacts WHERE user = ?1 ORDER BY contact";
        all(&self.conn, sql, [user], |row| row.get(0)).map_err(failed)
    }

    fn add_contact(&mut self, user: UserId, contact: UserId) -> Result<(), RowsError> {
        let sql = "INSERT OR IGNORE INTO contacts (user, contact) VALUES (?1, ?2)";
        run(&self.conn, sql, [user, contact])
            .map(drop)
            .map_err(failed)
    }

    fn remove_contact(&mut self, user: UserId, contact: UserId) -> Result<(), RowsError> {
        let sql = "DELETE FROM contacts WHERE user = ?1 AND contact = ?2";
        run(&self.conn, sql, [user, contact])
            .map(drop)
            .map_err(failed)
    }

    fn forget_contact(&mut self, user: UserId) -> Result<(), RowsError> {
        let sql = "DELETE FROM contacts WHERE user = ?1 OR contact = ?1";
        run(&self.conn, sql, [user]).map(drop).map_err(failed)
    }

    fn add_token(&mut self, mut row: TokenRow) -> Result<Option<TokenInfo>, RowsError> {
        let sql = "INSERT INTO tokens (user, hash, kind, created, used, address) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
            ON CONFLICT (hash) DO NOTHING";
        let info = &mut row.info;
        let values = params![
            info.user,
            row.hash,
            info.kind,
            info.created,
            info.used,
            info.address
        ];
        if run(&self.conn, sql, values).map_err(failed)? == 0 {
            return Ok(None);
        }
        info.id = TokenId(given(&self.conn)?);
        Ok(Some(row.info))
    }

    fn token(&mut self, id: TokenId) -> Result<Option<TokenRow>, RowsError> {
        one(
            &self.conn,
            &format!("SELECT {TOKEN} FROM tokens WHERE id = ?1"),
            [id],
            values::token,
        )
        .map_err(failed)
    }

    fn tokens(&mut self, user: UserId) -> Result<Vec<TokenInfo>, RowsError> {
        tokens(&self.conn, user).map_err(failed)
    }

    fn touch_token(
        &mut self,
        id: TokenId,
        used: Timestamp,
        address: Option<&str>,
    ) -> Result<(), RowsError> {
        let sql = "UPDATE tokens SET used = ?2, address = coalesce(?3, address) WHERE id = ?1";
        run(&self.conn, sql, params![id, used, address])
            .map(drop)
            .map_err(failed)
    }

    fn remove_token(&mut self, id: TokenId) -> Result<(), RowsError> {
        run(&self.conn, "DELETE FROM tokens WHERE id = ?1", [id])
            .map(drop)
            .map_err(failed)
    }

    fn expire_tokens(&mut self, before: Timestamp) -> Result<(), RowsError> {
        run(&self.conn, EXPIRE_TOKENS, [before])
            .map(drop)
            .map_err(failed)
    }

    fn room(&mut self, id: RoomId) -> Result<Option<Arc<RoomRow>>, RowsError> {
        let room = self.cached_room(id).map_err(failed)?;
        Ok(room.map(|room| room.row.clone()))
    }

    fn room_by_name(&mut self, folded: &str) -> Result<Option<Arc<RoomRow>>, RowsError> {
        let sql = "SELECT id FROM rooms WHERE folded = ?1";
        match one(&self.conn, sql, [folded], |row| row.get(0)).map_err(failed)? {
            Some(id) => self.room(id),
            None => Ok(None),
        }
    }

    fn direct_room(&mut self, a: UserId, b: UserId) -> Result<Option<Arc<RoomRow>>, RowsError> {
        let sql = "SELECT id FROM rooms WHERE low = ?1 AND high = ?2";
        let pair = [a.min(b), a.max(b)];
        match one(&self.conn, sql, pair, |row| row.get(0)).map_err(failed)? {
            Some(id) => self.room(id),
            None => Ok(None),
        }
    }

    fn add_room(&mut self, row: RoomRow) -> Result<Arc<RoomRow>, RowsError> {
        one_more(&self.conn, "rooms")?;
        written::add_room(&self.conn, &row).map_err(failed)?;
        let id = RoomId(given(&self.conn)?);
        let row = Arc::new(RoomRow::new(Room { id, ..row.room }, row.password));
        let cached = CachedRoom::new(row.clone(), 0, Vec::new());
        self.keep_room(cached).map_err(failed)?;
        self.cache.ahead.insert(id);
        Ok(row)
    }

    fn put_room(&mut self, row: RoomRow) -> Result<Arc<RoomRow>, RowsError> {
        let replaced = written::put_room(&self.conn, &row).map_err(failed)?;
        if replaced == 0 {
            return Err(broken("no such room"));
        }
        let row = Arc::new(row);
        if let Some(cached) = self.cached_room(row.room.id).map_err(failed)? {
            cached.row = row.clone();
        }
        Ok(row)
    }

    fn owned_rooms(&mut self, user: UserId) -> Result<Vec<RoomId>, RowsError> {
        let sql = "SELECT id FROM rooms WHERE owner = ?1 ORDER BY id";
        all(&self.conn, sql, [user], |row| row.get(0)).map_err(failed)
    }

    fn remove_room(&mut self, id: RoomId) -> Result<(), RowsError> {
        for sql in [
            "INSERT INTO removed_rooms (id) VALUES (?1)",
            "DELETE FROM rooms WHERE id = ?1",
            "DELETE FROM members WHERE room = ?1",
            "DELETE FROM guest_bans WHERE room = ?1",
        ] {
            run(&self.conn, sql, [id]).map_err(failed)?;
        }
        self.cache.rooms.forget(&id);
        self.due.gone.insert(id);
        self.cache.members.forget_where(|(room, _)| *room == id);
        Ok(())
    }

    fn advance(
        &mut self,
        id: RoomId,
        message_at: Option<Timestamp>,
    ) -> Result<(Seq, Timestamp), RowsError> {
        self.cached_room(id).map_err(failed)?;
        let Self { conn, cache, .. } = self;
        let room = cache.rooms.lookup_mut(&id);
        let room = room.ok_or_else(|| broken("no such room"))?;
        room.seq.0 += 1;
        if let Some(now) = message_at {
            let last = room.last_message;
            let mut at = time::next(now, last);
            if at <= last || !room.falls.is_empty() {
                let (seq, known) = (room.seq, room.falls.len());
                room.falls.push(Fall { seq, last });
                at = free(conn, id, &room.falls, at).map_err(failed)?;
                if at > last {
                    room.falls.truncate(known);
                } else {
                    let sql = "INSERT INTO falls (room, seq, last) VALUES (?1, ?2, ?3)";
                    run(conn, sql, params![id, seq, last]).map_err(failed)?;
                }
            }
            room.last_message = at;
        }
        let place = (room.seq, room.last_message);
        cache.ahead.insert(id);
        Ok(place)
    }

    fn seq(&mut self, id: RoomId) -> Result<Seq, RowsError> {
        let room = self.cached_room(id).map_err(failed)?;
        Ok(room.map_or(Seq(0), |room| room.seq))
    }

    fn log(&mut self, event: &RoomEvent) -> Result<(), RowsError> {
        if let Some(logged) = Logged::new(event) {
            let json = serde_json::to_string(&logged).map_err(|error| RowsError(error.into()))?;
            let sql = "INSERT INTO changes (room, seq, change) VALUES (?1, ?2, ?3)";
            let values = params![event.room.id, event.seq, json];
            run(&self.conn, sql, values).map_err(failed)?;
        }
        Ok(())
    }

    fn member(&mut self, room: RoomId, user: UserId) -> Result<Option<Membership>, RowsError> {
        if let Some(membership) = self.cache.members.lookup(&(room, user)) {
            return Ok(membership.clone());
        }
        let sql = format!("SELECT {MEMBER} FROM members m WHERE room = ?1 AND user = ?2");
        let membership = one(&self.conn, &sql, params![room, user], values::member);
        let membership = membership.map_err(failed)?;
        self.cache.members.keep((room, user), membership.clone());
        Ok(membership)
    }

    fn members(&mut self, room: RoomId) -> Result<Vec<Membership>, RowsError> {
        let sql = format!("SELECT {MEMBER} FROM members m WHERE room = ?1 ORDER BY joined, user");
        all(&self.conn, &sql, [room], values::member).map_err(failed)
    }

    fn memberships(&mut self, user: UserId) -> Result<Vec<Membership>, RowsError> {
        let sql = format!("SELECT {MEMBER} FROM members m WHERE user = ?1 ORDER BY room");
        all(&self.conn, &sql, [user], values::member).map_err(failed)
    }

    fn member_count(&mut self, room: RoomId) -> Result<u64, RowsError> {
        reads::member_count(&self.conn, room).map_err(failed)
    }

    fn room_count(&mut self, user: UserId) -> Result<u64, RowsError> {
        let sql = "SELECT count(*) FROM members m JOIN rooms r ON r.id = m.room \
            WHERE m.user = ?1 AND m.role <> 'banned' AND r.kind <> 'direct'";
        count(&self.conn, sql, [user]).map_err(failed)
    }

    fn put_member(&mut self, membership: Membership) -> Result<(), RowsError> {
        written::put_member(&self.conn, &membership).map_err(failed)?;
        self.cache
            .members
            .keep((membership.room, membership.user), Some(membership));
        Ok(())
    }

    fn remove_member(&mut self, room: RoomId, user: UserId) -> Result<(), RowsError> {
        let sql = "DELETE FROM members WHERE room = ?1 AND user = ?2";
        run(&self.conn, sql, params![room, user]).map_err(failed)?;
        self.cache.members.keep((room, user), None);
        Ok(())
    }

    fn guest_bans(&mut self, room: Option<RoomId>) -> Result<Vec<GuestBan>, RowsError> {
        bans::guest_bans(&self.conn, room).map_err(failed)
    }

    fn put_guest_ban(&mut self, ban: GuestBan) -> Result<(), RowsError> {
        bans::put_guest_ban(&self.conn, &ban).map_err(failed)
    }

    fn remove_guest_ban(&mut self, ban: &GuestBan) -> Result<(), RowsError> {
        bans::remove_guest_ban(&self.conn, ban).map_err(failed)
    }

    fn gateway_bans(&mut self) -> Result<Vec<GatewayBan>, RowsError> {
        let known = match self.cache.gateway_bans.take() {
            Some(known) => known,
            None => bans::gateway_bans(&self.conn).map_err(failed)?,
        };
        Ok(self.cache.gateway_bans.insert(known).clone())
    }

    fn put_gateway_ban(&mut self, ban: GatewayBan) -> Result<(), RowsError> {
        self.cache.gateway_bans = None;
        bans::put_gateway_ban(&self.conn, &ban).map_err(failed)
    }

    fn remove_gateway_ban(&mut self, subject: &BanSubject) -> Result<(), RowsError> {
        self.cache.gateway_bans = None;
        bans::remove_gateway_ban(&self.conn, subject).map_err(failed)
    }

    fn secret(&mut self, name: &str, new: SecretBytes) -> Result<SecretBytes, RowsError> {
        let sql = "INSERT INTO secrets (name, secret) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        run(&self.conn, sql, params![name, new]).map_err(failed)?;
        let sql = "SELECT secret FROM secrets WHERE name = ?1";
        let kept = one(&self.conn, sql, [name], |row| row.get(0)).map_err(failed)?;
        kept.ok_or_else(|| broken("a secret is missing"))
    }

    fn next_message_id(&mut self) -> Result<MessageId, RowsError> {
        let next = self.last_message().map_err(failed)? + 1;
        self.cache.last_message = Some(next);
        Ok(MessageId(next))
    }

    fn add_message(&mut self, message: &Message) -> Result<(), RowsError> {
        let room = self.cached_room(message.room).map_err(failed)?;
        let room = room.ok_or_else(|| broken("no such room"))?;
        room.messages += 1;
        let number = room.messages;
        self.cache.ahead.insert(message.room);
        written::add_message(&self.conn, message, number).map_err(failed)?;
        let sender = message.sender.id;
        if self.cache.spoke.lookup(&sender).is_none() {
            let sql = "UPDATE users SET spoke = 1 WHERE id = ?1 AND spoke = 0";
            run(&self.conn, sql, [sender]).map_err(failed)?;
            self.cache.spoke.keep(sender, ());
        }
        Ok(())
    }

    fn message(&mut self, id: MessageId) -> Result<Option<Message>, RowsError> {
        let sql = format!("SELECT {MESSAGE} FROM messages m WHERE id = ?1 AND {IN_A_ROOM}");
        let found = one(&self.conn, &sql, [id], |row| {
            let sender = row.get(SENDER)?;
            Ok((sender, values::message(row, self.gateway.clone())?))
        });
        let Some((sender, mut message)) = found.map_err(failed)? else {
            return Ok(None);
        };
        message.sender = self.sender(sender).map_err(failed)?;
        Ok(Some(message))
    }

    fn last_said(
        &mut self,
        room: RoomId,
        user: UserId,
        after: Timestamp,
        before: Timestamp,
    ) -> Result<Option<Timestamp>, RowsError> {
        reads::last_said(&self.conn, room, user, (after, before)).map_err(failed)
    }

    fn update_message(&mut self, message: &Message) -> Result<(), RowsError> {
        match written::put_message(&self.conn, message).map_err(failed)? {
            0 => Err(broken("no such message")),
            _ => Ok(()),
        }
    }

    fn rename_in_log(
        &mut self,
        user: &Arc<UserRef>,
        after: (RoomId, Seq),
        looks: usize,
    ) -> Result<Option<(RoomId, Seq)>, RowsError> {
        changes::rename(&self.conn, user, after, looks).map_err(failed)
    }

    fn scrub(&mut self) -> Scrub {
        let found = self.scrub;
        self.scrub = match found {
            None | Some(Scrub::Asked) => Some(Scrub::Asked),
            Some(Scrub::Done | Scrub::Failed) => None,
        };
        found.unwrap_or(Scrub::Asked)
    }

    fn over_age(
        &mut self,
        room: RoomId,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Seq>, RowsError> {
        aged::over_age(&self.conn, room, before, now).map_err(failed)
    }

    fn messages_left(&mut self, room: RoomId) -> Result<u64, RowsError> {
        aged::messages_left(&self.conn, room).map_err(failed)
    }

    fn forget(&mut self, room: RoomId, limit: usize) -> Result<(bool, bool), RowsError> {
        self.keep_last_message().map_err(failed)?;
        let forgot = aged::forget(&self.conn, room, limit).map_err(failed)?;
        let threshold = self.index.threshold();
        if let Some(cached) = self.cached_room(room).map_err(failed)? {
            cached.falls.retain(|fall| fall.seq > forgot.upto);
            if cached.messages >= threshold {
                self.due.changed.insert(room);
            }
        }
        Ok((forgot.all, forgot.files))
    }

    fn hide_message(&mut self, user: UserId, message: MessageId) -> Result<(), RowsError> {
        let sql = "INSERT OR IGNORE INTO hidden (user, room, message) SELECT ?1, room, id FROM messages WHERE id = ?2";
        run(&self.conn, sql, params![user, message])
            .map(drop)
            .map_err(failed)
    }

    fn hidden_from(&mut self, room: RoomId, message: MessageId) -> Result<Vec<UserId>, RowsError> {
        reads::hidden_from(&self.conn, room, message).map_err(failed)
    }
}

impl SqliteBackend {
    /// Its number is not given again, though its row goes.
    fn keep_last_message(&mut self) -> Sql<()> {
        let last = self.last_message()?;
        let sql = "UPDATE counters SET value = ?1 WHERE name = 'message'";
        run(&self.conn, sql, [last]).map(drop)
    }

    fn last_message(&mut self) -> Sql<i64> {
        if self.cache.last_message.is_none() {
            self.cache.last_message = one(&self.conn, LAST_MESSAGE, [], |row| row.get(0))?;
        }
        Ok(self.cache.last_message.unwrap_or_default())
    }

    fn sender(&mut self, id: UserId) -> Sql<Arc<UserRef>> {
        Ok(self
            .cached_user(id)?
            .map_or_else(|| self.gateway.clone(), |row| row.reference.clone()))
    }
}

/// A user's tokens, in the order of their numbers.
pub(super) fn tokens(conn: &Connection, user: UserId) -> Sql<Vec<TokenInfo>> {
    let sql = format!("SELECT {TOKEN} FROM tokens WHERE user = ?1 ORDER BY id");
    all(conn, &sql, [user], |row| {
        values::token(row).map(|token| token.info)
    })
}
