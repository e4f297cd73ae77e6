//! The examples run, and do what they say.

// Steps of a test fail like the test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod program;

mod embed;
mod ending;
