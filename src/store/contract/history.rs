//! Histories and searches.

use super::*;
use crate::commands::{ClearHistory, Hide, SetTitle};
use crate::model::{HistoryOrder, HistoryQuery, Seq};
use crate::store::PAGE_BYTES;
use crate::store::time::AHEAD;

fn query() -> HistoryQuery {
    HistoryQuery::page(RoomSelector::Id(RoomId(0)), None, usize::MAX)
}

async fn read(bench: &Bench, room: RoomId, query: &HistoryQuery) -> Vec<String> {
    let page = bench.store.history(room, None, query).await.unwrap();
    texts(&page.messages)
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// Messages "1", "2", "3"… at these times, in a room among whose changes are other ones too, beside another room.
fn said_at(bench: &Bench, times: &[i64]) -> (UserId, RoomId, Vec<MessageId>) {
    let anna = bench.account("anna");
    let (room, other) = (bench.room("lobby", anna), bench.room("other", anna));
    let mut ids = Vec::new();
    for (number, time) in times.iter().enumerate() {
        bench.at(*time).say(anna, other, "elsewhere");
        ids.push(bench.say(anna, room, &(number + 1).to_string()).id);
        if number % 2 == 0 {
            bench
                .by(
                    anna,
                    SetTitle {
                        room: at(room),
                        title: format!("title {number}"),
                    },
                )
                .unwrap();
        }
    }
    (anna, room, ids)
}

pub(super) async fn bounds_hold_together(bench: &Bench) {
    let (_, room, ids) = said_at(bench, &[2_000, 2_000, 3_000, 4_000, 5_000]);
    let (from, to) = (Some(Timestamp(2_000)), Some(Timestamp(4_000)));
    assert_eq!(read(bench, room, &query()).await, ["1", "2", "3", "4", "5"]);
    assert_eq!(
        read(
            bench,
            room,
            &HistoryQuery {
                order: HistoryOrder::Newest,
                ..query()
            }
        )
        .await,
        ["5", "4", "3", "2", "1"]
    );
    assert_eq!(
        read(
            bench,
            room,
            &HistoryQuery {
                after: Some(ids[1]),
                ..query()
            }
        )
        .await,
        ["3", "4", "5"]
    );
    assert_eq!(
        read(
            bench,
            room,
            &HistoryQuery {
                before: Some(ids[1]),
                ..query()
            }
        )
        .await,
        ["1"]
    );
    assert_eq!(
        read(
            bench,
            room,
            &HistoryQuery {
                from,
                to,
                ..query()
            }
        )
        .await,
        ["1", "2", "3", "4"]
    );
    assert_eq!(
        read(
            bench,
            room,
            &HistoryQuery {
                from,
                to,
                after: Some(ids[0]),
                before: Some(ids[3]),
                ..query()
            }
        )
        .await,
        ["2", "3"]
    );
    assert_eq!(
        read(
            bench,
            room,
            &HistoryQuery {
                after: Some(MessageId(i64::MAX)),
                ..query()
            }
        )
        .await,
        [""; 0]
    );
    assert_eq!(
        read(
            bench,
            room,
            &HistoryQuery {
                from: to,
                to: from,
                ..query()
            }
        )
        .await,
        [""; 0]
    );
    assert_eq!(read(bench, RoomId(99), &query()).await, [""; 0]);
    // A bound that is another room's message holds too: numbers rise over all rooms.
    assert_eq!(
        read(
            bench,
            room,
            &HistoryQuery {
                after: Some(MessageId(ids[1].0 + 1)),
                ..query()
            }
        )
        .await,
        ["3", "4", "5"]
    );
}

pub(super) async fn pages_say_what_they_leave_out(bench: &Bench) {
    let (anna, room, ids) = said_at(bench, &[2_000; 7]);
    bench.by(anna, Hide { message: ids[6] }).unwrap();
    for order in [HistoryOrder::Oldest, HistoryOrder::Newest] {
        for limit in 0..9 {
            let query = HistoryQuery {
                limit,
                order,
                ..query()
            };
            for (viewer, all) in [(None, 7), (Some(anna), 6)] {
                let page = bench.store.history(room, viewer, &query).await.unwrap();
                assert_eq!(page.messages.len(), limit.min(all), "{order:?} {limit}");
                assert_eq!(
                    page.omitted,
                    (all - limit.min(all)) as u64,
                    "{order:?} {limit}"
                );
            }
        }
    }
}

pub(super) async fn a_page_ends_by_bytes_too(bench: &Bench) {
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let large = "x".repeat(PAGE_BYTES / 2 + 1);
    for _ in 0..3 {
        bench.say(anna, room, &large);
    }
    bench.say(anna, room, "last");
    let page = bench.store.history(room, None, &query()).await.unwrap();
    assert_eq!((page.messages.len(), page.omitted), (2, 2));
    let after = Some(page.messages[1].id);
    let rest = HistoryQuery { after, ..query() };
    let page = bench.store.history(room, None, &rest).await.unwrap();
    assert_eq!((page.messages.len(), page.omitted), (2, 0));
}

pub(super) async fn touched_is_the_union_without_doubles(bench: &Bench) {
    let (anna, room, ids) = said_at(bench, &[2_000, 3_000, 4_000, 5_000, 6_000]);
    bench.at(4_500).edit(anna, ids[0], "1 edited");
    bench.at(4_600).edit(anna, ids[2], "3 edited");
    bench.at(9_000).edit(anna, ids[3], "4 edited late");
    bench.at(5_500).delete(anna, ids[1]);
    let touched = |from: i64, to: i64| HistoryQuery {
        from: Some(Timestamp(from)),
        to: Some(Timestamp(to)),
        touched: true,
        ..query()
    };
    assert_eq!(
        read(bench, room, &touched(4_000, 5_000)).await,
        ["1 edited", "3 edited", "4 edited late"]
    );
    assert_eq!(read(bench, room, &touched(5_001, 5_999)).await, [""]);
    assert_eq!(
        read(bench, room, &touched(5_500, 9_000)).await,
        ["", "4 edited late", "5"]
    );
    let newest = HistoryQuery {
        order: HistoryOrder::Newest,
        limit: 1,
        ..touched(4_000, 5_000)
    };
    let page = bench.store.history(room, None, &newest).await.unwrap();
    assert_eq!(
        (texts(&page.messages), page.omitted),
        (vec!["4 edited late"], 2)
    );
    let untouched = HistoryQuery {
        touched: false,
        ..touched(4_000, 5_000)
    };
    assert_eq!(
        read(bench, room, &untouched).await,
        ["3 edited", "4 edited late"]
    );
}

pub(super) async fn a_cleared_history_is_invisible(bench: &Bench) {
    let (anna, room, ids) = said_at(bench, &[2_000; 3]);
    bench.by(anna, ClearHistory { room: at(room) }).unwrap();
    assert_eq!(read(bench, room, &query()).await, [""; 0]);
    bench.say(anna, room, "after");
    let page = bench
        .store
        .history(
            room,
            Some(anna),
            &HistoryQuery {
                limit: 1,
                ..query()
            },
        )
        .await
        .unwrap();
    assert_eq!((texts(&page.messages), page.omitted), (vec!["after"], 0));
    assert!(
        bench
            .store
            .search(room, None, &SearchQuery::containing("1", 9))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        bench.by(anna, Edit::text(ids[0], "x")),
        Err(Error::NoSuchMessage)
    );
}

pub(super) async fn a_hidden_message_is_hidden_from_one(bench: &Bench) {
    let (anna, room, ids) = said_at(bench, &[2_000; 3]);
    let bob = bench.account("bob");
    bench.enter(bob, room);
    bench.by(bob, Hide { message: ids[1] }).unwrap();
    bench.by(bob, Hide { message: ids[1] }).unwrap();
    assert!(bench.store.is_hidden(bob, ids[1]).await.unwrap());
    assert!(!bench.store.is_hidden(anna, ids[1]).await.unwrap());
    let by = [bob, anna].map(|user| bench.store.hidden_by(user));
    let [by_bob, by_anna] = by;
    assert_eq!(by_bob.await.unwrap(), [(room, ids[1])]);
    assert_eq!(by_anna.await.unwrap(), []);
    for (viewer, expected) in [
        (Some(bob), vec!["1", "3"]),
        (Some(anna), vec!["1", "2", "3"]),
        (None, vec!["1", "2", "3"]),
    ] {
        assert_eq!(
            texts(
                &bench
                    .store
                    .history(room, viewer, &query())
                    .await
                    .unwrap()
                    .messages
            ),
            expected
        );
        let found = bench
            .store
            .search(room, viewer, &SearchQuery::containing("2", 9))
            .await
            .unwrap();
        assert_eq!(found.len(), usize::from(viewer != Some(bob)));
    }
}

pub(super) async fn a_deleted_message_stays_without_text(bench: &Bench) {
    let (anna, room, ids) = said_at(bench, &[2_000; 2]);
    bench.at(3_000).delete(anna, ids[0]);
    let page = bench.store.history(room, None, &query()).await.unwrap();
    let first = &page.messages[0];
    assert_eq!(
        (first.id, first.text.as_str(), first.deleted, first.updated),
        (ids[0], "", true, Some(Timestamp(3_000)))
    );
    assert_eq!(
        bench.store.message(ids[0]).await.unwrap().as_ref(),
        Some(first)
    );
    let found = bench
        .store
        .search(room, None, &SearchQuery::containing("", 9))
        .await
        .unwrap();
    assert_eq!(texts(&found), ["2"]);
}

/// A repeatable source of numbers.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn below(&mut self, end: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % end
    }

    fn maybe(&mut self, end: i64) -> Option<i64> {
        let number = self.below(end);
        (self.below(2) == 0).then_some(number)
    }
}

/// The same question answered by filters over all messages.
fn expected(
    all: &[Arc<Message>],
    hidden: &[MessageId],
    query: &HistoryQuery,
) -> (Vec<MessageId>, u64) {
    let within = |at: Timestamp| {
        query.from.is_none_or(|from| at >= from) && query.to.is_none_or(|to| at <= to)
    };
    let mut wanted: Vec<_> = all
        .iter()
        .filter(|message| query.after.is_none_or(|after| message.id > after))
        .filter(|message| query.before.is_none_or(|before| message.id < before))
        .filter(|message| query.upto.is_none_or(|upto| message.seq <= upto))
        .filter(|message| {
            within(message.created) || query.touched && message.updated.is_some_and(within)
        })
        .filter(|message| !hidden.contains(&message.id))
        .collect();
    if query.order == HistoryOrder::Newest {
        wanted.reverse();
    }
    let count = query.limit.min(wanted.len());
    (
        wanted[..count].iter().map(|message| message.id).collect(),
        (wanted.len() - count) as u64,
    )
}

pub(super) async fn any_query_agrees_with_a_plain_filter(bench: &Bench) {
    let mut numbers = Numbers(7);
    // The clock runs ahead in the middle, twice, and falls in among the times that were before.
    let ahead = |step| i64::from((20..35).contains(&step) || step == 40) * 3 * AHEAD;
    let times: Vec<i64> = (0..60)
        .map(|step| 2_000 + step / 3 * 10 + ahead(step))
        .collect();
    let (anna, room, ids) = said_at(bench, &times);
    let mut hidden = Vec::new();
    for id in &ids {
        match numbers.below(6) {
            0 => bench
                .at(2_000 + numbers.below(300))
                .edit(anna, *id, "edited"),
            1 => bench.at(2_000 + numbers.below(300)).delete(anna, *id),
            2 => {
                bench.by(anna, Hide { message: *id }).unwrap();
                hidden.push(*id);
            }
            _ => {}
        }
    }
    let all = bench
        .store
        .history(room, None, &query())
        .await
        .unwrap()
        .messages;
    assert_eq!(all.len(), ids.len());
    let time =
        |at, numbers: &mut Numbers| Timestamp(at + i64::from(numbers.below(3) == 0) * 3 * AHEAD);
    let falls = all
        .windows(2)
        .filter(|pair| pair[1].created < pair[0].created);
    assert_eq!(falls.count(), 2);
    for _ in 0..500 {
        let last = ids[59].0 + 2;
        let query = HistoryQuery {
            after: numbers.maybe(last / 2).map(MessageId),
            before: numbers.maybe(last).map(MessageId),
            from: numbers.maybe(310).map(|at| time(1_990 + at, &mut numbers)),
            to: numbers.maybe(310).map(|at| time(1_990 + at, &mut numbers)),
            upto: numbers.maybe(all[59].seq.0 + 5).map(Seq),
            touched: numbers.below(2) == 0,
            order: if numbers.below(2) == 0 {
                HistoryOrder::Oldest
            } else {
                HistoryOrder::Newest
            },
            limit: usize::try_from(numbers.below(70)).unwrap(),
            room: RoomSelector::Id(room),
        };
        let page = bench.store.history(room, Some(anna), &query).await.unwrap();
        let found: Vec<_> = page.messages.iter().map(|message| message.id).collect();
        assert_eq!(
            (found, page.omitted),
            expected(&all, &hidden, &query),
            "{query:?}"
        );
    }
}

pub(super) async fn no_two_messages_share_a_time(bench: &Bench) {
    let mut numbers = Numbers(3);
    let anna = bench.account("anna");
    let room = bench.room("lobby", anna);
    let mut now = 100 * AHEAD;
    for _ in 0..400 {
        // It stands still, goes on, steps, and runs far ahead and back again.
        now += match numbers.below(40) {
            0 => 2 * AHEAD,
            1 => -2 * AHEAD,
            2..5 => -numbers.below(500),
            5..15 => 0,
            _ => numbers.below(5),
        };
        bench.at(now).say(anna, room, "x");
    }
    let page = bench.store.history(room, None, &query()).await.unwrap();
    let said: Vec<i64> = page.messages.iter().map(|said| said.created.0).collect();
    let mut times = said.clone();
    times.sort_unstable();
    times.dedup();
    assert_eq!(times.len(), 400);
    let falls = said.windows(2).filter(|pair| pair[1] < pair[0]);
    assert!(falls.count() > 2, "the clock was never believed again");
}
