//! `tolmach backup` and `restore`.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::bench::{Bench, Running, signal};
use super::people::{Client, PATIENCE};

/// Nobody waits for what others would say.
const FAST: &str = "[limits]\nmessages_per_second = 0\nrequests_per_second = 0\n";

impl Bench {
    fn texts(&self, room: &str) -> Vec<String> {
        let entries = self.json(&["history", room, "--json"]);
        let text = |entry: &Value| entry["text"].as_str().unwrap().to_owned();
        entries.iter().map(text).collect()
    }

    /// The program with a pipe at each end, and whatever it says on standard error.
    fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command
            .env("TMPDIR", self.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }
}

/// Where nothing is yet.
pub(crate) fn elsewhere() -> Bench {
    elsewhere_with("")
}

/// The same, with more keys at the end of its configuration.
pub(crate) fn elsewhere_with(more: &str) -> Bench {
    let bench = Bench::offline();
    bench.configure(&format!("{FAST}{more}"));
    bench
}

/// A gateway with the room `tea`, and an account that can send files there.
pub(crate) fn with_anna() -> (Bench, i64) {
    with_anna_in(elsewhere())
}

/// The same, where nothing is yet.
pub(crate) fn with_anna_in(mut bench: Bench) -> (Bench, i64) {
    bench.gateway = Some(bench.serve(&[]));
    bench
        .run_with(&["user", "add", "anna"], "secret word\n")
        .done();
    bench
        .run_with(
            &["token", "create", "anna", "--value-stdin"],
            "anna's token\n",
        )
        .done();
    bench.run(&["room", "create", "tea"]).done();
    bench.run(&["room", "add", "tea", "anna"]).done();
    let rooms = bench.json(&["room", "list", "--json"]);
    let tea = rooms.iter().find(|room| room["room"] == "tea").unwrap();
    let id = tea["id"].as_i64().unwrap();
    (bench, id)
}

/// Anna posts a file in the room.
pub(crate) fn post_file(bench: &Bench, room: i64, name: &str, content: &[u8]) {
    let mut client = Client::connect(bench, "uchat");
    let (kind, size) = (24, content.len());
    let request =
        json!({"type": kind, "name": name, "size": size, "room_id": room, "token": "anna's token"});
    client.say(format!("{request}\n"));
    assert!(client.hear().contains("27"));
    client.say(content);
    assert_eq!(client.rest(), b"");
}

pub(crate) fn say(client: &mut Client, from: &str, text: &str) {
    let message = json!({"action": "msg", "time": 1, "to": "#tea", "from": from, "encoding": "utf-8", "message": text});
    let answer = client.ask(&message.to_string());
    assert!(answer.contains("\"response\":200"), "{answer}");
}

pub(crate) fn guest_in_tea(bench: &Bench, name: &str) -> Client {
    let mut guest = Client::guest(bench, name);
    let answer = guest.ask(r##"{"action":"join","time":1,"room":"#tea"}"##);
    assert!(answer.contains("\"response\":200"), "{answer}");
    guest
}

/// The contents below a directory of files.
pub(crate) fn contents(area: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for room in fs::read_dir(area).into_iter().flatten().flatten() {
        for file in fs::read_dir(room.path()).unwrap().flatten() {
            let path = file.path();
            let place = path.strip_prefix(area).unwrap().to_owned();
            all.push((place, fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// "A consistent copy of everything (database and files) in one archive, while serving": everything that was answered
/// before a backup began is in it, however much is said meanwhile, byte by byte.
#[test]
fn what_was_answered_before_a_backup_is_in_it() {
    let (bench, tea) = with_anna();
    let bytes: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(n) >> 7) as u8)
        .collect();
    post_file(&bench, tea, "cat.png", &bytes);
    let stop = AtomicBool::new(false);
    let answered = Mutex::new(Vec::new());
    let mut copies = Vec::new();
    std::thread::scope(|scope| {
        for number in 0..3 {
            let (bench, stop, answered) = (&bench, &stop, &answered);
            scope.spawn(move || {
                let name = format!("guest{number}");
                let mut guest = Client::guest(bench, &name);
                guest.ask(r##"{"action":"join","time":1,"room":"#tea"}"##);
                for count in 0.. {
                    let text = format!("{name} says {count}");
                    let message = json!({"action": "msg", "time": 1, "to": "#tea", "from": name, "encoding": "utf-8", "message": text});
                    guest.say(message.to_string());
                    // Others' messages come between.
                    guest.hear_of("\"response\":200");
                    answered.lock().unwrap().push(text);
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        for number in 0..3 {
            while answered.lock().unwrap().len() < 30 * (number + 1) {
                std::thread::yield_now();
            }
            let before = answered.lock().unwrap().clone();
            let name = format!("copy-{number}.tar");
            let said = bench.run(&["backup", &name]).done();
            assert!(
                said.starts_with("copied ") && said.contains(&name),
                "{said}"
            );
            copies.push((bench.path(&name), before));
        }
        stop.store(true, Ordering::Relaxed);
    });
    for (archive, before) in copies {
        assert_eq!(mode(&archive), 0o600);
        let mut other = elsewhere();
        let said = other.run(&["restore", archive.to_str().unwrap()]).done();
        assert!(
            said.starts_with("restored ") && said.contains("1 files"),
            "{said}"
        );
        assert_eq!(
            contents(&other.data_dir().join("tolmach.files")),
            contents(&bench.data_dir().join("tolmach.files"))
        );
        for (name, secret) in [("certificate.pem", 0), ("key.pem", 0o600)] {
            let [from, to] = [&bench, &other].map(|it| it.data_dir().join("tls").join(name));
            assert_eq!(fs::read(&from).unwrap(), fs::read(&to).unwrap());
            assert!(secret == 0 || mode(&to) == secret);
        }
        assert_eq!(mode(&other.database()), 0o600);
        // Whether somebody runs it or asks the store.
        let offline = other.texts("tea");
        other.gateway = Some(other.serve(&[]));
        let texts = other.texts("tea");
        assert_eq!(offline, texts);
        for text in before {
            assert_eq!(texts.iter().filter(|it| **it == text).count(), 1, "{text}");
        }
        // Passwords and tokens are as they were.
        post_file(&other, tea, "dog.png", b"woof");
    }
}

/// A file that goes while the copy is made is in the copy, as is its message; and then it goes.
#[test]
fn what_is_deleted_meanwhile_is_in_the_copy() {
    let (bench, tea) = with_anna();
    post_file(&bench, tea, "cat.png", &[7; 300_000]);
    let area = bench.data_dir().join("tolmach.files");
    let before = contents(&area);
    assert_eq!(before.len(), 1);
    // Nobody reads: it stops within the database.
    let mut backup = bench.spawn(&["backup", "-"]);
    let mut archive = vec![0; 1024];
    let mut out = backup.stdout.take().unwrap();
    out.read_exact(&mut archive).unwrap();
    bench.run(&["room", "remove", "tea", "--yes"]).done();
    assert_eq!(contents(&area), before);
    out.read_to_end(&mut archive).unwrap();
    assert!(backup.wait().unwrap().success());
    let begun = Instant::now();
    while !contents(&area).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "the file stays");
        std::thread::sleep(Duration::from_millis(10));
    }
    // What was copied to the temporary directory went, too.
    assert!(
        !names(&bench.path(""))
            .iter()
            .any(|name| name.starts_with("tolmach-copy"))
    );
    let other = elsewhere();
    let mut restore = other.spawn(&["restore", "-"]);
    restore.stdin.take().unwrap().write_all(&archive).unwrap();
    assert!(restore.wait().unwrap().success());
    assert_eq!(contents(&other.data_dir().join("tolmach.files")), before);
    assert_eq!(other.texts("tea").len(), 1);
}

/// A stopped gateway's data, with `count` messages and a file.
fn stopped(count: usize) -> (Bench, PathBuf) {
    let (mut bench, tea) = with_anna();
    let mut guest = guest_in_tea(&bench, "boris");
    for number in 0..count {
        say(&mut guest, "boris", &format!("message {number}"));
    }
    post_file(&bench, tea, "cat.png", &[7; 30_000]);
    // However it ended.
    bench.gateway = None;
    let archive = bench.path("copy.tar");
    bench.run(&["backup", "copy.tar"]).done();
    (bench, archive)
}

#[test]
fn an_archive_is_a_tar_file_with_checksums() {
    let (bench, archive) = stopped(3);
    let script = format!(
        "mkdir out && cd out && tar xf {} && sha256sum --quiet -c SHA256SUMS && ls",
        archive.display()
    );
    let mut sh = std::process::Command::new("sh");
    let listed = sh
        .current_dir(bench.path(""))
        .args(["-c", &script])
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(
        listed,
        "SHA256SUMS\nfiles\ntls\ntolmach-backup.json\ntolmach.db\n"
    );
}

#[test]
fn nothing_that_is_there_is_replaced() {
    let (bench, archive) = stopped(3);
    let again = bench.run(&["backup", "copy.tar"]).refused();
    assert!(again.contains("copy.tar is there already"), "{again}");
    let archive = archive.to_str().unwrap();
    let texts = bench.texts("tea");
    let refused = bench.run(&["restore", archive]).refused();
    for word in ["data is not empty", "tls, tolmach.db", "data_dir"] {
        assert!(refused.contains(word), "{refused}");
    }
    assert_eq!(bench.texts("tea"), texts);
    let running = Bench::running();
    let refused = running.run(&["restore", archive]).refused();
    for word in ["in use by another tolmach (process ", "stop it first"] {
        assert!(refused.contains(word), "{refused}");
    }
    // The store may lie elsewhere.
    let elsewhere = Bench::offline();
    let database = elsewhere.path("elsewhere.db");
    fs::write(&database, "mine").unwrap();
    elsewhere.configure(&format!(
        "[store]\nurl = \"sqlite:{}\"\n",
        database.display()
    ));
    let refused = elsewhere.run(&["restore", archive]).refused();
    assert!(refused.contains("elsewhere.db"), "{refused}");
    assert_eq!(fs::read(&database).unwrap(), b"mine");
    fs::remove_file(&database).unwrap();
    elsewhere.run(&["restore", archive]).done();
    assert_eq!(elsewhere.texts("tea"), texts);
}

#[test]
fn what_there_is_nothing_of_is_not_copied() {
    let bench = Bench::offline();
    let refused = bench.run(&["backup", "copy.tar"]).refused();
    for word in ["no database", "data/tolmach.db", "-c"] {
        assert!(refused.contains(word), "{refused}");
    }
    assert!(!bench.data_dir().exists() && !bench.path("copy.tar").exists());
    bench.configure("[store]\nurl = \"memory:\"\n");
    for command in ["backup", "restore"] {
        let refused = bench.run(&[command, "copy.tar"]).refused();
        assert!(refused.contains("memory:"), "{refused}");
    }
}

#[test]
fn a_refused_restore_leaves_an_empty_directory_empty() {
    let (_bench, archive) = stopped(3);
    let whole = fs::read(&archive).unwrap();
    let other = elsewhere();
    fs::write(other.path("cut.tar"), &whole[..whole.len() / 2]).unwrap();
    fs::write(other.path("none.jsonl"), "nothing\n").unwrap();
    fs::create_dir(other.data_dir()).unwrap();
    for arguments in [["restore", "cut.tar"], ["import", "none.jsonl"]] {
        other.run(&arguments).refused();
        assert_eq!(names(&other.data_dir()), Vec::<String>::new());
    }
    fs::write(other.path("whole.tar"), &whole).unwrap();
    other.run(&["restore", "whole.tar"]).done();
    assert!(names(&other.data_dir()).contains(&"lock".to_owned()));
}

/// "Checks it whole before it puts anything in place": whatever is not as it was written is refused, and nothing is left.
#[test]
fn what_is_cut_changed_or_newer_is_refused_and_leaves_nothing() {
    let (_bench, archive) = stopped(3);
    let whole = fs::read(&archive).unwrap();
    let other = elsewhere();
    let bad = other.path("bad.tar");
    let refused = |bytes: &[u8], word: &str| {
        fs::write(&bad, bytes).unwrap();
        let said = other.run(&["restore", "bad.tar"]).refused();
        assert!(said.contains("bad.tar") && said.contains(word), "{said}");
        assert!(!other.data_dir().exists(), "{said}");
    };
    refused(b"", "it is empty");
    refused(&whole[..20], "cut off");
    for part in 1..16 {
        refused(&whole[..whole.len() * part / 16], "cut off");
    }
    refused(&whole[..whole.len() - 1], "cut off");
    for part in 0..16 {
        let mut changed = whole.clone();
        changed[whole.len() * part / 16 + 37] ^= 0x10;
        let word = if part == 0 { "no backup" } else { "damaged" };
        refused(&changed, word);
    }
    refused(b"something else", "no backup");
    refused(&[b'x'; 10_000], "no backup");
    let text = String::from_utf8_lossy(&whole[..1024]).into_owned();
    for (now, later, word) in [
        ("\"format\":1", "\"format\":9", "format 9"),
        ("\"database\":", "\"database\":9", "version 9"),
    ] {
        // Another beginning, as a later version would write it.
        let about = text[512..].trim_end_matches('\0').replace(now, later);
        let mut header = tar_header("tolmach-backup.json", about.len());
        header.extend(about.as_bytes());
        header.resize(1024, 0);
        header.extend(&whole[1024..]);
        refused(&header, word);
    }
    // And then the one that is whole.
    other.run(&["restore", archive.to_str().unwrap()]).done();
    assert_eq!(other.texts("tea").len(), 4);
}

/// A header of a plain file, as the archive's writer makes it.
fn tar_header(name: &str, length: usize) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    let mut put =
        |at: usize, text: String| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(100, "0000600\0".to_owned());
    put(108, "0000000\0".to_owned());
    put(116, "0000000\0".to_owned());
    put(124, format!("{length:011o}\0"));
    put(136, format!("{:011o}\0", 0));
    put(148, " ".repeat(8));
    put(156, "0".to_owned());
    put(257, "ustar\x0000".to_owned());
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:07o}\0");
    header[148..156].copy_from_slice(sum.as_bytes());
    header
}

fn kill(mut child: Child) {
    signal(&child, "KILL");
    child.wait().unwrap();
}

/// Feeds a restore the beginning of an archive, and waits until it has taken it.
fn half_restored(bench: &Bench, archive: &[u8]) -> Child {
    let mut restore = bench.spawn(&["restore", "-"]);
    let mut input = restore.stdin.take().unwrap();
    input.write_all(archive).unwrap();
    let begun = Instant::now();
    let staged = bench.data_dir().join("tolmach.db-restoring");
    while !staged.exists() {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    restore.stdin = Some(input);
    restore
}

/// "Safe to break off at any byte": killed anywhere, a restore leaves nothing that a gateway would take for its data, and
/// the next one works.
#[test]
fn a_restore_that_is_killed_is_done_again() {
    let (bench, archive) = stopped(3);
    let whole = fs::read(&archive).unwrap();
    let other = elsewhere();
    for part in 1..8 {
        kill(half_restored(&other, &whole[..whole.len() * part / 8]));
        let log = fs::File::create(other.path("log")).unwrap();
        let serve = other.command(&["serve"]).stderr(log).status().unwrap();
        assert_eq!(serve.code(), Some(1));
        let said = fs::read_to_string(other.path("log")).unwrap();
        assert!(said.contains("was broken off; do it again"), "{said}");
        other.run(&["user", "list"]).refused();
    }
    other.run(&["restore", archive.to_str().unwrap()]).done();
    assert_eq!(other.texts("tea").len(), 4);
    assert_eq!(
        contents(&other.data_dir().join("tolmach.files")),
        contents(&bench.data_dir().join("tolmach.files"))
    );
    assert!(
        !names(&other.data_dir())
            .iter()
            .any(|name| name.contains("restoring"))
    );
}

#[test]
fn a_restore_that_is_interrupted_leaves_nothing() {
    let (_bench, archive) = stopped(3);
    let whole = fs::read(&archive).unwrap();
    let other = elsewhere();
    let mut restore = half_restored(&other, &whole[..whole.len() / 2]);
    signal(&restore, "INT");
    // It waits for more, and breaks off when that comes.
    let (mut input, mut rest) = (
        restore.stdin.take().unwrap(),
        whole[whole.len() / 2..].chunks(1),
    );
    while restore.try_wait().unwrap().is_none() {
        if let Some(byte) = rest.next() {
            // It may have gone just now.
            let _ = input.write_all(byte);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(restore.wait().unwrap().code(), Some(130));
    assert!(!other.data_dir().exists());
}

/// Killed at any moment, a backup leaves nothing under its name, and the next one works.
#[test]
fn a_backup_that_is_killed_is_made_again() {
    let (bench, _) = stopped(200);
    let begun = Instant::now();
    bench.run(&["backup", "timed.tar"]).done();
    let took = begun.elapsed();
    let (mut killed, mut whole) = (0, 0);
    for part in 0..12 {
        let backup = bench.spawn(&["backup", "copy-2.tar"]);
        std::thread::sleep(took * part / 12);
        kill(backup);
        let archive = bench.path("copy-2.tar");
        if archive.exists() {
            let other = elsewhere();
            other.run(&["restore", archive.to_str().unwrap()]).done();
            fs::remove_file(archive).unwrap();
            whole += 1;
        } else {
            killed += 1;
        }
    }
    assert!(killed > 0, "{whole} were whole");
    bench.run(&["backup", "copy-2.tar"]).done();
    assert!(
        !names(&bench.path(""))
            .iter()
            .any(|name| name.contains("partial"))
    );
    // Two at once into one are one too many.
    let first = bench.spawn(&["backup", "copy-3.tar"]);
    let second = bench.run(&["backup", "copy-3.tar"]);
    let first = first.wait_with_output().unwrap();
    let codes = [first.status.code(), second.code];
    assert!(codes.contains(&Some(0)), "{first:?}, {second:?}");
}

/// "The database is damaged" is said when the copy is made, not when it is needed.
#[test]
fn a_damaged_database_is_not_copied() {
    let (bench, _) = stopped(200);
    // The log goes into the database.
    let mut gateway: Running = bench.serve(&[]);
    gateway.signal("TERM");
    gateway.wait();
    let mut bytes = fs::read(bench.database()).unwrap();
    let pages = bytes.len() / 4096;
    bytes[(pages - 2) * 4096..(pages - 1) * 4096].fill(0xff);
    fs::write(bench.database(), bytes).unwrap();
    let refused = bench.run(&["backup", "copy-2.tar"]).refused();
    assert!(refused.contains("the database is damaged"), "{refused}");
    let verified = bench.run(&["store", "verify"]);
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(verified.out.starts_with("database\t\t"), "{verified:?}");
    assert!(!bench.path("copy-2.tar").exists() && !bench.path("copy-2.tar.partial").exists());
}

/// What a stranger put in the place of a file that is not whole yet is neither followed nor filled.
#[test]
fn nothing_is_written_where_something_is_already() {
    let (bench, _) = stopped(3);
    let strange = bench.path("strange");
    for (name, command) in [
        ("new.tar.partial", ["backup", "new.tar"]),
        ("new.tar.partial-db", ["backup", "new.tar"]),
        ("new.jsonl.partial", ["export", "new.jsonl"]),
    ] {
        for leads in [true, false] {
            match leads {
                true => fs::write(&strange, "precious").unwrap(),
                false => fs::remove_file(&strange).unwrap(),
            }
            std::os::unix::fs::symlink(&strange, bench.path(name)).unwrap();
            let refused = bench.run(&command).refused();
            let said = format!("{name}: it is there already; remove it");
            assert!(refused.contains(&said), "{refused}");
            assert_eq!(strange.exists(), leads);
            if leads {
                assert_eq!(fs::read(&strange).unwrap(), b"precious");
            }
            fs::remove_file(bench.path(name)).unwrap();
        }
        bench.run(&command).done();
        fs::remove_file(bench.path(command[1])).unwrap();
    }
}

#[test]
fn what_a_killed_command_left_in_the_temporary_directory_goes_with_the_next() {
    let (bench, _) = stopped(3);
    let left = bench.path("tolmach-copy-0123");
    for command in [&["store", "verify"][..], &["backup", "-"], &["export"]] {
        fs::write(&left, "half a database").unwrap();
        let ran = bench.spawn(command).wait_with_output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        assert!(!left.exists(), "{command:?}");
    }
    // Another one is at it.
    let held = fs::File::create(&left).unwrap();
    held.lock().unwrap();
    let ran = bench.spawn(&["export"]).wait_with_output().unwrap();
    assert!(ran.status.success() && left.exists(), "{ran:?}");
}

#[test]
fn a_copy_to_a_closed_output_is_no_copy() {
    let (bench, _) = stopped(3);
    for command in ["backup", "export"] {
        let program = bench.command(&[command, "-"]);
        let mut closed = std::process::Command::new("sh");
        closed.args(["-c", "exec \"$0\" \"$@\" >&-"]);
        closed
            .arg(program.get_program())
            .args(program.get_args())
            .env("TOLMACH_HTTP__ADDRESS", "");
        let ran = super::bench::run(&mut closed, "").refused();
        assert!(ran.contains("standard output is closed"), "{ran}");
    }
}
