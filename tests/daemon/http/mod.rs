//! The HTTP listener over real sockets.

mod client;
mod listener;

pub(crate) use client::Http;
