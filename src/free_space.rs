//! How much room a disk has left for what lasts.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::statvfs::statvfs;

use crate::dial::Dial;

/// Watches that a directory's file system keeps some bytes free.
#[derive(Debug)]
pub(crate) struct FreeSpace {
    directory: PathBuf,
    least: Dial,
    is_low: AtomicBool,
}

impl FreeSpace {
    /// `least`: bytes that stay free; 0: none.
    pub(crate) fn new(directory: &Path, least: impl Into<Dial>) -> Self {
        let is_here = directory.as_os_str().is_empty();
        Self {
            directory: if is_here { Path::new(".") } else { directory }.to_owned(),
            least: least.into(),
            is_low: AtomicBool::new(false),
        }
    }

    /// Whether more may be written. Where it changes, the log says so. A disk that cannot say counts as one with room:
    /// what is written there fails by itself.
    pub(crate) fn has_room(&self) -> bool {
        let least = self.least.get();
        if least == 0 {
            return true;
        }
        let Ok(disk) = statvfs(&self.directory) else {
            return true;
        };
        // What these two are differs between systems.
        #[allow(clippy::useless_conversion, reason = "u32 elsewhere")]
        let (blocks, size) = (
            u64::from(disk.blocks_available()),
            u64::from(disk.fragment_size()),
        );
        let free = blocks.saturating_mul(size);
        let is_low = free < least;
        let directory = self.directory.display();
        match (self.is_low.swap(is_low, Ordering::Relaxed), is_low) {
            (false, true) => tracing::error!(
                %directory, free, least,
                "the disk is nearly full (limits.disk_free): nothing more is kept until there is room"
            ),
            (true, false) => tracing::info!(%directory, free, "the disk has room again"),
            (false, false) | (true, true) => {}
        }
        !is_low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_room_until_less_is_free_than_must_be() {
        let dir = tempfile::tempdir().unwrap();
        assert!(FreeSpace::new(dir.path(), 1_u64).has_room());
        assert!(FreeSpace::new(Path::new(""), 1_u64).has_room());
        assert!(!FreeSpace::new(dir.path(), u64::MAX).has_room());
        assert!(FreeSpace::new(dir.path(), 0_u64).has_room());
        assert!(FreeSpace::new(&dir.path().join("gone"), u64::MAX).has_room());
    }
}
