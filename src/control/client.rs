//! The command line's end of the control socket.

use std::io;
use std::path::Path;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::protocol::{
    self, Answer, Line, ListenerAddress, MAX_ANSWER, MAX_REQUEST, ReloadQuery, Reloaded, read_line,
};
use super::socket;
use super::tap::{Entry, TapQuery};
use crate::commands::{AnyCommand, Command};
#[cfg(feature = "sqlite")]
use crate::copies::BroughtRoom;
use crate::model::Error;
#[cfg(feature = "sqlite")]
use crate::model::RoomId;
use crate::refusal::words;

/// How long a gateway may take to let a client in, and then to answer each request.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take to go through all that it keeps.
#[cfg(feature = "sqlite")]
const LONG: Duration = Duration::from_secs(600);
/// How often to look whether it lets one in.
const STEP: Duration = Duration::from_millis(20);

/// Why a request got no reply.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No gateway listens there.
    #[error("no gateway runs there")]
    NotRunning,
    /// The socket cannot be used.
    #[error("the gateway's control socket: {}", words(.0))]
    Io(#[from] io::Error),
    /// The gateway closed the connection before it answered; whether the command was carried out is not known.
    #[error("the gateway ended before it answered; whether this was done is not known")]
    Closed,
    /// The gateway does not answer; whether the command was carried out, or still will be, is not known.
    #[error(
        "the gateway does not answer within {} s, and whether this will be done is not known; its log may say what it waits for",
        .0.as_secs()
    )]
    TimedOut(Duration),
    /// The answer is none that this version knows.
    #[error("the gateway's answer cannot be read ({0}); is it of another version?")]
    Garbled(String),
    /// The gateway's answer is an error.
    #[error(transparent)]
    Refused(#[from] Error),
}

/// A connection to a gateway's control socket.
#[derive(Debug)]
pub struct ControlClient {
    stream: BufReader<UnixStream>,
}

impl ControlClient {
    /// Connects to the gateway that listens at `path`.
    ///
    /// # Errors
    /// [`ControlError::NotRunning`] where there is no socket or nobody behind it, [`ControlError::TimedOut`] where nobody is
    /// let in; else [`ControlError::Io`].
    pub async fn connect(path: &Path) -> Result<Self, ControlError> {
        let opened = tokio::time::timeout(PATIENCE, Self::open(path));
        match opened.await.map_err(|_| ControlError::TimedOut(PATIENCE))? {
            Ok(stream) => Ok(Self {
                stream: BufReader::new(stream),
            }),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                    ControlError::NotRunning
                }
                _ => ControlError::Io(error),
            }),
        }
    }

    async fn open(path: &Path) -> io::Result<UnixStream> {
        let address = socket::address(path)?;
        loop {
            match UnixStream::connect(&address.path).await {
                // As many wait to be accepted as can.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    tokio::time::sleep(STEP).await;
                }
                opened => return opened,
            }
        }
    }

    /// Has a command carried out as the operator's.
    ///
    /// # Errors
    /// [`ControlError::Refused`] is the command's own error; the others are the connection's, which is then over.
    pub async fn call<C>(&mut self, command: C) -> Result<C::Reply, ControlError>
    where
        C: Command + Into<AnyCommand>,
        C::Reply: DeserializeOwned,
    {
        self.answer_to(protocol::request(&command.into())).await
    }

    /// As [`ControlClient::call`], for any command; its reply as JSON.
    ///
    /// # Errors
    /// As there.
    pub async fn call_any(&mut self, command: &AnyCommand) -> Result<Value, ControlError> {
        self.answer_to(protocol::request(command)).await
    }

    /// Where the gateway can be connected to, in the order of its configuration.
    ///
    /// # Errors
    /// The connection's.
    pub async fn listeners(&mut self) -> Result<Vec<ListenerAddress>, ControlError> {
        self.answer_to(protocol::line("listeners", &true)).await
    }

    /// Has the gateway read its configuration again; with `check`, only say what that would change.
    ///
    /// # Errors
    /// The connection's.
    pub async fn reload(&mut self, check: bool) -> Result<Reloaded, ControlError> {
        let query = ReloadQuery { check };
        self.answer_to(protocol::line("reload", &query)).await
    }

    /// Has a room taken in that lies beside the gateway's store; its number.
    ///
    /// # Errors
    /// [`ControlError::Refused`] as [`BroughtRoom::take_in`] has it; the others are the connection's.
    #[cfg(feature = "sqlite")]
    pub async fn import(&mut self, room: &BroughtRoom) -> Result<RoomId, ControlError> {
        let request = protocol::line("import", room);
        self.answer_within(LONG, request).await
    }

    /// Has what a gateway keeps in memory written to a database; where that is. It is for whoever asked to remove.
    ///
    /// # Errors
    /// [`ControlError::Refused`]: its store is not in memory, or it cannot be written; the others are the connection's.
    #[cfg(feature = "sqlite")]
    pub async fn copy(&mut self) -> Result<PathBuf, ControlError> {
        let request = protocol::line("copy", &true);
        self.answer_within(LONG, request).await
    }

    /// Watches what happens from now on.
    ///
    /// # Errors
    /// [`ControlError::Refused`]: there is no such room or session; the others are the connection's.
    pub async fn tap(mut self, query: &TapQuery) -> Result<TapStream, ControlError> {
        self.answer_to::<()>(protocol::line("tap", query)).await?;
        Ok(TapStream(self.stream))
    }

    async fn answer_to<R: DeserializeOwned>(
        &mut self,
        request: serde_json::Result<Vec<u8>>,
    ) -> Result<R, ControlError> {
        self.answer_within(PATIENCE, request).await
    }

    async fn answer_within<R: DeserializeOwned>(
        &mut self,
        patience: Duration,
        request: serde_json::Result<Vec<u8>>,
    ) -> Result<R, ControlError> {
        let request = request.map_err(|error| ControlError::Garbled(error.to_string()))?;
        if request.len() > MAX_REQUEST {
            let limit = MAX_REQUEST as u64;
            return Err(Error::TooLarge { limit }.into());
        }
        let answer = async {
            self.stream.write_all(&request).await?;
            read_line(&mut self.stream, MAX_ANSWER).await
        };
        let answer = tokio::time::timeout(patience, answer).await;
        let line = match answer
            .map_err(|_| ControlError::TimedOut(patience))?
            .map_err(broken)?
        {
            Line::Whole(line) => line,
            Line::TooLong => return Err(ControlError::Garbled("too long".to_owned())),
            Line::End => return Err(ControlError::Closed),
        };
        match serde_json::from_slice(&line) {
            Ok(Answer::Ok(reply)) => Ok(reply),
            Ok(Answer::Error(error)) => Err(error.into()),
            Err(error) => Err(ControlError::Garbled(error.to_string())),
        }
    }
}

/// What happens, as a gateway tells it.
#[derive(Debug)]
pub struct TapStream(BufReader<UnixStream>);

impl TapStream {
    /// The next entry; `None` when the gateway has stopped. What was under way is lost where this is dropped before it is
    /// done.
    ///
    /// # Errors
    /// The connection's.
    pub async fn next(&mut self) -> Result<Option<Entry>, ControlError> {
        match read_line(&mut self.0, MAX_ANSWER).await {
            Ok(Line::Whole(line)) => serde_json::from_slice(&line)
                .map(Some)
                .map_err(|error| ControlError::Garbled(error.to_string())),
            Ok(Line::TooLong) => Err(ControlError::Garbled("too long".to_owned())),
            Ok(Line::End) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn broken(error: io::Error) -> ControlError {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => ControlError::Closed,
        _ => ControlError::Io(error),
    }
}
