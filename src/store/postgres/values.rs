//! How the model's values lie in columns.

use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::model::{
    FileInfo, GuestBan, Membership, Message, MessageId, MessageKind, NodeId, Role, Room, RoomId,
    RoomKind, Seq, Timestamp, TokenId, TokenInfo, TokenKind, User, UserId, UserKind, UserRef,
};
use crate::store::logged::Logged;
use crate::store::{RoomRow, RowsError, TokenRow, UserRow};

type Fault = Box<dyn StdError + Sync + Send>;

/// What reading or writing rows gives.
pub(super) type Sql<T> = Result<T, RowsError>;

/// As a store says it: no conversion of its own, by which the client's errors would be part of what others build on.
pub(super) fn failed(error: tokio_postgres::Error) -> RowsError {
    RowsError(Box::new(error))
}

/// A row by its columns.
pub(super) trait Columns {
    /// What stands in a column, by its place in the statement.
    fn value<'a, T: FromSql<'a>>(&'a self, column: usize) -> Sql<T>;
}

impl Columns for Row {
    fn value<'a, T: FromSql<'a>>(&'a self, column: usize) -> Sql<T> {
        self.try_get(column).map_err(failed)
    }
}

macro_rules! number {
    ($($name:ident: $inner:ty),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
                self.0.to_sql(ty, out)
            }

            fn accepts(ty: &Type) -> bool {
                <$inner as ToSql>::accepts(ty)
            }

            to_sql_checked!();
        }

        impl<'a> FromSql<'a> for $name {
            fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
                <$inner>::from_sql(ty, raw).map(Self)
            }

            fn accepts(ty: &Type) -> bool {
                <$inner as FromSql<'_>>::accepts(ty)
            }
        }
    )*};
}

number!(UserId: i32, RoomId: i32, TokenId: i32, MessageId: i64, Seq: i64, Timestamp: i64);

/// A node's number is below 2^63.
impl ToSql for NodeId {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        self.0.cast_signed().to_sql(ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        <i64 as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for NodeId {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        i64::from_sql(ty, raw).map(|id| Self(id.cast_unsigned()))
    }

    fn accepts(ty: &Type) -> bool {
        <i64 as FromSql<'_>>::accepts(ty)
    }
}

macro_rules! word {
    ($name:ident { $($variant:ident = $word:literal),* }) => {
        impl ToSql for $name {
            fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
                match self { $(Self::$variant => $word),* }.to_sql(ty, out)
            }

            fn accepts(ty: &Type) -> bool {
                <&str as ToSql>::accepts(ty)
            }

            to_sql_checked!();
        }

        impl<'a> FromSql<'a> for $name {
            fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
                match <&str>::from_sql(ty, raw)? {
                    $($word => Ok(Self::$variant),)*
                    other => Err(format!("{}: {other:?}", stringify!($name)).into()),
                }
            }

            fn accepts(ty: &Type) -> bool {
                <&str as FromSql<'_>>::accepts(ty)
            }
        }
    };
}

word!(UserKind { Account = "account", Guest = "guest" });
word!(TokenKind { Session = "session", Api = "api" });
word!(RoomKind { Public = "public", Private = "private", Direct = "direct" });
word!(Role { Owner = "owner", Admin = "admin", Moderator = "moderator", Member = "member", Banned = "banned" });
word!(MessageKind { Text = "text", Emote = "emote", Sticker = "sticker", File = "file" });

/// A text as PostgreSQL takes it: it has no place for NUL, which no clean text has.
pub(super) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A value as JSON.
pub(super) fn json(value: &impl Serialize) -> Sql<String> {
    serde_json::to_string(value).map_err(|error| RowsError(error.into()))
}

/// A value from the JSON in a column.
pub(super) fn from_json<T: DeserializeOwned>(row: &Row, column: usize) -> Sql<T> {
    let text: &str = row.value(column)?;
    serde_json::from_str(text).map_err(|error| RowsError(error.into()))
}

/// A time between in its column, in milliseconds.
pub(super) fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// The same back from its column.
fn time(millis: i64) -> Duration {
    Duration::from_millis(millis.try_into().unwrap_or_default())
}

/// A number of entries as a LIMIT.
pub(super) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What one column of every row says.
pub(super) fn column<T: for<'a> FromSql<'a>>(rows: &[Row]) -> Sql<Vec<T>> {
    rows.iter().map(|row| row.value(0)).collect()
}

/// What the first column of the first row says, if there is one.
pub(super) fn first<T: for<'a> FromSql<'a>>(rows: &[Row]) -> Sql<Option<T>> {
    rows.first().map(|row| row.value(0)).transpose()
}

/// Reads every row by the same function.
pub(super) fn every<T>(rows: &[Row], decode: impl Fn(&Row) -> Sql<T>) -> Sql<Vec<T>> {
    rows.iter().map(decode).collect()
}

/// Reads the first row, if there is one.
pub(super) fn at_most_one<T>(rows: &[Row], decode: impl Fn(&Row) -> Sql<T>) -> Sql<Option<T>> {
    rows.first().map(decode).transpose()
}

/// A number that is never negative.
pub(super) fn count(rows: &[Row]) -> Sql<u64> {
    let count: Option<i64> = first(rows)?;
    Ok(u64::try_from(count.unwrap_or_default()).unwrap_or_default())
}

pub(super) const USER: &str = "u.id, u.login, u.folded, u.name, u.description, u.kind, u.disabled, u.created, u.password, u.address, u.erasing, u.last_login, u.node, u.operator";

pub(super) fn user(row: &Row) -> Sql<Arc<UserRow>> {
    let user = User {
        id: row.value(0)?,
        login: row.value(1)?,
        name: row.value(3)?,
        description: row.value(4)?,
        kind: row.value(5)?,
        disabled: row.value(6)?,
        operator: row.value(13)?,
        created: row.value(7)?,
    };
    let address: Option<&str> = row.value(9)?;
    let address = address.map(str::parse::<IpAddr>).transpose();
    Ok(Arc::new(UserRow {
        address: address.map_err(|error| RowsError(error.into()))?,
        erasing: row.value(10)?,
        last_login: row.value(11)?,
        node: row.value(12)?,
        ..UserRow::new(user, row.value(2)?, row.value(8)?)
    }))
}

pub(super) const TOKEN: &str = "id, \"user\", hash, kind, created, used, address";

pub(super) fn token(row: &Row) -> Sql<TokenRow> {
    let info = TokenInfo {
        id: row.value(0)?,
        user: row.value(1)?,
        kind: row.value(3)?,
        created: row.value(4)?,
        used: row.value(5)?,
        address: row.value(6)?,
    };
    let hash: &[u8] = row.value(2)?;
    let hash = hash.try_into();
    Ok(TokenRow {
        info,
        hash: hash.map_err(|_| RowsError("a token's hash has not 32 bytes".into()))?,
    })
}

pub(super) const ROOM: &str = "r.id, r.name, r.title, r.description, r.kind, r.password, r.owner, r.low, r.high, \
    r.created, r.updated, r.seq, r.cleared, r.last_message, r.quiet, r.slow, r.keep, r.pruned";
/// How many columns [`ROOM`] has.
pub(super) const ROOM_COLUMNS: usize = 18;

pub(super) fn room(row: &Row) -> Sql<Arc<RoomRow>> {
    let low: Option<UserId> = row.value(7)?;
    let room = Room {
        id: row.value(0)?,
        name: row.value(1)?,
        title: row.value(2)?,
        description: row.value(3)?,
        kind: row.value(4)?,
        protected: false,
        owner: row.value(6)?,
        pair: low.zip(row.value(8)?),
        created: row.value(9)?,
        updated: row.value(10)?,
        seq: row.value(11)?,
        cleared: row.value(12)?,
        last_message: row.value(13)?,
        quiet: row.value(14)?,
        slow: time(row.value(15)?),
        keep: row.value::<Option<i64>>(16)?.map(time),
        pruned: row.value(17)?,
    };
    Ok(Arc::new(RoomRow::new(room, row.value(5)?)))
}

pub(super) const MEMBER: &str = "m.room, m.\"user\", m.role, m.joined, m.seen, m.since, m.waiting";
/// How many columns [`MEMBER`] has.
pub(super) const MEMBER_COLUMNS: usize = 7;

pub(super) fn member(row: &Row) -> Sql<Membership> {
    member_from(row, 0)
}

/// A membership whose columns begin there.
pub(super) fn member_from(row: &Row, first: usize) -> Sql<Membership> {
    Ok(Membership {
        room: row.value(first)?,
        user: row.value(first + 1)?,
        role: row.value(first + 2)?,
        joined: row.value(first + 3)?,
        seen: row.value(first + 4)?,
        since: row.value(first + 5)?,
        waiting: u64::try_from(row.value::<i64>(first + 6)?).unwrap_or_default(),
    })
}

/// A message with its sender's names, from [`MESSAGES`].
pub(super) const MESSAGE: &str = "m.id, m.room, m.seq, m.sender, m.kind, m.text, m.reply_to, m.created, m.updated, m.deleted, m.file, m.extra, \
    s.login, s.name";
/// Where [`MESSAGE`] is read from.
pub(super) const MESSAGES: &str = "messages m LEFT JOIN users s ON s.id = m.sender";

/// Whether a message of [`MESSAGES`] is there for anybody: not so in a room that was removed.
pub(super) const IN_A_ROOM: &str = "EXISTS (SELECT 1 FROM rooms WHERE id = m.room)";

/// The message in a row of [`MESSAGE`]. Who has no row is the gateway.
pub(super) fn message(row: &Row, gateway: &Arc<UserRef>) -> Sql<Message> {
    let sender = match row.value::<Option<String>>(12)? {
        Some(login) => Arc::new(UserRef {
            id: row.value(3)?,
            login,
            name: row.value(13)?,
        }),
        None => gateway.clone(),
    };
    let file: Option<&str> = row.value(10)?;
    let file: Option<FileInfo> = file
        .map(serde_json::from_str)
        .transpose()
        .map_err(|error| RowsError(error.into()))?;
    Ok(Message {
        id: row.value(0)?,
        room: row.value(1)?,
        seq: row.value(2)?,
        sender,
        kind: row.value(4)?,
        text: row.value(5)?,
        reply_to: row.value(6)?,
        quote: None,
        created: row.value(7)?,
        updated: row.value(8)?,
        deleted: row.value(9)?,
        file,
        extra: row.value(11)?,
    })
}

pub(super) fn logged(row: &Row) -> Sql<(Seq, Logged)> {
    Ok((row.value(0)?, from_json(row, 1)?))
}

pub(super) const GUEST_BAN: &str = "room, \"user\", login, folded, network, created";

/// As a ban's network lies in its column: empty where there is none.
pub(super) fn network(ban: &GuestBan) -> String {
    let network = ban.network.map(|network| network.to_string());
    network.unwrap_or_default()
}

pub(super) fn guest_ban(row: &Row) -> Sql<GuestBan> {
    let network: &str = row.value(4)?;
    let network = (!network.is_empty()).then(|| network.parse()).transpose();
    Ok(GuestBan {
        room: row.value(0)?,
        user: row.value(1)?,
        login: row.value(2)?,
        folded: row.value(3)?,
        network: network.map_err(|error: &'static str| RowsError(error.into()))?,
        created: row.value(5)?,
    })
}
