//! A client that runs, and a server's end of its connection.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// Nothing here takes so long unless something is wrong.
pub(crate) const TOO_LONG: Duration = Duration::from_secs(30);

/// The server's end of a connection.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    pub(crate) objects:
        serde_json::StreamDeserializer<'static, serde_json::de::IoRead<TcpStream>, Value>,
}

impl Wire {
    pub(crate) fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(TOO_LONG)).unwrap();
        let reader = stream.try_clone().unwrap();
        let objects = serde_json::Deserializer::from_reader(reader).into_iter();
        Self { stream, objects }
    }

    /// The client's next object; none when it has ended the stream.
    pub(crate) fn next(&mut self) -> Option<Value> {
        self.objects.next().map(Result::unwrap)
    }

    /// The next object, whose `action` or `type` must be this.
    pub(crate) fn expect(&mut self, kind: &str) -> Value {
        let object = self.next().expect("the client ended the stream");
        // An emote's `action` is `true`, a presence's `type` is a status.
        let action = object.get("action").filter(|action| action.is_string());
        let found = action.or_else(|| object.get("type"));
        assert_eq!(found, Some(&json!(kind)), "{object}");
        object
    }

    pub(crate) fn send(&mut self, object: &Value) {
        let line = format!("{object}\n");
        self.stream.write_all(line.as_bytes()).unwrap();
    }

    pub(crate) fn answer(&mut self, code: u16) {
        self.send(&json!({"response": code, "time": 1}));
    }

    /// JIM: presence, join.
    pub(crate) fn admit(&mut self) {
        self.expect("presence");
        self.let_in();
    }

    /// JIM: authenticate, join.
    pub(crate) fn admit_account(&mut self) {
        self.expect("authenticate");
        self.let_in();
    }

    pub(crate) fn let_in(&mut self) {
        self.answer(200);
        self.expect("join");
        self.answer(201);
    }

    /// Talker: connect.
    pub(crate) fn connect(&mut self) {
        self.expect("connect");
        self.send(&json!({"type": "connected", "user": {"id": "7", "name": "alice"}}));
        self.send(&json!({"type": "users", "users": [{"id": "7", "name": "alice"}]}));
    }

    /// Talker: the message comes back with who said it.
    pub(crate) fn echo(&mut self, message: &Value) {
        let mut echo = message.clone();
        echo["user"] = json!({"id": "7", "name": "alice"});
        echo["time"] = json!(1);
        self.send(&echo);
    }

    pub(crate) fn close(&self) {
        self.stream.shutdown(Shutdown::Both).unwrap();
    }
}

/// A running client.
pub(crate) struct Client {
    pub(crate) child: Child,
    pub(crate) server: Wire,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tolmach"));
    command
        .arg("chat")
        .args(words)
        .env_remove("TOLMACH_PASSWORD")
        .env_remove("TOLMACH_ROOM_PASSWORD")
        .env_remove("TOLMACH_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn start(dialect: &str, options: &[&str], environment: &[(&str, &str)]) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let mut command = command(&[dialect, "127.0.0.1", &port]);
    command.args(options).envs(environment.iter().copied());
    let child = command.spawn().unwrap();
    Client {
        child,
        server: Wire::accept(&listener),
    }
}

pub(crate) fn jim() -> Client {
    start("jim", &["--user", "alice"], &[])
}

pub(crate) fn talker() -> Client {
    start("talker", &["--token", "secret", "--room", "#tea"], &[])
}

impl Client {
    pub(crate) fn write(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn end_input(&mut self) {
        self.child.stdin = None;
    }

    /// Ends the server's stream and the input, and waits for the end.
    pub(crate) fn wait(self) -> Ended {
        // The test, or the client, may have ended it before.
        _ = self.server.stream.shutdown(Shutdown::Write);
        let output = self.child.wait_with_output().unwrap();
        Ended {
            status: output.status,
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    #[track_caller]
    pub(crate) fn check(&self, code: i32, out: &str) {
        assert_eq!(self.status.code(), Some(code), "{}", self.err);
        assert_eq!(self.out, out, "{}", self.err);
    }
}
