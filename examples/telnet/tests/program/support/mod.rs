//! The program in a directory of its own, and people who connect to it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// It did what was asked; what it printed.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }
}

/// A directory with a configuration, and perhaps a gateway that runs; it is killed when dropped.
pub(crate) struct Bench {
    dir: TempDir,
    gateway: Option<Child>,
    ready: String,
}

const CONFIG: &str = r#"
data_dir = "DIR/data"
store.url = "memory:"
http.address = "127.0.0.1:0"
"#;

const LISTENERS: &str = r#"
[[listener]]
dialect = "telnet"
address = "127.0.0.1:0"
[[listener]]
dialect = "jim"
address = "127.0.0.1:0"
[[listener]]
dialect = "talker"
address = "127.0.0.1:0"
"#;

impl Bench {
    /// No gateway runs, and the configuration has no listener of its own.
    pub(crate) fn offline(more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = CONFIG.replace("DIR", dir.path().to_str().unwrap());
        fs::write(dir.path().join("tolmach.toml"), format!("{config}{more}")).unwrap();
        Self {
            dir,
            gateway: None,
            ready: String::new(),
        }
    }

    /// A gateway that listens for telnet, JIM and Talker.
    pub(crate) fn running(more: &str) -> Self {
        let mut bench = Self::offline(&format!("{more}{LISTENERS}"));
        let mut serve = bench.command(&["serve"]);
        let log = fs::File::create(bench.path("log")).unwrap();
        let mut gateway = serve.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut out = BufReader::new(gateway.stdout.take().unwrap());
        out.read_line(&mut bench.ready).unwrap();
        let log = fs::read_to_string(bench.path("log")).unwrap();
        assert!(bench.ready.starts_with("ready "), "{}{log}", bench.ready);
        bench.gateway = Some(gateway);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tolmach-telnet"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TOLMACH_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .arg("-c")
            .arg(self.path("tolmach.toml"));
        command
    }

    /// Runs the program with this on its standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        run(&mut self.command(arguments), input)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    /// An account whose password is `pass-of-LOGIN`; its token.
    pub(crate) fn account(&self, login: &str) -> String {
        self.run_with(&["user", "add", login], &format!("pass-of-{login}"))
            .done();
        self.run(&["token", "create", login])
            .done()
            .trim()
            .to_owned()
    }

    pub(crate) fn port(&self, listener: &str) -> String {
        let mut words = self.ready.split_whitespace();
        let found = words.find_map(|word| word.strip_prefix(&format!("{listener}=127.0.0.1:")));
        found.unwrap().to_owned()
    }

    pub(crate) fn connect(&self, listener: &str) -> Person {
        let stream = TcpStream::connect(format!("127.0.0.1:{}", self.port(listener))).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        Person {
            writer: stream.try_clone().unwrap(),
            reader: BufReader::new(stream),
        }
    }

    /// A connection that has agreed to speak telnet over WebSocket.
    pub(crate) fn web_socket(&self) -> Person {
        let mut person = self.connect("http");
        person.say(
            "GET /ws/telnet HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade",
        );
        person.say("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        person.hears_of("HTTP/1.1 101 ");
        while person.line() != "" {}
        person
    }

    /// A telnet guest in the room `tea`.
    pub(crate) fn guest(&self, name: &str) -> Person {
        let mut person = self.connect("telnet");
        person.hears(&["** Who are you? Say your name, or /login NAME PASSWORD"]);
        person.say(name);
        person.hears(&[&format!("-- you are {name}; /help tells what there is")]);
        person
    }

    /// Stops the gateway as a supervisor does.
    pub(crate) fn terminate(&mut self) {
        let gateway = self.gateway.as_mut().unwrap();
        let kill = Command::new("kill").arg(gateway.id().to_string()).status();
        assert!(kill.unwrap().success());
        assert!(gateway.wait().unwrap().success());
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(gateway) = &mut self.gateway {
            // It may have ended by itself.
            let _ = gateway.kill();
            let _ = gateway.wait();
        }
    }
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

/// Somebody at the other end of a socket, by lines.
pub(crate) struct Person {
    writer: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Person {
    pub(crate) fn say(&mut self, line: &str) {
        self.write(format!("{line}\r\n").as_bytes());
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).unwrap();
    }

    /// The next lines are these.
    #[track_caller]
    pub(crate) fn hears(&mut self, lines: &[&str]) {
        for line in lines {
            assert_eq!(self.line(), *line);
        }
    }

    /// The next line that contains this; those before it are skipped.
    #[track_caller]
    pub(crate) fn hears_of(&mut self, what: &str) -> String {
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "the stream ended before {what}");
            if line.contains(what) {
                return line;
            }
        }
    }

    /// The server closes after these lines.
    #[track_caller]
    pub(crate) fn ends_with(&mut self, lines: &[&str]) {
        let mut rest = String::new();
        self.reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest.lines().collect::<Vec<_>>(), lines);
    }

    /// The next frame of a WebSocket is this text.
    #[track_caller]
    pub(crate) fn hears_message(&mut self, text: &str) {
        let head = self.bytes(2);
        assert_eq!(head[0], 0x81, "{head:x?}");
        let got = self.bytes(head[1].into());
        assert_eq!(String::from_utf8(got).unwrap(), text);
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line.trim_end_matches(['\r', '\n']).to_owned()
    }
}
