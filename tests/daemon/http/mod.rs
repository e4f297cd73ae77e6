//! The HTTP listener over real sockets.

mod client;
mod listener;
mod pages;
mod socket;
mod web_socket;
mod web_socket_ends;

pub(crate) use client::Http;
pub(crate) use socket::Socket;
