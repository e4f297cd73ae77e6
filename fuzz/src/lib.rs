#![forbid(unsafe_code)]
//! Hostile input: a function per target, which takes any bytes and panics where something does not hold.
//!
//! The same functions are driven by libFuzzer (`fuzz/run`, one program per target in `fuzz_targets`) and, over the inputs in
//! `corpus`, by a plain test (`cargo test --manifest-path fuzz/Cargo.toml`). What a target checks stands in its module:
//! [`codec`], [`session`], [`control`], [`config`], [`proxy`], [`web_socket`], [`archive`].
// What does not hold is to be found as a panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

pub mod archive;
pub mod codec;
pub mod config;
pub mod control;
pub mod proxy;
pub mod seeds;
pub mod session;
pub mod web_socket;

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is done with an input.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("jim_server", codec::jim::server),
    ("jim_client", codec::jim::client),
    ("talker_server", codec::talker::server),
    ("talker_client", codec::talker::client),
    ("purpose_server", codec::purpose::server),
    ("purpose_client", codec::purpose::client),
    ("uchat_server", codec::uchat::server),
    ("uchat_client", codec::uchat::client),
    ("control", control::requests),
    ("config", config::text),
    ("proxy", proxy::header),
    ("web_socket", web_socket::connection),
    ("archive", archive::bytes),
    ("jim_session", session::jim),
    ("talker_session", session::talker),
    ("purpose_session", session::purpose),
    ("uchat_session", session::uchat),
];

/// Panics of any thread and task so far: a task's alone would end only that task.
static PANICS: AtomicUsize = AtomicUsize::new(0);
static COUNTING: Once = Once::new();

/// Runs the target of this name.
///
/// # Panics
/// There is no such target, or what it checks does not hold.
pub fn run(name: &str, input: &[u8]) {
    COUNTING.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::SeqCst);
            before(panic);
        }));
    });
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, target) = target.unwrap_or_else(|| panic!("no target {name}"));
    let before = PANICS.load(Ordering::SeqCst);
    target(input);
    let after = PANICS.load(Ordering::SeqCst);
    assert_eq!(before, after, "a task panicked");
}
