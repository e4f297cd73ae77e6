//! The scenarios of `examples/reliability`, a little of each that needs neither root nor time.

use clap::Parser;
use tolmach_reliability::{Arguments, run};

/// Runs one to its end.
async fn try_out(scenario: &[&str]) {
    let server = ["reliability", "--server", env!("CARGO_BIN_EXE_tolmach")];
    let arguments = Arguments::try_parse_from(server.iter().chain(scenario)).unwrap();
    run(arguments).await.unwrap();
}

#[tokio::test]
async fn what_was_accepted_is_there_after_a_kill() {
    try_out(&["kill", "--rounds", "1"]).await;
}

/// A round of each fault; where PostgreSQL or NATS is not installed it is left out, which is said.
#[tokio::test]
async fn several_nodes_keep_what_was_accepted_whatever_fails() {
    try_out(&["cluster", "--kills", "1", "--others", "1"]).await;
}

#[tokio::test]
async fn what_was_accepted_is_there_after_fsync_failed() {
    try_out(&["sync", "--rounds", "1", "--milliseconds", "200"]).await;
}

#[tokio::test]
async fn others_go_on_beside_one_who_does_not_read() {
    let few = ["--members", "3", "--seconds", "1", "--repeat", "1"];
    try_out(&[&["stalled", "--dialects", "talker"], &few[..]].concat()).await;
}

#[tokio::test]
async fn others_go_on_beside_a_flood_of_logins() {
    let few = ["--members", "3", "--seconds", "1", "--repeat", "1"];
    let flood = [
        "logins",
        "--dialects",
        "jim",
        "--logins",
        "20",
        "--accounts",
        "1",
    ];
    try_out(&[&flood[..], &few[..]].concat()).await;
}

#[tokio::test]
async fn copies_are_made_while_others_write() {
    let few = ["--messages", "300", "--files", "3", "--file-bytes", "70000"];
    let slow = ["--rate", "100", "--senders", "5", "--seconds", "1"];
    try_out(&[&["copies"], &few[..], &slow[..]].concat()).await;
}

#[tokio::test]
async fn a_crowd_is_served_or_told_why_not() {
    let few = ["--connections", "60", "--burst", "20", "--seconds", "0"];
    try_out(&[&["idle"], &few[..]].concat()).await;
}
