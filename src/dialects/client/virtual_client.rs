//! What a client of any dialect can do here, without I/O and without a clock.

use bytes::{Bytes, BytesMut};

/// Somebody of the virtual hub, with what opens every dialect.
#[derive(Debug, Clone)]
pub struct Account {
    /// The login, as it is shown.
    pub login: String,
    /// The password of the account.
    pub password: &'static str,
    /// A token of the account, and its number.
    pub token: (i32, String),
}

/// The one room of the virtual hub.
#[derive(Debug, Clone)]
pub struct Room {
    /// Its name, without `#`.
    pub name: String,
    /// Its number on the hub.
    pub id: i32,
}

/// A client of one dialect: what it writes, and what a frame is that it reads.
pub trait VirtualClient: Send + Sync {
    /// Says who one is; where [`VirtualClient::enters_by_logging_in`], enters the room too.
    fn log_in(&self, who: &Account, room: &Room, out: &mut BytesMut);

    /// Whether a connection is in the room as soon as it is logged in.
    fn enters_by_logging_in(&self) -> bool {
        false
    }

    /// Enters the room, once logged in.
    fn enter(&self, room: &Room, out: &mut BytesMut);

    /// Asks what has an answer of its own, logged in or not, and changes nothing: [`Heard::Pong`]. It comes after the
    /// answers to all that was asked before.
    fn ping(&self, out: &mut BytesMut);

    /// The length of the first frame, once it is whole.
    fn length(&self, input: &[u8]) -> Option<usize>;

    /// What a frame of the server is.
    fn hear(&self, frame: &[u8]) -> Heard;
}

/// What a server's frame is to its client.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// The server tells it of its own accord.
    Told,
    /// As [`Heard::Told`]; the client owes it this answer.
    ToAnswer(Bytes),
    /// A request was carried out.
    Answer,
    /// A request was refused, for this reason.
    Refused(String),
    /// The answer to [`VirtualClient::ping`].
    Pong,
}

/// The length of the first line with its end.
pub fn line(input: &[u8]) -> Option<usize> {
    let end = input.iter().position(|byte| *byte == b'\n');
    end.map(|end| end + 1)
}
