//! Private messages that came while one was away: they wait until they are read.

use tolmach::commands;
use tolmach::model::{HistoryOrder, HistoryQuery, RoomId, Timestamp};

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
        .map(|(from, count)| (from.login.clone(), count))
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
