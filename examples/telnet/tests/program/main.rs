//! The program: what its commands say of telnet, and people who connect to it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "clippy.toml allows these in tests, but not in what tests share"
)]

mod commands;
mod people;
mod support;
