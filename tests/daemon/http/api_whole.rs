//! What is asked for in one request is done whole or not at all; and who cannot see a room cannot tell that it is there.

use serde_json::{Value, json};
use tolmach::model::RoomKind;

use super::api::{Asking, HTTP, each};
use crate::support::Daemon;

#[tokio::test]
async fn a_change_of_several_things_is_whole_or_none() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut boris = Asking::account(&daemon, "boris").await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    daemon.account("carla").await;
    for name in ["tea", "taken"] {
        anna.post("/rooms", json!({"name": name})).await;
    }
    anna.done(
        "PUT",
        "/rooms/tea/members/boris",
        Some(json!({"role": "admin"})),
    )
    .await;
    let before = anna.get("/rooms/tea").await;
    let good = json!({"title": "T", "description": "d", "slow": "5s", "quiet": true, "password": "x", "kind": "private"});
    for (wrong, why) in [
        (json!({"name": "taken"}), (409, "NameTaken")),
        (json!({"name": "1234"}), (400, "Invalid")),
        (json!({"slow": "7h"}), (400, "Invalid")),
        (json!({"owner": "nobody"}), (404, "NoSuchUser")),
        (json!({"owner": "carla"}), (403, "NotAllowed")),
    ] {
        let mut body = good.clone();
        for (key, value) in wrong.as_object().unwrap() {
            body[key] = value.clone();
        }
        boris.refused("PATCH", "/rooms/tea", Some(body), why).await;
        assert_eq!(anna.get("/rooms/tea").await, before, "{wrong}");
    }
    assert_eq!(
        each(&anna.get("/rooms/tea/members").await, "login"),
        ["anna", "boris"]
    );
    let mut body = good;
    body["owner"] = json!("carla");
    body["keep"] = json!("forever");
    let after = chief.json("PATCH", "/rooms/tea", Some(body), 200).await;
    assert_eq!(
        (&after["title"], &after["kind"], &after["members"]),
        (&json!("T"), &json!("private"), &json!(3))
    );
    assert_eq!(
        each(&anna.get("/rooms/tea/members").await, "role"),
        ["admin", "admin", "owner"]
    );
}

#[tokio::test]
async fn somebody_who_may_not_get_the_role_is_not_added() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut boris = Asking::account(&daemon, "boris").await;
    daemon.account("carla").await;
    anna.post("/rooms", json!({"name": "tea"})).await;
    let role = |role: &str| Some(json!({"role": role}));
    anna.done("PUT", "/rooms/tea/members/boris", role("admin"))
        .await;
    // An admin adds, and gives roles, but not the owner's.
    let carla = "/rooms/tea/members/carla";
    boris
        .refused("PUT", carla, role("owner"), (403, "NotAllowed"))
        .await;
    assert_eq!(
        each(&anna.get("/rooms/tea/members").await, "login"),
        ["anna", "boris"]
    );
    boris
        .refused(
            "PUT",
            "/rooms/tea/members/anna",
            role("member"),
            (403, "NotAllowed"),
        )
        .await;
    boris.done("PUT", carla, role("moderator")).await;
    assert_eq!(
        each(&anna.get("/rooms/tea/members").await, "role"),
        ["owner", "admin", "moderator"]
    );
    anna.done("PUT", carla, role("owner")).await;
    assert_eq!(
        each(&anna.get("/rooms/tea/members").await, "role"),
        ["admin", "admin", "owner"]
    );
}

#[tokio::test]
async fn an_account_is_changed_whole_or_not_at_all() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    let before = anna.get("/users/anna").await;
    for (body, why) in [
        (
            json!({"description": "d", "name": "x".repeat(101)}),
            (400, "Invalid"),
        ),
        (json!({"name": "A", "password": "x"}), (400, "Invalid")),
        (json!({"name": "A", "operator": true}), (403, "NotAllowed")),
    ] {
        anna.refused("PATCH", "/users/anna", Some(body.clone()), why)
            .await;
        assert_eq!(anna.get("/users/anna").await, before, "{body}");
    }
    let body = json!({"name": "A", "description": "d", "password": "AnotherHorse", "disabled": true, "operator": true});
    let after = chief.json("PATCH", "/users/anna", Some(body), 200).await;
    for (key, value) in [
        ("name", json!("A")),
        ("description", json!("d")),
        ("disabled", json!(true)),
        ("operator", json!(true)),
    ] {
        assert_eq!(after[key], value, "{key}");
    }
}

#[tokio::test]
async fn a_room_is_found_by_its_number_whatever_it_is_called() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    daemon.account("boris").await;
    for name in [".", "..", "a/b", "a?b", "a%2fb", "@x", "7up"] {
        let room = anna.post("/rooms", json!({"name": name})).await;
        let path = format!("/rooms/%23{}", room["id"]);
        assert_eq!(anna.get(&path).await["name"], name);
        anna.say(&format!("%23{}", room["id"]), "found").await;
        let said = anna.get(&format!("{path}/messages")).await;
        assert_eq!(each(&said, "room"), [name]);
        anna.done("PUT", &format!("{path}/members/boris"), None)
            .await;
        anna.done("DELETE", &path, None).await;
    }
    for name in ["@anna,boris", "@x,", "＠anna，boris"] {
        for (method, path) in [("POST", "/rooms"), ("PATCH", "/rooms/kept")] {
            if method == "PATCH" {
                anna.ask("POST", "/rooms", Some(json!({"name": "kept"})))
                    .await;
            }
            let body = json!({"name": name});
            let why = anna
                .refused(method, path, Some(body), (400, "Invalid"))
                .await;
            assert_eq!(why["field"], "name");
            let detail = why["detail"].as_str().unwrap();
            assert!(detail.contains("direct room of two"), "{detail}");
        }
    }
    // By the name where a path can say it.
    for (name, path) in [("..", "%2E%2E"), ("a/b", "a%2Fb"), ("a,b", "a,b")] {
        anna.post("/rooms", json!({"name": name})).await;
        assert_eq!(anna.get(&format!("/rooms/{path}")).await["name"], name);
    }
    for wrong in ["%23", "%23x", "%230", "%23-1", "%2399999999999999999999"] {
        anna.refused("GET", &format!("/rooms/{wrong}"), None, (404, "NoSuchRoom"))
            .await;
    }
}

#[tokio::test]
async fn a_private_room_is_not_there_for_a_stranger() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut mallory = Asking::account(&daemon, "mallory").await;
    let den = anna
        .post("/rooms", json!({"name": "den", "kind": "private"}))
        .await;
    let said = anna.say("den", "psst").await;
    daemon.create_room("other", RoomKind::Private, None).await;
    let role = || Some(json!({"role": "admin"}));
    let text = || Some(json!({"text": "hello"}));
    let rows: [(&str, &str, Option<Value>); 14] = [
        ("GET", "", None),
        ("PATCH", "", Some(json!({"title": "x"}))),
        ("PATCH", "", Some(json!({"owner": "mallory"}))),
        ("DELETE", "", None),
        ("GET", "/members", None),
        ("PUT", "/members/anna", None),
        ("PUT", "/members/mallory", role()),
        ("DELETE", "/members/anna", None),
        ("DELETE", "/members/mallory", None),
        ("PUT", "/bans/anna", None),
        ("DELETE", "/bans/anna", None),
        ("GET", "/messages", None),
        ("POST", "/messages", text()),
        ("POST", "/files?name=a", Some(json!({}))),
    ];
    let id = den["id"].as_i64().unwrap();
    for (method, rest, body) in rows {
        let mut told = Vec::new();
        for room in ["den", &format!("%23{id}"), "nowhere"] {
            let path = format!("/rooms/{room}{rest}");
            let answer = mallory.ask(method, &path, body.clone()).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
            assert_eq!(answer.problem(), "NoSuchRoom", "{method} {path}");
            let mut headers: Vec<_> = answer.headers.clone().into_iter().collect();
            headers.retain(|(name, _)| name != "date");
            headers.sort();
            told.push((answer.body, headers));
        }
        assert!(told.iter().all(|one| one == &told[0]), "{method} {rest}");
    }
    for (method, body) in [("PATCH", text()), ("DELETE", None)] {
        let path = format!("/rooms/den/messages/{said}");
        mallory
            .refused(method, &path, body, (404, "NoSuchRoom"))
            .await;
    }
    mallory
        .refused("GET", "/events?room=den", None, (404, "NoSuchRoom"))
        .await;
    mallory
        .refused(
            "GET",
            &format!("/files/{said}"),
            None,
            (404, "NoSuchMessage"),
        )
        .await;
    // Its exact name is what lets in, and nothing else.
    mallory
        .refused(
            "PUT",
            &format!("/rooms/%23{id}/members/mallory"),
            None,
            (404, "NoSuchRoom"),
        )
        .await;
    mallory
        .done("PUT", "/rooms/den/members/mallory", None)
        .await;
}
