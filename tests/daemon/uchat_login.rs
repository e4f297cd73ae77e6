//! uchat: signing up, logging in and out, and who may be connected.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::support::uchat::{
    GET_ROOMS, JOIN_ROOM, LOG_IN, LOG_OUT, MEMBER_INFO, SIGN_UP, TOKEN, UPD_USER_DESC, has_keys,
    log_in, msg, pass, sign_up,
};
use crate::support::{Daemon, PASSWORD, Uchat, token, user};
use tolmach::commands;

const LONG: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn who_signs_up_is_in_and_comes_back_by_password_and_by_token() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat().await;
    anna.write(
        json!({"type": SIGN_UP, "login": "anna_1-x", "pass": pass(PASSWORD),
        "name": "Anna", "desc": "tea drinker"}),
    )
    .await;
    let welcome = anna.is_let_in("anna_1-x").await;
    assert_eq!(welcome["desc"], "tea drinker");
    let (digits, login) = anna.token.split_at(64);
    assert!(digits.bytes().all(|b| b.is_ascii_hexdigit()), "{digits}");
    assert_eq!(login, "anna_1-x");
    let info = anna.sessions_id(&daemon).await;
    let told = anna
        .answer(json!({"type": MEMBER_INFO, "user_id": info}))
        .await;
    assert_eq!(
        told,
        json!({"type": 20, "login": "anna_1-x", "desc": "tea drinker"})
    );
    let told = anna
        .answer(json!({"type": UPD_USER_DESC, "desc": "or coffee"}))
        .await;
    assert_eq!(told, json!({"type": 23, "desc": "or coffee"}));
    let first = anna.token.clone();
    gone(&daemon, anna).await;
    let mut anna = daemon.uchat().await;
    anna.write(json!({"type": TOKEN, "token": first})).await;
    assert_eq!(anna.is_let_in("anna_1-x").await["desc"], "or coffee");
    assert_eq!(anna.token, first);
    gone(&daemon, anna).await;
    let mut anna = daemon.uchat().await;
    // Clients differ in how they write hexadecimal digits.
    anna.write(
        json!({"type": LOG_IN, "login": "anna_1-x", "pass": pass(PASSWORD).to_uppercase(),
        "name": "", "desc": ""}),
    )
    .await;
    anna.is_let_in("anna_1-x").await;
    assert_ne!(anna.token, first);
}

/// The connection is closed, and the daemon has noticed.
async fn gone(daemon: &Daemon, client: Uchat) {
    let before = daemon.sessions().await.len();
    drop(client);
    while daemon.sessions().await.len() == before {
        tokio::task::yield_now().await;
    }
}

impl Uchat {
    /// The number of the only user who is connected.
    async fn sessions_id(&self, daemon: &Daemon) -> i32 {
        daemon.sessions().await[0].user.id.0
    }
}

#[tokio::test]
async fn too_many_wrong_passwords_are_error_6_and_closed_registration_is_error_3() {
    let daemon = Daemon::start("accounts.registration = 'closed'\nlimits.failed_logins = 3").await;
    daemon.account("anna").await;
    let mut client = daemon.uchat().await;
    client.refused(3, sign_up("boris")).await;
    let wrong =
        json!({"type": LOG_IN, "login": "anna", "pass": pass("wrong"), "name": "", "desc": ""});
    for _ in 0..3 {
        client.refused(0, wrong.clone()).await;
    }
    client.refused(6, wrong).await;
    client.refused(6, log_in("anna")).await;
}

#[tokio::test]
async fn one_connection_too_many_is_error_6_and_closed() {
    let daemon = Daemon::start("limits.connections = 1").await;
    let mut first = daemon.uchat().await;
    first
        .refused(0, json!({"type": GET_ROOMS, "date": 0}))
        .await;
    let mut second = daemon.uchat().await;
    second.error(6).await;
    second.end().await;
}

#[tokio::test]
async fn a_login_of_another_form_cannot_come_in_even_if_written_so() {
    let daemon = Daemon::start("").await;
    daemon.account("Anna").await;
    daemon.account("Борис").await;
    let mut client = daemon.uchat().await;
    client.refused(5, log_in("Anna")).await;
    client.refused(5, log_in("anna")).await;
    for login in ["Anna", "Борис"] {
        client
            .refused(5, json!({"type": TOKEN, "token": token(login)}))
            .await;
    }
    client.refused(1, sign_up("anna")).await;
    client
        .refused(0, json!({"type": GET_ROOMS, "date": 0}))
        .await;
    assert_eq!(daemon.sessions().await, []);
}

#[tokio::test]
async fn a_user_has_one_uchat_connection_and_any_others() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat_new("anna").await;
    let mut jim = daemon.authenticated("anna").await;
    let mut talker = daemon.talker_in("anna", "lobby").await;
    anna.event(JOIN_ROOM).await;
    let mut purpose = daemon.purpose_of(2, "anna").await;
    let mut second = daemon.uchat().await;
    second.refused(2, log_in("anna")).await;
    second
        .refused(2, json!({"type": TOKEN, "token": token("anna")}))
        .await;
    // Who has the wrong password is not told that.
    second
        .refused(
            0,
            json!({"type": LOG_IN, "login": "anna", "pass": pass("x"), "name": "", "desc": ""}),
        )
        .await;
    second
        .refused(0, json!({"type": GET_ROOMS, "date": 0}))
        .await;
    anna.hears_nothing().await;
    jim.hears_nothing().await;
    talker.hears_nothing().await;
    purpose.hears_nothing().await;
    anna.write(json!({"type": LOG_OUT, "token": anna.token}))
        .await;
    anna.event(LOG_OUT).await;
    second.log_in("anna").await;
    anna.refused(2, log_in("anna")).await;
}

#[tokio::test]
async fn log_out_ends_the_token_and_the_connection_logs_in_again() {
    let daemon = Daemon::start("").await;
    daemon.account("boris").await;
    let mut anna = daemon.uchat().await;
    anna.write(sign_up("anna")).await;
    anna.is_let_in("anna").await;
    let first = anna.token.clone();
    let room = anna.new_room("Tea", 1).await;
    anna.refused(0, json!({"type": LOG_OUT, "token": token("boris")}))
        .await;
    anna.said(room, "still here").await;
    let gone = anna.answer(json!({"type": LOG_OUT, "token": first})).await;
    assert_eq!(gone, json!({"type": 26, "token": first}));
    assert_eq!(daemon.sessions().await, []);
    anna.refused(0, msg(room, "not any more")).await;
    anna.refused(0, json!({"type": LOG_OUT, "token": first}))
        .await;
    anna.refused(0, json!({"type": TOKEN, "token": first}))
        .await;
    // Nothing of the room comes to nobody.
    let mut boris = daemon.uchat_of("boris").await;
    boris.join(room).await;
    anna.log_in("anna").await;
    boris.said(room, "hello").await;
    let heard = anna.next().await;
    assert_eq!(heard["message"], "hello");
    anna.answer(json!({"type": LOG_OUT, "token": anna.token.clone()}))
        .await;
    // Or as another.
    drop(boris);
    let mut again = daemon.uchat().await;
    again.log_in("anna").await;
    has_keys(
        &again.answer(json!({"type": GET_ROOMS, "date": 0})).await,
        "type rooms",
    );
}

#[tokio::test]
async fn who_logs_in_again_on_one_connection_is_the_other_from_then_on() {
    let daemon = Daemon::start("").await;
    let mut client = daemon.uchat_new("anna").await;
    let (anna, boris) = (client.id, daemon.account("boris").await);
    let tea = client.new_room("Tea", 1).await;
    client.by_token("boris").await;
    client.refused(3, msg(tea, "not my room")).await;
    client
        .answer(json!({"type": JOIN_ROOM, "room_id": tea}))
        .await;
    client.sees_member(tea, boris, "boris").await;
    client.said(tea, "now it is").await;
    let mut again = daemon.uchat_of("anna").await;
    again.said(tea, "welcome").await;
    client.hears(anna, tea, "welcome").await;
    assert_eq!(daemon.sessions().await.len(), 2);
    // A wrong one changes nothing.
    client
        .refused(0, json!({"type": TOKEN, "token": "x"}))
        .await;
    client
        .refused(2, json!({"type": TOKEN, "token": token("anna")}))
        .await;
    client.said(tea, "still here").await;
}

#[tokio::test(start_paused = true)]
async fn the_time_to_log_in_counts_from_the_log_out() {
    let daemon = Daemon::start("limits.login_timeout = '60s'").await;
    daemon.account("anna").await;
    let mut client = Uchat::new(daemon.memory("uchat", 65536).patient(LONG));
    tokio::time::sleep(Duration::from_secs(50)).await;
    client.by_token("anna").await;
    tokio::time::sleep(LONG).await;
    client.hears_nothing().await;
    client
        .answer(json!({"type": LOG_OUT, "token": token("anna")}))
        .await;
    let out = Instant::now();
    client.error(0).await;
    client.end().await;
    assert_eq!(out.elapsed().as_secs(), 60);
}

#[tokio::test]
async fn who_signs_up_over_uchat_comes_in_over_every_dialect() {
    let daemon = Daemon::start("").await;
    let mut uchat = daemon.uchat().await;
    uchat.write(sign_up("anna")).await;
    uchat.is_let_in("anna").await;
    let id = uchat.sessions_id(&daemon).await;
    let mut jim = daemon.authenticated("anna").await;
    jim.join("#tea").await;
    let mut two = daemon.purpose_of(2, "anna").await;
    assert_eq!(two.id, id);
    daemon.purpose_of(1, "anna").await.chat("tea").await;
    let mut talker = daemon.talker().await;
    talker
        .write(json!({"type": "connect", "room": "tea", "token": uchat.token}))
        .await;
    talker.connected().await;
    assert_eq!(talker.id, id.to_string());
    two.hears_nothing().await;
    // A new password is new for all.
    daemon
        .operate(commands::SetPassword {
            user: user("anna"),
            secret: tolmach::model::Secret::Password("another one".to_owned()),
        })
        .await;
    let mut again = daemon.uchat().await;
    again.refused(0, log_in("anna")).await;
    again.write(json!({"type": LOG_IN, "login": "anna", "pass": pass("another one"), "name": "", "desc": ""})).await;
    again.is_let_in("anna").await;
}
