//! The statuses that any row can have, in every row.

use serde_json::{Value, json};

use super::Http;
use super::api::{Asking, HTTP};
use crate::support::{Daemon, Fault, PASSWORD, failing_hub};

/// A world in which each row has something to be about.
async fn furnished(daemon: &Daemon) -> (Asking, String) {
    let mut chief = Asking::operator(daemon, "chief").await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    chief.post("/rooms", json!({"name": "tea"})).await;
    chief.done("PUT", "/rooms/tea/members/boris", None).await;
    chief.done("PUT", "/rooms/tea/bans/anna", None).await;
    let said = chief.say("tea", "hello").await;
    (chief, said.to_string())
}

/// Every row that changes what is stored, with what it needs.
fn changes(said: &str) -> Vec<(&'static str, String, Option<Value>)> {
    let login = json!({"login": "anna", "password": PASSWORD});
    let user = json!({"login": "zoe", "password": "long enough"});
    let text = || Some(json!({"text": "x"}));
    let rows = [
        ("POST", "/login", Some(login)),
        ("POST", "/users", Some(user)),
        ("DELETE", "/rooms/tea/bans/anna", None),
        ("PATCH", "/users/anna", Some(json!({"name": "A"}))),
        (
            "PATCH",
            "/users/anna",
            Some(json!({"password": "long enough"})),
        ),
        ("POST", "/users/anna/tokens", None),
        ("DELETE", "/users/boris/tokens/3", None),
        ("DELETE", "/users/anna", None),
        ("POST", "/rooms", Some(json!({"name": "more"}))),
        ("PATCH", "/rooms/tea", Some(json!({"title": "T"}))),
        ("PUT", "/rooms/tea/members/chief", None),
        (
            "PUT",
            "/rooms/tea/members/boris",
            Some(json!({"role": "admin"})),
        ),
        ("DELETE", "/rooms/tea/members/boris", None),
        ("PUT", "/rooms/tea/bans/boris", None),
        ("POST", "/rooms/tea/messages", text()),
        ("POST", "/rooms/@chief,boris/messages", text()),
        ("PATCH", "/rooms/tea/messages/SAID", text()),
        ("DELETE", "/rooms/tea/messages/SAID", None),
        ("DELETE", "/rooms/tea", None),
        ("POST", "/logout", None),
    ];
    let written = |(method, path, body): (_, &str, _)| (method, path.replace("SAID", said), body);
    rows.into_iter().map(written).collect()
}

#[tokio::test]
async fn what_cannot_be_kept_is_503_and_a_fault_of_ours_500() {
    let (hub, store) = failing_hub().await;
    let daemon = Daemon::over(hub, HTTP).await;
    let (mut chief, said) = furnished(&daemon).await;
    let before = chief.get("/rooms/tea").await;
    for (fault, why) in [
        (Fault::Unavailable, (503, "Unavailable")),
        (Fault::Internal, (500, "Internal")),
    ] {
        store.fail(fault);
        for (method, path, body) in changes(&said) {
            chief.refused(method, &path, body, why).await;
        }
    }
    store.fail(Fault::Unknown);
    for (method, path, body) in changes(&said) {
        // Whoever is told that it failed would do it again.
        let mut asking = Asking::by(&daemon, &crate::support::token("chief")).await;
        let told = asking.silence(method, &path, body).await;
        assert_eq!(told, b"", "{method} {path}");
    }
    store.fail(Fault::None);
    assert_eq!(chief.get("/rooms/tea").await, before);
    for (method, path, body) in changes(&said) {
        let answer = chief.ask(method, &path, body).await;
        let is_done = (200..300).contains(&answer.status);
        assert!(is_done, "{method} {path}: {}", answer.text());
    }
}

#[tokio::test]
async fn what_comes_too_early_in_a_slow_room_is_429_a_file_too() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    anna.done("PUT", "/rooms/lobby/members/anna", None).await;
    let slow = json!({"slow": "1h"});
    let mut chief = Asking::operator(&daemon, "chief").await;
    chief.json("PATCH", "/rooms/lobby", Some(slow), 200).await;
    let path = "/rooms/lobby/files?name=a.txt";
    anna.post(path, json!({})).await;
    let why = (429, "RateLimited");
    anna.refused("POST", path, Some(json!({})), why).await;
    let text = json!({"text": "too early"});
    let messages = "/rooms/lobby/messages";
    anna.refused("POST", messages, Some(text), why).await;
}

/// Each row of the document that takes a body: its method, its path with something in the place of each name, whether that is JSON.
async fn rows_with_bodies(nobody: &mut Asking) -> Vec<(String, String, bool)> {
    let document = nobody.get("/openapi.json").await;
    let mut rows = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{id}", "1")
            .replace("{name}", "lobby")
            .replace("{login}", "anna");
        for (method, operation) in operations.as_object().unwrap() {
            let content = &operation["requestBody"]["content"];
            let Some(content) = content.as_object() else {
                continue;
            };
            let statuses = operation["responses"].as_object().unwrap();
            let is_json = content.contains_key("application/json");
            let mut all = vec!["400", "401", "408", "413", "500", "503"];
            all.extend(is_json.then_some("415"));
            for status in all {
                assert!(statuses.contains_key(status), "{status}: {method} {path}");
            }
            rows.push((method.to_uppercase(), path.clone(), is_json));
        }
    }
    assert!(rows.len() >= 9, "{rows:?}");
    rows
}

#[tokio::test]
async fn a_body_is_whole_small_and_json_in_every_row_that_takes_one() {
    let daemon = Daemon::start(&format!("{HTTP}\nlimits.file_bytes = 65536")).await;
    daemon.account("anna").await;
    let mut nobody = Asking::nobody(&daemon).await;
    let who = "Authorization: Bearer token-anna";
    let mut anna = Asking::by(&daemon, "token-anna").await;
    anna.done("PUT", "/rooms/lobby/members/anna", None).await;
    for (method, path, is_json) in rows_with_bodies(&mut nobody).await {
        let root = format!("/api/v1{path}");
        let kind = "Content-Type: text/plain";
        if is_json {
            let body = Some(&b"{}"[..]);
            let answer = nobody.http.ask(&method, &root, &[who, kind], body).await;
            let told = (answer.status, answer.problem());
            let operators = (method.as_str(), path.as_str()) == ("POST", "/users");
            match operators {
                true => assert_eq!(told, (403, "NotAllowed".to_owned())),
                false => assert_eq!(
                    told,
                    (415, "UnsupportedMediaType".to_owned()),
                    "{method} {path}"
                ),
            }
        }
        let named = match is_json {
            true => root.clone(),
            false => format!("{root}?name=a.txt"),
        };
        let mut http = Http::connect(&daemon).await;
        let length = "Content-Length: 65537";
        let answer = http.ask(&method, &named, &[who, length], None).await;
        let told = (answer.status, answer.problem());
        assert_eq!(told, (413, "TooLarge".to_owned()), "{method} {path}");
        for head in [
            "Content-Length: 9\r\n\r\n{",
            "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        ] {
            let mut http = Http::connect(&daemon).await;
            let begun = format!(
                "{method} {named} HTTP/1.1\r\nHost: x\r\n{who}\r\nContent-Type: application/json\r\n{head}"
            );
            http.send(begun.as_bytes()).await;
            http.finish().await;
            let answer = http.answer(false).await;
            let told = (answer.status, answer.problem());
            assert_eq!(told, (408, "RequestTimeout".to_owned()), "{method} {path}");
        }
    }
}
