#![forbid(unsafe_code)]
//! Tolmach, an old word for an interpreter: a chat gateway with one port per chat protocol and one hub in the
//! middle.
//!
//! # The way of a message
//!
//! ```text
//!  bytes ─decode─▶ frame ─translate─▶ command ─▶ HUB ─▶ event ─translate─▶ frame ─encode─▶ bytes
//!    protocols/NAME       dialects/NAME          hub          dialects/NAME       protocols/NAME
//! ```
//!
//! # A tour of the source, in the order to read it
//!
//! 1. [`model`]: the words that everything shares; imports nothing else of the crate.
//! 2. [`store`] and [`bus`]: the two traits that the hub is built on, and their implementations; [`files`]: the contents of
//!    messages' files, beside the store.
//! 3. [`hub`]: sessions, presence, routing.
//! 4. [`commands`]: all that can be asked of the hub, a type each: who may, what it does to the stored rows, what it replies.
//! 5. [`dialects`]: each translates between one protocol's frames and the model.
//! 6. [`gateway`]: listeners, the one connection loop, limits, shutdown.
//! 7. [`settings`]: how one key of a configuration is read and shown, a dialect's as well as the gateway's.
//!    `shown`: what is kept as JSON, the same from the command line and over HTTP.
//! 8. [`config`], [`control`] and [`daemon`]: what an operator says, at the start and later, and the program that obeys;
//!    `http`: metrics, API, WebSocket and pages, as one more listener of the gateway;
//!    [`copies`]: how all that it keeps is copied and brought back.
//!
//! # What always holds
//!
//! - Nobody is told of anything before the store has committed it.
//! - All sessions see a room's changes in the order of their `seq`.
//! - The hub names no dialect; the model imports nothing; an adapter never sees a socket.
//! - No lock is held across an await.

pub mod bus;
#[cfg(feature = "cli")]
pub mod cli;
pub mod cluster;
#[cfg(feature = "daemon")]
pub mod config;
#[cfg(feature = "daemon")]
pub mod control;
#[cfg(feature = "daemon")]
pub mod copies;
#[cfg(feature = "daemon")]
pub mod daemon;
mod dial;
pub mod dialects;
pub mod files;
mod free_space;
pub mod gateway;
#[cfg(feature = "sqlite")]
mod gentle;
mod hexadecimal;
#[cfg(feature = "http")]
mod http;
pub mod hub;
mod id_map;
pub mod model;
#[cfg(any(feature = "sqlite", feature = "daemon"))]
mod new_file;
mod refusal;
mod runtime;
mod setters;
pub mod settings;
#[cfg(any(feature = "cli", feature = "http"))]
mod shown;
pub mod store;
#[cfg(feature = "daemon")]
mod suggest;
mod throttle;
mod turns;
mod word;

pub use hub::commands;
