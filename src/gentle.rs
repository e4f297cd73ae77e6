//! Bringing something large to the disk while others wait for syncs of theirs.
//!
//! A sync waits for what other files have given the disk before it: so a copy gives it little at a time, and then nothing for as
//! long as that took.

use std::fs::File;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// After how many bytes a copy is synced.
pub(crate) const PIECE: u64 = 256 * 1024;
/// The longest pause: a disk that is slow for another reason does not become faster by waiting.
const PAUSE: Duration = Duration::from_millis(50);

/// Brings a file's content to the disk, and leaves the disk alone for a moment. Blocks the thread.
pub(crate) fn sync(file: &File) -> io::Result<()> {
    let begun = Instant::now();
    file.sync_data()?;
    thread::sleep(begun.elapsed().min(PAUSE));
    Ok(())
}
