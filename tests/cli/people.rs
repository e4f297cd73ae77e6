//! Clients of each dialect over real sockets, and somebody who watches them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use super::bench::Bench;

/// How long what must come may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A client; frames are what its dialect takes for one.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(bench: &Bench, listener: &str) -> Self {
        let port = bench.gateway.as_ref().unwrap().port(listener);
        Self::to(([127, 0, 0, 1], port).into())
    }

    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    pub(crate) fn say(&mut self, frame: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(frame.as_ref()).unwrap();
    }

    /// The next line.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'), "the stream ended: {line:?}");
        line
    }

    /// The next line that contains this.
    pub(crate) fn hear_of(&mut self, what: &str) -> String {
        loop {
            let line = self.hear();
            if line.contains(what) {
                return line;
            }
        }
    }

    /// The next frame of the purpose dialect: its purpose and its body.
    pub(crate) fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut header = [0; 6];
        self.stream.read_exact(&mut header).unwrap();
        let length = u32::from_le_bytes(header[..4].try_into().unwrap());
        let mut body = vec![0; length as usize];
        self.stream.read_exact(&mut body).unwrap();
        (header[4], body)
    }

    /// The answer to an object of JIM.
    pub(crate) fn ask(&mut self, object: &str) -> String {
        self.say(object);
        self.hear()
    }

    /// A JIM guest.
    pub(crate) fn guest(bench: &Bench, name: &str) -> Self {
        let mut guest = Self::connect(bench, "jim");
        let answer = guest.ask(&format!(
            r#"{{"action":"presence","time":1,"type":"status","user":{{"account_name":"{name}","status":""}}}}"#
        ));
        assert!(answer.contains("\"response\":200"), "{answer}");
        guest
    }

    /// A JIM client makes a room, which the store must keep.
    pub(crate) fn makes(&mut self, room: &str) {
        let answer = self.ask(&format!(
            r##"{{"action":"join","time":1,"room":"#{room}"}}"##
        ));
        assert!(answer.contains("\"response\":201"), "{answer}");
    }

    /// What comes until the server closes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).unwrap();
        rest
    }
}

/// A frame of the purpose dialect.
pub(crate) fn frame(purpose: u8, task: u8, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [&length[..], &[purpose, task], &body].concat()
}

pub(crate) fn anna_by_jim(bench: &Bench, login: &str, password: &str) -> Client {
    let mut client = Client::connect(bench, "jim");
    client.say(format!(
        r##"{{"action":"authenticate","time":1,"user":{{"account_name":"{login}","password":"{password}"}}}}"##
    ));
    assert!(client.hear().contains("200"));
    client
}

pub(crate) fn by_purpose(bench: &Bench, login: &str, password: &str) -> Client {
    let mut client = Client::connect(bench, "purpose.2");
    client.say(frame(0x20, 1, &[&[0, 1]]));
    assert_eq!(client.frame().0, 0);
    client.say(frame(
        0x21,
        2,
        &[login.as_bytes(), &[0], password.as_bytes(), &[0]],
    ));
    assert_eq!(client.frame().0, 0);
    client
}

pub(crate) fn by_talker(bench: &Bench, room: &str, token: &str) -> Client {
    let mut client = Client::connect(bench, "talker");
    client.say(format!(
        "{{\"type\":\"connect\",\"room\":\"{room}\",\"token\":\"{token}\"}}\n"
    ));
    client.hear_of("users");
    client
}

/// A `tolmach tap` that watches.
pub(crate) struct Tapping {
    child: Child,
    lines: Receiver<String>,
}

impl Tapping {
    pub(crate) fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let mut command = bench.command(&[&["tap"], arguments].concat());
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut says = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut says).unwrap();
        assert_eq!(says, "tolmach: watching\n");
        let lines = read_lines(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next line.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// All objects up to the first for which this holds.
    pub(crate) fn until(&self, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let entry: Value = serde_json::from_str(&self.line()).unwrap();
            let last = is_last(&entry);
            all.push(entry);
            if last {
                return all;
            }
        }
    }

    /// Ctrl-C: the exit code and what was still printed.
    pub(crate) fn interrupt(self) -> (Option<i32>, Vec<String>) {
        let id = self.child.id().to_string();
        let kill = std::process::Command::new("kill")
            .args(["-s", "INT", &id])
            .status();
        assert!(kill.unwrap().success());
        self.end()
    }

    /// It ends by itself.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<String>) {
        let code = self.child.wait().unwrap().code();
        (code, self.lines.iter().collect())
    }
}

fn read_lines(stdout: ChildStdout) -> Receiver<String> {
    let (tell, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines() {
            if tell.send(line.unwrap()).is_err() {
                return;
            }
        }
    });
    lines
}

/// Of what kind an entry is, and on whose connection.
pub(crate) fn kind(entry: &Value) -> (String, String) {
    let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    (text("kind"), text("user"))
}

/// Whether a frame of an entry contains this.
pub(crate) fn says(entry: &Value, what: &str) -> bool {
    entry["frames"].to_string().contains(what)
}
