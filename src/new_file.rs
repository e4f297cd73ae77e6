//! Files that a process makes for its user alone: nothing that is there already is opened, replaced or followed.

#[cfg(feature = "daemon")]
use std::fs;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
#[cfg(feature = "daemon")]
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Makes a file that only this user can read. Whatever has the name, be it a link that leads nowhere, stays as it is.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`], in words; what the system says.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => is_there(),
        _ => error,
    })
}

fn is_there() -> io::Error {
    let said = "it is there already; remove it, or name another place";
    io::Error::new(ErrorKind::AlreadyExists, said)
}

/// As [`create`]; as long as it is open, [`remove_left`] leaves it alone.
///
/// # Errors
/// As there; [`ErrorKind::WouldBlock`]: another process is just removing it.
#[cfg(all(feature = "sqlite", feature = "daemon"))]
pub(crate) fn hold(path: &Path) -> io::Result<File> {
    let file = create(path)?;
    file.try_lock()?;
    match is_at(&file, path) {
        true => Ok(file),
        false => Err(ErrorKind::WouldBlock.into()),
    }
}

/// Removes what a process of this user has [held](hold) at `path` and left there when it was killed. Nothing there is well, too.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`], in words: it is another user's, or no plain file. [`ErrorKind::WouldBlock`]: it is held.
#[cfg(all(feature = "sqlite", feature = "daemon"))]
pub(crate) fn remove_left(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !found.is_file() || found.uid() != nix::unistd::geteuid().as_raw() {
        return Err(is_there());
    }
    let file = File::open(path)?;
    file.try_lock()?;
    match is_at(&file, path) {
        true => fs::remove_file(path),
        false => Err(ErrorKind::WouldBlock.into()),
    }
}

/// Whether this file is the one that has the name.
#[cfg(feature = "daemon")]
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    let key = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let there = fs::metadata(path).map(key);
    there.is_ok_and(|there| file.metadata().map(key).is_ok_and(|ours| ours == there))
}
