//! JIM: the server's `probe`, on a paused clock.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::support::{Client, Daemon, Jim, PASSWORD, Talker, authenticate, presence};

const LONG: Duration = Duration::from_secs(24 * 3600);
const LIMITS: &str =
    "limits.login_timeout = '0s'\ntalker.idle_after = '0s'\ntalker.close_after = '0s'";

fn patient(client: Client) -> Client {
    client.patient(LONG)
}

fn jim(daemon: &Daemon) -> Jim {
    Jim::new(patient(daemon.memory("jim", 65536)))
}

async fn talker(daemon: &Daemon, login: &str, room: &str) -> Talker {
    let mut talker = Talker::new(patient(daemon.memory("talker", 65536)));
    talker.enter(login, room).await;
    talker
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_probed_after_60_s_and_idle_30_s_later() {
    let daemon = Daemon::start(LIMITS).await;
    daemon.account("watcher").await;
    let mut anna = jim(&daemon);
    anna.hello("anna").await;
    anna.join("#tea").await;
    let mut watcher = talker(&daemon, "watcher", "tea").await;
    let quiet = Instant::now();
    let probe = anna.next().await;
    assert_eq!(
        (&probe["action"], probe["time"].is_i64()),
        (&json!("probe"), true)
    );
    assert_eq!(quiet.elapsed().as_secs(), 60);
    // Answered: the presence has no answer, and nobody hears of it.
    anna.write(presence("anna")).await;
    let quiet = Instant::now();
    let probe = anna.next().await;
    assert_eq!(probe["action"], "probe");
    assert_eq!(quiet.elapsed().as_secs(), 60);
    // Not answered.
    watcher.sees("idle", "anna").await;
    assert_eq!(quiet.elapsed().as_secs(), 90);
    // Never closed for it; back with whatever it says.
    tokio::time::sleep(LONG).await;
    assert_eq!(anna.say("#tea", "I was away").await, 200);
    watcher.sees("back", "anna").await;
    watcher.hears("anna", "I was away").await;
}

#[tokio::test(start_paused = true)]
async fn the_presence_that_answers_a_probe_late_has_no_answer_either() {
    let daemon = Daemon::start(LIMITS).await;
    daemon.account("watcher").await;
    let mut anna = jim(&daemon);
    anna.hello("anna").await;
    anna.join("#tea").await;
    let mut watcher = talker(&daemon, "watcher", "tea").await;
    assert_eq!(anna.next().await["action"], "probe");
    watcher.sees("idle", "anna").await;
    anna.write(presence("anna")).await;
    watcher.sees("back", "anna").await;
    // The next one is an ordinary presence.
    anna.expect(200, presence("anna")).await;
}

#[tokio::test(start_paused = true)]
async fn a_presence_that_a_msg_crossed_answers_the_probe_still() {
    let daemon = Daemon::start(LIMITS).await;
    let mut anna = jim(&daemon);
    anna.hello("anna").await;
    anna.join("#tea").await;
    assert_eq!(anna.next().await["action"], "probe");
    assert_eq!(anna.say("#tea", "typed meanwhile").await, 200);
    anna.write(presence("anna")).await;
    // Had it an answer, that would come before this one.
    anna.expect(400, json!({"action": "wave"})).await;
    anna.expect(200, presence("anna")).await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_a_probe_is_displaced_by_the_right_credentials() {
    let daemon = Daemon::start(LIMITS).await;
    daemon.account("anna").await;
    daemon.account("watcher").await;
    let mut first = jim(&daemon);
    first.authenticate("anna").await;
    first.join("#tea").await;
    let mut watcher = talker(&daemon, "watcher", "tea").await;
    assert_eq!(first.next().await["action"], "probe");
    let mut second = jim(&daemon);
    second.expect(409, authenticate("anna", PASSWORD)).await;
    watcher.sees("idle", "anna").await;
    second.expect(402, authenticate("anna", "wrong")).await;
    second.authenticate("anna").await;
    watcher.sees("back", "anna").await;
    first.notice(101).await;
    first.end().await;
    // It is still in its room.
    assert_eq!(second.say("#tea", "hello").await, 200);
    watcher.hears("anna", "hello").await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_guest_gives_its_name_to_a_newcomer() {
    let daemon = Daemon::start(LIMITS).await;
    daemon.account("watcher").await;
    let mut first = jim(&daemon);
    first.hello("anna").await;
    first.join("#tea").await;
    let mut watcher = talker(&daemon, "watcher", "tea").await;
    assert_eq!(first.next().await["action"], "probe");
    let idle = watcher.sees("idle", "anna").await;
    let mut second = jim(&daemon);
    second.hello("anna").await;
    first.notice(101).await;
    first.end().await;
    watcher
        .sees_leave(idle["user"]["id"].as_str().unwrap())
        .await;
}

#[tokio::test(start_paused = true)]
async fn probe_after_is_the_listeners_and_0_is_never() {
    let daemon = Daemon::start(&format!("{LIMITS}\njim.probe_after = '0s'")).await;
    let mut anna = jim(&daemon);
    anna.hello("anna").await;
    tokio::time::sleep(LONG).await;
    anna.hears_nothing().await;

    let daemon = Daemon::start(&format!("{LIMITS}\njim.probe_after = '7s'")).await;
    let mut anna = jim(&daemon);
    // A stranger is not probed.
    tokio::time::sleep(Duration::from_secs(100)).await;
    anna.hello("anna").await;
    let quiet = Instant::now();
    assert_eq!(anna.next().await["action"], "probe");
    assert_eq!(quiet.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_say_who_it_is_in_time_is_closed() {
    let daemon = Daemon::start("limits.login_timeout = '60s'").await;
    let begun = Instant::now();
    let mut stranger = jim(&daemon);
    stranger.expect(400, json!({"action": "probe"})).await;
    stranger.notice(101).await;
    stranger.end().await;
    assert_eq!(begun.elapsed().as_secs(), 60);
    let mut stranger = Talker::new(patient(daemon.memory("talker", 1024)));
    stranger.refused("No login in time").await;
}
