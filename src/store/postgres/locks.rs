//! Who else may use the database: what nodes tell each other by locks, whose names are numbers.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::session::{Connector, Session, query};
use super::values::{Sql, first};
use crate::store::RowsError;

/// The lock of transactions: shared by those that change nothing but rooms they lock.
pub(super) const WRITES: i32 = 0x746F_6C01;
/// The lock of nodes: shared by those that know of each other.
const NODES: i32 = 0x746F_6C02;
/// The lock of those that change the tables themselves.
pub(super) const TABLES: i32 = 0x746F_6C03;
/// The lock of the node that indexes texts.
pub(super) const SEARCHES: i32 = 0x746F_6C04;

/// What the connection that writes asks of the server, beside what all do. It looks rows up by their keys, with the same few
/// statements over and over: to plan them anew for each transaction takes longer than to carry them out, and a plan that
/// was made while a table was small is to be right when it is large.
const PLANS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";

/// How long a node waits for another that may be about to end.
const PATIENCE: Duration = Duration::from_secs(1);
/// After which time it looks again.
const AGAIN: Duration = Duration::from_millis(50);

/// Whether other nodes may use the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbours {
    /// None: they would not hear of what happens here.
    None,
    /// Those that share a bus with this one.
    OnTheBus,
}

/// Another node uses the database.
#[derive(Debug, thiserror::Error)]
#[error(
    "another gateway uses this database, and the two would not hear of each other; stop that one, or give both one bus (bus.url = \"nats://…\")"
)]
pub(super) struct Taken;

impl Neighbours {
    /// Connects, and says so to other nodes for as long as the connection lives.
    ///
    /// # Errors
    /// There is no connection, or there is another node, and one of the two is to be alone.
    pub(super) async fn join(self, connector: &Connector) -> Sql<Session> {
        let mut session = connector.connect().await?;
        session.run(PLANS).await?;
        let sql = match self {
            Self::None => "SELECT pg_try_advisory_lock($1, $2)",
            Self::OnTheBus => "SELECT pg_try_advisory_lock_shared($1, $2)",
        };
        let until = Instant::now() + PATIENCE;
        loop {
            let taken = session.ask(query!(sql, NODES, session.space)).await?;
            if first(&taken)? == Some(true) {
                return Ok(session);
            }
            if Instant::now() >= until {
                return Err(RowsError(Box::new(Taken)));
            }
            sleep(AGAIN).await;
        }
    }
}
