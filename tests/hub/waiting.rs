//! Private messages that came while one was away: they wait until they are read.

use tolmach::commands;
use tolmach::model::{Error, HistoryOrder, HistoryQuery, RoomId, Timestamp, UserSelector};

use crate::support::{Client, World, by_id, login, to_user};

fn kept_for(user: &str, text: &str) -> commands::Send {
    commands::Send {
        offline: commands::Offline::Store,
        ..to_user(login(user), text)
    }
}

async fn waiting(client: &mut Client) -> Vec<(String, u64)> {
    let waiting = client.ok(commands::Waiting).await;
    let mut waiting: Vec<_> = waiting
        .into_iter()
        .map(|one| (one.from.login.clone(), one.messages))
        .collect();
    waiting.sort();
    waiting
}

/// Reads as many messages from the room's end.
async fn read(client: &mut Client, room: RoomId, limit: usize) {
    let mut page = HistoryQuery::page(by_id(room), None, limit);
    page.order = HistoryOrder::Newest;
    client.ok(commands::History(page)).await;
}

#[tokio::test]
async fn what_came_while_one_was_away_waits_until_it_is_read() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris, mut clara] = world.accounts(["anna", "boris", "clara"]).await;
        boris.session.farewell();
        anna.ok(kept_for("boris", "one")).await;
        let room = anna.ok(kept_for("boris", "two")).await.room;
        clara.ok(kept_for("boris", "three")).await;
        world.settled().await;
        let mut boris = world.again("boris").await;
        let both = [("anna".to_owned(), 2), ("clara".to_owned(), 1)];
        assert_eq!(waiting(&mut boris).await, both);
        assert_eq!(waiting(&mut anna).await, []);

        // Only what the other one said is read, and only by whom it waits for.
        read(&mut anna, room, 100).await;
        boris.ok(to_user(login("anna"), "yes?")).await;
        read(&mut boris, room, 1).await;
        assert_eq!(waiting(&mut boris).await, both);
        read(&mut boris, room, 2).await;
        let left = [("anna".to_owned(), 1), ("clara".to_owned(), 1)];
        assert_eq!(waiting(&mut boris).await, left);
        for _ in 0..2 {
            read(&mut boris, room, 100).await;
            assert_eq!(waiting(&mut boris).await, [("clara".to_owned(), 1)]);
        }
    }
}

#[tokio::test]
async fn what_was_seen_to_the_end_waits_no_more() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        boris.session.farewell();
        anna.ok(kept_for("boris", "one")).await;
        std::thread::sleep(std::time::Duration::from_millis(2));
        let last = anna.ok(kept_for("boris", "two")).await;
        world.settled().await;
        let mut boris = world.again("boris").await;
        for (at, left) in [(last.created.0 - 1, 2), (last.created.0, 0)] {
            let (room, at) = (by_id(last.room), Timestamp(at));
            boris.ok(commands::MarkSeen { room, at }).await;
            let waits = waiting(&mut boris)
                .await
                .first()
                .map_or(0, |(_, count)| *count);
            assert_eq!(waits, left);
        }
    }
}

#[tokio::test]
async fn what_was_deleted_before_it_was_read_waits_no_more() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        boris.session.farewell();
        let first = anna.ok(kept_for("boris", "gone soon")).await;
        world.settled().await;
        let message = first.id;
        anna.ok(commands::Delete { message }).await;
        let mut boris = world.again("boris").await;
        assert_eq!(waiting(&mut boris).await, []);
        boris.session.farewell();
        let second = anna.ok(kept_for("boris", "stays")).await;
        world.settled().await;
        let mut boris = world.again("boris").await;
        assert_eq!(waiting(&mut boris).await, [("anna".to_owned(), 1)]);
        read(&mut boris, second.room, 20).await;
        assert_eq!(waiting(&mut boris).await, []);
        // Nor what nobody is shown any more.
        boris.session.farewell();
        anna.ok(kept_for("boris", "cleared")).await;
        let room = by_id(second.room);
        world.op(commands::ClearHistory { room }).await;
        let mut boris = world.again("boris").await;
        assert_eq!(waiting(&mut boris).await, []);
    }
}

#[tokio::test]
async fn what_somebody_said_who_is_gone_is_read_under_the_login_or_number_it_had() {
    for world in World::of_each_kind().await {
        let [mut anna, mut boris] = world.accounts(["anna", "boris"]).await;
        boris.session.farewell();
        let room = anna.ok(kept_for("boris", "last words")).await.room;
        world.settled().await;
        let id = anna.user();
        let user = login("anna");
        world.op(commands::RemoveUser { user }).await;
        let mut boris = world.again("boris").await;
        let waits = boris.ok(commands::Waiting).await;
        let [one] = waits.as_slice() else {
            panic!("{waits:?}");
        };
        assert_eq!((one.from.id, one.messages, one.is_gone), (id, 1, true));
        let direct = |user, create| commands::Direct { user, create };
        for user in [login("Anna"), UserSelector::Id(id)] {
            assert_eq!(boris.ok(direct(user.clone(), false)).await.id, room);
            assert_eq!(boris.err(direct(user, true)).await, Error::NoSuchUser);
        }
        // The login is another's now; the number is not.
        let mut anna = world.account("anna").await;
        assert_eq!(
            boris.err(direct(login("anna"), false)).await,
            Error::NoSuchRoom
        );
        assert_eq!(boris.ok(direct(UserSelector::Id(id), false)).await.id, room);
        // Nobody else finds anything by it.
        for user in [login("boris"), UserSelector::Id(id)] {
            anna.call(direct(user, false)).await.unwrap_err();
        }
        read(&mut boris, room, 20).await;
        assert_eq!(waiting(&mut boris).await, []);
    }
}
