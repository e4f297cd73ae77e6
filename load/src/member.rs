//! One connection of a crowd.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
#[cfg(feature = "tls")]
use std::sync::Arc;
use std::time::Duration;

use mio::{Registry, Token};
#[cfg(feature = "tls")]
use rustls::{ClientConfig, pki_types::ServerName};

use crate::channel::Channel;
use crate::wire::Wire;

/// Who is to come.
pub struct Newcomer {
    pub(crate) address: SocketAddr,
    pub(crate) room: usize,
    pub(crate) speaks: bool,
    pub(crate) wire: Box<dyn Wire>,
    #[cfg(feature = "tls")]
    pub(crate) encryption: Option<Encryption>,
}

impl Newcomer {
    /// Somebody who connects to a server. Its wire enters the room that has this number: all with the same are to hear each
    /// other. It says something where it `speaks`.
    #[must_use]
    pub fn new(address: SocketAddr, room: usize, speaks: bool, wire: Box<dyn Wire>) -> Self {
        Self {
            address,
            room,
            speaks,
            wire,
            #[cfg(feature = "tls")]
            encryption: None,
        }
    }

    /// The same, through TLS, with a server of this name.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn through(mut self, config: Arc<ClientConfig>, name: ServerName<'static>) -> Self {
        self.encryption = Some(Encryption { config, name });
        self
    }
}

/// How hands are shaken, and with whom.
#[cfg(feature = "tls")]
pub(crate) struct Encryption {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
}

/// A connection that is in its room.
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
    /// Begins to connect somebody to a room where so many speak; the events have this token.
    pub(crate) fn connect(
        newcomer: Newcomer,
        senders: usize,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let channel = Channel::connect(newcomer.address, registry, token)?;
        #[cfg(feature = "tls")]
        let channel = match newcomer.encryption {
            None => channel,
            Some(Encryption { config, name }) => channel.encrypted(config, name)?,
        };
        Ok(Self {
            channel,
            wire: newcomer.wire,
            room: newcomer.room,
            tail: Vec::new(),
            heard: vec![0; senders],
            said: 0,
            unanswered: VecDeque::new(),
        })
    }
}

/// The place of a connection among all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    pub(crate) room: usize,
    /// For one who speaks the place among those of the room who do.
    pub(crate) place: usize,
}
