//! The steps that give rooms of older databases the folded names (RFC 8266; before: without regard to case) and titles
//! (NFKC; before: as they were put together) that hold now.

use std::collections::HashSet;

use rusqlite::{Transaction, params};
use rusqlite_migration::HookResult;

use crate::model::{
    RoomId, fold_room_name, fold_text, numbered_room_names, room_names_from, validate_room_name,
};

/// Folds all rooms' names anew.
///
/// Of rooms whose names have become the same the eldest keeps it, the others get `-2`, `-3`… behind it; a name that
/// cannot be one any more gives way to one made from it. What is renamed is said in the log. A title that was the name
/// follows it.
pub(super) fn room_names(tx: &Transaction<'_>) -> HookResult {
    let mut query =
        tx.prepare("SELECT id, name FROM rooms WHERE folded IS NOT NULL ORDER BY id")?;
    let rooms = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rooms: Vec<(RoomId, String)> = rooms.collect::<Result<_, _>>()?;
    tx.execute("UPDATE rooms SET folded = NULL", [])?;
    let is_valid = |name: &String| validate_room_name("name", name).is_ok();
    let mut taken = HashSet::new();
    let keeps = |(_, name): &(RoomId, String)| is_valid(name) && taken.insert(fold_room_name(name));
    let (kept, renamed): (Vec<_>, Vec<_>) = rooms.into_iter().partition(keeps);
    let mut fold = tx.prepare("UPDATE rooms SET folded = ?2 WHERE id = ?1")?;
    for (id, name) in kept {
        fold.execute(params![id, fold_room_name(&name)])?;
    }
    let mut follow =
        tx.prepare("UPDATE rooms SET title = ?3, folded_title = ?4 WHERE id = ?1 AND title = ?2")?;
    let mut rename = tx.prepare("UPDATE rooms SET name = ?2, folded = ?3 WHERE id = ?1")?;
    for (id, from) in renamed {
        let stem = match is_valid(&from) {
            true => Some(from.clone()),
            false => room_names_from(&from).next(),
        };
        let free = |name: &String| is_valid(name) && taken.insert(fold_room_name(name));
        let Some(to) = stem.and_then(|stem| numbered_room_names(stem).find(free)) else {
            continue;
        };
        follow.execute(params![id, from, to, fold_text(&to)])?;
        rename.execute(params![id, to, fold_room_name(&to)])?;
        tracing::warn!(
            room = id.0,
            from,
            to,
            "a room is renamed: its name is no room's name, or another's, by the rules that hold now"
        );
    }
    Ok(())
}

/// Folds all rooms' titles anew.
pub(super) fn titles(tx: &Transaction<'_>) -> HookResult {
    let mut query = tx.prepare("SELECT id, title FROM rooms")?;
    let rooms = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rooms: Vec<(RoomId, String)> = rooms.collect::<Result<_, _>>()?;
    let mut fold = tx.prepare("UPDATE rooms SET folded_title = ?2 WHERE id = ?1")?;
    for (id, title) in rooms {
        fold.execute(params![id, fold_text(&title)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::sqlite::open;

    /// A database file as the last version before left it.
    fn old_database(path: &std::path::Path, rooms: &[&str]) {
        let conn = Connection::open(path).unwrap();
        for step in [
            include_str!("schema1.sql"),
            include_str!("schema2.sql"),
            include_str!("schema3.sql"),
            include_str!("schema4.sql"),
        ] {
            conn.execute_batch(step).unwrap();
        }
        conn.pragma_update(None, "user_version", 4).unwrap();
        conn.pragma_update(None, "application_id", 0x746f_6c6d)
            .unwrap();
        let add = "INSERT INTO rooms (name, folded, title, folded_title, description, kind, created, updated, seq, cleared, \
            last_message) VALUES (?1, ?2, ?3, ?4, '', 'public', 0, 0, 0, 0, 0)";
        for name in rooms {
            let folded = name.to_lowercase();
            conn.execute(add, params![name, folded, name, folded])
                .unwrap();
        }
        let title =
            "UPDATE rooms SET title = 'Tea at five', folded_title = 'tea at five' WHERE id = 4";
        conn.execute(title, []).unwrap();
        let direct = "INSERT INTO rooms (name, title, folded_title, description, kind, low, high, created, updated, seq, \
            cleared, last_message) VALUES ('', '', '', '', 'direct', 1, 2, 0, 0, 0, 0, 0)";
        conn.execute(direct, []).unwrap();
    }

    #[test]
    fn rooms_of_an_older_database_are_found_by_the_names_that_hold_now() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tolmach.db");
        let long = format!("{}é", "x".repeat(24));
        let wide = format!("{}é", "Ｘ".repeat(24));
        old_database(
            &path,
            &[
                "чаи\u{306}",
                "Чай",
                "ЧＡЙ",
                "ЧАЙ\u{200b}",
                "чай-2",
                "Lobby",
                "a\u{202e}b",
                "\u{200b}",
                &long,
                &wide,
                "Σίσυφος",
            ],
        );
        drop(open::writing(&path).unwrap());
        let conn = open::writing(&path).unwrap();
        let mut query = conn
            .prepare("SELECT name, folded, title, folded_title FROM rooms ORDER BY id")
            .unwrap();
        let mut rows = query.query([]).unwrap();
        for (name, title) in [
            ("чаи\u{306}", "чаи\u{306}"),
            ("Чай-3", "Чай-3"),
            ("ЧＡЙ", "ЧＡЙ"),
            ("ЧАЙ-4", "Tea at five"),
            ("чай-2", "чай-2"),
            ("Lobby", "Lobby"),
            ("ab", "ab"),
            ("room", "room"),
            (&long, &long),
            (
                &format!("{}-2", "Ｘ".repeat(23)),
                &format!("{}-2", "Ｘ".repeat(23)),
            ),
            ("Σίσυφος", "Σίσυφος"),
        ] {
            let row = rows.next().unwrap().unwrap();
            let found: [String; 4] = [0, 1, 2, 3].map(|column| row.get(column).unwrap());
            let (folded, folded_title) = (fold_room_name(name), fold_text(title));
            assert_eq!(found, [name, &folded, title, &folded_title]);
        }
        let direct = rows.next().unwrap().unwrap();
        assert_eq!(direct.get::<_, Option<String>>(1).unwrap(), None);
    }
}
