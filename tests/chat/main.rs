//! `tolmach chat` through real pipes, against servers that speak the documented wire by hand, and against a gateway.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy.toml allows these in tests, but not in what tests share"
)]

mod again;
mod daemon;
mod pty;
mod support;
mod terminal;

use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use support::{Client, Wire, command, jim, start, talker};

#[test]
fn jim_lines_in_and_lines_out() {
    let mut client = jim();
    client.write("one\n\n  two\r\nПривет 👩\u{200d}👩\u{200d}👧\n/me waves\n/msg bob psst\n//me out\nlast without an end");
    client.end_input();
    let server = &mut client.server;
    server.admit();
    let said: Vec<_> = (0..7).map(|_| server.expect("msg")).collect();
    let said: Vec<_> = said
        .iter()
        .map(|msg| {
            (
                msg["to"].as_str().unwrap(),
                msg["message"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("#lobby", "one"),
        ("#lobby", "  two"),
        ("#lobby", "Привет 👩\u{200d}👩\u{200d}👧"),
        ("#lobby", "/me waves"),
        ("bob", "psst"),
        ("#lobby", "/me out"),
        ("#lobby", "last without an end"),
    ];
    assert_eq!(said, expected);
    server.send(&json!({"action": "msg", "time": 1, "to": "#lobby", "from": "bob", "encoding": "utf-8", "message": "α\nβ\u{1b}[1m"}));
    server.send(
        &json!({"action": "msg", "time": 1, "to": "alice", "from": "bob", "message": "private"}),
    );
    server.send(
        &json!({"action": "msg", "time": 1, "to": "#lobby", "from": "bob", "message": "/me nods"}),
    );
    for _ in 0..7 {
        server.answer(200);
    }
    server.expect("quit");
    assert_eq!(server.next(), None);
    let ended = client.wait();
    ended.check(
        0,
        "#lobby <bob> α ⏎ β\u{fffd}[1m\n<bob> private\n#lobby <bob> /me nods\n",
    );
    assert_eq!(ended.err, "alice: 200\n#lobby: 201\n");
}

#[test]
fn nothing_to_say_is_a_farewell_too() {
    let mut client = jim();
    client.end_input();
    client.server.admit();
    client.server.expect("quit");
    client.wait().check(0, "");
}

#[test]
fn jim_refuses_a_login() {
    let mut client = start(
        "jim",
        &["--user", "alice"],
        &[("TOLMACH_PASSWORD", "secret")],
    );
    let login = client.server.expect("authenticate");
    assert_eq!(
        login["user"],
        json!({"account_name": "alice", "password": "secret"})
    );
    let error = "wrong name\u{1b}]0;x\u{7} or password";
    client
        .server
        .send(&json!({"response": 402, "time": 1, "error": error}));
    // The input is still open.
    let input = client.child.stdin.take();
    let ended = client.wait();
    drop(input);
    ended.check(1, "");
    assert!(
        ended
            .err
            .contains("refused: 402 wrong name\u{fffd}]0;x\u{fffd} or password"),
        "{}",
        ended.err
    );
}

#[test]
fn jim_refuses_a_message() {
    let mut client = jim();
    client.write("/msg bob hi\nafter\n");
    client.end_input();
    client.server.admit();
    client.server.expect("msg");
    client
        .server
        .send(&json!({"response": 410, "time": 1, "error": "bob is offline"}));
    assert_eq!(client.server.expect("msg")["message"], "after");
    client.server.answer(200);
    client.server.expect("quit");
    client.server.close();
    let ended = client.wait();
    ended.check(1, "");
    assert!(
        ended
            .err
            .contains("not accepted: to bob: 410 bob is offline\n"),
        "{}",
        ended.err
    );
}

#[test]
fn it_waits_until_all_is_accepted() {
    let mut client = jim();
    client.write("one\n");
    client.end_input();
    client.server.admit();
    client.server.expect("msg");
    // Only a farewell could come now, and there is none: the probe is answered instead.
    client.server.send(&json!({"action": "probe", "time": 1}));
    client.server.expect("presence");
    client.server.answer(200);
    client.server.expect("quit");
    client.wait().check(0, "");
}

#[test]
fn a_cut_connection_is_told_with_the_last_words() {
    let mut client = jim();
    client.write("one\n");
    client.server.admit();
    client.server.expect("msg");
    client
        .server
        .send(&json!({"response": 101, "time": 1, "alert": "shutting down"}));
    client.server.close();
    let input = client.child.stdin.take();
    let ended = client.wait();
    drop(input);
    ended.check(1, "");
    assert!(
        ended
            .err
            .ends_with("error: the server closed the connection: 101 shutting down\n"),
        "{}",
        ended.err
    );
}

#[test]
fn never_more_than_32_are_unanswered() {
    let mut client = jim();
    client.write(&"line\n".repeat(100));
    client.end_input();
    let server = &mut client.server;
    server.admit();
    for _ in 0..32 {
        server.expect("msg");
    }
    for _ in 32..100 {
        // A probe's answer shows that no further message is on the way.
        server.send(&json!({"action": "probe", "time": 1}));
        server.expect("presence");
        server.answer(200);
        server.expect("msg");
    }
    for _ in 0..32 {
        server.answer(200);
    }
    server.expect("quit");
    client.wait().check(0, "");
}

#[test]
fn lines_come_out_while_the_input_is_open() {
    let mut client = jim();
    client.server.admit();
    client
        .server
        .send(&json!({"action": "msg", "time": 1, "to": "#lobby", "from": "bob", "message": "hi"}));
    let mut out = BufReader::new(client.child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "#lobby <bob> hi\n");
    client.write("hi bob\n");
    assert_eq!(client.server.expect("msg")["message"], "hi bob");
    client.server.answer(200);
    client.end_input();
    client.server.expect("quit");
    client.wait().check(0, "");
    line.clear();
    out.read_to_string(&mut line).unwrap();
    assert_eq!(line, "");
}

#[test]
fn talker_lines_in_and_lines_out() {
    let mut client = talker();
    client.write("one\n/me waves\n/msg bob psst\nдва\n");
    client.end_input();
    let server = &mut client.server;
    let connect = server.expect("connect");
    assert_eq!(
        (&connect["room"], &connect["token"]),
        (&json!("tea"), &json!("secret"))
    );
    server.send(&json!({"type": "connected", "user": {"id": "7", "name": "alice"}}));
    server.send(&json!({"type": "users", "users": [{"id": "7", "name": "alice"}]}));
    let one = server.expect("message");
    assert_eq!(one["content"], "one");
    let emote = server.expect("message");
    assert_eq!(
        (&emote["content"], &emote["action"]),
        (&json!("waves"), &json!(true))
    );
    let private = server.expect("message");
    assert_eq!(
        (&private["content"], &private["to"]),
        (&json!("psst"), &json!("bob"))
    );
    let two = server.expect("message");
    assert_eq!(two["content"], "два");
    let bob = json!({"id": "8", "name": "bob"});
    server.send(&json!({"type": "join", "user": bob, "time": 1}));
    server
        .send(&json!({"type": "message", "content": "a\r\nb", "user": bob, "time": 1, "id": "5"}));
    server.send(
        &json!({"type": "message", "content": "nods", "user": bob, "time": 1, "action": true}),
    );
    server.send(
        &json!({"type": "message", "content": "psst", "user": bob, "time": 1, "private": true}),
    );
    for message in [&one, &emote, &two] {
        server.echo(message);
    }
    server.expect("close");
    assert_eq!(server.next(), None);
    let ended = client.wait();
    ended.check(0, "#tea <bob> a ⏎ b\n#tea <bob> /me nods\n<bob> psst\n");
    assert_eq!(
        ended.err,
        "#tea: connected as alice\nin #tea: alice\nbob joined\n"
    );
}

#[test]
fn talker_refuses_a_token() {
    let mut client = talker();
    client.server.expect("connect");
    client
        .server
        .send(&json!({"type": "error", "message": "Authentication failed"}));
    client.server.close();
    let output = client.child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(err, "error: refused: Authentication failed\n");
}

#[test]
fn talker_s_refusal_after_the_farewell_counts() {
    let mut client = talker();
    client.write("/msg bob hi\n");
    client.end_input();
    client.server.connect();
    client.server.expect("message");
    client.server.expect("close");
    client
        .server
        .send(&json!({"type": "error", "message": "bob is offline"}));
    client.server.close();
    let ended = client.wait();
    ended.check(1, "");
    assert!(
        ended.err.contains("not accepted: bob is offline\n"),
        "{}",
        ended.err
    );
}

#[test]
fn talker_is_cut_off() {
    let mut client = talker();
    client.write("one\n");
    client.end_input();
    client.server.connect();
    client.server.expect("message");
    client.server.close();
    let ended = client.wait();
    ended.check(1, "");
    assert!(
        ended
            .err
            .ends_with("error: the server closed the connection without a word\n"),
        "{}",
        ended.err
    );
}

#[test]
fn a_long_text_is_whole_in_talker() {
    let text = "слово ".repeat(17_000);
    let mut client = talker();
    client.server.connect();
    let mut stdin = client.child.stdin.take().unwrap();
    let line = format!("{text}\n");
    let writer = std::thread::spawn(move || stdin.write_all(line.as_bytes()).unwrap());
    let message = client.server.expect("message");
    assert_eq!(message["content"], json!(text));
    client.server.echo(&message);
    client.server.expect("close");
    writer.join().unwrap();
    client.wait().check(0, "");
}

#[test]
fn without_a_name_it_comes_in_as_a_guest_and_shows_the_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // With a password, too: it is nobody's.
    let child = command(&["jim", &address])
        .env("TOLMACH_PASSWORD", "secret")
        .spawn()
        .unwrap();
    let server = Wire::accept(&listener);
    let mut client = Client { child, server };
    let presence = client.server.expect("presence");
    let name = presence["user"]["account_name"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(name.starts_with("guest-") && name.len() == 10, "{name}");
    client.server.answer(200);
    client.server.expect("join");
    client.server.answer(200);
    client.end_input();
    client.server.expect("quit");
    let ended = client.wait();
    assert!(ended.err.contains(&format!("{name}: 200")), "{}", ended.err);
    ended.check(0, "");
}

#[test]
fn a_wrong_command_line_is_told_with_the_usage() {
    for (words, told) in [
        (&["gopher", "localhost"][..], "jim, talker"),
        (
            &["jim", "localhost", "--user", "alice", "--revision", "1"],
            "revision",
        ),
        (
            &["jim", "localhost", "--user", "alice", "--signup"],
            "--signup",
        ),
        (&["talker", "localhost"], "--token"),
        (&["purpose", "localhost"], "--user NAME with a password"),
        (
            &["purpose", "localhost", "--user", "alice"],
            "TOLMACH_PASSWORD",
        ),
        (&["purpose", "localhost", "--token", "secret"], "ID:TOKEN"),
        (&["purpose", "localhost", "--revision", "3"], "1 to 2"),
        (&["uchat", "localhost"], "--user NAME with a password"),
        (
            &["uchat", "localhost", "--user", "alice"],
            "TOLMACH_PASSWORD",
        ),
        (
            &["jim", "localhost", "--user", "alice", "--insecure"],
            "--tls",
        ),
    ] {
        let output = command(words).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {err}");
        assert!(
            err.contains(told) && err.contains("Usage: tolmach chat"),
            "{words:?}: {err}"
        );
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn nobody_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    drop(listener);
    let output = command(&["jim", "127.0.0.1", &port, "--user", "alice"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.starts_with(&format!("error: cannot reach 127.0.0.1 on port {port}: ")),
        "{err}"
    );
    assert!(
        err.contains("nothing listens there") && !err.contains("os error"),
        "{err}"
    );
    let output = command(&["jim", "127.0.0.1:http"]).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("as 127.0.0.1:7777"), "{err}");
}

#[test]
fn a_token_comes_from_a_file_or_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "secret\nmore\n").unwrap();
    let named = format!("@{}", file.display());
    for (options, environment) in [
        (&["--token", &*named][..], &[("TOLMACH_TOKEN", "other")][..]),
        (&[], &[("TOLMACH_TOKEN", "secret")]),
    ] {
        let mut client = start("talker", options, environment);
        assert_eq!(client.server.expect("connect")["token"], "secret");
        client.end_input();
    }
    for (file, why) in [("@/no/such", "No such file"), ("@/dev/null", "is empty")] {
        let output = command(&["talker", "127.0.0.1", "1", "--token", file])
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains(file) && err.contains(why), "{err}");
    }
}

/// What a terminal would obey or turn does not reach it by standard error either.
#[test]
fn nothing_raw_reaches_standard_error() {
    let evil = "\u{1b}[2J\u{9b}31m\u{202e}evil\u{7}";
    let mut client = jim();
    client.server.admit();
    for code in [100, 101] {
        let notice = json!({"response": code, "time": 1, "alert": evil});
        client.server.send(&notice);
    }
    client.server.close();
    let input = client.child.stdin.take();
    let ended = client.wait();
    drop(input);
    ended.check(1, "");
    let lines: Vec<_> = ended.err.lines().skip(2).collect();
    assert_eq!(lines.len(), 3, "{}", ended.err);
    for line in lines {
        assert!(!line.contains(char::is_control), "{line:?}");
        let line = line.strip_prefix("error: ").unwrap_or(line);
        let is_isolated = line.starts_with('\u{2068}') && line.ends_with('\u{2069}');
        assert!(is_isolated, "{line:?}");
    }
}
