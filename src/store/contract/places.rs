//! Rooms and memberships.

use super::*;
use crate::commands::{
    Ban, ChangeRoom, DeleteRoom, Direct, EndGuest, Forget, Hide, Leave, MarkSeen, RenameRoom,
    SetTitle,
};
use crate::model::{HistoryQuery, Role, SeenMarks, Seq};

pub(super) async fn rooms_are_found_by_number_name_pair_and_prefix(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let tea = room_of(bench.by(anna, create_room("Чай", RoomKind::Public)))
        .room
        .id;
    let teal = room_of(bench.by(anna, create_room("чайник", RoomKind::Public)))
        .room
        .id;
    let secret = room_of(bench.by(anna, create_room("чайный", RoomKind::Private)))
        .room
        .id;
    bench
        .by(
            anna,
            SetTitle {
                room: at(tea),
                title: "İstanbul".into(),
            },
        )
        .unwrap();
    let direct = bench.by(bob, open_direct(anna)).unwrap().room.id;
    let numbers = |rows: Vec<Arc<RoomRow>>| rows.iter().map(|row| row.room.id).collect::<Vec<_>>();
    let row = bench.store.room(tea).await.unwrap().unwrap();
    assert_eq!(
        (
            row.room.name.as_str(),
            row.room.title.as_str(),
            row.room.owner
        ),
        ("Чай", "İstanbul", Some(anna))
    );
    assert_eq!(
        bench.store.room_by_name("чай").await.unwrap(),
        Some(row.clone())
    );
    assert_eq!(
        row.room.seq,
        bench
            .sink
            .events()
            .iter()
            .filter(|event| event.room.id == tea)
            .map(|event| event.seq)
            .max()
            .unwrap()
    );
    assert_eq!(
        numbers(bench.store.rooms().await.unwrap()),
        [tea, teal, secret]
    );
    let public = async |prefix: &str| numbers(bench.store.public_rooms(prefix).await.unwrap());
    assert_eq!(public("").await, [tea, teal]);
    assert_eq!(public("чай").await, [tea, teal]);
    assert_eq!(public("чайн").await, [teal]);
    assert_eq!(public(&crate::model::fold_text("İSTAN")).await, [tea]);
    assert_eq!(public("title of").await, [teal]);
    assert_eq!(public("%").await, []);
    for pair in [(anna, bob), (bob, anna)] {
        let row = bench
            .store
            .direct_room(pair.0, pair.1)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (row.room.id, row.room.pair, row.room.kind),
            (direct, Some((anna, bob)), RoomKind::Direct)
        );
    }
    assert_eq!(bench.store.room_by_name("").await.unwrap(), None);
    bench
        .by(
            anna,
            RenameRoom {
                room: at(tea),
                name: "Кофе".into(),
            },
        )
        .unwrap();
    assert_eq!(bench.store.room_by_name("чай").await.unwrap(), None);
    assert_eq!(
        bench
            .store
            .room_by_name("кофе")
            .await
            .unwrap()
            .unwrap()
            .room
            .id,
        tea
    );
    bench
        .by(
            anna,
            ChangeRoom {
                password: Some(Secret::Hashed("$x".into())),
                ..ChangeRoom::of(at(tea))
            },
        )
        .unwrap();
    let row = bench.store.room(tea).await.unwrap().unwrap();
    assert_eq!(
        (row.room.protected, row.password.as_deref()),
        (true, Some("$x"))
    );
}

pub(super) async fn members_come_in_the_order_of_joining(bench: &Bench) {
    let [anna, bob, cleo, dan] = ["anna", "bob", "cleo", "dan"].map(|login| bench.account(login));
    let room = bench.at(10).room("lobby", dan);
    for (time, user) in [(20, cleo), (30, anna), (30, bob)] {
        bench.at(time).enter(user, room);
    }
    bench
        .at(40)
        .by(
            dan,
            Ban {
                room: at(room),
                user: who(bob),
            },
        )
        .unwrap();
    let direct = bench.by(cleo, open_direct(dan)).unwrap().room.id;
    let members = bench.store.members(room).await.unwrap();
    let order: Vec<_> = members
        .iter()
        .map(|(membership, user)| (membership.user, user.login.as_str(), membership.role))
        .collect();
    assert_eq!(
        order,
        [
            (dan, "dan", Role::Owner),
            (cleo, "cleo", Role::Member),
            (anna, "anna", Role::Member),
            (bob, "bob", Role::Banned)
        ]
    );
    let rooms = bench.store.rooms_of(cleo).await.unwrap();
    assert_eq!(
        rooms.iter().map(|(row, _)| row.room.id).collect::<Vec<_>>(),
        [room, direct]
    );
    let banned = bench.store.rooms_of(bob).await.unwrap();
    assert_eq!(
        (banned[0].0.room.id, banned[0].1.role),
        (room, Role::Banned)
    );
    assert_eq!(bench.store.member(room, UserId(99)).await.unwrap(), None);
    bench.by(anna, Leave { room: at(room) }).unwrap();
    assert_eq!(bench.store.member(room, anna).await.unwrap(), None);
    assert_eq!(
        bench.by(anna, post(room, "out")),
        Err(Error::not_allowed("join the room first"))
    );
}

pub(super) async fn a_deleted_room_takes_everything_with_it(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let (room, other) = (bench.room("lobby", anna), bench.room("other", anna));
    bench.enter(bob, room);
    let (gone, kept) = (bench.say(bob, room, "gone"), bench.say(anna, other, "kept"));
    bench.by(bob, Hide { message: gone.id }).unwrap();
    assert_eq!(bench.store.removed_rooms().await.unwrap(), []);
    bench.by(anna, DeleteRoom { room: at(room) }).unwrap();
    assert_eq!(bench.store.room(room).await.unwrap(), None);
    assert_eq!(bench.store.room_by_name("lobby").await.unwrap(), None);
    assert_eq!(bench.store.message(gone.id).await.unwrap(), None);
    assert!(!bench.store.is_hidden(bob, gone.id).await.unwrap());
    assert_eq!(bench.store.hidden_by(bob).await.unwrap(), []);
    let said = bench.store.said_by(bob, MessageId(0), 99).await.unwrap();
    assert_eq!(said, (Vec::new(), None));
    for refused in [
        bench.by(bob, Edit::text(gone.id, "again")).map(drop),
        bench.by(bob, Delete { message: gone.id }).map(drop),
        bench.by(bob, Hide { message: gone.id }).map(drop),
    ] {
        assert_eq!(refused, Err(Error::NoSuchMessage));
    }
    assert!(bench.store.members(room).await.unwrap().is_empty());
    assert!(bench.store.rooms_of(bob).await.unwrap().is_empty());
    assert!(
        bench
            .store
            .changes(room, Seq(0), usize::MAX)
            .await
            .unwrap()
            .is_empty()
    );
    let query = HistoryQuery::page(RoomSelector::Id(room), None, usize::MAX);
    assert!(
        bench
            .store
            .history(room, None, &query)
            .await
            .unwrap()
            .messages
            .is_empty()
    );
    assert!(
        bench
            .store
            .search(room, None, &SearchQuery::containing("", 9))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        texts(
            &bench
                .store
                .history(other, None, &query)
                .await
                .unwrap()
                .messages
        ),
        ["kept"]
    );
    assert_eq!(bench.by(bob, post(room, "late")), Err(Error::NoSuchRoom));
    assert_eq!(
        bench.store.message(kept.id).await.unwrap().unwrap().text,
        "kept"
    );
}

pub(super) async fn what_a_deleted_room_leaves_goes_in_portions(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let (room, other) = (bench.room("lobby", anna), bench.room("other", anna));
    bench.enter(bob, room);
    let mut last = bench.say(bob, room, "first");
    for number in 0..30 {
        bench.say(anna, other, "kept");
        last = bench.say(anna, room, &format!("tea {number}"));
        bench.by(bob, Hide { message: last.id }).unwrap();
        let (room, title) = (at(room), format!("title {number}"));
        bench.by(anna, SetTitle { room, title }).unwrap();
    }
    bench.by(anna, DeleteRoom { room: at(room) }).unwrap();
    let mut portions = 1;
    while !bench.forget(room, 7).0 {
        assert_eq!(bench.store.removed_rooms().await.unwrap(), [room]);
        portions += 1;
    }
    assert!(matches!(portions, 1 | 5..), "{portions}");
    assert_eq!(bench.store.removed_rooms().await.unwrap(), []);
    // Nothing more comes of asking again, nor of asking about one that never was.
    for room in [room, RoomId(99)] {
        assert_eq!(bench.forget(room, 7), (true, false));
    }
    assert_eq!(bench.store.last_message_id().await.unwrap(), last.id);
    let query = HistoryQuery::page(at(other), None, 99);
    let kept = bench.store.history(other, None, &query).await.unwrap();
    assert_eq!(kept.messages.len(), 30);
    assert!(bench.room("lobby", bob) > other);
    assert!(bench.say(anna, other, "next").id > last.id);
}

pub(super) async fn a_failed_commit_keeps_a_room_and_what_one_leaves(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let said = bench.say(anna, room, "tea");
    bench.gate.set(Verdict::Fail);
    assert!(bench.by(anna, DeleteRoom { room: at(room) }).is_err());
    assert_eq!(bench.store.removed_rooms().await.unwrap(), []);
    assert!(bench.store.message(said.id).await.unwrap().is_some());
    bench.by(anna, DeleteRoom { room: at(room) }).unwrap();
    let removed = bench.store.removed_rooms().await.unwrap();
    bench.gate.set(Verdict::Fail);
    let limit = 7;
    assert!(bench.operator(Forget { room, limit }).is_err());
    assert_eq!(bench.store.removed_rooms().await.unwrap(), removed);
    assert!(bench.forget(room, limit).0);
}

pub(super) async fn numbers_are_not_given_twice(bench: &Bench) {
    assert_eq!(bench.store.last_message_id().await.unwrap(), MessageId(0));
    let anna = bench.account("anna");
    let first = bench.room("first", anna);
    let last = bench.say(anna, first, "last");
    assert_eq!(bench.store.last_message_id().await.unwrap(), last.id);
    bench.by(anna, DeleteRoom { room: at(first) }).unwrap();
    assert_eq!(bench.store.last_message_id().await.unwrap(), last.id);
    let second = bench.room("second", anna);
    assert!(second > first);
    assert!(bench.say(anna, second, "next").id > last.id);
    let guest = bench.guest("guest");
    bench.operator(EndGuest { user: guest }).unwrap();
    assert!(bench.account("bob") > guest);
}

pub(super) async fn the_two_latest_seen_marks(bench: &Bench) {
    let [anna, bob, cleo] = ["anna", "bob", "cleo"].map(|login| bench.account(login));
    let room = bench.room("lobby", anna);
    assert_eq!(
        bench.store.seen_marks(room).await.unwrap(),
        SeenMarks::default()
    );
    for (user, time) in [(anna, 70), (bob, 50), (cleo, 60), (bob, 40)] {
        bench.enter(user, room);
        bench
            .by(
                user,
                MarkSeen {
                    room: at(room),
                    at: Timestamp(time),
                },
            )
            .unwrap();
    }
    assert_eq!(
        bench.store.seen_marks(room).await.unwrap(),
        SeenMarks([Some((anna, Timestamp(70))), Some((cleo, Timestamp(60)))])
    );
    bench
        .operator(Ban {
            room: at(room),
            user: who(cleo),
        })
        .unwrap();
    assert_eq!(
        bench.store.seen_marks(room).await.unwrap(),
        SeenMarks([Some((anna, Timestamp(70))), Some((bob, Timestamp(50)))])
    );
    assert_eq!(
        bench.store.member(room, bob).await.unwrap().unwrap().seen,
        Timestamp(50)
    );
}

fn open_direct(user: UserId) -> Direct {
    Direct {
        user: who(user),
        create: true,
    }
}
