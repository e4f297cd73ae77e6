//! Transcripts: what people on real connections say, and every byte that they are told, as text that a person can
//! read and write. Every file under `fixtures/transcripts` is run against a gateway of its own.
//!
//! ```text
//! cargo test --test transcripts                                run all of them
//! TOLMACH_TRANSCRIPTS=r2/CREATE cargo test --test transcripts  only files whose path contains this
//! TOLMACH_RECORD=1 cargo test --test transcripts               write what came as what is expected
//! ```
//!
//! A recording proves nothing by itself: read what it changed, against the page of the dialect.
//!
//! # A file
//!
//! ```text
//! # Anna makes a room; Boris, on JIM, comes and says something.
//! config: limits.rooms_per_user = 3
//! anna: purpose.2
//! boris: jim
//!
//! anna > 08000000 32 05  CREATE_CHAT task 5
//!        74656100        chat_name "tea"
//! anna < 16000000 00 05  ACCEPTED task 5
//!        02000000 74656100 00 <time> 74656100 00  id 2, title "tea", is_direct 0, …
//! boris > {"action":"join","time":1,"room":"#tea"}
//! boris < {"response":200,"time":<time>}
//! ```
//!
//! - `#` begins a comment. `config:` is a line of the gateway's configuration, `clock: paused` lets its time pass only
//!   where a `wait:` says so (all connections are then inside the process); both stand before everybody.
//! - `NAME: LISTENER` opens a connection: `anna: purpose.2`. She has an account, is logged in, and, with `#room`, has
//!   entered that room; Talker needs a room. `bare` has said nothing, `hello` (purpose) only HELLO, `guest` (JIM) a
//!   presence without an account; `account` is no connection, only an account. What the login says and is told is not
//!   shown; what it tells others is. `anna.2` is another connection of anna. The accounts get their numbers in the order
//!   in which they are named, from 1; each has the password `CorrectHorseBatteryStaple` and the token `token-LOGIN`.
//! - `anna > …` is what she sends, `anna < …` what she is told because of the last step before it; in order for each
//!   connection. `anna > (end)` ends her side of the stream, `anna < (closed)` is its end. Frames of more than one line
//!   go on in indented lines.
//! - `operator: …` does what the command line can: see `operator.rs`. `wait: 61s` lets time pass.
//!
//! JSON dialects show their lines. The purpose dialect shows bytes in hexadecimal, two spaces, and what they are. What
//! is sent may be written without bytes, `anna > CREATE_CHAT task 5 "tea"`; the recording then shows them. What stands
//! beside bytes is held to them.
//!
//! After each step every connection asks for something that has one known answer (each dialect's `barrier`), over and
//! over until nothing else comes before that. The hub tells everybody of a change before it answers who made it, so
//! then all that the step caused is there. These questions and answers are not shown. Where the clock is paused only
//! who has sent something asks, so that the others stay silent: there no time passes before all is done.
//!
//! Times of the run are shown as `<time>`, a message's `updated` after its `created` as `<later>`; random secrets as
//! `<hash-anna>` (who was told it first; then `<hash-anna-2>`…), also where they are sent. Everything else is compared
//! as it is. uchat's times, in milliseconds, are `<time-ms>`, those that people read `<date-time>`; the random names of its stored files `<file>`, `<file-2>`….
//!
//! # The matrix
//!
//! `matrix/SOURCE/MEANING.txt` has somebody acting on one dialect (or the operator) and somebody looking on over every
//! one. A comment right before a step says what the step means to them, see [`matrix`]:
//!
//! ```text
//! # shows: Online, MemberJoined, MemberJoined to own; nobody else
//! ```
//!
//! # The source
//! [`file`] reads and writes files, [`run`] goes through the steps of one, over [`connection`]s; each of [`dialects`]
//! knows how its frames look; [`gateway`] and [`operator`] are the other side; [`values`] hides what no two runs share;
//! [`compare`] and [`diff`] show what differs; [`coverage`] asks whether a purpose or a request was forgotten,
//! [`matrix`] whether a meaning was, and whether the dialects do what they declare.

// Steps of a test fail like the test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "../cli/bench.rs"]
#[allow(dead_code, unused_imports, unused_macros)]
mod bench;
mod compare;
mod connection;
mod coverage;
mod dialects;
mod diff;
mod file;
mod gateway;
mod matrix;
mod operator;
#[path = "../cli/people.rs"]
#[allow(dead_code)]
mod people;
mod run;
mod saved;
mod values;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use file::Transcript;

/// The password of every account.
const PASSWORD: &str = "CorrectHorseBatteryStaple";

/// Where the transcripts are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/transcripts")
}

/// All transcripts under a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A path as messages show it.
fn shown(path: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Runs one file; what is wrong with it.
fn check(path: &Path, record: bool) -> Result<(), String> {
    let name = shown(path);
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let transcript =
        Transcript::read(&text).map_err(|(line, wrong)| format!("{name}:{line}: {wrong}"))?;
    let outcome = run::run(&transcript, record);
    let recorded = outcome.map_err(|(line, wrong)| format!("{name}:{line}: {wrong}"))?;
    if record && recorded != text {
        std::fs::write(path, recorded).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

#[test]
fn every_transcript_is_what_happens() {
    let record = std::env::var_os("TOLMACH_RECORD").is_some();
    let wanted = std::env::var("TOLMACH_TRANSCRIPTS").unwrap_or_default();
    let mut files = files(&folder());
    files.retain(|path| shown(path).contains(&wanted));
    assert!(
        !files.is_empty(),
        "no transcript has {wanted:?} in its path"
    );
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = check(path, record) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    assert!(
        failures.is_empty(),
        "{} of {} transcripts differ:\n\n{}\n",
        failures.len(),
        files.len(),
        failures.join("\n\n")
    );
}

#[test]
fn every_transcript_is_written_as_recordings_are() {
    for path in files(&folder()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let transcript = Transcript::read(&text).unwrap();
        let items = transcript.items.iter();
        let written: String = items.map(|item| file::written(&item.what)).collect();
        let differs = diff::diff(&text, &written);
        assert!(text == written, "{}:\n{differs}", shown(&path));
    }
}
