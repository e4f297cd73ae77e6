//! The registry of nodes, in the database that they share.

use std::time::Duration;

use async_trait::async_trait;
use tokio_postgres::Row;

use super::PostgresError;
use super::readers::Readers;
use super::session::{Connector, Query, query};
use super::url::PostgresUrl;
use super::values::{Columns, Sql, at_most_one, column, every, first, text};
use crate::cluster::{
    ExclusiveName, Holder, NodeInfo, NodeState, Registration, Registry, Round, Taken,
};
use crate::model::{Error, NodeId, Result};

/// Renewals do not wait for logins.
const CONNECTIONS: usize = 2;
/// How often a number is asked for that another node has not.
const NUMBERS: usize = 1000;

const REGISTER: &str = "INSERT INTO nodes (id, number, name, version, since, lease, until, unbroken, sessions) \
    SELECT $1, number, $2, $3, now(), $4 * interval '1 ms', now() + $4 * interval '1 ms', now(), 0 \
    FROM (SELECT nextval('node_numbers')::int2 AS number) AS given \
    WHERE NOT EXISTS (SELECT FROM gone_nodes g WHERE g.number = given.number) \
    ON CONFLICT (number) DO NOTHING RETURNING number";
const RENEW: &str = "UPDATE nodes SET unbroken = CASE WHEN until <= now() THEN now() ELSE unbroken END, \
    until = now() + lease, sessions = $2 WHERE id = $1 RETURNING id";
/// It waits for what a node has under way.
const EXPIRE: &str = "WITH over AS (DELETE FROM nodes n USING nodes own WHERE own.id = $1 AND n.id <> $1 AND n.until <= now() \
    AND own.unbroken + n.lease <= now() RETURNING n.id, n.number, n.name, n.version, n.since, n.sessions) \
    INSERT INTO gone_nodes SELECT * FROM over";
const OTHERS: &str = "SELECT n.id, \
    greatest(0, ceil(extract(epoch FROM greatest(n.until, own.unbroken + n.lease) - now()) * 1000))::int8 \
    FROM nodes n, nodes own WHERE own.id = $1 AND n.id <> $1";
const TIME: &str = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::int8";
const GONE: &str = "SELECT id FROM gone_nodes ORDER BY since, id";
const RESIGN: &str = "WITH own AS (DELETE FROM nodes WHERE id = $1 RETURNING id, number, name, version, since, sessions) \
    INSERT INTO gone_nodes SELECT * FROM own";
const NODES: &str = "SELECT id, number, name, version, floor(extract(epoch FROM since) * 1000)::int8, sessions, \
    until > now() FROM nodes UNION ALL \
    SELECT id, number, name, version, floor(extract(epoch FROM since) * 1000)::int8, sessions, NULL FROM gone_nodes \
    ORDER BY 5, 1";
/// A name of which another holder is only read is not waited for.
const TAKE: &str = "INSERT INTO names (\"user\", dialect, node, claim) SELECT $1, $2, id, $4 FROM nodes WHERE id = $3 \
    ON CONFLICT (\"user\", dialect) DO UPDATE SET node = excluded.node, claim = excluded.claim \
    WHERE (names.node, names.claim) IN ((excluded.node, excluded.claim), ($5::int8, $6::int8)) RETURNING claim";
const HOLDER: &str = "SELECT node, claim FROM names WHERE \"user\" = $1 AND dialect = $2";
const GIVE_BACK: &str = "DELETE FROM names n USING unnest($1::int4[], $2::text[], $3::int8[], $4::int8[]) \
    AS held (\"user\", dialect, node, claim) \
    WHERE (n.\"user\", n.dialect, n.node, n.claim) = (held.\"user\", held.dialect, held.node, held.claim)";

/// The [`Registry`] in a database, whose clock it goes by. The tables are made by the [store](super::PostgresStore).
pub struct PostgresRegistry {
    connections: Readers,
}

impl PostgresRegistry {
    /// A registry whose connections are made when they are needed.
    ///
    /// # Errors
    /// What the URL names cannot be used, or the process may start no thread.
    pub fn open(url: &PostgresUrl) -> std::result::Result<Self, PostgresError> {
        let failed = |why| PostgresError {
            at: url.to_string(),
            why,
        };
        let connector = Connector::new(url).map_err(failed)?;
        let connections = Readers::start(connector, CONNECTIONS);
        Ok(Self {
            connections: connections.map_err(|error| failed(error.to_string()))?,
        })
    }

    async fn ask<T>(&self, query: Query, decode: impl FnOnce(&[Row]) -> Sql<T>) -> Result<T> {
        self.connections.ask(query, decode).await
    }
}

fn number(claim: u64) -> i64 {
    claim.cast_signed()
}

fn info(row: &Row) -> Sql<NodeInfo> {
    let number: i16 = row.value(1)?;
    let sessions: i64 = row.value(5)?;
    let is_held: Option<bool> = row.value(6)?;
    Ok(NodeInfo {
        id: row.value(0)?,
        number: number.cast_unsigned(),
        name: row.value(2)?,
        version: row.value(3)?,
        since: row.value(4)?,
        sessions: sessions.cast_unsigned(),
        state: match is_held {
            Some(true) => NodeState::Alive,
            Some(false) => NodeState::Late,
            None => NodeState::Gone,
        },
        lag: None,
    })
}

fn holder(row: &Row) -> Sql<Holder> {
    let claim: i64 = row.value(1)?;
    Ok(Holder {
        node: row.value(0)?,
        claim: claim.cast_unsigned(),
    })
}

fn end(row: &Row) -> Sql<(NodeId, Duration)> {
    let left: i64 = row.value(1)?;
    Ok((row.value(0)?, Duration::from_millis(left.cast_unsigned())))
}

#[async_trait]
impl Registry for PostgresRegistry {
    async fn register(&self, node: &Registration) -> Result<u16> {
        let lease = node.lease.as_secs_f64() * 1000.0;
        for _ in 0..NUMBERS {
            let asked = query!(
                REGISTER,
                node.id,
                text(&node.name),
                text(&node.version),
                lease
            );
            let given: Option<i16> = self.ask(asked, first).await?;
            if let Some(given) = given {
                return Ok(given.cast_unsigned());
            }
        }
        Err(Error::Unavailable)
    }

    async fn renew(&self, node: NodeId, sessions: u64) -> Result<Option<Round>> {
        let asked = query!(RENEW, node, number(sessions));
        let renewed: Option<NodeId> = self.ask(asked, first).await?;
        if renewed.is_none() {
            return Ok(None);
        }
        self.ask(query!(EXPIRE, node), |_| Ok(())).await?;
        let others = self.ask(query!(OTHERS, node), |rows| every(rows, end));
        let others: Vec<(NodeId, Duration)> = others.await?;
        Ok(Some(Round {
            gone: self.ask(query!(GONE), column).await?,
            next_end: others.iter().map(|(_, end)| *end).min(),
            others: others.into_iter().map(|(id, _)| id).collect(),
            time: self.ask(query!(TIME), first).await?,
        }))
    }

    async fn resign(&self, node: NodeId) -> Result<()> {
        self.ask(query!(RESIGN, node), |_| Ok(())).await
    }

    async fn forget(&self, gone: NodeId) -> Result<()> {
        let sql = "DELETE FROM gone_nodes WHERE id = $1";
        self.ask(query!(sql, gone), |_| Ok(())).await
    }

    async fn nodes(&self) -> Result<Vec<NodeInfo>> {
        self.ask(query!(NODES), |rows| every(rows, info)).await
    }

    async fn take(
        &self,
        name: &ExclusiveName,
        by: Holder,
        instead_of: Option<Holder>,
    ) -> Result<Taken> {
        let (user, dialect) = (name.user, text(&name.dialect));
        let of = instead_of.unwrap_or(by);
        let asked = query!(
            TAKE,
            user,
            dialect.clone(),
            by.node,
            number(by.claim),
            of.node,
            number(of.claim)
        );
        let taken: Option<i64> = self.ask(asked, first).await?;
        if taken.is_some() {
            return Ok(Taken::Yes);
        }
        let held = query!(HOLDER, user, dialect);
        let held = self.ask(held, |rows| at_most_one(rows, holder));
        // Where nobody has it, this node is gone, or the name has just become free.
        held.await?.map(Taken::HeldBy).ok_or(Error::Unavailable)
    }

    async fn give_back(&self, held: &[(ExclusiveName, Holder)]) -> Result<()> {
        let users: Vec<_> = held.iter().map(|(name, _)| name.user).collect();
        let dialects: Vec<_> = held.iter().map(|(name, _)| text(&name.dialect)).collect();
        let nodes: Vec<_> = held.iter().map(|(_, holder)| holder.node).collect();
        let claims: Vec<_> = held
            .iter()
            .map(|(_, holder)| number(holder.claim))
            .collect();
        let asked = query!(GIVE_BACK, users, dialects, nodes, claims);
        self.ask(asked, |_| Ok(())).await
    }
}

#[cfg(test)]
mod tests {
    use tolmach_test_servers::Postgres;

    use super::super::{Neighbours, PostgresStore};
    use super::*;
    use crate::cluster::contract::{Bench, registry_contract};
    use crate::store::contract::{Recorder, limits};

    /// A registry in a database of its own, if there is a server.
    pub(super) struct Asked(Option<(PostgresRegistry, PostgresStore)>);

    impl Asked {
        fn new() -> Self {
            let server = Postgres::shared();
            Self(server.map(|server| {
                let url = PostgresUrl::parse(&server.database()).unwrap();
                let sink = std::sync::Arc::new(Recorder::default());
                let store = PostgresStore::open(&url, 1, Neighbours::OnTheBus, limits(), sink);
                (PostgresRegistry::open(&url).unwrap(), store.unwrap())
            }))
        }
    }

    impl Bench for Asked {
        fn registry(&self) -> Option<&dyn Registry> {
            self.0.as_ref().map(|(registry, _)| registry as _)
        }

        async fn pass(&self, further: Duration) {
            tokio::time::sleep(further).await;
        }
    }

    registry_contract!(Asked::new());
}
