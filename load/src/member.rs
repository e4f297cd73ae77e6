//! One connection of a crowd.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use crate::channel::Channel;
use crate::wire::Wire;

/// Who is to come.
pub struct Newcomer {
    /// Where the server is.
    pub address: SocketAddr,
    /// The number of the room that its wire enters; all who have it are to hear each other.
    pub room: usize,
    /// Whether it says anything.
    pub speaks: bool,
    /// How it speaks and hears.
    pub wire: Box<dyn Wire>,
}

/// Somebody who came.
pub(crate) struct Member {
    pub(crate) channel: Channel,
    pub(crate) wire: Box<dyn Wire>,
    pub(crate) room: usize,
    /// What came and is not whole yet.
    pub(crate) tail: Vec<u8>,
    /// How many messages of each sender of the room it heard, by the sender's seat there.
    pub(crate) heard: Vec<u32>,
    /// How many messages it said.
    pub(crate) said: u32,
    /// When those were meant to be said that have no answer, where it does not hear itself.
    pub(crate) unanswered: VecDeque<Duration>,
}

impl Member {
    /// Somebody who connects to a room where so many speak.
    pub(crate) fn new(newcomer: Newcomer, channel: Channel, senders: usize) -> Self {
        Self {
            channel,
            wire: newcomer.wire,
            room: newcomer.room,
            tail: Vec::new(),
            heard: vec![0; senders],
            said: 0,
            unanswered: VecDeque::new(),
        }
    }
}

/// Where somebody is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    pub(crate) room: usize,
    /// For one who speaks the place among those of the room who do.
    pub(crate) place: usize,
}
