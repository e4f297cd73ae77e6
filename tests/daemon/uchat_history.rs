//! uchat: pages of history and searches.

use serde_json::{Value, json};

use crate::support::uchat::{
    DEL_HIST, EDIT_MSG, GET_MEMBERS, GET_NEW_MSGS, MSG, OLD_MSGS, SEARCH_CH, SEARCH_MSGS, column,
    has_keys, is_message,
};
use crate::support::{Daemon, Past, Uchat, long, messages, room, token};
use tolmach::commands;

const T: i64 = 1_700_000_000_000;

fn texts(page: &[Value]) -> Vec<&str> {
    page.iter()
        .map(|message| message["message"].as_str().unwrap())
        .collect()
}

async fn found(client: &mut Uchat, room: i32, text: &str) -> Vec<String> {
    let request = json!({"type": SEARCH_MSGS, "room_id": room, "msg": text});
    let answer = client.answer(request).await;
    has_keys(&answer, "type msgs");
    let found = answer["msgs"].as_array().unwrap();
    found.iter().for_each(is_message);
    texts(found).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn pages_come_newest_first_between_bounds_that_are_left_out() {
    let mut past = Past::in_memory().await;
    for n in 0..10 {
        past.say(T + n, n.to_string());
    }
    past.stored().await;
    let (tea, mut anna) = (past.tea, past.daemon.uchat_of("anna").await);
    assert_eq!(texts(&anna.newer(tea, T + 6, 10).await), ["9", "8", "7"]);
    assert_eq!(texts(&anna.newer(tea, T + 6, 2).await), ["9", "8"]);
    assert_eq!(texts(&anna.newer(tea, T + 9, 5).await), [] as [&str; 0]);
    assert_eq!(texts(&anna.older(tea, T + 3, 10).await), ["2", "1", "0"]);
    assert_eq!(texts(&anna.older(tea, T + 3, 2).await), ["2", "1"]);
    assert_eq!(texts(&anna.older(tea, T, 5).await), [] as [&str; 0]);
    assert_eq!(anna.newer(tea, i64::MIN, 500).await.len(), 10);
    assert_eq!(anna.older(tea, i64::MAX, 500).await.len(), 10);
    assert_eq!(anna.newer(tea, i64::MAX, 500).await.len(), 0);
    assert_eq!(anna.older(tea, i64::MIN, 500).await.len(), 0);
    let page = anna.older(tea, T + 3, 1).await;
    assert_eq!(page[0]["date"], T + 2);
    for kind in [GET_NEW_MSGS, OLD_MSGS] {
        let none = json!({"type": kind, "room_id": tea, "date": 0, "count": 0});
        assert!(anna.refused(5, none).await.contains("count"));
    }
}

#[tokio::test]
async fn messages_of_one_millisecond_are_asked_for_one_by_one() {
    let mut past = Past::in_memory().await;
    for n in 0..2_402 {
        past.say(T, n.to_string());
    }
    past.stored().await;
    let (tea, mut anna) = (past.tea, past.daemon.uchat_of("anna").await);
    let page = anna.newer(tea, 0, 10).await;
    assert_eq!(page.len(), 10);
    assert_eq!(texts(&page)[9], "2392");
    let older = anna.older(tea, page[9]["date"].as_i64().unwrap(), 2).await;
    assert_eq!(texts(&older), ["2391", "2390"]);
    let newer = anna
        .newer(tea, older[1]["date"].as_i64().unwrap(), 500)
        .await;
    assert_eq!((newer.len(), texts(&newer)[10]), (11, "2391"));
}

#[tokio::test]
async fn deleted_messages_are_not_shown_and_do_not_shorten_a_page() {
    let mut past = Past::in_memory().await;
    for n in 0..1200 {
        past.say(T + n, n.to_string());
    }
    let first = past.stored().await;
    // More than any one page may hold, the newest of them and one of each pair of some older.
    for n in (590..1200).chain((100..200).step_by(2)) {
        past.edit(T + 5000, first + n, None);
    }
    past.edited(T + 5000, first + 198).await;
    let (tea, mut anna) = (past.tea, past.daemon.uchat_of("anna").await);
    let page = anna.newer(tea, 0, 5).await;
    assert_eq!(texts(&page), ["589", "588", "587", "586", "585"]);
    let page = anna.older(tea, T + 200, 3).await;
    assert_eq!(texts(&page), ["199", "197", "195"]);
    let page = anna.newer(tea, 0, 500).await;
    assert_eq!(page.len(), 500);
    // From page to page, all that there is comes once.
    let (mut all, mut before) = (Vec::new(), T + 9999);
    loop {
        let page = anna.older(tea, before, 7).await;
        let Some(last) = page.last() else { break };
        assert!(page.len() == 7 || last["message"] == "0");
        before = last["date"].as_i64().unwrap();
        all.extend(
            page.iter()
                .map(|m| m["message"].as_str().unwrap().parse::<i64>().unwrap()),
        );
    }
    let expected: Vec<i64> = (0..590)
        .filter(|n| !(100..200).contains(n) || n % 2 == 1)
        .rev()
        .collect();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn a_page_has_at_most_500_however_many_are_asked_for() {
    let mut past = Past::in_memory().await;
    for n in 0..700 {
        past.say(T + n, "word".to_owned());
    }
    past.stored().await;
    let (tea, mut anna) = (past.tea, past.daemon.uchat_of("anna").await);
    for count in [500, 501, 10_000, u64::from(u32::MAX) + 7, u64::MAX] {
        assert_eq!(anna.newer(tea, 0, count).await.len(), 500, "{count}");
        assert_eq!(anna.older(tea, T + 9999, count).await.len(), 500, "{count}");
    }
    let page = anna.older(tea, T + 200, 500).await;
    assert_eq!(page.len(), 200);
    assert_eq!(found(&mut anna, tea, "WORD").await.len(), 500);
}

#[tokio::test]
async fn a_page_of_very_long_messages_ends_sooner_and_the_next_goes_on() {
    let mut past = Past::in_memory().await;
    for n in 0..40 {
        past.say(T + n, format!("{n} {}", "x".repeat(1_000_000)));
    }
    past.stored().await;
    let (tea, mut anna) = (past.tea, past.daemon.uchat_of("anna").await);
    let (mut all, mut before) = (Vec::new(), T + 9999);
    loop {
        let page = anna.older(tea, before, 500).await;
        let Some(last) = page.last() else { break };
        assert!(page.len() < 12, "{} messages", page.len());
        before = last["date"].as_i64().unwrap();
        all.extend(page.iter().map(|said| said["date"].as_i64().unwrap() - T));
    }
    assert_eq!(all, (0..40).rev().collect::<Vec<_>>());
    // Who goes on from the newest that it has misses nothing either.
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = anna.newer(tea, after, 500).await;
        let Some(newest) = page.first() else { break };
        assert!(page.len() < 12, "{} messages", page.len());
        after = newest["date"].as_i64().unwrap();
        let dates = page.iter().rev().map(|said| said["date"].as_i64().unwrap());
        all.extend(dates.map(|date| date - T));
    }
    assert_eq!(all, (0..40).collect::<Vec<_>>());
    // Of those that the count allows.
    let page = anna.newer(tea, 0, 20).await;
    assert_eq!(page.last().unwrap()["date"], T + 20);
    assert_eq!(anna.newer(tea, 0, 3).await[0]["date"], T + 39);
}

#[tokio::test]
async fn a_search_goes_by_letters_without_regard_to_case() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat_new("anna").await;
    let tea = anna.new_room("Tea", 1).await;
    for text in [
        "Hello World",
        "100%",
        "100 %",
        "a_b",
        "axb",
        "Привет",
        "STRASSE",
        "say hello",
    ] {
        anna.said(tea, text).await;
    }
    anna.write(json!({"type": MSG, "room_id": tea, "message": "hello-cat", "msg_type": 3}))
        .await;
    anna.event(MSG).await;
    daemon.upload("anna", tea, "hello.txt", b"hello").await;
    anna.event(MSG).await;
    // The newest first.
    let all = found(&mut anna, tea, "HELLO").await;
    assert!(all[0].ends_with(".txt"), "a file by the name that is shown");
    assert_eq!(all[1..], ["hello-cat", "say hello", "Hello World"]);
    assert_eq!(found(&mut anna, tea, ":hello-CAT:").await, ["hello-cat"]);
    anna.said(tea, "/me sings a song").await;
    for needle in ["sings", "me sings", "/me s"] {
        assert_eq!(found(&mut anna, tea, needle).await, ["/me sings a song"]);
    }
    assert_eq!(found(&mut anna, tea, "0%").await, ["100%"]);
    assert_eq!(found(&mut anna, tea, "%").await, ["100 %", "100%"]);
    assert_eq!(found(&mut anna, tea, "a_b").await, ["a_b"]);
    assert_eq!(found(&mut anna, tea, "_").await, ["a_b"]);
    assert_eq!(found(&mut anna, tea, "пРИ").await, ["Привет"]);
    anna.said(tea, "чаи\u{306}").await;
    for needle in ["чай", "ЧАЙ", "чаи\u{306}"] {
        assert_eq!(found(&mut anna, tea, needle).await, ["чаи\u{306}"]);
    }
    assert_eq!(found(&mut anna, tea, "nothing").await, [] as [&str; 0]);
    assert_eq!(
        found(&mut anna, tea, "'; DROP TABLE").await,
        [] as [&str; 0]
    );
    assert_eq!(found(&mut anna, tea, "\\").await, [] as [&str; 0]);
}

#[tokio::test]
async fn the_documents_flavor_differs_in_three_things() {
    let mut daemons = Vec::new();
    for flavor in ["field", "document"] {
        let daemon = Daemon::start(&format!("uchat.flavor = '{flavor}'")).await;
        let mut anna = daemon.uchat_new("anna").await;
        let tea = anna.new_room("Tea", 1).await;
        anna.said(tea, "say hello").await;
        anna.said(tea, "hello you").await;
        daemons.push((daemon, anna, tea));
    }
    for ((_daemon, anna, tea), document) in daemons.iter_mut().zip([false, true]) {
        let older = json!({"type": OLD_MSGS, "room_id": tea, "date": i64::MAX, "count": 5});
        let answer = anna.answer(older).await;
        let key = if document { "message" } else { "messages" };
        has_keys(&answer, &format!("type room_id {key}"));
        assert_eq!(column(&answer[key], "message"), ["hello you", "say hello"]);
        let members = anna.ask(json!({"type": GET_MEMBERS, "room_id": tea})).await;
        let kind = if document { SEARCH_CH } else { GET_MEMBERS };
        assert_eq!(
            members,
            json!({"type": kind, "room_id": tea,
            "members": [{"id": anna.id, "login": "anna", "type": 0}]})
        );
        let expected: &[&str] = if document {
            &["hello you"]
        } else {
            &["hello you", "say hello"]
        };
        assert_eq!(found(anna, *tea, "Hello").await, expected);
        // All else is the same.
        assert_eq!(
            texts(&anna.newer(*tea, 0, 5).await),
            ["hello you", "say hello"]
        );
    }
}

#[tokio::test]
async fn a_cleared_history_is_hidden_in_every_dialect() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.uchat_new("anna").await;
    let tea = anna.new_room("tea", 1).await;
    daemon.account("boris").await;
    let id = anna.said(tea, "old words").await;
    let mut boris = daemon.purpose_in(2, "boris", tea).await;
    anna.event(21).await;
    let mut talker = daemon.talker_in("boris", "tea").await;
    let mut jim = daemon.authenticated("boris").await;
    assert_eq!(boris.history(tea, 0).await.len(), 1);
    let clear = json!({"type": DEL_HIST, "room_id": tea});
    assert_eq!(anna.ask(clear.clone()).await, clear);
    assert_eq!(anna.newer(tea, 0, 10).await.len(), 0);
    assert_eq!(anna.older(tea, i64::MAX, 10).await.len(), 0);
    assert_eq!(found(&mut anna, tea, "words").await.len(), 0);
    for kind in [EDIT_MSG, 5] {
        anna.refused(
            4,
            json!({"type": kind, "room_id": tea, "msg_id": id, "msg": "x"}),
        )
        .await;
    }
    assert_eq!(
        messages(
            &boris
                .accepted(
                    "REQUEST_CHAT_MSG",
                    [&tea.to_le_bytes()[..], &long(0)].concat()
                )
                .await
        )
        .len(),
        0
    );
    talker.hears_nothing().await;
    jim.hears_nothing().await;
    let mut again = daemon.talker().await;
    again
        .write(
            json!({"type": "connect", "room": "tea", "token": token("boris"), "last_event_id": 0}),
        )
        .await;
    again.connected().await;
    again.hears_nothing().await;
    assert_eq!(daemon.history(room("tea")).await, [] as [&str; 0]);
    // What is said from now on is seen.
    anna.said(tea, "new words").await;
    assert_eq!(texts(&anna.newer(tea, 0, 10).await), ["new words"]);
    // By the operator: told as well.
    daemon
        .operate(commands::ClearHistory { room: room("tea") })
        .await;
    anna.is_told(clear).await;
}
