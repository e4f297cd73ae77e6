//! Saying, editing, deleting; private messages.

use tolmach::commands::{self, AnyCommand};
use tolmach::model::{
    Error, FileInfo, HistoryQuery, Message, MessageId, MessageKind, Role, RoomKind, Target, UserId,
    UserSelector,
};

use crate::support::{Client, World, by_id, create_room, draft, login, name, say, to_user};

async fn post(client: &mut Client, draft: commands::Send) -> std::sync::Arc<Message> {
    client.ok(draft).await
}

#[tokio::test]
async fn a_message_is_kept_and_told_as_it_was_said() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        anna.enter(name("tea")).await;
        boris.enter(name("tea")).await;
        boris.told();
        let said = post(
            &mut anna,
            commands::Send {
                extra: "{\"mood\":1}".into(),
                ..draft(name("TEA"), "/me pours\r\nmilk\0")
            },
        )
        .await;
        assert_eq!(
            (said.kind, said.text.as_str(), said.extra.as_str()),
            (MessageKind::Emote, "pours\nmilk\u{fffd}", "{\"mood\":1}")
        );
        assert_eq!(
            (said.sender.id, said.room, said.updated, said.deleted),
            (anna.user(), room.id, None, false)
        );
        let answer = commands::Send {
            kind: MessageKind::File,
            reply_to: Some(said.id),
            file: Some(FileInfo {
                name: "tea.png".into(),
                size: 7,
                stored: "1".into(),
                sha256: None,
            }),
            ..draft(by_id(room.id), "look\tthere")
        };
        let answer = post(&mut boris, answer).await;
        assert!(answer.id > said.id && answer.created >= said.created);
        assert_eq!(answer.seq.0, said.seq.0 + 1);
        let told: Vec<_> = boris.told();
        let messages: Vec<_> = told
            .iter()
            .map(|event| match event {
                tolmach::model::Event::Room(event) => match &event.change {
                    tolmach::model::RoomChange::Posted(message) => message.clone(),
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(messages, [said.clone(), answer.clone()]);
        let quote = answer.quote.clone().unwrap();
        assert_eq!(
            (quote.sender.id, quote.line.as_str()),
            (anna.user(), "pours")
        );
        // Whoever reads sees it, too; the store keeps which message was answered.
        let history = HistoryQuery::page(by_id(room.id), None, 10);
        let commands::Messages { messages, .. } = anna.ok(commands::History(history)).await;
        assert_eq!(messages, [said.clone(), answer.clone()]);
        assert_eq!(world.store.message(said.id).await.unwrap(), Some(said));
        let stored = world.store.message(answer.id).await.unwrap().unwrap();
        assert_eq!((stored.reply_to, &stored.quote), (answer.reply_to, &None));
        world.assert_gapless(room.id).await;
    }
}

#[tokio::test]
async fn an_answer_is_to_a_message_of_that_room_that_is_shown() {
    let world = World::new().await;
    let [mut anna, boris] = world.accounts(["anna", "boris"]).await;
    drop(boris);
    for room in ["tea", "coffee"] {
        world
            .room(room, RoomKind::Public, [("anna", Role::Admin)])
            .await;
    }
    let elsewhere = anna.say(name("coffee"), "hot").await;
    let cleared = anna.say(name("tea"), "old").await;
    anna.ok(commands::ClearHistory { room: name("tea") }).await;
    for message in [elsewhere.id, cleared.id, MessageId(99)] {
        let answer = commands::Send {
            reply_to: Some(message),
            ..draft(name("tea"), "indeed")
        };
        assert_eq!(anna.err(answer).await, Error::NoSuchMessage);
        let private = commands::Send {
            reply_to: Some(message),
            offline: commands::Offline::Store,
            ..to_user(login("boris"), "indeed")
        };
        assert_eq!(anna.err(private).await, Error::NoSuchMessage);
    }
    assert_eq!(
        anna.err(commands::Direct {
            user: login("boris"),
            create: false
        })
        .await,
        Error::NoSuchRoom
    );
}

#[tokio::test]
async fn a_private_message_makes_the_direct_room_and_reaches_all_sessions_of_both() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
        let mut annas = world.again("anna").await;
        let mut borises = world
            .seat(
                world.client_over("one", false, tolmach::hub::Scope::OneRoom),
                "boris",
            )
            .await;
        let first = post(&mut anna, to_user(login("BORIS"), "hello")).await;
        let second = post(&mut boris, to_user(UserSelector::Id(anna.user()), "hi")).await;
        assert_eq!(first.room, second.room);
        let edit = commands::Edit::text(first.id, "hello!");
        anna.ok(edit).await;
        for client in [&mut anna, &mut annas, &mut boris, &mut borises] {
            assert_eq!(
                client.heard(),
                [
                    "@anna,boris created",
                    "@anna,boris anna: hello",
                    "@anna,boris boris: hi",
                    "@anna,boris edited anna: hello!"
                ]
            );
        }
        assert_eq!(clara.heard(), [""; 0]);
        world.assert_gapless(first.room).await;
    }
}

#[tokio::test]
async fn who_is_offline_gets_what_the_senders_history_can_show() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        boris.session.farewell();
        let before = world.store.last_message_id().await.unwrap();
        assert_eq!(
            anna.err(to_user(login("boris"), "hello")).await,
            Error::RecipientOffline
        );
        assert_eq!(
            anna.err(commands::Direct {
                user: login("boris"),
                create: false
            })
            .await,
            Error::NoSuchRoom
        );
        assert_eq!(world.store.last_message_id().await.unwrap(), before);
        let stored = post(
            &mut anna,
            commands::Send {
                offline: commands::Offline::Store,
                ..to_user(login("boris"), "for later")
            },
        )
        .await;
        let mut back = world.again("boris").await;
        assert_eq!(back.heard(), [""; 0]);
        assert_eq!(back.texts(by_id(stored.room)).await, ["for later"]);
        // One who broke off a moment ago has no open session either.
        drop(back);
        assert_eq!(
            anna.err(to_user(login("boris"), "hello")).await,
            Error::RecipientOffline
        );
    }
}

#[tokio::test]
async fn nobody_writes_to_nobody_or_to_the_gateway() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    for user in [
        login("nobody"),
        login("tolmach"),
        UserSelector::Id(UserId(0)),
        UserSelector::Id(UserId(99)),
        login(""),
    ] {
        assert_eq!(anna.err(to_user(user, "hello")).await, Error::NoSuchUser);
    }
    let nowhere = commands::Send::text(Target::Room(name("nowhere")), "hello");
    assert_eq!(anna.err(nowhere).await, Error::NoSuchRoom);
    assert_eq!(
        world.op_err(to_user(login("anna"), "hello")).await,
        Error::Unauthenticated
    );
}

#[tokio::test]
async fn the_operator_speaks_as_the_gateway() {
    for world in World::of_each_kind().await {
        world.room("tea", RoomKind::Public, []).await;
        let mut anna = world.account("anna").await;
        anna.enter(name("tea")).await;
        anna.told();
        let message = world.op(say(name("tea"), "closing soon")).await;
        assert_eq!(
            (message.sender.id, message.sender.login.as_str()),
            (UserId::GATEWAY, "tolmach")
        );
        assert_eq!(anna.heard(), ["#tea tolmach: closing soon"]);
        assert_eq!(anna.texts(name("tea")).await, ["closing soon"]);
    }
}

#[tokio::test]
async fn an_edited_message_keeps_its_place_and_a_deleted_one_its_row() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        anna.enter(name("tea")).await;
        boris.enter(name("tea")).await;
        let said = post(
            &mut anna,
            commands::Send {
                extra: "{}".into(),
                ..draft(name("tea"), "helo")
            },
        )
        .await;
        boris.told();
        let edited = anna.ok(commands::Edit::text(said.id, "hello\r")).await;
        assert_eq!(
            (edited.id, edited.seq, edited.created, edited.text.as_str()),
            (said.id, said.seq, said.created, "hello\n")
        );
        assert!(edited.updated.is_some_and(|at| at >= said.created));
        anna.ok(commands::Delete { message: said.id }).await;
        assert_eq!(
            boris.heard(),
            ["#tea edited anna: hello\n", "#tea deleted anna:"]
        );
        let row = world.store.message(said.id).await.unwrap().unwrap();
        assert_eq!(
            (row.text.as_str(), row.deleted, row.extra.as_str(), row.seq),
            ("", true, "", said.seq)
        );
        for command in [
            AnyCommand::from(commands::Delete { message: said.id }),
            AnyCommand::from(commands::Edit::text(said.id, "x")),
        ] {
            assert_eq!(anna.err(command).await, Error::NoSuchMessage);
        }
        assert_eq!(
            anna.err(commands::Delete {
                message: MessageId(99)
            })
            .await,
            Error::NoSuchMessage
        );
        world.assert_gapless(room.id).await;
    }
}

#[tokio::test]
async fn what_has_nothing_to_see_is_no_message() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        anna.enter(name("tea")).await;
        boris.enter(name("tea")).await;
        let said = anna.say(name("tea"), "hello").await;
        let file = commands::Send {
            kind: MessageKind::File,
            file: Some(FileInfo {
                name: "tea.png".into(),
                size: 7,
                stored: "1".into(),
                sha256: None,
            }),
            ..draft(name("tea"), "")
        };
        let file = anna.ok(file).await;
        boris.told();
        let before = world.stored(room.id).await.seq;
        for blank in [
            "",
            " ",
            "\r\n\t",
            "\u{200b}",
            "\u{ad}\u{2800}\u{3164}",
            "/me ",
            "/me \u{200b}",
        ] {
            let sticker = commands::Send {
                kind: MessageKind::Sticker,
                ..draft(name("tea"), blank.trim_start_matches("/me "))
            };
            let private = commands::Send {
                offline: commands::Offline::Store,
                ..to_user(login("boris"), blank)
            };
            for command in [
                AnyCommand::from(draft(name("tea"), blank)),
                AnyCommand::from(commands::Edit::text(said.id, blank)),
                AnyCommand::from(sticker),
                AnyCommand::from(private),
            ] {
                let error = anna.err(command.clone()).await;
                assert!(
                    matches!(error, Error::Invalid { .. }),
                    "{command:?}: {error:?}"
                );
            }
        }
        // A file is seen without a caption, but a caption is to be seen.
        let caption = anna.err(commands::Edit::text(file.id, "\u{200b}")).await;
        assert!(matches!(caption, Error::Invalid { .. }), "{caption:?}");
        assert_eq!(boris.heard(), [""; 0]);
        assert_eq!(world.stored(room.id).await.seq, before);
        assert_eq!(boris.my_rooms().await, ["tea"]);
    }
}

#[tokio::test]
async fn an_edit_is_read_as_a_new_message_is() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        anna.enter(name("tea")).await;
        boris.enter(name("tea")).await;
        for (first, then, kind, text) in [
            (
                "/me sings",
                "sings no more",
                MessageKind::Text,
                "sings no more",
            ),
            ("/me sings", "/me", MessageKind::Text, "/me"),
            ("/me sings", "/me waves", MessageKind::Emote, "waves"),
            ("sings", "/me dances", MessageKind::Emote, "dances"),
            ("sings", "/me sings", MessageKind::Emote, "sings"),
        ] {
            let said = anna.say(name("tea"), first).await;
            boris.told();
            let edited = anna.ok(commands::Edit::text(said.id, then)).await;
            assert_eq!(
                (edited.kind, edited.text.as_str()),
                (kind, text),
                "{first} → {then}"
            );
            assert_eq!(boris.heard(), [format!("#tea edited anna: {text}")]);
            let stored = world.store.message(said.id).await.unwrap().unwrap();
            assert_eq!((stored.kind, stored.text.as_str()), (kind, text));
        }
        let sticker = commands::Send {
            kind: MessageKind::Sticker,
            ..draft(name("tea"), "cat")
        };
        let sticker = anna.ok(sticker).await;
        let edited = anna.ok(commands::Edit::text(sticker.id, "/me dog")).await;
        assert_eq!(
            (edited.kind, edited.text.as_str()),
            (MessageKind::Sticker, "/me dog")
        );
        world.assert_gapless(room.id).await;
    }
}

#[tokio::test]
async fn an_edit_to_the_same_is_told_to_nobody() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await;
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        anna.enter(name("tea")).await;
        boris.enter(name("tea")).await;
        for text in ["hello", "/me waves"] {
            let said = anna.say(name("tea"), text).await;
            boris.told();
            let again = anna.ok(commands::Edit::text(said.id, text)).await;
            assert_eq!(
                (again.text.as_str(), again.updated),
                (said.text.as_str(), None)
            );
            assert_eq!(boris.heard(), [""; 0]);
            assert_eq!(world.stored(room.id).await.seq, said.seq);
        }
    }
}

#[tokio::test]
async fn nothing_is_said_to_an_account_that_is_gone() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let said = anna.ok(to_user(login("boris"), "hello")).await;
        let room = said.room;
        let own = anna.ok(to_user(login("anna"), "note")).await.room;
        boris.session.farewell();
        world
            .op(commands::RemoveUser {
                user: login("boris"),
            })
            .await;
        let before = world.stored(room).await.seq;
        assert_eq!(
            anna.err(say(by_id(room), "anybody?")).await,
            Error::NoSuchUser
        );
        let message = said.id;
        assert_eq!(
            anna.err(commands::Edit::text(message, "anybody?")).await,
            Error::NoSuchUser
        );
        assert_eq!(world.stored(room).await.seq, before);
        anna.ok(commands::Delete { message }).await;
        anna.say(by_id(own), "another note").await;
    }
}

#[tokio::test]
async fn nothing_is_kept_for_a_guest_who_broke_off() {
    for world in World::of_each_kind().await {
        let mut anna = world.account("anna").await;
        world.room("tea", RoomKind::Public, []).await;
        let mut guest = world.guest("guest").await;
        guest.enter(name("tea")).await;
        let room = anna.ok(to_user(login("guest"), "hello")).await.room;
        guest.session.break_off();
        let before = world.stored(room).await.seq;
        let kept = |to: Target| commands::Send {
            offline: commands::Offline::Store,
            ..commands::Send::text(to, "anybody?")
        };
        for to in [Target::User(login("guest")), Target::Room(by_id(room))] {
            assert_eq!(anna.err(kept(to)).await, Error::RecipientOffline);
        }
        assert_eq!(world.stored(room).await.seq, before);
        // An account may come back.
        let boris = world.account("boris").await;
        drop(boris);
        anna.ok(kept(Target::User(login("boris")))).await;
    }
}

#[tokio::test]
async fn what_a_message_is_depends_on_kind_and_text_by_one_rule() {
    use MessageKind::{Emote, Sticker, Text};
    let world = World::new().await;
    world.room("tea", RoomKind::Public, []).await;
    let mut anna = world.account("anna").await;
    anna.enter(name("tea")).await;
    for (kind, text, expected) in [
        (Text, "/me waves", Some((Emote, "waves"))),
        (Emote, "/me waves", Some((Emote, "waves"))),
        (Emote, "/me\twaves", Some((Emote, "waves"))),
        (Text, "/me /me waves", Some((Emote, "waves"))),
        (Emote, "waves", Some((Emote, "waves"))),
        (Emote, "/mean", Some((Emote, "/mean"))),
        (Emote, "//me", Some((Emote, "//me"))),
        (Text, "/me", Some((Text, "/me"))),
        (Emote, "/me", None),
        (Emote, "/me /me", None),
        (Sticker, "/me waves", Some((Sticker, "/me waves"))),
    ] {
        let send = || commands::Send {
            kind,
            text: text.to_owned(),
            ..draft(name("tea"), "")
        };
        let Some(expected) = expected else {
            assert!(matches!(anna.err(send()).await, Error::Invalid { .. }));
            continue;
        };
        let said = anna.ok(send()).await;
        assert_eq!(
            (said.kind, said.text.as_str()),
            expected,
            "{kind:?} {text:?}"
        );
        if kind == Sticker {
            continue;
        }
        let message = anna.say(name("tea"), "before").await.id;
        let edit = commands::Edit {
            message,
            kind,
            text: text.to_owned(),
        };
        let edited = anna.ok(edit).await;
        assert_eq!(
            (edited.kind, edited.text.as_str()),
            expected,
            "{kind:?} {text:?}"
        );
    }
}

#[tokio::test]
async fn an_empty_history_is_cleared_without_a_word() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let commands::Entered { room, .. } = anna.ok(create_room("tea", RoomKind::Public)).await;
        boris.enter(name("tea")).await;
        let clear = || commands::ClearHistory { room: name("tea") };
        boris.told();
        assert!(!anna.ok(clear()).await);
        anna.say(name("tea"), "hello").await;
        assert!(anna.ok(clear()).await);
        assert_eq!(boris.heard(), ["#tea anna: hello", "#tea cleared"]);
        let before = world.stored(room.id).await;
        assert!(!anna.ok(clear()).await);
        assert_eq!(boris.heard(), [""; 0]);
        assert_eq!(world.stored(room.id).await, before);
        // What else happened in it is nothing that was said.
        boris.ok(commands::Leave { room: name("tea") }).await;
        assert!(!anna.ok(clear()).await);
        anna.say(name("tea"), "again").await;
        assert!(anna.ok(clear()).await);
        world.assert_gapless(room.id).await;
    }
}

#[tokio::test]
async fn every_text_that_others_see_is_made_clean() {
    const DIRTY: &str = "a\u{1b}[1m\u{7f}\u{9b}\r\nb";
    const CLEAN: &str = "a\u{fffd}[1m\u{fffd}\u{fffd}\nb";
    let line = CLEAN.replace('\n', " ");
    for world in World::of_each_kind().await {
        let registered = world
            .op(commands::Register {
                name: DIRTY.into(),
                description: DIRTY.into(),
                ..crate::support::register("anna")
            })
            .await;
        assert_eq!(
            (registered.name.as_str(), registered.description.as_str()),
            (&*line, CLEAN)
        );
        let mut anna = world.again("anna").await;
        let room = commands::CreateRoom {
            name: "tea".into(),
            title: DIRTY.into(),
            description: DIRTY.into(),
            kind: RoomKind::Public,
            password: None,
        };
        let room = anna.ok(room).await.room;
        assert_eq!(
            (room.title.as_str(), room.description.as_str()),
            (&*line, CLEAN)
        );
        anna.ok(commands::SetTitle {
            room: name("tea"),
            title: format!("{DIRTY}!"),
        })
        .await;
        anna.ok(commands::SetDescription {
            room: name("tea"),
            description: format!("{DIRTY}!"),
        })
        .await;
        anna.ok(commands::SetStatus {
            status: Some(DIRTY.into()),
        })
        .await;
        let profile = r#""mood":"\u001b[1m\ud83d""#.to_owned();
        anna.ok(commands::SetProfile { profile }).await;
        anna.ok(commands::SetOwnDescription {
            description: format!("{DIRTY}?"),
        })
        .await;
        let stored = world.stored(room.id).await;
        assert_eq!(
            (stored.title.clone(), stored.description.clone()),
            (format!("{line}!"), format!("{CLEAN}!"))
        );
        let said = anna.say(name("tea"), DIRTY).await;
        let edited = anna
            .ok(commands::Edit::text(said.id, &format!("{DIRTY}!")))
            .await;
        assert_eq!(
            (said.text.as_str(), edited.text.clone()),
            (CLEAN, format!("{CLEAN}!"))
        );
        let who = anna.ok(commands::Who { room: name("tea") }).await;
        assert_eq!(
            (who[0].status.as_deref(), who[0].profile.as_str()),
            (Some(CLEAN), r#""mood":"\ufffd[1m\ufffd""#)
        );
        let user = anna
            .ok(commands::FindUser {
                user: login("anna"),
            })
            .await;
        assert_eq!(user.description, format!("{CLEAN}?"));
    }
}
