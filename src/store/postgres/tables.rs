//! The tables, and the steps by which an older database gets them.

use super::locks::TABLES;
use super::session::{Session, query};
use super::values::{Columns, Sql, first};
use crate::store::RowsError;

/// The steps, each in a file. A step that was released is not changed any more; while an older node runs, a step only adds.
const STEPS: [&str; 6] = [
    include_str!("schema1.sql"),
    include_str!("schema2.sql"),
    include_str!("schema3.sql"),
    include_str!("schema4.sql"),
    include_str!("schema5.sql"),
    include_str!("schema6.sql"),
];
/// The oldest server that has what is used here.
const OLDEST: i32 = 130_000;

/// Gives a database the tables that this version has. Several nodes may do so at once.
///
/// # Errors
/// It is one that cannot be used, or one of a later version.
pub(super) async fn bring_up_to_date(session: &mut Session) -> Sql<()> {
    let asked = "SELECT current_setting('server_version_num')::int4, current_setting('server_encoding'), \
        current_setting('fsync')";
    let told = session.ask(query!(asked)).await?;
    if let Some(row) = told.first() {
        let (version, encoding, fsync): (i32, String, String) =
            (row.value(0)?, row.value(1)?, row.value(2)?);
        if version < OLDEST {
            let major = version / 10_000;
            return refuse(format!(
                "the server is PostgreSQL {major}; 13 is the oldest that will do"
            ));
        }
        if encoding != "UTF8" {
            return refuse(format!(
                "the database is in {encoding}; make one with `createdb --encoding=UTF8 --template=template0`"
            ));
        }
        if fsync != "on" {
            tracing::warn!(
                "the database server runs with fsync off: what was accepted may be lost when its machine fails"
            );
        }
    }
    let there = session
        .ask(query!("SELECT to_regclass('migrations') IS NOT NULL"))
        .await?;
    if first(&there)? == Some(true) && version(session).await? == STEPS.len() {
        return Ok(());
    }
    session.run("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0").await?;
    let sql = "SELECT pg_advisory_xact_lock($1, $2)";
    session.ask(query!(sql, TABLES, session.space)).await?;
    session
        .run("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, made TIMESTAMPTZ NOT NULL DEFAULT now())")
        .await?;
    let done = version(session).await?;
    if done > STEPS.len() {
        return refuse(format!(
            "the database is of a later version of tolmach (its tables are of step {done}, this version knows {}); use that version",
            STEPS.len()
        ));
    }
    for (place, step) in STEPS.iter().enumerate().skip(done) {
        let number = place + 1;
        session.run(step).await?;
        session
            .run(&format!(
                "INSERT INTO migrations (version) VALUES ({number})"
            ))
            .await?;
    }
    session.run("COMMIT").await
}

/// How many steps were made.
async fn version(session: &mut Session) -> Sql<usize> {
    let found = session
        .ask(query!("SELECT max(version) FROM migrations"))
        .await?;
    let version: Option<i32> = first::<Option<i32>>(&found)?.flatten();
    Ok(usize::try_from(version.unwrap_or_default()).unwrap_or_default())
}

fn refuse(why: String) -> Sql<()> {
    Err(RowsError(why.into()))
}
