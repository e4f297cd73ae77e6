//! The client side of a dialect: what `tolmach chat` and `tolmach transcode` need of it, without I/O and without a clock.
//!
//! ```text
//!  chat:       a person's lines ──Saying──▶ ChatClient ──bytes──▶ server
//!              screen or pipe ◀──Arrival──      │      ◀──bytes──
//!
//!  transcode:  recorded bytes ──▶ Recording ──Step──▶ VirtualClient ──bytes──▶ the gateway inside the process
//! ```
//!
//! Read it in this order: [`ClientSide`] (all that a dialect says of itself), [`ChatClient`], [`Recording`],
//! [`VirtualClient`]; then what dialects share: [`clean`] (what never reaches a screen raw), [`split`] (long texts in
//! pieces), [`pending_arrivals`] (what waits for a name, where a dialect has numbers).

mod chat;
pub mod clean;
pub mod pending_arrivals;
mod recording;
pub mod split;
mod token;
mod virtual_client;

pub use chat::{
    Arrival, ChatClient, ChatError, Errand, ErrandOutcome, Identity, Key, Place, Said, Saying,
    Stream, WINDOW,
};
pub use recording::{Action, Facts, Recording, Step, Write};
pub use token::login_of;
pub use virtual_client::{Account, Heard, Room, VirtualClient, line};

use crate::gateway::Settings;
use std::sync::Arc;

/// Every dialect of this build.
pub const CLIENT_SIDES: &[ClientSide] = &[
    #[cfg(feature = "jim")]
    super::jim::CLIENT_SIDE,
    #[cfg(feature = "talker")]
    super::talker::CLIENT_SIDE,
    #[cfg(feature = "purpose")]
    super::purpose::CLIENT_SIDE,
    #[cfg(feature = "uchat")]
    super::uchat::CLIENT_SIDE,
];

/// A dialect, as its clients speak it. Where a function takes a number, it is the revision, from 1 on.
#[derive(Debug)]
pub struct ClientSide {
    /// What the dialect is called.
    pub name: &'static str,
    /// The port that `chat` takes where none is given; one for each revision, from the first on.
    pub ports: &'static [u16],
    /// What proves who one is.
    pub key: Key,
    /// Whether a chat client can make an account.
    pub signs_up: bool,
    /// What a chat client needs, in a line of `--help`.
    pub needs: &'static str,
    /// A new client for a person or a pipe, or what is missing for one.
    pub chat: fn(Identity) -> Result<Box<dyn ChatClient>, &'static str>,
    /// Whether recorded clients may send files.
    pub sends_files: bool,
    /// How a gateway has to serve the dialect so that a recording is not disturbed by limits of time.
    pub settings: fn(u8) -> Settings,
    /// A client inside the process.
    pub virtual_client: fn(u8) -> Arc<dyn VirtualClient>,
    /// A reader of recorded streams; its second argument is who speaks where a stream does not say.
    pub recording: fn(u8, &str) -> Box<dyn Recording>,
}

impl ClientSide {
    /// How many revisions the dialect has; the last one is spoken where none is named.
    #[must_use]
    pub fn revisions(&self) -> u8 {
        u8::try_from(self.ports.len()).unwrap_or(u8::MAX)
    }

    /// The revision to speak: the given one, else the last.
    ///
    /// # Errors
    /// What is wrong with the given one.
    pub fn revision(&self, given: Option<u8>) -> Result<u8, String> {
        let count = self.revisions();
        let Some(given) = given else {
            return Ok(count);
        };
        if count == 1 {
            return Err(format!("{} has no revisions to choose from", self.name));
        }
        if given == 0 || given > count {
            let name = self.name;
            return Err(format!(
                "{name} has the revisions 1 to {count}, not {given}"
            ));
        }
        Ok(given)
    }

    /// The port that a revision has where none is given.
    #[must_use]
    pub fn port(&self, revision: u8) -> u16 {
        let index = usize::from(revision).saturating_sub(1);
        self.ports.get(index).copied().unwrap_or_default()
    }
}
