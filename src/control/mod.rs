//! How the command line speaks to the gateway that runs: `data_dir/control.sock`.
//!
//! The socket carries lines of JSON, one request and one answer at a time, as many as one likes on a connection:
//!
//! ```text
//! → {"version":2,"command":{"tokens":{"user":{"login":"anna"}}}}
//! ← {"ok":[…]}                     or  {"error":"NoSuchUser"}
//! ```
//!
//! There are three other kinds of request. `{"version":2,"listeners":true}` is answered with a list of [`ListenerAddress`],
//! `{"version":2,"reload":{"check":false}}` with a [`Reloaded`]. To
//! `{"version":2,"tap":{…}}`, a [`TapQuery`](tap::TapQuery), once it is answered, lines of [`Entry`](tap::Entry) follow
//! until either side closes.
//!
//! A command is any of [`commands`](crate::commands), carried out as the operator's; the answer is its
//! reply or an [`Error`](crate::model::Error). A request is at most [`MAX_REQUEST`] bytes, an
//! answer at most [`MAX_ANSWER`]: a longer one is [`Error::TooLarge`](crate::model::Error::TooLarge), and after a
//! request that was too long the connection closes. Only the gateway's own user can open the socket (mode 0600).
//!
//! At most [`MAX_CONNECTIONS`] are open at once; one more takes the place of the one that has been silent for longest. At
//! most [`MAX_WATCHING`] of them watch. Who takes nothing of an answer for 10 s is closed.

pub mod audit;
mod client;
mod protocol;
mod server;
mod silent;
mod socket;
pub mod tap;

pub use client::{ControlClient, ControlError, TapStream};
pub use protocol::{ListenerAddress, MAX_ANSWER, MAX_REQUEST, Operated, Reloaded, VERSION};
pub use server::{ControlServer, MAX_CONNECTIONS, MAX_WATCHING, listen};

use std::path::{Path, PathBuf};

/// Where a gateway that keeps its data in `data_dir` listens.
#[must_use]
pub fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}
