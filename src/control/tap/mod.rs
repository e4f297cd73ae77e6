//! What somebody who watches is told over the control socket.

mod focus;
mod watching;

use serde::{Deserialize, Serialize};

use crate::hub::tap::Shown;
use crate::model::{RoomSelector, SessionId};

pub(crate) use watching::Watching;

/// What to tell; with neither, everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapQuery {
    /// Only what concerns this room: its events, the frames that caused them, the frames that they became.
    #[serde(default)]
    pub room: Option<RoomSelector>,
    /// Only this session's frames, and the events that it caused.
    #[serde(default)]
    pub session: Option<SessionId>,
    /// Only events: no frames, and no connections that come and go.
    #[serde(default)]
    pub events: bool,
}

/// Something that happened, as one line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When, RFC 3339 with milliseconds.
    pub time: String,
    /// On which connection, if on one.
    #[serde(flatten, default)]
    pub connection: Option<Endpoint>,
    /// What happened, under its own keys of the same object.
    #[serde(flatten)]
    pub what: Happened,
}

/// A connection, and who is logged in there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its number, from 1; each connection has another one.
    pub connection: u64,
    /// The dialect, with its revision where it has several: `purpose.2`.
    pub dialect: String,
    /// From where; `-` inside the process.
    pub address: String,
    /// The session, once somebody is logged in.
    pub session: Option<SessionId>,
    /// The login of who is connected, once that is known.
    pub user: Option<String>,
    /// The number of who is connected, once that is known.
    pub user_id: Option<i32>,
    /// The user has no account.
    #[serde(default)]
    pub guest: bool,
}

/// What those who watch are told of, one at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happened {
    /// A connection was opened.
    Opened,
    /// The client said that nothing more comes from it, or broke off.
    Ended,
    /// The connection is over, on both sides.
    Closed,
    /// A frame came in; without its secrets.
    In {
        /// Each frame as the lines that show it.
        frames: Vec<Shown>,
    },
    /// Frames go out; without their secrets.
    Out {
        /// Each frame as the lines that show it.
        frames: Vec<Shown>,
    },
    /// What a frame that came in became: an event in a room, or somebody's presence there.
    Event {
        /// As the model writes it.
        event: serde_json::Value,
    },
    /// What a frame that came in became: nothing.
    Refused {
        /// The error that the request came to, in words.
        error: String,
    },
    /// The reader was too slow; so much is missing here.
    Lost {
        /// How many entries were dropped, as nobody took them in time.
        entries: u64,
    },
}
