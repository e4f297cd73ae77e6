//! Reading an archive, which may be anything.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::{ABOUT, ABOUT_BYTES, About, ArchiveError, BLOCK, FORMAT, PartName, SUMS};
use super::{header, padding, sum_line};

/// How much is copied at once, in bytes.
const PIECE: usize = 256 * 1024;

/// An archive that is being read: [`ArchiveReader::next`] names a part, [`ArchiveReader::copy`] brings its content.
///
/// What was read can be trusted once `next` has said that there is no more.
#[derive(Debug)]
pub struct ArchiveReader<R> {
    input: R,
    /// That of every entry.
    time: u64,
    /// What [`SUMS`] has to say.
    sums: String,
    part: Option<Part>,
}

/// A part that comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which part of the data it is.
    pub name: PartName,
    /// The permissions of its file.
    pub mode: u32,
    /// How long its content is, in bytes.
    pub length: u64,
}

/// What the header of an archive's entry says.
struct Entry {
    name: String,
    mode: u32,
    length: u64,
    time: u64,
}

impl<R: Read> ArchiveReader<R> {
    /// Reads what the archive says of itself.
    ///
    /// # Errors
    /// [`ArchiveError::Empty`], [`ArchiveError::NotABackup`], [`ArchiveError::Newer`], or as [`ArchiveReader::next`].
    pub fn begin(mut input: R) -> Result<(Self, About), ArchiveError> {
        let mut start = Vec::new();
        let read = input.by_ref().take(BLOCK as u64).read_to_end(&mut start);
        read.map_err(ArchiveError::Read)?;
        let block = <[u8; BLOCK]>::try_from(start).map_err(|start| match &start[..] {
            [] => ArchiveError::Empty,
            start if start.starts_with(ABOUT.as_bytes()) => {
                ArchiveError::CutOff("a header".to_owned())
            }
            _ => ArchiveError::NotABackup,
        })?;
        let mut reader = Self {
            input,
            time: 0,
            sums: String::new(),
            part: None,
        };
        let first = entry(&block).map_err(|_| ArchiveError::NotABackup)?;
        let Some(first) = first.filter(|it| it.name == ABOUT && it.length <= ABOUT_BYTES) else {
            return Err(ArchiveError::NotABackup);
        };
        reader.time = first.time;
        let mut text = Vec::new();
        reader.content(ABOUT, first.length, &mut text)?;
        // A later format may say other things beside its number.
        #[derive(serde::Deserialize)]
        struct Version {
            format: u32,
            #[serde(default)]
            program: String,
        }
        let damaged = |_| ArchiveError::Damaged(format!("{ABOUT} cannot be read"));
        let version: Version = serde_json::from_slice(&text).map_err(damaged)?;
        if version.format > FORMAT {
            return Err(ArchiveError::Newer {
                found: version.format,
                program: version.program,
            });
        }
        let about = serde_json::from_slice(&text).map_err(damaged)?;
        Ok((reader, about))
    }

    /// The next part. `None`: that was all, and all of it was as it was written.
    ///
    /// The content of the part before must have been [copied](ArchiveReader::copy).
    ///
    /// # Errors
    /// [`ArchiveError::CutOff`], [`ArchiveError::Damaged`], [`ArchiveError::Read`].
    #[allow(clippy::should_implement_trait, reason = "it fails")]
    pub fn next(&mut self) -> Result<Option<Part>, ArchiveError> {
        let damaged = |what: &str| ArchiveError::Damaged(what.to_owned());
        let Some(entry) = self.header()? else {
            return Err(damaged("it ends without its checksums"));
        };
        if entry.time != self.time {
            return Err(damaged("a header is not as it was written"));
        }
        if entry.name == SUMS {
            self.sums(entry.length)?;
            return Ok(None);
        }
        let name = entry
            .name
            .parse()
            .map_err(|()| ArchiveError::Damaged(format!("a part has the name {:?}", entry.name)))?;
        let part = Part {
            name,
            mode: entry.mode,
            length: entry.length,
        };
        self.part = Some(part.clone());
        Ok(Some(part))
    }

    /// Brings the content of the part that [`ArchiveReader::next`] named.
    ///
    /// # Errors
    /// [`ArchiveError::Write`] where `to` does not take it; else as [`ArchiveReader::next`].
    pub fn copy(&mut self, to: &mut dyn Write) -> Result<(), ArchiveError> {
        match self.part.take() {
            Some(part) => self.content(&part.name.to_string(), part.length, to),
            None => Ok(()),
        }
    }

    /// A header; `None`: zeros instead.
    fn header(&mut self) -> Result<Option<Entry>, ArchiveError> {
        let mut block = [0; BLOCK];
        self.fill(&mut block, "a header")?;
        entry(&block)
    }

    fn content(&mut self, name: &str, length: u64, to: &mut dyn Write) -> Result<(), ArchiveError> {
        let (mut hash, mut left) = (Sha256::new(), length);
        let mut buffer = vec![0; PIECE.min(usize::try_from(length).unwrap_or(PIECE))];
        while left > 0 {
            let count = buffer.len().min(usize::try_from(left).unwrap_or(PIECE));
            self.fill(&mut buffer[..count], name)?;
            hash.update(&buffer[..count]);
            to.write_all(&buffer[..count])
                .map_err(ArchiveError::Write)?;
            left -= count as u64;
        }
        self.zeros(padding(length), name)?;
        self.sums.push_str(&sum_line(hash.finalize(), name));
        Ok(())
    }

    /// The checksums of all that came, and then the end.
    fn sums(&mut self, length: u64) -> Result<(), ArchiveError> {
        let expected = std::mem::take(&mut self.sums);
        let mut found = vec![0; expected.len()];
        let is_as_long = length == expected.len() as u64;
        if is_as_long {
            self.fill(&mut found, SUMS)?;
        }
        if !is_as_long || found != expected.as_bytes() {
            return Err(ArchiveError::Damaged(difference(&expected, &found)));
        }
        self.zeros(padding(length), SUMS)?;
        self.zeros(2 * BLOCK, "its end")?;
        match self.input.read(&mut [0]).map_err(ArchiveError::Read)? {
            0 => Ok(()),
            _ => Err(ArchiveError::Damaged(
                "something follows its end".to_owned(),
            )),
        }
    }

    fn zeros(&mut self, count: usize, within: &str) -> Result<(), ArchiveError> {
        let mut found = vec![0; count];
        self.fill(&mut found, within)?;
        match found.iter().all(|byte| *byte == 0) {
            true => Ok(()),
            false => Err(ArchiveError::Damaged(format!("what pads {within}"))),
        }
    }

    fn fill(&mut self, buffer: &mut [u8], within: &str) -> Result<(), ArchiveError> {
        self.input
            .read_exact(buffer)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => ArchiveError::CutOff(within.to_owned()),
                _ => ArchiveError::Read(error),
            })
    }
}

/// What a header says; `None`: it is zeros.
fn entry(block: &[u8; BLOCK]) -> Result<Option<Entry>, ArchiveError> {
    if *block == [0; BLOCK] {
        return Ok(None);
    }
    let read = || -> io::Result<(Entry, bool)> {
        let found = tar::Header::from_byte_slice(block);
        let entry = Entry {
            name: String::from_utf8_lossy(&found.path_bytes()).into_owned(),
            mode: found.mode()?,
            length: found.size()?,
            time: found.mtime()?,
        };
        let expected = header(&entry.name, entry.mode, entry.length, entry.time)?;
        Ok((entry, expected.as_bytes() == block))
    };
    match read() {
        Ok((entry, true)) if entry.mode & !0o777 == 0 => Ok(Some(entry)),
        Ok(_) | Err(_) => Err(ArchiveError::Damaged(
            "a header is not as it was written".to_owned(),
        )),
    }
}

/// The first part whose checksum is another than the archive says.
fn difference(expected: &str, found: &[u8]) -> String {
    let found = found.split(|byte| *byte == b'\n');
    let mut pairs = expected.lines().zip(found);
    let differs = pairs.find(|(line, found)| line.as_bytes() != *found);
    match differs.and_then(|(line, _)| line.split_once("  ")) {
        Some((_, name)) => format!("{name} does not have its checksum"),
        None => "its checksums are not those of its parts".to_owned(),
    }
}
