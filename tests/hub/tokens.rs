//! Tokens and sessions: made, imported, listed, used, ended.

use std::time::Duration;

use tolmach::commands;
use tolmach::model::{BanSubject, Error, RoomKind, TokenId, TokenInfo, TokenKind};

use crate::support::{
    Client, World, create_room, draft, log_in, login, name, password, register, say, token,
};

fn create(user: &str, value: Option<&str>) -> commands::CreateToken {
    commands::CreateToken {
        user: login(user),
        value: value.map(Into::into),
    }
}

async fn list(world: &World, user: &str) -> Vec<TokenInfo> {
    world.op(commands::Tokens { user: login(user) }).await
}

/// Logs in for a token.
async fn with_token(world: &World, user: &str) -> (Client, TokenId, String) {
    let mut client = world.client();
    let command = commands::LogIn {
        login: user.to_owned(),
        secret: password(user),
        token: true,
    };
    let (id, text) = client.ok(command).await.token.unwrap();
    (client, id, text.0)
}

#[tokio::test]
async fn a_token_is_digits_and_the_login_and_opens_the_account() {
    for world in World::of_each_kind().await {
        world.op(register("anna")).await;
        let commands::NewToken { id, value } = world.op(create("anna", None)).await;
        let value = value.0;
        assert_eq!((value.len(), &value[64..]), (68, "anna"));
        assert!(value[..64].bytes().all(|digit| digit.is_ascii_hexdigit()));
        let listed = list(&world, "anna").await;
        assert_eq!(
            (listed.len(), listed[0].id, listed[0].kind, listed[0].used),
            (1, id, TokenKind::Api, None)
        );
        let mut client = world.client();
        client.ok(token(&value)).await;
        assert!(list(&world, "anna").await[0].used.is_some());
        for wrong in ["", "anna", &value[1..], &value.to_uppercase()] {
            assert_eq!(
                world.client().err(token(wrong)).await,
                Error::BadCredentials
            );
        }
    }
}

#[tokio::test]
async fn a_token_that_clients_already_have_is_imported_once() {
    for world in World::of_each_kind().await {
        world.op(register("anna")).await;
        world.op(register("boris")).await;
        world.op(create("anna", Some("open sesame"))).await;
        world.client().ok(token("open sesame")).await;
        for user in ["anna", "boris"] {
            assert!(matches!(
                world.op_err(create(user, Some("open sesame"))).await,
                Error::Invalid { .. }
            ));
        }
        for bad in ["", "two\nlines", "nul\0"] {
            assert!(matches!(
                world.op_err(create("anna", Some(bad))).await,
                Error::Invalid { .. }
            ));
        }
        assert_eq!(
            world.op_err(create("nobody", None)).await,
            Error::NoSuchUser
        );
        let _guest = world.guest("clara").await;
        assert_eq!(world.op_err(create("clara", None)).await, Error::NoSuchUser);
        assert_eq!(list(&world, "anna").await.len(), 1);
        assert_eq!(list(&world, "boris").await.len(), 0);
    }
}

#[tokio::test]
async fn who_has_shown_a_token_does_nothing_once_that_is_withdrawn() {
    for world in World::of_each_kind().await {
        world.op(create_room("tea", RoomKind::Public)).await;
        for (user, why) in [
            ("anna", Error::BadCredentials),
            ("boris", Error::Unauthenticated),
            (
                "carla",
                Error::not_allowed("you are banned from this gateway"),
            ),
        ] {
            world.account(user).await.enter(name("tea")).await;
            let value = world.op(create(user, None)).await.value;
            let mut shown = world.client();
            shown.ok(commands::Identify { token: value }).await;
            shown.say(name("tea"), "in time").await;
            match user {
                "anna" => {
                    let (user, id) = (login(user), None);
                    world.op(commands::RevokeToken { user, id }).await;
                }
                "boris" => {
                    let (user, disabled) = (login(user), true);
                    world.op(commands::SetDisabled { user, disabled }).await;
                }
                _ => {
                    let (subject, term) = (BanSubject::Login(user.to_owned()), None);
                    let reason = String::new();
                    let ban = commands::AddBan {
                        subject,
                        term,
                        reason,
                    };
                    world.op(ban).await;
                }
            }
            assert_eq!(shown.err(say(name("tea"), "late")).await, why);
            let (tell, told) = tokio::sync::oneshot::channel();
            let answer = |outcome: Result<_, Error>| drop(tell.send(outcome.map(drop)));
            shown.session.post(draft(name("tea"), "late"), answer).await;
            assert_eq!(told.await.unwrap(), Err(why), "{user}");
        }
        let mut dora = world.account("dora").await;
        dora.enter(name("tea")).await;
        assert_eq!(dora.texts(name("tea")).await, ["in time"; 3]);
    }
}

#[tokio::test]
async fn an_account_manages_its_own_tokens() {
    let world = World::new().await;
    world.op(register("anna")).await;
    let mut anna = world.client();
    anna.ok(log_in("anna", password("anna"))).await;
    let commands::NewToken { id, value } = anna.ok(create("anna", None)).await;
    let value = value.0;
    let tokens = anna
        .ok(commands::Tokens {
            user: login("anna"),
        })
        .await;
    assert!(tokens.len() == 1);
    anna.ok(commands::RevokeToken {
        user: login("anna"),
        id: Some(id),
    })
    .await;
    assert_eq!(
        world.client().err(token(&value)).await,
        Error::BadCredentials
    );
    assert!(matches!(
        anna.err(commands::RevokeToken {
            user: login("anna"),
            id: Some(id)
        })
        .await,
        Error::Invalid { .. }
    ));
    anna.ok(commands::RevokeToken {
        user: login("anna"),
        id: None,
    })
    .await;
    assert_eq!(anna.heard(), [""; 0]);
}

#[tokio::test]
async fn who_only_says_who_it_is_uses_its_token() {
    for world in World::of_each_kind().await {
        world.op(register("anna")).await;
        let token = world.op(create("anna", None)).await.value;
        let used = || async {
            let user = login("anna");
            world.op(commands::Tokens { user }).await[0].used
        };
        assert_eq!(used().await, None);
        world.client().ok(commands::Identify { token }).await;
        world.settled().await;
        assert!(used().await.is_some());
    }
}

#[tokio::test]
async fn a_revoked_token_ends_the_sessions_it_opened_and_no_other() {
    for world in World::of_each_kind().await {
        world.op(register("anna")).await;
        let commands::NewToken { id, value } = world.op(create("anna", None)).await;
        let value = value.0;
        let mut by_it = world.client();
        by_it.ok(token(&value)).await;
        let mut by_other = world.again("anna").await;
        let (mut made_one, ..) = with_token(&world, "anna").await;
        let mut by_password = world.client();
        by_password.ok(log_in("anna", password("anna"))).await;

        world
            .op(commands::RevokeToken {
                user: login("anna"),
                id: Some(id),
            })
            .await;
        assert_eq!(by_it.heard(), ["ended TokenRevoked"]);
        assert_eq!(
            world.client().err(token(&value)).await,
            Error::BadCredentials
        );
        for client in [&mut by_other, &mut made_one, &mut by_password] {
            assert_eq!(client.heard(), [""; 0]);
        }
        world
            .op(commands::RevokeToken {
                user: login("anna"),
                id: None,
            })
            .await;
        assert_eq!(by_other.heard(), ["ended TokenRevoked"]);
        assert_eq!(made_one.heard(), ["ended TokenRevoked"]);
        assert_eq!(by_password.heard(), [""; 0]);
        assert_eq!(list(&world, "anna").await.len(), 0);
    }
}

#[tokio::test]
async fn logging_out_ends_the_token_where_that_is_asked() {
    let world = World::new().await;
    world.op(register("anna")).await;
    let (mut first, _, text) = with_token(&world, "anna").await;
    first
        .ok(commands::LogOut {
            token: commands::TokenEnd::Never,
        })
        .await;
    assert!(first.session.user().is_none());
    let mut second = world.client();
    second.ok(token(&text)).await;
    second
        .ok(commands::LogOut {
            token: commands::TokenEnd::IfOfLogin,
        })
        .await;
    assert_eq!(
        world.client().err(token(&text)).await,
        Error::BadCredentials
    );
}

#[tokio::test]
async fn a_token_that_was_made_to_be_kept_ends_only_where_that_is_asked() {
    let world = World::new().await;
    world.op(register("anna")).await;
    let commands::NewToken { value, .. } = world.op(create("anna", None)).await;
    let value = value.0;
    for (end, holds) in [
        (commands::TokenEnd::IfOfLogin, true),
        (commands::TokenEnd::Always, false),
    ] {
        let mut client = world.client();
        client.ok(token(&value)).await;
        client.ok(commands::LogOut { token: end }).await;
        let held = world.client().call(token(&value)).await.is_ok();
        assert_eq!(held, holds, "{end:?}");
    }
}

#[tokio::test]
async fn a_session_token_that_nobody_used_for_so_long_is_gone() {
    for end_open in [false, true] {
        let world = World::with(|options| options.session_life = Duration::from_millis(300)).await;
        world.op(register("anna")).await;
        let (mut client, _, text) = with_token(&world, "anna").await;
        let commands::NewToken { value: api, .. } = world.op(create("anna", None)).await;
        let api = api.0;
        if end_open {
            client.session.farewell();
            world.settled().await;
        }
        std::thread::sleep(Duration::from_millis(400));
        let again = world.client().call(token(&text)).await;
        assert_eq!(again.is_ok(), !end_open, "an open connection is use");
        world.client().ok(token(&api)).await;
    }
}

#[tokio::test]
async fn a_token_was_in_use_until_its_connection_closed() {
    let world =
        World::in_a_file_with(|options| options.session_life = Duration::from_millis(300)).await;
    let names = ["anna", "boris", "clara", "dora", "emil"];
    let mut open = Vec::new();
    for login in names {
        world.op(register(login)).await;
        open.push(with_token(&world, login).await);
    }
    std::thread::sleep(Duration::from_millis(400));
    for (client, _, text) in open {
        // The store has not recorded the use when the next login looks.
        drop(client);
        world.client().ok(token(&text)).await;
    }
}

#[tokio::test]
async fn sessions_are_listed_and_closed() {
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
    let mut again = world.again("anna").await;
    anna.enter(name("tea")).await;
    boris.enter(name("tea")).await;
    let all = world.op(commands::Sessions).await.sessions;
    let listed: Vec<_> = all
        .iter()
        .map(|session| {
            (
                session.id,
                session.user.login.as_str(),
                session.dialect.as_str(),
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            (anna.id(), "anna", "plain"),
            (boris.id(), "boris", "plain"),
            (again.id(), "anna", "plain")
        ]
    );
    let own = anna.ok(commands::Sessions).await.sessions;
    assert_eq!(
        own.iter().map(|session| session.id).collect::<Vec<_>>(),
        [anna.id(), again.id()]
    );

    assert!(matches!(
        anna.err(commands::CloseSession { id: boris.id() }).await,
        Error::Invalid { .. }
    ));
    anna.told();
    boris.told();
    anna.ok(commands::CloseSession { id: again.id() }).await;
    assert_eq!(
        again.heard().last().map(String::as_str),
        Some("ended ClosedByOperator")
    );
    assert_eq!(boris.heard(), [""; 0], "the other session is still there");
    world.op(commands::CloseSession { id: anna.id() }).await;
    assert_eq!(boris.heard(), ["#tea offline anna"]);
    assert!(matches!(
        world.op_err(commands::CloseSession { id: anna.id() }).await,
        Error::Invalid { .. }
    ));
    let mut back = world.again("anna").await;
    assert_eq!(
        back.my_rooms().await,
        ["tea"],
        "a closed session may come back"
    );
}

#[tokio::test]
async fn a_session_goes_on_by_its_new_token_once_that_is_in_use() {
    for world in World::of_each_kind().await {
        world.op(register("anna")).await;
        let (mut first, old, text) = with_token(&world, "anna").await;
        let mut second = world.client();
        second.ok(token(&text)).await;
        let commands::NewToken { id, value } = first.ok(commands::RenewToken).await;
        let value = value.0;
        assert_eq!((value.len(), &value[64..]), (68, "anna"));
        // Until it is used, both open the account.
        world.client().ok(token(&text)).await;
        world.client().ok(token(&value)).await;
        first.ok(commands::UseToken { id, old }).await;
        assert_eq!(
            world.client().err(token(&text)).await,
            Error::BadCredentials
        );
        let tokens = list(&world, "anna").await;
        assert_eq!((tokens.len(), tokens[0].id), (1, id));
        // Whoever came in by the old one stays, and ends with the new one.
        second.ok(commands::MyRooms).await;
        assert!(matches!(
            first.err(commands::UseToken { id: old, old: id }).await,
            Error::Invalid { .. }
        ));
        world
            .op(commands::RevokeToken {
                user: login("anna"),
                id: Some(id),
            })
            .await;
        assert_eq!(second.err(commands::MyRooms).await, Error::Unauthenticated);
        assert_eq!(
            first.err(commands::RenewToken).await,
            Error::Unauthenticated
        );
    }
}

#[tokio::test]
async fn only_a_sessions_own_token_is_renewed() {
    let world = World::new().await;
    world.op(register("anna")).await;
    world.op(register("boris")).await;
    let (_boris, foreign, _) = with_token(&world, "boris").await;
    let commands::NewToken { value, .. } = world.op(create("anna", None)).await;
    let value = value.0;
    let mut by_api = world.client();
    by_api.ok(token(&value)).await;
    assert!(matches!(
        by_api.err(commands::RenewToken).await,
        Error::Invalid { .. }
    ));
    let mut by_password = world.client();
    by_password.ok(log_in("anna", password("anna"))).await;
    assert!(matches!(
        by_password.err(commands::RenewToken).await,
        Error::Invalid { .. }
    ));
    let (mut anna, old, _) = with_token(&world, "anna").await;
    assert!(matches!(
        anna.err(commands::UseToken { id: foreign, old }).await,
        Error::Invalid { .. }
    ));
}

#[tokio::test]
async fn a_token_with_anothers_number_opens_nothing() {
    let world = World::new().await;
    world.op(register("anna")).await;
    let (_anna, id, text) = with_token(&world, "anna").await;
    let with = |id| commands::LogInToken {
        token: text.as_str().into(),
        id: Some(id),
    };
    assert_eq!(
        world.client().err(with(TokenId(id.0 + 1))).await,
        Error::BadCredentials
    );
    world.client().ok(with(id)).await;
}

#[tokio::test]
async fn the_token_of_an_open_connection_is_in_use() {
    let world = World::new().await;
    world.op(register("anna")).await;
    let (client, id, _) = with_token(&world, "anna").await;
    let first = list(&world, "anna").await[0].used;
    while list(&world, "anna").await[0].used == first {
        tokio::task::yield_now().await;
    }
    drop(client);
    assert_eq!(list(&world, "anna").await[0].id, id);
}
