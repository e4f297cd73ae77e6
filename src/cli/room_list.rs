//! `tolmach room list` and `tolmach room members`.

use std::collections::HashMap;

use crate::commands;
use crate::model::{Membership, Role, Room, RoomKind, UserId, UserRef};
use serde::Serialize;

use super::about::About;
use super::failure::Outcome;
use super::operator::Operator;
use super::output::Output;
use super::room_name::RoomName;
use super::table::Row;
use super::time::Time;

/// Lists all rooms but direct ones.
pub(super) async fn rooms(to: &mut Operator, out: &mut Output, json: bool) -> Outcome<()> {
    let rooms = to.ask(About::NOTHING, commands::Rooms).await?;
    let users = to.ask(About::NOTHING, commands::Users).await?;
    let logins = users
        .iter()
        .map(|user| (user.id, user.login.as_str()))
        .collect();
    out.list(
        &rooms
            .iter()
            .map(|room| RoomRow::new(room, &logins))
            .collect::<Vec<_>>(),
        json,
    )
}

/// Lists a room's members and who is banned from it.
pub(super) async fn members(
    to: &mut Operator,
    out: &mut Output,
    name: &RoomName,
    json: bool,
) -> Outcome<()> {
    let command = commands::Members {
        room: name.selector(),
    };
    let members = to.ask(About::room(name), command).await?;
    out.list(
        &members.iter().map(MemberRow::new).collect::<Vec<_>>(),
        json,
    )
}

#[derive(Serialize)]
struct RoomRow<'a> {
    id: i32,
    room: &'a str,
    title: &'a str,
    description: &'a str,
    kind: RoomKind,
    protected: bool,
    owner: Option<&'a str>,
    created: Time,
    updated: Time,
}

impl<'a> RoomRow<'a> {
    fn new(room: &'a Room, logins: &HashMap<UserId, &'a str>) -> Self {
        Self {
            id: room.id.0,
            room: &room.name,
            title: &room.title,
            description: &room.description,
            kind: room.kind,
            protected: room.protected,
            owner: room.owner.and_then(|owner| logins.get(&owner).copied()),
            created: Time(room.created),
            updated: Time(room.updated),
        }
    }
}

impl Row for RoomRow<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "room",
        "title",
        "kind",
        "protected",
        "owner",
        "created",
    ];

    fn cells(&self) -> Vec<String> {
        let kind = match self.kind {
            RoomKind::Public => "public",
            RoomKind::Private => "private",
            RoomKind::Direct => "direct",
        };
        let protected = if self.protected { "yes" } else { "no" };
        let texts = [
            self.room,
            self.title,
            kind,
            protected,
            self.owner.unwrap_or_default(),
        ]
        .map(str::to_owned);
        [self.id.to_string()]
            .into_iter()
            .chain(texts)
            .chain([self.created.to_string()])
            .collect()
    }
}

#[derive(Serialize)]
struct MemberRow<'a> {
    id: i32,
    user: &'a str,
    name: &'a str,
    role: Role,
    joined: Time,
}

impl<'a> MemberRow<'a> {
    fn new((membership, user): &'a (Membership, std::sync::Arc<UserRef>)) -> Self {
        Self {
            id: user.id.0,
            user: &user.login,
            name: &user.name,
            role: membership.role,
            joined: Time(membership.joined),
        }
    }
}

impl Row for MemberRow<'_> {
    const COLUMNS: &'static [&'static str] = &["id", "user", "role", "joined"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.user.to_owned(),
            self.role.as_str().to_owned(),
            self.joined.to_string(),
        ]
    }
}
