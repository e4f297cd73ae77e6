//! JIM: `presence`, guests and their names.

use serde_json::json;

use crate::support::{Daemon, PASSWORD, authenticate, presence};
use tolmach::commands;

#[tokio::test]
async fn presence_makes_a_guest() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.jim().await;
    anna.expect(400, json!({"action": "presence"})).await;
    anna.expect(
        200,
        json!({"action": "presence", "user": {"account_name": "anna"}}),
    )
    .await;
    anna.name = "anna".to_owned();
    assert_eq!(anna.join("#tea").await, 201);
    // Said again it changes nothing; in any case of letters, or without the name.
    anna.expect(200, presence("ANNA")).await;
    anna.expect(200, json!({"action": "presence"})).await;
    assert_eq!(anna.say("#tea", "hello").await, 200);
    anna.expect(400, presence("boris")).await;
}

#[tokio::test]
async fn an_accounts_name_is_401() {
    let daemon = Daemon::start("").await;
    daemon.account("Anna").await;
    let mut jim = daemon.jim().await;
    jim.expect(401, presence("anna")).await;
    jim.hello("boris").await;
}

#[tokio::test]
async fn where_guests_are_off_every_name_is_401() {
    let daemon = Daemon::start("accounts.guests = false").await;
    daemon.account("anna").await;
    let mut jim = daemon.jim().await;
    jim.expect(401, presence("boris")).await;
    jim.expect(401, presence("anna")).await;
    jim.authenticate("anna").await;
    jim.expect(200, presence("anna")).await;
}

#[tokio::test]
async fn a_connected_guests_name_is_409() {
    let daemon = Daemon::start("").await;
    let mut first = daemon.guest("anna").await;
    let mut second = daemon.jim().await;
    second.expect(409, presence("Anna")).await;
    first.hears_nothing().await;
}

#[tokio::test]
async fn what_cannot_be_a_name_is_400() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.jim().await;
    for bad in [
        "",
        "#anna",
        "@anna",
        "a,b",
        "12345",
        "all",
        "EVERYONE",
        "Tolmach",
        "a b",
        "a\nb",
        "a\u{200f}b",
    ] {
        jim.expect(400, presence(bad)).await;
    }
    for bad in [json!(7), json!(null), json!(["anna"])] {
        jim.expect(
            400,
            json!({"action": "presence", "user": {"account_name": bad}}),
        )
        .await;
    }
    jim.hello("o'neil#1").await;
}

#[tokio::test]
async fn a_guest_whose_connection_broke_gives_its_name_to_a_newcomer() {
    let daemon = Daemon::start("").await;
    let old = daemon.account("watcher").await;
    assert!(old > 0);
    let mut first = daemon.guest_in("anna", "#tea").await;
    let mut watcher = daemon.talker_in("watcher", "tea").await;
    first.finish().await;
    first.end().await;
    let idle = watcher.sees("idle", "anna").await;
    let mut second = daemon.guest("anna").await;
    watcher
        .sees_leave(idle["user"]["id"].as_str().unwrap())
        .await;
    // It is a new user, in no room.
    assert_eq!(second.say("#tea", "hello").await, 403);
    second.join("#tea").await;
    let join = watcher.sees("join", "anna").await;
    assert_ne!(join["user"]["id"], idle["user"]["id"]);
}

#[tokio::test]
async fn a_guest_who_authenticates_stops_being_the_guest() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("watcher").await;
    let mut jim = daemon.guest_in("visitor", "#tea").await;
    let mut watcher = daemon.talker_in("watcher", "tea").await;
    jim.expect(402, authenticate("anna", "wrong")).await;
    // Still the guest.
    assert_eq!(jim.say("#tea", "still here").await, 200);
    let visitor = watcher.hears("visitor", "still here").await["user"]["id"].clone();
    jim.authenticate("anna").await;
    watcher.sees_leave(visitor.as_str().unwrap()).await;
    // Its memberships are over, its name is free, and it is no longer it.
    assert_eq!(jim.say("#tea", "as anna").await, 403);
    jim.name = "visitor".to_owned();
    assert_eq!(jim.say("#tea", "as the guest").await, 403);
    let mut other = daemon.guest("visitor").await;
    assert_eq!(other.say("#tea", "a new one").await, 403);
}

#[tokio::test]
async fn an_account_can_become_another() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    let mut jim = daemon.authenticated("anna").await;
    jim.join("#tea").await;
    jim.expect(402, authenticate("boris", "wrong")).await;
    jim.authenticate("boris").await;
    assert_eq!(jim.say("#tea", "hello").await, 403);
    daemon.authenticated("anna").await;
}

#[tokio::test]
async fn an_account_stays_a_member_and_hears_its_rooms_when_it_comes_back() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut anna = daemon.authenticated("anna").await;
    anna.join("#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    anna.write(json!({"action": "quit"})).await;
    anna.end().await;
    let mut anna = daemon.authenticated("anna").await;
    assert_eq!(boris.say("#tea", "welcome back").await, 200);
    anna.hears("boris", "#tea", "welcome back").await;
}

#[tokio::test]
async fn a_status_is_shown_to_talker() {
    let daemon = Daemon::start("").await;
    daemon.account("watcher").await;
    let mut anna = daemon.jim().await;
    let status = |text: &str| json!({"action": "presence", "type": "status", "user": {"account_name": "anna", "status": text}});
    anna.expect(200, status("Yep, I am here!")).await;
    anna.join("#tea").await;
    let mut watcher = daemon.talker().await;
    let users = watcher.enter("watcher", "tea").await;
    let shown = users.iter().find(|user| user["name"] == "anna").unwrap();
    assert_eq!(shown["status"], "Yep, I am here!");
    anna.expect(200, status("Gone fishing")).await;
    // A presence without a status leaves it as it is.
    anna.expect(200, presence("anna")).await;
    let mut second = daemon.talker().await;
    let users = second.enter("watcher", "tea").await;
    assert_eq!(
        users.iter().find(|user| user["name"] == "anna").unwrap()["status"],
        "Gone fishing"
    );
}

#[tokio::test]
async fn the_end_of_an_account_is_told_and_its_password_opens_nothing() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut anna = daemon.authenticated("anna").await;
    let user = crate::support::user("anna");
    daemon
        .operate(commands::SetDisabled {
            user,
            disabled: true,
        })
        .await;
    anna.notice(101).await;
    anna.end().await;
    let mut again = daemon.jim().await;
    again.expect(402, authenticate("anna", PASSWORD)).await;
}

#[tokio::test]
async fn a_present_guests_name_is_not_given_to_an_account() {
    let daemon = Daemon::start("").await;
    let mut guest = daemon.guest("anna").await;
    let register = |login: &str| commands::Register {
        login: login.to_owned(),
        secret: tolmach::model::Secret::Password(PASSWORD.to_owned()),
        name: String::new(),
        description: String::new(),
    };
    let taken = daemon.hub().operate(register("Anna")).await;
    assert_eq!(taken, Err(tolmach::model::Error::NameTaken));
    guest.write(json!({"action": "quit"})).await;
    guest.end().await;
    daemon.operate(register("Anna")).await;
    let mut again = daemon.jim().await;
    again.expect(401, presence("anna")).await;
    again.authenticate("anna").await;
}

#[tokio::test]
async fn every_login_that_the_names_rule_knows_as_the_same_is_the_same() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.guest("Ａnna").await;
    let mut other = daemon.jim().await;
    // Full width and half width, upper and lower case.
    other.expect(409, presence("anna")).await;
    anna.join("#tea").await;
    for from in ["Ａnna", "anna", "ANNA"] {
        let msg = json!({"action": "msg", "to": "#tea", "from": from, "message": "x"});
        anna.expect(200, msg).await;
        anna.expect(200, presence(from)).await;
    }
}
