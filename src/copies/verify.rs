//! Whether all that is kept is whole.

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::backup::{copied, held};
use super::contents::Contents;
use super::target::temporary;
use super::{CopyError, Places, Progress};
use crate::hexadecimal::hexadecimal;
use crate::store::{CopiedFile, Fault, IndexMoment};

/// What came of reading everything.
#[derive(Debug)]
pub struct Verified {
    /// What should hold and does not.
    pub faults: Vec<Fault>,
    /// How many messages were there, deleted ones too.
    pub messages: u64,
    /// How many files messages have.
    pub files: u64,
}

/// Reads all that was committed before the call, by a copy of the database, and changes nothing. A gateway may be using it, start
/// or stop meanwhile. Blocks the thread.
///
/// # Errors
/// [`CopyError`]: something cannot be read at all.
pub fn verify(places: &Places, progress: &dyn Progress) -> Result<Verified, CopyError> {
    let _hold = held(places)?;
    // The index must not be newer than the rows.
    let index = IndexMoment::of(&places.database);
    let (database, _) = match copied(&places.database, &temporary(), progress) {
        Err(CopyError::Damaged(what)) => {
            return Ok(Verified {
                faults: vec![Fault::damage(what)],
                messages: 0,
                files: 0,
            });
        }
        copied => copied?,
    };
    progress.begin("checking", None);
    let mut verified = Verified {
        faults: database.faults()?,
        messages: 0,
        files: 0,
    };
    if verified.faults.iter().any(Fault::is_damage) {
        return Ok(verified);
    }
    verified.messages = database.messages()?;
    let (contents, mut files) = (Contents::of(places)?, Vec::new());
    database.each_file(|file| {
        verified.files += 1;
        files.extend(file_fault(&contents, &file)?);
        progress.add(0).map_err(CopyError::at(&places.files))
    })?;
    verified.faults.extend(files);
    if let Some(index) = index {
        verified.faults.extend(index.faults(&database)?);
    }
    Ok(verified)
}

fn file_fault(contents: &Contents<'_>, file: &CopiedFile) -> Result<Option<Fault>, CopyError> {
    let CopiedFile {
        room,
        stored,
        size,
        sha256,
    } = file;
    let place = contents.place(*room, stored);
    let what = match contents.open(*room, stored)? {
        Some(found) if found.bytes == *size => match sha256 {
            Some(sha256)
                if hexadecimal(&hash_of(found.reader).map_err(CopyError::at(&place))?)
                    != *sha256 =>
            {
                "has another content than the one that was sent: its SHA-256 is another".to_owned()
            }
            Some(_) | None => return Ok(None),
        },
        Some(found) => format!("has {} bytes, and its message says {size}", found.bytes),
        None => "is not there, and a message has it".to_owned(),
    };
    Ok(Some(Fault {
        kind: "file",
        name: place.display().to_string(),
        what,
    }))
}

/// The SHA-256 of all that comes.
pub(super) fn hash_of(mut from: impl Read) -> io::Result<Vec<u8>> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(hash.finalize().to_vec()),
            count => hash.update(&buffer[..count]),
        }
    }
}
