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
