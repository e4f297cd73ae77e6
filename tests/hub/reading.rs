//! Histories, searches, marks.

use tolmach::commands;
use tolmach::model::{
    Error, Event, HistoryOrder, HistoryQuery, MessageId, Role, RoomChange, RoomEvent, RoomKind,
    SearchQuery, Seq, Timestamp,
};

use crate::support::{Client, World, by_id, enter, login, name, texts, to_user};

fn history(change: impl FnOnce(&mut HistoryQuery)) -> commands::History {
    let mut query = HistoryQuery::page(name("tea"), None, 100);
    change(&mut query);
    commands::History(query)
}

fn search(text: &str, prefix: bool, limit: usize) -> commands::Search {
    commands::Search {
        room: name("tea"),
        query: SearchQuery {
            prefix,
            ..SearchQuery::containing(text, limit)
        },
    }
}

/// A room with the messages 1 to 5 in it, said by its admin, and their numbers.
async fn talk(world: &World) -> (Client, Vec<MessageId>) {
    let mut anna = world.account("anna").await;
    world
        .room("tea", RoomKind::Public, [("anna", Role::Admin)])
        .await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        std::thread::sleep(std::time::Duration::from_millis(2));
        ids.push(anna.say(name("tea"), &number.to_string()).await.id);
    }
    (anna, ids)
}

#[tokio::test]
async fn all_bounds_that_are_given_hold_together() {
    for world in World::of_each_kind().await {
        let (mut anna, ids) = talk(&world).await;
        let third = world.store.message(ids[2]).await.unwrap().unwrap();
        let all = [
            (history(|_| {}), "12345", 0),
            (history(|query| query.limit = 2), "12", 3),
            (
                history(|query| (query.limit, query.order) = (2, HistoryOrder::Newest)),
                "54",
                3,
            ),
            (history(|query| query.after = Some(ids[1])), "345", 0),
            (history(|query| query.before = Some(ids[1])), "1", 0),
            (
                history(|query| (query.after, query.before) = (Some(ids[0]), Some(ids[4]))),
                "234",
                0,
            ),
            (history(|query| query.from = Some(third.created)), "345", 0),
            (history(|query| query.to = Some(third.created)), "123", 0),
            (
                history(|query| {
                    (query.from, query.to) = (Some(third.created), Some(third.created))
                }),
                "3",
                0,
            ),
            (history(|query| query.upto = Some(third.seq)), "123", 0),
            (
                history(|query| {
                    (query.upto, query.order, query.limit) =
                        (Some(third.seq), HistoryOrder::Newest, 1)
                }),
                "3",
                2,
            ),
            (
                history(|query| (query.from, query.to) = (Some(Timestamp(5)), Some(Timestamp(4)))),
                "",
                0,
            ),
            (history(|query| query.limit = 0), "", 5),
        ];
        for (command, expected, left) in all {
            let what = format!("{command:?}");
            let commands::Messages {
                messages, omitted, ..
            } = anna.ok(command).await;
            let got: String = messages
                .iter()
                .map(|message| message.text.as_str())
                .collect();
            assert_eq!((got.as_str(), omitted), (expected, left), "{what}");
        }
    }
}

#[tokio::test]
async fn what_was_touched_since_is_found_too() {
    for world in World::of_each_kind().await {
        let (mut anna, ids) = talk(&world).await;
        std::thread::sleep(std::time::Duration::from_millis(5));
        let since = Timestamp::now();
        anna.ok(commands::Edit::text(ids[1], "two")).await;
        anna.ok(commands::Delete { message: ids[3] }).await;
        let touched =
            |touched| history(move |query| (query.from, query.touched) = (Some(since), touched));
        assert_eq!(texts(anna.ok(touched(false)).await), [""; 0]);
        assert_eq!(texts(anna.ok(touched(true)).await), ["two", ""]);
    }
}

#[tokio::test]
async fn hidden_is_hidden_from_oneself_and_cleared_from_everyone() {
    for world in World::of_each_kind().await {
        let (mut anna, ids) = talk(&world).await;
        let mut boris = world.account("boris").await;
        boris.enter(name("tea")).await;
        anna.told();
        boris.ok(commands::Hide { message: ids[1] }).await;
        boris.ok(commands::Hide { message: ids[1] }).await;
        assert_eq!(boris.texts(name("tea")).await, ["1", "3", "4", "5"]);
        assert_eq!(anna.texts(name("tea")).await.len(), 5);
        assert_eq!(anna.heard(), [""; 0]);
        assert_eq!(texts(boris.ok(search("2", false, 10)).await), [""; 0]);
        let find = |id: MessageId| commands::FindMessage {
            low_bits: id.low_bits(),
            room: None,
        };
        assert_eq!(boris.err(find(ids[1])).await, Error::NoSuchMessage);
        boris.told();
        anna.ok(commands::ClearHistory { room: name("tea") }).await;
        assert_eq!(boris.heard(), ["#tea cleared"]);
        for client in [&mut anna, &mut boris] {
            assert_eq!(client.texts(name("tea")).await, [""; 0]);
            assert_eq!(texts(client.ok(search("", false, 10)).await), [""; 0]);
            for id in &ids {
                assert_eq!(client.err(find(*id)).await, Error::NoSuchMessage);
                assert_eq!(
                    client.err(commands::Hide { message: *id }).await,
                    Error::NoSuchMessage
                );
                assert_eq!(
                    client.err(commands::Delete { message: *id }).await,
                    Error::NoSuchMessage
                );
            }
        }
        assert_eq!(texts(world.op(history(|_| {})).await), [""; 0]);
        anna.say(name("tea"), "6").await;
        assert_eq!(boris.texts(name("tea")).await, ["6"]);
    }
}

#[tokio::test]
async fn a_history_is_closed_to_who_is_out_and_open_again_with_all_to_who_is_back() {
    let world = World::new().await;
    let (mut anna, _) = talk(&world).await;
    let mut boris = world.account("boris").await;
    let read = || history(|_| {});
    assert!(matches!(boris.err(read()).await, Error::NotAllowed(_)));
    boris.enter(name("tea")).await;
    assert_eq!(
        boris.texts(name("tea")).await.len(),
        5,
        "also from before it joined"
    );
    boris.ok(commands::Leave { room: name("tea") }).await;
    anna.say(name("tea"), "6").await;
    assert!(matches!(boris.err(read()).await, Error::NotAllowed(_)));
    anna.ok(commands::Ban {
        room: name("tea"),
        user: login("boris"),
    })
    .await;
    assert_eq!(boris.err(read()).await, Error::Banned);
    assert_eq!(boris.err(search("1", false, 1)).await, Error::Banned);
    anna.ok(commands::Unban {
        room: name("tea"),
        user: login("boris"),
    })
    .await;
    assert!(matches!(boris.err(read()).await, Error::NotAllowed(_)));
    boris.enter(name("tea")).await;
    assert_eq!(boris.texts(name("tea")).await.len(), 6);
    assert_eq!(
        boris
            .err(commands::History(HistoryQuery::page(
                name("nowhere"),
                None,
                1
            )))
            .await,
        Error::NoSuchRoom
    );
}

#[tokio::test]
async fn texts_are_found_without_regard_to_case_newest_first() {
    for world in World::of_each_kind().await {
        let mut anna = world.account("anna").await;
        world
            .room("tea", RoomKind::Public, [("anna", Role::Member)])
            .await;
        for text in [
            "Green tea",
            "ΣΊΣΥΦΟΣ",
            "/me likes tea",
            "100% tea_",
            "black TEA",
        ] {
            anna.say(name("tea"), text).await;
        }
        assert_eq!(
            texts(anna.ok(search("tea", false, 10)).await),
            ["black TEA", "100% tea_", "likes tea", "Green tea"]
        );
        assert_eq!(texts(anna.ok(search("TEA", false, 1)).await), ["black TEA"]);
        assert_eq!(
            texts(anna.ok(search("green", true, 10)).await),
            ["Green tea"]
        );
        assert_eq!(texts(anna.ok(search("tea", true, 10)).await), [""; 0]);
        assert_eq!(
            texts(anna.ok(search("σίσυφος", false, 10)).await),
            ["ΣΊΣΥΦΟΣ"]
        );
        assert_eq!(
            texts(anna.ok(search("%", false, 10)).await),
            ["100% tea_"],
            "no pattern, just text"
        );
        assert_eq!(texts(anna.ok(search("a_", false, 10)).await), ["100% tea_"]);
    }
}

#[tokio::test]
async fn seen_marks_rise_and_are_ones_own() {
    for world in World::of_each_kind().await {
        let (mut anna, _) = talk(&world).await;
        let mut boris = world.account("boris").await;
        boris.enter(name("tea")).await;
        let mark = |at| commands::MarkSeen {
            room: name("tea"),
            at: Timestamp(at),
        };
        let seen = || commands::Seen { room: name("tea") };
        let seq = world
            .store
            .room_by_name("tea")
            .await
            .unwrap()
            .unwrap()
            .room
            .seq;
        assert_eq!(anna.ok(seen()).await, Timestamp(0));
        anna.ok(mark(1000)).await;
        anna.ok(mark(500)).await;
        assert_eq!(anna.ok(seen()).await, Timestamp(1000));
        assert_eq!(boris.ok(seen()).await, Timestamp(0));
        assert_eq!(
            world
                .store
                .room_by_name("tea")
                .await
                .unwrap()
                .unwrap()
                .room
                .seq,
            seq,
            "nobody is told"
        );
    }
}

/// The edit that was told last.
async fn edited(world: &World, client: &mut Client) -> RoomEvent {
    world.settled().await;
    let edit = |event| match event {
        Event::Room(event) if matches!(event.change, RoomChange::Edited(_)) => Some(event),
        _ => None,
    };
    client.told().into_iter().rev().find_map(edit).unwrap()
}

#[tokio::test]
async fn an_edited_message_is_told_as_seen_once_another_has_seen_it() {
    for world in World::of_each_kind().await {
        let (mut anna, ids) = talk(&world).await;
        let mut boris = world.account("boris").await;
        boris.enter(name("tea")).await;
        let room = || name("tea");
        let edit = commands::Edit::text(ids[0], "changed");
        let now = Timestamp(i64::MAX);
        // One's own mark says nothing.
        anna.ok(commands::MarkSeen {
            room: room(),
            at: now,
        })
        .await;
        anna.ok(edit).await;
        assert!(!edited(&world, &mut boris).await.seen);
        boris
            .ok(commands::MarkSeen {
                room: room(),
                at: now,
            })
            .await;
        anna.ok(commands::Edit::text(ids[0], "changed again")).await;
        let told = edited(&world, &mut boris).await;
        assert!(told.seen);
        let missed = world.store.changes(told.room.id, Seq(told.seq.0 - 1), 9);
        assert!(
            missed.await.unwrap()[0].seen,
            "who catches up is told so, too"
        );
        let marks = boris.ok(commands::SeenMarks { room: room() }).await;
        assert_eq!(marks.0.iter().flatten().count(), 2);
    }
}

#[tokio::test]
async fn a_message_is_found_by_its_low_bits_where_one_may_see_it() {
    for world in World::of_each_kind().await {
        let (mut anna, ids) = talk(&world).await;
        let [mut boris, mut clara] = world.accounts(["boris", "clara"]).await;
        let private = anna.ok(to_user(login("boris"), "psst")).await;
        let find = |id: MessageId, room: Option<&str>| commands::FindMessage {
            low_bits: id.low_bits(),
            room: room.map(name),
        };
        for id in [ids[0], private.id] {
            let message = anna.ok(find(id, None)).await;
            assert!(message.id == id);
            assert_eq!(clara.err(find(id, None)).await, Error::NoSuchMessage);
        }
        boris.ok(find(private.id, None)).await;
        anna.ok(find(ids[0], Some("tea"))).await;
        assert_eq!(
            anna.err(find(private.id, Some("tea"))).await,
            Error::NoSuchMessage
        );
        for nothing in [0, -1, 99, i32::MAX, i32::MIN] {
            assert_eq!(
                anna.err(commands::FindMessage {
                    low_bits: nothing,
                    room: None
                })
                .await,
                Error::NoSuchMessage
            );
        }
    }
}

#[tokio::test]
async fn entering_says_from_where_on_one_hears_and_the_history_has_the_rest() {
    for world in World::of_each_kind().await {
        let (mut anna, _) = talk(&world).await;
        let mut boris = world.account("boris").await;
        let (room, seq, _) = boris.enter(name("tea")).await;
        boris.told();
        anna.say(name("tea"), "6").await;
        let upto = |seq: Seq| history(move |query| query.upto = Some(seq));
        assert_eq!(texts(boris.ok(upto(seq)).await), ["1", "2", "3", "4", "5"]);
        assert_eq!(boris.heard(), ["#tea anna: 6"]);
        assert!(matches!(
            boris
                .err(enter(by_id(tolmach::model::RoomId(room.id.0 + 1))))
                .await,
            Error::NoSuchRoom
        ));
    }
}

#[tokio::test]
async fn ones_rooms_and_how_many_are_in_those_that_one_may_know_of() {
    for world in World::of_each_kind().await {
        let [mut anna, _boris, _clara] = world.accounts(["anna", "boris", "clara"]).await;
        let place = |role| {
            [
                ("boris", Role::Member),
                ("clara", Role::Banned),
                ("anna", role),
            ]
        };
        let own = world
            .room("tea", RoomKind::Private, place(Role::Admin))
            .await
            .id;
        let out = world
            .room("coffee", RoomKind::Public, place(Role::Banned))
            .await
            .id;
        let unseen = [("boris", Role::Member)];
        let unseen = world.room("cellar", RoomKind::Private, unseen).await.id;
        let mine = anna.ok(commands::Memberships).await;
        let mine: Vec<_> = mine
            .iter()
            .map(|(room, place)| (room.id, place.role))
            .collect();
        assert_eq!(mine, [(own, Role::Admin)]);
        assert_eq!(anna.my_rooms().await, ["tea"]);
        let rooms = vec![unseen, out, own];
        let counts = anna.ok(commands::MemberCounts { rooms }).await;
        assert_eq!(counts, [(out, 1), (own, 2)]);
    }
}

#[tokio::test]
async fn a_message_is_read_by_its_number_where_one_may_see_it() {
    for world in World::of_each_kind().await {
        let (mut anna, ids) = talk(&world).await;
        let mut boris = world.account("boris").await;
        let read = |message| commands::ReadMessage { message };
        assert_eq!(anna.ok(read(ids[4])).await.text, "5");
        assert_eq!(boris.err(read(ids[4])).await, Error::NoSuchMessage);
        boris.enter(name("tea")).await;
        assert_eq!(boris.ok(read(ids[4])).await.text, "5");
        boris.ok(commands::Hide { message: ids[4] }).await;
        assert_eq!(boris.err(read(ids[4])).await, Error::NoSuchMessage);
        assert_eq!(anna.err(read(MessageId(99))).await, Error::NoSuchMessage);
        anna.ok(commands::ClearHistory { room: name("tea") }).await;
        assert_eq!(anna.err(read(ids[4])).await, Error::NoSuchMessage);
        assert_eq!(world.op_err(read(ids[4])).await, Error::NoSuchMessage);
    }
}
