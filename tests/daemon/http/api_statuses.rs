//! The statuses that any row can have, in every row.

use serde_json::json;

use super::api::{Asking, HTTP};
use super::rows::{changes, furnished};
use crate::support::{Daemon, Fault, failing_hub};

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
