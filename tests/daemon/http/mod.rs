//! The HTTP listener over real sockets.

mod client;
mod listener;
mod pages;

pub(crate) use client::Http;
