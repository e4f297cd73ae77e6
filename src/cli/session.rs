//! `tolmach session`: who is connected.

use crate::commands;
use crate::control::ControlError;
use crate::model::{Error, SessionId, SessionInfo};
use clap::Subcommand;
use serde::Serialize;

use super::about::About;
use super::failure::{Failure, Outcome};
use super::operator::Operator;
use super::output::Output;
use super::table::Row;
use super::time::Time;

#[derive(Debug, Subcommand)]
pub(crate) enum SessionAction {
    /// List who is connected: id, user, dialect, address, since
    List {
        /// One object a line: id, user, dialect, address, since
        #[arg(long)]
        json: bool,
    },
    /// Close a session; its client is told why, and may come back
    Close {
        /// The session's number in the list
        id: u64,
    },
}

impl SessionAction {
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        match self {
            Self::List { json } => list(to, out, json).await,
            Self::Close { id } => close(to, id).await,
        }
    }
}

async fn list(to: &mut Operator, out: &mut Output, json: bool) -> Outcome<()> {
    let sessions = to.ask(About::NOTHING, commands::Sessions).await?;
    out.list(&sessions.iter().map(Session::new).collect::<Vec<_>>(), json)
}

async fn close(to: &mut Operator, id: u64) -> Outcome<()> {
    let command = commands::CloseSession { id: SessionId(id) };
    to.request(command)
        .await?
        .map(drop)
        .map_err(|error| match error {
            ControlError::Refused(Error::Invalid { .. }) => Failure::because(format!(
                "no session {id} is open; `tolmach session list` shows them"
            )),
            other => About::NOTHING.explain(other),
        })
}

#[derive(Serialize)]
struct Session<'a> {
    id: u64,
    user: &'a str,
    dialect: &'a str,
    address: &'a str,
    since: Time,
}

impl<'a> Session<'a> {
    fn new(session: &'a SessionInfo) -> Self {
        Self {
            id: session.id.0,
            user: &session.user.login,
            dialect: &session.dialect,
            address: &session.address,
            since: Time(session.since),
        }
    }
}

impl Row for Session<'_> {
    const COLUMNS: &'static [&'static str] = &["id", "user", "dialect", "address", "since"];

    fn cells(&self) -> Vec<String> {
        let texts = [self.user, self.dialect, self.address].map(str::to_owned);
        [self.id.to_string()]
            .into_iter()
            .chain(texts)
            .chain([self.since.to_string()])
            .collect()
    }
}
