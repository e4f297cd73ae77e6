//! What a platform's default writer sends: a byte order mark first, and half of a character where a text was cut.

use serde_json::json;

use crate::support::uchat::{Uchat, log_in};
use crate::support::{Daemon, Talker, presence, token, with_field};

const MARK: &str = "\u{feff}";

/// A presence as it stands on the wire.
fn said(name: &str) -> String {
    let mut presence = presence(name);
    presence["time"] = json!(1);
    presence.to_string()
}

#[tokio::test]
async fn a_byte_order_mark_is_ignored_at_the_start_of_a_stream() {
    let daemon = with_field("", "").await;
    daemon.account("anna").await;

    for listener in ["jim", "field"] {
        let mut client = daemon.client(listener).await;
        client
            .send(format!("{MARK}{}", said(&format!("guest-{listener}"))))
            .await;
        assert_eq!(client.next().await["response"], 200, "{listener}");
    }

    let mut talker = daemon.client("talker").await;
    let connect = json!({"type": "connect", "room": "lobby", "token": token("anna")});
    talker.send(format!("{MARK}{connect}")).await;
    Talker::new(talker).connected().await;

    let mut uchat = daemon.client("uchat").await;
    uchat.send(format!("{MARK}{}\n", log_in("anna"))).await;
    Uchat::new(uchat).is_let_in("anna").await;
}

#[tokio::test]
async fn a_byte_order_mark_later_is_a_mistake() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.client("jim").await;
    let said = said("anna");
    jim.send(format!("{said}{MARK}{said}")).await;
    for code in [200, 400, 200] {
        assert_eq!(jim.next().await["response"], code);
    }
}

#[tokio::test]
async fn half_a_character_is_told_as_one_that_stands_for_it() {
    let daemon = Daemon::start("").await;
    for login in ["anna", "vera"] {
        daemon.account(login).await;
    }
    let mut vera = daemon.talker_in("vera", "lobby").await;
    let mut boris = daemon.guest_in("boris", "#lobby").await;
    vera.sees("join", "boris").await;

    boris
        .send(r##"{"action":"msg","time":1,"to":"#lobby","from":"boris","message":"cut \ud83d","k":"\ude00"}"##)
        .await;
    assert_eq!(boris.code().await, 200);
    vera.hears("boris", "cut \u{fffd}").await;

    vera.send(r#"{"type":"message","content":"cut \ud83d","k":"\ude00"}"#)
        .await;
    assert_eq!(vera.hears("vera", "cut \u{fffd}").await["k"], "\u{fffd}");
    boris.hears("vera", "#lobby", "cut \u{fffd}").await;

    let mut anna = daemon.uchat_of("anna").await;
    let lobby = anna.new_room("hall", 0).await;
    let line = format!(r#"{{"type":3,"room_id":{lobby},"message":"cut \ud83d","msg_type":0}}"#);
    anna.send(line + "\n").await;
    let told = anna.event(3).await;
    assert_eq!(told["message"], "cut \u{fffd}", "{told}");
}
