//! The index at one moment, to be held against the rows.

use std::path::Path;

use rusqlite::{Connection, params};

use super::super::values::{Sql, all, one, run};
use super::super::{DatabaseCopy, Fault, OpenError};
use super::file::{self, Covered};
use super::grams;
use crate::model::{FileInfo, HistoryOrder, MessageKind, Seq, fold_text};

/// How many messages of a room are looked for.
const SAMPLE: i64 = 100;
/// How many characters of a text are looked for.
const NEEDLE: usize = 12;

/// The search index of a database, as it was at one moment.
#[derive(Debug)]
pub struct IndexMoment {
    conn: Connection,
    rooms: Vec<Covered>,
}

impl IndexMoment {
    /// The index beside a database as it is now. `None`: there is none that can be read; the next start makes one.
    #[must_use]
    pub fn of(database: &Path) -> Option<Self> {
        let path = file::path_of(database);
        if !path.exists() {
            return None;
        }
        let conn = file::reading(&path).ok()?;
        run(&conn, "BEGIN", []).ok()?;
        let rooms = file::rooms(&conn).ok()?;
        Some(Self { conn, rooms })
    }

    /// Messages of a sample that a search would not find, in a database that is not older than this.
    ///
    /// # Errors
    /// [`OpenError`]: one of both cannot be read.
    pub fn faults(&self, database: &DatabaseCopy) -> Result<Vec<Fault>, OpenError> {
        database.read(|rows| {
            let mut faults = Vec::new();
            for room in &self.rooms {
                self.room_faults(rows, room, &mut faults)?;
            }
            Ok(faults)
        })
    }

    fn room_faults(
        &self,
        rows: &Connection,
        covered: &Covered,
        faults: &mut Vec<Fault>,
    ) -> Sql<()> {
        let room = covered.room;
        let sql = "SELECT coalesce(nullif(name, ''), 'number ' || id) FROM rooms WHERE id = ?1";
        let Some(name): Option<String> = one(rows, sql, [room], |row| row.get(0))? else {
            return Ok(());
        };
        let sql = "SELECT seq, kind, text, file FROM messages WHERE room = ?1 AND seq <= ?2 AND deleted = 0 AND updated IS NULL \
            AND number % max(1, (SELECT messages / ?3 FROM rooms WHERE id = ?1)) = 0";
        let sample = all(rows, sql, params![room, covered.upto, SAMPLE], |row| {
            let (kind, file): (MessageKind, Option<FileInfo>) = (row.get(1)?, row.get(3)?);
            let text = kind.searched(row.get_ref(2)?.as_str()?, file.as_ref());
            Ok((row.get::<_, Seq>(0)?, fold_text(&text)))
        })?;
        let sql = file::select(room, HistoryOrder::Newest);
        for (seq, text) in sample {
            let needle: String = text.chars().take(NEEDLE).collect();
            let Some(query) = grams::query(&needle, false) else {
                continue;
            };
            let upto = Seq(seq.0 + 1);
            let found = one(&self.conn, &sql, params![query, seq, upto], |_| Ok(()))?;
            if found.is_none() {
                faults.push(Fault {
                    kind: "search",
                    name: name.clone(),
                    what: format!(
                        "the message at place {} is not found by what it says",
                        seq.0
                    ),
                });
            }
        }
        Ok(())
    }
}
