//! What the system has too little of: memory, descriptors, disk.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::bench::{Bench, Running, read};
use super::people::{Client, PATIENCE};

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
    let mut clients: Vec<Client> = (0..12).map(|_| Client::connect(&bench, "uchat")).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.say(format!(
            "{{\"type\":1,\"login\":\"user{number}\",\"pass\":\"{pass}\",\"name\":\"\",\"desc\":\"\"}}\n"
        ));
    }
    for client in &mut clients {
        let answer = client.hear();
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

/// "`prlimit --nofile=90`, 140 connections: `tolmach room list` hangs without end; 50 log lines a second." Since then more are
/// kept back for those who are refused.
#[test]
fn few_descriptors_are_shared_with_words() {
    let mut bench = Bench::offline();
    let program = bench.command(&["serve"]);
    let mut few = Command::new("sh");
    few.args(["-c", "ulimit -n 138 && exec \"$@\"", "sh"])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(bench.path(""));
    let log = std::fs::File::create(bench.path("log")).unwrap();
    bench.gateway = Some(Running::start(&mut few, log));
    let mut guest = Client::guest(&bench, "anna");
    let listeners = ["jim", "talker", "purpose.2", "uchat"];
    let mut clients: Vec<(&str, Client)> = (0..140)
        .map(|number| listeners[number % listeners.len()])
        .map(|listener| (listener, Client::connect(&bench, listener)))
        .collect();
    let begun = Instant::now();
    bench.run(&["room", "list"]).done();
    assert!(begun.elapsed() < Duration::from_secs(5));
    guest.makes("tea");
    // Those who came last are too many, and each is told so; those who came first are in.
    for (listener, client) in clients.iter_mut().skip(40) {
        match *listener {
            "purpose.2" => assert_eq!(client.frame().0, 3),
            "jim" => assert!(client.hear().contains("503")),
            "talker" => assert!(client.hear().contains("\"error\"")),
            _ => assert!(client.hear().contains("\"error_code\":6")),
        }
        client.rest();
    }
    let log = read(&bench.path("log"));
    assert!(log.contains("connections at once"), "{log}");
    assert!(log.lines().count() < 30, "{log}");
}

/// A gateway whose data, and whose log, are on a disk of 96 MiB; where that is seen from here. `None`: no disk can be
/// made here.
#[cfg(target_os = "linux")]
fn on_a_small_disk(bench: &mut Bench) -> Option<PathBuf> {
    let script = "mount -t tmpfs -o size=96m tmpfs data && exec \"$@\" 2>data/log";
    std::fs::create_dir(bench.data_dir()).unwrap();
    let mut unshare = Command::new("unshare");
    unshare.current_dir(bench.path(""));
    let alone = unshare.args(["-m", "sh", "-c", script, "sh"]);
    if !alone.arg("true").status().is_ok_and(|done| done.success()) {
        eprintln!("left out: no disk can be made here");
        return None;
    }
    let program = bench.command(&["serve"]);
    let mut serve = Command::new("unshare");
    serve
        .args(["-m", "sh", "-c", script, "sh"])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(bench.path(""));
    let gateway = Running::start(&mut serve, Stdio::null());
    let root = PathBuf::from(format!("/proc/{}/root", gateway.id()));
    bench.gateway = Some(gateway);
    Some(root.join(bench.data_dir().strip_prefix("/").unwrap()))
}

/// Writes a file until it has so many bytes, or the disk is full.
#[cfg(target_os = "linux")]
fn fill(path: &Path, most: usize) {
    let mut file = std::fs::File::create(path).unwrap();
    let block = vec![1; 1024 * 1024];
    for size in [block.len(), 4096, 1] {
        while file.metadata().unwrap().len() < most as u64 && file.write_all(&block[..size]).is_ok()
        {
        }
    }
}

#[cfg(target_os = "linux")]
fn join(guest: &mut Client, room: &str) -> bool {
    let answer = guest.ask(&format!(
        r##"{{"action":"join","time":1,"room":"#{room}"}}"##
    ));
    let is_refused = answer.contains("\"response\":503");
    assert!(
        is_refused || answer.contains("\"response\":201"),
        "{answer}"
    );
    !is_refused
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_with_little_room_is_left_as_it_is() {
    let mut bench = Bench::offline();
    let Some(data) = on_a_small_disk(&mut bench) else {
        return;
    };
    let mut guest = Client::guest(&bench, "anna");
    guest.makes("before");
    fill(&data.join("fill"), 50 * 1024 * 1024);
    for room in ["a", "b", "c"] {
        assert!(!join(&mut guest, room));
    }
    std::fs::remove_file(data.join("fill")).unwrap();
    guest.makes("after");
    // The log is written beside what it tells of.
    let (begun, mut log) = (Instant::now(), String::new());
    while !log.contains("has room again") && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(10));
        log = read(&data.join("log"));
    }
    for said in ["nearly full", "has room again"] {
        assert_eq!(log.matches(said).count(), 1, "{log}");
    }
}

/// "The log on the same full disk as the data: after some 22 answers 503 the store's thread panics."
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_with_data_and_log_is_outlived() {
    let mut bench = Bench::offline();
    bench.configure("[limits]\ndisk_free = 0\n[log]\nlevel = \"trace\"\n");
    let Some(data) = on_a_small_disk(&mut bench) else {
        return;
    };
    let mut guest = Client::guest(&bench, "anna");
    guest.makes("before");
    fill(&data.join("fill"), usize::MAX);
    let mut refused = 0;
    for number in 0..2000 {
        refused += usize::from(!join(&mut guest, &format!("full-{number}")));
        if refused == 100 {
            break;
        }
    }
    assert_eq!(refused, 100);
    std::fs::remove_file(data.join("fill")).unwrap();
    guest.makes("after");
    let mut gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    assert_eq!(gateway.wait().0.code(), Some(0));
}

/// Lets the gateway make no file larger than so many bytes; whether that can be said here.
#[cfg(target_os = "linux")]
fn limit_files(gateway: &Running, bytes: &str) -> bool {
    let mut prlimit = Command::new("prlimit");
    prlimit.arg(format!("--pid={}", gateway.id()));
    let limited = prlimit.arg(format!("--fsize={bytes}:")).status();
    limited.is_ok_and(|done| done.success())
}

/// A commit fails while its pages are written: it is undone, who asked is told nothing, and the next one works.
#[cfg(target_os = "linux")]
#[test]
fn writes_go_on_after_a_commit_that_was_undone() {
    let mut bench = Bench::offline();
    let program = bench.command(&["serve"]);
    let mut serve = Command::new("sh");
    serve
        .args(["-c", "trap '' XFSZ && exec \"$@\"", "sh"])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(bench.path(""));
    bench.gateway = Some(Running::start(&mut serve, Stdio::null()));
    let gateway = bench.gateway.as_ref().unwrap();
    let mut guest = Client::guest(&bench, "anna");
    guest.makes("before");
    let written = bench.data_dir().join("tolmach.db-wal").metadata().unwrap();
    if !limit_files(gateway, &(written.len() + 1).to_string()) {
        return eprintln!("left out: there is no prlimit here");
    }
    guest.say(r##"{"action":"join","time":1,"room":"#lost"}"##);
    assert_eq!(guest.rest(), b"");
    assert!(limit_files(gateway, "unlimited"));
    let mut guest = Client::guest(&bench, "boris");
    guest.makes("lost");
    guest.makes("after");
}
