//! What the system refuses, in the words of a person: without its number, and with what to do.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What the system said, without its number.
pub(crate) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error
        .raw_os_error()
        .map(|code| format!(" (os error {code})"));
    let text = number.and_then(|number| text.strip_suffix(&number).map(str::to_owned));
    let said = text.unwrap_or_else(|| error.to_string());
    match remedy(error) {
        Some(remedy) => format!("{said}; {remedy}"),
        None => said,
    }
}

/// What helps whatever it was about.
fn remedy(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on that disk",
        ErrorKind::ConnectionRefused => "nothing listens there",
        ErrorKind::ReadOnlyFilesystem => {
            "that file system is mounted read-only: mount it for writing, or name a place elsewhere"
        }
        // EMFILE and ENFILE, which have no kind.
        _ if matches!(error.raw_os_error(), Some(23 | 24)) => {
            "let it open more files (`ulimit -n`, LimitNOFILE=)"
        }
        _ => return None,
    })
}

/// What the system said of a file or a directory at `path`, and what stands in the way.
pub(crate) fn of_file(path: &Path, error: &io::Error) -> String {
    let there = path.ancestors().find(|path| path.exists());
    let there = there.map(|place| {
        if place.as_os_str().is_empty() {
            Path::new(".")
        } else {
            place
        }
    });
    let metadata = there.and_then(|there| Some((there, fs::metadata(there).ok()?)));
    let said = match (error.kind(), metadata) {
        (ErrorKind::AlreadyExists | ErrorKind::NotADirectory, Some((there, is)))
            if !is.is_dir() =>
        {
            format!(
                "{} is a file, no directory: move it away, or name another place",
                there.display()
            )
        }
        (ErrorKind::PermissionDenied, Some((there, is))) => {
            let (owner, mode) = (user(is.uid()), is.mode() & 0o7777);
            let we = fs::metadata("/proc/self")
                .map_or_else(|_| "this user".to_owned(), |is| user(is.uid()));
            format!(
                "permission denied to {we}: {} belongs to {owner} (mode {mode:04o}); run this as {owner}, or give it to {we}",
                there.display()
            )
        }
        (ErrorKind::NotFound, _) => match path.parent().filter(|it| !it.as_os_str().is_empty()) {
            Some(parent) if !parent.exists() => {
                format!(
                    "there is no directory {}; make it, or name another place",
                    parent.display()
                )
            }
            _ => words(error),
        },
        _ => words(error),
    };
    format!("{}: {said}", path.display())
}

/// A user by name, where the system tells it.
fn user(uid: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let mut lines = users
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let line = lines.find(|line| line.get(2).is_some_and(|text| text.parse() == Ok(uid)));
    line.map_or_else(|| format!("user {uid}"), |line| line[0].to_owned())
}

/// What the system said of listening on an address, written as it was given, and what to do.
pub(crate) fn of_address(address: &str, error: &io::Error) -> String {
    let place = address.parse::<SocketAddr>().ok();
    match error.kind() {
        ErrorKind::AddrInUse => {
            let who = place.and_then(|place| listening(place.port()));
            format!(
                "{} listens there already; stop it, or give this listener another address",
                who.unwrap_or_else(|| "another process (`ss -ltnp` as root shows which)".to_owned())
            )
        }
        ErrorKind::AddrNotAvailable => {
            "this machine has no such address; `ip address` shows its own, [::] is all of them".to_owned()
        }
        ErrorKind::PermissionDenied => {
            "ports below 1024 are kept for root; give this listener another one, or this program CAP_NET_BIND_SERVICE".to_owned()
        }
        _ => words(error),
    }
}

/// Who listens on a TCP port, where this user may see it: `process 17 (nginx)`.
fn listening(port: u16) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let ours = format!(":{port:04X}");
    let lines = tables.iter().flatten().flat_map(|table| table.lines());
    let inodes: Vec<String> = lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        // 0A: it listens.
        .filter(|words| words.get(3) == Some(&"0A") && words[1].ends_with(&ours))
        .filter_map(|words| Some(format!("socket:[{}]", words.get(9)?)))
        .collect();
    let is_meant = |descriptor: fs::DirEntry| {
        let target = fs::read_link(descriptor.path()).unwrap_or_default();
        inodes
            .iter()
            .any(|inode| target.as_os_str() == inode.as_str())
    };
    let is_number = |process: &fs::DirEntry| {
        let name = process.file_name();
        name.as_encoded_bytes().iter().all(u8::is_ascii_digit)
    };
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let process = processes.filter(is_number).find(|process| {
        let descriptors = fs::read_dir(process.path().join("fd"));
        descriptors.is_ok_and(|descriptors| descriptors.flatten().any(is_meant))
    })?;
    let name = fs::read_to_string(process.path().join("comm")).ok()?;
    let number = process.file_name().into_string().ok()?;
    Some(format!("process {number} ({})", name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_the_system_is_left() {
        for (code, says) in [
            (28, "make room"),
            (24, "LimitNOFILE"),
            (30, "read-only"),
            (2, "No such file"),
        ] {
            let said = words(&io::Error::from_raw_os_error(code));
            assert!(said.contains(says) && !said.contains("os error"), "{said}");
        }
        assert_eq!(words(&io::Error::other("so it is")), "so it is");
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let below = file.join("data");
        let error = fs::create_dir(&below).unwrap_err();
        let said = of_file(&below, &error);
        assert!(
            said.starts_with(&format!(
                "{}: {} is a file",
                below.display(),
                file.display()
            )),
            "{said}"
        );
        let missing = dir.path().join("none");
        let said = of_file(&missing.join("copy"), &ErrorKind::NotFound.into());
        assert!(
            said.ends_with(&format!(
                "no directory {}; make it, or name another place",
                missing.display()
            )),
            "{said}"
        );
        let said = of_file(&missing, &io::Error::from_raw_os_error(2));
        assert!(said.ends_with("none: No such file or directory"), "{said}");
        let denied = of_file(
            Path::new("/proc/1/mem"),
            &ErrorKind::PermissionDenied.into(),
        );
        assert!(denied.contains("belongs to root (mode"), "{denied}");
    }

    #[test]
    fn who_listens_is_named() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let said = of_address(&address, &ErrorKind::AddrInUse.into());
        assert!(
            said.starts_with(&format!("process {} (", std::process::id())),
            "{said}"
        );
        let said = of_address("127.0.0.1:1", &ErrorKind::PermissionDenied.into());
        assert!(said.contains("below 1024"), "{said}");
    }
}
