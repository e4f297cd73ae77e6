//! One connection of a transcript: how its frames are cut, shown and read, without I/O.

use super::{Placeholders, line};

/// The password of every account of a transcript; its token is `token-LOGIN`.
pub const PASSWORD: &str = "CorrectHorseBatteryStaple";

/// Who sent a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The client, to the gateway.
    Client,
    /// The gateway, to the client.
    Server,
}

/// How to know that all has come that was under way.
#[derive(Debug, PartialEq, Eq)]
pub enum Barrier {
    /// Send this; its answer is known by [`Conversation::ends_wait`].
    Ask(Vec<u8>),
    /// Something is known to come.
    Wait,
    /// Nothing can be told that marks the end of what came of it.
    Nothing,
}

/// What a frame means to who waits behind a [`Barrier`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// More is to come.
    No,
    /// This was the last one, and only the barrier's.
    Hidden,
    /// This was the last one, and it counts.
    Shown,
}

/// How far the login goes that a transcript does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The connection is open, and nothing was said on it.
    Bare,
    /// A greeting, where the dialect has one that comes before the login.
    Hello,
    /// Somebody without an account.
    Guest,
    /// Logged in with an account.
    Account,
}

/// A login that a transcript does not show.
#[derive(Debug, Clone, Copy)]
pub struct LogIn<'a> {
    /// The account's name, or the guest's.
    pub login: &'a str,
    /// The name and the number of the room that is entered.
    pub room: Option<(&'a str, i32)>,
    /// How far it goes.
    pub entry: Entry,
}

/// One connection's side of a dialect in a transcript. What it does not say itself is that of a dialect of lines of text.
pub trait Conversation: Send {
    /// The length of the frame that these bytes begin with, once it is whole.
    fn length(&self, bytes: &[u8]) -> Option<usize> {
        line(bytes)
    }

    /// A frame as lines of text. `who` is whose connection it is.
    fn show(
        &mut self,
        _: Sender,
        frame: &[u8],
        who: &str,
        values: &mut Placeholders,
    ) -> Vec<String> {
        show_line(frame, who, values)
    }

    /// The frame that lines stand for.
    ///
    /// # Errors
    /// What the lines should be.
    fn read(&self, lines: &[String], values: &Placeholders) -> Result<Vec<u8>, String> {
        Ok(read_lines(lines, values))
    }

    /// Whether these lines are a frame in full, as it is shown, and not in a shorter form that it can be sent by.
    fn is_in_full(&self, _lines: &[String]) -> bool {
        false
    }

    /// The client sends this frame, which was shown.
    fn sent(&mut self, _frame: &[u8]) {}

    /// What to wait for so that whatever is under way has come; `number` is another one each time.
    fn barrier(&self, number: u32) -> Barrier;

    /// Whether a frame is what was waited for.
    fn ends_wait(&mut self, number: u32, frame: &[u8]) -> Ends;

    /// The frames of a login, each to be answered before the next.
    fn log_in(&self, who: &LogIn<'_>) -> Vec<Vec<u8>>;

    /// Whether a frame of the gateway's says no.
    fn refuses(&self, frame: &[u8]) -> bool;
}

/// A line of text without its end.
pub fn show_line(frame: &[u8], who: &str, values: &mut Placeholders) -> Vec<String> {
    let line = frame.strip_suffix(b"\n").unwrap_or(frame);
    vec![values.hide(&String::from_utf8_lossy(line), who)]
}

/// A line of text, or more that are one frame together, with its end.
pub fn read_lines(lines: &[String], values: &Placeholders) -> Vec<u8> {
    (values.fill(&lines.join("\n")) + "\n").into_bytes()
}

/// A JSON object as a line.
pub fn json_line(object: &serde_json::Value) -> Vec<u8> {
    format!("{object}\n").into_bytes()
}

/// The object of a line; null where it is none.
pub fn parsed(frame: &[u8]) -> serde_json::Value {
    serde_json::from_slice(frame).unwrap_or_default()
}
