//! Accounts: made, opened by passwords, given other passwords, switched off, ended.

use std::time::Duration;

use tolmach::commands;
use tolmach::model::{Error, HistoryQuery, Role, RoomKind, RoomSelector, UserKind, UserSelector};

use crate::support::{
    World, by_id, guest, log_in, login, name, password, register, sha256, to_user, token,
};

fn is_field(error: &Error, expected: &str) -> bool {
    matches!(error, Error::Invalid { field, .. } if field == expected)
}

#[tokio::test]
async fn an_account_is_opened_by_its_password_or_the_hash_of_it() {
    for world in World::of_each_kind().await {
        let mut client = world.client();
        let made = client.ok(register("Anna")).await;
        assert_eq!(
            (made.login.as_str(), made.name.as_str(), made.kind),
            ("Anna", "Anna", UserKind::Account)
        );
        assert!(
            client.session.user().is_none(),
            "registering is not logging in"
        );
        for secret in [password("Anna"), sha256("Anna")] {
            let mut session = world.client();
            let commands::Welcome { user, token, .. } = session.ok(log_in("aNNA", secret)).await;
            assert_eq!((user, token), (made.clone(), None));
        }
        for (login, secret) in [
            ("anna", password("anna")),
            ("anna", sha256("anna")),
            ("nobody", password("Anna")),
        ] {
            assert_eq!(
                world.client().err(log_in(login, secret)).await,
                Error::BadCredentials
            );
        }
        for login in ["", "no body", "#anna", "tolmach"] {
            assert_eq!(
                world.client().err(log_in(login, password("Anna"))).await,
                Error::BadCredentials
            );
        }
    }
}

#[tokio::test]
async fn who_registers_gets_a_name_that_is_one_and_is_free() {
    let world = World::new().await;
    world.op(register("anna")).await;
    let _boris = world.guest("boris").await;
    let mut client = world.client();
    for taken in ["anna", "ANNA", "boris", "Boris"] {
        assert_eq!(client.err(register(taken)).await, Error::NameTaken);
    }
    let long = "x".repeat(26);
    for bad in [
        "", "a b", "a,b", "#a", "@a", "12345", "all", "Everyone", "tolmach", "TOLMACH", "a\tb",
        &long,
    ] {
        let command = commands::Register {
            login: bad.to_owned(),
            secret: password("x"),
            name: String::new(),
            description: String::new(),
        };
        let error = client.err(command).await;
        assert!(is_field(&error, "login"), "{bad:?}: {error:?}");
    }
    for secret in [
        tolmach::model::Secret::password(""),
        tolmach::model::Secret::password("1234567"),
        tolmach::model::Secret::Sha256("12".into()),
        tolmach::model::Secret::Sha256("g".repeat(64)),
    ] {
        let command = commands::Register {
            login: "clara".into(),
            secret,
            name: String::new(),
            description: String::new(),
        };
        assert!(is_field(&client.err(command).await, "password"));
    }
    let users = world.op(commands::Users).await;
    assert!(users.len() == 1);
    let named = commands::Register {
        login: "dora".into(),
        secret: password("x"),
        name: "Dora D.".into(),
        description: "who likes tea".into(),
    };
    let dora = client.ok(named).await;
    assert_eq!(
        (dora.name.as_str(), dora.description.as_str()),
        ("Dora D.", "who likes tea")
    );
    assert_eq!(
        client
            .err(commands::FindUser {
                user: login("dora")
            })
            .await,
        Error::Unauthenticated
    );
}

#[tokio::test]
async fn nobody_is_shown_under_the_gateways_name() {
    let world = World::new().await;
    for shown in ["tolmach", " Tolmach ", "ＴＯＬＭＡＣＨ", "tol\u{200B}mach"] {
        let register = commands::Register {
            login: "dora".into(),
            secret: password("dora"),
            name: shown.into(),
            description: String::new(),
        };
        let refused = world.client().err(register).await;
        assert!(is_field(&refused, "name"), "{shown:?}: {refused:?}");
    }
}

#[tokio::test]
async fn where_registration_is_closed_only_the_operator_makes_accounts() {
    let world = World::with(|options| options.open_registration = false).await;
    assert!(matches!(
        world.client().err(register("anna")).await,
        Error::NotAllowed(_)
    ));
    assert!(matches!(
        world.guest("anna").await.err(register("anna")).await,
        Error::NotAllowed(_)
    ));
    world.op(register("boris")).await;
    world.client().ok(log_in("boris", password("boris"))).await;
}

#[tokio::test(start_paused = true)]
async fn failed_logins_are_limited_by_account_and_address_for_a_minute() {
    let world = World::with(|options| options.failed_logins = 2).await;
    world.op(register("anna")).await;
    world.op(register("boris")).await;
    for _ in 0..2 {
        assert_eq!(
            world.client().err(log_in("anna", password("x"))).await,
            Error::BadCredentials
        );
    }
    assert!(matches!(
        world.client().err(log_in("ANNA", password("anna"))).await,
        Error::RateLimited { .. }
    ));
    world.client().ok(log_in("boris", password("boris"))).await;
    tokio::time::advance(Duration::from_secs(60)).await;
    world.client().ok(log_in("anna", password("anna"))).await;
}

#[tokio::test]
async fn a_new_password_ends_what_came_in_by_the_old_one() {
    for world in World::of_each_kind().await {
        let mut by_api = world.account("anna").await;
        let mut by_password = world.client();
        by_password.ok(log_in("anna", password("anna"))).await;
        let mut with_token = world.client();
        let log_in_for_token = commands::LogIn {
            login: "anna".into(),
            secret: password("anna"),
            token: true,
        };
        let (_, text) = with_token.ok(log_in_for_token).await.token.unwrap();
        let text = text.0;
        let mut by_session_token = world.client();
        by_session_token.ok(token(&text)).await;

        by_password
            .ok(commands::SetPassword {
                user: login("anna"),
                secret: password("other"),
            })
            .await;
        for client in [&mut by_password, &mut with_token, &mut by_session_token] {
            assert_eq!(client.heard(), ["ended PasswordChanged"]);
        }
        assert_eq!(by_api.heard(), [""; 0]);
        by_api.ok(commands::MyRooms).await;
        assert_eq!(
            world.client().err(token(&text)).await,
            Error::BadCredentials
        );
        assert_eq!(
            world.client().err(log_in("anna", password("anna"))).await,
            Error::BadCredentials
        );
        world.client().ok(log_in("anna", password("other"))).await;
        world.again("anna").await;
    }
}

#[tokio::test]
async fn a_disabled_account_has_no_session_and_opens_none_until_it_is_enabled() {
    for world in World::of_each_kind().await {
        world.room("tea", RoomKind::Public, []).await;
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let commands::NewToken { value, .. } = anna
            .ok(commands::CreateToken {
                user: login("anna"),
                value: None,
            })
            .await;
        let value = value.0;
        for client in [&mut anna, &mut boris] {
            client.enter(name("tea")).await;
        }
        boris.told();
        world
            .op(commands::SetDisabled {
                user: login("anna"),
                disabled: true,
            })
            .await;
        assert_eq!(
            anna.heard().last().map(String::as_str),
            Some("ended AccountDisabled")
        );
        assert_eq!(boris.heard(), ["#tea offline anna"]);
        assert_eq!(
            world.client().err(token(&value)).await,
            Error::BadCredentials
        );
        assert_eq!(
            world.client().err(log_in("anna", password("anna"))).await,
            Error::BadCredentials
        );
        assert_eq!(
            world.client().err(guest("anna")).await,
            Error::Unauthenticated
        );
        world
            .op(commands::SetDisabled {
                user: login("anna"),
                disabled: false,
            })
            .await;
        let mut back = world.client();
        back.ok(token(&value)).await;
        assert_eq!(back.my_rooms().await, ["tea"]);
    }
}

#[tokio::test]
async fn a_removed_account_is_gone_and_what_it_said_stays() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
        let id = anna.user();
        let commands::Entered { room, .. } = anna
            .ok(crate::support::create_room("tea", RoomKind::Public))
            .await;
        for client in [&mut boris, &mut clara] {
            client.enter(name("tea")).await;
            anna.ok(commands::SetRole {
                room: name("tea"),
                user: UserSelector::Id(client.user()),
                role: Role::Admin,
            })
            .await;
        }
        anna.say(name("tea"), "mine").await;
        let message = anna.ok(to_user(login("boris"), "between us")).await;
        let commands::NewToken { value, .. } = anna
            .ok(commands::CreateToken {
                user: login("anna"),
                value: None,
            })
            .await;
        let value = value.0;
        for client in [&mut anna, &mut boris, &mut clara] {
            client.told();
        }

        world
            .op(commands::RemoveUser {
                user: login("anna"),
            })
            .await;
        assert_eq!(
            anna.heard().last().map(String::as_str),
            Some("ended AccountRemoved")
        );
        assert_eq!(
            boris.heard(),
            ["#tea boris is owner", "#tea left anna", "#tea offline anna"]
        );
        assert_eq!(world.stored(room.id).await.owner, Some(boris.user()));
        world.assert_gapless(room.id).await;
        assert_eq!(boris.texts(name("tea")).await, ["mine"]);
        assert_eq!(boris.texts(by_id(message.room)).await, ["between us"]);
        let commands::Messages { messages, .. } = boris
            .ok(commands::History(HistoryQuery::page(
                by_id(message.room),
                None,
                1,
            )))
            .await;
        assert_eq!(
            (messages[0].sender.id, messages[0].sender.login.as_str()),
            (id, "anna")
        );
        assert_eq!(
            world.client().err(token(&value)).await,
            Error::BadCredentials
        );
        assert_eq!(
            boris
                .err(commands::FindUser {
                    user: login("anna")
                })
                .await,
            Error::NoSuchUser
        );
        // Whose messages are shown can be asked for by number.
        let by_number = commands::FindUser {
            user: UserSelector::Id(id),
        };
        let gone = boris.ok(by_number).await;
        assert_eq!((gone.login.as_str(), gone.disabled), ("anna", true));
        assert_eq!(
            boris
                .err(to_user(UserSelector::Id(id), "still there?"))
                .await,
            Error::NoSuchUser
        );

        let again = world.account("ANNA").await;
        assert_ne!(
            again.user(),
            id,
            "a new account under the old name is somebody else"
        );
        assert_eq!(
            world
                .op_err(commands::RemoveUser {
                    user: UserSelector::Id(id)
                })
                .await,
            Error::NoSuchUser
        );
        let users = world.op(commands::Users).await;
        assert_eq!(users.len(), 3);
    }
}

#[tokio::test]
async fn one_changes_ones_own_description_and_profile() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut anna = world.account("anna").await;
    anna.enter(name("tea")).await;
    anna.ok(commands::SetOwnDescription {
        description: "likes tea".into(),
    })
    .await;
    anna.ok(commands::SetStatus {
        status: Some("brewing".into()),
    })
    .await;
    anna.ok(commands::SetProfile {
        profile: "\"mood\":\"fine\"".into(),
    })
    .await;
    let user = anna
        .ok(commands::FindUser {
            user: login("anna"),
        })
        .await;
    assert_eq!(user.description, "likes tea");
    let present = anna.ok(commands::Who { room: name("tea") }).await;
    assert_eq!(
        (present[0].status.as_deref(), present[0].profile.as_str()),
        (Some("brewing"), "\"mood\":\"fine\"")
    );
}

#[tokio::test]
async fn what_one_says_of_oneself_has_its_length() {
    let world = World::new().await;
    let named = |login: &str, chars: usize| commands::Register {
        name: "é".repeat(chars),
        ..register(login)
    };
    world.op(named("anna", 100)).await;
    let too_long = world.op_err(named("boris", 101)).await;
    assert!(
        too_long.to_string().contains("100 characters"),
        "{too_long}"
    );
    let mut anna = world.again("anna").await;
    let described = |chars| commands::SetOwnDescription {
        description: "é".repeat(chars),
    };
    anna.ok(described(10_000)).await;
    let too_long = anna.err(described(10_001)).await;
    assert!(
        too_long.to_string().contains("10000 characters"),
        "{too_long}"
    );
    let described = commands::Register {
        description: "é".repeat(10_001),
        ..register("boris")
    };
    assert!(matches!(
        world.op_err(described).await,
        Error::Invalid { .. }
    ));
    let user = login("boris");
    assert_eq!(
        world.op_err(commands::FindUser { user }).await,
        Error::NoSuchUser
    );
}

#[tokio::test]
async fn a_direct_room_of_two_by_name_is_the_operators() {
    let world = World::new().await;
    let [mut anna, _boris] = world.accounts(["anna", "boris"]).await;
    anna.ok(to_user(login("boris"), "hello")).await;
    let both = RoomSelector::Direct("BORIS".into(), "anna".into());
    let commands::Messages { messages, .. } = world
        .op(commands::History(HistoryQuery::page(both, None, 10)))
        .await;
    assert_eq!(messages.len(), 1);
    let nobody = RoomSelector::Direct("boris".into(), "clara".into());
    assert_eq!(
        world.op_err(commands::FindRoom { room: nobody }).await,
        Error::NoSuchUser
    );
}

#[tokio::test]
async fn of_two_who_want_a_name_at_once_one_gets_it() {
    for world in World::of_each_kind().await {
        let (mut left, mut right) = (world.client(), world.client());
        let (a, b) = tokio::join!(left.call(register("anna")), right.call(register("ANNA")));
        assert!(a.is_ok() != b.is_ok());
        assert!(matches!(a.and(b), Err(Error::NameTaken)));
        // Width and composition are no difference either (RFC 8265).
        assert_eq!(
            world.client().err(register("ａnna")).await,
            Error::NameTaken
        );
        let (a, b) = tokio::join!(left.call(guest("boris")), right.call(guest("BORIS")));
        assert!(matches!(a.and(b), Err(Error::AlreadyConnected)));
    }
}
