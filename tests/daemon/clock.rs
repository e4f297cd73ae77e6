//! A clock that is set forth and back by a day: what was said is found once, in order, whatever it bears for a time.

use std::sync::Arc;

use serde_json::json;
use tolmach::hub::Hub;
use tolmach::model::RoomKind;

use crate::support::uchat::{MSG, NEW_MEMBER, is_message};
use crate::support::{Daemon, Past, Purpose, Uchat, WallClock, int, long, messages, room, token};

const T: i64 = 1_700_000_000_000;
const DAY: i64 = 24 * 3600 * 1000;

/// A gateway in memory whose clock a test sets, with accounts "anna" and "boris".
async fn gateway() -> (Daemon, WallClock) {
    let clock = WallClock::at(T);
    let hub = Hub::builder().clock(Arc::new(clock.clone()));
    let daemon = Daemon::over(hub.start().await.unwrap(), "").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    (daemon, clock)
}

/// Says so many messages in a row, some in one millisecond; their dates.
async fn said(anna: &mut Uchat, room: i32, word: &str, count: i64, clock: &WallClock) -> Vec<i64> {
    let mut dates = Vec::new();
    for number in 0..count {
        anna.say(room, &format!("{word}{number}")).await;
        let echo = anna.event(MSG).await;
        is_message(&echo);
        dates.push(echo["date"].as_i64().unwrap());
        clock.step(number % 3 * 700);
    }
    dates
}

/// Everything that is older than a date, page by page, each from where the one before ended; oldest first.
async fn all_older(anna: &mut Uchat, room: i32, mut date: i64, count: u64) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let page = anna.older(room, date, count).await;
        let Some(last) = page.last() else {
            all.reverse();
            return all;
        };
        assert!(page.len() as u64 <= count);
        date = last["date"].as_i64().unwrap();
        all.extend(
            page.iter()
                .map(|said| said["message"].as_str().unwrap().to_owned()),
        );
        assert!(all.len() < 1_000, "it goes round in circles");
    }
}

/// Everything that purpose shows from a second on, answer after answer, each from behind the latest second of the one before.
async fn all_since(anna: &mut Purpose, chat: i32, mut from: i64, to: i64) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let body = [int(chat), long(from), long(to)].concat();
        let told = messages(&anna.accepted("REQUEST_CHAT_MSG", body).await);
        let Some(latest) = told.iter().map(|said| said.created).max() else {
            return all;
        };
        let (by_id, by_time) = (
            told.is_sorted_by_key(|said| said.id),
            told.is_sorted_by_key(|said| said.created),
        );
        // What is cut is cut by time.
        let is_cut = told.iter().map(|said| said.text.len()).sum::<usize>() > 1 << 20;
        assert!(if is_cut { by_time } else { by_id });
        from = latest + 1;
        assert!(all.len() < 1_000, "it goes round in circles");
        all.extend(told.into_iter().map(|said| said.text));
    }
}

#[tokio::test]
async fn a_clock_that_runs_ahead_for_a_day_costs_no_message_and_no_page() {
    let (daemon, clock) = gateway().await;
    let tea = daemon.create_room("tea", RoomKind::Public, None).await;
    let mut anna = daemon.uchat_of("anna").await;
    anna.join(tea).await;
    let before = said(&mut anna, tea, "before", 5, &clock).await;
    clock.step(DAY);
    let ahead = said(&mut anna, tea, "ahead", 30, &clock).await;
    clock.step(-DAY);
    // It is believed again at once: nobody waits for a day.
    assert_eq!(
        anna.older(tea, T + DAY / 2 + DAY, 9).await.len(),
        9,
        "from what is later than now one looks back on everything"
    );
    let right = said(&mut anna, tea, "right", 30, &clock).await;
    assert!(right[0] < T + DAY / 2 && ahead[0] >= T + DAY);
    let newest = anna.newer(tea, before[2], 10).await;
    assert_eq!(newest.len(), 10);
    assert_eq!(newest[0]["message"], "right29");
    // Who knows the latest date of all has missed what came later.
    let missed = anna.newer(tea, ahead[29], 500).await;
    assert_eq!(
        (missed.len(), missed[29]["message"].as_str()),
        (30, Some("right0"))
    );
    // All that is newer than a date that no message bears, and what was said after that.
    let newer = anna.newer(tea, T + DAY / 2, 500).await;
    assert_eq!(newer.len(), 60);
    assert_eq!(anna.newer(tea, 2 * T, 500).await.len(), 0);
    let everything = daemon.history(room("tea")).await;
    assert_eq!(everything.len(), 65);
    for count in [1, 7, 500] {
        assert_eq!(all_older(&mut anna, tea, i64::MAX, count).await, everything);
    }
    // A day passes, and what is said now has the dates that were used up.
    clock.step(DAY - 30_000);
    let later = said(&mut anna, tea, "later", 60, &clock).await;
    assert!(later[0] < ahead[29] && later[59] > ahead[0]);
    let everything = daemon.history(room("tea")).await;
    for count in [1, 7, 500] {
        assert_eq!(all_older(&mut anna, tea, i64::MAX, count).await, everything);
    }
    for revision in [1, 2] {
        let mut anna = daemon.purpose_of(revision, "anna").await;
        let all = all_since(&mut anna, tea, 0, i64::MAX).await;
        assert_eq!(all, everything);
    }
}

#[tokio::test]
async fn an_answer_above_4_mib_is_not_empty_because_the_clock_was_ahead() {
    let mut past = Past::in_memory().await;
    let now = tolmach::model::Timestamp::now().0;
    // Ahead of the gateway's clock, and then behind it.
    for n in 0..12 {
        past.say(
            now + DAY + n * 1_000,
            format!("{n:02}{}", "x".repeat(500_000)),
        );
    }
    for n in 12..24 {
        past.say(
            now - DAY + n * 1_000,
            format!("{n:02}{}", "x".repeat(500_000)),
        );
    }
    past.stored().await;
    for (revision, from, first) in [(1, 0, 0), (2, 0, 0), (2, now / 1000, 12)] {
        let mut anna = past.daemon.purpose_of(revision, "anna").await;
        let all = all_since(&mut anna, past.tea, from, i64::MAX).await;
        let numbers: Vec<usize> = all.iter().map(|text| text[..2].parse().unwrap()).collect();
        // By the second that each bears: what was said last is shown first.
        let expected: Vec<usize> = (12..24).chain(0..12).skip(first).collect();
        assert_eq!(numbers, expected, "from {from}");
    }
}

#[tokio::test]
async fn rooms_and_dialects_keep_one_order_while_the_clock_steps() {
    let (daemon, clock) = gateway().await;
    let (tea, milk) = (
        daemon.create_room("tea", RoomKind::Public, None).await,
        daemon.create_room("milk", RoomKind::Public, None).await,
    );
    let mut anna = daemon.uchat_of("anna").await;
    anna.join(tea).await;
    anna.join(milk).await;
    let mut boris = daemon.talker_in("boris", "tea").await;
    let mut guest = daemon.guest_in("guest", "#milk").await;
    for (room, login) in [(tea, "boris"), (milk, "guest")] {
        let joined = anna.event(NEW_MEMBER).await;
        assert_eq!(
            (&joined["room_id"], &joined["login"]),
            (&json!(room), &json!(login))
        );
    }
    let mut expected = [Vec::new(), Vec::new()];
    for (round, step) in [DAY, -DAY, -DAY, DAY, 3 * DAY, -2 * DAY, 0]
        .into_iter()
        .enumerate()
    {
        clock.step(step);
        let (here, there) = (format!("tea {round}"), format!("milk {round}"));
        anna.said(tea, &here).await;
        boris.hears("anna", &here).await;
        let answer = format!("answer {round}");
        boris.said(&answer).await;
        let heard = anna.event(MSG).await;
        assert_eq!(
            (&heard["message"], &heard["room_id"]),
            (&json!(answer), &json!(tea))
        );
        guest.say("#milk", &there).await;
        assert_eq!(anna.event(MSG).await["message"], json!(there));
        expected[0].extend([here, answer]);
        expected[1].push(there);
    }
    let [in_tea, in_milk] = expected;
    assert_eq!(daemon.history(room("tea")).await, in_tea);
    assert_eq!(daemon.history(room("milk")).await, in_milk);
    assert_eq!(all_older(&mut anna, tea, i64::MAX, 3).await, in_tea);
    assert_eq!(all_older(&mut anna, milk, i64::MAX, 3).await, in_milk);
    boris.write(json!({"type": "close"})).await;
    boris.end().await;
    let mut boris = daemon.talker().await;
    boris
        .write(
            json!({"type": "connect", "room": "tea", "token": token("boris"), "last_event_id": 0}),
        )
        .await;
    boris.connected().await;
    for said in in_tea {
        assert_eq!(boris.event("message").await["content"], said);
    }
}
