//! The rows that a gateway could not read: their columns hold what stands for nothing; and those whose texts no hub would have kept.

use std::sync::Arc;

use rusqlite::{Connection, Row};

use super::bans::{GUEST_BAN, gateway_ban, guest_ban};
use super::changes::logged;
use super::faults::{Fault, ROOM_NAME};
use super::unkept;
use super::values::{self, FILE, MEMBER, MESSAGE, ROOM, Sql, TOKEN, USER};
use crate::files::is_stored_name;
use crate::model::{UserId, UserRef};

/// Rows that are all read in one way.
struct Rows {
    /// Of what kind a fault in them is.
    kind: &'static str,
    /// The columns as they are read, then `named`, the name of a fault, and `item`, which row it is.
    sql: String,
    /// What of it no hub would have kept.
    read: fn(&Row<'_>) -> Sql<Option<String>>,
}

/// What cannot be read, or would not have been kept, in a database of the newest version, which is not damaged.
pub(super) fn unreadable(conn: &Connection) -> Sql<Vec<Fault>> {
    let mut faults = Vec::new();
    for Rows { kind, sql, read } in all() {
        let mut statement = conn.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let what = match read(row) {
                Ok(None) => continue,
                Ok(Some(what)) => format!(": {what}"),
                Err(rusqlite::Error::FromSqlConversionFailure(_, _, why)) => {
                    format!(" cannot be read: {why}")
                }
                Err(other) => format!(" cannot be read: {other}"),
            };
            let item: String = row.get("item")?;
            faults.push(Fault {
                kind,
                name: row.get("named")?,
                what: format!("{item}{what}"),
            });
        }
    }
    Ok(faults)
}

fn all() -> [Rows; 8] {
    let of_user = "coalesce((SELECT login FROM users u WHERE u.id = user), 'number ' || user)";
    let of_room =
        format!("coalesce((SELECT {ROOM_NAME} FROM rooms r WHERE r.id = room), 'number ' || room)");
    [
        Rows {
            kind: "user",
            sql: format!("SELECT {USER}, login AS named, 'its row' AS item FROM users"),
            read: |row| values::user(row).map(|row| unkept::of_user(&row)),
        },
        Rows {
            kind: "user",
            sql: format!("SELECT {TOKEN}, {of_user} AS named, 'token ' || id AS item FROM tokens"),
            read: |row| values::token(row).map(|_| None),
        },
        Rows {
            kind: "room",
            sql: format!(
                "SELECT {ROOM}, {ROOM_NAME} AS named, 'its row' AS item, r.folded AS folded FROM rooms r"
            ),
            read: room,
        },
        Rows {
            kind: "room",
            sql: format!(
                "SELECT {MEMBER}, {of_room} AS named, 'its member ' || user AS item FROM members m"
            ),
            read: |row| values::member(row).map(|_| None),
        },
        Rows {
            kind: "room",
            sql: format!(
                "SELECT {MESSAGE}, {of_room} AS named, 'message ' || id AS item FROM messages m"
            ),
            read: message,
        },
        Rows {
            kind: "room",
            sql: format!(
                "SELECT seq, change, {of_room} AS named, 'the change at place ' || seq AS item FROM changes"
            ),
            read: |row| logged(row).map(|_| None),
        },
        Rows {
            kind: "room",
            sql: format!(
                "SELECT {GUEST_BAN}, {of_room} AS named, 'the ban of the guest ' || login AS item FROM guest_bans"
            ),
            read: |row| guest_ban(row).map(|_| None),
        },
        Rows {
            kind: "ban",
            sql: "SELECT ban, subject AS named, 'it' AS item FROM bans".to_owned(),
            read: |row| gateway_ban(row).map(|_| None),
        },
    ]
}

fn room(row: &Row<'_>) -> Sql<Option<String>> {
    let room = values::room(row)?;
    let folded: Option<String> = row.get("folded")?;
    let found = folded.and_then(|folded| unkept::found_as_room(&room.room.name, &folded));
    Ok(found.or_else(|| unkept::of_room(&room)))
}

/// A message, whoever sent it; a name of its file that leads elsewhere is none.
fn message(row: &Row<'_>) -> Sql<Option<String>> {
    let somebody = Arc::new(UserRef {
        id: UserId(0),
        login: String::new(),
        name: String::new(),
    });
    let message = values::message(row, somebody)?;
    let led = message.file.as_ref();
    match led.filter(|file| !is_stored_name(&file.stored)) {
        None => Ok(unkept::of_message(&message)),
        Some(file) => {
            let why = format!("no file can be stored as {:?}", file.stored);
            Err(values::unlike(FILE, why))
        }
    }
}
