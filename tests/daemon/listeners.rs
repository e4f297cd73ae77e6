//! Several listeners of one dialect, each with settings of its own.

use serde_json::json;

use crate::support::{Daemon, Jim, room};
use tolmach::commands;

#[tokio::test]
async fn two_listeners_of_one_dialect_share_the_rooms_and_differ_in_their_settings() {
    let more = "[[listener]]\ndialect = 'jim'\nname = 'chatty'\naddress = '127.0.0.1:0'\nnotices = [100, 101]\n\
                [[listener]]\ndialect = 'jim'\nname = 'quiet'\naddress = '127.0.0.1:0'\nnotices = []";
    let daemon = Daemon::start(more).await;
    let mut chatty = Jim::new(daemon.client("chatty").await);
    let mut quiet = Jim::new(daemon.client("quiet").await);
    chatty.hello("chatty").await;
    quiet.hello("quiet").await;
    chatty.join("#tea").await;
    quiet.join("#tea").await;
    chatty.notice(100).await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    chatty.notice(100).await;
    assert_eq!(anna.say("#tea", "hello").await, 200);
    chatty.hears("anna", "#tea", "hello").await;
    quiet.hears("anna", "#tea", "hello").await;
    assert_eq!(quiet.say("#tea", "suppress_presence").await, 200);
    chatty.hears("quiet", "#tea", "suppress_presence").await;
    anna.hears("quiet", "#tea", "suppress_presence").await;
    daemon
        .operate(commands::RenameRoom {
            room: room("tea"),
            name: "coffee".to_owned(),
        })
        .await;
    chatty.notice(101).await;
    anna.notice(101).await;
    quiet.hears_nothing().await;
    // One name, one connection: over all listeners of the dialect.
    let mut again = Jim::new(daemon.client("quiet").await);
    again.expect(409, crate::support::presence("anna")).await;
}

#[tokio::test]
async fn the_ready_line_names_the_real_ports() {
    let daemon = Daemon::start("").await;
    for listener in ["jim", "talker"] {
        assert_ne!(daemon.address(listener).port(), 0);
        assert!(daemon.address(listener).ip().is_loopback());
    }
    let mut jim = daemon.jim().await;
    jim.expect(400, json!({"action": "probe"})).await;
}
