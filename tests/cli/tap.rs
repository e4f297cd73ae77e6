//! `tolmach tap`.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::bench::{Bench, read};
use super::people::{Client, Tapping, anna_by_jim, by_purpose, by_talker, frame, kind, says};

/// An account; its token for Talker.
fn account(bench: &Bench, login: &str) -> String {
    bench
        .run_with(&["user", "add", login], &format!("pass-of-{login}"))
        .done();
    let token = bench.run(&["token", "create", login]).done();
    token.trim_end().to_owned()
}

fn hash(password: &str) -> String {
    let digest = Sha256::digest(password.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn msg(from: &str, to: &str, text: &str) -> String {
    format!(
        r##"{{"action":"msg","time":1,"to":"{to}","from":"{from}","encoding":"utf-8","message":"{text}"}}"##
    )
}

fn join(room: &str) -> String {
    format!(r##"{{"action":"join","time":1,"room":"#{room}"}}"##)
}

fn uchat_log_in(bench: &Bench, login: &str) -> Client {
    let mut client = Client::connect(bench, "uchat");
    let pass = hash(&format!("pass-of-{login}"));
    client.say(format!(
        "{{\"type\":0,\"login\":\"{login}\",\"pass\":\"{pass}\",\"name\":\"\",\"desc\":\"\"}}\n"
    ));
    client.hear_of("token");
    client
}

/// What the ends of a conversation are, in all dialects; everybody is in the lobby.
fn everybody(bench: &Bench) -> (Client, [Client; 3]) {
    let boris = account(bench, "boris");
    for login in ["anna", "clara", "dora"] {
        account(bench, login);
        bench.run(&["room", "add", "lobby", login]).done();
    }
    let talker = by_talker(bench, "lobby", &boris);
    let purpose = by_purpose(bench, "clara", "pass-of-clara");
    let uchat = uchat_log_in(bench, "dora");
    let jim = anna_by_jim(bench, "anna", "pass-of-anna");
    (jim, [talker, purpose, uchat])
}

#[test]
fn a_message_is_seen_from_its_frame_to_every_dialects_frames() {
    let bench = Bench::running();
    let (mut anna, _others) = everybody(&bench);
    let tap = Tapping::start(&bench, &["--json"]);
    anna.say(msg("anna", "#lobby", "hello all"));
    anna.hear_of("200");
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.extend(tap.until(|entry| entry["kind"] == "out"));
    }
    let order: Vec<_> = seen.iter().map(kind).collect();
    assert_eq!(order[0], ("in".into(), "anna".into()), "{seen:#?}");
    assert_eq!(order[1].0, "event");
    let event = &seen[1]["event"]["room"];
    assert_eq!(event["change"]["posted"]["text"], "hello all");
    let out: Vec<&Value> = seen.iter().filter(|entry| entry["kind"] == "out").collect();
    for (user, dialect, shown) in [
        ("boris", "talker", r#"\"content\":\"hello all\""#),
        ("clara", "purpose.2", r#"text \"hello all\""#),
        ("dora", "uchat", "hello all"),
        ("anna", "jim", r#"\"response\":200"#),
    ] {
        let to: Vec<_> = out.iter().filter(|entry| entry["user"] == user).collect();
        assert_eq!(to.len(), 1, "{user}: {seen:#?}");
        assert_eq!(to[0]["dialect"], dialect);
        assert!(says(to[0], shown), "{}", to[0]);
    }
    // What comes to nothing says why.
    anna.say(msg("anna", "#nowhere", "hello?"));
    let seen = tap.until(|entry| kind(entry) == ("out".into(), "anna".into()));
    let refused = seen.iter().find(|entry| entry["kind"] == "refused");
    assert!(refused.unwrap()["error"].is_string(), "{seen:#?}");
    assert_eq!(tap.interrupt().0, Some(130));
}

#[test]
fn a_person_reads_blocks() {
    let bench = Bench::running();
    let (mut anna, _others) = everybody(&bench);
    let tap = Tapping::start(&bench, &[]);
    anna.say(msg("anna", "#lobby", "hello"));
    anna.hear_of("200");
    let mut lines = vec![tap.line()];
    while lines.iter().filter(|line| line.contains(" < ")).count() < 4 {
        lines.push(tap.line());
    }
    if !lines.iter().any(|line| line.contains("text \"hello\"")) {
        lines.push(tap.line());
    }
    let text = lines.join("\n");
    println!("{text}");
    for part in [
        " jim        anna       > {\"action\":\"msg\"",
        " * #lobby ",
        ": posted by anna",
        " talker     boris      < {\"type\":\"message\"",
        " purpose.2  clara      < ",
        "NTF_CHAT_MSG task 1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    drop(anna);
    let mut gateway = bench.gateway.unwrap();
    gateway.signal("TERM");
    assert_eq!(gateway.wait().0.code(), Some(0));
    assert_eq!(tap.end().0, Some(0));
}

#[test]
fn no_secret_is_shown_or_logged() {
    let mut bench = Bench::offline();
    bench.configure("[log]\nlevel = \"trace\"\n");
    bench.gateway = Some(bench.serve(&[]));
    let token = account(&bench, "anna");
    account(&bench, "clara");
    let taps = [
        Tapping::start(&bench, &["--json"]),
        Tapping::start(&bench, &[]),
    ];

    // JIM: a wrong password, one cut in two and one in a frame that is none; a guest that registers, and its token.
    let mut guest = Client::connect(&bench, "jim");
    for text in [
        r##"{"action":"authenticate","time":1,"user":{"account_name":"anna","password":"pass-of-ann"}}"##,
        r##"{"action":"authenticate","user":{"account_name":"anna","password":["pass-of-anna"]}}"##,
        r##"{"action":"authenticate","password":"pass-of-anna" "broken"}"##,
        r##"{"action":"presence","time":1,"type":"status","user":{"account_name":"gus","status":"here"}}"##,
    ] {
        guest.say(text);
        guest.hear();
    }
    guest.say(msg("gus", "tolmach", "register pass-of-gus"));
    guest.hear_of("is an account now");
    guest.say(msg("gus", "tolmach", "token"));
    let told: Value = serde_json::from_str(&guest.hear_of("\"message\"")).unwrap();
    let gus_token = told["message"].as_str().unwrap().to_owned();
    assert!(gus_token.len() > 64, "{told}");

    // Talker: a right and a wrong token.
    let mut talker = by_talker(&bench, "lobby", &token);
    talker.say("{\"type\":\"message\",\"content\":\"register pass-of-anna\",\"to\":\"0\"}\n");
    talker.hear_of("account already");
    let mut wrong = Client::connect(&bench, "talker");
    wrong.say("{\"type\":\"connect\",\"room\":\"lobby\",\"token\":\"pass-of-nobody\"}\n");
    wrong.rest();

    // Purpose: a login, a session that is restored by its hash, a room's password.
    let mut clara = Client::connect(&bench, "purpose.2");
    clara.say(frame(0x20, 1, &[&[0, 1]]));
    clara.frame();
    clara.say(frame(0x21, 2, &[b"clara\0pass-of-clara\0"]));
    let (accepted, body) = clara.frame();
    assert_eq!(accepted, 0);
    let (id, rest) = body.split_at(4);
    let end = rest.iter().position(|byte| *byte == 0).unwrap();
    let session_hash = String::from_utf8(rest[..end].to_vec()).unwrap();
    clara.say(frame(0x32, 3, &[b"tea\0pass-of-tea\0"]));
    assert_eq!(clara.frame().0, 0);
    // A password where there is to be none, and one behind what is not known.
    clara.say(frame(0x28, 4, &[b"anna\0pass-of-anna\0"]));
    clara.say(frame(0x99, 5, &[b"pass-of-anna\0"]));
    clara.frame();
    clara.frame();
    let mut again = Client::connect(&bench, "purpose.2");
    again.say(frame(0x20, 1, &[&[0, 1]]));
    again.frame();
    again.say(frame(0x23, 2, &[id, session_hash.as_bytes(), &[0]]));
    assert_eq!(again.frame().0, 0);

    // uchat: the password's hash, a token; then back by the token.
    let mut uchat = Client::connect(&bench, "uchat");
    let pass = hash("pass-of-anna");
    uchat.say(format!(
        "{{\"type\":0,\"login\":\"anna\",\"pass\":\"{pass}\",\"name\":\"\",\"desc\":\"\"}}\n"
    ));
    let told: Value = serde_json::from_str(&uchat.hear_of("token")).unwrap();
    let uchat_token = told["token"].as_str().unwrap().to_owned();

    bench.run(&["room", "create", "last"]).done();
    let json: Vec<String> = taps[0]
        .until(|entry| entry.to_string().contains("\"last\""))
        .iter()
        .map(Value::to_string)
        .collect();
    let mut text = vec![taps[1].line()];
    while !text.last().unwrap().contains("\"last\"") {
        text.push(taps[1].line());
    }
    let log = read(&bench.path("log"));
    let (json, text) = (json.join("\n"), text.join("\n"));
    // The frames themselves are there.
    for part in [
        "authenticate",
        "register <secret>",
        "RESTORE_SESSION task 2",
    ] {
        assert!(json.contains(part) && text.contains(part), "{part}: {text}");
    }
    let secrets = [
        "pass-of-ann",
        "pass-of-gus",
        "pass-of-clara",
        "pass-of-tea",
        "pass-of-nobody",
        &token,
        &gus_token,
        &session_hash,
        &pass,
        &uchat_token,
    ];
    for secret in secrets {
        // The first digits are enough to know a token again.
        let part = &secret[..secret.len().min(32)];
        for (what, shown) in [("json", &json), ("text", &text), ("log", &log)] {
            let shown = shown.to_lowercase();
            assert!(!shown.contains(part), "{part} in {what}: {shown}");
            assert!(
                !shown.contains(&hex(part)),
                "{part} in the hex of {what}: {shown}"
            );
        }
    }
}

#[test]
fn a_room_is_seen_alone_with_what_caused_its_events() {
    let bench = Bench::running();
    let (mut anna, _others) = everybody(&bench);
    bench.run(&["room", "create", "tea"]).done();
    anna.say(join("tea"));
    anna.hear_of("200");
    let tap = Tapping::start(&bench, &["--json", "--room", "tea"]);
    // Pipelined: what belongs to which must be known.
    anna.say(
        [
            msg("anna", "#lobby", "one"),
            msg("anna", "#tea", "two"),
            msg("anna", "#lobby", "three"),
        ]
        .concat(),
    );
    for _ in 0..3 {
        anna.hear_of("200");
    }
    anna.say(msg("anna", "#tea", "four"));
    anna.hear_of("200");
    let mut seen = tap.until(|entry| entry["kind"] == "out");
    seen.extend(tap.until(|entry| entry["kind"] == "out"));
    let order: Vec<_> = seen.iter().map(|entry| kind(entry).0).collect();
    assert_eq!(
        order,
        ["in", "event", "out", "in", "event", "out"],
        "{seen:#?}"
    );
    for (at, text) in [(0, "two"), (3, "four")] {
        assert!(says(&seen[at], text), "{seen:#?}");
        assert_eq!(
            seen[at + 1]["event"]["room"]["change"]["posted"]["text"],
            text
        );
    }
    let unknown = bench.run(&["tap", "--room", "nowhere"]).refused();
    assert!(unknown.contains("no room called nowhere"), "{unknown}");
    let meant = bench.run(&["tap", "--room", "loby"]).refused();
    assert!(meant.contains("did you mean lobby?"), "{meant}");
}

#[test]
fn a_session_is_seen_alone_with_the_events_that_it_causes() {
    let bench = Bench::running();
    let (mut anna, [mut boris, ..]) = everybody(&bench);
    let sessions = bench.json(&["session", "list", "--json"]);
    let of =
        |login: &str| sessions.iter().find(|one| one["user"] == login).unwrap()["id"].to_string();
    let tap = Tapping::start(&bench, &["--json", "--session", &of("anna")]);
    boris.say("{\"type\":\"message\",\"content\":\"from boris\"}\n");
    anna.hear_of("from boris");
    anna.say(msg("anna", "#lobby", "from anna"));
    anna.hear_of("200");
    let seen = tap.until(|entry| says(entry, "200"));
    let order: Vec<_> = seen.iter().map(kind).collect();
    let anna = |kind: &str| (kind.to_owned(), "anna".to_owned());
    let event = ("event".to_owned(), String::new());
    assert_eq!(
        order,
        [anna("out"), anna("in"), event, anna("out")],
        "{seen:#?}"
    );
    let unknown = bench.run(&["tap", "--session", "999"]).refused();
    assert!(unknown.contains("no session 999 is open"), "{unknown}");
}

#[test]
fn a_tap_that_is_not_read_loses_and_slows_nobody() {
    let bench = Bench::running();
    let mut tap = UnixStream::connect(bench.data_dir().join("control.sock")).unwrap();
    tap.write_all(b"{\"version\":2,\"tap\":{}}\n").unwrap();
    let mut tap = BufReader::new(tap);
    let mut line = String::new();
    tap.read_line(&mut line).unwrap();
    assert_eq!(line, "{\"ok\":null}\n");
    let mut client = Client::connect(&bench, "purpose.2");
    let text = [&vec![b'x'; 1_000_000][..], &[0]].concat();
    for task in 0..20 {
        client.say(frame(2, task, &[&text]));
        assert_eq!(client.frame(), (0, text.clone()));
    }
    // Now it is read.
    loop {
        line.clear();
        tap.read_line(&mut line).unwrap();
        let entry: Value = serde_json::from_str(&line).unwrap();
        if entry["kind"] == "lost" {
            assert!(entry["entries"].as_u64().unwrap() > 10, "{line}");
            break;
        }
    }
    // What comes then is seen again.
    client.say(frame(2, 77, &[b"again\0"]));
    while !line.contains("again") {
        line.clear();
        tap.read_line(&mut line).unwrap();
    }
}

#[test]
fn without_a_gateway_there_is_nothing_to_watch() {
    let bench = Bench::offline();
    let refused = bench.run(&["tap"]).refused();
    assert!(refused.contains("no gateway runs"), "{refused}");
}

#[test]
fn what_is_saved_replaces_nothing() {
    let bench = Bench::running();
    std::fs::write(bench.path("talk.txt"), "mine").unwrap();
    let refused = bench.run(&["tap", "--save", "talk.txt"]).refused();
    assert!(
        refused.contains("talk.txt: it is there already; remove it"),
        "{refused}"
    );
    assert_eq!(read(&bench.path("talk.txt")), "mine");
}
