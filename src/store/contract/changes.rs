//! Catching up by `seq`.

use super::*;
use crate::commands::{ClearHistory, Direct, Hide, RenameRoom, SetDescription, SetRole};
use crate::model::{RoomChange, Seq};
use crate::store::PAGE_BYTES;

pub(super) async fn changes_come_gapless_and_as_things_are_now(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let room = bench.room("lobby", anna);
    bench.enter(bob, room);
    let (kept, edited, deleted) = (
        bench.say(bob, room, "kept"),
        bench.say(bob, room, "before"),
        bench.say(bob, room, "secret"),
    );
    bench.at(5_000).edit(bob, edited.id, "then deleted");
    bench.edit(bob, kept.id, "kept and edited");
    bench.delete(bob, deleted.id);
    bench.delete(bob, edited.id);
    bench
        .by(
            anna,
            SetDescription {
                room: at(room),
                description: "described".into(),
            },
        )
        .unwrap();
    bench
        .by(
            anna,
            RenameRoom {
                room: at(room),
                name: "hall".into(),
            },
        )
        .unwrap();
    bench
        .by(
            anna,
            SetRole {
                room: at(room),
                user: who(bob),
                role: crate::model::Role::Moderator,
            },
        )
        .unwrap();
    let told: Vec<_> = bench
        .sink
        .events()
        .into_iter()
        .filter(|event| event.room.id == room)
        .collect();
    let read = bench.store.changes(room, Seq(0), usize::MAX).await.unwrap();
    assert_eq!(
        read.iter().map(|event| event.seq.0).collect::<Vec<_>>(),
        (1..=i64::try_from(told.len()).unwrap()).collect::<Vec<_>>()
    );
    for (told, read) in told.iter().zip(&read) {
        assert_eq!(
            (told.seq, told.at, &told.actor),
            (read.seq, read.at, &read.actor)
        );
        assert_eq!(
            (read.room.name.as_str(), read.origin),
            ("hall", None),
            "the room is as it is now"
        );
        match (&told.change, &read.change) {
            (RoomChange::Posted(told), RoomChange::Posted(read)) => {
                assert_eq!(told.id, read.id);
                assert_eq!(read.deleted, told.id != kept.id);
                assert_eq!(
                    read.text,
                    if told.id == kept.id {
                        "kept and edited"
                    } else {
                        ""
                    }
                );
            }
            (RoomChange::Edited(told), RoomChange::Edited(read)) => {
                assert_eq!(
                    (told.id, read.id, read.text.as_str()),
                    (kept.id, kept.id, "kept and edited")
                );
            }
            (RoomChange::Edited(told), RoomChange::Deleted(read)) => {
                assert_eq!(
                    (told.id, read.id, read.text.as_str()),
                    (edited.id, edited.id, "")
                );
            }
            (RoomChange::Deleted(told), RoomChange::Deleted(read)) => assert_eq!(told, read),
            (told, read) => assert_eq!(told, read),
        }
    }
    let part = bench.store.changes(room, Seq(3), 4).await.unwrap();
    assert_eq!(part, read[3..7]);
    assert!(
        bench
            .store
            .changes(RoomId(99), Seq(0), 9)
            .await
            .unwrap()
            .is_empty()
    );
}

pub(super) async fn changes_of_a_direct_room_name_the_peer(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let (user, create) = (who(anna), true);
    let (created, events) = bench.write(Actor::User(bob), Direct { user, create });
    let room = created.unwrap().room.id;
    assert_eq!(events[0].peer.as_ref().map(|peer| peer.id), Some(anna));
    bench.say(anna, room, "psst");
    let read = bench.store.changes(room, Seq(0), usize::MAX).await.unwrap();
    assert_eq!(read, bench.sink.events());
    assert_eq!(
        read[1].peer.as_ref().map(|peer| peer.login.as_str()),
        Some("bob")
    );
}

pub(super) async fn changes_of_a_cleared_history_tell_nothing(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let secret = bench.say(anna, room, "secret");
    bench.edit(anna, secret.id, "secret too");
    bench.by(anna, ClearHistory { room: at(room) }).unwrap();
    bench.say(anna, room, "after");
    let read = bench
        .store
        .changes(room, secret.seq, usize::MAX)
        .await
        .unwrap();
    assert!(
        matches!(&read[0].change, RoomChange::Deleted(message) if message.deleted && message.text.is_empty())
    );
    assert_eq!(read[1].change, RoomChange::HistoryCleared);
    assert!(matches!(&read[2].change, RoomChange::Posted(message) if message.text == "after"));
    let all = bench.store.changes(room, Seq(0), usize::MAX).await.unwrap();
    assert!(
        all.iter()
            .all(|event| !format!("{event:?}").contains("secret"))
    );
}

pub(super) async fn changes_name_who_came_when_it_was_said_already(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let cellar = room_of(bench.by(anna, create_room("cellar", RoomKind::Private)))
        .room
        .id;
    let [edited, deleted] = ["one", "other"].map(|text| bench.say(anna, cellar, text));
    bench.enter(bob, cellar);
    let since = bench.say(anna, cellar, "since");
    let read_from = since.seq;
    bench.edit(anna, edited.id, "edited");
    bench.delete(anna, deleted.id);
    bench.edit(anna, since.id, "edited, too");
    let answer = commands::Send {
        reply_to: Some(edited.id),
        ..post(cellar, "well")
    };
    bench.by(anna, answer).unwrap();
    let newcomers = |events: Vec<RoomEvent>| {
        let mut events = events;
        events.retain(|event| event.room.id == cellar && event.seq > read_from);
        let newcomers = events.into_iter().map(|event| event.unaware);
        newcomers.collect::<Vec<_>>()
    };
    let told = newcomers(bench.sink.events());
    assert_eq!(told, [vec![bob], vec![bob], vec![], vec![bob]]);
    // An answer that is read again shows nothing of what it answers.
    let read = newcomers(
        bench
            .store
            .changes(cellar, read_from, usize::MAX)
            .await
            .unwrap(),
    );
    assert_eq!(read, [vec![bob], vec![bob], vec![], vec![]]);
}

pub(super) async fn changes_name_who_hid_what_they_are_of(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let room = bench.room("lobby", anna);
    bench.enter(bob, room);
    let [hidden, other] = ["one", "other"].map(|text| bench.say(anna, room, text));
    let message = hidden.id;
    bench.by(bob, Hide { message }).unwrap();
    bench.edit(anna, hidden.id, "edited");
    bench.edit(anna, other.id, "edited, too");
    let answer = |message| commands::Send {
        reply_to: Some(message),
        ..post(room, "well")
    };
    bench.by(anna, answer(hidden.id)).unwrap();
    bench.delete(anna, hidden.id);
    let answered = bench.by(anna, answer(hidden.id)).unwrap_err();
    assert_eq!(answered, Error::NoSuchMessage);
    let unaware = |events: Vec<RoomEvent>| {
        let events = events.into_iter();
        let events = events.filter(|event| event.room.id == room && event.seq >= hidden.seq);
        events.map(|event| event.unaware).collect::<Vec<_>>()
    };
    let told = unaware(bench.sink.events());
    assert_eq!(
        told,
        [vec![], vec![], vec![bob], vec![], vec![bob], vec![bob]]
    );
    // Read again, it is also the message itself.
    let read = bench.store.changes(room, Seq(0), usize::MAX).await;
    assert_eq!(
        unaware(read.unwrap()),
        [vec![bob], vec![], vec![bob], vec![], vec![], vec![bob]]
    );
}

pub(super) async fn changes_end_by_bytes_too(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let large = "x".repeat(PAGE_BYTES / 2 + 1);
    let said: Vec<_> = (0..4).map(|_| bench.say(anna, room, &large)).collect();
    bench.edit(anna, said[3].id, "tiny");
    bench.edit(anna, said[3].id, "small");
    let changes = |after: Seq| bench.store.changes(room, after, usize::MAX);
    let seqs = |events: &[RoomEvent]| events.iter().map(|event| event.seq.0).collect::<Vec<_>>();
    let first = changes(Seq(0)).await.unwrap();
    let beginning = said[0].seq.0;
    assert_eq!(seqs(&first), (1..=beginning + 1).collect::<Vec<_>>());
    let rest = changes(said[1].seq).await.unwrap();
    let expected: Vec<_> = (beginning + 2..beginning + 6).collect();
    assert_eq!(
        seqs(&rest),
        expected,
        "one large text, and a small one told three times"
    );
}
