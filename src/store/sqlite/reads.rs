//! The answers to reads but for histories.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params};

use super::backend::LAST_MESSAGE;
use super::values::{
    self, IN_A_ROOM, MEMBER, MESSAGE, ROOM, ROOM_COLUMNS, SENDER, Sql, TOKEN, USER, all, count, one,
};
use crate::model::{
    Membership, Message, MessageId, Role, RoomId, SeenMarks, Timestamp, TokenId, UserId, UserRef,
};
use crate::store::page::Said;
use crate::store::{RoomRow, TokenRow, UserRow};

pub(super) const ERASING_ACCOUNTS: &str = "SELECT id FROM users WHERE erasing = 1 ORDER BY id";

/// The users that one answer names, each looked up once.
pub(super) struct Senders {
    gateway: Arc<UserRef>,
    known: HashMap<UserId, Option<Arc<UserRef>>>,
}

impl Senders {
    pub(super) fn new(gateway: Arc<UserRef>) -> Self {
        Self {
            gateway,
            known: HashMap::new(),
        }
    }

    pub(super) fn lookup(&mut self, conn: &Connection, id: UserId) -> Sql<Option<Arc<UserRef>>> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let sql = "SELECT login, name FROM users WHERE id = ?1";
        let decode = |row: &Row<'_>| {
            Ok(Arc::new(UserRef {
                id,
                login: row.get(0)?,
                name: row.get(1)?,
            }))
        };
        let found = one(conn, sql, [id], decode)?;
        self.known.insert(id, found.clone());
        Ok(found)
    }

    /// The message in a row of [`MESSAGE`], with its sender. Who has no row is the gateway.
    pub(super) fn message(&mut self, conn: &Connection, row: &Row<'_>) -> Sql<Arc<Message>> {
        let sender = self
            .lookup(conn, row.get(SENDER)?)?
            .unwrap_or_else(|| self.gateway.clone());
        values::message(row, sender).map(Arc::new)
    }
}

pub(super) fn user(conn: &Connection, id: UserId) -> Sql<Option<Arc<UserRow>>> {
    one(
        conn,
        &format!("SELECT {USER} FROM users WHERE id = ?1"),
        [id],
        values::user,
    )
}

pub(super) fn user_by_login(conn: &Connection, folded: &str) -> Sql<Option<Arc<UserRow>>> {
    one(
        conn,
        &format!("SELECT {USER} FROM users WHERE folded = ?1"),
        [folded],
        values::user,
    )
}

pub(super) fn accounts(conn: &Connection, ended: bool) -> Sql<Vec<Arc<UserRow>>> {
    let sql = format!(
        "SELECT {USER} FROM users WHERE kind = 'account' AND (folded IS NULL) = ?1 ORDER BY id"
    );
    all(conn, &sql, [ended], values::user)
}

pub(super) fn erasing_accounts(conn: &Connection) -> Sql<Vec<UserId>> {
    all(conn, ERASING_ACCOUNTS, [], |row| row.get(0))
}

pub(super) fn contacts(conn: &Connection, user: UserId) -> Sql<Vec<Arc<UserRef>>> {
    let sql = format!(
        "SELECT {USER} FROM users WHERE id IN (SELECT contact FROM contacts WHERE user = ?1) ORDER BY id"
    );
    all(conn, &sql, [user], |row| {
        values::user(row).map(|row| row.reference.clone())
    })
}

pub(super) fn token(conn: &Connection, hash: &[u8; 32]) -> Sql<Option<TokenRow>> {
    one(
        conn,
        &format!("SELECT {TOKEN} FROM tokens WHERE hash = ?1"),
        [hash],
        values::token,
    )
}

pub(super) fn token_by_id(conn: &Connection, id: TokenId) -> Sql<Option<TokenRow>> {
    one(
        conn,
        &format!("SELECT {TOKEN} FROM tokens WHERE id = ?1"),
        [id],
        values::token,
    )
}

pub(super) fn room(conn: &Connection, id: RoomId) -> Sql<Option<Arc<RoomRow>>> {
    one(
        conn,
        &format!("SELECT {ROOM} FROM rooms r WHERE id = ?1"),
        [id],
        values::room,
    )
}

pub(super) fn room_by_name(conn: &Connection, folded: &str) -> Sql<Option<Arc<RoomRow>>> {
    one(
        conn,
        &format!("SELECT {ROOM} FROM rooms r WHERE folded = ?1"),
        [folded],
        values::room,
    )
}

pub(super) fn direct_room(conn: &Connection, a: UserId, b: UserId) -> Sql<Option<Arc<RoomRow>>> {
    one(
        conn,
        &format!("SELECT {ROOM} FROM rooms r WHERE low = ?1 AND high = ?2"),
        [a.min(b), a.max(b)],
        values::room,
    )
}

pub(super) fn rooms(conn: &Connection) -> Sql<Vec<Arc<RoomRow>>> {
    all(
        conn,
        &format!("SELECT {ROOM} FROM rooms r WHERE kind <> 'direct' ORDER BY id"),
        [],
        values::room,
    )
}

pub(super) fn public_rooms(conn: &Connection, prefix: &str) -> Sql<Vec<Arc<RoomRow>>> {
    let sql = format!(
        "SELECT {ROOM} FROM rooms r WHERE kind = 'public' AND id IN ( \
            SELECT id FROM rooms WHERE folded >= ?1 AND folded < ?2 UNION \
            SELECT id FROM rooms WHERE folded_title >= ?1 AND folded_title < ?2) ORDER BY id"
    );
    all(
        conn,
        &sql,
        params![prefix, end_of_prefix(prefix)],
        values::room,
    )
}

/// What is greater than every text with this prefix, and no more: the next text of its length, or (greater than any
/// text in SQLite) a blob.
fn end_of_prefix(prefix: &str) -> Value {
    let mut stem: Vec<char> = prefix.chars().collect();
    while let Some(last) = stem.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            stem.push(next);
            return Value::Text(stem.into_iter().collect());
        }
    }
    Value::Blob(Vec::new())
}

pub(super) fn rooms_of(conn: &Connection, user: UserId) -> Sql<Vec<(Arc<RoomRow>, Membership)>> {
    let sql = format!(
        "SELECT {ROOM}, {MEMBER} FROM members m JOIN rooms r ON r.id = m.room WHERE m.user = ?1 ORDER BY m.room"
    );
    all(conn, &sql, [user], |row| {
        Ok((values::room(row)?, values::member_from(row, ROOM_COLUMNS)?))
    })
}

pub(super) fn member(conn: &Connection, room: RoomId, user: UserId) -> Sql<Option<Membership>> {
    let sql = format!("SELECT {MEMBER} FROM members m WHERE room = ?1 AND user = ?2");
    one(conn, &sql, params![room, user], values::member)
}

pub(super) fn members(conn: &Connection, room: RoomId) -> Sql<Vec<(Membership, Arc<UserRef>)>> {
    let sql = format!(
        "SELECT {MEMBER}, u.login, u.name FROM members m JOIN users u ON u.id = m.user WHERE m.room = ?1 \
            ORDER BY m.joined, m.user"
    );
    all(conn, &sql, [room], |row| {
        let membership = values::member(row)?;
        let user = UserRef {
            id: membership.user,
            login: row.get(7)?,
            name: row.get(8)?,
        };
        Ok((membership, Arc::new(user)))
    })
}

pub(super) fn member_count(conn: &Connection, room: RoomId) -> Sql<u64> {
    let sql = "SELECT count(*) FROM members WHERE room = ?1 AND role <> 'banned'";
    count(conn, sql, [room])
}

pub(super) fn seen_marks(conn: &Connection, room: RoomId) -> Sql<SeenMarks> {
    let sql = format!(
        "SELECT {MEMBER} FROM members m WHERE m.room = ?1 AND m.role <> ?2 AND m.seen > 0 \
            ORDER BY m.seen DESC, m.joined, m.user LIMIT 2"
    );
    let latest = all(conn, &sql, params![room, Role::Banned], values::member)?;
    Ok(SeenMarks::of(&latest))
}

pub(super) fn files(conn: &Connection, room: RoomId) -> Sql<Vec<String>> {
    let sql = "SELECT m.file ->> 'stored' FROM messages m JOIN rooms r ON r.id = m.room \
    WHERE m.room = ?1 AND m.file IS NOT NULL AND m.deleted = 0 AND m.seq > max(r.cleared, r.pruned)";
    all(conn, sql, [room], |row| row.get(0))
}

pub(super) fn message(
    conn: &Connection,
    senders: &mut Senders,
    id: MessageId,
) -> Sql<Option<Arc<Message>>> {
    one(
        conn,
        &format!("SELECT {MESSAGE} FROM messages m WHERE id = ?1 AND {IN_A_ROOM}"),
        [id],
        |row| senders.message(conn, row),
    )
}

pub(super) fn said_by(
    conn: &Connection,
    mut senders: Senders,
    user: UserId,
    after: MessageId,
    looks: usize,
) -> Sql<(Vec<Arc<Message>>, Option<MessageId>)> {
    let limit = i64::try_from(looks).unwrap_or(i64::MAX);
    let sql = "SELECT id FROM messages WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET ?2 - 1";
    let end: Option<MessageId> = one(conn, sql, params![after, limit], |row| row.get(0))?;
    let sql = format!(
        "SELECT {MESSAGE} FROM messages m WHERE id > ?1 AND id <= ?2 AND sender = ?3 AND {IN_A_ROOM} ORDER BY id"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let upto = end.unwrap_or(MessageId(i64::MAX));
    let mut rows = statement.query(params![after, upto, user])?;
    let mut said = Said::new(end);
    while let Some(row) = rows.next()? {
        if !said.take(senders.message(conn, row)?) {
            break;
        }
    }
    Ok(said.into_page())
}

pub(super) fn hidden_by(conn: &Connection, user: UserId) -> Sql<Vec<(RoomId, MessageId)>> {
    let sql = "SELECT h.room, message FROM hidden h JOIN rooms r ON r.id = h.room WHERE user = ?1 ORDER BY h.room, message";
    all(conn, sql, [user], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// From whom a message of a room is hidden.
pub(super) fn hidden_from(conn: &Connection, room: RoomId, message: MessageId) -> Sql<Vec<UserId>> {
    let sql = "SELECT user FROM hidden WHERE room = ?1 AND message = ?2 ORDER BY user";
    all(conn, sql, params![room, message], |row| row.get(0))
}

pub(super) fn is_hidden(conn: &Connection, user: UserId, message: MessageId) -> Sql<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM messages m JOIN hidden h ON h.user = ?1 AND h.room = m.room AND h.message = m.id \
        JOIN rooms r ON r.id = m.room WHERE m.id = ?2)";
    Ok(one(conn, sql, params![user, message], |row| row.get(0))?.unwrap_or_default())
}

/// When a user spoke last in a room, later than the one time and before the other.
pub(super) fn last_said(
    conn: &Connection,
    room: RoomId,
    user: UserId,
    (after, before): (Timestamp, Timestamp),
) -> Sql<Option<Timestamp>> {
    let sql = "SELECT sender, created FROM messages WHERE room = ?1 ORDER BY seq DESC";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query([room])?;
    while let Some(row) = rows.next()? {
        let (sender, created) = (row.get::<_, UserId>(0)?, row.get(1)?);
        if created <= after {
            break;
        }
        if sender == user && created < before {
            return Ok(Some(created));
        }
    }
    Ok(None)
}

pub(super) fn last_message_id(conn: &Connection) -> Sql<MessageId> {
    Ok(MessageId(
        one(conn, LAST_MESSAGE, [], |row| row.get(0))?.unwrap_or_default(),
    ))
}
