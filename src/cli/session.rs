//! `tolmach session`: who is connected.

use std::io::{self, Write};

use crate::cluster::NodeInfo;
use crate::commands::{CloseSession, FindUser, Sessions};
use crate::control::ControlError;
use crate::model::{Error, SessionId, SessionInfo};
use clap::{ArgGroup, Subcommand};

use super::about::About;
use super::failure::{Failure, Outcome};
use super::operator::Operator;
use super::output::{Output, visible};
use super::table::{Column, Value};
use super::time::Time;
use super::user::account;

const COLUMNS: &[Column<SessionInfo>] = &[
    Column::both("id", |session| Value::of(session.id.0)),
    Column::both("user", |session| Value::of(&session.user.login)),
    Column::both("dialect", |session| Value::of(&session.dialect)),
    Column::both("address", |session| Value::of(&session.address)),
    Column::both("since", |session| Time(session.since).into()),
    Column::both("encrypted", |session| Value::of(session.encrypted)),
    Column::both("listener", |session| Value::of(&session.listener)),
    Column::both("node", |session| Value::of(&session.node)),
];

#[derive(Debug, Subcommand)]
pub(crate) enum SessionAction {
    /// List who is connected: id, user, dialect, address, since, encrypted, listener, node
    List {
        /// One object a line: id, user, dialect, address, since, encrypted, listener, node
        #[arg(long)]
        json: bool,
    },
    /// Close a session, or all of somebody; the client is told why, and may come back
    #[command(group = ArgGroup::new("which").required(true).args(["id", "user"]))]
    Close {
        /// The session's number in the list
        id: Option<u64>,
        /// All sessions of this account or guest, without regard to case
        #[arg(long, value_name = "LOGIN")]
        user: Option<String>,
    },
}

impl SessionAction {
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        // Whoever is connected is connected to a gateway.
        to.reach_nodes().await?;
        match self {
            Self::List { json } => list(to, out, json).await,
            Self::Close { user, id } => match user {
                Some(login) => close_all(to, out, &login).await,
                None => close(to, out, id.unwrap_or_default()).await,
            },
        }
    }
}

async fn list(to: &mut Operator, out: &mut Output, json: bool) -> Outcome<()> {
    let open = sessions(to, About::NOTHING).await?;
    out.list(COLUMNS, &open, json)
}

/// The sessions at all nodes; a node that does not answer is named.
async fn sessions(to: &mut Operator, about: About<'_>) -> Outcome<Vec<SessionInfo>> {
    let open = to.ask(about, Sessions).await?;
    for node in open.unanswered {
        let (name, id) = (visible(&node.name), node.id);
        // Where it cannot be said, the list is still what was asked for.
        let _ = writeln!(
            io::stderr(),
            "tolmach: warning: node {name} ({id}) does not answer: its sessions are not known"
        );
    }
    Ok(open.sessions)
}

async fn close(to: &mut Operator, out: &mut Output, id: u64) -> Outcome<()> {
    match to.request(CloseSession { id: SessionId(id) }).await? {
        Ok(None) => out.line(&format!("closed session {id}")),
        Ok(Some(node)) => outstanding(out, id, &node),
        Err(ControlError::Refused(Error::Invalid { .. })) => Err(Failure::because(format!(
            "no session {id} is open; `tolmach session list` shows them"
        ))),
        Err(other) => Err(to.explain(About::NOTHING, other).await),
    }
}

fn outstanding(out: &mut Output, id: u64, node: &NodeInfo) -> Outcome<()> {
    let (name, node) = (visible(&node.name), node.id);
    out.line(&format!(
        "session {id} is at node {name} ({node}), which has not answered: it closes it once it goes on"
    ))
}

async fn close_all(to: &mut Operator, out: &mut Output, login: &str) -> Outcome<()> {
    let (about, user) = (About::user(login), account(login));
    let user = to.ask(about, FindUser { user }).await?;
    let sessions = sessions(to, about).await?;
    let (mut closed, mut asked) = (0, 0);
    for session in sessions.iter().filter(|session| session.user.id == user.id) {
        match to.request(CloseSession { id: session.id }).await? {
            Ok(None) => closed += 1,
            Ok(Some(node)) => {
                asked += 1;
                outstanding(out, session.id.0, &node)?;
            }
            // It may have ended meanwhile.
            Err(_) => {}
        }
    }
    let login = &user.login;
    match closed {
        0 if asked > 0 => Ok(()),
        0 => Err(Failure::because(format!(
            "{login} has no session open; `tolmach session list` shows who has"
        ))),
        1 => out.line(&format!("closed the session of {login}")),
        more => out.line(&format!("closed {more} sessions of {login}")),
    }
}
