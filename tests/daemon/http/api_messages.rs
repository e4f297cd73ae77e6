//! Messages and files.

use serde_json::json;
use tolmach::commands;

use super::api::{Asking, HTTP, each};
use crate::support::{Daemon, room};

/// Anna and Boris in a room of Anna's.
async fn two(daemon: &Daemon) -> (Asking, Asking) {
    let mut anna = Asking::account(daemon, "anna").await;
    let mut boris = Asking::account(daemon, "boris").await;
    anna.post("/rooms", json!({"name": "tea"})).await;
    boris.done("PUT", "/rooms/tea/members/boris", None).await;
    (anna, boris)
}

#[tokio::test]
async fn what_is_said_is_durable_and_heard_elsewhere() {
    let daemon = Daemon::start(HTTP).await;
    let (mut anna, mut boris) = two(&daemon).await;
    let mut talker = daemon.talker_in("boris", "tea").await;
    let said = anna
        .post("/rooms/tea/messages", json!({"text": "Tea?"}))
        .await;
    assert_eq!(
        (
            &said["room"],
            &said["from"],
            &said["kind"],
            &said["text"],
            &said["deleted"],
            &said["updated"]
        ),
        (
            &json!("tea"),
            &json!("anna"),
            &json!("text"),
            &json!("Tea?"),
            &json!(false),
            &json!(null)
        )
    );
    talker.hears("anna", "Tea?").await;
    let first = said["id"].as_i64().unwrap();
    let answer = json!({"text": "Yes", "reply_to": first});
    let answer = boris.post("/rooms/tea/messages", answer).await;
    assert_eq!(answer["reply_to"], first);
    for (body, kind, text) in [
        (json!({"text": "/me waves"}), "emote", "waves"),
        (
            json!({"text": "/me waves", "kind": "text"}),
            "emote",
            "waves",
        ),
        (
            json!({"text": "/me waves", "kind": "emote"}),
            "emote",
            "waves",
        ),
        (json!({"text": "waves", "kind": "emote"}), "emote", "waves"),
        (json!({"text": "cat", "kind": "sticker"}), "sticker", "cat"),
    ] {
        let said = anna.post("/rooms/tea/messages", body).await;
        assert_eq!((&said["kind"], &said["text"]), (&json!(kind), &json!(text)));
    }
    for (body, field) in [
        (json!({"text": " "}), "text"),
        (json!({"text": "/me", "kind": "emote"}), "text"),
        (json!({"text": "x", "kind": "file"}), "kind"),
        (json!({"text": "x", "reply_to": "1"}), "reply_to"),
        (json!({}), "text"),
        (json!([1]), "body"),
    ] {
        let problem = anna
            .refused("POST", "/rooms/tea/messages", Some(body), (400, "Invalid"))
            .await;
        assert_eq!(problem["field"], field, "{problem}");
    }
    let lost = Some(json!({"text": "x", "reply_to": 999_999}));
    anna.refused("POST", "/rooms/tea/messages", lost, (404, "NoSuchMessage"))
        .await;
    let outside = Some(json!({"text": "x"}));
    anna.refused(
        "POST",
        "/rooms/lobby/messages",
        outside,
        (403, "NotAllowed"),
    )
    .await;
    let nowhere = Some(json!({"text": "x"}));
    anna.refused(
        "POST",
        "/rooms/nowhere/messages",
        nowhere,
        (404, "NoSuchRoom"),
    )
    .await;
    let nobody = Some(json!({"text": "x"}));
    anna.refused(
        "POST",
        "/rooms/@anna,nobody/messages",
        nobody,
        (404, "NoSuchUser"),
    )
    .await;

    let path = format!("/rooms/tea/messages/{first}");
    boris
        .refused(
            "PATCH",
            &path,
            Some(json!({"text": "no"})),
            (403, "NotAllowed"),
        )
        .await;
    boris
        .refused("DELETE", &path, None, (403, "NotAllowed"))
        .await;
    let edited = anna
        .json("PATCH", &path, Some(json!({"text": "Chai?"})), 200)
        .await;
    assert_eq!(
        (&edited["id"], &edited["text"]),
        (&json!(first), &json!("Chai?"))
    );
    assert!(edited["updated"].is_string());
    anna.done("DELETE", &path, None).await;
    anna.refused(
        "DELETE",
        "/rooms/lobby/messages/1",
        None,
        (404, "NoSuchMessage"),
    )
    .await;
    anna.refused("DELETE", "/rooms/tea/messages/x", None, (400, "Invalid"))
        .await;
    let history = boris.get("/rooms/tea/messages?before=2").await;
    assert_eq!(
        (&history[0]["deleted"], &history[0]["text"]),
        (&json!(true), &json!(""))
    );
    let slow = Some(json!({"slow": "1m"}));
    anna.json("PATCH", "/rooms/tea", slow, 200).await;
    let soon = boris
        .ask("POST", "/rooms/tea/messages", Some(json!({"text": "x"})))
        .await;
    assert_eq!((soon.status, soon.problem().as_str()), (429, "RateLimited"));
    assert!(soon.header("retry-after").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn a_history_is_paged_both_ways_and_searched() {
    let daemon = Daemon::start(&format!("{HTTP}\nlimits.messages_per_second = 0")).await;
    let (mut anna, mut boris) = two(&daemon).await;
    let mut ids = Vec::new();
    for number in 0..10 {
        let what = if number % 3 == 0 { "needle" } else { "hay" };
        ids.push(anna.say("tea", &format!("{what} {number}")).await);
    }
    let mut texts = async |query: &str| {
        let found = boris.get(&format!("/rooms/tea/messages?{query}")).await;
        let texts = each(&found, "text");
        texts
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        texts("limit=2").await,
        ["hay 8", "needle 9"].into_iter().rev().collect::<Vec<_>>()
    );
    assert_eq!(
        texts(&format!("before={}&limit=2", ids[2])).await,
        ["hay 1", "needle 0"]
    );
    assert_eq!(
        texts(&format!("after={}&limit=2", ids[2])).await,
        ["needle 3", "hay 4"]
    );
    assert_eq!(
        texts(&format!("after={}&before={}", ids[2], ids[4])).await,
        ["needle 3"]
    );
    assert_eq!(texts("q=NEEDLE&limit=2").await, ["needle 9", "needle 6"]);
    assert_eq!(
        texts(&format!("q=needle&before={}&limit=1", ids[6])).await,
        ["needle 3"]
    );
    assert_eq!(
        texts(&format!("q=needle&after={}&limit=1", ids[0])).await,
        ["needle 3"]
    );
    assert_eq!(texts("q=nothing").await, [""; 0]);
    // Pages end by bytes, too, wherever that is: by ids all of them come to the end, from either side.
    let large = "needle".repeat(170_000);
    for number in 0..12 {
        daemon
            .operate(commands::Send::text(
                room("tea"),
                format!("{large}{number}"),
            ))
            .await;
    }
    let mut all = Vec::new();
    for (from, bound) in [("after", 0), ("before", i64::MAX)] {
        let mut pages = Vec::new();
        let mut place = bound;
        loop {
            let path = format!("/rooms/tea/messages?q=needle&{from}={place}");
            let page = each(&boris.get(&path).await, "id");
            let Some(last) = page.last() else { break };
            place = last.as_i64().unwrap();
            pages.extend(page.iter().map(|id| id.as_i64().unwrap()));
        }
        assert_eq!(pages.len(), 16, "{pages:?}");
        all.push(pages);
    }
    all[1].reverse();
    assert!(all[0] == all[1] && all[0].is_sorted(), "{all:?}");
    for bad in [
        "limit=0",
        "limit=501",
        "limit=-1",
        "before=x",
        "after=",
        "what=1",
        "limit=1&limit=2",
    ] {
        let path = format!("/rooms/tea/messages?{bad}");
        let problem = boris.refused("GET", &path, None, (400, "Invalid")).await;
        assert_eq!(problem["field"], bad.split('=').next().unwrap());
    }
    let mut carla = Asking::account(&daemon, "carla").await;
    carla
        .refused("GET", "/rooms/tea/messages", None, (403, "NotAllowed"))
        .await;
}

#[tokio::test]
async fn a_file_goes_up_and_comes_down_in_parts() {
    let daemon = Daemon::start(&format!("{HTTP}\nlimits.file_bytes = 300000")).await;
    let (mut anna, mut boris) = two(&daemon).await;
    let content: Vec<u8> = (0..300_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    let auth = ["Authorization: Bearer token-anna"];
    let path = "/api/v1/rooms/tea/files?name=%D0%BA%D0%BE%D1%82.png";
    let answer = anna.http.ask("POST", path, &auth, Some(&content)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let message = answer.json();
    assert_eq!(message["file"], json!({"name": "кот.png", "size": 300_000}));
    assert_eq!(message["kind"], "file");
    for path in [
        format!("/api/v1/files/{}", message["id"]),
        format!("/files/{}", message["id"]),
    ] {
        let auth = "Authorization: Bearer token-boris";
        let whole = boris.http.get(&path, &[auth]).await;
        assert_eq!((whole.status, whole.body == content), (200, true));
        assert_eq!(whole.header("content-type"), "image/png");
        assert_eq!(whole.header("x-content-type-options"), "nosniff");
        let disposition = whole.header("content-disposition");
        assert!(disposition.starts_with("attachment; "), "{disposition}");
        assert!(
            disposition.contains("filename*=UTF-8''%D0%BA%D0%BE%D1%82.png"),
            "{disposition}"
        );
        let part = boris.http.get(&path, &[auth, "Range: bytes=100-199"]).await;
        assert_eq!((part.status, &*part.body), (206, &content[100..200]));
        assert_eq!(part.header("content-range"), "bytes 100-199/300000");
        // A part of what it was is asked for; of something else it would be all.
        let tag = format!("If-Range: {}", whole.header("etag"));
        for (of, status) in [(&*tag, 206), ("If-Range: \"other\"", 200)] {
            let part = [auth, "Range: bytes=1-2", of];
            assert_eq!(boris.http.get(&path, &part).await.status, status, "{of}");
        }
        let end = boris.http.get(&path, &[auth, "Range: bytes=-5"]).await;
        assert_eq!((end.status, &*end.body), (206, &content[299_995..]));
        let beyond = boris.http.get(&path, &[auth, "Range: bytes=300000-"]).await;
        assert_eq!(
            (beyond.status, beyond.problem().as_str()),
            (416, "RangeNotSatisfiable")
        );
        assert_eq!(beyond.header("content-range"), "bytes */300000");
        let bare = boris.http.ask("HEAD", &path, &[auth], None).await;
        assert_eq!(
            (bare.status, bare.header("content-length")),
            (200, "300000")
        );
    }
    let mut carla = Asking::account(&daemon, "carla").await;
    let path = format!("/files/{}", message["id"]);
    carla
        .refused("GET", &path, None, (404, "NoSuchMessage"))
        .await;
    let said = anna.say("tea", "no file").await;
    boris
        .refused(
            "GET",
            &format!("/files/{said}"),
            None,
            (404, "NoSuchMessage"),
        )
        .await;
    Asking::nobody(&daemon)
        .await
        .refused("GET", &path, None, (401, "Unauthenticated"))
        .await;
}

#[tokio::test]
async fn what_cannot_be_sent_leaves_nothing() {
    let daemon = Daemon::start(&format!("{HTTP}\nlimits.file_bytes = 1000")).await;
    let (mut anna, _boris) = two(&daemon).await;
    let auth = "Authorization: Bearer token-anna";
    let path = "/api/v1/rooms/tea/files?name=a.txt";
    let large = anna.http.ask("POST", path, &[auth], Some(&[0; 1001])).await;
    assert_eq!((large.status, large.problem().as_str()), (413, "TooLarge"));
    // One that does not say how long it is.
    let mut http = super::Http::connect(&daemon).await;
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\n{auth}\r\nTransfer-Encoding: chunked\r\n\r\n");
    http.send(head.as_bytes()).await;
    for _ in 0..3 {
        http.send(b"190\r\n").await;
        http.send(&[b'x'; 400]).await;
        http.send(b"\r\n").await;
    }
    let answer = http.answer(false).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (413, "TooLarge")
    );
    // One that breaks off.
    let mut http = super::Http::connect(&daemon).await;
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\n{auth}\r\nContent-Length: 900\r\n\r\nhalf");
    http.send(head.as_bytes()).await;
    drop(http);
    let mut anna = Asking::by(&daemon, "token-anna").await;
    for (path, why) in [
        ("/rooms/tea/files", (400, "Invalid")),
        ("/rooms/tea/files?name=", (400, "Invalid")),
        ("/rooms/lobby/files?name=a", (403, "NotAllowed")),
        ("/rooms/nowhere/files?name=a", (404, "NoSuchRoom")),
    ] {
        anna.refused("POST", path, None, why).await;
    }
    assert!(
        anna.get("/rooms/tea/messages")
            .await
            .as_array()
            .unwrap()
            .is_empty()
    );
    let path = "/api/v1/rooms/tea/files?name=empty";
    let empty = anna.http.ask("POST", path, &[auth], Some(b"")).await;
    assert_eq!(empty.status, 201, "{}", empty.text());
    let path = format!("/api/v1/files/{}", empty.json()["id"]);
    let empty = anna.http.get(&path, &[auth]).await;
    assert_eq!((empty.status, empty.body.len()), (200, 0));
}

#[tokio::test]
async fn half_a_character_and_a_mark_before_the_text_are_taken() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    anna.post("/rooms", json!({"name": "tea"})).await;
    let headers = [
        "Authorization: Bearer token-anna",
        "Content-Type: application/json",
    ];
    for (body, text) in [
        (&br#"{"text":"cut \ud83d"}"#[..], "cut \u{fffd}"),
        (br#"{"text":"whole \ud83d\ude00"}"#, "whole \u{1f600}"),
        (b"\xef\xbb\xbf{\"text\":\"marked\"}", "marked"),
    ] {
        let path = "/api/v1/rooms/tea/messages";
        let answer = anna.http.ask("POST", path, &headers, Some(body)).await;
        assert_eq!(answer.status, 201, "{text}: {}", answer.text());
        assert_eq!(answer.json()["text"], text);
    }
}
