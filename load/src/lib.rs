#![forbid(unsafe_code)]
//! Load on a chat server: many connections from one thread, each in a room; some of them say something, all check what they
//! hear. It knows no protocol: a [`Wire`] does.
//!
//! ```text
//!            ┌────────────────────── Crowd ──────────────────────┐
//!  pace ───▶ │ stamp ──▶ Wire::say ──bytes──▶ socket             │ ──▶ server
//!  Measured ◀│ tally ◀── Stamp::read ◀── Wire::hear ◀── socket   │ ◀──
//!            └───────────────────────────────────────────────────┘
//! ```
//!
//! Every text says who said it, as which of its messages, and when it was meant to be said ([`Stamp`]). So each delivery is
//! checked for loss, order and content, and its latency holds what it waited for before it could be sent.
//!
//! Read it in this order: [`Wire`], [`WebSocket`], [`Stamp`], [`Crowd`], [`Measured`].

mod channel;
mod crowd;
mod failure;
mod measured;
mod member;
mod stamp;
mod timer;
mod web_socket;
mod wire;

pub use crowd::{Crowd, Pace, Plan};
pub use failure::Failure;
pub use measured::Measured;
pub use member::Newcomer;
pub use stamp::Stamp;
pub use web_socket::WebSocket;
pub use wire::{Heard, Wire};
