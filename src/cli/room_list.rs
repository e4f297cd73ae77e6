//! `tolmach room list` and `tolmach room members`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::commands;
use crate::model::{Membership, Room, UserId, UserRef};

use super::about::About;
use super::failure::Outcome;
use super::operator::Operator;
use super::output::Output;
use super::room_name::RoomName;
use super::table::{Column, Value};
use super::time::Time;

/// Rooms, with their owners' logins.
const ROOMS: &[Column<(Option<String>, Arc<Room>)>] = &[
    Column::both("id", |(_, room)| Value::of(room.id.0)),
    Column::both("room", |(_, room)| Value::of(&room.name)),
    Column::both("title", |(_, room)| Value::of(&room.title)),
    Column::json("description", |(_, room)| Value::of(&room.description)),
    Column::both("kind", |(_, room)| Value::of(room.kind)),
    Column::both("protected", |(_, room)| Value::of(room.protected)),
    Column::both("owner", |(owner, _)| Value::of(owner)),
    Column::both("created", |(_, room)| Time(room.created).into()),
    Column::json("updated", |(_, room)| Time(room.updated).into()),
];

const MEMBERS: &[Column<(Membership, Arc<UserRef>)>] = &[
    Column::both("id", |(_, user)| Value::of(user.id.0)),
    Column::both("user", |(_, user)| Value::of(&user.login)),
    Column::json("name", |(_, user)| Value::of(&user.name)),
    Column::both("role", |(membership, _)| Value::of(membership.role)),
    Column::both("joined", |(membership, _)| Time(membership.joined).into()),
];

/// Lists all rooms but direct ones.
pub(super) async fn rooms(to: &mut Operator, out: &mut Output, json: bool) -> Outcome<()> {
    let rooms = to.ask(About::NOTHING, commands::Rooms).await?;
    let users = to.ask(About::NOTHING, commands::Users).await?;
    let logins: HashMap<UserId, &str> = users
        .iter()
        .map(|user| (user.id, user.login.as_str()))
        .collect();
    let login = |owner| logins.get(&owner).copied().map(str::to_owned);
    let rows: Vec<_> = rooms
        .into_iter()
        .map(|room| (room.owner.and_then(login), room))
        .collect();
    out.list(ROOMS, &rows, json)
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
    out.list(MEMBERS, &members, json)
}
