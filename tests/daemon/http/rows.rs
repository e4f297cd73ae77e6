//! Every row of the API, in a world in which each has something to be about.

use serde_json::{Value, json};

use super::api::Asking;
use crate::support::{Daemon, PASSWORD};

/// A request: its method, its path and its body, where it has one.
pub(super) type Request = (&'static str, String, Option<Value>);

/// The operator `chief`, whose room `tea` has the member `boris`, keeps `anna` out and has a message with this number.
pub(super) async fn furnished(daemon: &Daemon) -> (Asking, String) {
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

/// Every row that only reads, but for files.
pub(super) fn reads() -> Vec<Request> {
    let paths = [
        "/openapi.json",
        "/me",
        "/users",
        "/users/anna",
        "/users/anna/tokens",
        "/rooms",
        "/rooms/tea",
        "/rooms/tea/members",
        "/rooms/tea/messages",
        "/sessions",
        "/events",
        "/tap",
        "/dialects",
        "/stats",
    ];
    paths.map(|path| ("GET", path.to_owned(), None)).into()
}

/// Every row that changes what is stored, but for files, with what it needs, in an order in which each is carried out.
pub(super) fn changes(said: &str) -> Vec<Request> {
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
