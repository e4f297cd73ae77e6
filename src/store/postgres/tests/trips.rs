//! How often the database is asked.

use super::*;
use crate::commands::{DeleteRoom, RenameRoom};

/// Round trips of the largest batch that comes of so many changes, each of the kind that `change` makes.
fn trips(node: &Node, count: usize, change: impl Fn(&Bench, usize) -> u64) -> u64 {
    let (trips, commits) = (node.store.round_trips(), node.store.commits());
    let tickets: Vec<u64> = (0..count).map(|place| change(&node.bench, place)).collect();
    for ticket in tickets {
        node.bench.sink.wait(ticket).0.unwrap();
    }
    let commits = node.store.commits() - commits;
    assert!(
        commits < count as u64 / 4,
        "{commits} commits for {count} changes"
    );
    (node.store.round_trips() - trips).div_ceil(commits)
}

#[test]
fn round_trips_do_not_grow_with_a_batch() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let node = node(&server.database());
    let bench = &node.bench;
    let users: Vec<UserId> = (0..20)
        .map(|n| bench.account(&format!("user{n}")))
        .collect();
    let rooms: Vec<RoomId> = users
        .iter()
        .map(|user| bench.room(&format!("room{}", user.0), *user))
        .collect();
    let pair = |place: usize| (users[place % 20], rooms[place % 20]);
    let submit = |bench: &Bench, user, change: Send| bench.submit(Actor::User(user), change).ticket;
    let said: Vec<MessageId> = (0..400)
        .map(|place| bench.say(pair(place).0, pair(place).1, "x").id)
        .collect();
    let by_number = trips(&node, 2_000, |bench, place| {
        let (user, room) = pair(place);
        submit(bench, user, post(room, "by number"))
    });
    let by_name = trips(&node, 2_000, |bench, place| {
        let (user, _) = pair(place);
        let room = RoomSelector::Name(format!("room{}", user.0));
        submit(bench, user, Send::text(room, "by name"))
    });
    for user in &users[1..] {
        let (user, create) = (who(*user), true);
        bench.by(users[0], Direct { user, create }).unwrap();
    }
    let direct = trips(&node, 2_000, |bench, place| {
        let other = who(users[1 + place % 19]);
        submit(bench, users[0], Send::text(other, "between us"))
    });
    let answers = trips(&node, 400, |bench, place| {
        let (user, room) = pair(place);
        let answer = Send {
            reply_to: Some(said[place]),
            ..post(room, "an answer")
        };
        submit(bench, user, answer)
    });
    let edits = trips(&node, 400, |bench, place| {
        let edit = Edit::text(said[place], "y");
        bench.submit(Actor::User(pair(place).0), edit).ticket
    });
    let marks = trips(&node, 2_000, |bench, place| {
        let (user, room) = pair(place);
        let at_now = Timestamp(i64::try_from(place).unwrap());
        let mark = MarkSeen {
            room: at(room),
            at: at_now,
        };
        bench.submit(Actor::User(user), mark).ticket
    });
    let hidden = trips(&node, 400, |bench, place| {
        let hide = Hide {
            message: said[place],
        };
        bench.submit(Actor::User(pair(place).0), hide).ticket
    });
    let deleted = trips(&node, 400, |bench, place| {
        let delete = Delete {
            message: said[place],
        };
        bench.submit(Actor::Operator, delete).ticket
    });
    let seen = [
        by_number, by_name, direct, answers, edits, marks, hidden, deleted,
    ];
    assert!(seen.iter().all(|trips| *trips <= 8), "{seen:?}");
    assert!(by_number <= 3, "{seen:?}");
}

/// All others wait for logins, on all nodes.
#[test]
fn round_trips_of_logins_do_not_grow_with_what_one_is_in() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let node = node(&server.database());
    let bench = &node.bench;
    let anna = bench.account("anna");
    let users: Vec<UserId> = (0..10)
        .map(|place| bench.account(&format!("user{place}")))
        .collect();
    let rooms: Vec<RoomId> = (0..30)
        .map(|place| bench.room(&format!("room{place}"), anna))
        .collect();
    let guests: Vec<UserId> = (0..30)
        .map(|place| bench.guest(&format!("guest{place}")))
        .collect();
    for room in &rooms {
        users.iter().for_each(|user| bench.enter(*user, *room));
    }
    for guest in &guests {
        rooms[..5]
            .iter()
            .for_each(|room| bench.enter(*guest, *room));
    }
    let logins = trips(&node, 400, |bench, place| {
        let opening = OpenSession {
            user: users[place % 10],
            password: None,
            by: None,
            token: Some(format!("token{place}").as_str().into()),
            address: String::new(),
            is_login: true,
        };
        bench.submit(Actor::Operator, opening).ticket
    });
    assert!(logins <= 3, "{logins}");
    let before = node.store.round_trips();
    bench.operator(EndGuests { node: None }).unwrap();
    let ends = node.store.round_trips() - before;
    assert!(ends <= 8, "{ends}");
}

#[test]
fn a_room_that_was_called_so_lately_is_found_in_one_round_trip() {
    let Some(server) = Postgres::shared() else {
        return;
    };
    let database = server.database();
    let (node, other) = (node(&database), node(&database));
    let anna = node.bench.account("anna");
    let room = node.bench.room("tea", anna);
    let says = |name: &str| {
        let before = node.store.round_trips();
        let to = RoomSelector::Name(name.to_owned());
        let said = node.bench.by(anna, Send::text(to, "x"));
        let trips = node.store.round_trips() - before;
        (said.map(|message| message.room), trips)
    };
    assert_eq!(says("tea"), (Ok(room), 3));
    assert_eq!(says("Tea"), (Ok(room), 2));
    // Elsewhere it is called otherwise, and another one is called so.
    let (tea, name) = (at(room), "coffee".to_owned());
    other
        .bench
        .by(anna, RenameRoom { room: tea, name })
        .unwrap();
    let second = other.bench.room("tea", anna);
    assert_eq!(says("tea").0, Ok(second));
    assert_eq!(says("tea"), (Ok(second), 2));
    assert_eq!(says("coffee").0, Ok(room));
    assert_eq!(says("coffee"), (Ok(room), 2));
    let gone = DeleteRoom { room: at(room) };
    other.bench.by(anna, gone).unwrap();
    assert_eq!(says("coffee").0, Err(Error::NoSuchRoom));
    assert_eq!(says("tea").0, Ok(second));
}
