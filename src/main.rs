#![forbid(unsafe_code)]
//! The `tolmach` command.

fn main() -> std::process::ExitCode {
    tolmach::cli::run()
}
