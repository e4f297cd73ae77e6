//! The dialects: how each one's frames are told apart, shown, read, and how one waits for them.

mod jim;
mod json;
mod purpose;
mod talker;
mod uchat;

pub(crate) use purpose::byte;
pub(crate) use uchat::request;

use crate::file::Entry;
use crate::values::Values;

/// Who sent a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Client,
    Server,
}

/// How to know that all has come that was under way.
pub(crate) enum Barrier {
    /// Send this; its answer is known by [`Dialect::ends_wait`].
    Ask(Vec<u8>),
    /// Something is known to come.
    Wait,
    /// Nothing can come.
    Nothing,
}

/// What a frame means to who waits behind a [`Barrier`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// More is to come.
    No,
    /// This was the last one, and only the barrier's.
    Hidden,
    /// This was the last one, and it counts.
    Shown,
}

/// What a login needs that is not shown.
pub(crate) struct LogIn<'a> {
    pub(crate) login: &'a str,
    /// A room's name and number.
    pub(crate) room: Option<(&'a str, i32)>,
    pub(crate) entry: Entry,
}

/// One connection's side of a dialect: no bytes move here.
pub(crate) trait Dialect: Send {
    /// The length of the frame that these bytes begin with, once it is whole.
    fn cut(&self, bytes: &[u8]) -> Option<usize>;

    /// A frame as lines of text. `who` is whose connection it is.
    fn show(&mut self, from: From, frame: &[u8], who: &str, values: &mut Values) -> Vec<String>;

    /// The frame that lines stand for.
    ///
    /// # Errors
    /// What the lines should be.
    fn read(&self, lines: &[String], values: &Values) -> Result<Vec<u8>, String>;

    /// What to wait for so that whatever is under way has come; `number` is another one each time.
    fn barrier(&self, number: u32) -> Barrier;

    /// Whether a frame is what was waited for.
    fn ends_wait(&mut self, number: u32, frame: &[u8]) -> Ends;

    /// The frames of a login, each to be answered before the next.
    fn log_in(&self, who: &LogIn<'_>) -> Vec<Vec<u8>>;

    /// Whether a frame says no.
    fn refuses(&self, frame: &[u8]) -> bool;
}

/// The dialect of a listener.
pub(crate) fn of(listener: &str) -> Option<Box<dyn Dialect>> {
    Some(match listener {
        "jim" => Box::new(jim::Jim),
        "talker" => Box::new(talker::Talker::new()),
        "purpose.1" => Box::new(purpose::Purpose::new(1)),
        "purpose.2" => Box::new(purpose::Purpose::new(2)),
        "uchat" => Box::new(uchat::Uchat::new()),
        _ => return None,
    })
}
