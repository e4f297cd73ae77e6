//! The whole gateway over real sockets, from the point of view of its specifications: what a client of each
//! dialect says, and what it and the others are told.

// Steps of a test fail like the test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod support;

mod backpressure;
mod churn;
mod crossings;
mod documents;
mod durability;
mod garbage;
mod jim_actions;
mod jim_limits;
mod jim_presence;
mod jim_probe;
mod jim_rooms;
mod jim_stream;
mod listeners;
mod order;
mod shutdown;
mod talker_connect;
mod talker_messages;
mod talker_presence;
mod talker_replay;
mod talker_rooms;
