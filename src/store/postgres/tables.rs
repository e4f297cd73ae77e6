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

/// Whether a database has been used by this program. Nothing is changed.
///
/// # Errors
/// No gateway of this version could use it: the server or the database is not fit, of a later version or somebody else's, or the
/// role may not do there what a gateway does.
pub(super) async fn look(session: &mut Session) -> Sql<bool> {
    check_server(session).await?;
    let done = match is_there(session).await? {
        true => {
            check_rights(session).await?;
            Some(known_version(session).await?)
        }
        false => None,
    };
    if done != Some(STEPS.len()) {
        check_may_make(session).await?;
    }
    if done.is_none() {
        check_nothing_in_the_way(session).await?;
    }
    Ok(done.is_some())
}

/// Refuses a server that is too old, and a database in which not every text can be kept.
async fn check_server(session: &mut Session) -> Sql<()> {
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
    Ok(())
}

async fn is_there(session: &mut Session) -> Sql<bool> {
    let sql = "SELECT to_regclass('migrations') IS NOT NULL";
    let there = session.ask(query!(sql)).await?;
    Ok(first(&there)?.unwrap_or_default())
}

/// What the steps make, by the word for it in SQL.
fn made(kind: &str) -> Vec<String> {
    let lines = STEPS.iter().flat_map(|step| step.lines());
    let made = lines.filter_map(|line| line.strip_prefix("CREATE ")?.strip_prefix(kind));
    let named = made.filter_map(|rest| rest.split_whitespace().next());
    named.map(str::to_owned).collect()
}

/// Refuses a role that may not read and write tables that are there.
async fn check_rights(session: &mut Session) -> Sql<()> {
    let sql = "SELECT current_user::text, string_agg(relname, ', ' ORDER BY relname) FROM pg_class \
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname = ANY($1) \
        AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') \
            AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')) HAVING count(*) > 0";
    let told = session.ask(query!(sql, made("TABLE"))).await?;
    let Some(row) = told.first() else {
        return Ok(());
    };
    let (role, tables): (String, String) = (row.value(0)?, row.value(1)?);
    refuse(format!(
        "the role {role} may not read and write {tables}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES, or connect as the role that made them"
    ))
}

/// Refuses a role that may make no tables.
async fn check_may_make(session: &mut Session) -> Sql<()> {
    let sql = "SELECT current_user::text, current_schema()::text \
        WHERE NOT has_schema_privilege(current_schema(), 'CREATE')";
    let told = session.ask(query!(sql)).await?;
    let Some(row) = told.first() else {
        return Ok(());
    };
    let (role, schema): (String, String) = (row.value(0)?, row.value(1)?);
    refuse(format!(
        "the role {role} may make no tables in the schema {schema}; GRANT CREATE ON SCHEMA {schema} TO {role}"
    ))
}

/// Refuses a schema in which somebody else has what the tables are called.
async fn check_nothing_in_the_way(session: &mut Session) -> Sql<()> {
    let sql = "SELECT current_schema()::text, string_agg(relname, ', ' ORDER BY relname) FROM pg_class \
        WHERE relnamespace = current_schema()::regnamespace AND relname = ANY($1) HAVING count(*) > 0";
    let names = [made("TABLE"), made("SEQUENCE")].concat();
    let told = session.ask(query!(sql, names)).await?;
    let Some(row) = told.first() else {
        return Ok(());
    };
    let (schema, names): (String, String) = (row.value(0)?, row.value(1)?);
    refuse(format!(
        "something else in the schema {schema} is called as tables of a gateway are ({names}); name an empty database, or a schema of its own (?options=-c%20search_path%3DNAME)"
    ))
}

/// Gives a database the tables that this version has. Several nodes may do so at once.
///
/// # Errors
/// It is one that cannot be used, or one of a later version.
pub(super) async fn bring_up_to_date(session: &mut Session) -> Sql<()> {
    check_server(session).await?;
    if is_there(session).await? && version(session).await? == STEPS.len() {
        return Ok(());
    }
    session.run("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0").await?;
    let sql = "SELECT pg_advisory_xact_lock($1, $2)";
    session.ask(query!(sql, TABLES, session.space)).await?;
    session
        .run("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, made TIMESTAMPTZ NOT NULL DEFAULT now())")
        .await?;
    let done = known_version(session).await?;
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

/// The same.
///
/// # Errors
/// They were made by a later version.
async fn known_version(session: &mut Session) -> Sql<usize> {
    let done = version(session).await?;
    if done > STEPS.len() {
        refuse(format!(
            "the database is of a later version of tolmach (its tables are of step {done}, this version knows {}); use that version",
            STEPS.len()
        ))?;
    }
    Ok(done)
}

fn refuse(why: String) -> Sql<()> {
    Err(RowsError(why.into()))
}
