#![forbid(unsafe_code)]
//! The `tolmach` command.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
