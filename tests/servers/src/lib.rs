//! Servers that tests start for themselves, on free ports, with their data in directories of their own.
//!
//! Where a server's program is not installed its tests are left out, which is said in one line; with `TEST_SERVERS=required` in
//! the environment they fail.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "it is part of tests"
)]

mod nats;
mod postgres;
mod s3;

pub use nats::NatsServer;
pub use postgres::Postgres;
pub use s3::{BUCKET, KEY, KEY_ID, Mood, S3Server};

use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// Where a program is, of a list of directories and those of `PATH`.
fn program(name: &str, places: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = places.iter().cloned().chain(std::env::split_paths(&path));
    found
        .map(|place| place.join(name))
        .find(|file| file.is_file())
}

/// Says that tests are left out, once; fails where they must not be.
fn left_out(program: &str) {
    let required = std::env::var("TEST_SERVERS").is_ok_and(|value| value == "required");
    assert!(!required, "{program} is not installed");
    eprintln!("{program} is not installed: its tests are left out");
}

/// Makes the keys and certificates of an authority (`ca.pem`), of one of 127.0.0.1 that it vouches for (`certificate.pem`, `key.pem`),
/// of a client named `certain` (`client.pem`, `client.key`) and of another authority (`other.pem`). `false`: there is no `openssl`.
fn certificates(directory: &Path) -> bool {
    if program("openssl", &[]).is_none() {
        left_out("openssl");
        return false;
    }
    let make = |words: &str| {
        let made = std::process::Command::new("openssl")
            .args("req -x509 -newkey rsa:2048 -nodes -days 2".split(' '))
            .args(words.split(' '))
            .current_dir(directory)
            .output()
            .expect("openssl");
        assert!(made.status.success(), "{made:?}");
    };
    make("-keyout ca.key -out ca.pem -subj /CN=authority");
    make("-keyout other.key -out other.pem -subj /CN=other");
    let by = "-CA ca.pem -CAkey ca.key -addext basicConstraints=critical,CA:FALSE";
    make(&format!(
        "{by} -keyout key.pem -out certificate.pem -subj /CN=server -addext subjectAltName=IP:127.0.0.1"
    ));
    make(&format!(
        "{by} -keyout client.key -out client.pem -subj /CN=certain"
    ));
    true
}

/// A port of 127.0.0.1 that nobody listens on.
fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("its number").port()
}

/// Removes a directory when this process ends, however it does, after a command of the shell.
fn when_this_ends(command: &str, directory: &Path) -> std::process::Child {
    let script = format!("cat >/dev/null; {command}; rm -rf \"$0\"");
    std::process::Command::new("setsid")
        .args(["sh", "-c", &script])
        .arg(directory)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("a shell")
}
