//! `tolmach room list` and `tolmach room members`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::commands;
use crate::model::{GuestBan, Membership, Network, Role, Room, Timestamp, UserId, UserRef};
use crate::settings::Show;

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
    Column::json("quiet", |(_, room)| Value::of(room.quiet)),
    Column::json("slow", |(_, room)| {
        Value::of(humantime::format_duration(room.slow).to_string())
    }),
    // null: as the configuration says.
    Column::json("keep", |(_, room)| Value::of(room.keep.map(lasting))),
    Column::both("owner", |(owner, _)| Value::of(owner)),
    Column::both("created", |(_, room)| Time(room.created).into()),
    Column::json("updated", |(_, room)| Time(room.updated).into()),
];

/// A time as a configuration writes it: `90d`.
fn lasting(time: Duration) -> String {
    time.show().unwrap_or_default().replace('"', "")
}

/// Somebody in a room, or kept out of it.
struct Member {
    user: Arc<UserRef>,
    role: Role,
    since: Timestamp,
    network: Option<Network>,
}

impl From<(Membership, Arc<UserRef>)> for Member {
    fn from((membership, user): (Membership, Arc<UserRef>)) -> Self {
        Self {
            user,
            role: membership.role,
            since: membership.joined,
            network: None,
        }
    }
}

impl From<GuestBan> for Member {
    fn from(ban: GuestBan) -> Self {
        Self {
            user: Arc::new(UserRef {
                id: ban.user,
                name: ban.login.clone(),
                login: ban.login,
            }),
            role: Role::Banned,
            since: ban.created,
            network: ban.network,
        }
    }
}

const MEMBERS: &[Column<Member>] = &[
    Column::both("id", |member| Value::of(member.user.id.0)),
    Column::both("user", |member| Value::of(&member.user.login)),
    Column::json("name", |member| Value::of(&member.user.name)),
    Column::both("role", |member| Value::of(member.role)),
    Column::both("joined", |member| Time(member.since).into()),
    Column::both("network", |member| Value::of(member.network)),
];

/// Lists all rooms but direct ones.
pub(super) async fn rooms(to: &mut Operator, out: &mut Output, json: bool) -> Outcome<()> {
    let rooms = to.ask(About::NOTHING, commands::Rooms).await?;
    let users = to.ask(About::NOTHING, commands::Users).await?;
    let logins: HashMap<UserId, &str> = users
        .iter()
        .map(|account| (account.user.id, account.user.login.as_str()))
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
    let (about, room) = (About::room(name), || name.selector());
    let members = to.ask(about, commands::Members { room: room() }).await?;
    let bans = to.ask(about, commands::GuestBans { room: room() }).await?;
    let members = members.into_iter().map(Member::from);
    let rows: Vec<Member> = members.chain(bans.into_iter().map(Member::from)).collect();
    out.list(MEMBERS, &rows, json)
}
