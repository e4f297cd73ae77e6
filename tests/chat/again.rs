//! On a terminal, against a gateway: a connection that is lost, and what each dialect's people can ask for.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::daemon::{Chat, Gateway, PASSWORD, command};
use super::pty::Pty;
use super::support::TOO_LONG;

/// A way to the gateway that can be cut.
struct Way {
    port: u16,
    /// None while it is cut.
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Way {
    fn to(port: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way = Self {
            port: listener.local_addr().unwrap().port(),
            open: Arc::new(Mutex::new(Some(Vec::new()))),
        };
        let (open, to) = (Arc::clone(&way.open), format!("127.0.0.1:{port}"));
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if let Some(streams) = open.lock().unwrap().as_mut() {
                    let far = TcpStream::connect(&to).unwrap();
                    for (from, to) in [(&near, &far), (&far, &near)] {
                        let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                        thread::spawn(move || pass(from, to));
                    }
                    streams.extend([near, far]);
                }
            }
        });
        way
    }

    fn cut(&self) {
        for stream in self.open.lock().unwrap().take().unwrap() {
            _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        *self.open.lock().unwrap() = Some(Vec::new());
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    _ = to.shutdown(Shutdown::Write);
}

/// Alice on a terminal, in the lobby.
fn alice(gateway: &Gateway, dialect: &str, way: &Way) -> Pty {
    let mut command = command(&gateway.dir, &["chat", dialect]);
    command
        .arg(format!("127.0.0.1:{}", way.port))
        .env("TERM", "xterm")
        .env("NO_COLOR", "1");
    if dialect == "talker" {
        let token = gateway.run(&["token", "create", "alice"], "");
        command.env("TOLMACH_TOKEN", token.trim());
    } else {
        command
            .args(["--user", "alice"])
            .env("TOLMACH_PASSWORD", PASSWORD);
    }
    let mut alice = Pty::start(&mut command, 200);
    alice.expect("#lobby: entered");
    alice
}

/// Waits until the room's history has this.
fn until_said(gateway: &Gateway, text: &str) {
    let begin = Instant::now();
    while !gateway.run(&["history", "lobby"], "").contains(text) {
        assert!(begin.elapsed() < TOO_LONG);
    }
}

fn loses_and_comes_back(dialect: &str, listener: &str) {
    let gateway = Gateway::start();
    let mut bob: Chat = gateway.bob();
    let way = Way::to(&gateway.port(listener));
    let mut alice = alice(&gateway, dialect, &way);
    bob.write("before");
    alice.expect("<bob> before");
    alice.press("mine\r");
    bob.expect("#lobby <alice> mine");
    alice.expect("<alice> mine");
    way.cut();
    alice.expect("the next try is in");
    alice.expect_last("#lobby (no connection)>");
    bob.write("missed one");
    bob.write("/me missed two");
    until_said(&gateway, "missed two");
    alice.press("typed away\r");
    alice.expect("waits for the connection: typed away");
    way.mend();
    bob.expect("#lobby <alice> typed away");
    alice.expect("<alice> typed away\n#lobby>");
    let text = alice.screen.text();
    let place = |part: &str| {
        assert_eq!(text.matches(part).count(), 1, "{part}\n{text}");
        text.find(part).unwrap()
    };
    let places = [
        "<bob> before",
        "<alice> mine",
        "<bob> missed one",
        "* bob missed two",
        "<alice> typed away",
    ];
    assert!(places.map(place).is_sorted(), "{text}");
    // A second time nothing of the first comes again.
    way.cut();
    alice.until("pause", |screen| screen.count("the next try is in") == 2);
    way.mend();
    bob.write("last");
    alice.expect("<bob> last");
    alice.expect_last("#lobby>");
    assert_eq!(
        alice.screen.count("missed one"),
        1,
        "{}",
        alice.screen.text()
    );
    assert_eq!(
        alice.screen.count("<alice> mine"),
        1,
        "{}",
        alice.screen.text()
    );
    alice.press("\x04");
    alice.end(0);
}

#[test]
fn jim_comes_back() {
    loses_and_comes_back("jim", "jim");
}

#[test]
fn talker_comes_back() {
    loses_and_comes_back("talker", "talker");
}

#[test]
fn purpose_comes_back() {
    loses_and_comes_back("purpose", "purpose.2");
}

#[test]
fn uchat_comes_back() {
    loses_and_comes_back("uchat", "uchat");
}

#[test]
fn people_ask_for_what_their_dialect_has() {
    let gateway = Gateway::start();
    let mut bob = gateway.bob();
    for (dialect, listener, search, leave, make) in [
        ("jim", "jim", true, true, "/join tea"),
        ("talker", "talker", true, true, "/join tea"),
        ("purpose", "purpose.2", false, true, "/join tea"),
        ("uchat", "uchat", true, false, "/new cake"),
    ] {
        let way = Way::to(&gateway.port(listener));
        let mut alice = alice(&gateway, dialect, &way);
        let text = format!("the word of {dialect}");
        bob.write(&text);
        alice.expect(&format!("<bob> {text}"));
        alice.press("/history 1\r");
        alice.until("history", |screen| {
            screen.count(&format!("<bob> {text}")) == 2
        });
        alice.press("/help\r");
        alice.expect("//TEXT");
        let help = alice.screen.text();
        assert_eq!(help.contains("/search"), search, "{help}");
        assert_eq!(help.contains("/leave"), leave, "{help}");
        if search {
            alice.press(&format!("/search WORD of {dialect}\r"));
            alice.until("found", |screen| {
                screen.count(&format!("<bob> {text}")) == 3
            });
        }
        alice.press("/who\r");
        alice.until("names", |screen| {
            screen
                .lines()
                .iter()
                .any(|line| line.contains("alice") && line.contains("bob") && !line.contains('<'))
        });
        alice.press(&format!("{make}\rhello there\r"));
        let room = make.split(' ').next_back().unwrap();
        alice.expect(&format!("<alice> hello there\n#{room}>"));
        alice.press("/rooms\r");
        alice.until("rooms", |screen| {
            screen.count("#lobby\n") + screen.count("#lobby (") > 0
        });
        if leave {
            alice.press("/leave\r");
            // There one leaves a room only for another one.
            let told = match dialect {
                "talker" => "/leave ROOM: which one?".to_owned(),
                _ => format!("#{room}: left"),
            };
            alice.expect(&told);
        }
        alice.press("/msg bob psst\r");
        bob.expect("<alice> psst");
        alice.expect("(private to bob) <alice> psst");
        alice.press("/quit\r");
        alice.end(0);
    }
    let said = gateway.run(&["history", "tea"], "");
    assert_eq!(said.matches("hello there").count(), 3, "{said}");
    bob.end(0);
}

/// A port that speaks something else is told, and at once.
#[test]
fn another_dialect_on_the_port_is_named() {
    let gateway = Gateway::start();
    for (dialect, listener, spoken) in [
        ("talker", "jim", "jim"),
        ("talker", "uchat", "uchat"),
        ("talker", "purpose.2", "purpose"),
        ("jim", "talker", "talker"),
        ("jim", "uchat", "uchat"),
        ("jim", "purpose.1", "purpose"),
        ("uchat", "jim", "jim"),
        ("uchat", "talker", "talker"),
        ("purpose", "talker", "talker"),
    ] {
        // JIM has no tokens: there one comes as a guest.
        let options = match dialect {
            "jim" => &[][..],
            _ => &["--token", "1:secret"],
        };
        let err = gateway.chat(dialect, listener, options).end(1).join("\n");
        let told = format!("error: the server speaks {spoken}, not {dialect}");
        assert!(err.contains(&told), "{err}");
    }
    // These wait for the end of what cannot be one of their frames.
    let waiting = ["jim", "uchat"]
        .map(|listener| gateway.chat("purpose", listener, &["--token", "1:secret"]));
    let begin = Instant::now();
    for chat in waiting {
        let err = chat.end(1).join("\n");
        assert!(
            err.contains("said nothing for 10 seconds; perhaps it does not speak purpose"),
            "{err}"
        );
    }
    assert!(begin.elapsed() < TOO_LONG / 2);
}
