//! What a recorded client stream says, without I/O.

use bytes::{Bytes, BytesMut};
use std::fmt::Display;
use tokio_util::codec::Decoder;

use super::virtual_client::{Account, Room};

/// Reads a client's stream of one dialect.
pub trait Recording: Send {
    /// The next frame; `None` where `input` holds no whole one any more. `ended`: nothing will be added to it.
    ///
    /// # Errors
    /// What is wrong with the frame; nothing is read after it.
    fn next(&mut self, input: &mut BytesMut, ended: bool) -> Result<Option<Step>, String>;

    /// What the places in the stream are.
    fn places(&self) -> Places {
        Places::Lines
    }
}

/// By what a frame's beginning is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Places {
    /// Its line, from 1; white space before a frame is no part of it.
    Lines,
    /// Its offset in bytes, from 0, as the text has no lines; white space before a frame is no part of it.
    Text,
    /// Its offset in bytes, from 0; all bytes count.
    Bytes,
}

/// The next frame that `codec` finds in a recorded stream, for [`Recording::next`].
///
/// # Errors
/// What is wrong with the frame, or why the stream cannot be read any further.
pub fn next_frame<D, F, B>(
    codec: &mut D,
    input: &mut BytesMut,
    ended: bool,
) -> Result<Option<F>, String>
where
    D: Decoder<Item = Result<F, B>, Error: Display>,
    B: Display,
{
    let decoded = match ended {
        true => codec.decode_eof(input),
        false => codec.decode(input),
    };
    let frame = decoded.map_err(|lost| lost.to_string())?;
    frame.transpose().map_err(|bad| bad.to_string())
}

/// What one frame of a recording does, and who does it.
pub struct Step {
    /// Who does it, by login.
    pub who: String,
    /// What it means on the virtual hub.
    pub action: Action,
}

/// What one frame means on the virtual hub.
pub enum Action {
    /// Nothing that anybody could be told of: a question, a sign of life.
    Nothing,
    /// Says who one is.
    Appear,
    /// Opens a connection, in the place of one that is open, which breaks off; the frame logs in and enters.
    Connect(Write),
    /// Enters the room, whichever room was recorded.
    Enter,
    /// Asks for something that has no place.
    Ask(Write),
    /// Asks for something in the room.
    AskHere(Write),
    /// Says something in the room: the next message of the recording.
    Say(Write),
    /// Says something to this one alone: the next message of the recording, too.
    Tell(String, Write),
    /// Leaves the room by this frame.
    Leave(Write),
    /// Says farewell and closes.
    Go(Write),
    /// A file of so many bytes will come: the next message of the recording, by the frame that announces it.
    Upload(u64, Write),
    /// Some of the file's bytes.
    Raw(Bytes),
}

/// Writes the frame as the virtual hub needs it, its numbers and secrets in place of the recorded ones; or says why not.
pub type Write = Box<dyn FnOnce(&Facts<'_>, &mut BytesMut) -> Result<(), String> + Send>;

/// What takes the place of what was recorded.
pub struct Facts<'a> {
    /// The account that writes the frame.
    pub who: &'a Account,
    /// The one room of the virtual hub.
    pub room: &'a Room,
    /// The real numbers of the recording's messages, in their order; none of what was refused or said in private.
    pub messages: &'a [Option<i64>],
}

impl Facts<'_> {
    /// The real number of the recording's message of this number, counted from 1.
    ///
    /// # Errors
    /// The recording has no such message in the room.
    pub fn message(&self, number: i64) -> Result<i64, String> {
        let index = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
        let message = index.and_then(|index| self.messages.get(index)).copied();
        message.flatten().ok_or_else(|| {
            format!(
                "message {number} is none of the {} messages that were said in the room before",
                self.messages.len()
            )
        })
    }

    /// As [`Facts::message`], in 31 bits.
    pub fn short(&self, number: i32) -> Result<i32, String> {
        let id = self.message(number.into())? & i64::from(i32::MAX);
        i32::try_from(id).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_numbered_from_1() {
        let who = Account {
            login: "anna".into(),
            password: "",
            token: (1, String::new()),
        };
        let room = Room {
            name: "lobby".into(),
            id: 1,
        };
        let facts = Facts {
            who: &who,
            room: &room,
            messages: &[Some(7), None, Some(1 << 33 | 9)],
        };
        assert_eq!(facts.message(1), Ok(7));
        assert_eq!(facts.message(3), Ok(1 << 33 | 9));
        for none in [-1, 0, 2, 4, i64::MIN] {
            assert!(
                facts
                    .message(none)
                    .is_err_and(|why| why.contains("of the 3 messages"))
            );
        }
        assert_eq!(facts.short(3), Ok(9));
    }
}
