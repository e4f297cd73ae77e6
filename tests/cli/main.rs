//! The command line, by the real program: each test in a directory of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy.toml allows these in tests, but not in what tests share"
)]

mod agreeing;
mod bans;
mod bench;
mod config;
mod copies;
mod erasing;
mod history;
mod load;
mod log;
mod log_events;
mod log_secrets;
mod nodes;
mod notify;
mod packaging;
mod pages;

mod moving;
mod people;
mod postgres;
mod read_only;
mod reliability;
mod reload;
mod replay;
mod resources;
mod rooms;
mod s3;
mod serve;
mod sessions;
mod sockets;
mod taking_in;
mod tap;
mod terminal;
mod together;
mod tokens;
mod transcode;
mod transcode_pairs;
mod usage;
mod users;
mod verifying;
