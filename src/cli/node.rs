//! `tolmach node`: which processes the gateway is.

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
];

#[derive(Debug, Subcommand)]
pub(crate) enum NodeAction {
    /// List the nodes of the gateway: name, id, version, since, sessions (when it last said so), state (alive, late, gone)
    List {
        /// One object a line: name, id, version, since, sessions, state
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
