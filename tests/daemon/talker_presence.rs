//! Talker: who is there, and how.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Daemon, PASSWORD, Talker, authenticate, token};
use tolmach::commands;

const LONG: Duration = Duration::from_secs(24 * 3600);

/// A connection inside the process, for a paused clock.
async fn enter(daemon: &Daemon, login: &str, room: &str) -> Talker {
    let mut talker = Talker::new(daemon.memory("talker", 65536).patient(LONG));
    talker.enter(login, room).await;
    talker
}

/// An observer that is never silent for too long: it is a connection of JIM's that asks to be told.
const QUIET: &str = "limits.login_timeout = '0s'";

async fn ping(talker: &mut Talker) {
    talker.write(json!({"type": "ping"})).await;
}

fn names(users: &[Value]) -> Vec<&str> {
    let mut names: Vec<_> = users
        .iter()
        .map(|user| user["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_idle_after_30_s_and_closed_after_60_s() {
    let daemon = Daemon::start(QUIET).await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    let mut anna = enter(&daemon, "anna", "tea").await;
    let mut boris = enter(&daemon, "boris", "tea").await;
    anna.sees("join", "boris").await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let begun = Instant::now();
    ping(&mut anna).await;
    // Boris has been silent for 20 s by now.
    anna.sees("idle", "boris").await;
    assert_eq!(begun.elapsed().as_secs(), 10);
    boris.sees("idle", "boris").await;
    ping(&mut boris).await;
    anna.sees("back", "boris").await;
    boris.sees("back", "boris").await;
    // Anna is idle at 30, closed at 60; Boris keeps pinging.
    boris.sees("idle", "anna").await;
    assert_eq!(begun.elapsed().as_secs(), 30);
    ping(&mut boris).await;
    tokio::time::sleep(Duration::from_secs(29)).await;
    ping(&mut boris).await;
    boris.sees_leave(&anna.id).await;
    assert_eq!(begun.elapsed().as_secs(), 60);
    anna.sees("idle", "anna").await;
    anna.refused("Silent for too long").await;
}

#[tokio::test(start_paused = true)]
async fn the_times_are_the_listeners_and_0_is_never() {
    let daemon = Daemon::start("talker.idle_after = '3s'\ntalker.close_after = '0s'").await;
    daemon.account("anna").await;
    let begun = Instant::now();
    let mut anna = enter(&daemon, "anna", "tea").await;
    anna.sees("idle", "anna").await;
    assert_eq!(begun.elapsed().as_secs(), 3);
    tokio::time::sleep(LONG).await;
    anna.say("still here").await;
    anna.sees("back", "anna").await;
    anna.hears("anna", "still here").await;
}

#[tokio::test]
async fn close_leaves_at_once() {
    let daemon = Daemon::start("").await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    let mut anna = daemon.talker_in("anna", "tea").await;
    let mut boris = daemon.talker_in("boris", "tea").await;
    anna.sees("join", "boris").await;
    // What comes behind `close` is not looked at.
    boris
        .send("{\"type\":\"close\"}\n{\"type\":\"message\",\"content\":\"x\"}\n")
        .await;
    boris.end().await;
    anna.sees_leave(&boris.id).await;
    // "`close` ends presence only: the account stays a member."
    let query = commands::Members {
        room: crate::support::room("tea"),
    };
    assert_eq!(daemon.operate(query).await.len(), 2);
    let again = daemon.talker_in("boris", "tea").await;
    anna.sees("join", "boris").await;
    drop(again);
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_idle_and_leaves_after_the_grace() {
    let daemon = Daemon::start("talker.idle_after = '0s'\ntalker.close_after = '0s'").await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    let mut anna = enter(&daemon, "anna", "tea").await;
    let boris = enter(&daemon, "boris", "tea").await;
    anna.sees("join", "boris").await;
    let (id, begun) = (boris.id.clone(), Instant::now());
    drop(boris);
    anna.sees("idle", "boris").await;
    // Still in the list.
    let mut third = Talker::new(daemon.memory("talker", 65536).patient(LONG));
    let users = third.enter("anna", "tea").await;
    assert_eq!(names(&users), ["anna", "boris"]);
    anna.sees_leave(&id).await;
    assert_eq!(begun.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_in_time_is_back() {
    let daemon =
        Daemon::start("presence.grace = '5s'\ntalker.idle_after = '0s'\ntalker.close_after = '0s'")
            .await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    let mut anna = enter(&daemon, "anna", "tea").await;
    drop(enter(&daemon, "boris", "tea").await);
    anna.sees("join", "boris").await;
    anna.sees("idle", "boris").await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut boris = enter(&daemon, "boris", "tea").await;
    anna.sees("back", "boris").await;
    boris.sees("back", "boris").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    boris.said("nobody left").await;
    anna.hears("boris", "nobody left").await;
}

#[tokio::test(start_paused = true)]
async fn without_a_grace_a_broken_connection_leaves_at_once() {
    let daemon = Daemon::start("presence.grace = '0s'").await;
    for login in ["anna", "boris"] {
        daemon.account(login).await;
    }
    let mut anna = enter(&daemon, "anna", "tea").await;
    let boris = enter(&daemon, "boris", "tea").await;
    anna.sees("join", "boris").await;
    let id = boris.id.clone();
    drop(boris);
    anna.sees_leave(id).await;
}

#[tokio::test(start_paused = true)]
async fn a_user_is_there_as_long_as_one_of_its_connections_is() {
    let daemon = Daemon::start("talker.close_after = '0s'").await;
    for login in ["anna", "boris", "clara"] {
        daemon.account(login).await;
    }
    let mut anna = enter(&daemon, "anna", "tea").await;
    let first = enter(&daemon, "boris", "tea").await;
    anna.sees("join", "boris").await;
    let mut second = enter(&daemon, "boris", "tea").await;
    // The first says nothing; the second does, so nobody is told that Boris is idle.
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        ping(&mut anna).await;
        ping(&mut second).await;
    }
    // Nor when one of them breaks, or closes.
    drop(first);
    let mut third = enter(&daemon, "boris", "tea").await;
    third.write(json!({"type": "close"})).await;
    third.end().await;
    anna.hears_nothing().await;
    second.write(json!({"type": "close"})).await;
    second.end().await;
    // The first broke a moment ago: the farewell of the others does not end that.
    let next = anna.next().await;
    let kind = next["type"].as_str().unwrap();
    assert!(kind == "idle" || kind == "leave", "{next}");
}

#[tokio::test]
async fn users_lists_everyone_online_or_idle_of_every_dialect() {
    let daemon = Daemon::start("").await;
    for login in ["anna", "boris", "clara", "offline"] {
        daemon.account(login).await;
    }
    let mut anna = daemon.talker_in("anna", "tea").await;
    let mut gone = daemon.talker_in("offline", "tea").await;
    gone.write(json!({"type": "close"})).await;
    gone.end().await;
    anna.sees("join", "offline").await;
    anna.sees_leave(&gone.id).await;
    let _guest = daemon.guest_in("guest", "#tea").await;
    let mut boris = daemon.authenticated("boris").await;
    boris.join("#tea").await;
    drop(daemon.talker_in("clara", "tea").await);
    for (kind, name) in [
        ("join", "guest"),
        ("join", "boris"),
        ("join", "clara"),
        ("idle", "clara"),
    ] {
        anna.sees(kind, name).await;
    }
    let mut again = daemon.talker().await;
    let users = again.enter("anna", "tea").await;
    assert_eq!(names(&users), ["anna", "boris", "clara", "guest"]);
}

#[tokio::test]
async fn a_user_of_two_dialects_is_one_user() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("watcher").await;
    let mut watcher = daemon.talker_in("watcher", "tea").await;
    let mut jim = daemon.authenticated("anna").await;
    jim.join("#tea").await;
    let join = watcher.sees("join", "anna").await;
    let mut talker = daemon.talker_in("anna", "tea").await;
    assert_eq!(join["user"]["id"], talker.id.as_str());
    // Each hears what the other says; the one who says it over JIM is answered 200.
    assert_eq!(jim.say("#tea", "from jim").await, 200);
    talker.hears("anna", "from jim").await;
    watcher.hears("anna", "from jim").await;
    talker.said("from talker").await;
    jim.hears("anna", "#tea", "from talker").await;
    watcher.hears("anna", "from talker").await;
    // One goes, the user stays.
    talker.write(json!({"type": "close"})).await;
    talker.end().await;
    watcher.hears_nothing().await;
    // JIM's `leave` ends the membership, and with it the Talker connections in that room.
    let mut talker = daemon.talker_in("anna", "tea").await;
    jim.leave("#tea").await;
    talker.error().await;
    talker.end().await;
    watcher
        .sees_leave(join["user"]["id"].as_str().unwrap())
        .await;
}

#[tokio::test]
async fn an_account_of_jim_joins_where_it_is_a_member_by_coming_online() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("watcher").await;
    let mut jim = daemon.authenticated("anna").await;
    jim.join("#tea").await;
    let mut watcher = daemon.talker_in("watcher", "tea").await;
    let id = watcher_id(&daemon, "anna").await;
    jim.write(json!({"action": "quit"})).await;
    jim.end().await;
    watcher.sees_leave(id).await;
    let mut jim = daemon.jim().await;
    jim.expect(200, authenticate("anna", PASSWORD)).await;
    watcher.sees("join", "anna").await;
    jim.finish().await;
    watcher.sees("idle", "anna").await;
    daemon.authenticated("anna").await;
    watcher.sees("back", "anna").await;
}

async fn watcher_id(daemon: &Daemon, login: &str) -> i32 {
    let user = crate::support::user(login);
    daemon.operate(commands::FindUser { user }).await.id.0
}

#[tokio::test]
async fn a_revoked_token_ends_its_connections() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("watcher").await;
    let mut watcher = daemon.talker_in("watcher", "tea").await;
    let mut anna = daemon.talker_in("anna", "tea").await;
    watcher.sees("join", "anna").await;
    // A new password leaves what came in by an API token alone.
    let secret = tolmach::model::Secret::Password("another one".to_owned());
    daemon
        .operate(commands::SetPassword {
            user: crate::support::user("anna"),
            secret,
        })
        .await;
    anna.said("still here").await;
    watcher.hears("anna", "still here").await;
    daemon
        .operate(commands::RevokeToken {
            user: crate::support::user("anna"),
            id: None,
        })
        .await;
    anna.refused("The token was revoked").await;
    watcher.sees_leave(&anna.id).await;
    let mut again = daemon.talker().await;
    again
        .write(json!({"type": "connect", "room": "tea", "token": token("anna")}))
        .await;
    again.refused("Authentication failed").await;
}
