//! Copies of all that a gateway keeps: made while it serves or not, checked, brought back.
//!
//! ```text
//!            ┌ database ──▶ a copy of one moment ─┐
//!  data_dir ─┤ files ─────▶ held meanwhile ───────┼──▶ archive ──▶ staged, checked ──▶ another data_dir
//!            └ tls ───────────────────────────────┘
//! ```

pub mod archive;
#[cfg(feature = "sqlite")]
mod backup;
#[cfg(feature = "sqlite")]
mod contents;
#[cfg(feature = "sqlite")]
mod export;
#[cfg(feature = "sqlite")]
mod failure;
mod places;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod postgres;
#[cfg(feature = "sqlite")]
mod restore;
#[cfg(feature = "sqlite")]
mod staging;
#[cfg(feature = "sqlite")]
mod target;
#[cfg(feature = "sqlite")]
mod verify;

#[cfg(feature = "sqlite")]
use std::io::{self, BufRead, Read};

#[cfg(feature = "sqlite")]
pub use backup::{Backup, backup};
#[cfg(feature = "sqlite")]
pub use export::{BroughtRoom, Exported, ImportError, Imported, StagedRoom, export, import};
#[cfg(feature = "sqlite")]
pub use failure::{BrokenOff, CopyError};
pub use places::Places;
#[cfg(feature = "tls")]
pub(crate) use places::tls_in;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
pub use postgres::import_to_postgres;
#[cfg(feature = "sqlite")]
pub use restore::{Restored, restore};
#[cfg(feature = "sqlite")]
pub(crate) use staging::is_broken_off;
#[cfg(feature = "sqlite")]
pub use target::Target;
#[cfg(all(feature = "cli", feature = "sqlite", feature = "postgres"))]
pub(crate) use target::temporary;
#[cfg(feature = "sqlite")]
pub use verify::{Verified, verify};

/// Who is told how far a copy has come.
#[cfg(feature = "sqlite")]
pub trait Progress: Sync {
    /// Another part begins; `what` names it, `bytes` is how long it is where that is known.
    fn begin(&self, what: &'static str, bytes: Option<u64>);

    /// So many bytes more are done.
    ///
    /// # Errors
    /// The copy is to be broken off: what was made of it is removed.
    fn add(&self, bytes: u64) -> io::Result<()>;
}

/// Tells of what is read.
#[cfg(feature = "sqlite")]
struct Told<'a, R> {
    inner: R,
    progress: &'a dyn Progress,
}

#[cfg(feature = "sqlite")]
impl<R: Read> Read for Told<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.add(count as u64)?;
        Ok(count)
    }
}

#[cfg(feature = "sqlite")]
impl<R: BufRead> BufRead for Told<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
    }
}
