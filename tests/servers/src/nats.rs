//! A NATS server of a test's own, on a port that the kernel gives; it ends with the test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::{certificates, left_out, program};

/// A running server.
pub struct NatsServer {
    directory: TempDir,
    port: u16,
    child: Child,
    more: Vec<String>,
}

impl NatsServer {
    /// A server that lets in who says `user` and `secret`; `None` where there is no `nats-server`.
    #[must_use]
    pub fn start() -> Option<Self> {
        if program("nats-server", &[]).is_none() {
            left_out("nats-server");
            return None;
        }
        Some(Self::begin(tempfile::tempdir().unwrap(), &known()))
    }

    /// One that allows `user` to publish on these subjects alone, and to subscribe to those.
    #[must_use]
    pub fn allowing(publish: &[&str], subscribe: &[&str]) -> Option<Self> {
        if program("nats-server", &[]).is_none() {
            left_out("nats-server");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nats.conf");
        let allowed = format!("{{publish: {publish:?}, subscribe: {subscribe:?}}}");
        let text = format!(
            "authorization {{users = [{{user: user, password: secret, permissions: {allowed}}}]}}\n"
        );
        std::fs::write(&path, text).unwrap();
        let more = ["--config".to_owned(), path.display().to_string()];
        Some(Self::begin(directory, &more))
    }

    /// One that speaks TLS, and the file of the authority that vouches for it, as `openssl` makes both; `None` where one of the
    /// programs is not there.
    #[must_use]
    pub fn encrypted() -> Option<(Self, PathBuf)> {
        if program("nats-server", &[]).is_none() {
            left_out("nats-server");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        if !certificates(directory.path()) {
            return None;
        }
        let file = |name: &str| directory.path().join(name).display().to_string();
        let (certificate, key) = (file("certificate.pem"), file("key.pem"));
        let authority = directory.path().join("ca.pem");
        let tls = ["--tls", "--tlscert", &certificate, "--tlskey", &key];
        let mut more = known();
        more.extend(tls.iter().map(ToString::to_string));
        Some((Self::begin(directory, &more), authority))
    }

    fn begin(directory: TempDir, more: &[String]) -> Self {
        let child = run(directory.path(), "-1", more);
        let until = Instant::now() + Duration::from_secs(20);
        let port = loop {
            if let Some(port) = port_of(directory.path(), child.id()) {
                break port;
            }
            assert!(Instant::now() < until, "nats-server does not start");
            std::thread::sleep(Duration::from_millis(20));
        };
        Self {
            directory,
            port,
            child,
            more: more.to_vec(),
        }
    }

    /// Its URL, without who one is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
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
        self.child = run(self.directory.path(), &self.port.to_string(), &self.more);
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn known() -> Vec<String> {
    ["--user", "user", "--pass", "secret"]
        .map(ToOwned::to_owned)
        .to_vec()
}

fn run(directory: &Path, port: &str, more: &[String]) -> Child {
    Command::new("nats-server")
        .args(["--addr", "127.0.0.1", "--port", port])
        .arg("--ports_file_dir")
        .arg(directory)
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The server writes where it listens: `{"nats":["nats://127.0.0.1:4222"]}`, or `tls://`.
fn port_of(directory: &Path, process: u32) -> Option<u16> {
    let path = directory.join(format!("nats-server_{process}.ports"));
    let text = std::fs::read_to_string(path).ok()?;
    let (_, rest) = text.split_once("://127.0.0.1:")?;
    rest.split('"').next()?.parse().ok()
}
