//! What was said in a private room before somebody came by its name is not for them, by any way of reading.

use std::collections::BTreeSet;

use tolmach::commands;
use tolmach::model::{Error, Event, HistoryQuery, MessageId, RoomChange, RoomKind, SearchQuery};

use crate::support::{Client, World, by_id, create_room, login, name, texts};

async fn found(client: &mut Client, text: &str) -> Vec<String> {
    let search = commands::Search {
        room: name("cellar"),
        query: SearchQuery::containing(text, 100),
    };
    texts(client.ok(search).await)
}

/// The number of a message, asked for as a 31-bit dialect does.
async fn finds(client: &mut Client, id: MessageId) -> Result<(), Error> {
    let low_bits = i32::try_from(id.0).unwrap();
    let find = commands::FindMessage {
        low_bits,
        room: Some(name("cellar")),
    };
    client.call(find).await.map(drop)
}

#[tokio::test]
async fn who_comes_by_its_name_sees_what_is_said_since() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
        let made = anna.ok(create_room("cellar", RoomKind::Private)).await;
        // Long enough for the index.
        for number in 0..20 {
            anna.say(name("cellar"), &format!("secret {number}")).await;
        }
        let before = anna.say(name("cellar"), "secret, the last").await;
        let add = |user: &str| commands::AddMember {
            room: by_id(made.room.id),
            user: login(user),
        };
        anna.ok(add("clara")).await;
        boris.enter(name("Cellar")).await;
        let since = anna.say(name("cellar"), "no secret").await;

        assert_eq!(boris.texts(name("cellar")).await, ["no secret"]);
        assert_eq!(found(&mut boris, "secret").await, ["no secret"]);
        let mut touched = HistoryQuery::page(name("cellar"), None, 100);
        touched.touched = true;
        assert_eq!(
            texts(boris.ok(commands::History(touched)).await),
            ["no secret"]
        );
        assert_eq!(
            finds(&mut boris, before.id).await,
            Err(Error::NoSuchMessage)
        );
        assert_eq!(finds(&mut boris, since.id).await, Ok(()));
        let hide = commands::Hide { message: before.id };
        assert_eq!(boris.err(hide).await, Error::NoSuchMessage);
        let answer = |message: MessageId| commands::Send {
            reply_to: Some(message),
            ..commands::Send::text(name("cellar"), "what was that?")
        };
        assert_eq!(boris.err(answer(before.id)).await, Error::NoSuchMessage);
        // An answer shows its readers no more of what it answers than they may see.
        anna.ok(answer(before.id)).await;
        let quotes = async |client: &mut Client| {
            let query = HistoryQuery::page(name("cellar"), None, 100);
            let page = client.ok(commands::History(query)).await;
            page.messages.last().unwrap().quote.is_some()
        };
        assert!(quotes(&mut anna).await);
        assert!(!quotes(&mut boris).await);

        // Who was added sees all; so does, from then on, who came by the name and is added.
        assert_eq!(clara.texts(name("cellar")).await.len(), 23);
        assert_eq!(found(&mut clara, "secret").await.len(), 22);
        anna.ok(add("boris")).await;
        assert_eq!(boris.texts(name("cellar")).await.len(), 23);
        assert_eq!(finds(&mut boris, before.id).await, Ok(()));

        // Who leaves and comes back by the name is who comes by the name.
        boris
            .ok(commands::Leave {
                room: name("cellar"),
            })
            .await;
        boris.enter(name("cellar")).await;
        assert_eq!(boris.texts(name("cellar")).await, [""; 0]);
    }
}

/// Whether the last thing that a client was told is a message that shows what it answers.
fn is_quoting(told: &[Event]) -> Option<bool> {
    let Some(Event::Room(event)) = told.last() else {
        return None;
    };
    let RoomChange::Posted(message) = &event.change else {
        return None;
    };
    Some(message.quote.is_some())
}

#[tokio::test]
async fn who_comes_by_its_name_hears_nothing_of_what_becomes_of_what_was_said_before() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
        let made = anna.ok(create_room("cellar", RoomKind::Private)).await;
        let before = anna.say(name("cellar"), "secret").await;
        let add = |user: &str| commands::AddMember {
            room: by_id(made.room.id),
            user: login(user),
        };
        anna.ok(add("clara")).await;
        boris.enter(name("cellar")).await;
        let since = anna.say(name("cellar"), "no secret").await;
        world.settled().await;
        for client in [&mut anna, &mut boris, &mut clara] {
            client.told();
        }
        let edit = |message: MessageId, text: &str| commands::Edit::text(message, text);
        let answer = |message: MessageId| commands::Send {
            reply_to: Some(message),
            ..commands::Send::text(name("cellar"), "well")
        };
        anna.ok(edit(before.id, "another secret")).await;
        anna.ok(edit(since.id, "none at all")).await;
        world.settled().await;
        let both = [
            "#cellar edited anna: another secret",
            "#cellar edited anna: none at all",
        ];
        assert_eq!(clara.heard(), both);
        assert_eq!(boris.heard(), both[1..]);
        // An answer is told, without what it answers.
        anna.ok(answer(before.id)).await;
        world.settled().await;
        assert_eq!(is_quoting(&clara.told()), Some(true));
        assert_eq!(is_quoting(&boris.told()), Some(false));
        anna.ok(answer(since.id)).await;
        world.settled().await;
        assert_eq!(is_quoting(&boris.told()), Some(true));
        clara.told();

        // Who is added sees all from then on, and hears what becomes of it.
        anna.ok(add("boris")).await;
        anna.ok(edit(before.id, "no more")).await;
        world.settled().await;
        assert_eq!(boris.heard(), ["#cellar edited anna: no more"]);
        let leave = commands::Leave {
            room: name("cellar"),
        };
        boris.ok(leave).await;
        boris.enter(name("cellar")).await;
        world.settled().await;
        boris.told();
        clara.told();
        anna.ok(commands::Delete { message: since.id }).await;
        // What the operator deletes is not told either.
        world.op(commands::Delete { message: before.id }).await;
        world.settled().await;
        assert_eq!(clara.told().len(), 2);
        assert_eq!(boris.heard(), [""; 0]);

        // In a public room nothing is hidden.
        let shown = anna.say(name("cellar"), "for all").await;
        let mut dora = world.account("dora").await;
        dora.enter(name("cellar")).await;
        let public = commands::ChangeRoom {
            private: Some(false),
            ..commands::ChangeRoom::of(by_id(made.room.id))
        };
        anna.ok(public).await;
        anna.ok(edit(shown.id, "for everybody")).await;
        world.settled().await;
        let heard = dora.heard();
        assert_eq!(heard.last().unwrap(), "#cellar edited anna: for everybody");
    }
}

#[tokio::test]
async fn a_public_rooms_history_is_every_members_whole() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        let made = anna.ok(create_room("cellar", RoomKind::Private)).await;
        anna.say(name("cellar"), "before").await;
        boris.enter(name("cellar")).await;
        assert_eq!(boris.texts(name("cellar")).await, [""; 0]);
        let private = |private| commands::ChangeRoom {
            private: Some(private),
            ..commands::ChangeRoom::of(by_id(made.room.id))
        };
        anna.ok(private(false)).await;
        assert_eq!(boris.texts(name("cellar")).await, ["before"]);
        // The mark holds again; who comes while the room is public has none.
        let mut clara = world.account("clara").await;
        clara.enter(name("cellar")).await;
        anna.ok(private(true)).await;
        assert_eq!(boris.texts(name("cellar")).await, [""; 0]);
        assert_eq!(clara.texts(name("cellar")).await, ["before"]);
    }
}

#[tokio::test]
async fn a_private_room_made_from_a_title_has_a_name_that_nobody_guesses() {
    for world in World::of_each_kind().await {
        let mut anna = world.account("anna").await;
        let titled = || commands::CreateRoom {
            name: String::new(),
            title: "Board meeting".into(),
            kind: RoomKind::Private,
            ..commands::CreateRoom::public("")
        };
        let first = anna.ok(titled()).await.room;
        let second = anna.ok(titled()).await.room;
        assert_ne!(first.name, second.name);
        for room in [&first, &second] {
            let random = room.name.strip_prefix("private-").unwrap();
            assert_eq!(random.len(), 16, "{}", room.name);
            assert!(!random.contains(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit()));
            assert_eq!(room.title, "Board meeting");
        }
        let mut boris = world.account("boris").await;
        for guess in ["Board-meeting", "board-MEETING", "Board-meeting-2"] {
            assert_eq!(
                boris.err(commands::FindRoom { room: name(guess) }).await,
                Error::NoSuchRoom
            );
        }
        boris.enter(name(&first.name)).await;
    }
}

/// 80 random bits: sixteen digits, each of them any of 32. That one of these stands nowhere among 2,048 digits does not happen once in 10²⁶ runs.
#[tokio::test]
async fn the_names_that_nobody_guesses_are_of_all_digits_and_differ() {
    let world = World::new().await;
    let mut anna = world.account("anna").await;
    let mut names = BTreeSet::new();
    for _ in 0..128 {
        let private = commands::CreateRoom {
            title: "Board meeting".into(),
            kind: RoomKind::Private,
            ..commands::CreateRoom::public("")
        };
        let name = anna.ok(private).await.room.name.clone();
        let random = name.strip_prefix("private-").unwrap();
        assert_eq!(random.len(), 16, "{name}");
        assert!(names.insert(random.to_owned()), "{name} twice");
    }
    let digits: BTreeSet<char> = names.iter().flat_map(|name| name.chars()).collect();
    let expected: BTreeSet<char> = ('a'..='z').chain('2'..='7').collect();
    assert_eq!(digits, expected);
}

#[tokio::test]
async fn what_was_said_last_before_one_came_is_not_there() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        anna.ok(create_room("cellar", RoomKind::Private)).await;
        let before = anna.say(name("cellar"), "secret").await.id;
        boris.enter(name("cellar")).await;
        let answer = commands::Send {
            reply_to: Some(before),
            ..commands::Send::text(name("cellar"), "what was that?")
        };
        for refused in [
            boris.err(commands::ReadMessage { message: before }).await,
            boris.err(commands::Hide { message: before }).await,
            boris.err(commands::Edit::text(before, "x")).await,
            boris.err(answer.clone()).await,
        ] {
            assert_eq!(refused, Error::NoSuchMessage);
        }
        assert_eq!(boris.texts(name("cellar")).await, [""; 0]);
        anna.ok(answer).await;
        let page = HistoryQuery::page(name("cellar"), None, 9);
        let read = boris.ok(commands::History(page)).await.messages;
        assert_eq!((read.len(), &read[0].quote), (1, &None));
    }
}
