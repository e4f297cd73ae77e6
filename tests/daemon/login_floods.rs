//! Many who try wrong passwords make nobody from elsewhere wait for long, and are told so in their dialect where they are too
//! many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::uchat::{LOG_IN, pass};
use crate::support::{Daemon, Jim, PATIENCE, Uchat, authenticate, from_elsewhere, reason, text};

/// Far more than have their passwords hashed at once.
fn many() -> usize {
    20 + 4 * std::thread::available_parallelism().map_or(1, usize::from)
}

#[tokio::test]
async fn a_flood_from_elsewhere_costs_one_who_logs_in_a_few_turns() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let (answered, mut flood) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    for number in 0..many() {
        let client = from_elsewhere(daemon.address("jim")).await;
        let mut jim = Jim::new(client.patient(6 * PATIENCE));
        jim.write(authenticate(&format!("login{number}"), "wrong"))
            .await;
        let answered = answered.clone();
        flood.spawn(async move {
            let code = jim.code().await;
            answered.fetch_add(1, Ordering::SeqCst);
            code
        });
    }
    let before = answered.load(Ordering::SeqCst);
    daemon.authenticated("anna").await;
    let meanwhile = answered.load(Ordering::SeqCst) - before;
    assert!(meanwhile < many() / 2, "{meanwhile} were looked at before");
    assert!(flood.join_all().await.iter().all(|code| *code == 402));
}

#[tokio::test]
async fn too_many_that_wait_are_refused_in_each_dialects_word() {
    let daemon = Daemon::start("limits.passwords_waiting = 1").await;
    const LATER: &str = "too often, try again in 1 s";
    let names = || (0..many()).map(|number| format!("login{number}"));
    let mut jims = Vec::new();
    for name in names() {
        let mut jim = daemon.jim().await;
        jim.write(authenticate(&name, "wrong")).await;
        jims.push(jim);
    }
    let (mut wrong, mut later) = (0, 0);
    for jim in &mut jims {
        match jim.answer().await {
            answer if answer["response"] == 402 => wrong += 1,
            answer => {
                assert_eq!(
                    (&answer["response"], &answer["error"]),
                    (&json!(429), &json!(LATER))
                );
                later += 1;
            }
        }
    }
    assert!(wrong > 0 && later > 0, "{wrong} {later}");

    let mut purposes = Vec::new();
    for name in names() {
        let mut purpose = daemon.purpose(2).await;
        purpose.hello().await;
        let task = purpose
            .write("LOGIN", [text(&name), text("wrong")].concat())
            .await;
        purposes.push((purpose, task));
    }
    let mut reasons = Vec::new();
    for (purpose, task) in &mut purposes {
        reasons.push(reason(&purpose.answer(*task).await));
    }
    assert!(reasons.iter().any(|reason| reason == LATER), "{reasons:?}");

    let mut uchats = Vec::new();
    for name in names() {
        let mut uchat = Uchat::new(daemon.client("uchat").await);
        let (login, pass) = (name, pass("wrong"));
        uchat
            .write(json!({"type": LOG_IN, "login": login, "pass": pass, "name": "", "desc": ""}))
            .await;
        uchats.push(uchat);
    }
    let mut codes = Vec::new();
    for uchat in &mut uchats {
        codes.push(uchat.next().await["error_code"].clone());
    }
    assert!(codes.contains(&json!(6)), "{codes:?}");
}
