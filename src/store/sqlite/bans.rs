//! Who is kept out.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::values::{Sql, all, parsed, run, unlike};
use crate::model::{BanSubject, GatewayBan, GuestBan, RoomId};

pub(super) const GUEST_BAN: &str = "room, user, login, folded, network, created";

/// The bans of guests from a room, or from all, in the order of room and name.
pub(super) fn guest_bans(conn: &Connection, room: Option<RoomId>) -> Sql<Vec<GuestBan>> {
    match room {
        Some(room) => {
            let sql = format!("SELECT {GUEST_BAN} FROM guest_bans WHERE room = ?1 ORDER BY folded");
            all(conn, &sql, [room], guest_ban)
        }
        None => {
            let sql = format!("SELECT {GUEST_BAN} FROM guest_bans ORDER BY room, folded");
            all(conn, &sql, [], guest_ban)
        }
    }
}

pub(super) fn put_guest_ban(conn: &Connection, ban: &GuestBan) -> Sql<()> {
    let sql =
        format!("INSERT OR REPLACE INTO guest_bans ({GUEST_BAN}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    let values = params![
        ban.room,
        ban.user,
        ban.login,
        ban.folded,
        network(ban),
        ban.created
    ];
    run(conn, &sql, values).map(drop)
}

pub(super) fn remove_guest_ban(conn: &Connection, ban: &GuestBan) -> Sql<()> {
    let sql = "DELETE FROM guest_bans WHERE room = ?1 AND folded = ?2 AND network = ?3";
    run(conn, sql, params![ban.room, ban.folded, network(ban)]).map(drop)
}

/// As it lies in its column: empty where there is none.
fn network(ban: &GuestBan) -> String {
    let network = ban.network.map(|network| network.to_string());
    network.unwrap_or_default()
}

pub(super) fn guest_ban(row: &Row<'_>) -> Sql<GuestBan> {
    let network: String = row.get(4)?;
    Ok(GuestBan {
        room: row.get(0)?,
        user: row.get(1)?,
        login: row.get(2)?,
        folded: row.get(3)?,
        network: match network.is_empty() {
            true => None,
            false => Some(parsed(&network)?),
        },
        created: row.get(5)?,
    })
}

/// The bans from the whole gateway, in the order of their subjects.
pub(super) fn gateway_bans(conn: &Connection) -> Sql<Vec<GatewayBan>> {
    let mut bans: Vec<GatewayBan> = all(conn, "SELECT ban FROM bans", [], gateway_ban)?;
    bans.sort_by(|one, other| one.subject.cmp(&other.subject));
    Ok(bans)
}

pub(super) fn gateway_ban(row: &Row<'_>) -> Sql<GatewayBan> {
    let read = serde_json::from_str(row.get_ref(0)?.as_str()?);
    read.map_err(|error| unlike(0, error))
}

pub(super) fn put_gateway_ban(conn: &Connection, ban: &GatewayBan) -> Sql<()> {
    let sql = "INSERT OR REPLACE INTO bans (subject, ban) VALUES (?1, ?2)";
    run(conn, sql, params![json(&ban.subject)?, json(ban)?]).map(drop)
}

pub(super) fn remove_gateway_ban(conn: &Connection, subject: &BanSubject) -> Sql<()> {
    let sql = "DELETE FROM bans WHERE subject = ?1";
    run(conn, sql, [json(subject)?]).map(drop)
}

fn json(value: &impl Serialize) -> Sql<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}
