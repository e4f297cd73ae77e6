//! The HTTP listener over real sockets.

mod api;
mod api_accounts;
mod api_bounds;
mod api_document;
mod api_events;
mod api_every_status;
mod api_hostile;
mod api_messages;
mod api_pages;
mod api_past;
mod api_rooms;
mod api_statuses;
mod api_whole;
mod api_withdrawn;
mod client;
mod described;
mod files_in_s3;
mod listener;
mod metrics;
mod old_name;
mod pages;
mod proxy;
mod rows;
mod socket;
mod web_socket;
mod web_socket_ends;
mod wire;

pub(crate) use client::Http;
pub(crate) use socket::Socket;
