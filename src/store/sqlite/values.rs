//! How the model's values lie in columns.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

use crate::model::{
    FileInfo, Membership, Message, MessageId, MessageKind, Role, Room, RoomId, RoomKind, Seq,
    Timestamp, TokenId, TokenInfo, TokenKind, User, UserId, UserKind, UserRef,
};
use crate::store::{RoomRow, RowsError, TokenRow, UserRow};

pub(super) type Sql<T> = rusqlite::Result<T>;

/// As a store says it: no conversion of its own, by which SQLite's errors would be part of what others build on.
pub(super) fn failed(error: rusqlite::Error) -> RowsError {
    RowsError(Box::new(error))
}

macro_rules! number {
    ($($name:ident),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> Sql<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                FromSql::column_result(value).map(Self)
            }
        }
    )*};
}

number!(UserId, RoomId, TokenId, MessageId, Seq, Timestamp);

macro_rules! word {
    ($name:ident { $($variant:ident = $word:literal),* }) => {
        impl ToSql for $name {
            fn to_sql(&self) -> Sql<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(match self { $(Self::$variant => $word),* }))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_str()? {
                    $($word => Ok(Self::$variant),)*
                    other => Err(FromSqlError::Other(format!("{}: {other:?}", stringify!($name)).into())),
                }
            }
        }
    };
}

word!(UserKind { Account = "account", Guest = "guest" });
word!(TokenKind { Session = "session", Api = "api" });
word!(RoomKind { Public = "public", Private = "private", Direct = "direct" });
word!(Role { Owner = "owner", Admin = "admin", Moderator = "moderator", Member = "member", Banned = "banned" });
word!(MessageKind { Text = "text", Emote = "emote", Sticker = "sticker", File = "file" });

impl ToSql for FileInfo {
    fn to_sql(&self) -> Sql<ToSqlOutput<'_>> {
        let json = serde_json::to_string(self)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(ToSqlOutput::from(json))
    }
}

impl FromSql for FileInfo {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map_err(|error| FromSqlError::Other(error.into()))
    }
}

/// A time between in its column, in milliseconds.
pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// The same back from its column.
fn time(millis: i64) -> Duration {
    Duration::from_millis(millis.try_into().unwrap_or_default())
}

/// The first row, if there is one.
pub(super) fn one<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    decode: impl FnOnce(&Row<'_>) -> Sql<T>,
) -> Sql<Option<T>> {
    conn.prepare_cached(sql)?
        .query_row(params, decode)
        .optional()
}

/// Every row that a statement gives, read by `decode`.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    decode: impl FnMut(&Row<'_>) -> Sql<T>,
) -> Sql<Vec<T>> {
    conn.prepare_cached(sql)?
        .query_map(params, decode)?
        .collect()
}

/// Changes rows; how many.
pub(super) fn run(conn: &Connection, sql: &str, params: impl Params) -> Sql<usize> {
    let mut statement: CachedStatement<'_> = conn.prepare_cached(sql)?;
    statement.execute(params)
}

/// What a `SELECT count(*)` says.
pub(super) fn count(conn: &Connection, sql: &str, params: impl Params) -> Sql<u64> {
    let count: i64 = conn
        .prepare_cached(sql)?
        .query_row(params, |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

pub(super) const USER: &str = "id, login, folded, name, description, kind, disabled, created, password, address, erasing, last_login, operator";

pub(super) fn user(row: &Row<'_>) -> Sql<Arc<UserRow>> {
    let user = User {
        id: row.get(0)?,
        login: row.get(1)?,
        name: row.get(3)?,
        description: row.get(4)?,
        kind: row.get(5)?,
        disabled: row.get(6)?,
        operator: row.get(12)?,
        created: row.get(7)?,
    };
    let address: Option<String> = row.get(9)?;
    Ok(Arc::new(UserRow {
        address: address.as_deref().map(parsed::<IpAddr>).transpose()?,
        erasing: row.get(10)?,
        last_login: row.get(11)?,
        ..UserRow::new(user, row.get(2)?, row.get(8)?)
    }))
}

/// What a text in a column stands for.
pub(super) fn parsed<T>(text: &str) -> Sql<T>
where
    T: FromStr<Err: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    text.parse().map_err(|error: T::Err| unlike(0, error))
}

/// Why the text in a column stands for nothing.
pub(super) fn unlike(
    column: usize,
    why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}

pub(super) const TOKEN: &str = "id, user, hash, kind, created, used, address";

pub(super) fn token(row: &Row<'_>) -> Sql<TokenRow> {
    let info = TokenInfo {
        id: row.get(0)?,
        user: row.get(1)?,
        kind: row.get(3)?,
        created: row.get(4)?,
        used: row.get(5)?,
        address: row.get(6)?,
    };
    Ok(TokenRow {
        info,
        hash: row.get(2)?,
    })
}

pub(super) const ROOM: &str = "r.id, r.name, r.title, r.description, r.kind, r.password, r.owner, r.low, r.high, \
    r.created, r.updated, r.seq, r.cleared, r.last_message, r.quiet, r.slow, r.keep, r.pruned";
/// How many columns [`ROOM`] has.
pub(super) const ROOM_COLUMNS: usize = 18;

pub(super) fn room(row: &Row<'_>) -> Sql<Arc<RoomRow>> {
    let low: Option<UserId> = row.get(7)?;
    let room = Room {
        id: row.get(0)?,
        name: row.get(1)?,
        title: row.get(2)?,
        description: row.get(3)?,
        kind: row.get(4)?,
        protected: false,
        owner: row.get(6)?,
        pair: low.zip(row.get(8)?),
        created: row.get(9)?,
        updated: row.get(10)?,
        seq: row.get(11)?,
        cleared: row.get(12)?,
        last_message: row.get(13)?,
        quiet: row.get(14)?,
        slow: time(row.get(15)?),
        keep: row.get::<_, Option<i64>>(16)?.map(time),
        pruned: row.get(17)?,
    };
    Ok(Arc::new(RoomRow::new(room, row.get(5)?)))
}

pub(super) const MEMBER: &str = "m.room, m.user, m.role, m.joined, m.seen, m.since, m.waiting";

pub(super) fn member(row: &Row<'_>) -> Sql<Membership> {
    member_from(row, 0)
}

/// A membership whose columns begin there.
pub(super) fn member_from(row: &Row<'_>, first: usize) -> Sql<Membership> {
    Ok(Membership {
        room: row.get(first)?,
        user: row.get(first + 1)?,
        role: row.get(first + 2)?,
        joined: row.get(first + 3)?,
        seen: row.get(first + 4)?,
        since: row.get(first + 5)?,
        waiting: u64::try_from(row.get::<_, i64>(first + 6)?).unwrap_or_default(),
    })
}

pub(super) const MESSAGE: &str = "m.id, m.room, m.seq, m.sender, m.kind, m.text, m.reply_to, m.created, m.updated, m.deleted, m.file, m.extra";

/// Whether a message is there for anybody: not so in a room that was removed.
pub(super) const IN_A_ROOM: &str = "EXISTS (SELECT 1 FROM rooms WHERE id = m.room)";

/// The places of some columns among [`MESSAGE`].
pub(super) const SEQ: usize = 2;
pub(super) const SENDER: usize = 3;
pub(super) const KIND: usize = 4;
pub(super) const TEXT: usize = 5;
pub(super) const DELETED: usize = 9;
pub(super) const FILE: usize = 10;

pub(super) fn message(row: &Row<'_>, sender: Arc<UserRef>) -> Sql<Message> {
    Ok(Message {
        id: row.get(0)?,
        room: row.get(1)?,
        seq: row.get(SEQ)?,
        sender,
        kind: row.get(KIND)?,
        text: row.get(TEXT)?,
        reply_to: row.get(6)?,
        quote: None,
        created: row.get(7)?,
        updated: row.get(8)?,
        deleted: row.get(DELETED)?,
        file: row.get(FILE)?,
        extra: row.get(11)?,
    })
}
