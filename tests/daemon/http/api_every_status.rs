//! Every status that the document has for a row is one that somebody is answered with, in that row.

use serde_json::{Value, json};
use tolmach::commands;
use tolmach::model::{BanSubject, Error};

use super::Http;
use super::api::{Asking, HTTP};
use super::described::{Document, Seen};
use super::rows::{Request, changes, furnished, reads};
use crate::support::{Daemon, PASSWORD, failing_hub, room, token};

/// What was asked so far, and how it was answered.
struct Trial {
    document: &'static Document,
    seen: Seen,
}

impl Trial {
    fn note(&mut self, method: &str, path: &str, status: u16) {
        let row = self.document.row(method, path);
        let row = row.unwrap_or_else(|| panic!("{method} {path} is not described"));
        self.seen.note(method, row, status);
    }

    /// Asks, and expects one of these statuses; another would not do what the test wants.
    async fn ask(&mut self, who: &mut Asking, (method, path, body): Request, statuses: &[u16]) {
        let answer = who.ask(method, &path, body).await;
        let status = answer.status;
        assert!(
            statuses.contains(&status),
            "{method} {path}: {status}: {}",
            answer.text()
        );
        self.note(method, &path, status);
    }
}

fn get(path: &str) -> Request {
    ("GET", path.to_owned(), None)
}

/// Files and sessions, which not every gateway has.
fn others(session: &Value, file: &Value) -> [Request; 3] {
    let upload = "/rooms/tea/files?name=a.txt".to_owned();
    [
        ("POST", upload, Some(json!({}))),
        get(&format!("/files/{file}")),
        ("DELETE", format!("/sessions/{session}"), None),
    ]
}

#[tokio::test]
async fn what_is_described_is_seen() {
    let mut trial = Trial {
        document: Document::read().await,
        seen: Seen::default(),
    };
    refused(&mut trial).await;
    without_body(&mut trial).await;
    done(&mut trial).await;
    missing_or_taken(&mut trial).await;
    too_often(&mut trial).await;
    too_much(&mut trial).await;
    assert_eq!(trial.seen.lacks(trial.document), Vec::<String>::new());
}

/// 400, 401, 403, 500 and 503, which any row has.
async fn refused(trial: &mut Trial) {
    let (hub, store) = failing_hub().await;
    let daemon = Daemon::over(hub, HTTP).await;
    let (mut chief, said) = furnished(&daemon).await;
    let mut nobody = Asking::nobody(&daemon).await;
    let mut anna = Asking::by(&daemon, &token("anna")).await;
    let rows = || {
        let others = others(&json!(1), &json!(1));
        reads().into_iter().chain(changes(&said)).chain(others)
    };
    let is_open = |path: &str| ["/login", "/openapi.json"].contains(&path);
    for (method, path, body) in rows() {
        let joint = if path.contains('?') { '&' } else { '?' };
        let strange = (method, format!("{path}{joint}what=1"), body.clone());
        trial.ask(&mut chief, strange, &[400]).await;
        if !is_open(&path) {
            trial.ask(&mut nobody, (method, path, body), &[401]).await;
        }
    }
    let login = |password| {
        let body = json!({"login": "anna", "password": password});
        ("POST", "/login".to_owned(), Some(body))
    };
    trial.ask(&mut nobody, login("wrong"), &[401]).await;
    for (why, status) in [(Error::Internal, 500), (Error::Unavailable, 503)] {
        store.find_nobody(Some(why));
        for row in rows().filter(|(_, path, _)| path != "/openapi.json") {
            trial.ask(&mut chief, row, &[status]).await;
        }
    }
    store.find_nobody(None);
    let ban = commands::AddBan {
        subject: BanSubject::Login("anna".to_owned()),
        term: None,
        reason: String::new(),
    };
    daemon.operate(ban).await;
    trial.ask(&mut nobody, login(PASSWORD), &[403]).await;
    for row in rows().filter(|(_, path, _)| !is_open(path)) {
        trial.ask(&mut anna, row, &[403]).await;
    }
    // The document needs nobody, but a connection.
    let daemon = Daemon::start(&format!("{HTTP}\nlimits.connections = 1")).await;
    let _first = daemon.guest("ada").await;
    trial
        .ask(
            &mut Asking::nobody(&daemon).await,
            get("/openapi.json"),
            &[503],
        )
        .await;
}

/// 408, 413 and 415, where there is to be a body.
async fn without_body(trial: &mut Trial) {
    let daemon = Daemon::start(&format!("{HTTP}\nlimits.file_bytes = 65536")).await;
    let (_, said) = furnished(&daemon).await;
    let who = "Authorization: Bearer token-chief";
    let rows = changes(&said)
        .into_iter()
        .chain(others(&json!(1), &json!(1)));
    let mut count = 0;
    for (method, path, _) in rows {
        let document = trial.document;
        let row = document.row(method, &path).unwrap();
        let Some(content) = row.operation["requestBody"]["content"].as_object() else {
            continue;
        };
        count += 1;
        let root = format!("/api/v1{path}");
        let mut told = Vec::new();
        if content.contains_key("application/json") {
            let mut http = Http::connect(&daemon).await;
            let kind = "Content-Type: text/plain";
            let answer = http.ask(method, &root, &[who, kind], Some(b"{}")).await;
            told.push((answer, 415, "UnsupportedMediaType"));
        }
        let mut http = Http::connect(&daemon).await;
        let length = "Content-Length: 65537";
        let answer = http.ask(method, &root, &[who, length], None).await;
        told.push((answer, 413, "TooLarge"));
        for head in [
            "Content-Length: 9\r\n\r\n{",
            "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        ] {
            let mut http = Http::connect(&daemon).await;
            let begun = format!(
                "{method} {root} HTTP/1.1\r\nHost: x\r\n{who}\r\nContent-Type: application/json\r\n{head}"
            );
            http.send(begun.as_bytes()).await;
            http.finish().await;
            told.push((http.answer(false).await, 408, "RequestTimeout"));
        }
        for (answer, status, title) in told {
            let is = (answer.status, answer.problem());
            assert_eq!(is, (status, title.to_owned()), "{method} {path}");
            document.check(row, &answer);
            trial.note(method, &path, status);
        }
    }
    assert!(count >= 9, "{count}");
}

/// What is answered where all is well.
async fn done(trial: &mut Trial) {
    let daemon = Daemon::start(HTTP).await;
    let (mut chief, said) = furnished(&daemon).await;
    let _ada = daemon.guest("ada").await;
    let session = chief.get("/sessions").await[0]["id"].clone();
    let file = chief
        .post("/rooms/tea/files?name=b.txt", json!({"some": "content"}))
        .await;
    let file = &file["id"];
    for row in others(&session, file) {
        trial.ask(&mut chief, row, &[200, 201, 204]).await;
    }
    for (range, status) in [("bytes=1-2", 206), ("bytes=999-", 416)] {
        let chief = Asking::by(&daemon, &token("chief")).await;
        let mut chief = chief.with(&format!("Range: {range}"));
        trial
            .ask(&mut chief, get(&format!("/files/{file}")), &[status])
            .await;
    }
    for row in reads().into_iter().chain(changes(&said)) {
        if !["/events", "/tap"].contains(&&*row.1) {
            trial.ask(&mut chief, row, &[200, 201, 204]).await;
            continue;
        }
        // What has no end is looked at as far as it has come.
        let (method, path, _) = row;
        let mut http = Http::connect(&daemon).await;
        let who = ["Authorization: Bearer token-chief"];
        http.request(method, &format!("/api/v1{path}"), &who, None)
            .await;
        let (status, headers) = http.head().await;
        let row = trial.document.row(method, &path).unwrap();
        trial
            .document
            .check_head(row, status, &headers["content-type"]);
        trial.note(method, &path, status);
    }
}

/// 404 and 409.
async fn missing_or_taken(trial: &mut Trial) {
    let daemon = Daemon::start(HTTP).await;
    let (mut chief, _) = furnished(&daemon).await;
    let text = || json!({"text": "x"});
    for (method, path, body) in [
        ("GET", "/users/nobody", None),
        ("PATCH", "/users/nobody", Some(json!({"name": "x"}))),
        ("DELETE", "/users/nobody", None),
        ("GET", "/users/nobody/tokens", None),
        ("POST", "/users/nobody/tokens", None),
        ("DELETE", "/users/anna/tokens/999", None),
        ("GET", "/rooms/nowhere", None),
        ("PATCH", "/rooms/nowhere", Some(json!({"title": "x"}))),
        ("DELETE", "/rooms/nowhere", None),
        ("GET", "/rooms/nowhere/members", None),
        ("PUT", "/rooms/tea/members/nobody", None),
        ("DELETE", "/rooms/tea/members/nobody", None),
        ("PUT", "/rooms/tea/bans/nobody", None),
        ("DELETE", "/rooms/tea/bans/nobody", None),
        ("GET", "/rooms/nowhere/messages", None),
        ("POST", "/rooms/nowhere/messages", Some(text())),
        ("PATCH", "/rooms/tea/messages/999", Some(text())),
        ("DELETE", "/rooms/tea/messages/999", None),
        ("POST", "/rooms/nowhere/files?name=a.txt", Some(json!({}))),
        ("GET", "/files/999", None),
        ("DELETE", "/sessions/999", None),
        ("GET", "/events?room=nowhere", None),
        ("GET", "/tap?room=nowhere", None),
    ] {
        let row = (method, path.to_owned(), body);
        trial.ask(&mut chief, row, &[404]).await;
    }
    let user = json!({"login": "anna", "password": PASSWORD});
    for (method, path, body) in [
        ("POST", "/users", user),
        ("POST", "/rooms", json!({"name": "tea"})),
        ("PATCH", "/rooms/tea", json!({"name": "lobby"})),
    ] {
        let row = (method, path.to_owned(), Some(body));
        trial.ask(&mut chief, row, &[409]).await;
    }
}

/// 429.
async fn too_often(trial: &mut Trial) {
    let more =
        "limits.failed_logins = 1\nlimits.rooms_made_per_hour = 1\nlimits.passwords_waiting = 1";
    let daemon = Daemon::start(&format!("{HTTP}\n{more}")).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    daemon.account("boris").await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    anna.post("/rooms", json!({"name": "tea", "password": "open"}))
        .await;
    for login in ["anna", "boris"] {
        let member = format!("/rooms/lobby/members/{login}");
        let mut asking = Asking::by(&daemon, &token(login)).await;
        asking.done("PUT", &member, None).await;
    }
    let slow = json!({"slow": "1h"});
    chief.json("PATCH", "/rooms/lobby", Some(slow), 200).await;
    let wrong = json!({"login": "anna", "password": "wrong"});
    let entry = json!({"password": "no"});
    let change = json!({"password": "long enough", "current": "wrong"});
    let file = "/rooms/lobby/files?name=a.txt";
    let messages = "/rooms/lobby/messages";
    for (who, method, path, body, first) in [
        ("anna", "POST", "/login", wrong, 401),
        ("boris", "PATCH", "/users/boris", change, 401),
        ("anna", "POST", "/rooms", json!({"name": "x"}), 429),
        ("boris", "PUT", "/rooms/tea/members/boris", entry, 403),
        ("anna", "POST", file, json!({}), 201),
        ("boris", "POST", messages, json!({"text": "x"}), 201),
    ] {
        let mut asking = Asking::by(&daemon, &token(who)).await;
        let row = || (method, path.to_owned(), Some(body.clone()));
        trial.ask(&mut asking, row(), &[first]).await;
        trial.ask(&mut asking, row(), &[429]).await;
    }
    // More passwords than have their turns at once, and wait.
    let mut waiting = Vec::new();
    let many = 20 + 4 * std::thread::available_parallelism().map_or(1, usize::from);
    for _ in 0..many {
        let mut http = Http::connect(&daemon).await;
        let headers = [
            "Authorization: Bearer token-anna",
            "Content-Type: application/json",
        ];
        let body = Some(&br#"{"password":"other"}"#[..]);
        http.request("PATCH", "/api/v1/rooms/tea", &headers, body)
            .await;
        waiting.push(http);
    }
    for http in &mut waiting {
        let status = http.answer(false).await.status;
        trial.note("PATCH", "/rooms/tea", status);
    }
}

/// 413 of who listens in more rooms than a place to go on from can hold.
async fn too_much(trial: &mut Trial) {
    let more = "limits.rooms_per_user = 0";
    let daemon = Daemon::start(&format!("{HTTP}\n{more}")).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    for number in 0..3500 {
        let name = format!("room{number}");
        let public = tolmach::model::RoomKind::Public;
        daemon.create_room(&name, public, None).await;
        let (room, user) = (room(&name), crate::support::user("anna"));
        daemon.operate(commands::AddMember { room, user }).await;
    }
    trial.ask(&mut anna, get("/events"), &[413]).await;
}
