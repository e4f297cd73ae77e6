//! How users, rooms, members and messages are written, with all their columns.

use rusqlite::{Connection, params};

use super::values::{Sql, millis, run};
use crate::model::{Membership, Message, RoomId, RoomKind, UserId, fold_room_name, fold_text};
use crate::store::{RoomRow, UserRow};

pub(super) fn add_user(conn: &Connection, row: &UserRow) -> Sql<usize> {
    let sql = "INSERT INTO users (id, login, folded, name, description, kind, disabled, created, password, address, erasing, last_login, operator) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    write_user(conn, sql, None, row)
}

pub(super) fn put_user(conn: &Connection, row: &UserRow) -> Sql<usize> {
    let sql = "UPDATE users SET login = ?2, folded = ?3, name = ?4, description = ?5, kind = ?6, disabled = ?7, \
        created = ?8, password = ?9, address = ?10, erasing = ?11, last_login = ?12, operator = ?13 WHERE id = ?1";
    write_user(conn, sql, Some(row.user.id), row)
}

/// `?1` is the user's number, none for one that is to be given, then come the columns in the order of `USER`.
fn write_user(conn: &Connection, sql: &str, id: Option<UserId>, row: &UserRow) -> Sql<usize> {
    let user = &row.user;
    let values = params![
        id,
        user.login,
        row.folded,
        user.name,
        user.description,
        user.kind,
        user.disabled,
        user.created,
        row.password,
        row.address.map(|address| address.to_string()),
        row.erasing,
        row.last_login,
        user.operator
    ];
    run(conn, sql, values)
}

/// Where its changes and messages are is written with the transaction's end.
pub(super) fn add_room(conn: &Connection, row: &RoomRow) -> Sql<usize> {
    let sql = "INSERT INTO rooms (id, name, folded, title, folded_title, description, kind, password, owner, low, high, \
        created, updated, cleared, quiet, slow, keep, pruned, seq, last_message) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, 0, 0)";
    write_room(conn, sql, None, row)
}

pub(super) fn put_room(conn: &Connection, row: &RoomRow) -> Sql<usize> {
    let sql = "UPDATE rooms SET name = ?2, folded = ?3, title = ?4, folded_title = ?5, description = ?6, kind = ?7, \
        password = ?8, owner = ?9, low = ?10, high = ?11, created = ?12, updated = ?13, cleared = ?14, quiet = ?15, \
        slow = ?16, keep = ?17, pruned = ?18 WHERE id = ?1";
    write_room(conn, sql, Some(row.room.id), row)
}

/// `?1` is the room's number, none for one that is to be given.
fn write_room(conn: &Connection, sql: &str, id: Option<RoomId>, row: &RoomRow) -> Sql<usize> {
    let room = &row.room;
    let folded = (room.kind != RoomKind::Direct).then(|| fold_room_name(&room.name));
    let (low, high) = room.pair.unzip();
    let values = params![
        id,
        room.name,
        folded,
        room.title,
        fold_text(&room.title),
        room.description,
        room.kind,
        row.password,
        room.owner,
        low,
        high,
        room.created,
        room.updated,
        room.cleared,
        room.quiet,
        millis(room.slow),
        room.keep.map(millis),
        room.pruned
    ];
    run(conn, sql, values)
}

pub(super) fn put_member(conn: &Connection, membership: &Membership) -> Sql<usize> {
    let sql = "INSERT OR REPLACE INTO members (room, user, role, joined, seen, since, waiting) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let Membership {
        room,
        user,
        role,
        joined,
        seen,
        since,
        waiting,
    } = membership;
    let waiting = i64::try_from(*waiting).unwrap_or(i64::MAX);
    run(
        conn,
        sql,
        params![room, user, role, joined, seen, since, waiting],
    )
}

/// `number` is its place among the room's messages.
pub(super) fn add_message(conn: &Connection, message: &Message, number: i64) -> Sql<usize> {
    let sql = "INSERT INTO messages \
        (id, room, seq, sender, kind, text, reply_to, created, updated, deleted, file, extra, number) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    let m = message;
    let values = params![
        m.id,
        m.room,
        m.seq,
        m.sender.id,
        m.kind,
        m.text,
        m.reply_to,
        m.created,
        m.updated,
        m.deleted,
        m.file,
        m.extra,
        number
    ];
    run(conn, sql, values)
}

pub(super) fn put_message(conn: &Connection, message: &Message) -> Sql<usize> {
    let sql = "UPDATE messages SET kind = ?7, text = ?2, updated = ?3, deleted = ?4, file = ?5, extra = ?6 WHERE id = ?1";
    let m = message;
    let values = params![m.id, m.text, m.updated, m.deleted, m.file, m.extra, m.kind];
    run(conn, sql, values)
}
