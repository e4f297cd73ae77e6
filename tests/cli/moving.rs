//! `tolmach export`, `import` and `store verify`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::bench::Bench;
use super::copies::{contents, elsewhere, guest_in_tea, post_file, say, with_anna};
use super::people::{Client, by_talker};

/// A running gateway in which there is something of everything.
fn lively() -> (Bench, i64) {
    let (bench, tea) = with_anna();
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

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What an export holds, but for when it was made.
fn exported(bench: &Bench, arguments: &[&str]) -> Vec<Value> {
    let out = bench.run(&[&["export"], arguments].concat()).done();
    let mut lines = lines(&out);
    assert!(lines[0]["tolmach"]["created"].is_string(), "{}", lines[0]);
    lines[0]["tolmach"]["created"] = Value::Null;
    lines
}

fn rows<'a>(lines: &'a [Value], table: &str) -> Vec<&'a Value> {
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
    let refused = other.run(&["import", export, "--room", "tea-2"]).refused();
    assert!(refused.contains("in use by another tolmach"), "{refused}");
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
    refused("", "no export");
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

/// "Reads everything, and says what does not hold, naming room, user or file, one line each; exit 1."
#[test]
fn what_does_not_hold_is_named() {
    let (mut bench, tea) = lively();
    let whole = bench.run(&["store", "verify"]).done();
    assert!(
        whole.starts_with("all holds in ") && whole.contains("2 files"),
        "{whole}"
    );
    assert_eq!(bench.run(&["store", "verify", "--json"]).done(), "");
    let area = bench.data_dir().join("tolmach.files").join(tea.to_string());
    let mut files: Vec<_> = fs::read_dir(&area)
        .unwrap()
        .flatten()
        .map(|it| it.path())
        .collect();
    files.sort_by_key(|path| fs::metadata(path).unwrap().len());
    fs::remove_file(&files[0]).unwrap();
    fs::write(&files[1], "short").unwrap();
    bench.gateway = None;
    let conn = rusqlite::Connection::open(bench.database()).unwrap();
    conn.execute_batch(
        "DELETE FROM messages WHERE text = '/me waves' OR text = 'waves'; \
        UPDATE messages SET sender = 4711 WHERE text = 'hello'; \
        DELETE FROM users WHERE login = 'Борис'",
    )
    .unwrap();
    drop(conn);
    let ran = bench.run(&["store", "verify"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{}", ran.out);
    for (kind, name, what) in [
        ("file", files[0].display().to_string(), "is not there"),
        (
            "file",
            files[1].display().to_string(),
            "has 5 bytes, and its message says 100000",
        ),
        ("room", "tea".to_owned(), "no change has the place"),
        ("room", "tea".to_owned(), "user 4711, who is not there"),
        ("room", "tea".to_owned(), "is no user"),
    ] {
        let begins = format!("{kind}\t{name}\t");
        let found = ran
            .out
            .lines()
            .any(|line| line.starts_with(&begins) && line.contains(what));
        assert!(found, "{begins}{what}: {}", ran.out);
    }
    let json = bench.run(&["store", "verify", "--json"]);
    assert_eq!(json.code, Some(1));
    assert_eq!(lines(&json.out).len(), ran.out.lines().count());
    assert!(lines(&json.out)[0]["kind"].is_string());
}

/// A search index that does not say what the rows say is found out.
#[test]
fn an_index_that_misses_something_is_named() {
    let (mut bench, _) = with_anna();
    let mut guest: Client = guest_in_tea(&bench, "dora");
    for number in 0..2_100 {
        say(&mut guest, "dora", &format!("message {number}"));
    }
    let index = bench.data_dir().join("tolmach.db-search");
    let begun = std::time::Instant::now();
    let covered = || {
        let conn = rusqlite::Connection::open(&index).ok()?;
        let sql = "SELECT room, covered FROM rooms";
        conn.query_row(sql, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })
        .ok()
    };
    let (room, _) = loop {
        match covered() {
            Some((room, upto)) if upto > 2_000 => break (room, upto),
            _ => assert!(begun.elapsed() < super::people::PATIENCE),
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    bench.run(&["store", "verify"]).done();
    bench.gateway = None;
    let conn = rusqlite::Connection::open(&index).unwrap();
    conn.execute_batch(&format!("DELETE FROM room_{room} WHERE rowid < 1000"))
        .unwrap();
    drop(conn);
    let ran = bench.run(&["store", "verify"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.out.starts_with("search\ttea\tthe message at place "),
        "{}",
        ran.out
    );
}
