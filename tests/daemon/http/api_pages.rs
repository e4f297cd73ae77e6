//! Lists that come page by page.

use serde_json::{Value, json};

use super::api::{Asking, HTTP, each};
use crate::support::Daemon;

/// What of the entries of all pages names them, one page after the other.
async fn pages(asking: &mut Asking, list: &str, key: &str, limit: usize) -> Vec<Vec<Value>> {
    let mut pages: Vec<Vec<Value>> = Vec::new();
    let separator = if list.contains('?') { '&' } else { '?' };
    loop {
        let last = pages.last().and_then(|page| page.last());
        let after = last.map_or(String::new(), |last| {
            format!("&after={}", last.to_string().trim_matches('"'))
        });
        let path = format!("{list}{separator}limit={limit}{after}");
        let page = each(&asking.get(&path).await, key);
        let is_full = page.len() == limit;
        pages.push(page);
        if !is_full {
            return pages;
        }
    }
}

#[tokio::test]
async fn rooms_come_in_the_order_of_their_numbers() {
    let daemon = Daemon::start(HTTP).await;
    let mut anna = Asking::account(&daemon, "anna").await;
    let mut boris = Asking::account(&daemon, "boris").await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    for name in ["tea", "kept", "teapot", "coffee"] {
        let kind = if name == "kept" { "private" } else { "public" };
        anna.post("/rooms", json!({"name": name, "kind": kind}))
            .await;
    }
    anna.post("/rooms/@anna,boris/messages", json!({"text": "hello"}))
        .await;
    for asking in [&mut anna, &mut boris, &mut chief] {
        let all = each(&asking.get("/rooms").await, "id");
        for limit in [1, 2, 3, 500] {
            let paged = pages(asking, "/rooms", "id", limit).await;
            assert!(paged.iter().rev().skip(1).all(|page| page.len() == limit));
            assert_eq!(paged.concat(), all, "{limit}");
        }
    }
    let names = each(&anna.get("/rooms").await, "name");
    let own = ["lobby", "tea", "kept", "teapot", "coffee", "@anna,boris"];
    assert_eq!(names, own);
    // What does not begin so fills no page.
    let found = pages(&mut boris, "/rooms?prefix=te", "id", 1).await;
    let all = each(&boris.get("/rooms?prefix=te").await, "id");
    assert_eq!(found, [&all[..1], &all[1..], &[]]);
    let last = boris.get("/rooms?prefix=@&limit=1").await;
    assert_eq!(each(&last, "name"), ["@anna,boris"]);
    assert_eq!(boris.get("/rooms?after=2147483647").await, json!([]));
}

#[tokio::test]
async fn members_come_in_the_order_of_their_logins_whoever_comes_and_goes() {
    let daemon = Daemon::start(HTTP).await;
    let mut zoe = Asking::account(&daemon, "Zoe").await;
    zoe.post("/rooms", json!({"name": "tea"})).await;
    for login in ["boris", "Anna", "dora", "clara", "emil"] {
        daemon.account(login).await;
        let member = format!("/rooms/tea/members/{login}");
        zoe.done("PUT", &member, None).await;
    }
    zoe.done("PUT", "/rooms/tea/bans/dora", None).await;
    let members = "/rooms/tea/members";
    let all = each(&zoe.get(members).await, "login");
    assert_eq!(all, ["Anna", "boris", "clara", "dora", "emil", "Zoe"]);
    for limit in [1, 2, 3, 4, 6, 7] {
        let paged = pages(&mut zoe, members, "login", limit).await;
        assert_eq!(paged.concat(), all, "{limit}");
    }
    let first = zoe.get(&format!("{members}?limit=2")).await;
    assert_eq!(each(&first, "login"), ["Anna", "boris"]);
    // The one that the next page goes on from is gone, and another is banned.
    zoe.done("DELETE", "/rooms/tea/members/boris", None).await;
    zoe.done("PUT", "/rooms/tea/bans/clara", None).await;
    let next = zoe.get(&format!("{members}?limit=2&after=BORIS")).await;
    assert_eq!(each(&next, "login"), ["clara", "dora"]);
    let rest = zoe.get(&format!("{members}?after=no%20login")).await;
    assert_eq!(each(&rest, "login"), ["Zoe"]);
}

#[tokio::test]
async fn sessions_come_in_the_order_of_their_numbers() {
    let daemon = Daemon::start(HTTP).await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    let mut guests = Vec::new();
    for name in ["ada", "bob", "cid"] {
        guests.push(daemon.guest(name).await);
    }
    daemon.account("anna").await;
    let _anna = daemon.authenticated("anna").await;
    let all = each(&chief.get("/sessions").await, "id");
    assert_eq!(all.len(), 4);
    assert!(all.is_sorted_by_key(Value::as_u64));
    for limit in [1, 2, 3, 4] {
        let paged = pages(&mut chief, "/sessions", "id", limit).await;
        assert_eq!(paged.concat(), all, "{limit}");
    }
    let mut anna = Asking::by(&daemon, "token-anna").await;
    let own = each(&anna.get("/sessions?limit=1").await, "user");
    assert_eq!(own, ["anna"]);
}

#[tokio::test]
async fn who_says_nothing_gets_no_more_than_a_page() {
    let daemon = Daemon::start(HTTP).await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    let public = tolmach::model::RoomKind::Public;
    for number in 1..=500 {
        daemon
            .create_room(&format!("room{number}"), public, None)
            .await;
    }
    let first = each(&chief.get("/rooms").await, "name");
    assert_eq!((first.len(), &first[0]), (500, &json!("lobby")));
    let paged = pages(&mut chief, "/rooms", "id", 500).await;
    assert_eq!([paged[0].len(), paged[1].len()], [500, 1]);
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let daemon = Daemon::start(HTTP).await;
    let mut chief = Asking::operator(&daemon, "chief").await;
    for list in ["/users", "/rooms", "/rooms/lobby/members", "/sessions"] {
        let mut wrong = vec![
            "limit=0",
            "limit=501",
            "limit=x",
            "limit=1&limit=2",
            "before=1",
        ];
        if list == "/rooms" || list == "/sessions" {
            wrong.extend(["after=", "after=x", "after=99999999999999999999"]);
        }
        for query in wrong {
            let path = format!("{list}?{query}");
            let problem = chief.refused("GET", &path, None, (400, "Invalid")).await;
            assert_eq!(problem["field"], query.split('=').next().unwrap(), "{path}");
        }
    }
}
