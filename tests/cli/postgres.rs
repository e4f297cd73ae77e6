//! A store in PostgreSQL, by the command line and as a gateway's.

use std::time::{Duration, Instant};

use tolmach_test_servers::Postgres;

use super::bench::Bench;
use super::copies::{contents, elsewhere, elsewhere_with, post_file};
use super::moving::{lively_in, rows, without_identity};
use super::people::{Client, by_talker};

fn with(database: &str) -> Bench {
    elsewhere_with(&format!("[store]\nurl = \"{database}\"\n"))
}

fn last_id(bench: &Bench) -> Option<i64> {
    let all = without_identity(bench);
    rows(&all, "messages").last().unwrap()["id"].as_i64()
}

/// "That is how people move": there and back, ids, seq and times stay.
#[test]
fn what_is_kept_moves_there_and_back() {
    let Some(server) = Postgres::durable() else {
        return;
    };
    let (first, second) = (server.database(), server.database());
    let (mut bench, _) = lively_in(with(&first));
    let before = without_identity(&bench);
    for table in [
        "users",
        "tokens",
        "members",
        "messages",
        "bans",
        "guest_bans",
        "file",
        "numbers",
    ] {
        assert!(!rows(&before, table).is_empty(), "there is no {table}");
    }
    let whole = bench.run(&["store", "verify"]).done();
    assert!(
        whole.starts_with("all holds in postgres://127.0.0.1:"),
        "{whole}"
    );
    // There is one gateway, whatever the directory.
    let other = with(&first).run(&["serve"]);
    assert_eq!(other.code, Some(1), "{}", other.err);
    assert!(
        other.err.contains("another gateway uses this database"),
        "{}",
        other.err
    );
    bench.gateway = None;
    assert_eq!(bench.json(&["user", "list", "--json"]).len(), 3);
    let said = bench.run(&["export", "all.jsonl"]).done();
    assert!(said.contains("2 files to all.jsonl"), "{said}");
    bench.run(&["backup", "all.tar"]).done();
    let path = |name: &str| bench.path(name).to_str().unwrap().to_owned();
    let (export, backup) = (path("all.jsonl"), path("all.tar"));
    let refused = with(&second).run(&["restore", &backup]).refused();
    assert!(
        refused.contains("tolmach export | tolmach import"),
        "{refused}"
    );
    let restored = elsewhere();
    restored.run(&["restore", &backup]).done();
    assert_eq!(without_identity(&restored), before);

    let file = elsewhere();
    file.run(&["import", &export]).done();
    assert_eq!(without_identity(&file), before);
    let mut back = with(&second);
    let nothing = back.run(&["user", "list"]).refused();
    assert!(
        nothing.contains("there is no store at postgres://"),
        "{nothing}"
    );
    let out = file.run(&["export"]).done();
    let said = back.run_with(&["import"], &out).done();
    assert!(said.contains("2 files"), "{said}");
    assert_eq!(without_identity(&back), before);
    let files = |bench: &Bench, name: &str| contents(&bench.data_dir().join(name));
    assert_eq!(
        files(&back, "postgres.files"),
        files(&file, "tolmach.files")
    );
    assert_eq!(files(&back, "postgres.files").len(), 2);
    let again = with(&second).run_with(&["import"], &out).refused();
    assert!(
        again.contains("there is something in this database already"),
        "{again}"
    );
    let last = last_id(&back);
    back.gateway = Some(back.serve(&[]));
    let mut talker = by_talker(&back, "tea", "anna's token");
    talker.say("{\"type\":\"message\",\"content\":\"here again\"}\n");
    talker.hear_of("here again");
    assert!(last_id(&back) > last);
}

#[test]
fn what_has_no_files_moves_too() {
    let Some(server) = Postgres::durable() else {
        return;
    };
    let file = Bench::stopped();
    let out = file.run(&["export"]).done();
    let bench = with(&server.database());
    bench.run_with(&["import"], &out).done();
    assert_eq!(without_identity(&bench), without_identity(&file));
}

/// A gateway goes on by itself; those who are connected stay.
#[test]
fn a_gateway_outlives_its_database() {
    let Some(server) = Postgres::quick() else {
        return;
    };
    let (bench, tea) = super::copies::with_anna_in(with(&server.database()));
    let mut guest = Client::guest(&bench, "dora");
    guest.ask(r##"{"action":"join","time":1,"room":"#tea"}"##);
    let mut say = |text: &str| {
        let asked = Instant::now();
        let answer = guest.ask(&format!(
            r##"{{"action":"msg","time":1,"to":"#tea","from":"dora","message":"{text}"}}"##
        ));
        (answer.contains("200"), asked.elapsed())
    };
    assert!(say("before").0);
    server.kill();
    let (is_said, took) = say("meanwhile");
    assert!(!is_said && took < Duration::from_secs(5), "{took:?}");
    server.serve();
    let back = Instant::now();
    while !say("after").0 {
        assert!(back.elapsed() < Duration::from_secs(5), "it does not go on");
    }
    post_file(&bench, tea, "cat.png", b"meow");
    let said = bench.run(&["history", "tea"]).done();
    assert!(said.contains("before") && said.contains("after"), "{said}");
}

#[test]
fn a_database_that_is_not_there_is_said() {
    let bench = with("postgres://anna:Staple@127.0.0.1:1/chat");
    let checked = bench.run(&["check"]);
    assert_eq!(checked.code, Some(1));
    assert!(
        checked.err.contains("postgres://127.0.0.1:1/chat: "),
        "{}",
        checked.err
    );
    assert!(!(checked.err + &checked.out).contains("Staple"));
    for (url, why) in [
        ("postgres://127.0.0.1/chat", "no user"),
        ("postgres://a@127.0.0.1/chat?sslmode=maybe", "sslmode is"),
    ] {
        let refused = with(url).run(&["check"]);
        assert!(
            refused.code == Some(2) && refused.err.contains(why),
            "{}",
            refused.err
        );
    }
}

/// As one of SQLite: what no gateway of this version could use is said by whatever looks at it.
#[test]
fn a_database_that_cannot_be_used_is_said_before_the_start() {
    let Some(server) = Postgres::durable() else {
        return;
    };
    let database = server.database();
    let bench = with(&database);
    let reads = [
        &["store", "verify"][..],
        &["export", "new.jsonl"],
        &["backup", "new.tar"],
    ];
    for command in reads {
        let refused = bench.run(command).refused();
        assert!(refused.contains("there is no store at"), "{refused}");
    }
    drop(with(&database).serve(&[]));
    let newer = "INSERT INTO migrations (version) VALUES (999)";
    server.ask(&database, newer);
    for command in [&["check"][..]].into_iter().chain(reads) {
        let told = bench.run(command);
        assert_eq!(told.code, Some(1), "{command:?}");
        assert!(told.err.contains("of a later version"), "{}", told.err);
    }
    let port = server.port();
    let name = |url: &str| url.split(['/', '?']).nth(3).unwrap().to_owned();
    let ascii = format!("a_{}", name(&database));
    server.sql(
        "postgres",
        &format!("CREATE DATABASE {ascii} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"),
    );
    let strange = server.database();
    server.ask(&strange, "CREATE TABLE users (a INTEGER)");
    let (bare, made) = (server.database(), server.database());
    server.ask(
        &bare,
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE weak LOGIN",
    );
    drop(with(&made).serve(&[]));
    let weak = |url: &str| url.replace("tolmach@", "weak@");
    for (url, why) in [
        (
            format!("postgres://tolmach@127.0.0.1:{port}/{ascii}?sslmode=disable"),
            "the database is in SQL_ASCII",
        ),
        (strange, "is called as tables of a gateway are (users)"),
        (
            weak(&bare),
            "the role weak may make no tables in the schema public",
        ),
        (weak(&made), "the role weak may not read and write bans, "),
    ] {
        let checked = with(&url).run(&["check"]);
        assert_eq!(checked.code, Some(1), "{url}");
        assert!(checked.err.contains(why), "{}", checked.err);
    }
}
