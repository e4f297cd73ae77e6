//! One client for all dialects, without I/O: it enters a room, says, edits and deletes there, one thing at a time or several, and
//! hears what others say. What a dialect's frames are, its crate knows.

mod jim;
mod purpose;
mod talker;
mod uchat;

use bytes::BytesMut;

use crate::Outcome;
use crate::server::Account;

/// The dialect that a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Dialect {
    /// JIM, as a guest.
    Jim,
    /// Talker, by an API token.
    Talker,
    /// The second revision of purpose.
    Purpose,
    /// uchat, by an API token.
    Uchat,
}

impl Dialect {
    /// All dialects, in the order of the gateway's default listeners.
    pub const ALL: [Self; 4] = [Self::Jim, Self::Talker, Self::Purpose, Self::Uchat];

    /// What its listener is called.
    #[must_use]
    pub fn listener(self) -> &'static str {
        match self {
            Self::Jim => "jim",
            Self::Talker => "talker",
            Self::Purpose => "purpose.2",
            Self::Uchat => "uchat",
        }
    }

    /// A client that has said nothing yet.
    #[must_use]
    pub fn client(self, who: &Account, room: &Room) -> Box<dyn Client> {
        match self {
            Self::Jim => Box::new(jim::Jim::new(who, room)),
            Self::Talker => Box::new(talker::Talker::new(who, room)),
            Self::Purpose => Box::new(purpose::Purpose::new(who, room)),
            Self::Uchat => Box::new(uchat::Uchat::new(who, room)),
        }
    }
}

/// A public room that the clients are in.
#[derive(Debug, Clone)]
pub struct Room {
    /// Its unique name, without `#`.
    pub name: String,
    /// The number of the room.
    pub id: i32,
}

/// What is asked in the room.
#[derive(Debug, Clone, Copy)]
pub enum Deed<'a> {
    /// A message of this text.
    Say(&'a str),
    /// This text for the message of this number: Talker and uchat.
    Edit(i64, &'a str),
    /// No message of this number any more: purpose and uchat.
    Delete(i64),
    /// The number of one's own message of this text: purpose, which does not tell it with the answer.
    Find(&'a str),
    /// Who is there, which the gateway then says: JIM.
    Who,
}

/// What came of a deed: the message's number where the dialect tells it, or why it was refused.
pub type Answer = Result<Option<i64>, String>;

/// What a server's bytes mean.
#[derive(Debug)]
pub enum Happened {
    /// One is in the room.
    Entered,
    /// Somebody else said this.
    Heard(String),
    /// The oldest deed without an answer has one.
    Answered(Answer),
    /// Anything else that is told with words, perhaps the last ones.
    Told(String),
}

/// The client's side of a dialect.
pub trait Client: Send {
    /// Says who one is.
    fn open(&mut self, out: &mut BytesMut);

    /// Asks; an error where the dialect has no such thing.
    fn ask(&mut self, deed: Deed<'_>, out: &mut BytesMut) -> Outcome<()>;

    /// A message's frame alone, for one who waits for no answer.
    fn frame(&self, text: &str, out: &mut BytesMut);

    /// What the next whole frame means, which may be nothing; `None` where there is none in `input`. An error where the
    /// server does not let one in, or cannot be understood.
    fn next(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Outcome<Option<Vec<Happened>>>;
}

/// What is not in this dialect.
fn lacking<T>() -> Outcome<T> {
    Err("the dialect has no such thing".into())
}
