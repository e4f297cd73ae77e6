//! What the system has too little of: memory, descriptors, disk.

use std::time::{Duration, Instant};

use super::bench::{Bench, Running};
use super::wire::{PATIENCE, Wire};

/// Of a process, in KiB; by a name of `/proc/PID/status`.
#[cfg(target_os = "linux")]
fn memory(gateway: &Running, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// "9.4 MB at start, 166 MB after 12 sign-ups. Wanted: back within 10 MB of before."
#[cfg(target_os = "linux")]
#[test]
fn the_memory_of_sign_ups_is_given_back() {
    let bench = Bench::running();
    let gateway = bench.gateway.as_ref().unwrap();
    let before = memory(gateway, "VmRSS:");
    let pass = "0".repeat(64);
    // All at once, so that every thread that may hash does.
    let mut clients: Vec<Wire> = (0..12).map(|_| Wire::connect(gateway, "uchat")).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.say(&format!(
            "{{\"type\":1,\"login\":\"user{number}\",\"pass\":\"{pass}\",\"name\":\"\",\"desc\":\"\"}}\n"
        ));
    }
    for client in &mut clients {
        let answer = client.line();
        assert!(answer.contains("\"type\":2"), "{answer}");
    }
    let begun = Instant::now();
    let mut after = memory(gateway, "VmRSS:");
    while after > before + 10 * 1024 && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
        after = memory(gateway, "VmRSS:");
    }
    assert!(
        after <= before + 10 * 1024,
        "{before} KiB, then {after} KiB"
    );
    // They did take it.
    assert!(memory(gateway, "VmHWM:") > before + 15 * 1024);
}
