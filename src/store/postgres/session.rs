//! A connection to the database, with the statements it has prepared.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use super::tls::Tls;
use super::url::PostgresUrl;
use super::values::{Columns, Sql, failed};
use crate::store::RowsError;

/// What every connection asks of the server. A node that is paused or cut off in a transaction holds its locks for 2 s, and
/// its connections are not kept for much longer than its lease. What was accepted is on disk, whatever the database's
/// default.
const SETTINGS: &str = "SET idle_in_transaction_session_timeout = '2s'; SET tcp_keepalives_idle = 4; \
    SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 2; SET tcp_user_timeout = '8s'; SET jit = off; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
/// After which time the server gives up a statement that was given up here, too.
pub(super) const STATEMENT: Duration = Duration::from_secs(30);

/// What all connections to a database are made with.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) url: PostgresUrl,
    tls: Tls,
}

impl Connector {
    /// Takes what the URL names from disk.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(url: &PostgresUrl) -> Result<Self, String> {
        Ok(Self {
            url: url.clone(),
            tls: Tls::new(&url.verified, url.own.as_ref())?,
        })
    }

    /// Connects, within the time that [`PostgresUrl`] says of each of its hosts. The connection lives on the runtime that this
    /// is called on.
    pub(super) async fn connect(&self) -> Sql<Session> {
        let (client, connection) = self
            .url
            .config
            .connect(self.tls.clone())
            .await
            .map_err(failed)?;
        tokio::spawn(async move {
            // Whoever asks something next is told.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the database ended");
            }
        });
        let timeout = format!("SET statement_timeout = {}", STATEMENT.as_millis());
        client
            .batch_execute(&format!("{SETTINGS}; {timeout}"))
            .await
            .map_err(failed)?;
        let sql = "SELECT oid::int4 FROM pg_namespace WHERE nspname = current_schema()";
        let space = client.query_opt(sql, &[]).await.map_err(failed)?;
        let space = space.ok_or_else(|| RowsError("there is no schema to look in".into()))?;
        Ok(Session {
            space: space.value(0)?,
            client,
            statements: HashMap::new(),
        })
    }
}

/// A statement with its values.
#[derive(Debug)]
pub(super) struct Query {
    sql: Cow<'static, str>,
    values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Query {
    pub(super) fn new(
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Box<dyn ToSql + Sync + Send>>,
    ) -> Self {
        let sql = sql.into();
        Self { sql, values }
    }
}

/// A [`Query`] of a statement and its values.
macro_rules! query {
    ($sql:expr $(, $value:expr)* $(,)?) => {
        $crate::store::postgres::session::Query::new($sql, vec![$(Box::new($value)),*])
    };
}
pub(super) use query;

/// A connection to the database, with what is prepared there.
pub(super) struct Session {
    /// The number of the schema that the tables are in: what is locked here says nothing of other schemas.
    pub(super) space: i32,
    client: Client,
    statements: HashMap<Cow<'static, str>, Statement>,
}

impl Session {
    /// Whether nothing can be asked any more.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Has statements ready that will be needed, all in one round trip.
    pub(super) async fn prepare(
        &mut self,
        sqls: impl IntoIterator<Item = &Cow<'static, str>>,
    ) -> Sql<()> {
        let missing: Vec<_> = sqls
            .into_iter()
            .filter(|sql| !self.statements.contains_key(*sql))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let client = &self.client;
        let prepared = missing.iter().map(|sql| client.prepare(sql));
        let prepared = try_join_all(prepared).await.map_err(failed)?;
        let named = missing.into_iter().cloned().zip(prepared);
        self.statements.extend(named);
        Ok(())
    }

    /// Asks one question, and waits for its rows.
    pub(super) async fn ask(&mut self, query: Query) -> Sql<Vec<Row>> {
        let answers = self.ask_all(&[query]).await?;
        Ok(answers.into_iter().flatten().collect())
    }

    /// Asks many things in one round trip; they are carried out in order, and none after one that fails.
    pub(super) async fn ask_all(&mut self, queries: &[Query]) -> Sql<Vec<Vec<Row>>> {
        self.prepare(queries.iter().map(|query| &query.sql)).await?;
        let asked = queries.iter().map(|query| {
            let values: Vec<&(dyn ToSql + Sync)> =
                query.values.iter().map(|value| &**value as _).collect();
            let statement = self.statements.get(&query.sql);
            let client = &self.client;
            async move {
                let statement = statement.ok_or_else(|| RowsError("it is not prepared".into()))?;
                client.query(statement, &values).await.map_err(failed)
            }
        });
        try_join_all(asked).await
    }

    /// The rows of a statement without values, as they come.
    #[cfg(feature = "sqlite")]
    pub(super) async fn stream(&self, sql: &str) -> Sql<tokio_postgres::RowStream> {
        let none: [i32; 0] = [];
        self.client.query_raw(sql, none).await.map_err(failed)
    }

    /// Carries out statements that have no values and no answers.
    pub(super) async fn run(&self, sql: &str) -> Sql<()> {
        self.client.batch_execute(sql).await.map_err(failed)
    }
}

/// What comes of something within a time.
pub(super) async fn within<T>(time: Duration, done: impl Future<Output = Sql<T>>) -> Sql<T> {
    match timeout(time, done).await {
        Ok(done) => done,
        Err(_) => Err(RowsError(
            format!("the database did not answer within {} ms", time.as_millis()).into(),
        )),
    }
}

/// The error of a database's client with what it came from, in one line.
pub(super) fn explain(error: &RowsError) -> String {
    let mut said = error.0.to_string();
    let mut cause: Option<&(dyn StdError + 'static)> = error.0.source();
    while let Some(inner) = cause {
        said = format!("{said}: {inner}");
        cause = inner.source();
    }
    said
}
