//! The client side of a dialect: what `tolmach chat` and `tolmach transcode` need of it, without I/O and without a clock.
//!
//! ```text
//!  chat:       a person's lines ──Saying──▶ ChatClient ──bytes──▶ server
//!              screen or pipe ◀──Arrival──      │      ◀──bytes──
//!
//!  transcode:  recorded bytes ──▶ Recording ──Step──▶ VirtualClient ──bytes──▶ the gateway inside the process
//! ```
//!
//! Read it in this order: [`ChatSide`] and [`TranscodeSide`] (what a dialect says of itself), [`ChatClient`], [`Recording`],
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
    Arrival, ChatClient, ChatError, EMOTE, Errand, ErrandOutcome, Identity, Key, MAX_UNANSWERED,
    Place, Said, Saying, Stream,
};
pub use recording::{Action, Facts, Recording, Step, Write, next_frame};
pub use token::login_of;
pub use virtual_client::{Account, Heard, Room, VirtualClient, line};

use std::sync::Arc;

/// How a dialect's client for people and pipes is made, for `chat`.
#[derive(Debug)]
pub struct ChatSide {
    /// What proves who one is.
    pub key: Key,
    /// Whether it can make an account.
    pub signs_up: bool,
    /// What it needs, in a line of `--help`.
    pub needs: &'static str,
    /// Whether it can give a room's password.
    pub room_passwords: bool,
    /// The commands that only this dialect has, in lines of `--help`; empty where there are none.
    pub commands: &'static str,
    /// A new client, or what is missing for one.
    pub client: fn(Identity) -> Result<Box<dyn ChatClient>, &'static str>,
}

/// How a dialect's recordings are read and carried out, for `transcode`. Where a function takes a number, it is the
/// revision, from 1.
#[derive(Debug)]
pub struct TranscodeSide {
    /// Whether recorded clients may send files.
    pub sends_files: bool,
    /// A client inside the process.
    pub client: fn(u8) -> Arc<dyn VirtualClient>,
    /// A reader of recorded streams; its second argument is who speaks where a stream does not say.
    pub recording: fn(u8, &str) -> Box<dyn Recording>,
}
