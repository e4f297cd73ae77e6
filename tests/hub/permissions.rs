//! Each command about a room, as every role may or may not give it, in public, private and direct rooms; a refused one
//! leaves nothing.

use std::sync::Arc;

use tolmach::commands::{self, AnyCommand};
use tolmach::model::{
    Error, HistoryQuery, MessageId, Result, Role, Room, RoomKind, SearchQuery, Secret, Timestamp,
};

use crate::support::{Client, World, by_id, create_room, draft, enter, login, say};

/// Who asks, in the order of the tables' columns.
const CAST: [&str; 7] = [
    "owner",
    "admin",
    "moderator",
    "member",
    "banned",
    "outsider",
    "visitor",
];

/// What a command is about.
#[derive(Clone)]
struct Scene {
    room: Arc<Room>,
    /// A message of whoever asks.
    own: MessageId,
    /// A message of somebody else.
    other: MessageId,
    /// One of somebody else that is not there for who hid it.
    hidden: MessageId,
}

type Ask = fn(&Scene) -> AnyCommand;

/// What came of it, in one letter.
fn letter<T>(result: &Result<T>) -> char {
    match result {
        Ok(_) => 'y',
        Err(Error::NotAllowed(_)) => 'n',
        Err(Error::Banned) => 'b',
        Err(Error::NoSuchRoom) => '-',
        Err(Error::NoSuchMessage) => 'm',
        Err(Error::NoSuchUser) => 'u',
        Err(Error::Unauthenticated) => '0',
        Err(_) => '!',
    }
}

/// The commands; then what owner, admin, moderator, member, banned, outsider, guest and operator get in a public room, and
/// the outsider and the guest in a private one. The room is named by its id.
#[rustfmt::skip] // A table.
const TABLE: &[(&str, Ask, &str, &str)] = &[
    ("enter", |s| enter(by_id(s.room.id)).into(), "yyyybyy!", "--"),
    ("leave", |s| commands::Leave { room: by_id(s.room.id) }.into(), "yyyybnn0", "--"),
    ("send", |s| say(by_id(s.room.id), "hello").into(), "yyyybnny", "--"),
    ("edit own", |s| edit(s.own), "yyyymmmy", "mm"),
    ("edit other's", |s| edit(s.other), "nnnnmmmy", "mm"),
    ("delete own", |s| commands::Delete { message: s.own }.into(), "yyyymmmy", "mm"),
    ("delete other's", |s| commands::Delete { message: s.other }.into(), "yyynmmmy", "mm"),
    ("hide", |s| commands::Hide { message: s.hidden }.into(), "yyyymmm0", "mm"),
    ("clear history", |s| commands::ClearHistory { room: by_id(s.room.id) }.into(), "yynnbnny", "--"),
    ("history", |s| commands::History(HistoryQuery::page(by_id(s.room.id), None, 10)).into(), "yyyybnny", "--"),
    ("search", |s| search(&s.room), "yyyybnny", "--"),
    ("find message", |s| find(s.other, None), "yyyymmmy", "mm"),
    ("find message in", |s| find(s.other, Some(&s.room)), "yyyybnny", "--"),
    ("mark seen", |s| commands::MarkSeen { room: by_id(s.room.id), at: Timestamp(5) }.into(), "yyyybnn0", "--"),
    ("seen", |s| commands::Seen { room: by_id(s.room.id) }.into(), "yyyybnny", "--"),
    ("delete room", |s| commands::DeleteRoom { room: by_id(s.room.id) }.into(), "yynnbnny", "--"),
    ("rename", |s| commands::RenameRoom { room: by_id(s.room.id), name: "coffee".into() }.into(), "yynnbnny", "--"),
    ("title", |s| commands::SetTitle { room: by_id(s.room.id), title: "Coffee".into() }.into(), "yynnbnny", "--"),
    ("description", |s| describe(&s.room), "yynnbnny", "--"),
    ("password", |s| commands::ChangeRoom { password: Some(Secret::password("")), ..change(s) }.into(), "yynnbnny", "--"),
    ("private", |s| commands::ChangeRoom { private: Some(true), ..change(s) }.into(), "yynnbnny", "--"),
    ("quiet", |s| commands::ChangeRoom { quiet: Some(true), ..change(s) }.into(), "yynnbnny", "--"),
    ("slow", |s| commands::ChangeRoom { slow: Some(std::time::Duration::from_secs(9)), ..change(s) }.into(), "yynnbnny", "--"),
    ("find room", |s| commands::FindRoom { room: by_id(s.room.id) }.into(), "yyyyyyyy", "--"),
    ("members", |s| commands::Members { room: by_id(s.room.id) }.into(), "yyyybyyy", "--"),
    ("seen marks", |s| commands::SeenMarks { room: by_id(s.room.id) }.into(), "yyyybnny", "--"),
    ("who", |s| commands::Who { room: by_id(s.room.id) }.into(), "yyyybyyy", "--"),
    ("add", |s| commands::AddMember { room: by_id(s.room.id), user: login("newcomer") }.into(), "yynnbnny", "--"),
    ("remove", |s| commands::RemoveMember { room: by_id(s.room.id), user: login("subject") }.into(), "yynnbnny", "--"),
    ("ban", |s| commands::Ban { room: by_id(s.room.id), user: login("subject") }.into(), "yynnbnny", "--"),
    ("ban a stranger", |s| commands::Ban { room: by_id(s.room.id), user: login("newcomer") }.into(), "yynnbnny", "--"),
    ("unban", |s| commands::Unban { room: by_id(s.room.id), user: login("culprit") }.into(), "yynnbnny", "--"),
    ("unban nobody", |s| commands::Unban { room: by_id(s.room.id), user: login("subject") }.into(), "uunnbnnu", "--"),
    ("make admin", |s| role(&s.room, "subject", Role::Admin), "yynnbnny", "--"),
    ("make owner", |s| role(&s.room, "subject", Role::Owner), "ynnnbnny", "--"),
    ("make banned", |s| role(&s.room, "subject", Role::Banned), "!!nnbnn!", "--"),
    ("demote the owner", |s| role(&s.room, "owner", Role::Member), "nnnnbnny", "--"),
    ("remove the owner", |s| commands::RemoveMember { room: by_id(s.room.id), user: login("owner") }.into(), "nnnnbnny", "--"),
    ("ban the owner", |s| commands::Ban { room: by_id(s.room.id), user: login("owner") }.into(), "nnnnbnny", "--"),
];

fn change(scene: &Scene) -> commands::ChangeRoom {
    commands::ChangeRoom::of(by_id(scene.room.id))
}

fn edit(message: MessageId) -> AnyCommand {
    commands::Edit::text(message, "other words").into()
}

fn search(room: &Room) -> AnyCommand {
    commands::Search {
        room: by_id(room.id),
        query: SearchQuery::containing("words", 10),
    }
    .into()
}

fn find(message: MessageId, room: Option<&Room>) -> AnyCommand {
    commands::FindMessage {
        low_bits: message.low_bits(),
        room: room.map(|room| by_id(room.id)),
    }
    .into()
}

fn describe(room: &Room) -> AnyCommand {
    commands::SetDescription {
        room: by_id(room.id),
        description: "for those who like it strong".into(),
    }
    .into()
}

fn role(room: &Room, user: &str, role: Role) -> AnyCommand {
    commands::SetRole {
        room: by_id(room.id),
        user: login(user),
        role,
    }
    .into()
}

/// Everybody, connected; the last one is a guest.
async fn cast(world: &World) -> Vec<Client> {
    for login in ["subject", "culprit", "newcomer"] {
        drop(world.account(login).await);
    }
    let mut cast = Vec::new();
    for login in &CAST[..6] {
        cast.push(world.account(login).await);
    }
    cast.push(world.guest(CAST[6]).await);
    cast
}

/// A room in which everybody has said something and then got the place that the tables give them.
async fn scene(world: &World, cast: &mut [Client], who: usize, kind: RoomKind) -> Scene {
    let commands::Entered { room, .. } = world.op(create_room("tea", kind)).await;
    let here = || by_id(room.id);
    for user in CAST.iter().chain(&["subject", "culprit"]) {
        world
            .op(commands::AddMember {
                room: here(),
                user: login(user),
            })
            .await;
    }
    let own = match cast.get_mut(who) {
        Some(client) => client.say(here(), "own words").await.id,
        None => world.op(say(here(), "own words")).await.id,
    };
    let other = world.op(draft(here(), "other's words")).await.id;
    for (user, role) in [
        ("owner", Role::Owner),
        ("admin", Role::Admin),
        ("moderator", Role::Moderator),
    ] {
        world
            .op(commands::SetRole {
                room: here(),
                user: login(user),
                role,
            })
            .await;
    }
    for user in ["banned", "culprit"] {
        world
            .op(commands::Ban {
                room: here(),
                user: login(user),
            })
            .await;
    }
    for user in ["outsider", "visitor"] {
        world
            .op(commands::RemoveMember {
                room: here(),
                user: login(user),
            })
            .await;
    }
    Scene {
        room,
        own,
        other,
        hidden: other,
    }
}

/// Gives a command as this one of the cast (or, beyond it, the operator) in a room of its own, which ends afterwards.
async fn outcome(world: &World, cast: &mut [Client], who: usize, kind: RoomKind, ask: Ask) -> char {
    let scene = scene(world, cast, who, kind).await;
    let user = cast.get(who).map(Client::user);
    let before = world.snapshot(scene.room.id, user).await;
    cast.iter_mut().for_each(|client| drop(client.told()));
    let result = match cast.get_mut(who) {
        Some(client) => client.call(ask(&scene)).await,
        None => world.hub.operate(ask(&scene)).await,
    };
    if result.is_err() {
        assert_eq!(
            world.snapshot(scene.room.id, user).await,
            before,
            "a refused command left something"
        );
        for client in cast.iter_mut() {
            assert_eq!(
                client.heard(),
                [""; 0],
                "somebody heard of a refused command"
            );
        }
    }
    if world.store.room(scene.room.id).await.unwrap().is_some() {
        world.assert_gapless(scene.room.id).await;
        world
            .op(commands::DeleteRoom {
                room: by_id(scene.room.id),
            })
            .await;
    }
    letter(&result)
}

async fn row(
    world: &World,
    cast: &mut [Client],
    columns: &[usize],
    kind: RoomKind,
    ask: Ask,
) -> String {
    let mut row = String::new();
    for who in columns {
        row.push(outcome(world, cast, *who, kind, ask).await);
    }
    row
}

#[tokio::test]
async fn in_a_public_room() {
    let world = World::new().await;
    let mut cast = cast(&world).await;
    for (what, ask, expected, _) in TABLE {
        let row = row(
            &world,
            &mut cast,
            &[0, 1, 2, 3, 4, 5, 6, 7],
            RoomKind::Public,
            *ask,
        )
        .await;
        assert_eq!(&row, expected, "{what}");
    }
}

#[tokio::test]
async fn in_a_private_room() {
    let world = World::new().await;
    let mut cast = cast(&world).await;
    for (what, ask, members, strangers) in TABLE {
        let row = row(
            &world,
            &mut cast,
            &[0, 1, 2, 3, 4, 5, 6, 7],
            RoomKind::Private,
            *ask,
        )
        .await;
        let mut expected = format!("{}{strangers}{}", &members[..5], &members[7..]);
        // Who is banned from a private room may not know what has become of it.
        if *what == "find room" {
            expected.replace_range(4..5, "-");
        }
        assert_eq!(row, expected, "{what}");
    }
}

#[tokio::test]
async fn in_a_database() {
    let world = World::in_a_file().await;
    let mut cast = cast(&world).await;
    for (what, ask, expected, _) in TABLE {
        let row = row(&world, &mut cast, &[0, 4, 6, 7], RoomKind::Public, *ask).await;
        let expected: String = [0, 4, 6, 7]
            .iter()
            .filter_map(|place| expected.chars().nth(*place))
            .collect();
        assert_eq!(row, expected, "{what}");
    }
}

/// What one of its two members, another account, a guest and the operator get in a direct room.
#[rustfmt::skip] // A table.
const DIRECT: &[(&str, Ask, &str)] = &[
    ("enter", |s| enter(by_id(s.room.id)).into(), "y--!"),
    ("leave", |s| commands::Leave { room: by_id(s.room.id) }.into(), "n--0"),
    ("send", |s| say(by_id(s.room.id), "hello").into(), "y--y"),
    ("edit own", |s| edit(s.own), "ymmy"),
    ("edit other's", |s| edit(s.other), "nmmy"),
    ("hide", |s| commands::Hide { message: s.hidden }.into(), "ymm0"),
    ("delete other's", |s| commands::Delete { message: s.other }.into(), "nmmy"),
    ("delete own", |s| commands::Delete { message: s.own }.into(), "ymmm"),
    ("clear history", |s| commands::ClearHistory { room: by_id(s.room.id) }.into(), "n--y"),
    ("history", |s| commands::History(HistoryQuery::page(by_id(s.room.id), None, 10)).into(), "y--y"),
    ("search", |s| search(&s.room), "y--y"),
    ("mark seen", |s| commands::MarkSeen { room: by_id(s.room.id), at: Timestamp(5) }.into(), "y--0"),
    ("seen", |s| commands::Seen { room: by_id(s.room.id) }.into(), "y--y"),
    ("rename", |s| commands::RenameRoom { room: by_id(s.room.id), name: "coffee".into() }.into(), "n--n"),
    ("title", |s| commands::SetTitle { room: by_id(s.room.id), title: "Coffee".into() }.into(), "n--n"),
    ("description", |s| describe(&s.room), "n--n"),
    ("password", |s| commands::ChangeRoom { password: Some(Secret::password("")), ..change(s) }.into(), "n--n"),
    ("private", |s| commands::ChangeRoom { private: Some(false), ..change(s) }.into(), "n--n"),
    ("find room", |s| commands::FindRoom { room: by_id(s.room.id) }.into(), "y--y"),
    ("members", |s| commands::Members { room: by_id(s.room.id) }.into(), "y--y"),
    ("who", |s| commands::Who { room: by_id(s.room.id) }.into(), "y--y"),
    ("add", |s| commands::AddMember { room: by_id(s.room.id), user: login("newcomer") }.into(), "n--n"),
    ("remove", |s| commands::RemoveMember { room: by_id(s.room.id), user: login("boris") }.into(), "n--n"),
    ("ban", |s| commands::Ban { room: by_id(s.room.id), user: login("boris") }.into(), "n--n"),
    ("make owner", |s| role(&s.room, "boris", Role::Owner), "n--n"),
    ("delete room", |s| commands::DeleteRoom { room: by_id(s.room.id) }.into(), "n--y"),
];

#[tokio::test]
async fn in_a_direct_room() {
    let world = World::new().await;
    let [mut anna, mut boris, newcomer] = world.accounts(["anna", "boris", "newcomer"]).await;
    let room = anna
        .ok(commands::Direct {
            user: login("boris"),
            create: true,
        })
        .await;
    let own = anna.say(by_id(room.id), "own words").await.id;
    let other = boris.say(by_id(room.id), "other's words").await.id;
    let hidden = boris.say(by_id(room.id), "more words").await.id;
    let mut asking = [anna, newcomer, world.guest("visitor").await];
    let scene = Scene {
        room,
        own,
        other,
        hidden,
    };
    for (what, ask, expected) in DIRECT {
        if *what == "delete room" {
            world.assert_gapless(scene.room.id).await;
        }
        let mut row = String::new();
        // The strangers first, before anything is changed; the operator last.
        for who in [1, 2, 0, 3] {
            let before = world.snapshot(scene.room.id, None).await;
            let result = match asking.get_mut(who) {
                Some(client) => client.call(ask(&scene)).await,
                None => world.hub.operate(ask(&scene)).await,
            };
            if result.is_err() {
                assert_eq!(
                    world.snapshot(scene.room.id, None).await,
                    before,
                    "{what}: a refused command left something"
                );
            }
            row.insert(if who == 0 { 0 } else { row.len() }, letter(&result));
        }
        assert_eq!(&row, expected, "{what}");
    }
}

#[tokio::test]
async fn nobody_does_anything_before_saying_who_they_are() {
    let world = World::new().await;
    let room = world.room("tea", RoomKind::Public, []).await;
    let scene = Scene {
        room,
        own: MessageId(1),
        other: MessageId(1),
        hidden: MessageId(1),
    };
    let mut client = world.client();
    for (what, ask, ..) in TABLE {
        assert_eq!(
            client.err(ask(&scene)).await,
            Error::Unauthenticated,
            "{what}"
        );
    }
    for command in [
        AnyCommand::from(commands::MyRooms),
        AnyCommand::from(commands::Rooms),
        AnyCommand::from(commands::Users),
        AnyCommand::from(commands::Sessions),
        AnyCommand::from(commands::SetStatus { status: None }),
        AnyCommand::from(commands::SetProfile {
            profile: String::new(),
        }),
        AnyCommand::from(commands::LogOut {
            token: commands::TokenEnd::Never,
        }),
        AnyCommand::from(commands::FindUser {
            user: login("anna"),
        }),
        AnyCommand::from(commands::SearchRooms {
            prefix: String::new(),
        }),
        AnyCommand::from(create_room("coffee", RoomKind::Public)),
    ] {
        assert_eq!(client.err(command).await, Error::Unauthenticated);
    }
}

#[tokio::test]
async fn what_only_the_operator_may() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    world.op(crate::support::register("boris")).await;
    for command in [
        AnyCommand::from(commands::Users),
        AnyCommand::from(commands::Rooms),
        AnyCommand::from(commands::SetDisabled {
            user: login("anna"),
            disabled: true,
        }),
        AnyCommand::from(commands::SetOperator {
            user: login("anna"),
            operator: true,
        }),
        AnyCommand::from(commands::RemoveUser {
            user: login("anna"),
        }),
        AnyCommand::from(commands::SetPassword {
            user: login("boris"),
            secret: crate::support::password("x"),
        }),
        AnyCommand::from(commands::CreateToken {
            user: login("boris"),
            value: None,
        }),
        AnyCommand::from(commands::Tokens {
            user: login("boris"),
        }),
        AnyCommand::from(commands::RevokeToken {
            user: login("boris"),
            id: None,
        }),
        AnyCommand::from(commands::History(HistoryQuery::page(
            tolmach::model::RoomSelector::Direct("anna".into(), "boris".into()),
            None,
            1,
        ))),
    ] {
        let error = anna.err(command.clone()).await;
        assert!(
            matches!(error, Error::NotAllowed(_)),
            "{command:?}: {error:?}"
        );
    }
    let users = world.op(commands::Users).await;
    assert!(users.len() == 2);
    let rooms = world.op(commands::Rooms).await;
    assert!(rooms.is_empty());
}
