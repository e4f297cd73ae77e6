//! Transactions: atomic, ordered, durable first, honest.

use super::*;
use crate::commands::{
    AddMember, CreateToken, DeleteRoom, Direct, Hide, RemoveUser, RenameRoom, SetOwnDescription,
    SetTitle,
};
use crate::model::{HistoryQuery, RoomChange, Seq};
use crate::store::time::AHEAD;

async fn history(bench: &Bench, room: RoomId) -> Vec<Arc<Message>> {
    let query = HistoryQuery::page(RoomSelector::Id(room), None, usize::MAX);
    bench
        .store
        .history(room, None, &query)
        .await
        .unwrap()
        .messages
}

pub(super) async fn a_refused_write_leaves_nothing(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let room = bench.room("lobby", anna);
    let before = bench.store.room(room).await.unwrap();
    let tickets = [
        (
            bench
                .submit(Actor::User(bob), post(room, "not a member"))
                .ticket,
            false,
        ),
        (
            bench
                .submit(Actor::User(anna), post(room, "a member"))
                .ticket,
            true,
        ),
        (
            bench
                .submit(Actor::User(bob), DeleteRoom { room: at(room) })
                .ticket,
            false,
        ),
        (
            bench
                .submit(Actor::User(bob), create_room("LOBBY", RoomKind::Public))
                .ticket,
            false,
        ),
    ];
    for (ticket, carried_out) in tickets {
        let (outcome, events) = bench.sink.wait(ticket);
        assert_eq!(
            (outcome.is_ok(), events.len()),
            (carried_out, usize::from(carried_out))
        );
    }
    let after = bench.store.room(room).await.unwrap().unwrap();
    assert_eq!(after.room.seq.0, before.unwrap().room.seq.0 + 1);
    assert_eq!(texts(&history(bench, room).await), ["a member"]);
    assert_eq!(bench.store.rooms().await.unwrap().len(), 1);
}

pub(super) async fn what_finds_no_number_is_refused_alone(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    (bench.use_up)();
    assert_eq!(bench.account("boris").0, i32::MAX);
    assert_eq!(bench.room("tea", anna).0, i32::MAX);
    // They may share a transaction with those around them.
    let with_others = [
        (
            bench.submit(Actor::User(anna), post(room, "one")).ticket,
            true,
        ),
        (
            bench.submit(Actor::Operator, add_account("clara")).ticket,
            false,
        ),
        (
            bench
                .submit(Actor::User(anna), create_room("dev", RoomKind::Public))
                .ticket,
            false,
        ),
        (
            bench
                .submit(Actor::User(anna), direct(UserId(i32::MAX)))
                .ticket,
            false,
        ),
        (
            bench.submit(Actor::User(anna), post(room, "two")).ticket,
            true,
        ),
    ];
    for (ticket, carried_out) in with_others {
        let (outcome, events) = bench.sink.wait(ticket);
        let expected = if carried_out {
            None
        } else {
            Some(Error::Unavailable)
        };
        assert_eq!(outcome.err(), expected);
        assert_eq!(events.len(), usize::from(carried_out));
    }
    assert_eq!(texts(&history(bench, room).await), ["one", "two"]);
    assert_eq!(bench.store.accounts().await.unwrap().len(), 2);
    assert_eq!(bench.store.rooms().await.unwrap().len(), 2);
    bench.operator(RemoveUser { user: who(anna) }).unwrap();
}

fn direct(user: UserId) -> Direct {
    Direct {
        user: who(user),
        create: true,
    }
}

pub(super) async fn commits_come_in_the_order_of_submission(bench: &Bench) {
    let anna = bench.account("anna");
    let rooms = [bench.room("a", anna), bench.room("b", anna)];
    let first = bench.sink.tickets().len();
    for number in 0..3_000 {
        bench.submit(
            Actor::User(anna),
            post(rooms[number % 2], &number.to_string()),
        );
    }
    bench.sink.wait_for_count(first + 3_000);
    let tickets = bench.sink.tickets();
    assert!(tickets.is_sorted() && tickets.windows(2).all(|pair| pair[0] != pair[1]));
    let posted: Vec<_> = bench
        .sink
        .events()
        .into_iter()
        .filter(|event| matches!(event.change, RoomChange::Posted(_)))
        .collect();
    for room in rooms {
        let told: Vec<Seq> = posted
            .iter()
            .filter(|event| event.room.id == room)
            .map(|event| event.seq)
            .collect();
        assert!(
            told.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1),
            "gapless"
        );
        let kept = history(bench, room).await;
        assert_eq!(
            kept.iter().map(|message| message.seq).collect::<Vec<_>>(),
            told
        );
        assert!(kept.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert_eq!(
            Some(&bench.store.room(room).await.unwrap().unwrap().room.seq),
            told.last()
        );
    }
}

pub(super) async fn created_rises_when_the_clock_falls(bench: &Bench) {
    let anna = bench.account("anna");
    let (room, other) = (bench.room("lobby", anna), bench.room("other", anna));
    let mut said = Vec::new();
    for (time, expected) in [
        (5_000, 5_000),
        (3_000, 5_001),
        (5_001, 5_002),
        (6_000, 6_000),
    ] {
        let message = bench.at(time).say(anna, room, "x");
        assert_eq!(message.created, Timestamp(expected), "of {time}");
        said.push(message);
    }
    assert_eq!(
        bench.at(3_000).say(anna, other, "x").created,
        Timestamp(3_000),
        "each room has its own"
    );
    assert_eq!(history(bench, room).await, said);
    assert_eq!(
        bench
            .store
            .room(room)
            .await
            .unwrap()
            .unwrap()
            .room
            .last_message,
        Timestamp(6_000)
    );
}

pub(super) async fn a_clock_that_ran_far_ahead_is_left_behind(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let day = 24 * 3600 * 1000;
    for (time, expected) in [
        (5_000, 5_000),
        (day, day),
        (day - AHEAD, day + 1),
        (day, day + 2),
        // A message of that time is there.
        (5_000, 5_001),
        (5_001, 5_002),
        // What was said while it ran ahead is in the way later.
        (day + 1, day + 3),
        (day + 1, day + 4),
    ] {
        let message = bench.at(time).say(anna, room, "x");
        assert_eq!(message.created, Timestamp(expected), "of {time}");
    }
    assert_eq!(history(bench, room).await.len(), 8);
}

pub(super) async fn nothing_is_heard_or_seen_before_the_commit(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let told = bench.sink.tickets().len();
    bench.gate.set(Verdict::Hold);
    std::thread::scope(|scope| {
        // A store without a thread commits on this one.
        scope.spawn(|| bench.submit(Actor::User(anna), post(room, "held")));
        bench.gate.wait_for_commit();
        assert_eq!(bench.sink.tickets().len(), told);
        if bench.reads_pass {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            scope
                .spawn(move || {
                    runtime.block_on(async { assert!(history(bench, room).await.is_empty()) })
                })
                .join()
                .unwrap();
        }
        assert_eq!(bench.sink.tickets().len(), told);
        bench.gate.set(Verdict::Pass);
    });
    bench.sink.wait_for_count(told + 1);
    assert_eq!(texts(&history(bench, room).await), ["held"]);
}

pub(super) async fn a_failed_commit_keeps_nothing_and_the_next_works(bench: &Bench) {
    let anna = bench.account("anna");
    let (room, doomed) = (bench.room("lobby", anna), bench.room("doomed", anna));
    let bob = bench.account("bob");
    let first = bench.say(anna, room, "first");
    let hidden = bench.say(anna, doomed, "hidden");
    let edit = Edit::text(first.id, "lost");
    let title = SetTitle {
        room: at(room),
        title: "lost".into(),
    };
    let rename = RenameRoom {
        room: at(room),
        name: "lost".into(),
    };
    let add = AddMember {
        room: at(room),
        user: who(bob),
    };
    let describe = SetOwnDescription {
        description: "lost".into(),
    };
    let token = CreateToken {
        user: who(anna),
        value: Some("lost".into()),
    };
    let attempts = [
        attempt(post(room, "lost")),
        attempt(edit),
        attempt(Hide { message: hidden.id }),
        attempt(DeleteRoom { room: at(doomed) }),
        attempt(title),
        attempt(rename),
        attempt(add),
        attempt(describe),
        attempt(token),
        attempt(direct(bob)),
        attempt(create_room("lost", RoomKind::Public)),
    ];
    let before = everything(bench, &[room, doomed], anna).await;
    for (what, attempt) in attempts {
        bench.gate.set(Verdict::Fail);
        let commits = attempt(bench, Actor::User(anna));
        assert_eq!(commits, (Err(Error::Unavailable), Vec::new()), "{what}");
        assert_eq!(
            everything(bench, &[room, doomed], anna).await,
            before,
            "{what}"
        );
    }
    let next = bench.say(anna, room, "next");
    assert_eq!(next.seq.0, first.seq.0 + 1, "no gap");
    bench.assert_next(next.id, hidden.id);
    assert_eq!(texts(&history(bench, room).await), ["first", "next"]);
    assert_eq!(
        bench.by(bob, post(room, "x")),
        Err(Error::not_allowed("join the room first")),
        "caches forget, too"
    );
}

/// What came of a change, whatever it is.
type Attempt = Box<dyn FnOnce(&Bench, Actor) -> (Result<()>, Vec<RoomEvent>)>;

fn attempt<C: Change>(change: C) -> (&'static str, Attempt) {
    let attempt = |bench: &Bench, actor| {
        let (outcome, events) = bench.write(actor, change);
        (outcome.map(drop), events)
    };
    (std::any::type_name::<C>(), Box::new(attempt))
}

/// All that reads can say, as text.
async fn everything(bench: &Bench, rooms: &[RoomId], user: UserId) -> String {
    let store = &bench.store;
    let mut all = format!(
        "{:?}",
        (
            store.rooms().await,
            store.accounts().await,
            store.tokens(user).await,
            store.rooms_of(user).await
        )
    );
    for room in rooms {
        let state = (
            store.members(*room).await,
            store.changes(*room, Seq(0), usize::MAX).await,
            store.room(*room).await,
        );
        all += &format!(
            "{state:?} {:?}",
            store
                .history(
                    *room,
                    Some(user),
                    &HistoryQuery::page(RoomSelector::Id(*room), None, 9)
                )
                .await
        );
    }
    all + &format!("{:?}", store.last_message_id().await)
}

pub(super) async fn an_unknown_commit_stops_all_writing(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    bench.gate.set(Verdict::Hide);
    assert_eq!(
        bench.write(Actor::User(anna), post(room, "who knows")),
        (Err(Error::OutcomeUnknown), Vec::new())
    );
    for _ in 0..2 {
        assert_eq!(bench.by(anna, post(room, "after")), Err(Error::Unavailable));
    }
    assert!(
        bench.store.user(anna).await.unwrap().is_some(),
        "reads go on"
    );
    bench.store.close().await;
}

pub(super) async fn an_undone_commit_is_unknown_and_the_next_works(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    bench.gate.set(Verdict::Undo);
    assert_eq!(
        bench.write(Actor::User(anna), post(room, "who knows")),
        (Err(Error::OutcomeUnknown), Vec::new())
    );
    bench.say(anna, room, "next");
    assert_eq!(texts(&history(bench, room).await), ["next"]);
}

pub(super) async fn a_panic_is_answered_and_the_next_works(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    bench.gate.set(Verdict::Panic);
    assert_eq!(bench.by(anna, post(room, "lost")), Err(Error::Internal));
    bench.say(anna, room, "next");
    assert_eq!(texts(&history(bench, room).await), ["next"]);
}

pub(super) async fn a_sink_that_panics_is_told_the_next(bench: &Bench) {
    let anna = bench.account("anna");
    bench.sink.panics.store(true, Ordering::SeqCst);
    let room = bench.room("lobby", anna);
    bench.say(anna, room, "next");
    assert_eq!(texts(&history(bench, room).await), ["next"]);
}

pub(super) async fn close_finishes_what_waits_and_refuses_the_rest(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let tickets: Vec<u64> = (0..1_500)
        .map(|_| {
            bench
                .submit(Actor::User(anna), post(room, "in time"))
                .ticket
        })
        .collect();
    bench.store.close().await;
    let told = bench.sink.tickets();
    assert!(
        tickets.iter().all(|ticket| told.contains(ticket)),
        "all were told when close returned"
    );
    assert_eq!(bench.by(anna, post(room, "late")), Err(Error::Unavailable));
    bench.store.close().await;
    assert_eq!(history(bench, room).await.len(), 1_500, "reads go on");
}
