//! The hub through its own API: commands in, replies and events out, over a store in memory or in a file.
//!
//! What a session is told reads as short lines (`support::line`), so that tests read like transcripts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy.toml allows these in tests, but not in what tests share"
)]

mod support;

mod accounts;
mod adopting;
mod authenticator;
mod changing;
mod clock;
mod connections;
mod contacts;
mod embedding;
mod entering;
mod erasing;
mod exporting;
mod forms;
mod gateway_bans;
mod guest_bans;
mod guests;
mod hiding;
mod keeping_rooms;
mod leases;
mod leaving;
mod lifecycle;
mod listening;
mod login_floods;
mod members;
mod messages;
mod nats;
mod nodes;
mod observing;
mod panics;
mod permissions;
mod policy;
mod presence;
mod private_history;
mod random;
mod reading;
mod renaming_users;
mod restart;
mod retention;
mod routing;
mod secrets;
mod simulation;
mod source;
mod tokens;
mod voice;
mod waiting;
mod workers;
