//! `tolmach node`: which processes the gateway is.

use std::time::Duration;

use clap::Subcommand;

use crate::cluster::NodeInfo;
use crate::commands::Nodes;

use super::about::About;
use super::failure::Outcome;
use super::operator::{COMMAND, Operator};
use super::output::Output;
use super::table::{Column, Value};
use super::time::Time;

const COLUMNS: &[Column<NodeInfo>] = &[
    Column::both("name", |node| Value::of(&node.name)),
    Column::both("id", |node| Value::of(node.id.to_string())),
    Column::both("version", |node| Value::of(&node.version)),
    Column::both("since", |node| Time(node.since).into()),
    Column::both("sessions", |node| Value::of(node.sessions)),
    Column::both("state", |node| Value::of(node.state)),
    Column::shown("lag", |node| Value::of(node.lag.map(milliseconds))),
    Column::json("lag", |node| {
        Value::of(node.lag.map(|lag| lag.as_secs_f64()))
    }),
];

fn milliseconds(lag: Duration) -> String {
    format!("{} ms", lag.as_millis())
}

#[derive(Debug, Subcommand)]
pub(crate) enum NodeAction {
    /// List the nodes of the gateway: name, id, version, since, sessions (when it last said so), state (alive, late, gone), lag (how long
    /// it took to answer over the bus, behind what it had to tell its sessions; nothing: it did not)
    List {
        /// One object a line: name, id, version, since, sessions, state, lag (in seconds, or null)
        #[arg(long)]
        json: bool,
    },
}

impl NodeAction {
    pub(super) async fn run(self, to: &mut Operator, out: &mut Output) -> Outcome<()> {
        // Alone, it is the gateway that runs.
        to.reach_nodes().await?;
        match self {
            Self::List { json } => {
                let mut nodes = to.ask(About::NOTHING, Nodes).await?;
                nodes.retain(|node| !node.name.ends_with(COMMAND));
                out.list(COLUMNS, &nodes, json)
            }
        }
    }
}
