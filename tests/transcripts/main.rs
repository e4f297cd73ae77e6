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
//! What a file may contain is said in [`tolmach::cli::transcript`], which runs them.
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
//! [`purpose`] holds a dialect of bytes to its page; [`coverage`] asks whether a purpose or a request was forgotten,
//! [`matrix`] whether a meaning was, and whether the dialects do what they declare; [`saved`] runs what a tap saved.

// Steps of a test fail like the test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "../cli/bench.rs"]
#[allow(dead_code, unused_imports, unused_macros)]
mod bench;
mod coverage;
mod matrix;
#[path = "../cli/people.rs"]
#[allow(dead_code)]
mod people;
mod purpose;
mod saved;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tolmach::cli::transcript::{Server, Transcript, Wrong, diff, run, written};
use tolmach::config::Config;

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
    let outcome = run_alone(&transcript, record);
    let recorded = outcome.map_err(|(line, wrong)| format!("{name}:{line}: {wrong}"))?;
    if record && recorded != text {
        std::fs::write(path, recorded).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// Runs it against a gateway of its own.
fn run_alone(transcript: &Transcript, record: bool) -> Result<String, Wrong> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(transcript.is_paused())
        .build()
        .unwrap();
    runtime.block_on(async {
        let dialects = purpose::dialects();
        let config = Config::load(None, transcript.variables(), dialects);
        let config = config.map_err(|error| (1, error.to_string()))?;
        let server = Server::own(config, dialects, transcript.is_paused()).await;
        let mut server = server.map_err(|wrong| (1, wrong))?;
        let outcome = run(transcript, &mut server, record).await;
        server.stop().await;
        outcome
    })
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
        let written: String = items.map(|item| written(&item.what)).collect();
        let differs = diff(&text, &written);
        assert!(text == written, "{}:\n{differs}", shown(&path));
    }
}
