//! A directory, a configuration in it, the program, and perhaps a gateway that runs.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::TempDir;

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// It did what was asked and had nothing to remark; what it printed.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(
            (self.code, self.err.as_str()),
            (Some(0), ""),
            "{}",
            self.out
        );
        self.out
    }

    /// It was refused in one line; that line.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert_eq!(
            (self.code, self.out.as_str()),
            (Some(1), ""),
            "{}",
            self.err
        );
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        assert!(
            self.err.starts_with("tolmach: ") && self.err.ends_with('\n'),
            "{}",
            self.err
        );
        self.err
    }
}

/// The program, without what the environment of the tests says.
pub(crate) fn tolmach() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tolmach"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TOLMACH_") {
            command.env_remove(name);
        }
    }
    // Several of them run at once.
    command.env("TOLMACH_HTTP__ADDRESS", "");
    command
}

/// Runs a command with this on its standard input.
pub(crate) fn run(command: &mut Command, input: &str) -> Ran {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // It may not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    Ran {
        code: output.status.code(),
        out,
        err,
    }
}

/// Sends a signal by name.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// A gateway that runs as a process of its own; killed when dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) ready: String,
}

impl Running {
    /// Starts a gateway, and returns when it is ready.
    pub(crate) fn start(command: &mut Command, log: impl Into<Stdio>) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        Self::started(command.spawn().unwrap())
    }

    /// Returns when a gateway is ready that was just started.
    pub(crate) fn started(mut child: Child) -> Self {
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        stdout.read_line(&mut ready).unwrap();
        assert!(ready.starts_with("ready"), "{ready:?}; its log says why");
        assert!(stdout.buffer().is_empty());
        child.stdout = Some(stdout.into_inner());
        Self { child, ready }
    }

    /// The port of a listener in the ready line.
    pub(crate) fn port(&self, name: &str) -> u16 {
        let words = self.ready.split_whitespace();
        let address = words
            .filter_map(|word| word.split_once('='))
            .find(|(listener, _)| *listener == name)
            .unwrap()
            .1;
        address.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits for its end: the exit status, and what it still printed.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut rest)
            .unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct Bench {
    dir: TempDir,
    // Ends before its directory.
    pub(crate) gateway: Option<Running>,
}

impl Bench {
    /// Nothing runs, nothing is there yet.
    pub(crate) fn offline() -> Self {
        let bench = Self {
            dir: TempDir::new().unwrap(),
            gateway: None,
        };
        bench.configure("");
        bench
    }

    /// A gateway has run, and made a store; none runs now.
    pub(crate) fn stopped() -> Self {
        let bench = Self::offline();
        bench.make_store();
        bench
    }

    /// What only a gateway does: it runs for a moment.
    pub(crate) fn make_store(&self) {
        let mut gateway = self.serve(&[]);
        gateway.signal("TERM");
        assert!(gateway.wait().0.success());
    }

    /// A gateway runs.
    pub(crate) fn running() -> Self {
        let mut bench = Self::offline();
        bench.gateway = Some(bench.serve(&[]));
        bench
    }

    /// Writes the configuration, with `more` keys at its end.
    pub(crate) fn configure(&self, more: &str) {
        let mut text = format!("data_dir = {:?}\n", self.data_dir());
        let mut listeners = String::new();
        for dialect in tolmach::dialects::ALL {
            let dialect = dialect.name();
            write!(
                listeners,
                "[[listener]]\ndialect = {dialect:?}\naddress = \"127.0.0.1:0\"\n"
            )
            .unwrap();
        }
        write!(text, "{listeners}{more}").unwrap();
        std::fs::write(self.path("tolmach.toml"), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data_dir().join("tolmach.db")
    }

    /// The program with these arguments and this bench's configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = tolmach();
        command
            .current_dir(self.dir.path())
            .args(arguments)
            .arg("-c")
            .arg(self.path("tolmach.toml"));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    /// Runs with this on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        run(&mut self.command(arguments), input)
    }

    /// Runs, and takes each line of the output for an object.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let out = self.run(arguments).done();
        out.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Starts a gateway, and returns when it is ready. Its log is the file `log`.
    pub(crate) fn serve(&self, arguments: &[&str]) -> Running {
        let log = std::fs::File::create(self.path("log")).unwrap();
        self.serve_with(arguments, log)
    }

    /// As [`Bench::serve`], with its log elsewhere.
    pub(crate) fn serve_with(&self, arguments: &[&str], log: impl Into<Stdio>) -> Running {
        let mut command = self.command(&["serve"]);
        Running::start(command.args(arguments), log)
    }
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// A test that must come to the same whether a gateway runs or not.
macro_rules! either_way {
    ($(#[doc = $doc:literal])* fn $name:ident($bench:ident) $body:block) => {
        mod $name {
            use super::*;

            $(#[doc = $doc])*
            fn it($bench: Bench) $body

            #[test]
            fn offline() {
                it(Bench::stopped());
            }

            #[test]
            fn with_a_gateway() {
                it(Bench::running());
            }
        }
    };
}
pub(crate) use either_way;
