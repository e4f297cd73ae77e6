//! A NATS server of a test's own, on a port that the kernel gives; it ends with the test.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::{left_out, program};

/// A running server.
pub struct NatsServer {
    directory: TempDir,
    port: u16,
    child: Child,
}

impl NatsServer {
    /// A server that lets in who says `user` and `secret`; `None` where there is no `nats-server`.
    #[must_use]
    pub fn start() -> Option<Self> {
        if program("nats-server", &[]).is_none() {
            left_out("nats-server");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let child = run(directory.path(), "-1");
        let until = Instant::now() + Duration::from_secs(20);
        let port = loop {
            if let Some(port) = port_of(directory.path(), child.id()) {
                break port;
            }
            assert!(Instant::now() < until, "nats-server does not start");
            std::thread::sleep(Duration::from_millis(20));
        };
        Some(Self {
            directory,
            port,
            child,
        })
    }

    /// Its URL, without who one is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// It stands still.
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// It goes on from where it stood still.
    pub fn go_on(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// It is there no more.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// On the port that it had.
    pub fn start_again(&mut self) {
        self.child = run(self.directory.path(), &self.port.to_string());
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(directory: &Path, port: &str) -> Child {
    Command::new("nats-server")
        .args(["--addr", "127.0.0.1", "--port", port])
        .args(["--user", "user", "--pass", "secret"])
        .arg("--ports_file_dir")
        .arg(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The server writes where it listens: `{"nats":["nats://127.0.0.1:4222"]}`.
fn port_of(directory: &Path, process: u32) -> Option<u16> {
    let path = directory.join(format!("nats-server_{process}.ports"));
    let text = std::fs::read_to_string(path).ok()?;
    let (_, rest) = text.split_once("nats://127.0.0.1:")?;
    rest.split('"').next()?.parse().ok()
}
