//! What the system refuses, in the words of a person: without its number, and with what to do.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
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
            if !is.is_dir() && error.raw_os_error().is_some() =>
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
            let there = there.display();
            let missing = missing(&is);
            let remedy = match owner == we && !missing.is_empty() {
                true => format!("`chmod u+{missing} {there}`"),
                false => format!("run this as {owner}, or give it to {we}"),
            };
            format!(
                "permission denied to {we}: {there} belongs to {owner} (mode {mode:04o}); {remedy}"
            )
        }
        (ErrorKind::IsADirectory, _) => {
            "this is a directory, where a file has to be: move it away".to_owned()
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

/// What its owner may not do with a file or directory, as `chmod` writes it.
fn missing(is: &fs::Metadata) -> String {
    let bits = [(0o400, 'r'), (0o200, 'w'), (0o100, 'x')];
    let wanted = bits.iter().take(if is.is_dir() { 3 } else { 2 });
    let missing = wanted.filter(|(bit, _)| is.mode() & bit == 0);
    missing.map(|(_, letter)| letter).collect()
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
            let who = place.and_then(listening);
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

/// Who stands in the way of listening there, where this user may see it: `process 17 (nginx)`.
fn listening(place: SocketAddr) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let tables: Vec<String> = tables.into_iter().flatten().collect();
    let mut sockets = in_the_way(&tables.concat(), place).into_iter();
    sockets.find_map(|socket| holder(&socket))
}

/// The sockets that keep another from listening there, as descriptors name them, out of the system's table of TCP; what
/// certainly does first: of `[::]` the table does not say whether it hears IPv4.
fn in_the_way(table: &str, place: SocketAddr) -> Vec<String> {
    let is_over =
        |all: IpAddr, one: IpAddr| all.is_unspecified() && (all.is_ipv6() || one.is_ipv4());
    let wanted = place.ip().to_canonical();
    let lines = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    // 0A: it listens.
    let listening = lines.filter(|words| words.get(3) == Some(&"0A"));
    let mut found: Vec<(u8, String)> = listening
        .filter_map(|words| {
            let (address, port) = local(words[1])?;
            let doubt = match address {
                address if address == wanted => 0,
                address if !is_over(address, wanted) && !is_over(wanted, address) => return None,
                address => 1 + u8::from(address.is_ipv6() != wanted.is_ipv6()),
            };
            let socket = format!("socket:[{}]", words.get(9)?);
            (port == place.port()).then_some((doubt, socket))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, socket)| socket).collect()
}

/// An address and port as the table writes them: `0100007F:1F90`, four bytes at a time as numbers of this machine.
fn local(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let words = address.as_bytes().chunks(8).map(|digits| {
        let digits = std::str::from_utf8(digits).ok()?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    });
    let bytes = words.collect::<Option<Vec<_>>>()?.concat();
    let address = match <[u8; 4]>::try_from(&*bytes) {
        Ok(bytes) => IpAddr::from(bytes),
        Err(_) => IpAddr::from(<[u8; 16]>::try_from(&*bytes).ok()?).to_canonical(),
    };
    Some((address, u16::from_str_radix(port, 16).ok()?))
}

/// Which process has a socket.
fn holder(socket: &str) -> Option<String> {
    let is_meant = |descriptor: fs::DirEntry| {
        let target = fs::read_link(descriptor.path()).unwrap_or_default();
        target.as_os_str() == socket
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
    fn who_listens_elsewhere_on_the_port_is_not_in_the_way() {
        let written = |address: IpAddr, port: u16, inode: u8| {
            let bytes = match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            let words = bytes
                .chunks(4)
                .map(|word| format!("{:08X}", u32::from_ne_bytes(word.try_into().unwrap())));
            let local = words.collect::<String>();
            format!("0: {local}:{port:04X} 0:0 0A 0:0 0:0 0 0 0 {inode} 1 0\n")
        };
        let table: String = [
            "0.0.0.0",
            "127.0.0.41",
            "127.0.0.47",
            "::",
            "::1",
            "::ffff:127.0.0.9",
        ]
        .iter()
        .zip(1..)
        .map(|(address, inode)| written(address.parse().unwrap(), 7777, inode))
        .chain([written("127.0.0.50".parse().unwrap(), 7778, 9)])
        .collect();
        let others = "1: 0100007F:1E61 0100007F:1E62 01 0:0 0:0 0 0 0 8 1 0\nno table\n";
        let table = table + others;
        for (place, inodes) in [
            ("127.0.0.47:7777", "3 1 4"),
            ("127.0.0.48:7777", "1 4"),
            ("127.0.0.9:7777", "6 1 4"),
            ("[::ffff:127.0.0.47]:7777", "3 1 4"),
            ("[::1]:7777", "5 4"),
            ("[::2]:7777", "4"),
            ("0.0.0.0:7777", "1 2 3 6 4"),
            ("[::]:7777", "4 5 1 2 3 6"),
            ("127.0.0.50:7778", "9"),
            ("127.0.0.47:7778", ""),
        ] {
            let found = in_the_way(&table, place.parse().unwrap());
            let found: Vec<_> = found
                .iter()
                .map(|socket| socket.trim_start_matches("socket:[").trim_end_matches(']'))
                .collect();
            assert_eq!(found.join(" "), inodes, "{place}");
        }
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
