//! What is about a bucket alone: faults, time, other nodes.

use std::time::{Duration, Instant};

use tolmach_test_servers::{Mood, S3Server};

use super::super::contract::{content, options, placed};
use super::super::{FileArea, limit_in};
use super::{Bucket, S3Options};
use crate::model::RoomId;

const PATIENCE: Duration = Duration::from_secs(20);

fn area(server: &S3Server, is_shared: bool, incoming: &tempfile::TempDir) -> FileArea {
    let bucket = Bucket::new(&options(server)).unwrap();
    FileArea::in_s3(bucket, is_shared, incoming.path(), 0).unwrap()
}

/// What is wrong with a place.
async fn fault(options: &S3Options) -> String {
    let bucket = Bucket::new(options).unwrap();
    bucket.tried().await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_place_is_tried() {
    let server = S3Server::start();
    let options = options(&server);
    Bucket::new(&options).unwrap().tried().await.unwrap();
    assert_eq!(server.keys(), [""; 0]);
    let mut other = options.clone();
    other.bucket = "coffee".to_owned();
    let said = fault(&other).await;
    assert_eq!(
        said,
        "s3://coffee/gate/east: NoSuchBucket (The specified bucket does not exist); \
         look at the bucket's name, its region and endpoint, and what the access key may do"
    );
    let mut other = options.clone();
    other.credentials = Some(("TEST-KEY".to_owned(), "another".to_owned()));
    let said = fault(&other).await;
    assert!(
        said.contains("SignatureDoesNotMatch (the signature is another); look at"),
        "{said}"
    );
    assert!(
        !said.contains("another;") && !format!("{other:?}").contains("another"),
        "{said}"
    );
    server.set(Mood::Busy);
    let said = fault(&options).await;
    assert!(
        said.contains("SlowDown (Please reduce your rate); look whether the server is there"),
        "{said}"
    );
    let mut other = options.clone();
    other.endpoint = Some("http://127.0.0.1:1".to_owned());
    let said = fault(&other).await;
    assert!(
        said.contains("refused") && said.contains("look whether the server is there"),
        "{said}"
    );
    let asked = tokio::task::spawn_blocking(move || Bucket::is_usable(&other))
        .await
        .unwrap();
    assert_eq!(asked.unwrap_err().to_string(), said);
}

#[tokio::test]
async fn one_that_comes_is_waited_for_at_the_start() {
    let (server, incoming) = (S3Server::start(), tempfile::tempdir().unwrap());
    server.set(Mood::Away);
    let area = area(&server, false, &incoming);
    let tried = tokio::spawn(async move { area.tried().await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.set(Mood::Serves);
    tokio::time::timeout(PATIENCE, tried)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn one_that_is_away_fails_soon_and_serves_again() {
    let (server, incoming) = (S3Server::start(), tempfile::tempdir().unwrap());
    let area = area(&server, false, &incoming);
    let mut kept = placed(&area, b"meow").await.unwrap();
    kept.submitted();
    for mood in [Mood::Away, Mood::Busy, Mood::Silent, Mood::Mute] {
        server.set(mood);
        let begun = Instant::now();
        let error = placed(&area, b"moo").await.unwrap_err();
        assert!(super::super::is_told(&error), "{mood:?}: {error}");
        content(&area, kept.name(), 0..4).await.unwrap_err();
        area.contents(RoomId(7)).await.unwrap_err();
        assert!(
            begun.elapsed() < 3 * Duration::from_secs(7),
            "{mood:?}: {:?}",
            begun.elapsed()
        );
        server.set(Mood::Serves);
        assert_eq!(content(&area, kept.name(), 0..4).await.unwrap(), b"meow");
        drop(placed(&area, b"moo").await.unwrap());
    }
    assert_eq!(
        super::super::directory::names(&incoming.path().join("incoming")).unwrap(),
        [""; 0]
    );
}

#[tokio::test]
async fn a_content_that_is_too_long_is_refused_by_its_length() {
    let (server, incoming) = (S3Server::start(), tempfile::tempdir().unwrap());
    server.set(Mood::Takes(50));
    let area = area(&server, false, &incoming);
    let refused = placed(&area, &[7; 51]).await.unwrap_err();
    assert_eq!(limit_in(&refused), Some(50));
    let mut kept = placed(&area, &[7; 50]).await.unwrap();
    kept.submitted();
    assert_eq!(server.keys().len(), 1);
    // Nobody sends so much to be told that it is too much.
    let bucket = Bucket::new(&options(&server)).unwrap();
    let (file, bytes) = (incoming.path().join("none"), (5 << 30) + 1);
    let refused = bucket.put(RoomId(1), "0001", &file, bytes, &[0; 32]).await;
    assert_eq!(limit_in(&refused.unwrap_err()), Some(5 << 30));
}

#[tokio::test]
async fn what_was_kept_without_an_answer_is_swept() {
    let (server, incoming) = (S3Server::start(), tempfile::tempdir().unwrap());
    let area = area(&server, false, &incoming);
    server.set(Mood::Mute);
    placed(&area, b"moo").await.unwrap_err();
    server.set(Mood::Serves);
    let mut names = area.contents(RoomId(7)).await.unwrap().names;
    if !names.is_empty() {
        // It was removed by whoever was told that it is not there, unless that is under way.
        let suspects = area.suspect(RoomId(7), &mut names).await.unwrap().unwrap();
        assert!(suspects.remove([].into()).await.unwrap());
    }
    assert_eq!(server.keys(), [""; 0]);
}

#[tokio::test]
async fn a_content_that_breaks_off_is_gone_on_with() {
    let (server, incoming) = (S3Server::start(), tempfile::tempdir().unwrap());
    let area = area(&server, false, &incoming);
    let sent: Vec<u8> = (0..100_000_u32).map(|at| at as u8).collect();
    let mut kept = placed(&area, &sent).await.unwrap();
    kept.submitted();
    server.set(Mood::Cuts(60_000));
    let read = content(&area, kept.name(), 0..100_000).await.unwrap();
    assert!(read == sent);
    server.set(Mood::Cuts(10_000));
    content(&area, kept.name(), 0..100_000).await.unwrap_err();
}

#[tokio::test]
async fn what_another_node_may_be_about_to_give_to_a_message_is_left_until_it_is_old() {
    let (server, incoming) = (S3Server::start(), tempfile::tempdir().unwrap());
    let minute = Duration::from_secs(60);
    for (name, age) in [("aa", 0), ("bb", 59), ("cc", 61), ("dd.png", 1_000)] {
        server.put(&format!("gate/east/7/{name}"), b"x", age * minute);
    }
    server.put("gate/east/7/not-ours", b"x", 1_000 * minute);
    server.put("gate/eastern/7/ee", b"x", 1_000 * minute);
    let alone = area(&server, false, &incoming)
        .contents(RoomId(7))
        .await
        .unwrap();
    assert_eq!(alone.names, ["aa", "bb", "cc", "dd.png"]);
    let shared = area(&server, true, &incoming)
        .contents(RoomId(7))
        .await
        .unwrap();
    assert_eq!(shared.names, ["cc", "dd.png"]);
    let left: Vec<_> = shared
        .young
        .iter()
        .map(|(name, left)| (name.as_str(), left.as_secs() / 60))
        .collect();
    assert_eq!(left, [("aa", 59), ("bb", 0)]);
}

#[tokio::test]
async fn no_secret_is_in_what_a_bucket_says_of_itself() {
    let server = S3Server::start();
    let bucket = Bucket::new(&options(&server)).unwrap();
    assert!(!format!("{bucket:?}").contains("test+secret"));
}
