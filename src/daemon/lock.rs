//! "The running gateway owns its data": one process at a time works in a `data_dir`.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::new_file::is_at;
use crate::refusal::of_file;

/// How long a gateway that starts waits for a command that is at work in its `data_dir`.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks.
const STEP: Duration = Duration::from_millis(20);
/// How often in a row the lock must say that a gateway holds it.
const LOOKS: u32 = 3;

/// Who holds a lock, as the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Gateway,
    Command,
}

/// The right to work in a `data_dir`, given back when this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct DataDirLock {
    _file: File,
}

/// A lock for what may come to nothing: unless it is kept, its end leaves the directory as it was found.
#[derive(Debug)]
pub struct Claim {
    // Given back last.
    _lock: DataDirLock,
    data_dir: PathBuf,
    had_directory: bool,
    had_lock: bool,
}

impl Claim {
    /// Something has come of it.
    pub fn keep(mut self) {
        self.had_lock = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.had_lock {
            return;
        }
        // Where more is there than the lock, it stays.
        let _ = fs::remove_file(self.data_dir.join("lock"));
        if !self.had_directory {
            let _ = fs::remove_dir(&self.data_dir);
        }
    }
}

/// Why the lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{} is in use by another tolmach{}", data_dir.display(), process(.pid))]
    InUse {
        /// The data directory that is to be locked.
        data_dir: PathBuf,
        /// The other process's number, if it could be read.
        pid: Option<u32>,
    },
    /// The directory or the lock in it cannot be made.
    #[error("{}; data_dir names this place", of_file(.path, .source))]
    Io {
        /// What cannot be made or opened.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn process(pid: &Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})"))
        .unwrap_or_default()
}

impl DataDirLock {
    /// For a gateway: locks `data_dir`, which is made with mode 0700 where it is not there. Waits up to 5 s for a
    /// command to end that is at work there; blocks the thread meanwhile.
    ///
    /// # Errors
    /// [`LockError::InUse`] at once where another gateway runs; [`LockError::Io`].
    pub fn acquire(data_dir: &Path) -> Result<Self, LockError> {
        let deadline = Instant::now() + PATIENCE;
        let mut gateways = 0;
        loop {
            let (error, holder) = match Self::attempt(data_dir, Holder::Gateway) {
                Ok(lock) => return Ok(lock),
                Err(refused) => refused,
            };
            // A single look may see the note of a gateway that is gone, before the new holder wrote its own.
            gateways = if holder == Some(Holder::Gateway) {
                gateways + 1
            } else {
                0
            };
            if !matches!(error, LockError::InUse { .. })
                || gateways == LOOKS
                || Instant::now() >= deadline
            {
                return Err(error);
            }
            std::thread::sleep(STEP);
        }
    }

    /// For a command that works in `data_dir` for a moment: as [`DataDirLock::acquire`], without waiting.
    ///
    /// # Errors
    /// [`LockError::InUse`] where anybody has it; [`LockError::Io`].
    pub fn acquire_for_command(data_dir: &Path) -> Result<Self, LockError> {
        Self::attempt(data_dir, Holder::Command).map_err(|(error, _)| error)
    }

    /// As [`DataDirLock::acquire_for_command`], for what may come to nothing.
    ///
    /// # Errors
    /// As there.
    pub fn claim(data_dir: &Path) -> Result<Claim, LockError> {
        let is_there = |path: &Path| path.symlink_metadata().is_ok();
        let (had_directory, had_lock) = (is_there(data_dir), is_there(&data_dir.join("lock")));
        Ok(Claim {
            _lock: Self::acquire_for_command(data_dir)?,
            data_dir: data_dir.to_owned(),
            had_directory,
            had_lock,
        })
    }

    /// Whether anybody has it. Makes nothing, and keeps nobody out for longer than the look takes.
    #[must_use]
    pub fn is_held(data_dir: &Path) -> bool {
        let file = File::open(data_dir.join("lock"));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    fn attempt(data_dir: &Path, holder: Holder) -> Result<Self, (LockError, Option<Holder>)> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| (LockError::Io { path, source }, None)
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data_dir)
            .map_err(io(data_dir))?;
        let path = data_dir.join("lock");
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600);
        let mut file = options.open(&path).map_err(io(&path))?;
        match file.try_lock() {
            // Whoever had it has taken the file away, and somebody may have made another.
            Ok(()) if !is_at(&file, &path) => {
                let (data_dir, pid) = (data_dir.to_owned(), None);
                Err((LockError::InUse { data_dir, pid }, None))
            }
            Ok(()) => {
                write_holder(&mut file, holder).map_err(io(&path))?;
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let (pid, holder) = read_holder(&mut file);
                Err((
                    LockError::InUse {
                        data_dir: data_dir.to_owned(),
                        pid,
                    },
                    holder,
                ))
            }
            Err(TryLockError::Error(source)) => Err(io(&path)(source)),
        }
    }
}

fn write_holder(file: &mut File, holder: Holder) -> io::Result<()> {
    let word = match holder {
        Holder::Gateway => "gateway",
        Holder::Command => "command",
    };
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{} {word}", std::process::id())
}

/// Who wrote the file. Nobody, or the one before, in the moment between a lock and its note.
fn read_holder(file: &mut File) -> (Option<u32>, Option<Holder>) {
    let mut text = String::new();
    if file.take(64).read_to_string(&mut text).is_err() {
        return (None, None);
    }
    let mut words = text.split_whitespace();
    let pid = words.next().and_then(|pid| pid.parse().ok());
    let holder = match words.next() {
        Some("gateway") => Some(Holder::Gateway),
        Some("command") => Some(Holder::Command),
        _ => None,
    };
    (pid, holder)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_at_a_time_and_the_other_is_told_who() {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = dir.path().join("deep/data");
        let lock = DataDirLock::acquire(&data_dir).unwrap();
        assert_eq!(
            fs::metadata(&data_dir).unwrap().permissions().mode() & 0o777,
            0o700
        );
        let refused = DataDirLock::acquire(&data_dir).unwrap_err().to_string();
        let expected = format!(
            "{} is in use by another tolmach (process {})",
            data_dir.display(),
            std::process::id()
        );
        assert_eq!(refused, expected);
        assert!(DataDirLock::acquire_for_command(&data_dir).is_err());
        assert!(DataDirLock::is_held(&data_dir));
        drop(lock);
        assert!(!DataDirLock::is_held(&data_dir));
        DataDirLock::acquire_for_command(&data_dir).unwrap();
    }

    #[test]
    fn a_gateway_waits_for_a_command() {
        let dir = tempfile::tempdir().unwrap();
        let command = DataDirLock::acquire_for_command(dir.path()).unwrap();
        let data_dir = dir.path().to_owned();
        let gateway = std::thread::spawn(move || DataDirLock::acquire(&data_dir));
        std::thread::sleep(2 * STEP);
        assert!(!gateway.is_finished());
        drop(command);
        gateway.join().unwrap().unwrap();
    }

    #[test]
    fn what_is_no_directory_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let error = DataDirLock::acquire(&file).unwrap_err().to_string();
        assert!(error.starts_with(&file.display().to_string()), "{error}");
    }
}
