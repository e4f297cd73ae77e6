//! What must hold of a database's rows, looked at one by one.

use std::fmt;

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::damage::is_damage;
use super::values::{Sql, all};
use crate::model::RoomId;

/// Something that should hold and does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What it is about: `database`, `room`, `user`, `ban`, `file` or `search`.
    pub kind: &'static str,
    /// Which, as people call it; empty for the database.
    pub name: String,
    /// What does not hold.
    pub what: String,
}

impl Fault {
    /// Whether the database as a whole is damaged, so that its rows were not looked at.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        self.kind == DATABASE
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, what } = self;
        match name.is_empty() {
            true => write!(f, "{kind}: {what}"),
            false => write!(f, "{kind} {name}: {what}"),
        }
    }
}

/// The kind of what is about the file as a whole.
const DATABASE: &str = "database";
/// How a room is called, by its columns.
pub(super) const ROOM_NAME: &str = "coalesce(nullif(r.name, ''), 'number ' || r.id)";

/// Each says the name and what does not hold, of a kind.
const CHECKS: &[(&str, &str)] = &[
    (
        "room",
        "SELECT {room}, 'its owner ' || r.owner || ' is no user' FROM rooms r \
        WHERE r.owner IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users WHERE id = r.owner)",
    ),
    (
        "room",
        "SELECT {room}, 'its member ' || m.user || ' is no user' FROM members m JOIN rooms r ON r.id = m.room \
        WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = m.user)",
    ),
    (
        "user",
        "SELECT coalesce(u.login, 'number ' || m.user), 'is a member of room ' || m.room || ', which is not there' \
        FROM members m LEFT JOIN users u ON u.id = m.user WHERE NOT EXISTS (SELECT 1 FROM rooms WHERE id = m.room)",
    ),
    (
        "room",
        "SELECT 'number ' || m.room, count(*) || ' messages are in it, and it is not there' FROM messages m \
        WHERE NOT EXISTS (SELECT 1 FROM rooms WHERE id = m.room) GROUP BY m.room",
    ),
    (
        "room",
        "SELECT {room}, count(*) || ' messages were sent by user ' || m.sender || ', who is not there' \
        FROM messages m JOIN rooms r ON r.id = m.room \
        WHERE m.sender <> 0 AND NOT EXISTS (SELECT 1 FROM users WHERE id = m.sender) GROUP BY m.room, m.sender",
    ),
    (
        "room",
        "SELECT {room}, 'message ' || m.id || ' answers ' || m.reply_to || ', which was said later or elsewhere' \
        FROM messages m JOIN rooms r ON r.id = m.room LEFT JOIN messages o ON o.id = m.reply_to \
        WHERE m.reply_to IS NOT NULL AND (m.reply_to >= m.id OR o.room <> m.room)",
    ),
    (
        "room",
        "SELECT {room}, 'message ' || m.id || ' has no number of its own' FROM messages m JOIN rooms r ON r.id = m.room \
        JOIN messages n ON n.room = m.room AND n.seq > m.seq AND n.number <= m.number \
        WHERE n.seq = (SELECT min(seq) FROM messages WHERE room = m.room AND seq > m.seq)",
    ),
    (
        "room",
        "SELECT {room}, 'it says that ' || r.messages || ' messages were said, and the last one has the number ' || max(m.number) \
        FROM rooms r JOIN messages m ON m.room = r.id GROUP BY r.id HAVING max(m.number) > r.messages",
    ),
    (
        "user",
        "SELECT 'number ' || t.user, 'has token ' || t.id || ', and is not there' FROM tokens t \
        WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = t.user)",
    ),
    (
        "user",
        "SELECT coalesce(u.login, 'number ' || c.user), 'has ' || c.contact || ' on its contact list, and one of them is not there' \
        FROM contacts c LEFT JOIN users u ON u.id = c.user \
        WHERE u.id IS NULL OR NOT EXISTS (SELECT 1 FROM users WHERE id = c.contact)",
    ),
    (
        "room",
        "SELECT 'number ' || g.room, 'guests are banned from it, and it is not there' FROM guest_bans g \
        WHERE NOT EXISTS (SELECT 1 FROM rooms WHERE id = g.room) GROUP BY g.room",
    ),
    (
        "room",
        "SELECT {room}, 'user ' || h.user || ' hid message ' || h.message || ', which is not there' \
        FROM hidden h JOIN rooms r ON r.id = h.room \
        WHERE NOT EXISTS (SELECT 1 FROM messages WHERE id = h.message AND room = h.room)",
    ),
    (
        "room",
        "SELECT 'number ' || c.room, 'changes of it are kept, and it is not there' FROM changes c \
        WHERE NOT EXISTS (SELECT 1 FROM rooms WHERE id = c.room) GROUP BY c.room",
    ),
];

/// What does not hold, in the order of checks.
pub(super) fn faults(conn: &Connection) -> Sql<Vec<Fault>> {
    let checked = all(conn, "PRAGMA integrity_check", [], |row| row.get(0));
    let said: Vec<String> = match checked {
        Err(error) if is_damage(&error) => vec![error.to_string()],
        checked => checked?,
    };
    let mut faults: Vec<Fault> = said
        .into_iter()
        .filter(|what| what != "ok")
        .map(|what| Fault {
            kind: DATABASE,
            name: String::new(),
            what,
        })
        .collect();
    if !faults.is_empty() {
        // What is said of rows that cannot be read would be no better than they.
        return Ok(faults);
    }
    for (kind, sql) in CHECKS {
        let sql = sql.replace("{room}", ROOM_NAME);
        let found = |row: &Row<'_>| {
            Ok(Fault {
                kind,
                name: row.get(0)?,
                what: row.get(1)?,
            })
        };
        faults.extend(all(conn, &sql, [], found)?);
    }
    Ok(faults)
}

/// The rooms whose changes are not in a row; with `has_pruned`, a room's row says up to where they are kept no longer.
pub(super) fn gaps(conn: &Connection, has_pruned: bool) -> Sql<Vec<Fault>> {
    let first = if has_pruned { "r.pruned" } else { "0" };
    let sql = format!("SELECT r.id, {ROOM_NAME}, {first}, r.seq FROM rooms r ORDER BY r.id");
    let rooms: Vec<(RoomId, String, i64, i64)> = all(conn, &sql, [], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let mut faults = Vec::new();
    for (room, name, first, last) in rooms {
        faults.extend(gap(conn, room, first, last)?.map(|what| Fault {
            kind: "room",
            name,
            what,
        }));
    }
    Ok(faults)
}

/// Where a room's changes after one place are not in a row up to another.
fn gap(conn: &Connection, room: RoomId, first: i64, last: i64) -> Sql<Option<String>> {
    let sql = "SELECT seq FROM messages WHERE room = ?1 AND seq > ?2 UNION ALL \
        SELECT seq FROM changes WHERE room = ?1 AND seq > ?2 ORDER BY 1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![room, first])?;
    let mut before = first;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        match seq - before {
            1 => before = seq,
            0 => return Ok(Some(format!("two changes have the place {seq}"))),
            _ => return Ok(Some(format!("no change has the place {}", before + 1))),
        }
    }
    Ok((before != last).then(|| format!("its changes end at {before}, and it says {last}")))
}
