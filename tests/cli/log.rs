//! A log that cannot be written, or that nobody reads, is the log's trouble alone.

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::bench::{Bench, read, signal};
use super::people::{Client, PATIENCE};

/// How many are refused at once.
const AT_ONCE: usize = 50;
/// What a pipe holds.
const PIPE: usize = 64 * 1024;

/// Two come in, so many more are refused in words; then the two are served as before, and SIGTERM ends all in good order.
fn outlives_refusals(bench: &mut Bench, refused: usize) {
    let mut guests = ["anna", "boris"].map(|name| Client::guest(bench, name));
    for begun in (0..refused).step_by(AT_ONCE) {
        let many = AT_ONCE.min(refused - begun);
        let many: Vec<_> = (0..many).map(|_| Client::connect(bench, "jim")).collect();
        for mut client in many {
            assert!(client.hear().contains("503"));
        }
    }
    for (guest, room) in guests.iter_mut().zip(["one", "two"]) {
        guest.makes(room);
    }
    let begun = Instant::now();
    let mut gateway = bench.gateway.take().unwrap();
    gateway.signal("TERM");
    for guest in &mut guests {
        assert!(guest.hear().contains("101"), "no farewell");
    }
    assert_eq!(gateway.wait().0.code(), Some(0));
    assert!(begun.elapsed() < PATIENCE);
}

fn logging_to(log: impl Into<Stdio>) -> Bench {
    let mut bench = Bench::offline();
    bench.configure("[limits]\nconnections = 2\n[log]\nlevel = \"trace\"\n");
    bench.gateway = Some(bench.serve_with(&[], log));
    bench
}

fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(&vec![b'.'; PIPE]).unwrap();
    (reader, writer)
}

#[test]
fn a_log_on_a_full_disk_harms_nobody() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    outlives_refusals(&mut logging_to(full), 3);
}

#[test]
fn a_log_whose_reader_has_gone_harms_nobody() {
    let (reader, writer) = pipe().unwrap();
    let mut bench = logging_to(writer);
    drop(reader);
    outlives_refusals(&mut bench, 3);
}

#[test]
fn a_log_that_nobody_reads_harms_nobody() {
    let (mut reader, writer) = full_pipe();
    outlives_refusals(&mut logging_to(writer), 900);
    // Nobody holds it open any more: not even a thread that waits for a reader.
    reader.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn refusals_are_said_once_a_second_with_a_number() {
    let mut bench = Bench::offline();
    bench.configure("[limits]\nconnections = 2\n");
    bench.gateway = Some(bench.serve(&[]));
    let begun = Instant::now();
    outlives_refusals(&mut bench, 300);
    let log = read(&bench.path("log"));
    let is_refusal = |line: &&str| line.contains("limit=\"connections\"");
    let lines = log.lines().filter(is_refusal).count();
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap();
    assert!((1..=seconds + 2).contains(&lines), "{log}");
}

#[test]
fn the_end_is_said_though_nobody_reads_standard_error() {
    let bench = Bench::running();
    let (_reader, writer) = full_pipe();
    let mut second = bench
        .command(&["serve"])
        .stdin(Stdio::null())
        .stderr(writer)
        .spawn()
        .unwrap();
    assert_eq!(second.wait().unwrap().code(), Some(1));
}

#[test]
fn nobody_need_read_that_it_is_ready() {
    for stdout in ["full", "stuck", "gone"] {
        let bench = Bench::offline();
        let (reader, stuck) = full_pipe();
        let (stdout, reader) = match stdout {
            "full" => (
                Stdio::from(File::options().write(true).open("/dev/full").unwrap()),
                None,
            ),
            "stuck" => (stuck.into(), Some(reader)),
            _ => {
                drop(reader);
                (stuck.into(), None)
            }
        };
        let mut gateway = bench
            .command(&["serve"])
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let socket = bench.data_dir().join("control.sock");
        let begun = Instant::now();
        while !socket.exists() {
            assert!(gateway.try_wait().unwrap().is_none(), "it has ended");
            assert!(begun.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(5));
        }
        bench.run(&["room", "list"]).done();
        signal(&gateway, "TERM");
        assert_eq!(gateway.wait().unwrap().code(), Some(0));
        drop(reader);
    }
}
