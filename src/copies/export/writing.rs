//! Writing an export.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{About, End, FORMAT, PIECE, Piece};
use crate::copies::backup::{copied, held};
use crate::copies::contents::{Contents, Opened};
use crate::copies::target::{Target, Unwritten};
use crate::copies::{CopyError, Places, Progress};
use crate::hexadecimal::hexadecimal;
use crate::model::{RoomId, RoomSelector};
use crate::store::Row;

/// What an export holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// How many messages, deleted ones too.
    pub messages: u64,
    /// How many files of messages.
    pub files: u64,
    /// How many files messages have that were not there.
    pub missing: u64,
}

/// Writes all that was committed before the call, or what belongs to a room, as lines. A gateway may be using it, start or
/// stop meanwhile. Blocks the thread.
///
/// # Errors
/// [`CopyError`]; nothing is left then.
pub fn export(
    places: &Places,
    room: Option<&RoomSelector>,
    target: Target<'_>,
    progress: &dyn Progress,
) -> Result<Exported, CopyError> {
    let _hold = held(places)?;
    target.fill(|out, at| {
        let (database, _) = copied(&places.database, at, progress)?;
        let room = match room {
            None => None,
            Some(room) => {
                let found = database.room(room)?;
                Some(found.ok_or(CopyError::NoSuchRoom)?)
            }
        };
        progress.begin("exporting", None);
        let about = About {
            export: FORMAT,
            database: database.version(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            created: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            room: room.map(|room| room.0),
        };
        let contents = Contents::of(places)?;
        let mut lines = Lines::begin(out, &contents, about, progress)?;
        database.each_row(room, |table, row| lines.row(table, row))?;
        lines.end()
    })
}

/// An export that is being written.
struct Lines<'a> {
    out: &'a mut dyn Write,
    contents: &'a Contents<'a>,
    progress: &'a dyn Progress,
    end: End,
    missing: u64,
    /// Up to where nothing is shown of a room, and no file is kept.
    hidden: HashMap<i64, i64>,
}

impl<'a> Lines<'a> {
    fn begin(
        out: &'a mut dyn Write,
        contents: &'a Contents<'a>,
        about: About,
        progress: &'a dyn Progress,
    ) -> Result<Self, Unwritten> {
        let mut lines = Self {
            out,
            contents,
            progress,
            end: End::default(),
            missing: 0,
            hidden: HashMap::new(),
        };
        lines.line("tolmach", &about)?;
        Ok(lines)
    }

    /// A row, and after a message's the file that it has.
    fn row(&mut self, table: &str, row: Row) -> Result<(), Unwritten> {
        let number = |name: &str| row.get(name).and_then(Value::as_i64).unwrap_or_default();
        *self.end.rows.entry(table.to_owned()).or_default() += 1;
        self.line(table, &row)?;
        if table == "rooms" {
            let hidden = number("cleared").max(number("pruned"));
            self.hidden.insert(number("id"), hidden);
        }
        let Some(file) = row.get("file").and_then(Value::as_str) else {
            return Ok(());
        };
        let hidden = self.hidden.get(&number("room")).copied();
        if number("deleted") != 0 || number("seq") <= hidden.unwrap_or_default() {
            return Ok(());
        }
        let file: Value = serde_json::from_str(file).unwrap_or_default();
        let stored = file["stored"].as_str().unwrap_or_default();
        self.file(number("room"), stored)
    }

    fn file(&mut self, room: i64, stored: &str) -> Result<(), Unwritten> {
        let number = RoomId(i32::try_from(room).unwrap_or_default());
        let Some(Opened { mut reader, .. }) = self.contents.open(number, stored)? else {
            self.missing += 1;
            return Ok(());
        };
        self.end.files += 1;
        let (mut hash, mut buffer) = (Sha256::new(), Vec::with_capacity(PIECE));
        loop {
            buffer.clear();
            let read = (&mut reader).take(PIECE as u64).read_to_end(&mut buffer);
            read.map_err(CopyError::at(&self.contents.place(number, stored)))?;
            hash.update(&buffer);
            let is_last = buffer.len() < PIECE;
            let piece = Piece {
                room: number.0,
                stored: stored.to_owned(),
                data: STANDARD.encode(&buffer),
                sha256: is_last.then(|| hexadecimal(&hash.clone().finalize())),
            };
            self.line("file", &piece)?;
            if is_last {
                return Ok(());
            }
        }
    }

    fn end(mut self) -> Result<Exported, Unwritten> {
        let end = std::mem::take(&mut self.end);
        self.line("end", &end)?;
        self.out.flush().map_err(Unwritten::Out)?;
        Ok(Exported {
            messages: end.rows.get("messages").copied().unwrap_or_default(),
            files: end.files,
            missing: self.missing,
        })
    }

    fn line(&mut self, what: &str, value: &impl Serialize) -> Result<(), Unwritten> {
        let one = HashMap::from([(what, value)]);
        let mut line = serde_json::to_vec(&one).map_err(|error| Unwritten::Out(error.into()))?;
        line.push(b'\n');
        self.out.write_all(&line).map_err(Unwritten::Out)?;
        self.progress.add(line.len() as u64).map_err(Unwritten::Out)
    }
}
