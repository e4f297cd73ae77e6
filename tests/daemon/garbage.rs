//! Bytes that no client should send: each stream is answered in whole objects and ends, and nothing of the process with it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::support::{Client, Daemon, bare_msg, frame, login, presence, token};

/// Panics inside the crates, whichever test they belong to.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn watch_for_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info
            .location()
            .is_some_and(|place| !place.file().starts_with("tests/"))
        {
            PANICS.fetch_add(1, Ordering::SeqCst);
        }
        before(info);
    }));
}

/// Sends a stream and its end; reads all that comes, which must be whole objects.
async fn feed(mut client: Client, stream: &[u8]) {
    client.try_send(stream).await;
    client.try_finish().await;
    client.rest().await;
}

/// Sends a stream of the purpose-byte protocol and its end; reads all that comes, which must be whole frames.
async fn feed_frames(daemon: &Daemon, revision: u8, stream: &[u8]) {
    let mut purpose = daemon.purpose(revision).await;
    purpose.try_send(stream).await;
    purpose.try_finish().await;
    purpose.remains().await;
}

/// Requests of all kinds, and answers to nothing.
fn purpose(revision: u8) -> Vec<u8> {
    let mut stream = frame(0x20, 1, &[0, 1]);
    stream.extend(frame(0x21, 2, &login("anna")));
    for purpose in 0..0x50 {
        // Not the end.
        if [3, 0x22].contains(&purpose) || (revision == 2 && purpose == 0x24) {
            continue;
        }
        for body in [
            &b""[..],
            &[1, 0, 0, 0],
            b"lobby\0",
            b"\x01\0\0\0text \xd1\x8b\0",
        ] {
            stream.extend(frame(purpose, purpose, body));
        }
    }
    stream.extend(frame(0x22, 3, b""));
    stream
}

fn fixtures(directory: &str, extension: &str) -> Vec<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(directory);
    let mut streams = Vec::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|one| one == extension) {
            streams.push(std::fs::read(path).unwrap());
        }
    }
    assert!(!streams.is_empty());
    streams
}

/// Changes, doubles and drops some bytes.
fn spoil(stream: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut next = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    let mut spoilt = stream.to_vec();
    for _ in 0..=next(6) {
        let at = next(spoilt.len());
        match next(4) {
            0 => spoilt[at] = next(256) as u8,
            1 => drop(spoilt.remove(at)),
            2 => spoilt.insert(at, b"{}[]\",:\\\n\0"[next(10)]),
            _ => {
                let piece = spoilt[at..spoilt.len().min(at + next(40))].to_vec();
                spoilt.extend(piece);
            }
        }
    }
    spoilt
}

#[tokio::test]
async fn whatever_comes_the_gateway_goes_on() {
    watch_for_panics();
    let daemon = Daemon::start("limits.failed_logins = 0").await;
    daemon.account("anna").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    for stream in fixtures("jim/streams", "bin")
        .iter()
        .chain(&fixtures("jim/document", "json"))
    {
        feed(daemon.client("jim").await, stream).await;
    }
    for stream in fixtures("talker/client", "stream") {
        feed(daemon.client("talker").await, &stream).await;
    }
    for revision in [1, 2] {
        let stream = purpose(revision);
        feed_frames(&daemon, revision, &stream).await;
        for seed in 0..40 {
            feed_frames(&daemon, revision, &spoil(&stream, seed)).await;
        }
    }
    let mut jim = String::new();
    for mut object in [
        presence("guest"),
        json!({"action": "join", "room": "#other"}),
        json!({"action": "leave", "room": "#other"}),
    ] {
        object["time"] = json!(1);
        jim += &object.to_string();
    }
    jim += &bare_msg("guest", "boris", "\u{1F600} {\"\\");
    let mut talker =
        json!({"type": "connect", "room": "other", "token": token("anna"), "user": {"a": [1]}})
            .to_string();
    talker += &json!({"type": "message", "content": "\u{1F600}", "to": "boris", "x": {"y": 1e5}})
        .to_string();
    talker += &json!({"type": "message", "content": "x", "edit": "1"}).to_string();
    for seed in 0..300 {
        feed(daemon.client("jim").await, &spoil(jim.as_bytes(), seed)).await;
        feed(
            daemon.client("talker").await,
            &spoil(talker.as_bytes(), seed),
        )
        .await;
    }
    for bytes in [
        &b"\x00"[..],
        b"\xff\xfe\xfd",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
        b"GET / HTTP/1.1\r\n\r\n",
        b"{",
        b"}",
        b"\"",
        b"\\",
    ] {
        feed(daemon.client("jim").await, bytes).await;
        feed(daemon.client("talker").await, bytes).await;
        feed_frames(&daemon, 1, bytes).await;
        feed_frames(&daemon, 2, bytes).await;
    }
    // What reached Boris was well-formed, and he can still talk.
    boris
        .write(json!({"action": "join", "room": "#last"}))
        .await;
    while boris.next().await["response"] != 201 {}
    assert_eq!(PANICS.load(Ordering::SeqCst), 0);
}
