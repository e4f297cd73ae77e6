//! An account gets another login while it is there.

use tolmach::commands;
use tolmach::hub::Scope;
use tolmach::model::{Error, HistoryQuery, RoomKind};

use crate::support::{
    World, create_room, guest, log_in, login, name, names, password, register, to_user, token,
};

fn rename(user: &str, to: &str) -> commands::RenameUser {
    commands::RenameUser {
        user: login(user),
        login: to.to_owned(),
    }
}

#[tokio::test]
async fn what_follows_bears_the_new_login_and_nothing_else_changes() {
    for world in World::of_each_kind().await {
        let anna = world.op(register("anna")).await;
        world.op(create_room("tea", RoomKind::Public)).await;
        let mut first = world.client();
        first.ok(log_in("anna", password("anna"))).await;
        let mut second = world.client_over("other", false, Scope::AllRooms);
        second.ok(log_in("anna", password("anna"))).await;
        let mut boris = world.guest("boris").await;
        first.enter(name("tea")).await;
        boris.enter(name("tea")).await;
        first.say(name("tea"), "before").await;
        second.session.set_silent(true);
        let _ = (first.heard(), second.heard(), boris.heard());

        let renamed = world.op(rename("ANNA", "Nina")).await;
        assert_eq!(
            (renamed.id, renamed.login.as_str(), renamed.name.as_str()),
            (anna.id, "Nina", "Nina")
        );
        let seen = ["#tea offline anna", "#tea online Nina"];
        assert_eq!(boris.heard(), seen);
        assert_eq!(first.heard(), seen);
        assert_eq!(second.heard(), seen);
        for client in [&first, &second] {
            assert_eq!(client.session.user().unwrap(), renamed);
        }
        assert_eq!(boris.who(name("tea")).await, ["Nina", "boris"]);
        let sessions = world.op(commands::Sessions).await.sessions;
        let logins: Vec<&str> = sessions
            .iter()
            .map(|info| info.user.login.as_str())
            .collect();
        assert_eq!(logins, ["Nina", "Nina", "boris"]);

        second.say(name("tea"), "after").await;
        assert_eq!(boris.heard(), ["#tea Nina: after"]);
        let history = HistoryQuery::page(name("tea"), None, 10);
        let page = boris.ok(commands::History(history)).await.messages;
        assert_eq!(page.len(), 2);
        assert!(page.iter().all(|message| message.sender.login == "Nina"));
        boris.ok(to_user(login("nina"), "hello")).await;
        assert_eq!(
            boris.err(to_user(login("anna"), "hello")).await,
            Error::NoSuchUser
        );
        assert_eq!(names(first.ok(commands::MyRooms).await), ["tea", ""]);
    }
}

#[tokio::test]
async fn who_is_idle_stays_so_under_the_new_login() {
    let world = World::new().await;
    world.op(register("anna")).await;
    world.op(create_room("tea", RoomKind::Public)).await;
    let mut anna = world.client();
    anna.ok(log_in("anna", password("anna"))).await;
    anna.enter(name("tea")).await;
    let mut boris = world.guest("boris").await;
    boris.enter(name("tea")).await;
    drop(anna.session);
    let _ = boris.heard();
    world.op(rename("anna", "nina")).await;
    let seen = ["#tea offline anna", "#tea online nina", "#tea idle nina"];
    assert_eq!(boris.heard(), seen);
}

#[tokio::test]
async fn what_opened_the_account_opens_it_under_the_new_login() {
    for world in World::of_each_kind().await {
        let anna = world.op(register("anna")).await;
        let user = login("anna");
        let value = None;
        let made = world.op(commands::CreateToken { user, value }).await;
        world.op(rename("anna", "nina")).await;
        let mut client = world.client();
        client.ok(token(&made.value.0)).await;
        assert_eq!(client.user(), anna.id);
        let mut client = world.client();
        client.ok(log_in("nina", password("anna"))).await;
        let refused = world.client().err(log_in("anna", password("anna"))).await;
        assert_eq!(refused, Error::BadCredentials);
        // The old one is free: another account, or a guest.
        world.client().ok(guest("anna")).await;
    }
}

#[tokio::test]
async fn a_login_that_is_none_or_another_s_is_refused_and_changes_nothing() {
    for world in World::of_each_kind().await {
        let anna = world.op(register("anna")).await;
        world.op(register("Boris")).await;
        let _clara = world.guest("clara").await;
        for taken in ["boris", "CLARA"] {
            assert_eq!(world.op_err(rename("anna", taken)).await, Error::NameTaken);
        }
        for bad in [
            "",
            "a b",
            "123",
            "tolmach",
            "everyone",
            "#x",
            &"n".repeat(26),
        ] {
            let error = world.op_err(rename("anna", bad)).await;
            assert!(
                matches!(&error, Error::Invalid { field, .. } if field == "login"),
                "{bad}: {error}"
            );
        }
        for nobody in ["clara", "dora"] {
            assert_eq!(
                world.op_err(rename(nobody, "nina")).await,
                Error::NoSuchUser
            );
        }
        let mut own = world.client();
        own.ok(log_in("anna", password("anna"))).await;
        let refused = own.err(rename("anna", "nina")).await;
        assert!(matches!(refused, Error::NotAllowed(_)), "{refused}");
        assert_eq!(
            world
                .op(commands::FindUser {
                    user: login("anna")
                })
                .await,
            anna
        );
        // Its own in other letters it may have; it is told to nobody where it is the same.
        assert_eq!(world.op(rename("anna", "Anna")).await.login, "Anna");
        world.op(rename("anna", "Anna")).await;
        assert!(own.heard().is_empty());
    }
}

#[tokio::test]
async fn a_display_name_of_its_own_stays() {
    let world = World::new().await;
    let named = commands::Register {
        name: "Anna Petrova".to_owned(),
        ..register("anna")
    };
    world.op(named).await;
    let renamed = world.op(rename("anna", "nina")).await;
    assert_eq!(
        (renamed.login.as_str(), renamed.name.as_str()),
        ("nina", "Anna Petrova")
    );
}
