//! What one hid from oneself does not come back: not when it is edited, answered or deleted, by whatever way one hears or reads of it.

use tolmach::commands;
use tolmach::model::{
    Error, Event, HistoryQuery, Message, MessageId, RoomChange, RoomEvent, RoomKind, RoomSelector,
    Seq,
};

use crate::support::{Client, World, by_id, draft, login, name, to_user};

fn edit(message: &Message, text: &str) -> commands::Edit {
    commands::Edit::text(message.id, text)
}

fn answer(room: RoomSelector, message: &Message) -> commands::Send {
    commands::Send {
        reply_to: Some(message.id),
        ..draft(room, "well")
    }
}

fn hide(message: &Message) -> commands::Hide {
    commands::Hide {
        message: message.id,
    }
}

/// The answers among these, with whether each shows what it answers.
fn quoting<'a>(events: impl IntoIterator<Item = &'a RoomEvent>) -> Vec<bool> {
    let said = events.into_iter().filter_map(|event| match &event.change {
        RoomChange::Posted(message) => Some(message.quote.is_some()),
        _ => None,
    });
    said.collect()
}

fn of_rooms(told: &[Event]) -> impl Iterator<Item = &RoomEvent> {
    told.iter().filter_map(|event| match event {
        Event::Room(event) => Some(event),
        Event::Presence(_) | Event::Ended(_) => None,
    })
}

/// Which messages of a room show what they answer.
async fn quotes(client: &mut Client, room: RoomSelector) -> Vec<(MessageId, bool)> {
    let page = HistoryQuery::page(room, None, 100);
    let read = client.ok(commands::History(page)).await.messages;
    let answers = read.iter().filter(|message| message.reply_to.is_some());
    let shows = |message: &std::sync::Arc<Message>| (message.id, message.quote.is_some());
    answers.map(shows).collect()
}

#[tokio::test]
async fn what_becomes_of_what_one_hid_is_not_told() {
    for world in World::of_each_kind().await {
        let room = world.room("tea", RoomKind::Public, []).await.id;
        let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
        for client in [&mut anna, &mut boris, &mut clara] {
            client.enter(name("tea")).await;
        }
        let mut again = world.again("boris").await;
        let [insult, other] = [
            anna.say(name("tea"), "insult").await,
            anna.say(name("tea"), "tea?").await,
        ];
        boris.ok(hide(&insult)).await;
        world.settled().await;
        for client in [&mut boris, &mut again, &mut clara] {
            client.told();
        }
        let before = world.store.room(room).await.unwrap().unwrap().room.seq;
        anna.ok(edit(&insult, "insult, again")).await;
        anna.ok(edit(&other, "more tea?")).await;
        let quoting_it = clara.ok(answer(name("tea"), &insult)).await;
        let other_answer = clara.ok(answer(name("tea"), &other)).await;
        world.settled().await;
        for client in [&mut boris, &mut again] {
            let told = client.told();
            assert_eq!(quoting(of_rooms(&told)), [false, true]);
            assert_eq!(told.len(), 3, "{told:?}");
        }
        let told = clara.told();
        assert_eq!((quoting(of_rooms(&told)), told.len()), (vec![true; 2], 4));
        // Nor is it read.
        let expected = [(quoting_it.id, false), (other_answer.id, true)];
        assert_eq!(quotes(&mut boris, name("tea")).await, expected);
        let all = [(quoting_it.id, true), (other_answer.id, true)];
        assert_eq!(quotes(&mut clara, name("tea")).await, all);
        anna.ok(commands::Delete { message: insult.id }).await;
        world.settled().await;
        assert_eq!(boris.heard(), [""; 0]);
        assert_eq!(clara.told().len(), 1);
        let missed = |after: Seq| commands::Changes {
            room: name("tea"),
            after,
            limit: 100,
        };
        let mut seen = Vec::new();
        for client in [&mut boris, &mut clara] {
            seen.push(client.ok(missed(before)).await.events.len());
        }
        assert_eq!(seen, [3, 5]);
        let all = boris.ok(missed(Seq(0))).await.events;
        let is_it = |event: &RoomEvent| event.change.message().is_some_and(|of| of.id == insult.id);
        assert!(!all.iter().any(is_it), "{all:?}");
        // It is not there to be answered, edited or deleted, but to be hidden again.
        let own = boris.say(name("tea"), "mine").await;
        boris.ok(hide(&own)).await;
        boris.ok(hide(&own)).await;
        for refused in [
            boris.err(edit(&own, "no")).await,
            boris.err(commands::Delete { message: own.id }).await,
            boris.err(answer(name("tea"), &own)).await,
        ] {
            assert_eq!(refused, Error::NoSuchMessage);
        }
        world.assert_gapless(room).await;
    }
}

#[tokio::test]
async fn nor_is_it_in_a_direct_room() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let insult = anna.ok(to_user(login("boris"), "insult")).await;
        boris.ok(hide(&insult)).await;
        world.settled().await;
        anna.told();
        boris.told();
        anna.ok(edit(&insult, "insult, again")).await;
        anna.ok(answer(by_id(insult.room), &insult)).await;
        anna.ok(commands::Delete { message: insult.id }).await;
        world.settled().await;
        let told = boris.told();
        assert_eq!((quoting(of_rooms(&told)), told.len()), (vec![false], 1));
        assert_eq!(anna.told().len(), 3);
    }
}

#[tokio::test]
async fn what_was_deleted_is_not_answered_and_shown_by_no_answer() {
    for world in World::of_each_kind().await {
        world.room("tea", RoomKind::Public, []).await;
        let mut anna = world.account("anna").await;
        anna.enter(name("tea")).await;
        let said = anna.say(name("tea"), "gone soon").await;
        let before = anna.ok(answer(name("tea"), &said)).await;
        assert_eq!(quotes(&mut anna, name("tea")).await, [(before.id, true)]);
        anna.ok(commands::Delete { message: said.id }).await;
        assert_eq!(quotes(&mut anna, name("tea")).await, [(before.id, false)]);
        let refused = anna.err(answer(name("tea"), &said)).await;
        assert_eq!(refused, Error::NoSuchMessage);
        assert_eq!(anna.texts(name("tea")).await, ["", "well"]);
    }
}
