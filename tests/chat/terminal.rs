//! A person at a terminal, against a server that speaks JIM or Talker by hand.

use std::net::TcpListener;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::pty::Pty;
use super::support::{Wire, command};

/// A client on a terminal, and the server's end.
struct Person {
    at: Pty,
    listener: TcpListener,
    server: Wire,
}

fn person(dialect: &str, options: &[&str], environment: &[(&str, &str)]) -> Person {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut command = command(&[dialect, &address]);
    command
        .args(options)
        .env("TERM", "xterm")
        .env("TZ", "UTC0")
        .env_remove("NO_COLOR");
    // Else it would be asked for.
    command
        .env("TOLMACH_PASSWORD", "secret")
        .envs(environment.iter().copied());
    let at = Pty::start(&mut command, 80);
    let server = Wire::accept(&listener);
    Person {
        at,
        listener,
        server,
    }
}

/// Somebody who is in the room.
fn alice(environment: &[(&str, &str)]) -> Person {
    let mut alice = person("jim", &["--user", "alice"], environment);
    alice.server.admit_account();
    alice.at.expect("you are alice\n#lobby: entered\n#lobby>");
    alice
}

impl Person {
    fn hear(&mut self, text: &str) {
        self.server.send(&message("#lobby", "bob", text));
    }

    /// What the client says next is this, and is accepted.
    #[track_caller]
    fn says(&mut self, text: &str) {
        assert_eq!(self.server.expect("msg")["message"], text);
        self.server.answer(200);
    }

    /// The client says farewell and is gone.
    #[track_caller]
    fn leaves(&mut self) -> Vec<String> {
        self.server.expect("quit");
        self.server.close();
        self.at.end(0)
    }
}

fn message(to: &str, from: &str, text: &str) -> Value {
    json!({"action": "msg", "time": 86400, "to": to, "from": from, "message": text})
}

#[test]
fn what_is_typed_ahead_is_said_in_its_order_and_shown_once() {
    let mut alice = person("jim", &["--user", "alice"], &[]);
    alice.server.expect("authenticate");
    alice.at.expect("#lobby>");
    alice.at.press("first\rsecond\rthird\r");
    alice.server.answer(200);
    alice.server.expect("join");
    alice.server.answer(201);
    for text in ["first", "second", "third"] {
        alice.says(text);
    }
    alice.at.expect("<alice> third");
    alice.at.press("\x04");
    let lines = alice.leaves();
    let said: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("<alice>"))
        .collect();
    assert_eq!(said.len(), 3, "{lines:?}");
    for text in ["first", "second", "third"] {
        assert_eq!(alice.at.screen.count(text), 1, "{lines:?}");
    }
}

#[test]
fn a_paste_waits_for_enter_and_is_no_command() {
    let mut alice = alice(&[]);
    alice.at.press("\x1b[200~/quit\r\n/who\r\x1b[201~");
    alice.at.expect_last("#lobby> /quit⏎/who");
    alice.at.press("\r");
    alice.says("/quit\n/who");
    alice.at.press("one\rtwo\r");
    alice.says("one");
    alice.says("two");
    alice.at.press("/quit\r");
    alice.leaves();
}

#[test]
fn arrivals_leave_the_line_alone() {
    let mut alice = alice(&[]);
    alice.at.press("helo\x1b[D");
    alice.at.expect_last("#lobby> helo");
    alice.hear("one");
    alice.hear("two");
    alice.at.expect("00:00 <bob> two\n#lobby> helo");
    alice.at.press("l\r");
    alice.says("hello");
    alice.at.expect("<alice> hello\n#lobby>");
    assert_eq!(alice.at.screen.count("#lobby>"), 1);
    alice.at.press("\x04");
    alice.leaves();
}

#[test]
fn ctrl_c_clears_the_line_and_twice_leaves() {
    let mut alice = alice(&[]);
    alice.at.press("half\x03whole\r");
    alice.says("whole");
    alice.at.press("half\x03\x03");
    alice.at.expect("Ctrl-C again leaves");
    alice.at.press("x\x03\x03\x03");
    alice.leaves();
}

#[test]
fn the_terminal_is_left_as_it_was_found() {
    let signals = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].map(Some);
    for signal in signals.into_iter().chain([None]) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut program = command(&["jim", &address, "--user", "alice"]);
        program
            .env("TERM", "xterm")
            .env("TOLMACH_PASSWORD", "secret");
        let mut at = Pty::start(&mut program, 80);
        let mut server = Wire::accept(&listener);
        server.admit_account();
        at.expect("#lobby: entered");
        let typing = at.stty(&["-g"]);
        match signal {
            Some(signal) => at.signal(signal),
            None => at.press("half\x15\x04"),
        }
        server.expect("quit");
        server.close();
        let lines = at.end(0);
        assert!(
            lines.iter().all(|line| !line.contains("#lobby>")),
            "{lines:?}"
        );
        assert!(at.raw.ends_with("\x1b[?2004l"), "{:?}", at.raw);
        let found = at.stty(&["-a"]);
        assert_ne!(at.stty(&["-g"]), typing);
        for word in [" icanon", " echo ", " isig", " icrnl"] {
            assert!(found.replace('\n', " ").contains(word), "{found}");
        }
    }
}

#[test]
fn a_narrower_window_keeps_one_line() {
    let mut alice = alice(&[]);
    alice.hear("said before");
    alice.at.expect("<bob> said before");
    let typed = "0123456789".repeat(6);
    alice.at.press(&typed);
    alice.at.expect_last(&format!("#lobby> {typed}"));
    for columns in [40, 70, 23, 31] {
        alice.at.resize(columns);
        let shown = format!("#lobby> …{}", &typed[60 - (usize::from(columns) - 10)..]);
        let shown = if columns == 70 {
            format!("#lobby> {typed}")
        } else {
            shown
        };
        alice.at.expect_last(&shown);
        assert_eq!(
            alice.at.screen.count("#lobby>"),
            1,
            "{}",
            alice.at.screen.text()
        );
    }
    alice.hear("said then");
    alice.at.expect("<bob> said the\nn\n");
    alice.at.resize(80);
    alice
        .at
        .expect(&format!("<bob> said then\n#lobby> {typed}"));
    assert_eq!(alice.at.screen.count("<bob> said before"), 1);
    assert_eq!(alice.at.screen.count("#lobby>"), 1);
    alice.at.press("\r");
    alice.says(&typed);
    alice.at.press("\x04");
    alice.leaves();
}

#[test]
fn times_are_those_here() {
    let mut alice = person("jim", &["--user", "alice", "--times"], &[("TZ", "XYZ-9")]);
    alice.server.admit_account();
    alice.hear("hi");
    alice.at.expect("1970-01-02 09:00:00 <bob> hi");
}

#[test]
fn colours_are_for_terminals_that_may_have_them() {
    for (environment, dim) in [
        (&[][..], true),
        (&[("NO_COLOR", "1")], false),
        (&[("NO_COLOR", "")], true),
    ] {
        let mut person = person("talker", &["--token", "t", "--room", "tea"], environment);
        person.server.connect();
        let bob = json!({"id": "8", "name": "bob"});
        person
            .server
            .send(&json!({"type": "join", "user": bob, "time": 1}));
        person
            .server
            .send(&json!({"type": "leave", "user": bob, "time": 1}));
        let private =
            json!({"type": "message", "content": "psst", "user": bob, "time": 1, "private": true});
        person.server.send(&private);
        person.at.expect("bob joined\nbob left");
        person.at.expect("(private) <bob> psst");
        let joined = if dim {
            "\x1b[2mbob joined\x1b[0m"
        } else {
            "\x1b[Jbob joined\r"
        };
        assert!(person.at.raw.contains(joined), "{:?}", person.at.raw);
        assert_eq!(
            person.at.raw.contains('m') && person.at.raw.contains("[0m"),
            dim
        );
    }
}

#[test]
fn nothing_that_others_say_moves_the_cursor() {
    let mut alice = alice(&[("NO_COLOR", "1")]);
    let evil = "\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{8}\u{202e}\r";
    alice.server.send(&message(&format!("#{evil}"), evil, evil));
    alice.server.send(&message("alice", evil, evil));
    alice
        .server
        .send(&json!({"response": 101, "time": 1, "alert": evil}));
    alice
        .server
        .send(&json!({"action": "msg", "to": evil, "message": {"evil": evil}}));
    alice.hear("end");
    alice.at.expect("<bob> end");
    let raw = alice
        .at
        .raw
        .replace("\u{1b}[?2004h", "")
        .replace("\r\u{1b}[J", "")
        .replace("\r\n", "\n");
    let raw = raw.replace("\u{1b}[8C", "");
    let bad: Vec<_> = raw
        .chars()
        .filter(|c| c.is_control() && *c != '\n')
        .collect();
    assert_eq!(bad, [], "{raw:?}");
    assert_eq!(
        raw.matches('\u{202e}').count(),
        raw.matches('\u{2068}').count()
    );
}

#[test]
fn a_dumb_terminal_gets_lines() {
    let mut alice = person("jim", &["--user", "alice"], &[("TERM", "dumb")]);
    alice.server.admit_account();
    alice.hear("hi");
    alice.at.expect("#lobby <bob> hi");
    alice.at.press("/help\n/quit\n");
    alice.at.expect("/msg NAME TEXT");
    alice.leaves();
    drop(alice.listener);
}

#[test]
fn tab_completes_commands_and_names() {
    let mut person = person("talker", &["--token", "t", "--room", "tea"], &[]);
    person.server.connect();
    let anton = json!({"id": "8", "name": "anton"});
    person
        .server
        .send(&json!({"type": "join", "user": anton, "time": 1}));
    person.at.expect("anton joined");
    person.at.press("/ms\tan\t");
    person.at.expect_last("#tea> /msg anton");
    person.at.press("\x15a\t");
    person.at.expect("alice  anton");
    person.at.press("n\thi\r");
    let said = person.server.expect("message");
    assert_eq!(said["content"], "anton: hi");
}

/// The server had a line, or had it not, when the connection broke: it is said again only where it had not.
#[test]
fn what_had_no_answer_is_said_again_where_it_did_not_arrive() {
    for arrived in [true, false] {
        let mut alice = alice(&[]);
        alice.at.press("one\r");
        alice.server.expect("msg");
        alice.server.close();
        alice.at.expect("the next try is in");
        alice.server = Wire::accept(&alice.listener);
        alice.server.admit_account();
        let question = alice.server.expect("msg");
        assert_eq!(question["message"], "history #lobby 100");
        alice.server.answer(200);
        if arrived {
            let line = "1970-01-01 00:00:09 <alice> one";
            alice.server.send(&message("alice", "tolmach", line));
        }
        alice.server.expect("presence");
        alice.server.answer(200);
        if !arrived {
            alice.says("one");
        }
        alice.at.expect("<alice> one");
        alice.at.press("two\r");
        alice.says("two");
        alice.at.expect("<alice> two");
        assert_eq!(alice.at.screen.count("<alice> one"), 1);
        alice.at.press("\x04");
        alice.leaves();
    }
}

#[test]
fn a_refusal_at_first_is_the_end() {
    let mut alice = person("jim", &["--user", "alice"], &[]);
    alice.server.expect("authenticate");
    alice
        .server
        .send(&json!({"response": 402, "time": 1, "error": "wrong"}));
    let lines = alice.at.end(1);
    assert_eq!(lines.last().unwrap(), "error: refused: 402 wrong");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let mut program = command(&["jim", &address]);
    let lines = Pty::start(program.env("TERM", "xterm"), 80).end(1);
    assert!(lines.concat().contains("cannot reach"), "{lines:?}");
}
