//! A database that is made of rows which come from elsewhere.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSql, Value as Stored};
use rusqlite::{Connection, OpenFlags, params_from_iter};
use rusqlite_migration::Migrations;
use serde_json::Value;

use super::OpenError;
use super::open::{ROOMS_RENAMED, STEPS, bring_forward, connection};
use super::values::{Sql, all};
use crate::store::{Row, SEQUENCE};

/// A database that is being made; of no use before [`DatabaseBuilder::finish`].
#[derive(Debug)]
pub struct DatabaseBuilder {
    path: PathBuf,
    conn: Connection,
    /// The columns of each table, and whether each holds bytes.
    tables: HashMap<String, HashMap<String, bool>>,
}

/// Why a row was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// There is no such table.
    #[error("there is no table {0:?}")]
    Table(String),
    /// The table has no such column.
    #[error("{table} has no column {column:?}")]
    Column {
        /// The table that was named.
        table: String,
        /// The column it does not have.
        column: String,
    },
    /// A column does not hold such a value.
    #[error("{column:?} does not hold {value}")]
    Value {
        /// The column that was to hold it.
        column: String,
        /// What it should have held.
        value: String,
    },
    /// The row contradicts another, or lacks something.
    #[error("{0}")]
    Refused(String),
}

impl DatabaseBuilder {
    /// Begins an empty database of this version in the empty file at `path`.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::Newer`] where this program knows no such version.
    pub fn begin(path: &Path, version: usize) -> Result<Self, OpenError> {
        let failed = |error| OpenError::sqlite(path, error);
        if version > STEPS.len() {
            return Err(OpenError::Newer {
                path: path.to_owned(),
                found: version,
                known: STEPS.len(),
            });
        }
        let mut conn = connection(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
        // It is of no use before it is synced as a whole.
        conn.pragma_update_and_check(None, "journal_mode", "off", |_| Ok(()))
            .map_err(failed)?;
        conn.pragma_update(None, "synchronous", "off")
            .map_err(failed)?;
        let migrated = Migrations::from_slice(&STEPS).to_version(&mut conn, version);
        migrated.map_err(|source| OpenError::Migration {
            path: path.to_owned(),
            known: version,
            source: Box::new(source),
        })?;
        let tables = tables(&conn).map_err(failed)?;
        conn.execute_batch("BEGIN").map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            conn,
            tables,
        })
    }

    /// Whether rooms of a database of this version get the names that hold now when it is brought forward.
    #[must_use]
    pub fn renames_rooms(version: usize) -> bool {
        version < ROOMS_RENAMED
    }

    /// Adds a row, as [`DatabaseCopy::each_row`](super::DatabaseCopy::each_row) gave it.
    ///
    /// # Errors
    /// [`RowError`].
    pub fn insert(&mut self, table: &str, row: &Row) -> Result<(), RowError> {
        let Some(columns) = self.tables.get(table) else {
            return Err(RowError::Table(table.to_owned()));
        };
        let mut values = Vec::with_capacity(row.len());
        let mut names = String::new();
        for (column, value) in row {
            let Some(holds_bytes) = columns.get(column) else {
                return Err(RowError::Column {
                    table: table.to_owned(),
                    column: column.clone(),
                });
            };
            let stored = stored(value, *holds_bytes).ok_or_else(|| RowError::Value {
                column: column.clone(),
                value: value.to_string().chars().take(40).collect(),
            })?;
            values.push(stored);
            if !names.is_empty() {
                names.push_str(", ");
            }
            names.push_str(column);
        }
        let places = vec!["?"; values.len()].join(", ");
        // What every database has from the beginning gives way.
        let or = if ["counters", SEQUENCE].contains(&table) {
            "OR REPLACE "
        } else {
            ""
        };
        let name = if table == SEQUENCE {
            "sqlite_sequence"
        } else {
            table
        };
        if table == SEQUENCE {
            let which = row.get("name").and_then(Value::as_str).unwrap_or_default();
            self.conn
                .prepare_cached("DELETE FROM sqlite_sequence WHERE name = ?1")
                .and_then(|mut statement| statement.execute([which]))
                .map_err(|error| RowError::Refused(error.to_string()))?;
        }
        let sql = format!("INSERT {or}INTO {name} ({names}) VALUES ({places})");
        self.conn
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.execute(params_from_iter(values)))
            .map_err(|error| RowError::Refused(error.to_string()))?;
        Ok(())
    }

    /// Adds a row of this version, every column of it.
    pub(in crate::store) fn put(&self, table: &str, row: &[(&str, &dyn ToSql)]) -> Sql<()> {
        let wanted = self.tables.get(table).map_or(0, HashMap::len);
        if row.len() != wanted {
            return Err(rusqlite::Error::InvalidParameterCount(row.len(), wanted));
        }
        let names: Vec<&str> = row.iter().map(|(name, _)| *name).collect();
        let (names, places) = (names.join(", "), vec!["?"; row.len()].join(", "));
        let sql = format!("INSERT INTO {table} ({names}) VALUES ({places})");
        let values = params_from_iter(row.iter().map(|(_, value)| value));
        self.conn.prepare_cached(&sql)?.execute(values).map(drop)
    }

    /// All rows are there: the database is brought to this program's version.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn finish(mut self) -> Result<(), OpenError> {
        let path = &self.path;
        let failed = |error| OpenError::sqlite(path, error);
        self.conn.execute_batch("COMMIT").map_err(failed)?;
        bring_forward(&mut self.conn, path)?;
        self.conn.close().map_err(|(_, error)| failed(error))
    }
}

fn tables(conn: &Connection) -> Sql<HashMap<String, HashMap<String, bool>>> {
    let sql = "SELECT t.name, c.name, c.type = 'BLOB' FROM sqlite_schema t, pragma_table_info(t.name) c \
        WHERE t.type = 'table'";
    let columns: Vec<(String, String, bool)> = all(conn, sql, [], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    let mut tables: HashMap<String, HashMap<String, bool>> = HashMap::new();
    for (table, column, holds_bytes) in columns {
        let table = if table == "sqlite_sequence" {
            SEQUENCE.to_owned()
        } else {
            table
        };
        tables.entry(table).or_default().insert(column, holds_bytes);
    }
    Ok(tables)
}

fn stored(value: &Value, holds_bytes: bool) -> Option<Stored> {
    match value {
        Value::Null => Some(Stored::Null),
        Value::Number(number) => number.as_i64().map(Stored::Integer),
        Value::String(text) if holds_bytes => bytes(text).map(Stored::Blob),
        Value::String(text) => Some(Stored::Text(text.clone())),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What hexadecimal digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let pair = str::from_utf8(pair).ok().filter(|pair| {
            pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit())
        })?;
        u8::from_str_radix(pair, 16).ok()
    };
    pairs.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::super::copy::DatabaseCopy;
    use super::super::open::{make, writing};
    use super::*;

    type Rows = Vec<(String, Row)>;

    fn rows(path: &Path) -> Rows {
        let mut rows = Rows::new();
        let to = path.with_extension("copy");
        let file = std::fs::File::create(&to).unwrap();
        let copy = DatabaseCopy::make(path, &to, &file, |_, _| Ok(())).unwrap();
        copy.each_row::<OpenError>(None, |table, row| {
            rows.push((table.to_owned(), row));
            Ok(())
        })
        .unwrap();
        rows
    }

    /// A database in which every column of every table has a value.
    fn filled(path: &Path) {
        make(path).unwrap();
        let conn = writing(path).unwrap();
        let sql = "SELECT t.name, c.name, c.type FROM sqlite_schema t, pragma_table_info(t.name) c \
            WHERE t.type = 'table' AND t.name <> 'sqlite_sequence'";
        let columns: Vec<(String, String, String)> = all(&conn, sql, [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
        let mut tables: Vec<&String> = columns.iter().map(|(table, ..)| table).collect();
        tables.dedup();
        for table in tables {
            for number in 1..4 {
                let of_it = columns.iter().filter(|(of, ..)| of == table);
                let (names, values): (Vec<&str>, Vec<String>) = of_it
                    .enumerate()
                    .map(|(place, (_, name, kind))| {
                        let value = match kind.as_str() {
                            "INTEGER" => format!("{}", 100 * number + place),
                            "BLOB" => format!("x'00ff{number:02x}'"),
                            "TEXT" => format!("'{name} {number} й'"),
                            other => panic!("{table}.{name} is {other}"),
                        };
                        (name.as_str(), value)
                    })
                    .unzip();
                let (names, values) = (names.join(", "), values.join(", "));
                conn.execute_batch(&format!("INSERT INTO {table} ({names}) VALUES ({values})"))
                    .unwrap();
            }
        }
    }

    /// "Covers every kind of row": a table or a column that is not carried over fails here.
    #[test]
    fn every_column_of_every_table_is_carried_over() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from.db"), dir.path().join("to.db"));
        filled(&from);
        let before = rows(&from);
        for table in ["users", "messages", "counters", SEQUENCE] {
            assert!(before.iter().any(|(of, _)| of == table), "{table}");
        }
        std::fs::write(&to, "").unwrap();
        let mut builder = DatabaseBuilder::begin(&to, DatabaseCopy::newest_version()).unwrap();
        for (table, row) in &before {
            builder.insert(table, row).unwrap();
        }
        builder.finish().unwrap();
        assert_eq!(rows(&to), before);
    }

    #[test]
    fn what_cannot_be_a_row_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new.db");
        std::fs::write(&path, "").unwrap();
        let mut builder = DatabaseBuilder::begin(&path, 1).unwrap();
        let mut said = |table: &str, row: &str| {
            let row: Row = serde_json::from_str(row).unwrap();
            builder.insert(table, &row).unwrap_err().to_string()
        };
        assert_eq!(said("dogs", "{}"), "there is no table \"dogs\"");
        assert_eq!(
            said("sqlite_schema", r#"{"name":"x"}"#),
            "there is no table \"sqlite_schema\""
        );
        // A column of a later version.
        assert_eq!(
            said("users", r#"{"address":"x"}"#),
            "users has no column \"address\""
        );
        assert_eq!(said("users", r#"{"id":1.5}"#), "\"id\" does not hold 1.5");
        assert_eq!(
            said("tokens", r#"{"hash":"0g"}"#),
            "\"hash\" does not hold \"0g\""
        );
        assert!(said("users", r#"{"id":1}"#).contains("NOT NULL"));
        assert!(matches!(
            DatabaseBuilder::begin(&path, 1000),
            Err(OpenError::Newer { .. })
        ));
    }
}
