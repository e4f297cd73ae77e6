//! Guests: somebody who only says a name.

use std::time::Duration;

use tolmach::commands;
use tolmach::model::{Error, Role, RoomKind, UserKind, UserSelector};

use crate::support::{
    World, by_id, create_room, guest, log_in, login, name, password, register, to_user,
};

#[tokio::test]
async fn a_guests_name_is_nobody_elses() {
    let world = World::new().await;
    world.op(register("anna")).await;
    let _boris = world.guest("Boris").await;
    assert_eq!(
        world.client().err(guest("ANNA")).await,
        Error::Unauthenticated
    );
    assert_eq!(
        world.client().err(guest("boris")).await,
        Error::AlreadyConnected
    );
    for bad in ["", "a b", "123", "#a", "everyone", "tolmach"] {
        let error = world.client().err(guest(bad)).await;
        assert!(matches!(error, Error::Invalid { .. }), "{bad:?}: {error:?}");
    }
    assert_eq!(
        world.client().err(log_in("boris", password("x"))).await,
        Error::BadCredentials
    );
}

#[tokio::test]
async fn where_there_are_no_guests_nobody_is_one() {
    let world = World::with(|options| options.guests = false).await;
    assert_eq!(
        world.client().err(guest("anna")).await,
        Error::Unauthenticated
    );
}

#[tokio::test]
async fn memberships_end_with_the_guest_and_what_it_said_stays_its_own() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let mut anna = world.account("anna").await;
        anna.enter(name("tea")).await;
        let mut boris = world.guest("boris").await;
        let first = boris.user();
        boris.enter(name("tea")).await;
        boris.say(name("tea"), "hello").await;
        anna.told();
        boris.session.farewell();
        world.settled().await;
        assert_eq!(anna.heard(), ["#tea offline boris", "#tea left boris"]);
        assert_eq!(
            anna.err(commands::FindUser {
                user: login("boris")
            })
            .await,
            Error::NoSuchUser
        );
        world.assert_gapless(room.id).await;

        let mut other = world.guest("boris").await;
        assert_ne!(other.user(), first);
        assert_eq!(other.my_rooms().await, [""; 0]);
        let message = anna.say(name("tea"), "who was that?").await;
        let history = world
            .store
            .message(tolmach::model::MessageId(message.id.0 - 1))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (history.sender.id, history.sender.login.as_str()),
            (first, "boris")
        );
        other.enter(name("tea")).await;
        let edit = commands::Edit::text(history.id, "mine");
        assert!(matches!(other.err(edit).await, Error::NotAllowed(_)));
    }
}

#[tokio::test]
async fn a_guest_that_said_nothing_leaves_nothing_in_the_way() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        for _ in 0..3 {
            let mut boris = world.guest("boris").await;
            boris.enter(name("tea")).await;
            boris.ok(create_room("mine", RoomKind::Public)).await;
            boris.ok(commands::Leave { room: name("mine") }).await;
            world.op(commands::DeleteRoom { room: name("mine") }).await;
            let gone = boris.user();
            boris.session.farewell();
            world.settled().await;
            assert_eq!(world.store.user(gone).await.unwrap(), None);
        }
        world.assert_gapless(room.id).await;
        let changes = world
            .store
            .changes(room.id, tolmach::model::Seq(0), 100)
            .await
            .unwrap();
        assert_eq!(changes.len(), 1 + 3 * 2);
    }
}

#[tokio::test]
async fn a_guest_that_said_nothing_keeps_its_name_in_the_rooms_that_others_share_with_it() {
    for world in World::of_each_kind().await {
        let mut anna = world.account("anna").await;
        let mut boris = world.guest("boris").await;
        let gone = boris.user();
        let direct = commands::Direct {
            user: login("boris"),
            create: true,
        };
        let room = anna.ok(direct).await;
        boris.session.farewell();
        world.settled().await;
        let row = world.store.user(gone).await.unwrap().unwrap();
        assert_eq!((row.user.login.as_str(), &row.folded), ("boris", &None));
        assert!(world.store.member(room.id, gone).await.unwrap().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_ends_an_idle_guest_of_that_name_at_once() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut anna = world.account("anna").await;
    anna.enter(name("tea")).await;

    // Idle by silence.
    let mut silent = world.guest("boris").await;
    silent.enter(name("tea")).await;
    silent.session.set_silent(true);
    anna.told();
    let mut second = world.guest("BORIS").await;
    world.settled().await;
    assert_eq!(
        silent.heard().last().map(String::as_str),
        Some("ended NameTaken")
    );
    assert_eq!(anna.heard(), ["#tea offline boris", "#tea left boris"]);
    assert_eq!(anna.who(name("tea")).await, ["anna"]);

    // Idle after a break.
    second.enter(name("tea")).await;
    drop(second);
    anna.told();
    tokio::time::advance(Duration::from_secs(10)).await;
    let third = world.guest("boris").await;
    world.settled().await;
    assert_eq!(anna.heard(), ["#tea offline BORIS", "#tea left BORIS"]);
    tokio::time::advance(Duration::from_secs(60)).await;
    world.settled().await;
    assert_eq!(anna.heard(), [""; 0]);
    assert!(
        third
            .session
            .user()
            .is_some_and(|user| user.login == "boris")
    );
}

#[tokio::test]
async fn a_guest_who_registers_itself_becomes_the_account() {
    for world in World::of_each_kind().await {
        world.room("tea", RoomKind::Public, []).await;
        let mut anna = world.account("anna").await;
        anna.enter(name("tea")).await;
        let mut boris = world.guest("boris").await;
        let id = boris.user();
        boris.enter(name("tea")).await;
        boris.say(name("tea"), "as a guest").await;
        let command = commands::Register {
            login: "Boris".into(),
            secret: password("secret"),
            name: "Boris B.".into(),
            description: String::new(),
        };
        let user = boris.ok(command).await;
        assert_eq!(
            (user.id, user.kind, user.login.as_str()),
            (id, UserKind::Account, "Boris")
        );
        assert_eq!(boris.session.user().unwrap(), user);
        assert_eq!(boris.my_rooms().await, ["tea"]);
        assert_eq!(anna.who(name("tea")).await, ["anna", "Boris"]);
        anna.told();
        boris.say(name("tea"), "as an account").await;
        assert_eq!(anna.heard(), ["#tea Boris: as an account"]);

        // It lasts as an account's does.
        boris.session.farewell();
        world.settled().await;
        assert_eq!(anna.heard(), ["#tea offline Boris"]);
        let mut back = world.client();
        back.ok(log_in("boris", password("secret"))).await;
        assert_eq!(back.user(), id);
        assert_eq!(back.my_rooms().await, ["tea"]);
        assert_eq!(
            back.texts(name("tea")).await,
            ["as a guest", "as an account"]
        );
    }
}

#[tokio::test]
async fn a_guest_who_registers_another_name_stays_the_guest() {
    let world = World::new().await;
    let mut boris = world.guest("boris").await;
    let id = boris.user();
    let user = boris.ok(register("anna")).await;
    assert_ne!(user.id, id);
    assert_eq!(boris.session.user().unwrap().kind, UserKind::Guest);
    assert_eq!(
        world.client().err(register("boris")).await,
        Error::NameTaken
    );
}

#[tokio::test]
async fn a_room_that_a_guest_makes_has_no_owner_and_none_falls_to_a_guest() {
    let world = World::new().await;
    let mut boris = world.guest("boris").await;
    let commands::Entered { room, .. } = boris.ok(create_room("tea", RoomKind::Public)).await;
    assert_eq!(room.owner, None);
    assert!(matches!(
        boris.err(commands::DeleteRoom { room: name("tea") }).await,
        Error::NotAllowed(_)
    ));

    let [mut anna, mut clara] = world.accounts(["anna", "clara"]).await;
    let commands::Entered { room, .. } = anna.ok(create_room("coffee", RoomKind::Public)).await;
    boris.enter(name("coffee")).await;
    clara.enter(name("coffee")).await;
    let role = |user: &str, role| commands::SetRole {
        room: name("coffee"),
        user: login(user),
        role,
    };
    anna.ok(role("boris", Role::Admin)).await;
    assert!(matches!(
        anna.err(role("boris", Role::Owner)).await,
        Error::NotAllowed(_)
    ));
    anna.ok(role("clara", Role::Admin)).await;
    anna.ok(commands::Leave {
        room: name("coffee"),
    })
    .await;
    assert_eq!(world.stored(room.id).await.owner, Some(clara.user()));
    clara
        .ok(commands::Leave {
            room: name("coffee"),
        })
        .await;
    // It stays hers.
    assert_eq!(world.stored(room.id).await.owner, Some(clara.user()));
}

#[tokio::test]
async fn a_guest_is_written_to_while_it_is_there() {
    for world in World::of_each_kind().await {
        let mut anna = world.account("anna").await;
        let mut boris = world.guest("boris").await;
        let id = boris.user();
        let message = anna.ok(to_user(login("boris"), "hello")).await;
        assert_eq!(
            boris.heard(),
            ["@anna,boris created", "@anna,boris anna: hello"]
        );
        boris.session.farewell();
        world.settled().await;
        assert_eq!(
            anna.err(to_user(login("boris"), "hello?")).await,
            Error::NoSuchUser
        );
        assert_eq!(
            anna.err(to_user(UserSelector::Id(id), "hello?")).await,
            Error::NoSuchUser
        );
        assert_eq!(
            anna.texts(by_id(message.room)).await,
            ["hello"],
            "its room stays the other's"
        );
        let mut other = world.guest("boris").await;
        assert_eq!(
            other
                .err(commands::Seen {
                    room: by_id(message.room)
                })
                .await,
            Error::NoSuchRoom
        );
    }
}

#[tokio::test]
async fn a_guest_that_never_heard_of_its_welcome_is_in_nobodys_way() {
    use std::future::Future;
    use std::task::{Context, Waker};
    let world = World::new().await;
    let mut gone = world.client();
    {
        let mut coming = std::pin::pin!(gone.call(guest("boris")));
        assert!(
            coming
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
    }
    drop(gone);
    world.settled().await;
    world.guest("boris").await;
    let sessions = world.op(commands::Sessions).await.sessions;
    assert!(sessions.is_empty());
}
