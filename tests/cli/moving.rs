//! `tolmach export` and `import`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::bench::Bench;
use super::copies::{
    contents, elsewhere, elsewhere_with, guest_in_tea, post_file, say, with_anna_in,
};
use super::people::{Client, by_purpose, by_talker};

/// What keeps nothing on the disk.
const MEMORY: &str = "[store]\nurl = \"memory:\"\n";

/// That a user is in another room now, to its purpose clients.
const JOINED: u8 = 0x31;

/// A running gateway in which there is something of everything.
pub(crate) fn lively() -> (Bench, i64) {
    lively_in(elsewhere())
}

pub(crate) fn lively_in(bench: Bench) -> (Bench, i64) {
    let (bench, tea) = with_anna_in(bench);
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    post_file(&bench, tea, "cat.png", &bytes);
    post_file(&bench, tea, "nothing", b"");
    bench
        .run_with(&["user", "add", "Борис"], "пароль бориса\n")
        .done();
    for arguments in [
        &["room", "create", "den"][..],
        &[
            "room",
            "set",
            "den",
            "--private",
            "yes",
            "--title",
            "The den",
        ],
        &["room", "add", "den", "anna"],
        &["room", "role", "tea", "anna", "owner"],
        &["room", "add", "tea", "Борис"],
        &["room", "ban", "tea", "Борис"],
        &["room", "set", "tea", "--keep", "400d"],
        &[
            "ban",
            "add",
            "192.0.2.0/24",
            "--for",
            "30d",
            "--reason",
            "noise",
        ],
        &["user", "add", "gone"],
    ] {
        bench.run_with(arguments, "a long password\n");
    }
    let mut guest = guest_in_tea(&bench, "dora");
    for text in ["hello", "/me waves", "two\nlines", "чай 🫖"] {
        say(&mut guest, "dora", text);
    }
    bench.run(&["room", "ban", "tea", "dora"]);
    // The talker's way of saying, by a token.
    let mut talker = by_talker(&bench, "tea", "anna's token");
    talker.say("{\"type\":\"message\",\"content\":\"by talker\"}\n");
    talker.hear_of("by talker");
    (bench, tea)
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What an export holds, but for when it was made.
pub(crate) fn exported(bench: &Bench, arguments: &[&str]) -> Vec<Value> {
    let out = bench.run(&[&["export"], arguments].concat()).done();
    let mut lines = lines(&out);
    assert!(lines[0]["tolmach"]["created"].is_string(), "{}", lines[0]);
    lines[0]["tolmach"]["created"] = Value::Null;
    lines
}

pub(crate) fn rows<'a>(lines: &'a [Value], table: &str) -> Vec<&'a Value> {
    lines.iter().filter_map(|line| line.get(table)).collect()
}

/// "Ids, seq, times and tokens' hashes stay": what comes out of the new store is what came out of the old one.
#[test]
fn what_was_taken_in_is_what_was_written() {
    let (mut bench, tea) = lively();
    let before = exported(&bench, &[]);
    assert_eq!(before[0]["tolmach"]["export"], 1);
    for table in [
        "users",
        "tokens",
        "rooms",
        "members",
        "messages",
        "changes",
        "counters",
        "bans",
        "guest_bans",
        "file",
        "numbers",
        "end",
    ] {
        assert!(!rows(&before, table).is_empty(), "there is no {table}");
    }
    let longest = before.iter().map(|line| line.to_string().len()).max();
    assert!(longest < Some(70_000), "{longest:?}");
    let said = bench.run(&["export", "all.jsonl"]).done();
    assert!(
        said.starts_with("exported ") && said.contains("2 files to all.jsonl"),
        "{said}"
    );
    let export = bench.path("all.jsonl");
    let again = bench.run(&["export", "all.jsonl"]).refused();
    assert!(again.contains("is there already"), "{again}");
    // It need not run.
    bench.gateway = None;
    assert_eq!(
        rows(&exported(&bench, &[]), "messages"),
        rows(&before, "messages")
    );
    let mut other = elsewhere();
    let said = other.run(&["import", export.to_str().unwrap()]).done();
    assert!(
        said.starts_with("imported ") && said.contains("2 files"),
        "{said}"
    );
    assert_eq!(exported(&other, &[]), lines_without_time(&export));
    assert_eq!(
        contents(&other.data_dir().join("tolmach.files")),
        contents(&bench.data_dir().join("tolmach.files"))
    );
    assert!(
        other
            .run(&["store", "verify"])
            .done()
            .starts_with("all holds in ")
    );
    // Tokens open it, and what is said next comes after.
    other.gateway = Some(other.serve(&[]));
    post_file(&other, tea, "dog.png", b"woof");
    let mut talker = by_talker(&other, "tea", "anna's token");
    talker.say("{\"type\":\"message\",\"content\":\"here again\"}\n");
    talker.hear_of("here again");
    let after = exported(&other, &["--room", "tea"]);
    let last = |lines: &[Value], name: &str| rows(lines, "messages").last().unwrap()[name].as_i64();
    assert!(last(&after, "id") > last(&before, "id"));
    let full = other.run(&["import", export.to_str().unwrap()]).refused();
    assert!(full.contains("in use by another tolmach"), "{full}");
    other.gateway = None;
    let full = other.run(&["import", export.to_str().unwrap()]).refused();
    assert!(full.contains("is used already"), "{full}");
}

fn lines_without_time(export: &Path) -> Vec<Value> {
    let mut lines = lines(&fs::read_to_string(export).unwrap());
    lines[0]["tolmach"]["created"] = Value::Null;
    lines
}

#[test]
fn a_store_that_was_only_started_is_empty() {
    let (bench, _) = lively();
    let out = bench.run(&["export"]).done();
    let mut other = elsewhere();
    let mut gateway = other.serve(&[]);
    gateway.signal("TERM");
    gateway.wait();
    other.run_with(&["import"], &out).done();
    other.gateway = Some(other.serve(&[]));
    assert_eq!(
        rows(&exported(&other, &[]), "messages"),
        rows(&lines(&out), "messages")
    );
    // One with a room of its own is not.
    let mut third = elsewhere();
    third.gateway = Some(third.serve(&[]));
    third.run(&["room", "create", "mine"]).done();
    third.gateway = None;
    let refused = third.run_with(&["import"], &out).refused();
    assert!(refused.contains("is used already"), "{refused}");
}

#[test]
fn one_room_goes_without_secrets() {
    let (bench, tea) = lively();
    let all = exported(&bench, &["--room", "tea"]);
    assert_eq!(all[0]["tolmach"]["room"], json!(tea));
    assert_eq!(rows(&all, "rooms").len(), 1);
    assert_eq!(rows(&all, "tokens").len() + rows(&all, "bans").len(), 0);
    assert!(
        rows(&all, "messages")
            .iter()
            .all(|row| row["room"] == json!(tea))
    );
    let users = rows(&all, "users");
    assert!(users.iter().any(|row| row["login"] == "anna"));
    assert!(users.iter().all(|row| row["login"] != "gone"));
    assert!(
        users
            .iter()
            .all(|row| row["password"].is_null() && row["address"].is_null())
    );
    let nowhere = bench.run(&["export", "--room", "nowhere"]).refused();
    assert!(nowhere.contains("no room called nowhere"), "{nowhere}");
    let text = bench.run(&["export", "--room", "tea"]).done();
    let refused = elsewhere().run_with(&["import"], &text).refused();
    assert!(refused.contains("holds one room"), "{refused}");
}

/// "Into one that is not empty only with `--room R`: the exported room becomes a new one of the name R, with new ids; times stay."
#[test]
fn a_room_becomes_a_new_one_elsewhere() {
    let (bench, _) = lively();
    bench.run(&["export", "tea.jsonl", "--room", "tea"]).done();
    let export = bench.path("tea.jsonl");
    let export = export.to_str().unwrap();
    let mut other = elsewhere();
    other.gateway = Some(other.serve(&[]));
    for login in ["clara", "ANNA"] {
        other
            .run_with(&["user", "add", login], "another word\n")
            .done();
    }
    other.run(&["room", "create", "other"]).done();
    let mut guest = Client::guest(&other, "eve");
    guest.ask(r##"{"action":"join","time":1,"room":"#other"}"##);
    guest.ask(r##"{"action":"msg","time":1,"to":"#other","from":"eve","message":"mine"}"##);
    other.gateway = None;
    for (arguments, why) in [
        (
            ["import", export, "--room", "other"],
            "a room called other already",
        ),
        (["import", export, "--room", "a b"], "room"),
    ] {
        let refused = other.run(&arguments).refused();
        assert!(refused.contains(why), "{refused}");
    }
    let all = bench.run(&["export"]).done();
    let refused = other
        .run_with(&["import", "--room", "tea-2"], &all)
        .refused();
    assert!(refused.contains("holds everything"), "{refused}");
    for name in ["tea-2", "tea-3"] {
        let said = other.run(&["import", export, "--room", name]).done();
        assert!(said.contains("2 files"), "{said}");
    }
    let whole = other.run(&["store", "verify"]).done();
    assert!(whole.contains("4 files"), "{whole}");
    let shown = |bench: &Bench, room: &str| {
        let mut entries = bench.json(&["history", room, "--json"]);
        for entry in &mut entries {
            (entry["id"], entry["room"]) = (Value::Null, Value::Null);
            // Who has an account there is called as it is there.
            if entry["from"] == "ANNA" {
                entry["from"] = json!("anna");
            }
        }
        entries
    };
    assert_eq!(shown(&other, "tea-2"), shown(&bench, "tea"));
    assert_eq!(shown(&other, "tea-3"), shown(&bench, "tea"));
    assert_eq!(shown(&other, "other").len(), 1);
    let from = exported(&bench, &["--room", "tea"]);
    let to = exported(&other, &["--room", "tea-2"]);
    let ids: Vec<&Value> = rows(&to, "messages").iter().map(|row| &row["id"]).collect();
    assert!(
        !ids.is_empty() && !ids.contains(&&rows(&from, "messages")[0]["id"]),
        "{ids:?}"
    );
    for column in [
        "title",
        "created",
        "updated",
        "keep",
        "quiet",
        "last_message",
    ] {
        assert_eq!(
            rows(&to, "rooms")[0][column],
            rows(&from, "rooms")[0][column],
            "{column}"
        );
    }
    assert_eq!(
        rows(&to, "guest_bans").len(),
        rows(&from, "guest_bans").len()
    );
    // Anna owns it there as here; who has no account there is none.
    let members = other.json(&["room", "members", "tea-2", "--json"]);
    let banned: Vec<&Value> = members
        .iter()
        .filter(|row| row["role"] == "banned")
        .collect();
    assert_eq!((banned.len(), &banned[0]["user"]), (1, &json!("dora")));
    assert_eq!(members.len(), 2, "{members:?}");
    assert_eq!(
        (&members[0]["user"], &members[0]["role"]),
        (&json!("ANNA"), &json!("owner"))
    );
    assert!(other.json(&["user", "list", "--json"]).len() == 2);
    // And it goes on.
    other.gateway = Some(other.serve(&[]));
    other
        .run_with(
            &["token", "create", "anna", "--value-stdin"],
            "another token\n",
        )
        .done();
    let mut talker = by_talker(&other, "tea-2", "another token");
    talker.say("{\"type\":\"message\",\"content\":\"on\"}\n");
    talker.hear_of("\"on\"");
    assert_eq!(shown(&other, "tea-2").len(), shown(&bench, "tea").len() + 1);
}

/// What an export holds, but for what tells a database from others: each that is made has its own.
pub(crate) fn without_identity(bench: &Bench) -> Vec<Value> {
    let mut all = exported(bench, &[]);
    all.retain(|line| line["counters"]["name"] != "identity");
    all
}

/// "Into an empty store of any kind": what a gateway has in memory goes where it lasts, as it was.
#[test]
fn what_is_in_memory_is_written_while_its_gateway_runs() {
    let (mut bench, _) = lively_in(elsewhere_with(MEMORY));
    let before = without_identity(&bench);
    assert!(!rows(&before, "file").is_empty() && !rows(&before, "tokens").is_empty());
    let whole = bench.run(&["store", "verify"]).done();
    assert!(whole.starts_with("all holds in memory:"), "{whole}");
    bench.run(&["export", "all.jsonl"]).done();
    bench.run(&["backup", "all.tar"]).done();
    for (command, file) in [("import", "all.jsonl"), ("restore", "all.tar")] {
        let mut other = elsewhere();
        let file = bench.path(file);
        other.run(&[command, file.to_str().unwrap()]).done();
        assert_eq!(without_identity(&other), before, "{command}");
        assert_eq!(
            contents(&other.data_dir().join("tolmach.files")),
            contents(&bench.data_dir().join("memory.files")),
        );
        let whole = other.run(&["store", "verify"]).done();
        assert!(whole.contains("2 files"), "{whole}");
        other.gateway = Some(other.serve(&[]));
        by_talker(&other, "tea", "anna's token");
    }
    let room = exported(&bench, &["--room", "tea"]);
    assert_eq!(rows(&room, "rooms").len(), 1);
    let everything = bench.run(&["import", "all.jsonl"]).refused();
    for word in ["memory:", "sqlite:", "--room"] {
        assert!(everything.contains(word), "{everything}");
    }
    // Nothing is left of it.
    let incoming = bench.data_dir().join("memory.files/incoming");
    assert_eq!(fs::read_dir(incoming).unwrap().count(), 0);
    bench.gateway = None;
    let refused = bench.run(&["export"]).refused();
    assert!(refused.contains("no gateway runs"), "{refused}");
}

/// "Into one that is not empty only with `--room R`", while its gateway serves: members who are connected are in it at once.
fn a_room_comes_while_a_gateway_serves(more: &str) {
    let (bench, _) = lively();
    bench.run(&["export", "tea.jsonl", "--room", "tea"]).done();
    let export = bench.path("tea.jsonl");
    let export = export.to_str().unwrap();
    let mut other = elsewhere_with(more);
    other.gateway = Some(other.serve(&[]));
    for login in ["clara", "anna"] {
        other
            .run_with(&["user", "add", login], "a long password\n")
            .done();
    }
    let mut anna = by_purpose(&other, "anna", "a long password");
    let said = other.run(&["import", export, "--room", "tea-2"]).done();
    assert!(said.contains("2 files"), "{said}");
    let shown = |bench: &Bench, room: &str| {
        let mut entries = bench.json(&["history", room, "--json"]);
        for entry in &mut entries {
            (entry["id"], entry["room"]) = (Value::Null, Value::Null);
        }
        entries
    };
    assert_eq!(shown(&other, "tea-2"), shown(&bench, "tea"));
    let whole = other.run(&["store", "verify"]).done();
    assert!(whole.contains("2 files"), "{whole}");
    // Anna is told of it, and then of what is said there.
    loop {
        let (purpose, body) = anna.frame();
        if purpose == JOINED {
            let name = String::from_utf8_lossy(&body).into_owned();
            assert!(name.contains("tea"), "{name}");
            break;
        }
    }
    other
        .run_with(&["token", "create", "anna", "--value-stdin"], "a token\n")
        .done();
    let mut talker = by_talker(&other, "tea-2", "a token");
    talker.say("{\"type\":\"message\",\"content\":\"by talker\"}\n");
    talker.hear_of("by talker");
    let taken = other.run(&["import", export, "--room", "TEA-2"]).refused();
    assert!(taken.contains("a room called TEA-2 already"), "{taken}");
    let audit = fs::read_to_string(other.path("log")).unwrap();
    assert!(
        audit.contains("import") && audit.contains("tea-2"),
        "{audit}"
    );
    let left: Vec<_> = fs::read_dir(other.data_dir())
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| name.contains("importing"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_room_comes_while_a_gateway_with_a_file_serves() {
    a_room_comes_while_a_gateway_serves("");
}

#[test]
fn a_room_comes_while_a_gateway_in_memory_serves() {
    a_room_comes_while_a_gateway_serves(MEMORY);
}

/// "Refused: newer version, cut off, line N is wrong: named", and nothing is left.
#[test]
fn what_is_cut_off_wrong_or_newer_is_refused_and_leaves_nothing() {
    let (bench, _) = lively();
    let out = bench.run(&["export"]).done();
    let other = elsewhere();
    let refused = |text: &str, word: &str| {
        let said = other.run_with(&["import"], text).refused();
        assert!(said.contains(word), "{word}: {said}");
        assert!(!other.data_dir().exists(), "{said}");
    };
    let all: Vec<&str> = out.lines().collect();
    for part in 1..6 {
        refused(
            &(all[..all.len() * part / 6].join("\n") + "\n"),
            "cut off: line",
        );
        refused(&out[..out.len() * part / 6], "cut off: line");
    }
    refused("", "standard input: this is no export");
    let said = other.run(&["import", "."]).refused();
    assert!(
        said.contains(".: it cannot be read: Is a directory"),
        "{said}"
    );
    refused("something else\n", "no export");
    refused("{\"users\":{}}\n", "no export");
    let with = |from: &str, to: &str| {
        assert!(out.contains(from), "{from}");
        out.replacen(from, to, 1)
    };
    refused(&with("\"export\":1", "\"export\":9"), "format 9");
    refused(&with("\"database\":", "\"database\":9"), "version 9");
    let place = |what: &str| all.iter().position(|line| line.starts_with(what)).unwrap() + 1;
    let line = |what: &str, why: &str| format!("line {}: {why}", place(what));
    refused(
        &with("{\"users\":{\"address\"", "{\"users\":{\"home\""),
        &line("{\"users\"", "users has no column \"home\""),
    );
    refused(
        &with("{\"tokens\":", "{\"dogs\":"),
        &line("{\"tokens\"", "there is no table \"dogs\""),
    );
    refused(&with("{\"tokens\":", "{tokens:"), "this is not JSON");
    refused(
        &with("\"data\":\"", "\"data\":\"AAAA"),
        "does not have its checksum",
    );
    refused(&with("\"stored\":\"", "\"stored\":\"../"), "no file can be");
    let without = |what: &str| {
        let mut lines = all.clone();
        lines.remove(place(what) - 1);
        lines.join("\n") + "\n"
    };
    refused(&without("{\"messages\""), "counts other lines");
    refused(&(out.clone() + "{}\n"), "one member");
    // Each line can be read, and together they cannot be.
    let of_anna = rows(&lines(&out), "users")[0]["id"].to_string();
    let orphan = with(&format!("\"sender\":{of_anna},"), "\"sender\":4711,");
    refused(&orphan, "user 4711, who is not there");
    other.run_with(&["import"], &out).done();
}

/// Files lie where the configuration says, and are copied, brought back and moved from there, also from disk to disk.
#[test]
fn files_may_lie_elsewhere() {
    let memory = Path::new("/dev/shm");
    let disk = match memory.is_dir() {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    };
    let area = |name: &str| disk.path().join(name);
    let with = |name: &str| {
        let url = format!("[files]\nurl = \"file://{}\"\n", area(name).display());
        elsewhere_with(&url)
    };
    let (bench, _) = lively_in(with("first"));
    let content = contents(&area("first"));
    assert_eq!(content.len(), 2);
    assert!(!bench.data_dir().join("tolmach.files").exists());
    bench.run(&["backup", "copy.tar"]).done();
    bench.run(&["export", "tea.jsonl", "--room", "tea"]).done();
    let restored = with("restored");
    let copy = bench.path("copy.tar");
    restored.run(&["restore", copy.to_str().unwrap()]).done();
    assert_eq!(contents(&area("restored")), content);
    let mut third = with("third");
    third.gateway = Some(third.serve(&[]));
    let room = bench.path("tea.jsonl");
    third
        .run(&["import", room.to_str().unwrap(), "--room", "tea"])
        .done();
    let sizes = |name: &str| {
        let contents = contents(&area(name)).into_iter();
        contents.map(|(_, content)| content.len()).max()
    };
    assert_eq!(sizes("third"), sizes("first"));
    for bench in [&bench, &restored, &third] {
        bench.run(&["store", "verify"]).done();
    }
}
