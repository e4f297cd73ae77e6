//! Making an archive.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::{ABOUT, About, BLOCK, PartName, SUMS, header, padding, sum_line};

/// How much is copied at once, in bytes.
const PIECE: usize = 256 * 1024;

/// An archive that is being written. It is whole only after [`ArchiveWriter::finish`].
#[derive(Debug)]
pub struct ArchiveWriter<W> {
    out: W,
    time: u64,
    sums: String,
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins an archive; `time` is that of all its entries, in seconds since 1970.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin(out: W, time: u64, about: &About) -> io::Result<Self> {
        let mut writer = Self {
            out,
            time,
            sums: String::new(),
        };
        let about = serde_json::to_vec(about)?;
        writer.entry(ABOUT, 0o600, about.len() as u64, about.as_slice())?;
        Ok(writer)
    }

    /// Adds a part of exactly this length; `mode` is that of its file.
    ///
    /// # Errors
    /// It cannot be written; the content cannot be read, or ends before `length` bytes have come.
    pub fn part(
        &mut self,
        name: &PartName,
        mode: u32,
        length: u64,
        content: impl Read,
    ) -> io::Result<()> {
        self.entry(&name.to_string(), mode, length, content)
    }

    /// Writes what makes it whole, and gives back what it was written to.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        let sums = std::mem::take(&mut self.sums);
        self.entry(SUMS, 0o600, sums.len() as u64, sums.as_bytes())?;
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn entry(
        &mut self,
        name: &str,
        mode: u32,
        length: u64,
        mut content: impl Read,
    ) -> io::Result<()> {
        let header = header(name, mode & 0o777, length, self.time)?;
        self.out.write_all(header.as_bytes())?;
        let (mut hash, mut left) = (Sha256::new(), length);
        let mut buffer = vec![0; PIECE.min(usize::try_from(length).unwrap_or(PIECE))];
        while left > 0 {
            let most = buffer.len().min(usize::try_from(left).unwrap_or(PIECE));
            let count = match content.read(&mut buffer[..most]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hash.update(&buffer[..count]);
            self.out.write_all(&buffer[..count])?;
            left -= count as u64;
        }
        self.out.write_all(&[0; BLOCK][..padding(length)])?;
        self.sums.push_str(&sum_line(hash.finalize(), name));
        Ok(())
    }
}
