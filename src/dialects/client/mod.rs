//! The client side of a dialect: what `tolmach chat`, `transcode` and `replay` need of it, without I/O.
//!
//! ```text
//!  chat:       a person's lines ──Saying──▶ ChatClient ──bytes──▶ server
//!              screen or pipe ◀──Arrival──      │      ◀──bytes──
//!
//!  transcode:  recorded bytes ──▶ Recording ──Step──▶ VirtualClient ──bytes──▶ the gateway inside the process
//!
//!  replay:     a transcript's lines ◀──▶ Conversation ◀──bytes──▶ server
//! ```
//!
//! Read it in this order: [`ChatSide`] and [`TranscodeSide`] (what a dialect says of itself), [`ChatClient`], [`Recording`],
//! [`VirtualClient`], [`Conversation`]; then what dialects share: [`clean`] (what never reaches a screen raw), [`split`] (long texts in
//! pieces), [`pending_arrivals`] (what waits for a name, where a dialect has numbers).

mod chat;
pub mod clean;
mod conversation;
pub mod pending_arrivals;
mod placeholders;
mod recording;
pub mod split;
mod token;
mod virtual_client;

pub use chat::{
    Arrival, ChatClient, ChatError, EMOTE, Errand, ErrandOutcome, Identity, Key, MAX_UNANSWERED,
    Place, Said, Saying, Stream,
};
pub use conversation::{
    Barrier, Conversation, Ends, Entry, LogIn, PASSWORD, Sender, json_line, parsed, read_lines,
    show_line,
};
pub use placeholders::Placeholders;
pub use recording::{Action, Facts, Places, Recording, Step, Write, next_frame};
pub use token::login_of;
pub use virtual_client::{Account, Heard, Room, VirtualClient, line};

use std::sync::Arc;

/// Makes a client for people and pipes, or says what is missing for one.
pub type MakeChatClient = fn(Identity) -> Result<Box<dyn ChatClient>, &'static str>;

/// How a dialect's client for people and pipes is made, for `chat`.
#[derive(Debug)]
pub struct ChatSide {
    pub(crate) key: Key,
    pub(crate) needs: &'static str,
    pub(crate) client: MakeChatClient,
    pub(crate) signs_up: bool,
    pub(crate) room_passwords: bool,
    pub(crate) commands: &'static str,
    pub(crate) recognize: Option<Recognize>,
}

/// Whether a server that sends these bytes first speaks a dialect; false while they are too few to tell.
pub type Recognize = fn(&[u8]) -> bool;

/// The first member of these names in the JSON object with which bytes begin, once that is whole.
pub fn first_member(bytes: &[u8], names: &[&str]) -> Option<serde_json::Value> {
    let mut objects = serde_json::Deserializer::from_slice(bytes).into_iter();
    let serde_json::Value::Object(mut object) = objects.next()?.ok()? else {
        return None;
    };
    names.iter().find_map(|name| object.remove(*name))
}

impl ChatSide {
    /// A client for whom `key` proves who one is; `needs` is what it has to be given, in a line of `--help`.
    #[must_use]
    pub const fn new(key: Key, needs: &'static str, client: MakeChatClient) -> Self {
        Self {
            key,
            needs,
            client,
            signs_up: false,
            room_passwords: false,
            commands: "",
            recognize: None,
        }
    }

    /// The same, where it can make an account (`--signup`).
    #[must_use]
    pub const fn signing_up(mut self) -> Self {
        self.signs_up = true;
        self
    }

    /// The same, where it can give a room's password.
    #[must_use]
    pub const fn with_room_passwords(mut self) -> Self {
        self.room_passwords = true;
        self
    }

    /// The same, where a server of the dialect is known by what it says first.
    #[must_use]
    pub const fn recognized_by(mut self, recognize: Recognize) -> Self {
        self.recognize = Some(recognize);
        self
    }

    /// The same with commands that only this dialect has, as `--help` and `/help` show them: lines like
    /// `/join ROOM  goes to another room`. [`ChatClient::command`] carries them out.
    #[must_use]
    pub const fn with_commands(mut self, lines: &'static str) -> Self {
        self.commands = lines;
        self
    }
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

/// Makes a new connection's side of a dialect in transcripts; the number is the revision, from 1.
pub type MakeConversation = fn(u8) -> Box<dyn Conversation>;
