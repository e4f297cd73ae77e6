#![forbid(unsafe_code)]
//! The `tolmach` command with one dialect more.

use tolmach::dialects::{ALL, describe};

fn main() -> std::process::ExitCode {
    let mut dialects = ALL.to_vec();
    dialects.push(describe::<tolmach_telnet::Telnet>());
    tolmach::cli::run_with(dialects.leak())
}
