//! Files in a bucket, by the command line and with several nodes.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tolmach_test_servers::{BUCKET, KEY, KEY_ID, Mood, NatsServer, Postgres, S3Server};

use super::bench::Bench;
use super::copies::{elsewhere_with, post_file, with_anna_in};
use super::moving::lively_in;
use super::people::Client;

const PATIENCE: Duration = Duration::from_secs(60);

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The contents of all objects below a prefix, by their names behind it.
fn objects(server: &S3Server, prefix: &str) -> Vec<(String, Vec<u8>)> {
    let keys = server.keys().into_iter();
    let object = |key: String| {
        let name = key.strip_prefix(&format!("{prefix}/"))?.to_owned();
        Some((name, server.object(&key).unwrap()))
    };
    keys.filter_map(object).collect()
}

#[test]
fn copies_hold_what_is_in_the_bucket_and_bring_it_back() {
    let server = S3Server::start();
    let (mut bench, _) = lively_in(elsewhere_with(&server.section("gate")));
    let before = objects(&server, "gate");
    assert_eq!(before.len(), 2);
    let path = |name: &str| -> String { bench.path(name).to_str().unwrap().to_owned() };
    let said = bench.run(&["backup", &path("all.tar")]).done();
    assert!(said.contains("2 files"), "{said}");
    bench.run(&["export", &path("all.jsonl")]).done();
    bench.run(&["store", "verify"]).done();
    bench
        .run(&[
            "user",
            "export",
            "anna",
            &path("anna.json"),
            "--files",
            &path("anna.files"),
        ])
        .done();
    let mut copies: Vec<Vec<u8>> = std::fs::read_dir(bench.path("anna.files"))
        .unwrap()
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    copies.sort();
    let mut sent: Vec<Vec<u8>> = before.iter().map(|(_, content)| content.clone()).collect();
    sent.sort();
    assert!(copies == sent);
    for (command, file, prefix) in [("restore", "all.tar", "r"), ("import", "all.jsonl", "i")] {
        let other = elsewhere_with(&server.section(prefix));
        other.run(&[command, &path(file)]).done();
        assert!(objects(&server, prefix) == before, "{command}");
        other.run(&["store", "verify"]).done();
        let left =
            ["tolmach.files", "tolmach.files-restoring"].map(|name| other.data_dir().join(name));
        assert!(left.iter().all(|path| !path.exists()), "{command}");
    }
    // Out of a bucket into a directory.
    let other = elsewhere_with("");
    other.run(&["restore", &path("all.tar")]).done();
    other.run(&["store", "verify"]).done();
    // What is another than it was, and what is gone, is found.
    for (name, content) in &before[..2] {
        let other = vec![b'x'; content.len().max(1)];
        server.put(&format!("gate/{name}"), &other, Duration::ZERO);
    }
    let verified = bench.run(&["store", "verify"]);
    assert_eq!(verified.code, Some(1));
    assert!(
        verified.out.contains(&format!("s3://{BUCKET}/gate/")),
        "{}",
        verified.out
    );
    bench
        .run(&["export", "--room", "tea", &path("tea.jsonl")])
        .done();
    let refused = bench
        .run(&["import", "--room", "tea-2", &path("tea.jsonl")])
        .refused();
    assert!(
        refused.contains("cannot be taken into a bucket"),
        "{refused}"
    );
    bench.gateway = None;
}

#[test]
fn what_a_killed_gateway_sent_is_swept() {
    let server = S3Server::start();
    let (mut bench, tea) = with_anna_in(elsewhere_with(&server.section("gate")));
    post_file(&bench, tea, "kept", b"kept");
    let kept = server.keys();
    server.set(Mood::Holds);
    let mut sending = Client::connect(&bench, "uchat");
    sending.say(format!(
        "{{\"type\":24,\"name\":\"a\",\"size\":3,\"room_id\":{tea},\"token\":\"anna's token\"}}\n"
    ));
    assert!(sending.hear().contains("27"));
    sending.say("moo");
    until("it is not sent", || server.keys().len() == 2);
    let mut half = Client::connect(&bench, "uchat");
    half.say(format!(
        "{{\"type\":24,\"name\":\"b\",\"size\":3,\"room_id\":{tea},\"token\":\"anna's token\"}}\n"
    ));
    assert!(half.hear().contains("27"));
    half.say("mo");
    bench.gateway.as_ref().unwrap().signal("KILL");
    bench.gateway = None;
    server.set(Mood::Serves);
    bench.gateway = Some(bench.serve(&[]));
    until("it is not swept", || server.keys() == kept);
    let incoming = bench.data_dir().join("tolmach.files/incoming");
    assert_eq!(std::fs::read_dir(incoming).unwrap().count(), 0);
    bench.run(&["store", "verify"]).done();
}

#[test]
fn the_access_key_comes_from_the_environment_and_is_shown_nowhere() {
    let server = S3Server::start();
    let mut bench = Bench::offline();
    bench.configure(&format!("[files]\nurl = \"s3://{BUCKET}/gate\"\n"));
    let with = |bench: &Bench, arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command
            .env("AWS_ACCESS_KEY_ID", KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", KEY)
            .env("AWS_ENDPOINT_URL", server.endpoint())
            .env_remove("AWS_SESSION_TOKEN");
        command
    };
    let checked = super::bench::run(&mut with(&bench, &["check"]), "").done();
    assert!(checked.contains("s3://"), "{checked}");
    assert_eq!(server.keys(), [""; 0]);
    let log = std::fs::File::create(bench.path("log")).unwrap();
    let gateway = super::bench::Running::start(&mut with(&bench, &["serve"]), log);
    bench.gateway = Some(gateway);
    server.set(Mood::Busy);
    bench.configure(&server.section("gate"));
    let checked = bench.run(&["config", "show"]);
    assert!(
        checked.out.contains("***") && !checked.out.contains(KEY),
        "{}",
        checked.out
    );
    bench.gateway = None;
    let checked = bench.run(&["check"]);
    assert_eq!(checked.code, Some(1));
    assert!(checked.err.contains("SlowDown"), "{}", checked.err);
    let log = super::bench::read(&bench.path("log"));
    assert!(!log.contains(KEY), "{log}");
}

#[test]
fn a_fault_is_logged_once_and_so_is_its_end() {
    let server = S3Server::start();
    let (bench, tea) = with_anna_in(elsewhere_with(&server.section("gate")));
    let log = || super::bench::read(&bench.path("log"));
    let lines = |what: &str| log().lines().filter(|line| line.contains(what)).count();
    server.set(Mood::Away);
    for _ in 0..3 {
        let mut client = Client::connect(&bench, "uchat");
        client.say(format!(
            "{{\"type\":24,\"name\":\"a\",\"size\":3,\"room_id\":{tea},\"token\":\"anna's token\"}}\n"
        ));
        assert!(client.hear().contains("27"));
        client.say("moo");
        client.rest();
    }
    server.set(Mood::Serves);
    for _ in 0..3 {
        post_file(&bench, tea, "a", b"moo");
    }
    until("its end is not logged", || {
        lines("files can be sent and fetched again") == 1
    });
    assert_eq!(lines("files cannot be sent or fetched"), 1, "{}", log());
    assert_eq!((lines("ERROR"), lines("object_store")), (1, 0), "{}", log());
}

#[test]
fn one_node_sends_and_another_fetches() {
    let (Some(nats), Some(database)) = (NatsServer::start(), Postgres::shared()) else {
        return;
    };
    let (server, database) = (S3Server::start(), database.database());
    let bus = nats.url().replace("://", "://user:secret@");
    let place = |name: &str| {
        elsewhere_with(&format!(
            "[store]\nurl = {database:?}\n[bus]\nurl = {bus:?}\n[node]\nname = {name:?}\n{}",
            server.section("gate")
        ))
    };
    let (east, tea) = with_anna_in(place("east"));
    let mut west = place("west");
    west.gateway = Some(west.serve(&[]));
    let content: Vec<u8> = (0..300_000_u32).map(|at| at as u8).collect();
    post_file(&east, tea, "cat.png", &content);
    let told = west.json(&["history", "tea", "--json"]);
    let message = told.last().unwrap()["id"].as_i64().unwrap();
    let mut client = Client::connect(&west, "uchat");
    client.say(format!(
        "{{\"type\":25,\"room_id\":{tea},\"msg_id\":{message},\"token\":\"anna's token\"}}\n"
    ));
    assert!(client.hear().contains("300000"));
    client.say("{\"type\":27}\n");
    assert!(client.rest() == content);
    // What another node may be about to give to a message stays; what is old goes when a node starts.
    let stored = |name: &str| format!("gate/{tea}/{name}");
    server.put(&stored("aa"), b"x", Duration::from_secs(7_200));
    server.put(&stored("bb"), b"x", Duration::from_secs(600));
    let mut third = place("third");
    third.gateway = Some(third.serve(&[]));
    until("it is not swept", || !server.keys().contains(&stored("aa")));
    assert!(server.keys().contains(&stored("bb")));
    assert_eq!(server.keys().len(), 2);
    let copy: PathBuf = third.path("all.tar");
    let said = third.run(&["backup", copy.to_str().unwrap()]).done();
    assert!(said.contains("1 file"), "{said}");
}
