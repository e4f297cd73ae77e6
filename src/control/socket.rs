//! A socket in the file system that nobody else can open, not even for a moment, at a path of any length.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// A socket's address holds 107 bytes and a final zero on Linux, less elsewhere.
const MAX_PATH: usize = 100;

/// A path by which a socket can be bound or reached; good for as long as this lives.
pub(super) struct Address {
    pub(super) path: PathBuf,
    _directory: Option<File>,
}

/// The address of `path`: itself, or by way of its open directory where it is too long.
pub(super) fn address(path: &Path) -> io::Result<Address> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a socket needs a file name",
        ));
    };
    if path.as_os_str().len() <= MAX_PATH {
        return Ok(Address {
            path: path.to_owned(),
            _directory: None,
        });
    }
    let directory = File::open(directory)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name);
    Ok(Address {
        path,
        _directory: Some(directory),
    })
}

/// Listens at `path` with mode 0600; a socket that an earlier process left there is replaced, and nothing else is.
///
/// The socket is made in a directory that only this user can enter, and comes to its place when its mode is set.
pub(super) fn bind(path: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(_) | Err(_) => {}
    }
    let place = path.with_extension("new");
    match fs::remove_dir_all(&place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    DirBuilder::new().mode(0o700).create(&place)?;
    let bound = bind_in(&place, path);
    let removed = fs::remove_dir_all(&place);
    let listener = bound?;
    removed?;
    Ok(listener)
}

fn bind_in(place: &Path, path: &Path) -> io::Result<UnixListener> {
    let new = place.join("s");
    let listener = UnixListener::bind(address(&new)?.path)?;
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    fs::rename(&new, path)?;
    Ok(listener)
}

/// Removes the socket at `path`; whatever else is there stays.
pub(super) fn remove(path: &Path) {
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        // Who comes next replaces it.
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn the_socket_is_its_users_alone_and_replaces_a_stale_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        drop(bind(&path).unwrap());
        assert!(UnixStream::connect(&path).is_err());
        let _listener = bind(&path).unwrap();
        UnixStream::connect(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_socket_is_neither_replaced_nor_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        fs::write(&path, "a database").unwrap();
        let refused = bind(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        remove(&path);
        assert_eq!(fs::read_to_string(&path).unwrap(), "a database");
        fs::remove_file(&path).unwrap();
        let _listener = bind(&path).unwrap();
        remove(&path);
        assert!(!path.exists());
    }

    #[test]
    fn a_path_of_any_length_will_do() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("d".repeat(120));
        fs::create_dir(&deep).unwrap();
        let path = deep.join("control.sock");
        let _listener = bind(&path).unwrap();
        UnixStream::connect(address(&path).unwrap().path).unwrap();
    }
}
