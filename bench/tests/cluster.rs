//! The measurement of several nodes, a moment of it, so that it goes on working.

#![allow(clippy::unwrap_used, reason = "it is a test")]

use std::path::Path;
use std::process::Command;

/// Where PostgreSQL or NATS is not installed it is left out, which is said; so, too, where `tolmach` was not built beside it.
#[test]
fn what_several_nodes_cost_is_measured() {
    let bench = Path::new(env!("CARGO_BIN_EXE_tolmach-bench"));
    let tolmach = bench.with_file_name("tolmach");
    if !tolmach.is_file() {
        eprintln!("{} is not built: left out", tolmach.display());
        return;
    }
    let measured = Command::new(bench)
        .args(["cluster", "--quick"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&measured.stderr);
    assert!(measured.status.success(), "{said}");
    let printed = String::from_utf8(measured.stdout).unwrap();
    assert!(
        printed.is_empty() || printed.contains("| round trips for it |"),
        "{printed}"
    );
}
