//! Files in a bucket: by every way that sends and fetches them, and when the bucket fails.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tolmach::daemon;
use tolmach_test_servers::{Mood, S3Server};

use super::Http;
use super::api::HTTP;
use crate::support::transfer::{content, download, told_of, upload};
use crate::support::uchat::DEL_MSG;
use crate::support::{Daemon, PATIENCE, Uchat, config, token};

/// A gateway with a bucket, with a member anna of a room.
struct Bench {
    server: S3Server,
    daemon: Daemon,
    anna: Uchat,
    room: i32,
    _dir: TempDir,
}

impl Bench {
    async fn start() -> Self {
        let (server, dir) = (S3Server::start(), tempfile::tempdir().unwrap());
        let more = format!("{HTTP}\n{}", server.section("gate"));
        let daemon = Daemon::on_disk(dir.path(), &more).await;
        let mut anna = daemon.uchat_new("anna").await;
        let room = anna.new_room("tea", 1).await;
        Self {
            server,
            daemon,
            anna,
            room,
            _dir: dir,
        }
    }

    async fn until_there_are(&self, keys: &[String]) {
        let waiting = async {
            while self.server.keys() != keys {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(done.is_ok(), "{:?} is not {keys:?}", self.server.keys());
    }

    /// A file's number, handed in by uchat, and its object.
    async fn file(&mut self, bytes: &[u8]) -> (i32, String) {
        self.daemon
            .upload("anna", self.room, "cat.png", bytes)
            .await;
        let (message, stored) = told_of(&mut self.anna, self.room, "cat.png", bytes.len()).await;
        (message, format!("gate/{}/{stored}", self.room))
    }
}

const ANNA: &str = "Authorization: Bearer token-anna";

#[tokio::test]
async fn what_one_dialect_sends_the_other_fetches_whole_and_in_parts() {
    let mut bench = Bench::start().await;
    let sent = content(2_000_000, 1);
    let (message, object) = bench.file(&sent).await;
    assert!(bench.server.object(&object).unwrap() == sent);
    let mut http = Http::connect(&bench.daemon).await;
    let path = format!("/api/v1/files/{message}");
    let whole = http.get(&path, &[ANNA]).await;
    assert_eq!((whole.status, whole.body == sent), (200, true));
    let part = http
        .get(&path, &[ANNA, "Range: bytes=1000000-1000099"])
        .await;
    assert_eq!(
        (part.status, &*part.body),
        (206, &sent[1_000_000..1_000_100])
    );
    assert_eq!(
        part.header("content-range"),
        "bytes 1000000-1000099/2000000"
    );
    let beyond = http.get(&path, &[ANNA, "Range: bytes=2000000-"]).await;
    assert_eq!(beyond.status, 416);
    let path = "/api/v1/rooms/tea/files?name=dog.png";
    let answer = http.ask("POST", path, &[ANNA], Some(&sent[..100])).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let (message, _) = told_of(&mut bench.anna, bench.room, "dog.png", 100).await;
    let (name, fetched) = bench.daemon.download("anna", bench.room, message).await;
    assert_eq!((name.as_str(), &*fetched), ("dog.png", &sent[..100]));
    let (message, _) = bench.file(b"").await;
    assert_eq!(
        bench.daemon.download("anna", bench.room, message).await.1,
        b""
    );
}

#[tokio::test]
async fn a_content_goes_with_its_message() {
    let mut bench = Bench::start().await;
    let (first, _) = bench.file(b"1").await;
    let (_, second) = bench.file(b"2").await;
    let room = bench.room;
    let deletion = json!({"type": DEL_MSG, "room_id": room, "msg_id": first});
    bench.anna.ask(deletion).await;
    bench.until_there_are(&[second]).await;
}

#[tokio::test]
async fn a_bucket_that_fails_is_told_to_those_with_files_alone() {
    let mut bench = Bench::start().await;
    let (message, object) = bench.file(b"meow").await;
    let (daemon, room) = (&bench.daemon, bench.room);
    let mut jim = daemon.guest_in("boris", "#tea").await;
    for mood in [Mood::Silent, Mood::Away] {
        bench.server.set(mood);
        let begun = Instant::now();
        let sending = async {
            let mut client = daemon.for_file().await;
            client
                .begin_upload(upload(&token("anna"), room, "moo", 3))
                .await;
            client.send(b"moo").await;
            client.error(7).await;
            client.end().await;
        };
        let fetching = async {
            let request = download(&token("anna"), room, message);
            daemon.for_file().await.turned_away(7, request).await;
        };
        let by_http = async {
            let path = "/api/v1/rooms/tea/files?name=moo";
            let mut http = Http::connect(daemon).await;
            let answer = http.ask("POST", path, &[ANNA], Some(b"moo")).await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (503, "Unavailable")
            );
        };
        let talking = async {
            let begun = Instant::now();
            for _ in 0..20 {
                assert_eq!(jim.say("#tea", "hello").await, 200);
            }
            begun.elapsed()
        };
        let ((), (), (), talked) = tokio::join!(sending, fetching, by_http, talking);
        assert!(
            begun.elapsed() < Duration::from_secs(12),
            "{mood:?}: {:?}",
            begun.elapsed()
        );
        assert!(talked < Duration::from_secs(3), "{mood:?}: {talked:?}");
        bench.server.set(Mood::Serves);
        assert_eq!(daemon.download("anna", room, message).await.1, b"meow");
    }
    bench.until_there_are(&[object]).await;
}

#[tokio::test]
async fn a_bucket_that_refuses_keeps_the_gateway_from_starting() {
    let (server, dir) = (S3Server::start(), tempfile::tempdir().unwrap());
    let wrong = server.section("gate").replace("tea-files", "coffee");
    let config = config(dir.path(), "sqlite:tolmach.db", &wrong);
    let error = daemon::Daemon::start(&config).await.err().unwrap();
    let said = error.to_string();
    assert!(
        said.starts_with("files cannot be kept in s3://coffee/gate: NoSuchBucket (")
            && said.contains("look at the bucket's name"),
        "{said}"
    );
    assert_eq!(daemon::obstacles(&config).len(), 1);
}
