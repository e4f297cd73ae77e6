//! What is over age: marked, then removed.

use std::time::Duration;

use super::*;
use crate::commands::{
    ChangeRoom, ClearHistory, Direct, Forget, Hide, Keep, LeaveWaiting, MarkAged, SetTitle,
};
use crate::model::{FileInfo, HistoryOrder, HistoryQuery, MessageKind, Seq};
use crate::store::time::AHEAD;

const SECOND: Duration = Duration::from_secs(1);

impl Bench {
    fn mark(&self, room: RoomId, keep: Duration, now: i64) {
        let (rooms, now) = (vec![room], Timestamp(now));
        self.operator(MarkAged { rooms, keep, now }).unwrap();
    }

    /// Whether all that was marked is gone, and files with it.
    pub(super) fn forget(&self, room: RoomId, limit: usize) -> (bool, bool) {
        let forgot = self.operator(Forget { room, limit }).unwrap();
        (forgot.all, forgot.files)
    }

    async fn left(&self, room: RoomId, order: HistoryOrder) -> Vec<String> {
        let query = HistoryQuery {
            order,
            ..HistoryQuery::page(at(room), None, 100)
        };
        let page = self.store.history(room, None, &query).await.unwrap();
        let left = texts(&page.messages).into_iter().map(str::to_owned);
        left.collect()
    }

    async fn prunable(&self, keep: Duration, now: i64) -> Vec<RoomId> {
        self.store.prunable(Timestamp(now), keep).await.unwrap()
    }

    /// The numbers of the room's changes that are told, and where its mark is.
    async fn seqs(&self, room: RoomId) -> (Vec<i64>, i64) {
        let told = self.store.changes(room, Seq(0), usize::MAX).await.unwrap();
        let row = self.store.room(room).await.unwrap().unwrap();
        let seqs = told.iter().map(|event| event.seq.0).collect();
        (seqs, row.room.pruned.0)
    }
}

pub(super) async fn what_is_over_age_is_shown_no_more_and_then_gone(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let (room, other) = (bench.room("lobby", anna), bench.room("other", anna));
    bench.enter(bob, room);
    let mut said = Vec::new();
    for number in 0..40 {
        bench.at(10_000 + number * 100);
        said.push(bench.say(anna, room, &format!("tea {number}")).id);
        bench.say(anna, other, "elsewhere");
        if number % 4 == 0 {
            let title = format!("title {number}");
            bench
                .by(
                    anna,
                    SetTitle {
                        room: at(room),
                        title,
                    },
                )
                .unwrap();
        }
    }
    let file = FileInfo {
        name: "cat.png".to_owned(),
        size: 1,
        stored: "0001".to_owned(),
        sha256: None,
    };
    let (kind, file) = (MessageKind::File, Some(file));
    let with_file = commands::Send {
        kind,
        file,
        ..post(room, "")
    };
    bench.by(anna, with_file).unwrap();
    bench.edit(anna, said[0], "tea, edited");
    bench.delete(anna, said[1]);
    for message in [said[2], said[39]] {
        bench.by(bob, Hide { message }).unwrap();
    }
    let before = bench.store.last_message_id().await.unwrap();
    let room_before = bench.store.room(room).await.unwrap().unwrap().room.clone();
    // Nothing is old enough, or rooms keep everything.
    for (keep, now) in [(SECOND, 11_000), (Duration::ZERO, i64::MAX)] {
        assert_eq!(bench.prunable(keep, now).await, []);
        bench.mark(room, keep, now);
        assert_eq!(bench.left(room, HistoryOrder::Oldest).await.len(), 41);
    }
    // Said before 13,000: "tea 0" to "tea 29".
    assert_eq!(bench.prunable(SECOND, 14_000).await, [room, other]);
    bench.mark(room, SECOND, 14_000);
    for _ in 0..2 {
        for order in [HistoryOrder::Oldest, HistoryOrder::Newest] {
            let left = bench.left(room, order).await;
            let newest = order == HistoryOrder::Newest;
            let first = &left[if newest { left.len() - 1 } else { 0 }];
            assert_eq!((left.len(), first.as_str()), (11, "tea 30"));
        }
        let query = HistoryQuery {
            before: Some(said[39]),
            order: HistoryOrder::Newest,
            ..HistoryQuery::page(at(room), None, 4)
        };
        let page = bench.store.history(room, Some(bob), &query).await.unwrap();
        assert_eq!(texts(&page.messages)[3], "tea 35");
        assert_eq!(page.omitted, 5);
        let found = bench
            .store
            .search(room, None, &SearchQuery::containing("tea", 99))
            .await;
        assert_eq!(found.unwrap().len(), 10);
        assert_eq!(bench.left(other, HistoryOrder::Oldest).await.len(), 40);
        for message in [said[0], said[1], said[29]] {
            let refused = bench.by(anna, Edit::text(message, "again")).unwrap_err();
            assert_eq!(refused, Error::NoSuchMessage);
            assert!(bench.by(anna, Delete { message }).is_err());
            assert!(bench.by(bob, Hide { message }).is_err());
            let mut answer = post(room, "answer");
            answer.reply_to = Some(message);
            assert_eq!(bench.by(anna, answer).unwrap_err(), Error::NoSuchMessage);
        }
        while !bench.forget(room, 7).0 {}
        assert!(bench.store.message(said[29]).await.unwrap().is_none());
        assert!(bench.store.message(said[30]).await.unwrap().is_some());
        assert!(!bench.store.is_hidden(bob, said[2]).await.unwrap());
        assert!(bench.store.is_hidden(bob, said[39]).await.unwrap());
    }
    assert_eq!(bench.store.files(room).await.unwrap(), ["0001"]);
    // The numbers go on, and those that are left are gapless. An edit whose message is gone tells of one that is deleted.
    let (seqs, mark) = bench.seqs(room).await;
    let all: Vec<i64> = (mark + 1..=room_before.seq.0).collect();
    assert_eq!((seqs, mark > 0), (all, true));
    let told = bench.store.changes(room, Seq(mark), 99).await.unwrap();
    let edited = told.iter().find_map(|event| match &event.change {
        crate::model::RoomChange::Deleted(message) => Some(message.clone()),
        _ => None,
    });
    assert_eq!(edited.map(|message| message.id), Some(said[0]));
    let next = bench.at(14_000).say(anna, room, "next");
    bench.assert_next(next.id, before);
    assert_eq!(next.seq.0, room_before.seq.0 + 1);
    // Longer again: what is gone is gone. Then all of it.
    bench.mark(room, 100 * SECOND, 15_000);
    assert_eq!(bench.left(room, HistoryOrder::Oldest).await.len(), 12);
    bench.mark(room, SECOND, 99_000);
    assert_eq!(bench.store.files(room).await.unwrap(), [""; 0]);
    assert_eq!(bench.forget(room, 100), (true, true));
    assert_eq!(bench.left(room, HistoryOrder::Newest).await, [""; 0]);
    assert_eq!(bench.prunable(SECOND, 99_000).await, [other]);
    bench.mark(other, SECOND, 99_000);
    bench.forget(other, 1000);
    assert_eq!(bench.store.last_message_id().await.unwrap(), next.id);
    let last = bench.at(1_000).say(anna, room, "and on");
    assert_eq!(last.id.0, next.id.0 + 1);
    assert!(last.created > next.created);
    let found = bench
        .store
        .search(room, None, &SearchQuery::containing("", 99))
        .await
        .unwrap();
    assert_eq!(texts(&found), ["and on"]);
}

pub(super) async fn a_room_keeps_as_long_as_it_says(bench: &Bench) {
    let anna = bench.account("anna");
    let (room, other) = (bench.room("lobby", anna), bench.room("other", anna));
    let keep = |room, keep| ChangeRoom {
        keep: Some(keep),
        ..ChangeRoom::of(at(room))
    };
    for room in [room, other] {
        bench.at(1_000).say(anna, room, "old");
        bench.at(2_000).say(anna, room, "new");
    }
    assert!(bench.by(anna, keep(room, Keep::AsConfigured)).is_err());
    bench
        .operator(keep(room, Keep::For(Duration::ZERO)))
        .unwrap();
    assert_eq!(bench.prunable(SECOND, 3_000).await, [other]);
    bench.mark(room, SECOND, 3_000);
    assert_eq!(bench.left(room, HistoryOrder::Oldest).await.len(), 2);
    bench
        .operator(keep(room, Keep::For(3 * SECOND / 2)))
        .unwrap();
    assert_eq!(bench.prunable(Duration::ZERO, 3_000).await, [room]);
    bench.mark(room, Duration::ZERO, 3_000);
    assert_eq!(bench.left(room, HistoryOrder::Oldest).await, ["new"]);
    bench.operator(keep(room, Keep::AsConfigured)).unwrap();
    let row = bench.store.room(room).await.unwrap().unwrap();
    assert_eq!(row.room.keep, None);
    bench.mark(room, Duration::ZERO, 99_000);
    assert_eq!(bench.left(room, HistoryOrder::Oldest).await, ["new"]);
    // Cleared and kept no longer: the later mark holds.
    bench.by(anna, ClearHistory { room: at(room) }).unwrap();
    bench.say(anna, room, "newer");
    assert_eq!(bench.left(room, HistoryOrder::Oldest).await, ["newer"]);
    let direct = Direct {
        user: who(anna),
        create: true,
    };
    let direct = bench.by(anna, direct).unwrap().room.id;
    assert!(bench.operator(keep(direct, Keep::For(SECOND))).is_err());
}

pub(super) async fn times_that_fall_keep_nothing_for_ever(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    // The clock runs a century ahead for a while, then a day, then is right.
    let (day, start) = (24 * 3600 * 1000, 4 * AHEAD);
    for (time, text) in [
        (start, "1"),
        (start + 36_500 * day, "2"),
        (start + 36_500 * day + 5, "3"),
        (start + 10, "4"),
        (start + day, "5"),
        (start + 20, "6"),
        (start + 30, "7"),
    ] {
        bench.at(time).say(anna, room, text);
    }
    let now = |after: i64| start + after + 1_000;
    bench.mark(room, SECOND, now(1));
    assert_eq!(bench.left(room, HistoryOrder::Oldest).await[0], "2");
    assert_eq!(bench.prunable(SECOND, now(1)).await, [room]);
    bench.mark(room, SECOND, now(11));
    assert_eq!(
        bench.left(room, HistoryOrder::Oldest).await,
        ["5", "6", "7"]
    );
    while !bench.forget(room, 1).0 {}
    bench.mark(room, SECOND, now(21));
    assert_eq!(bench.left(room, HistoryOrder::Oldest).await, ["7"]);
    bench.mark(room, SECOND, now(31));
    assert_eq!(bench.left(room, HistoryOrder::Oldest).await, [""; 0]);
    bench.forget(room, 100);
    let next = bench.at(start + 40).say(anna, room, "8");
    assert_eq!(next.created, Timestamp(start + 40));
    // One from ahead alone, with nothing after it, stays until its time has come and gone.
    bench.at(start + 2 * day).say(anna, room, "9");
    bench.mark(room, SECOND, now(day));
    assert_eq!(bench.left(room, HistoryOrder::Oldest).await, ["9"]);
    bench.mark(room, SECOND, now(2 * day + 1));
    assert_eq!(bench.left(room, HistoryOrder::Oldest).await, [""; 0]);
}

pub(super) async fn what_is_gone_waits_for_nobody(bench: &Bench) {
    let (anna, bob) = (bench.account("anna"), bench.account("bob"));
    let direct = Direct {
        user: who(bob),
        create: true,
    };
    let room = bench.by(anna, direct).unwrap().room.id;
    for time in [2_000, 3_000, 4_000] {
        bench.at(time).say(anna, room, "psst");
        bench.operator(LeaveWaiting { room, user: bob }).unwrap();
    }
    let waiting = async || {
        bench
            .store
            .member(room, bob)
            .await
            .unwrap()
            .unwrap()
            .waiting
    };
    assert_eq!(waiting().await, 3);
    bench.mark(room, SECOND, 4_500);
    assert_eq!(waiting().await, 1);
    bench.mark(room, SECOND, 9_000);
    assert_eq!(waiting().await, 0);
}

pub(super) async fn a_failed_commit_forgets_nothing(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let message = bench.at(1_000).say(anna, room, "old").id;
    bench.by(anna, Hide { message }).unwrap();
    bench.mark(room, SECOND, 9_000);
    bench.gate.set(Verdict::Fail);
    assert!(bench.operator(Forget { room, limit: 9 }).is_err());
    assert!(bench.store.message(message).await.unwrap().is_some());
    assert!(bench.store.is_hidden(anna, message).await.unwrap());
    let (seqs, mark) = bench.seqs(room).await;
    assert_eq!(seqs, (1..=mark).collect::<Vec<_>>());
    bench.forget(room, 9);
    assert!(bench.store.message(message).await.unwrap().is_none());
    assert_eq!(bench.seqs(room).await.0, [0; 0]);
}
