//! Requests, answers, and the lines they travel in.

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use super::tap::TapQuery;
use crate::commands::AnyCommand;
#[cfg(feature = "sqlite")]
use crate::copies::BroughtRoom;
use crate::model::Error;

/// The version of the requests; another one is refused.
pub const VERSION: u32 = 2;
/// Most bytes of a request, without its line end.
pub const MAX_REQUEST: usize = 1024 * 1024;
/// Most bytes of an answer, without its line end.
pub const MAX_ANSWER: usize = 64 * 1024 * 1024;

#[derive(Deserialize)]
struct Received {
    version: u32,
    command: Option<serde_json::Value>,
    tap: Option<TapQuery>,
    #[serde(default)]
    listeners: bool,
    reload: Option<ReloadQuery>,
    #[cfg(feature = "sqlite")]
    import: Option<BroughtRoom>,
    #[cfg(feature = "sqlite")]
    #[serde(default)]
    copy: bool,
}

/// That the configuration is to be read again.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct ReloadQuery {
    /// Only to say what would change.
    pub(super) check: bool,
}

/// What a request's line asks.
#[derive(Debug, PartialEq)]
pub(super) enum Request {
    /// A command is to be carried out.
    Command(AnyCommand),
    /// Someone wants to watch.
    Tap(TapQuery),
    /// Someone wants to connect.
    Listeners,
    /// The configuration is to be read again, or, with `check`, what that would change to be said.
    Reload { check: bool },
    /// A room is to be taken in.
    #[cfg(feature = "sqlite")]
    Import(BroughtRoom),
    /// What is in memory is to be written to a file.
    #[cfg(feature = "sqlite")]
    Copy,
}

/// What stands beside the hub behind a control socket.
#[async_trait]
pub trait Operated: Send + Sync + 'static {
    /// Where the gateway can be connected to, in the order of its configuration.
    fn listeners(&self) -> Vec<ListenerAddress>;

    /// Has it read its configuration again; with `check` nothing changes.
    async fn reload(&self, check: bool) -> Reloaded;
}

/// What a reload came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reloaded {
    /// What changed, or would: a line each.
    Done(Vec<String>),
    /// Nothing changed: what is wrong with the configuration, a line each.
    Wrong(Vec<String>),
    /// Nothing changed, for this reason.
    Failed(String),
}

impl Reloaded {
    /// Why nothing changed, as an error has it.
    pub(super) fn error(&self) -> Option<Error> {
        match self {
            Self::Done(_) => None,
            Self::Wrong(lines) => Some(Error::invalid("configuration", lines.join("; "))),
            Self::Failed(_) => Some(Error::Unavailable),
        }
    }
}

/// Where a gateway can be connected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerAddress {
    /// What the ready line and lists call the listener.
    pub name: String,
    /// The dialect that it speaks.
    pub dialect: String,
    /// The dialect's revision, from 1.
    pub revision: u8,
    /// The address that it listens on, with its real port.
    pub address: SocketAddr,
}

/// What a request comes to.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Answer<R> {
    Ok(R),
    Error(Error),
}

impl<R> From<Result<R, Error>> for Answer<R> {
    fn from(outcome: Result<R, Error>) -> Self {
        match outcome {
            Ok(reply) => Self::Ok(reply),
            Err(error) => Self::Error(error),
        }
    }
}

/// A request as a line: `{"version":2,"command":{"set_title":{…}}}`.
pub(super) fn request(command: &AnyCommand) -> serde_json::Result<Vec<u8>> {
    line("command", command)
}

/// A request as a line.
pub(super) fn line(what: &str, asked: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let asked = serde_json::to_value(asked)?;
    let mut line = serde_json::to_vec(&serde_json::json!({"version": VERSION, what: asked}))?;
    line.push(b'\n');
    Ok(line)
}

/// What a request's line asks; the error names what is wrong with it.
pub(super) fn read_request(line: &[u8]) -> Result<Request, Error> {
    let wrong = |field: &str| {
        let field = field.to_owned();
        move |error: serde_json::Error| Error::Invalid {
            field,
            reason: error.to_string(),
        }
    };
    let received: Received = serde_json::from_slice(line).map_err(wrong("request"))?;
    if received.version != VERSION {
        let theirs = received.version;
        return Err(Error::Unsupported(format!(
            "control requests of version {theirs}; this gateway knows {VERSION}"
        )));
    }
    if let Some(tap) = received.tap {
        return Ok(Request::Tap(tap));
    }
    if received.listeners {
        return Ok(Request::Listeners);
    }
    if let Some(ReloadQuery { check }) = received.reload {
        return Ok(Request::Reload { check });
    }
    #[cfg(feature = "sqlite")]
    if let Some(room) = received.import {
        return Ok(Request::Import(room));
    }
    #[cfg(feature = "sqlite")]
    if received.copy {
        return Ok(Request::Copy);
    }
    let command = received
        .command
        .ok_or_else(|| Error::invalid("request", "missing field `command`"))?;
    serde_json::from_value(command)
        .map(Request::Command)
        .map_err(wrong("command"))
}

/// An answer as a line; one that would be too long becomes an error.
pub(super) fn answer(answer: &Answer<impl Serialize>) -> Vec<u8> {
    let refusal = |error| serde_json::to_vec(&Answer::<()>::Error(error)).unwrap_or_default();
    let mut line = match serde_json::to_vec(answer) {
        Ok(line) if line.len() <= MAX_ANSWER => line,
        Ok(_) => refusal(Error::TooLarge {
            limit: MAX_ANSWER as u64,
        }),
        Err(_) => refusal(Error::Internal),
    };
    line.push(b'\n');
    line
}

/// What [`read_line`] found in the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line; the last one may lack its end.
    Whole(Vec<u8>),
    /// More than the limit without a line end.
    TooLong,
    /// The stream has ended, and no line was begun.
    End,
}

/// Reads a line of at most `limit` bytes.
pub(super) async fn read_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    limit: usize,
) -> io::Result<Line> {
    let mut line = Vec::new();
    let bound = (limit as u64).saturating_add(1);
    reader.take(bound).read_until(b'\n', &mut line).await?;
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(Line::Whole(line));
    }
    Ok(match line.len() {
        0 => Line::End,
        length if length > limit => Line::TooLong,
        _ => Line::Whole(line),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{Members, Tokens, Users};
    use crate::model::{RoomSelector, UserSelector};

    fn comes_back(asked: impl Into<AnyCommand>) {
        let asked = asked.into();
        let line = request(&asked).unwrap();
        let (last, line) = line.split_last().unwrap();
        assert_eq!(*last, b'\n');
        assert!(!line.contains(&b'\n'));
        assert_eq!(read_request(line).unwrap(), Request::Command(asked));
    }

    #[test]
    fn a_command_comes_back_as_it_went() {
        comes_back(Users);
        comes_back(Tokens {
            user: UserSelector::Login("anna\n".to_owned()),
        });
        comes_back(Members {
            room: RoomSelector::Direct("a".to_owned(), "b".to_owned()),
        });
    }

    #[test]
    fn a_bad_request_is_told_what_is_wrong() {
        let field = |line: &str| match read_request(line.as_bytes()) {
            Err(Error::Invalid { field, .. }) => field,
            other => format!("{other:?}"),
        };
        assert_eq!(field(""), "request");
        assert_eq!(field("{}"), "request");
        assert_eq!(field(r#"{"version":2}"#), "request");
        assert_eq!(
            field(r#"{"version":2,"command":{"dance":null}}"#),
            "command"
        );
        assert_eq!(field(r#"{"version":2,"command":{"tokens":{}}}"#), "command");
        let other = read_request(br#"{"version":1,"command":"dance"}"#);
        assert!(
            matches!(other, Err(Error::Unsupported(ref why)) if why.contains("version 1")),
            "{other:?}"
        );
    }

    #[test]
    fn a_hash_does_not_come_from_outside() {
        let line =
            r#"{"version":2,"command":{"set_password":{"user":{"id":1},"secret":{"hashed":"x"}}}}"#;
        assert!(read_request(line.as_bytes()).is_err());
    }

    #[test]
    fn answers_are_told_apart() {
        assert_eq!(answer(&Ok(()).into()), b"{\"ok\":null}\n");
        assert_eq!(
            answer(&Err::<(), _>(Error::NoSuchUser).into()),
            b"{\"error\":\"NoSuchUser\"}\n"
        );
    }

    #[tokio::test]
    async fn lines_are_bounded() {
        let mut reader: &[u8] = b"one\n\nfour\nfive!\n";
        assert_eq!(
            read_line(&mut reader, 4).await.unwrap(),
            Line::Whole(b"one".to_vec())
        );
        assert_eq!(
            read_line(&mut reader, 4).await.unwrap(),
            Line::Whole(Vec::new())
        );
        assert_eq!(
            read_line(&mut reader, 4).await.unwrap(),
            Line::Whole(b"four".to_vec())
        );
        assert_eq!(read_line(&mut reader, 4).await.unwrap(), Line::TooLong);
        let mut reader: &[u8] = b"last";
        assert_eq!(
            read_line(&mut reader, 4).await.unwrap(),
            Line::Whole(b"last".to_vec())
        );
        assert_eq!(read_line(&mut reader, 4).await.unwrap(), Line::End);
    }
}
