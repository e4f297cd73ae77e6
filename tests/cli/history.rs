//! `tolmach history`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::{Arc, mpsc};

use serde_json::json;
use tolmach::commands::{Actor, Change, Delete, Edit, Send, Submission};
use tolmach::model::{
    FileInfo, MessageId, MessageKind, RoomId, RoomSelector, Target, Timestamp, UserId, UserSelector,
};
use tolmach::store::{Commit, CommitSink, Limits, SqliteStore, Store};

use super::bench::Bench;
use super::people::anna_by_jim;

/// Completes what is committed.
struct Told;

impl CommitSink for Told {
    fn committed(&self, batch: Vec<Commit>) {
        for commit in batch {
            commit.write.complete(commit.outcome, &mut ());
        }
    }
}

/// Writes to a bench's database as its users.
struct Pen {
    store: SqliteStore,
}

impl Pen {
    fn take(bench: &Bench) -> Self {
        let limits = Limits {
            gateway: "tolmach".to_owned(),
            rooms_per_user: 0.into(),
            members_per_room: 0.into(),
            disk_free: 0.into(),
            node: None,
        };
        Self {
            store: SqliteStore::open(&bench.database(), limits, Arc::new(Told)).unwrap(),
        }
    }

    fn change<C: Change>(&self, user: i32, change: C) -> C::Outcome {
        let (actor, at) = (Actor::User(UserId(user)), Timestamp(1_700_000_000_123));
        let (tell, told) = mpsc::channel();
        let write = Submission::new(actor, None, at, change, move |_, outcome| {
            tell.send(outcome).unwrap();
        });
        self.store.submit(write);
        told.recv().unwrap().unwrap()
    }

    fn say(&self, user: i32, to: Target, kind: MessageKind, text: &str) -> MessageId {
        let file = FileInfo {
            name: "cat.png".to_owned(),
            size: 12,
            stored: "x".to_owned(),
            sha256: None,
        };
        let file = (kind == MessageKind::File).then_some(file);
        let message = Send {
            kind,
            text: text.to_owned(),
            file,
            ..Send::text(to, "")
        };
        self.change(user, message).id
    }
}

/// Anna (1) and Boris (2) are in #tea; the numbers of users and the room.
fn bench() -> (Bench, [i32; 2], RoomId) {
    let bench = Bench::stopped();
    bench.run(&["room", "create", "tea"]).done();
    for login in ["Anna", "Boris"] {
        bench
            .run_with(&["user", "add", login], "secret word")
            .done();
        bench.run(&["room", "add", "tea", login]).done();
    }
    let number = |value: &serde_json::Value| i32::try_from(value["id"].as_i64().unwrap()).unwrap();
    let users = bench.json(&["user", "list", "--json"]);
    let rooms = bench.json(&["room", "list", "--json"]);
    let tea = rooms.iter().find(|room| room["room"] == "tea").unwrap();
    let ids = [number(&users[0]), number(&users[1])];
    let room = RoomId(number(tea));
    (bench, ids, room)
}

#[test]
fn everything_that_was_said_is_there() {
    let (mut bench, [anna, boris], room) = bench();
    let pen = Pen::take(&bench);
    let place = || Target::Room(RoomSelector::Id(room));
    pen.say(anna, place(), MessageKind::Text, "hello\nall");
    pen.say(boris, place(), MessageKind::Emote, "waves");
    pen.say(boris, place(), MessageKind::File, "cat.png");
    let edited = pen.say(anna, place(), MessageKind::Text, "typo");
    let deleted = pen.say(anna, place(), MessageKind::Text, "oops");
    pen.change(anna, Edit::text(edited, "fixed"));
    pen.change(anna, Delete { message: deleted });
    drop(pen);

    let offline = (
        bench.run(&["history", "#tea"]).done(),
        bench.json(&["history", "tea", "--json"]),
    );
    let time = "2023-11-14T22:13:20Z";
    let lines = [
        "<Anna> hello ⏎ all",
        "* Boris waves",
        "<Boris> [file] cat.png (12 bytes)",
        "<Anna> fixed (edited)",
        "<Anna> (deleted)",
    ];
    assert_eq!(
        offline.0,
        lines.map(|line| format!("{time} {line}\n")).concat()
    );
    let objects = &offline.1;
    let millis = "2023-11-14T22:13:20.123Z";
    let first = json!({"id": objects[0]["id"], "room": "tea", "from": "Anna", "time": millis, "kind": "text",
        "text": "hello\nall", "updated": null, "deleted": false});
    assert_eq!(objects[0], first);
    assert_eq!(
        (&objects[1]["kind"], &objects[1]["text"]),
        (&json!("emote"), &json!("waves"))
    );
    assert_eq!(objects[2]["file"], json!({"name": "cat.png", "size": 12}));
    assert_eq!(
        (&objects[3]["text"], &objects[3]["updated"]),
        // The fourth message of that millisecond has one of its own, and was not edited before it was said.
        (&json!("fixed"), &json!("2023-11-14T22:13:20.126Z"))
    );
    assert_eq!(
        (&objects[4]["text"], &objects[4]["deleted"]),
        (&json!(""), &json!(true))
    );

    bench.gateway = Some(bench.serve(&[]));
    assert_eq!(
        (
            bench.run(&["history", "tea"]).done(),
            bench.json(&["history", "#tea", "--json"])
        ),
        offline
    );
}

#[test]
fn a_long_history_comes_whole_and_in_order() {
    let (mut bench, [anna, _], room) = bench();
    let pen = Pen::take(&bench);
    let said: Vec<String> = (0..600).map(|number| format!("line {number}")).collect();
    for text in &said {
        pen.say(
            anna,
            Target::Room(RoomSelector::Id(room)),
            MessageKind::Text,
            text,
        );
    }
    drop(pen);
    let texts = |bench: &Bench| {
        let objects = bench.json(&["history", "tea", "--json"]);
        objects
            .iter()
            .map(|object| object["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(texts(&bench), said);
    bench.gateway = Some(bench.serve(&[]));
    assert_eq!(texts(&bench), said);
}

#[test]
fn a_history_of_long_messages_comes_whole() {
    let (mut bench, [anna, _], room) = bench();
    let pen = Pen::take(&bench);
    let lengths: Vec<usize> = (1..=12).map(|number| number * 300_000).collect();
    for length in &lengths {
        // Twice as long in JSON.
        let text = "\"".repeat(*length);
        pen.say(
            anna,
            Target::Room(RoomSelector::Id(room)),
            MessageKind::Text,
            &text,
        );
    }
    drop(pen);
    let said = |bench: &Bench| {
        let objects = bench.json(&["history", "tea", "--json"]);
        objects
            .iter()
            .map(|object| object["text"].as_str().unwrap().len())
            .collect::<Vec<_>>()
    };
    assert_eq!(said(&bench), lengths);
    bench.gateway = Some(bench.serve(&[]));
    assert_eq!(said(&bench), lengths);
}

#[test]
fn a_direct_room_is_named_by_its_two() {
    let (bench, [anna, boris], _) = bench();
    let nothing = bench.run(&["history", "@anna,boris"]).refused();
    assert!(nothing.contains("no direct room"), "{nothing}");
    let pen = Pen::take(&bench);
    pen.say(
        boris,
        Target::User(UserSelector::Id(UserId(anna))),
        MessageKind::Text,
        "psst",
    );
    drop(pen);
    for (typed, room) in [
        ("@anna,boris", "@Anna,Boris"),
        ("@BORIS,ANNA", "@Boris,Anna"),
    ] {
        let objects = bench.json(&["history", typed, "--json"]);
        assert_eq!(
            (&objects[0]["room"], &objects[0]["text"]),
            (&json!(room), &json!("psst"))
        );
    }
    assert!(
        bench
            .run(&["history", "@anna,nobody"])
            .refused()
            .contains("no account called nobody")
    );
    assert!(
        bench
            .run(&["history", "nowhere"])
            .refused()
            .contains("no room called nowhere")
    );
    assert_eq!(bench.run(&["history", "lobby"]).done(), "");
    let members = bench.run(&["room", "members", "@anna,boris"]).done();
    assert_eq!(members.lines().count(), 2);
    assert!(
        bench
            .run(&["room", "ban", "@anna,boris", "anna"])
            .refused()
            .contains("direct room")
    );
}

#[test]
fn the_newest_and_what_was_said_since() {
    let (mut bench, [anna, _], room) = bench();
    let pen = Pen::take(&bench);
    let place = || Target::Room(RoomSelector::Id(room));
    for number in 1..=600 {
        pen.say(anna, place(), MessageKind::Text, &format!("line {number}"));
    }
    drop(pen);
    let texts = |bench: &Bench, more: &[&str]| {
        let objects = bench.json(&[&["history", "tea", "--json"], more].concat());
        let text = |object: &serde_json::Value| object["text"].as_str().unwrap().to_owned();
        objects.iter().map(text).collect::<Vec<_>>()
    };
    let lines = |numbers: std::ops::RangeInclusive<i32>| -> Vec<String> {
        numbers.map(|number| format!("line {number}")).collect()
    };
    for _ in 0..2 {
        assert_eq!(texts(&bench, &["--limit", "2"]), lines(599..=600));
        assert_eq!(texts(&bench, &["--limit", "300"]), lines(301..=600));
        assert_eq!(texts(&bench, &["--limit", "0"]), [""; 0]);
        assert_eq!(texts(&bench, &["--limit", "9999"]).len(), 600);
        // The first was said at 22:13:20.123, each a millisecond later.
        assert_eq!(
            texts(&bench, &["--since", "2023-11-14T22:13:20.720Z"]),
            lines(598..=600)
        );
        assert_eq!(
            texts(&bench, &["--since", "2023-11-14", "--limit", "1"]),
            lines(600..=600)
        );
        assert_eq!(texts(&bench, &["--since", "1h"]), [""; 0]);
        if bench.gateway.is_none() {
            bench.gateway = Some(bench.serve(&[]));
        }
    }
}

#[test]
fn what_is_said_from_now_on_is_followed() {
    let (mut bench, _, _) = bench();
    let refused = bench.run(&["history", "tea", "--follow"]).refused();
    assert!(refused.contains("no gateway runs"), "{refused}");
    bench.gateway = Some(bench.serve(&[]));
    let mut anna = anna_by_jim(&bench, "anna", "secret word");
    anna.say(r##"{"action":"join","time":1,"room":"#tea"}"##);
    anna.hear_of("200");
    let mut say = |text: &str| {
        anna.say(format!(
            r##"{{"action":"msg","time":1,"to":"#tea","from":"Anna","message":"{text}"}}"##
        ));
        anna.hear_of("200");
    };
    say("before");
    say("just before");
    let mut command = bench.command(&["history", "tea", "--limit", "1", "--follow"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || {
        let line = lines.next().unwrap().unwrap();
        line.split_once("<Anna> ").unwrap().1.to_owned()
    };
    assert_eq!(next(), "just before");
    for text in ["one", "two", "three"] {
        say(text);
        assert_eq!(next(), text);
    }
    super::bench::signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut command = bench.command(&["history", "tea", "--follow"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..5 {
        lines.next().unwrap().unwrap();
    }
    let gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(ended.stderr, b"tolmach: the gateway has stopped\n");
}
