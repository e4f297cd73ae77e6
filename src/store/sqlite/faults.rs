//! What must hold of a database's rows, looked at one by one.

use std::fmt;

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::damage::{first_damage, is_damage};
use super::values::{Sql, all, count};
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
    /// That the database as a whole is damaged, as SQLite says.
    #[must_use]
    pub fn damage(what: String) -> Self {
        Self {
            kind: DATABASE,
            name: String::new(),
            what,
        }
    }

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

/// Each says the name and what does not hold, of a kind. `{rooms}`: the numbers of those of which there may be rows.
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
        WHERE m.room NOT IN {rooms} GROUP BY m.room",
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
        WHERE c.room NOT IN {rooms} GROUP BY c.room",
    ),
    (
        "room",
        "SELECT 'number ' || h.room, 'messages of it are hidden, and it is not there' FROM hidden h \
        WHERE h.room NOT IN {rooms} GROUP BY h.room",
    ),
    (
        "room",
        "SELECT {room}, 'user ' || h.user || ' hid messages of it, and is not there' FROM hidden h JOIN rooms r ON r.id = h.room \
        WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = h.user) GROUP BY h.room, h.user",
    ),
    (
        "user",
        "SELECT u.login, 'has token ' || t.id || ', and is gone' FROM tokens t JOIN users u ON u.id = t.user WHERE u.folded IS NULL",
    ),
    (
        "user",
        "SELECT u.login, 'said something, and its row says that it did not' FROM users u \
        WHERE u.spoke = 0 AND u.id IN (SELECT sender FROM messages)",
    ),
    (
        "room",
        "SELECT {room}, 'it is ' || r.kind || ', and its name or its two users are not as such a room has them' FROM rooms r \
        WHERE (r.kind = 'direct') <> (r.folded IS NULL) OR (r.kind = 'direct') <> coalesce(r.low <= r.high, 0)",
    ),
    (
        "room",
        "SELECT {room}, 'one of its two users is not there' FROM rooms r \
        WHERE r.kind = 'direct' AND (SELECT count(*) FROM users WHERE id IN (r.low, r.high)) < iif(r.low = r.high, 1, 2)",
    ),
    (
        "room",
        "SELECT {room}, 'its member ' || m.user || ' is none of its two users' FROM members m JOIN rooms r ON r.id = m.room \
        WHERE r.kind = 'direct' AND m.user NOT IN (r.low, r.high)",
    ),
    (
        "room",
        "SELECT {room}, 'its history is cleared up to ' || r.cleared || ', and its last change is ' || r.seq FROM rooms r \
        WHERE r.cleared > r.seq",
    ),
    (
        "room",
        "SELECT {room}, 'message ' || m.id || iif(m.file IS NULL, ' is a file, and has none', ' has a file, and is none') \
        FROM messages m JOIN rooms r ON r.id = m.room WHERE m.deleted = 0 AND (m.kind = 'file') <> (m.file IS NOT NULL)",
    ),
    (
        "user",
        "SELECT u.login, 'its number ' || u.id || ' may be given again' FROM users u \
        WHERE u.id > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'users'), 0)",
    ),
    (
        "room",
        "SELECT {room}, 'its number ' || r.id || ' may be given again' FROM rooms r \
        WHERE r.id > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'rooms'), 0)",
    ),
    (
        "user",
        "SELECT coalesce(u.login, 'number ' || t.user), 'the number of its token ' || t.id || ' may be given again' \
        FROM tokens t LEFT JOIN users u ON u.id = t.user \
        WHERE t.id > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'tokens'), 0)",
    ),
];

/// The same, of columns that a database has from this version on.
const NEWEST: &[(&str, &str)] = &[
    (
        "room",
        "SELECT {room}, 'nothing up to ' || r.pruned || ' is kept, and its last change is ' || r.seq FROM rooms r WHERE r.pruned > r.seq",
    ),
    (
        "room",
        "SELECT {room}, 'its member ' || m.user || ' sees what came after ' || m.since || ', and its last change is ' || r.seq \
        FROM members m JOIN rooms r ON r.id = m.room WHERE m.since > r.seq",
    ),
    (
        "room",
        "SELECT {room}, 'its member ' || m.user || ' is gone' FROM members m JOIN rooms r ON r.id = m.room JOIN users u ON u.id = m.user \
        WHERE r.kind <> 'direct' AND m.role <> 'banned' AND u.folded IS NULL",
    ),
    (
        "room",
        "SELECT {room}, 'its last message is of ' || m.created || ', and it says ' || r.last_message FROM rooms r \
        JOIN messages m ON m.room = r.id AND m.seq = (SELECT max(seq) FROM messages WHERE room = r.id) WHERE m.created <> r.last_message",
    ),
    (
        "room",
        "SELECT {room}, 'message ' || t.id || ' bears no later time than the one before it, and no fall of the time is kept there' \
        FROM (SELECT id, room, seq, created, lag(created) OVER (PARTITION BY room ORDER BY seq) AS before FROM messages) t \
        JOIN rooms r ON r.id = t.room \
        WHERE t.created <= t.before AND NOT EXISTS (SELECT 1 FROM falls f WHERE f.room = t.room AND f.seq = t.seq)",
    ),
    (
        "room",
        "SELECT 'number ' || f.room, 'falls of its time are kept, and it is not there' FROM falls f \
        WHERE f.room NOT IN {rooms} GROUP BY f.room",
    ),
];

/// What does not hold, in the order of checks.
pub(super) fn faults(conn: &Connection) -> Sql<Vec<Fault>> {
    let checked = all(conn, "PRAGMA integrity_check", [], |row| row.get(0));
    let said: Vec<String> = match checked {
        // What it said before it could not go on is lost; the first of it says where.
        Err(error) if is_damage(&error) => match first_damage(conn, "PRAGMA integrity_check(1)") {
            Ok(Some(what)) => vec![what],
            Ok(None) | Err(_) => vec![error.to_string()],
        },
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
    faults.extend(broken(conn, CHECKS)?);
    Ok(faults)
}

/// As [`faults`], what only the newest version's columns say.
pub(super) fn newest_faults(conn: &Connection) -> Sql<Vec<Fault>> {
    broken(conn, NEWEST)
}

fn broken(conn: &Connection, checks: &[(&'static str, &str)]) -> Sql<Vec<Fault>> {
    let mut faults = Vec::new();
    // An earlier version has removed all of a room at once.
    let removed = "SELECT count(*) FROM sqlite_schema WHERE name = 'removed_rooms'";
    let rooms = match count(conn, removed, [])? {
        0 => "(SELECT id FROM rooms)",
        _ => "(SELECT id FROM rooms UNION SELECT id FROM removed_rooms)",
    };
    for (kind, sql) in checks {
        let sql = sql.replace("{room}", ROOM_NAME).replace("{rooms}", rooms);
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
