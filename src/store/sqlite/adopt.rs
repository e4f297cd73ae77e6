//! A room that comes from another store.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::OpenError;
use super::open::writing;
use super::values::{Sql, all, one, run};
use crate::model::{RoomId, fold_room_name};

/// What replaces a column's value; every other column is as it was. `s` is the row that came.
type Replaced = &'static [(&'static str, &'static str)];

/// The tables whose rows belong to a room and come with it, after the room itself; `changes` do not: what they did is in the rows.
const TABLES: &[(&str, &str, Replaced)] = &[
    (
        "messages",
        "JOIN temp.places p ON p.old = s.id",
        &[
            ("id", "p.id"),
            ("room", "(SELECT id FROM temp.room)"),
            ("seq", "p.seq"),
            ("number", "p.seq"),
            (
                "sender",
                "coalesce((SELECT id FROM temp.people WHERE old = s.sender), 0)",
            ),
            (
                "reply_to",
                "(SELECT id FROM temp.places WHERE old = s.reply_to)",
            ),
        ],
    ),
    (
        "members",
        "JOIN temp.people u ON u.old = s.user AND u.is_here",
        &[
            ("room", "(SELECT id FROM temp.room)"),
            ("user", "u.id"),
            (
                "seen",
                "(SELECT count(*) FROM temp.places WHERE old_seq <= s.seen)",
            ),
            (
                "since",
                "(SELECT count(*) FROM temp.places WHERE old_seq <= s.since)",
            ),
        ],
    ),
    (
        "hidden",
        "JOIN temp.people u ON u.old = s.user AND u.is_here JOIN temp.places p ON p.old = s.message",
        &[
            ("room", "(SELECT id FROM temp.room)"),
            ("user", "u.id"),
            ("message", "p.id"),
        ],
    ),
    (
        "guest_bans",
        "",
        &[
            ("room", "(SELECT id FROM temp.room)"),
            (
                "user",
                "coalesce((SELECT id FROM temp.people WHERE old = s.user), 0)",
            ),
        ],
    ),
    (
        "falls",
        "WHERE EXISTS (SELECT 1 FROM temp.places WHERE old_seq >= s.seq)",
        &[
            ("room", "(SELECT id FROM temp.room)"),
            (
                "seq",
                "(SELECT min(seq) FROM temp.places WHERE old_seq >= s.seq)",
            ),
        ],
    ),
];

const ROOM: Replaced = &[
    ("id", "(SELECT id FROM temp.room)"),
    ("name", "(SELECT name FROM temp.room)"),
    ("folded", "(SELECT folded FROM temp.room)"),
    ("kind", "iif(s.kind = 'public', 'public', 'private')"),
    (
        "owner",
        "(SELECT id FROM temp.people WHERE old = s.owner AND is_here)",
    ),
    ("low", "NULL"),
    ("high", "NULL"),
    ("seq", "(SELECT count(*) FROM temp.places)"),
    ("messages", "(SELECT count(*) FROM temp.places)"),
    (
        "cleared",
        "(SELECT count(*) FROM temp.places WHERE old_seq <= s.cleared)",
    ),
    (
        "pruned",
        "(SELECT count(*) FROM temp.places WHERE old_seq <= s.pruned)",
    ),
];

/// Who spoke and has no account here: shown as it was, with a name that is free.
const GONE: Replaced = &[
    ("id", "u.id"),
    ("folded", "NULL"),
    ("password", "NULL"),
    ("address", "NULL"),
    ("disabled", "1"),
    ("spoke", "1"),
];

/// Who is who, what stands where, and which room it becomes.
const MAPS: &str = "
CREATE TEMP TABLE people AS
    SELECT s.id AS old, h.id AS id, h.id IS NOT NULL AS is_here FROM came.users s
    LEFT JOIN main.users h ON h.folded = s.folded AND h.kind = 'account' AND s.kind = 'account'
    WHERE h.id IS NOT NULL OR EXISTS (SELECT 1 FROM came.messages WHERE sender = s.id);
UPDATE people SET id = n.id FROM (
    SELECT old, row_number() OVER (ORDER BY old)
        + max(coalesce((SELECT seq FROM main.sqlite_sequence WHERE name = 'users'), 0), coalesce((SELECT max(id) FROM main.users), 0)) AS id
    FROM people WHERE NOT is_here) AS n WHERE n.old = people.old;
CREATE UNIQUE INDEX temp.people_old ON people (old);
CREATE TEMP TABLE places AS
    SELECT id AS old, seq AS old_seq, row_number() OVER (ORDER BY seq) AS seq, row_number() OVER (ORDER BY seq) + max(
        (SELECT value FROM main.counters WHERE name = 'message'), coalesce((SELECT max(id) FROM main.messages), 0)) AS id
    FROM came.messages;
CREATE UNIQUE INDEX temp.places_old ON places (old);
CREATE UNIQUE INDEX temp.places_seq ON places (old_seq);
";

/// Takes in the one room of the database `from`, of this version, under another name; `placed` puts its files there before it is
/// committed. `None`: the name is taken. Must hold the lock.
pub(super) fn adopt<E: From<OpenError>>(
    path: &Path,
    from: &Path,
    name: &str,
    placed: impl FnOnce(RoomId) -> Result<(), E>,
) -> Result<Option<RoomId>, E> {
    let failed = |error| OpenError::sqlite(path, error);
    let mut conn = writing(path)?;
    let from = from.to_string_lossy();
    run(&conn, "ATTACH ?1 AS came", [&from]).map_err(failed)?;
    let change = conn.transaction_with_behavior(TransactionBehavior::Immediate);
    let change = change.map_err(failed)?;
    let folded = fold_room_name(name);
    let sql = "SELECT 1 FROM main.rooms WHERE folded = ?1";
    if one(&change, sql, [&folded], |_| Ok(()))
        .map_err(failed)?
        .is_some()
    {
        return Ok(None);
    }
    let room = copied(&change, name, &folded).map_err(failed)?;
    placed(room)?;
    change.commit().map_err(failed)?;
    Ok(Some(room))
}

fn copied(conn: &Connection, name: &str, folded: &str) -> Sql<RoomId> {
    conn.execute_batch(MAPS)?;
    let sql = "CREATE TEMP TABLE room AS SELECT 1 + max(coalesce((SELECT seq FROM main.sqlite_sequence WHERE name = 'rooms'), 0), \
        coalesce((SELECT max(id) FROM main.rooms), 0)) AS id, ?1 AS name, ?2 AS folded";
    run(conn, sql, [name, folded])?;
    take(
        conn,
        "users",
        "JOIN temp.people u ON u.old = s.id AND NOT u.is_here",
        GONE,
    )?;
    take(conn, "rooms", "", ROOM)?;
    for (table, which, replaced) in TABLES {
        take(conn, table, which, replaced)?;
    }
    let spoke = "UPDATE main.users SET spoke = 1 WHERE id IN (SELECT sender FROM main.messages WHERE room = (SELECT id FROM temp.room))";
    run(conn, spoke, [])?;
    let room = one(conn, "SELECT id FROM temp.room", [], |row| row.get(0))?;
    room.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn take(conn: &Connection, table: &str, which: &str, replaced: Replaced) -> Sql<()> {
    let sql = "SELECT name FROM pragma_table_info(?1) ORDER BY cid";
    let columns: Vec<String> = all(conn, sql, [table], |row| row.get(0))?;
    let value = |column: &String| {
        let other = replaced.iter().find(|(name, _)| name == column);
        other.map_or_else(|| format!("s.{column}"), |(_, value)| (*value).to_owned())
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let sql = format!(
        "INSERT INTO main.{table} ({}) SELECT {} FROM came.{table} s {which}",
        columns.join(", "),
        values.join(", ")
    );
    run(conn, &sql, []).map(drop)
}
