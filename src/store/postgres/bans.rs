//! Who is kept out.

use tokio_postgres::Row;

use super::backend::PostgresBackend;
use super::session::{Query, query};
use super::values::{self, GUEST_BAN, Sql, every, from_json, json, network, text};
use crate::model::{BanSubject, GatewayBan, GuestBan, RoomId};

pub(super) fn guest_bans(db: &mut PostgresBackend, room: Option<RoomId>) -> Sql<Vec<GuestBan>> {
    if db.rows.guest_bans.is_none() {
        let sql = format!("SELECT {GUEST_BAN} FROM guest_bans ORDER BY room, folded");
        let bans = every(&db.fetch(query!(sql))?, values::guest_ban)?;
        db.rows.guest_bans = Some(bans);
    }
    let mut bans = db.rows.guest_bans.clone().unwrap_or_default();
    bans.retain(|ban| room.is_none_or(|room| room == ban.room));
    Ok(bans)
}

pub(super) fn put_guest_ban(db: &mut PostgresBackend, ban: GuestBan) -> Sql<()> {
    db.rows.guest_bans = None;
    let sql = format!(
        "INSERT INTO guest_bans ({GUEST_BAN}) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (room, folded, network) \
            DO UPDATE SET \"user\" = excluded.\"user\", login = excluded.login, created = excluded.created"
    );
    let network = network(&ban);
    let (login, folded) = (text(&ban.login), text(&ban.folded));
    let query = query!(sql, ban.room, ban.user, login, folded, network, ban.created);
    db.rows.write(query);
    Ok(())
}

pub(super) fn remove_guest_ban(db: &mut PostgresBackend, ban: &GuestBan) -> Sql<()> {
    db.rows.guest_bans = None;
    let sql = "DELETE FROM guest_bans WHERE room = $1 AND folded = $2 AND network = $3";
    db.rows
        .write(query!(sql, ban.room, text(&ban.folded), network(ban)));
    Ok(())
}

pub(super) fn gateway_bans(db: &mut PostgresBackend) -> Sql<Vec<GatewayBan>> {
    if db.rows.gateway_bans.is_none() {
        let found = db.fetch(all_of_gateway())?;
        db.rows.gateway_bans = Some(of_gateway(&found)?);
    }
    Ok(db.rows.gateway_bans.clone().unwrap_or_default())
}

/// Asks for all bans from the whole gateway.
pub(super) fn all_of_gateway() -> Query {
    query!("SELECT ban FROM bans")
}

/// What that is answered with, in the order of their subjects.
pub(super) fn of_gateway(rows: &[Row]) -> Sql<Vec<GatewayBan>> {
    let mut bans: Vec<GatewayBan> = every(rows, |row| from_json(row, 0))?;
    bans.sort_by(|one, other| one.subject.cmp(&other.subject));
    Ok(bans)
}

pub(super) fn put_gateway_ban(db: &mut PostgresBackend, ban: GatewayBan) -> Sql<()> {
    db.rows.gateway_bans = None;
    let sql = "INSERT INTO bans (subject, ban) VALUES ($1, $2) ON CONFLICT (subject) DO UPDATE SET ban = excluded.ban";
    let query = query!(sql, json(&ban.subject)?, json(&ban)?);
    db.rows.write(query);
    Ok(())
}

pub(super) fn remove_gateway_ban(db: &mut PostgresBackend, subject: &BanSubject) -> Sql<()> {
    db.rows.gateway_bans = None;
    let query = query!("DELETE FROM bans WHERE subject = $1", json(subject)?);
    db.rows.write(query);
    Ok(())
}
