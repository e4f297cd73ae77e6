//! What is done with a database while no gateway need run: looking, copying all of it to a file, filling it from one.

use std::thread;

#[cfg(feature = "sqlite")]
use std::path::Path;

use tokio::runtime::{Builder, Runtime};

use super::session::{Connector, Session, explain};
use super::values::Sql;
use super::{PostgresError, PostgresStore, PostgresUrl, tables};
#[cfg(feature = "sqlite")]
use {
    super::locks::Neighbours,
    super::session::query,
    super::values::first,
    super::{overlay, values},
    crate::model::{FileInfo, MessageKind},
    crate::store::{DatabaseBuilder, DatabaseCopy, OpenError, Row, RowsError, SEQUENCE},
    futures_util::{TryStreamExt, pin_mut},
    serde_json::Value,
};

/// The rows of each table, with the columns that the same table has in a file.
#[cfg(feature = "sqlite")]
const TABLES: [(&str, &str); 12] = [
    (
        "users",
        "SELECT id, login, folded, name, description, kind, disabled::int, created, password, spoke::int, address, erasing::int, \
            last_login, operator::int FROM users ORDER BY id",
    ),
    (
        "contacts",
        "SELECT \"user\", contact FROM contacts ORDER BY 1, 2",
    ),
    (
        "tokens",
        "SELECT id, \"user\", encode(hash, 'hex') AS hash, kind, created, used, address FROM tokens ORDER BY id",
    ),
    (
        "rooms",
        "SELECT id, name, folded, title, folded_title, description, kind, password, owner, low, high, created, updated, seq, cleared, \
            last_message, messages, quiet::int, slow, keep, pruned FROM rooms ORDER BY id",
    ),
    (
        "members",
        "SELECT room, \"user\", role, joined, seen, since, waiting FROM members ORDER BY 1, 2",
    ),
    (
        "messages",
        "SELECT id, room, seq, sender, kind, text, reply_to, created, updated, deleted::int, file, extra, number \
            FROM messages ORDER BY id",
    ),
    (
        "hidden",
        "SELECT \"user\", room, message FROM hidden ORDER BY 1, 2, 3",
    ),
    (
        "changes",
        "SELECT room, seq, change FROM changes ORDER BY 1, 2",
    ),
    ("falls", "SELECT room, seq, last FROM falls ORDER BY 1, 2"),
    (
        "guest_bans",
        "SELECT room, folded, network, \"user\", login, created FROM guest_bans ORDER BY 1, 2, 3",
    ),
    ("bans", "SELECT subject, ban FROM bans ORDER BY 1"),
    ("removed_rooms", "SELECT id FROM removed_rooms ORDER BY 1"),
];
/// The last numbers that were given, but for messages.
#[cfg(feature = "sqlite")]
const NUMBERS: &str = "SELECT name, value AS seq FROM counters WHERE name IN ('users', 'rooms', 'tokens') AND value > 0";
/// And that of messages.
#[cfg(feature = "sqlite")]
const LAST_MESSAGE: &str = "SELECT 'message' AS name, greatest(value, (SELECT max(id) FROM messages)) AS value \
    FROM counters WHERE name = 'messages'";
/// How many rows are put in at once.
#[cfg(feature = "sqlite")]
const CHUNK: usize = 1_000;

impl PostgresStore {
    /// Whether a database has been used by this program. Nothing is made or locked, and it is tried once. Blocks the thread.
    ///
    /// # Errors
    /// It cannot be reached, or no gateway of this version could use it.
    pub fn is_there(url: &PostgresUrl) -> Result<bool, PostgresError> {
        on_a_thread(url, |runtime, connector| {
            runtime.block_on(async { tables::look(&mut connector.connect().await?).await })
        })
    }

    /// Writes all rows, as they are at one moment, to the empty file at `path`, as a database that [`DatabaseCopy::open`] takes.
    /// Gateways may serve meanwhile. Blocks the thread.
    ///
    /// # Errors
    /// The database cannot be read, or the file written.
    #[cfg(feature = "sqlite")]
    pub fn copy(url: &PostgresUrl, path: &Path) -> Result<(), PostgresError> {
        on_a_thread(url, |runtime, connector| {
            let mut file =
                DatabaseBuilder::begin(path, DatabaseCopy::newest_version()).map_err(other)?;
            runtime.block_on(async {
                let mut session = patient(connector.connect().await?).await?;
                session
                    .run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?;
                for (table, sql) in TABLES {
                    copy_table(&mut session, table, sql, &mut file).await?;
                }
                copy_table(&mut session, SEQUENCE, NUMBERS, &mut file).await?;
                copy_table(&mut session, "counters", LAST_MESSAGE, &mut file).await
            })?;
            file.finish().map_err(other)
        })
    }

    /// Puts all rows of a file, a database as [`PostgresStore::copy`] makes one, into a database in which nobody is and nothing was said, with no room but of these names. Nothing of it
    /// is left where that fails. Blocks the thread.
    ///
    /// # Errors
    /// The database cannot be reached or is in use, or there is more in it; the file cannot be read.
    #[cfg(feature = "sqlite")]
    pub fn fill(url: &PostgresUrl, rooms: &[String], from: &Path) -> Result<(), PostgresError> {
        on_a_thread(url, |runtime, connector| {
            let mut session = runtime.block_on(async {
                let mut session = patient(Neighbours::None.join(&connector).await?).await?;
                tables::bring_up_to_date(&mut session).await?;
                session.run("BEGIN").await?;
                let sql = "SELECT EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM messages) \
                    OR EXISTS (SELECT 1 FROM rooms WHERE name <> ALL($1))";
                let used = session.ask(query!(sql, rooms.to_vec())).await?;
                if first(&used)? == Some(true) {
                    return Err(RowsError(
                        "there is something in this database already; name an empty one".into(),
                    ));
                }
                session
                    .run("TRUNCATE rooms, removed_rooms, members, changes, news")
                    .await?;
                Ok(session)
            })?;
            let from = DatabaseCopy::open(from).map_err(other)?;
            let mut waiting: (String, Vec<Value>) = Default::default();
            from.each_row(None, |table, row| {
                if waiting.0 != table || waiting.1.len() >= CHUNK {
                    let full = std::mem::replace(&mut waiting, (table.to_owned(), Vec::new()));
                    runtime.block_on(put(&mut session, full))?;
                }
                waiting.1.extend(prepared(table, row)?);
                Ok::<(), Unfilled>(())
            })
            .map_err(|error| error.0)?;
            runtime.block_on(async {
                put(&mut session, waiting).await.map_err(|error| error.0)?;
                session
                    .run(
                        "SELECT setval('message_ids', greatest(1, value, (SELECT max(id) FROM messages))) \
                            FROM counters WHERE name = 'messages'; COMMIT; ANALYZE",
                    )
                    .await
            })
        })
    }
}

/// Why a row was not put in.
#[cfg(feature = "sqlite")]
struct Unfilled(RowsError);

#[cfg(feature = "sqlite")]
impl From<RowsError> for Unfilled {
    fn from(error: RowsError) -> Self {
        Self(error)
    }
}

#[cfg(feature = "sqlite")]
impl From<OpenError> for Unfilled {
    fn from(error: OpenError) -> Self {
        Self(other(error))
    }
}

#[cfg(feature = "sqlite")]
fn other(error: impl std::error::Error + Send + Sync + 'static) -> RowsError {
    RowsError(Box::new(error))
}

/// Has the server free what is gone in every table that may have held what was erased. Others write meanwhile.
pub(super) fn wipe(url: &PostgresUrl) -> Result<(), PostgresError> {
    on_a_thread(url, |runtime, connector| {
        runtime.block_on(async {
            let session = patient(connector.connect().await?).await?;
            let tables = "users, contacts, tokens, rooms, members, messages, searches, hidden, changes, guest_bans, bans, \
                news";
            session.run(&format!("VACUUM {tables}")).await
        })
    })
}

/// Connects and works on a thread that may wait.
fn on_a_thread<T: Send>(
    url: &PostgresUrl,
    work: impl FnOnce(&Runtime, Connector) -> Sql<T> + Send,
) -> Result<T, PostgresError> {
    let done = thread::scope(|scope| {
        let working = scope.spawn(|| {
            let connector = Connector::new(url)?;
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| error.to_string())?;
            work(&runtime, connector).map_err(|error| explain(&error))
        });
        let done = working.join();
        done.unwrap_or_else(|_| Err("it panicked".to_owned()))
    });
    done.map_err(|why| PostgresError {
        at: url.to_string(),
        why,
    })
}

/// A connection for statements that take long.
async fn patient(session: Session) -> Sql<Session> {
    let patience = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";
    session.run(patience).await?;
    Ok(session)
}

#[cfg(feature = "sqlite")]
async fn copy_table(
    session: &mut Session,
    table: &str,
    sql: &str,
    file: &mut DatabaseBuilder,
) -> Sql<()> {
    let rows = session
        .stream(&format!("SELECT row_to_json(t)::text FROM ({sql}) AS t"))
        .await?;
    pin_mut!(rows);
    while let Some(row) = rows.try_next().await.map_err(values::failed)? {
        let row: Row = values::from_json(&row, 0)?;
        file.insert(table, &row).map_err(other)?;
    }
    Ok(())
}

/// A file's row as the database takes it.
#[cfg(feature = "sqlite")]
fn prepared(table: &str, mut row: Row) -> Sql<Option<Value>> {
    for value in row.values_mut() {
        if let Value::String(told) = value {
            *told = values::text(told);
        }
    }
    let text = |row: &Row, name: &str| {
        row.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    match table {
        "tokens" => {
            let hash = format!("\\x{}", text(&row, "hash"));
            row.insert("hash".to_owned(), hash.into());
        }
        "messages" => {
            let kind = row.get("kind").cloned().unwrap_or_default();
            let kind: MessageKind = serde_json::from_value(kind).map_err(other)?;
            let file = row.get("file").and_then(Value::as_str);
            let file: Option<FileInfo> =
                file.map(serde_json::from_str).transpose().map_err(other)?;
            let searched = overlay::searched(kind, &text(&row, "text"), file.as_ref());
            row.insert("searched".to_owned(), searched.into());
        }
        "counters" => {
            if text(&row, "name") != "message" {
                return Ok(None);
            }
            row.insert("name".to_owned(), "messages".into());
        }
        SEQUENCE => {
            let last = row.remove("seq").unwrap_or_default();
            row.insert("value".to_owned(), last);
        }
        _ => {}
    }
    Ok(Some(Value::Object(row)))
}

#[cfg(feature = "sqlite")]
async fn put(session: &mut Session, (table, rows): (String, Vec<Value>)) -> Result<(), Unfilled> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = values::json(&rows)?;
    let sql = match table.as_str() {
        "counters" | SEQUENCE => {
            "UPDATE counters c SET value = n.value \
                FROM json_populate_recordset(NULL::counters, $1::text::json) AS n WHERE n.name = c.name"
                .to_owned()
        }
        table => format!(
            "INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, $1::text::json)"
        ),
    };
    session.ask(query!(sql, rows)).await?;
    Ok(())
}
