//! What is in memory, as a database.

use std::path::Path;

use rusqlite::types::ToSql;
use serde_json::Value;

use super::tables::{RoomEntry, Tables};
use crate::model::{RoomKind, fold_room_name, fold_text};
use crate::store::{DatabaseBuilder, DatabaseCopy, OpenError, Row, SEQUENCE};

type Written = rusqlite::Result<()>;

/// Writes all rows to the empty file at `path`.
pub(super) fn write(tables: &Tables, path: &Path) -> Result<(), OpenError> {
    let mut database = DatabaseBuilder::begin(path, DatabaseCopy::newest_version())?;
    all(tables, &mut database).map_err(|source| OpenError::Sqlite {
        path: path.to_owned(),
        source: source.into(),
    })?;
    database.finish()
}

fn all(tables: &Tables, database: &mut DatabaseBuilder) -> Written {
    people(tables, database)?;
    for entry in tables.rooms.values() {
        room(entry, database)?;
    }
    for m in tables.members.values() {
        let waiting = i64::try_from(m.waiting).unwrap_or(i64::MAX);
        let row: &[(&str, &dyn ToSql)] = &[
            ("room", &m.room),
            ("user", &m.user),
            ("role", &m.role),
            ("joined", &m.joined),
            ("seen", &m.seen),
            ("since", &m.since),
            ("waiting", &waiting),
        ];
        database.put("members", row)?;
    }
    for ban in tables.guest_bans(None) {
        let network = ban.network.map(|network| network.to_string());
        let row: &[(&str, &dyn ToSql)] = &[
            ("room", &ban.room),
            ("folded", &ban.folded),
            ("network", &network.unwrap_or_default()),
            ("user", &ban.user),
            ("login", &ban.login),
            ("created", &ban.created),
        ];
        database.put("guest_bans", row)?;
    }
    for ban in tables.gateway_bans() {
        let (subject, ban) = (json(&ban.subject)?, json(&ban)?);
        database.put("bans", &[("subject", &subject), ("ban", &ban)])?;
    }
    let last = &tables.last;
    for (table, name, column, value) in [
        (SEQUENCE, "users", "seq", last.user.into()),
        (SEQUENCE, "rooms", "seq", last.room.into()),
        (SEQUENCE, "tokens", "seq", last.token.into()),
        ("counters", "message", "value", last.message),
    ] {
        if value == 0 {
            continue;
        }
        let row = [("name", Value::from(name)), (column, value.into())];
        let row: Row = row
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect();
        let put = database.insert(table, &row);
        put.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    }
    Ok(())
}

fn people(tables: &Tables, database: &DatabaseBuilder) -> Written {
    for row in tables.users.values() {
        let user = &row.user;
        let address = row.address.map(|address| address.to_string());
        let row: &[(&str, &dyn ToSql)] = &[
            ("id", &user.id),
            ("login", &user.login),
            ("folded", &row.folded),
            ("name", &user.name),
            ("description", &user.description),
            ("kind", &user.kind),
            ("disabled", &user.disabled),
            ("created", &user.created),
            ("password", &row.password),
            ("spoke", &tables.spoke.contains(&user.id)),
            ("address", &address),
            ("erasing", &row.erasing),
            ("last_login", &row.last_login),
            ("operator", &user.operator),
        ];
        database.put("users", row)?;
    }
    for (user, contact) in &tables.contacts {
        database.put("contacts", &[("user", user), ("contact", contact)])?;
    }
    for token in tables.tokens.values() {
        let row: &[(&str, &dyn ToSql)] = &[
            ("id", &token.info.id),
            ("user", &token.info.user),
            ("hash", &token.hash),
            ("kind", &token.info.kind),
            ("created", &token.info.created),
            ("used", &token.info.used),
            ("address", &token.info.address),
        ];
        database.put("tokens", row)?;
    }
    Ok(())
}

/// A room with its messages, changes and hidden marks.
fn room(entry: &RoomEntry, database: &DatabaseBuilder) -> Written {
    let current = entry.current();
    let room = &current.room;
    let folded = (room.kind != RoomKind::Direct).then(|| fold_room_name(&room.name));
    let (low, high) = room.pair.unzip();
    let millis = |time: std::time::Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let said = i64::try_from(entry.messages.len()).unwrap_or(i64::MAX);
    let row: &[(&str, &dyn ToSql)] = &[
        ("id", &room.id),
        ("name", &room.name),
        ("folded", &folded),
        ("title", &room.title),
        ("folded_title", &fold_text(&room.title)),
        ("description", &room.description),
        ("kind", &room.kind),
        ("password", &current.password),
        ("owner", &room.owner),
        ("low", &low),
        ("high", &high),
        ("created", &room.created),
        ("updated", &room.updated),
        ("seq", &room.seq),
        ("cleared", &room.cleared),
        ("last_message", &room.last_message),
        ("messages", &said),
        ("quiet", &room.quiet),
        ("slow", &millis(room.slow)),
        ("keep", &room.keep.map(millis)),
        ("pruned", &room.pruned),
    ];
    database.put("rooms", row)?;
    for (said, number) in entry.messages.iter().zip(1_i64..) {
        let row: &[(&str, &dyn ToSql)] = &[
            ("id", &said.id),
            ("room", &said.room),
            ("seq", &said.seq),
            ("sender", &said.sender.id),
            ("kind", &said.kind),
            ("text", &said.text),
            ("reply_to", &said.reply_to),
            ("created", &said.created),
            ("updated", &said.updated),
            ("deleted", &said.deleted),
            ("file", &said.file),
            ("extra", &said.extra),
            ("number", &number),
        ];
        database.put("messages", row)?;
    }
    for pair in entry.messages.windows(2) {
        if let [before, after] = pair
            && after.created <= before.created
        {
            let (seq, last) = (after.seq, before.created);
            database.put(
                "falls",
                &[("room", &room.id), ("seq", &seq), ("last", &last)],
            )?;
        }
    }
    for (seq, logged) in &entry.changes {
        let change = json(logged)?;
        database.put(
            "changes",
            &[("room", &room.id), ("seq", seq), ("change", &change)],
        )?;
    }
    for (user, message) in &entry.hidden {
        database.put(
            "hidden",
            &[("user", user), ("room", &room.id), ("message", message)],
        )?;
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}
