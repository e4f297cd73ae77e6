//! `tolmach session`: who is connected.

use crate::commands;
use crate::control::ControlError;
use crate::model::{Error, SessionId, SessionInfo};
use clap::Subcommand;

use super::about::About;
use super::failure::{Failure, Outcome};
use super::operator::Operator;
use super::output::Output;
use super::table::{Column, Value};
use super::time::Time;

const COLUMNS: &[Column<SessionInfo>] = &[
    Column::both("id", |session| Value::of(session.id.0)),
    Column::both("user", |session| Value::of(&session.user.login)),
    Column::both("dialect", |session| Value::of(&session.dialect)),
    Column::both("address", |session| Value::of(&session.address)),
    Column::both("since", |session| Time(session.since).into()),
    Column::both("encrypted", |session| Value::of(session.encrypted)),
];

#[derive(Debug, Subcommand)]
pub(crate) enum SessionAction {
    /// List who is connected: id, user, dialect, address, since, encrypted
    List {
        /// One object a line: id, user, dialect, address, since, encrypted
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
    out.list(COLUMNS, &sessions, json)
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
