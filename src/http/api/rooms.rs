//! Rooms.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::super::authentication::Asker;
use super::document::{Api, Operation, Who};
use super::input::{At, Json, Parameters};
use super::page::Page;
use super::{Answer, Done, Made, answer, done, made};
use crate::commands::{
    ChangeRoom, CreateRoom, DeleteRoom, Direct, FindRoom, FindUser, Keep, MemberCounts, MyRooms,
    Rooms, SearchRooms,
};
use crate::model::{
    self, Error, Result, RoomId, RoomKind, RoomSelector, Secret, UserId, UserSelector, fold_login,
    fold_text, validate_room_name,
};
use crate::shown::time::Time;

/// A room as whoever asks sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct Room {
    /// Its number, the same in every dialect.
    id: i32,
    /// Unique without regard to case; of a direct room `@a,b`.
    name: String,
    /// Free text; of a direct room the other's login.
    title: String,
    /// Free text; it may have several lines.
    description: String,
    /// `public`, `private` or `direct`.
    #[schema(value_type = AnyKind)]
    kind: RoomKind,
    /// A newcomer must give its password.
    protected: bool,
    /// How many members it has.
    members: u64,
    /// When it was made.
    created: Time,
}

/// Who can find and enter a room.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "it describes the model's own to the schema")]
enum AnyKind {
    Public,
    Private,
    Direct,
}

/// Who can find and enter a room that is made.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Public,
    Private,
}

/// A room that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRoom {
    /// At most 25 characters, without white space and `#`.
    #[schema(min_length = 1, max_length = 25)]
    name: String,
    /// At most 100 characters; else the name.
    #[serde(default)]
    title: Option<String>,
    /// Free text; it may have several lines.
    #[serde(default)]
    description: Option<String>,
    /// `public` where nothing is said.
    #[serde(default)]
    kind: Option<Kind>,
    /// What newcomers must give.
    #[serde(default)]
    password: Option<String>,
}

/// What is to be another of a room; what is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedRoom {
    /// The name of the room from now on.
    #[schema(min_length = 1, max_length = 25)]
    #[serde(default)]
    name: Option<String>,
    /// The title of the room from now on.
    #[schema(min_length = 1, max_length = 100)]
    #[serde(default)]
    title: Option<String>,
    /// The description of the room from now on.
    #[serde(default)]
    description: Option<String>,
    /// Whether everybody finds it.
    #[serde(default)]
    kind: Option<Kind>,
    /// Another password; empty: none.
    #[serde(default)]
    password: Option<String>,
    /// The login of another owner; made a member if need be.
    #[serde(default)]
    owner: Option<String>,
    /// Whether only moderators and above speak.
    #[serde(default)]
    quiet: Option<bool>,
    /// How long each member waits between two messages, as `10s`; `0s`: not at all.
    #[serde(default)]
    slow: Option<String>,
    /// For how long messages are kept, as `90d`; `forever`, or `default`: as the configuration says. For operators.
    #[serde(default)]
    keep: Option<String>,
}

pub(super) fn requests(api: Api) -> Api {
    let list = Operation::new(
        Who::Account,
        "Public rooms and one's own, for operators all, in the order of their numbers",
    )
    .query(
        "prefix",
        json!({"type": "string"}),
        "Only those whose name or title begins so.",
    )
    .paged(
        json!({"type": "integer"}),
        "The last id of the page before.",
    )
    .lists::<Room>();
    let make = Operation::new(Who::Account, "Make a room, and own it")
        .takes::<NewRoom>()
        .replies::<Room>(StatusCode::CREATED)
        .errors([409, 429]);
    let show = Operation::new(Who::Account, "A room that one may know of")
        .replies::<Room>(StatusCode::OK)
        .errors([404]);
    let change = Operation::new(Who::Account, "Change a room")
        .takes::<ChangedRoom>()
        .replies::<Room>(StatusCode::OK)
        .errors([404, 409, 429]);
    let remove = Operation::new(Who::Account, "End a room and all that was said in it")
        .done()
        .errors([404]);
    api.serve(Method::GET, "/rooms", list_rooms, list)
        .serve(Method::POST, "/rooms", make_room, make)
        .serve(Method::GET, "/rooms/{name}", show_room, show)
        .serve(Method::PATCH, "/rooms/{name}", change_room, change)
        .serve(Method::DELETE, "/rooms/{name}", remove_room, remove)
}

/// Which room a path names: by its name, `@a,b` for the direct room of two, or `#` and its number. A private room is not there
/// for who is no member of it, whatever it is asked for.
pub(super) async fn selector(asker: &mut Asker, name: &str) -> Result<RoomSelector> {
    let Some((a, b)) = pair(name) else {
        let room = named_so(name);
        // What an operator does is logged by the name that it gave.
        if asker.user.operator {
            return Ok(room);
        }
        return Ok(RoomSelector::Id(asker.call(FindRoom { room }).await?.id));
    };
    match other(asker, a, b) {
        Some(user) => {
            let create = false;
            match asker.call(Direct { user, create }).await {
                Ok(room) => Ok(RoomSelector::Id(room.id)),
                Err(Error::NoSuchUser) => Err(Error::NoSuchRoom),
                Err(error) => Err(error),
            }
        }
        None if asker.user.operator => {
            let room = RoomSelector::Direct(a.to_owned(), b.to_owned());
            match asker.operate(FindRoom { room }).await {
                Ok(room) => Ok(RoomSelector::Id(room.id)),
                Err(Error::NoSuchUser) => Err(Error::NoSuchRoom),
                Err(error) => Err(error),
            }
        }
        None => Err(Error::NoSuchRoom),
    }
}

/// Which room a name says that is no direct one's. No name has a `#`.
fn named_so(name: &str) -> RoomSelector {
    let number = name
        .strip_prefix('#')
        .and_then(|number| number.parse().ok());
    match number {
        Some(number) => RoomSelector::Id(RoomId(number)),
        None => RoomSelector::name(name),
    }
}

/// As [`selector`], for who comes in: the name of a private room lets one in.
pub(super) async fn entrance(asker: &mut Asker, name: &str) -> Result<RoomSelector> {
    match pair(name) {
        Some(_) => selector(asker, name).await,
        None => Ok(named_so(name)),
    }
}

fn pair(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix('@')?.split_once(',')
}

/// With whom a name says that one's own direct room is.
pub(super) fn direct_with(asker: &Asker, name: &str) -> Option<UserSelector> {
    let (a, b) = pair(name)?;
    other(asker, a, b)
}

fn other(asker: &Asker, a: &str, b: &str) -> Option<UserSelector> {
    let own = fold_login(&asker.user.login).ok()?;
    let is_own = |login: &str| fold_login(login).is_ok_and(|folded| folded == own);
    match (is_own(a), is_own(b)) {
        (true, _) => Some(UserSelector::login(b)),
        (false, true) => Some(UserSelector::login(a)),
        (false, false) => None,
    }
}

/// What rooms are called, and their titles: of direct ones by the logins of the two.
pub(super) async fn named(asker: &mut Asker, room: &model::Room) -> Result<(String, String)> {
    let Some((a, b)) = room.pair else {
        return Ok((room.name.clone(), room.title.clone()));
    };
    let (a, b) = (login(asker, a).await?, login(asker, b).await?);
    let name = format!("@{a},{b}");
    let title = match (asker.user.login == a, asker.user.login == b) {
        (true, _) => b,
        (false, true) => a,
        (false, false) => name.clone(),
    };
    Ok((name, title))
}

async fn login(asker: &mut Asker, user: UserId) -> Result<String> {
    let user = UserSelector::Id(user);
    Ok(asker.call(FindUser { user }).await?.login.clone())
}

/// Rooms as who asks sees them.
pub(super) async fn shown(asker: &mut Asker, rooms: Vec<Arc<model::Room>>) -> Result<Vec<Room>> {
    let ids = rooms.iter().map(|room| room.id).collect();
    let counts = asker.read(MemberCounts { rooms: ids }).await?;
    let counts: HashMap<RoomId, u64> = counts.into_iter().collect();
    let mut shown = Vec::with_capacity(rooms.len());
    for room in rooms {
        let (name, title) = named(asker, &room).await?;
        shown.push(Room {
            id: room.id.0,
            name,
            title,
            description: room.description.clone(),
            kind: room.kind,
            protected: room.protected,
            members: counts.get(&room.id).copied().unwrap_or_default(),
            created: Time(room.created),
        });
    }
    Ok(shown)
}

async fn one(asker: &mut Asker, room: Arc<model::Room>) -> Result<Room> {
    shown(asker, vec![room]).await?.pop().ok_or(Error::Internal)
}

async fn list_rooms(mut asker: Asker, mut parameters: Parameters) -> Answer<Vec<Room>> {
    let prefix = parameters.text("prefix")?.unwrap_or_default();
    let after = parameters.number("after")?.map(RoomId);
    let page = Page::new(after, &mut parameters)?;
    let mut rooms = match asker.user.operator {
        true => asker.operate(Rooms).await?,
        false => {
            asker
                .call(SearchRooms {
                    prefix: prefix.clone(),
                })
                .await?
        }
    };
    rooms.extend(asker.call(MyRooms).await?);
    rooms.sort_by_key(|room| room.id);
    rooms.dedup_by_key(|room| room.id);
    let prefix = fold_text(&prefix);
    let begins = |text: &str| fold_text(text).starts_with(&prefix);
    let mut wanted = Vec::new();
    for room in page.behind(rooms.into_iter().map(|room| (room.id, room))) {
        if wanted.len() == page.limit {
            break;
        }
        let is_wanted = prefix.is_empty() || {
            let (name, title) = named(&mut asker, &room).await?;
            begins(&name) || begins(&title)
        };
        if is_wanted {
            wanted.push(room);
        }
    }
    answer(shown(&mut asker, wanted).await?)
}

async fn make_room(mut asker: Asker, Json(new): Json<NewRoom>) -> Made<Room> {
    validate_room_name("name", &new.name)?;
    let create = CreateRoom {
        name: new.name,
        title: new.title.unwrap_or_default(),
        description: new.description.unwrap_or_default(),
        kind: match new.kind {
            None | Some(Kind::Public) => RoomKind::Public,
            Some(Kind::Private) => RoomKind::Private,
        },
        password: new.password.map(Secret::Password),
    };
    let entered = asker.call(create).await?;
    made(one(&mut asker, entered.room).await?)
}

/// A room that who asks may know of.
pub(super) async fn found(asker: &mut Asker, name: &str) -> Result<Arc<model::Room>> {
    let room = selector(asker, name).await?;
    asker.read(FindRoom { room }).await
}

async fn show_room(mut asker: Asker, At(name): At<String>) -> Answer<Room> {
    let room = found(&mut asker, &name).await?;
    answer(one(&mut asker, room).await?)
}

async fn change_room(
    mut asker: Asker,
    At(name): At<String>,
    Json(changed): Json<ChangedRoom>,
) -> Answer<Room> {
    let room = selector(&mut asker, &name).await?;
    let change = ChangeRoom {
        room,
        name: changed.name,
        title: changed.title,
        description: changed.description,
        private: changed.kind.map(|kind| kind == Kind::Private),
        password: changed.password.map(Secret::Password),
        quiet: changed.quiet,
        slow: match changed.slow {
            Some(slow) => Some(lasting("slow", &slow)?),
            None => None,
        },
        keep: changed.keep.as_deref().map(kept).transpose()?,
        owner: changed.owner.map(UserSelector::login),
    };
    if change.keep.is_some() {
        asker.must_operate()?;
    }
    let room = asker.change(change).await?;
    answer(one(&mut asker, room).await?)
}

fn lasting(field: &str, text: &str) -> Result<Duration> {
    let wrong = |_| Error::invalid(field, "write a number and its unit, as 10s, 12h or 90d");
    humantime::parse_duration(text).map_err(wrong)
}

fn kept(text: &str) -> Result<Keep> {
    match text {
        "default" => Ok(Keep::AsConfigured),
        "forever" => Ok(Keep::For(Duration::ZERO)),
        time => lasting("keep", time).map(Keep::For),
    }
}

async fn remove_room(mut asker: Asker, At(name): At<String>) -> Done {
    let room = selector(&mut asker, &name).await?;
    asker.change(DeleteRoom { room }).await?;
    done()
}
