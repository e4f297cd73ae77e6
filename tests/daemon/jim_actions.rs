//! JIM: every action and every answer code.

use serde_json::{Value, json};
use tolmach::commands;
use tolmach::model::RoomKind;

use crate::support::{Daemon, PASSWORD, authenticate, presence, room, user};

fn error(answer: &Value) -> &str {
    answer["error"].as_str().unwrap()
}

#[tokio::test]
async fn authenticate_is_200_or_402_with_the_same_text() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut jim = daemon.jim().await;
    let wrong = jim.expect(402, authenticate("anna", "wrong")).await;
    let nobody = jim.expect(402, authenticate("nobody", PASSWORD)).await;
    assert_eq!(error(&wrong), error(&nobody));
    jim.expect(402, authenticate("not a name", PASSWORD)).await;
    jim.expect(402, authenticate("anna", "")).await;
    jim.expect(200, authenticate("ANNA", PASSWORD)).await;
    // Who one is stays the same by doing it again.
    jim.expect(200, authenticate("anna", PASSWORD)).await;
    jim.name = "anna".to_owned();
    jim.join("#tea").await;
    assert_eq!(jim.say("#tea", "hello").await, 200);
}

#[tokio::test]
async fn authenticate_is_409_to_the_right_password_only() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut first = daemon.authenticated("anna").await;
    let mut second = daemon.jim().await;
    second.expect(402, authenticate("anna", "wrong")).await;
    second.expect(409, authenticate("Anna", PASSWORD)).await;
    // An account that is connected by another dialect is not connected over JIM.
    daemon.account("boris").await;
    let _talker = daemon.talker_in("boris", "lobby").await;
    second.authenticate("boris").await;
    // Free again once the first has gone.
    first.write(json!({"action": "quit"})).await;
    first.end().await;
    let mut third = daemon.jim().await;
    third.authenticate("anna").await;
}

#[tokio::test]
async fn an_idle_account_whose_connection_broke_refuses_nobody() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut observer = daemon.guest("observer").await;
    let mut first = daemon.authenticated("anna").await;
    first.finish().await;
    first.end().await;
    daemon.authenticated("anna").await;
    observer.hears_nothing().await;
}

#[tokio::test]
async fn too_many_failed_logins_are_429_by_account_and_address() {
    let daemon = Daemon::start("limits.failed_logins = 2").await;
    daemon.account("anna").await;
    daemon.account("boris").await;
    let mut jim = daemon.jim().await;
    for _ in 0..2 {
        jim.expect(402, authenticate("anna", "wrong")).await;
    }
    jim.expect(429, authenticate("anna", PASSWORD)).await;
    jim.expect(429, authenticate("ANNA", PASSWORD)).await;
    jim.expect(200, authenticate("boris", PASSWORD)).await;
}

#[tokio::test]
async fn failed_logins_at_the_same_time_are_counted_too() {
    let daemon = Daemon::start("limits.failed_logins = 3").await;
    daemon.account("anna").await;
    let mut jims = Vec::new();
    for _ in 0..12 {
        jims.push(daemon.jim().await);
    }
    for jim in &mut jims {
        jim.write(authenticate("anna", "wrong")).await;
    }
    let mut codes = Vec::new();
    for jim in &mut jims {
        codes.push(jim.code().await);
    }
    codes.sort_unstable();
    assert_eq!(
        codes,
        [402, 402, 402, 429, 429, 429, 429, 429, 429, 429, 429, 429]
    );
}

#[tokio::test]
async fn msg_is_answered_by_every_code_it_can_have() {
    let daemon = Daemon::start("").await;
    daemon.account("offline").await;
    daemon
        .create_room("elsewhere", RoomKind::Public, None)
        .await;
    let mut stranger = daemon.jim().await;
    stranger.name = "anna".to_owned();
    assert_eq!(stranger.say("#lobby", "hello").await, 401);
    assert_eq!(stranger.say("boris", "hello").await, 401);

    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest("boris").await;
    assert_eq!(anna.say("#tea", "hello").await, 200);
    assert_eq!(anna.say("boris", "hello").await, 200);
    boris.hears("anna", "boris", "hello").await;
    assert_eq!(anna.say("BORIS", "any case").await, 200);
    boris.hears("anna", "boris", "any case").await;
    assert_eq!(anna.say("#elsewhere", "hello").await, 403);
    let msg = json!({"action": "msg", "to": "#tea", "from": "boris", "message": "forged"});
    anna.expect(403, msg).await;
    let msg =
        json!({"action": "msg", "to": "#tea", "from": "ANNA", "message": "my name in any case"});
    anna.expect(200, msg).await;
    assert_eq!(anna.say("#nowhere", "hello").await, 404);
    assert_eq!(anna.say("nobody", "hello").await, 404);
    assert_eq!(anna.say("offline", "hello").await, 410);
    daemon
        .operate(commands::Ban {
            room: room("tea"),
            user: user("anna"),
        })
        .await;
    anna.notice(101).await;
    assert_eq!(anna.say("#tea", "hello").await, 403);
}

#[tokio::test]
async fn a_message_to_a_room_reaches_all_but_its_connection() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    let mut outside = daemon.guest("outside").await;
    assert_eq!(anna.say("#TEA", "hello").await, 200);
    boris.hears("anna", "#tea", "hello").await;
    assert_eq!(boris.say("#tea", "привет").await, 200);
    anna.hears("boris", "#tea", "привет").await;
    outside.hears_nothing().await;
    anna.hears_nothing().await;
    boris.hears_nothing().await;
}

#[tokio::test]
async fn a_message_to_oneself_arrives_once() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.guest("anna").await;
    for text in ["hello", "again"] {
        assert_eq!(anna.say("anna", text).await, 200);
        anna.hears("anna", "anna", text).await;
    }
    anna.hears_nothing().await;
}

#[tokio::test]
async fn join_is_201_for_a_new_room_and_200_for_another() {
    let daemon = Daemon::start("").await;
    let mut stranger = daemon.jim().await;
    stranger
        .expect(401, json!({"action": "join", "room": "#tea"}))
        .await;
    let mut anna = daemon.guest("anna").await;
    assert_eq!(anna.join("#tea").await, 201);
    assert_eq!(anna.join("#tea").await, 200);
    assert_eq!(anna.join("#lobby").await, 200);
    let mut boris = daemon.guest("boris").await;
    assert_eq!(boris.join("#Tea").await, 200);
    daemon
        .operate(commands::Ban {
            room: room("tea"),
            user: user("boris"),
        })
        .await;
    boris.notice(101).await;
    boris
        .expect(403, json!({"action": "join", "room": "#tea"}))
        .await;
    for bad in ["tea", "#", "#a b", "##tea"] {
        anna.expect(400, json!({"action": "join", "room": bad}))
            .await;
    }
}

#[tokio::test]
async fn join_is_404_where_rooms_are_not_made() {
    let daemon = Daemon::start("rooms.create_on_join = false").await;
    let mut anna = daemon.guest("anna").await;
    anna.expect(404, json!({"action": "join", "room": "#tea"}))
        .await;
    anna.expect(200, json!({"action": "join", "room": "#lobby"}))
        .await;
}

#[tokio::test]
async fn leave_is_answered_by_every_code_it_can_have() {
    let daemon = Daemon::start("").await;
    let mut stranger = daemon.jim().await;
    stranger
        .expect(401, json!({"action": "leave", "room": "#lobby"}))
        .await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    anna.expect(403, json!({"action": "leave", "room": "#lobby"}))
        .await;
    anna.expect(404, json!({"action": "leave", "room": "#nowhere"}))
        .await;
    anna.leave("#TEA").await;
    anna.expect(403, json!({"action": "leave", "room": "#tea"}))
        .await;
    assert_eq!(anna.say("#tea", "hello").await, 403);
    assert_eq!(boris.say("#tea", "alone").await, 200);
    anna.hears_nothing().await;
    boris.hears_nothing().await;
}

#[tokio::test]
async fn quit_has_no_answer_and_the_server_closes() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.guest("anna").await;
    // "`quit` may come without `time`, as the document shows."
    anna.send(r#"{"action": "quit"}"#).await;
    anna.end().await;
    // Its user is absent at once: the name is free, and is nobody's.
    let mut boris = daemon.guest("boris").await;
    assert_eq!(boris.say("anna", "hello").await, 404);
    daemon.guest("anna").await;
    // A stranger may quit, too; what comes behind is not looked at.
    let mut stranger = daemon.jim().await;
    stranger
        .send(r#"{"action":"quit","time":1}{"action":"probe","time":1}"#)
        .await;
    stranger.end().await;
}

#[tokio::test]
async fn only_the_server_probes() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.jim().await;
    jim.expect(400, json!({"action": "probe"})).await;
}

#[tokio::test]
async fn an_unknown_action_is_400_that_names_it() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.jim().await;
    let answer = jim.expect(400, json!({"action": "dance"})).await;
    assert!(error(&answer).contains("dance"), "{answer}");
}

#[tokio::test]
async fn a_missing_field_is_400_that_names_it() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.guest("anna").await;
    let cases = [
        (
            json!({"action": "msg", "from": "anna", "message": "x"}),
            "to",
        ),
        (
            json!({"action": "msg", "to": "#lobby", "message": "x"}),
            "from",
        ),
        (
            json!({"action": "msg", "to": "#lobby", "from": "anna"}),
            "message",
        ),
        (json!({"action": "join"}), "room"),
        (json!({"action": "leave"}), "room"),
        (
            json!({"action": "authenticate", "user": {"account_name": "anna"}}),
            "user.password",
        ),
        (
            json!({"action": "authenticate", "user": {"password": "x"}}),
            "user.account_name",
        ),
        (json!({"action": "authenticate"}), "user"),
        (json!({}), "action"),
    ];
    for (object, field) in cases {
        let answer = jim.expect(400, object.clone()).await;
        assert!(error(&answer).contains(field), "{answer} to {object}");
    }
    jim.send(r##"{"action":"join","room":"#lobby"}"##).await;
    let answer = jim.answer().await;
    assert_eq!(answer["response"], 400);
    assert!(error(&answer).contains("time"), "{answer}");
}

#[tokio::test]
async fn any_time_will_do_and_unknown_fields_are_ignored() {
    let daemon = Daemon::start("").await;
    let mut jim = daemon.jim().await;
    for time in [
        "1",
        "1.5",
        "-3",
        "1e300",
        "\"Mon Jan  1\"",
        "99999999999999999999999",
    ] {
        let object = format!(
            r#"{{"action":"presence","time":{time},"user":{{"account_name":"anna"}},"more":[1,{{}}]}}"#
        );
        jim.send(object).await;
        assert_eq!(jim.code().await, 200, "{time}");
    }
    for time in ["null", "true", "[1]", "{}"] {
        jim.send(format!(
            r#"{{"action":"presence","time":{time},"user":{{"account_name":"anna"}}}}"#
        ))
        .await;
        assert_eq!(jim.code().await, 400, "{time}");
    }
}

#[tokio::test]
async fn encodings_are_ascii_and_utf_8() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    for (encoding, text) in [
        ("ascii", "plain"),
        ("ascii", "непростой"),
        ("utf-8", "plain"),
        ("utf-8", "☕"),
    ] {
        let msg = json!({"action": "msg", "to": "#tea", "from": "anna", "message": text, "encoding": encoding});
        anna.expect(200, msg).await;
        boris.hears("anna", "#tea", text).await;
    }
    let msg = json!({"action": "msg", "to": "#tea", "from": "anna", "message": "x", "encoding": "koi8-r"});
    anna.expect(400, msg).await;
    // Escapes stand for their characters.
    anna.send(r##"{"action":"msg","time":1,"to":"#tea","from":"anna","message":"\u043f\u0440\ud83d\ude00"}"##).await;
    assert_eq!(anna.code().await, 200);
    boris.hears("anna", "#tea", "пр😀").await;
}

#[tokio::test]
async fn line_breaks_tabs_emoji_and_right_to_left_text_are_kept() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    for text in ["a\nb\tc", "👨‍👩‍👧‍👦", "שלום עולם", "e\u{301}", " .", "\"\\/{}"]
    {
        assert_eq!(anna.say("#tea", text).await, 200);
        boris.hears("anna", "#tea", text).await;
    }
    assert_eq!(
        anna.say("#tea", "a\r\nb\rc\0d\u{1b}\u{7f}\u{9b}").await,
        200
    );
    boris
        .hears("anna", "#tea", "a\nb\nc\u{fffd}d\u{fffd}\u{fffd}\u{fffd}")
        .await;
    for nothing in ["", " ", "\u{200b}"] {
        assert_eq!(anna.say("#tea", nothing).await, 400);
    }
}

#[tokio::test]
async fn unknown_fields_of_a_msg_are_passed_on_within_bounds() {
    let daemon = Daemon::start("").await;
    let mut anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    let with = |field: &str, value: &str, text: &str| {
        let mut msg = json!({"action": "msg", "to": "#tea", "from": "anna", "message": text});
        msg[field] = json!(value);
        msg
    };
    anna.expect(200, with("color", "red", "small")).await;
    assert_eq!(boris.heard().await["color"], "red");
    anna.expect(200, with("k\u{1b}", "a\u{9b}\r\nb", "dirty"))
        .await;
    assert_eq!(boris.heard().await["k\u{fffd}"], "a\u{fffd}\nb");
    // `"k":"` … `"`: 6 characters around the value.
    anna.expect(200, with("k", &"й".repeat(122), "at most 128 characters"))
        .await;
    assert_eq!(boris.heard().await["k"], "й".repeat(122));
    anna.expect(200, with("k", &"й".repeat(123), "one more"))
        .await;
    let heard = boris.heard().await;
    assert_eq!(
        (heard.get("k"), &heard["message"]),
        (None, &json!("one more"))
    );
    // They give way where the object would have more than 640 characters.
    let text = "x".repeat(450);
    anna.expect(200, with("k", &"y".repeat(60), &text)).await;
    let heard = boris.heard().await;
    assert_eq!(
        (heard["k"].as_str(), heard["message"].as_str()),
        (Some(&*"y".repeat(60)), Some(&*text))
    );
    let text = "x".repeat(495);
    anna.expect(200, with("k", &"y".repeat(40), &text)).await;
    let line = boris.line().await.unwrap();
    assert!(line.trim_end().chars().count() <= 640, "{line}");
    assert!(line.contains(&text));
    // Nobody says through them what only the server may.
    anna.expect(200, with("response", "200", "forged")).await;
    assert_eq!(boris.heard().await.get("response"), None);
}

#[tokio::test]
async fn rooms_and_members_have_limits_and_over_them_is_403() {
    let daemon = Daemon::start("[limits]\nrooms_per_user = 2\nmembers_per_room = 2").await;
    let mut anna = daemon.guest("anna").await;
    anna.join("#one").await;
    anna.join("#two").await;
    anna.expect(403, json!({"action": "join", "room": "#three"}))
        .await;
    anna.expect(403, json!({"action": "join", "room": "#lobby"}))
        .await;
    let mut boris = daemon.guest_in("boris", "#one").await;
    boris.join("#three").await;
    let mut clara = daemon.guest("clara").await;
    clara
        .expect(403, json!({"action": "join", "room": "#one"}))
        .await;
    anna.leave("#one").await;
    clara.join("#one").await;
}

#[tokio::test]
async fn answers_keep_the_order_of_requests() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut jim = daemon.jim().await;
    jim.name = "anna".to_owned();
    let mut stream = String::new();
    for object in [
        jim.msg("#lobby", "too early"),
        authenticate("anna", "wrong"),
        authenticate("anna", PASSWORD),
        json!({"action": "join", "room": "#new"}),
        jim.msg("#new", "one"),
        jim.msg("nobody", "two"),
        jim.msg("#new", "three"),
        presence("anna"),
        json!({"action": "leave", "room": "#new"}),
        jim.msg("#new", "gone"),
        json!({"action": "probe"}),
    ] {
        let mut object = object;
        object["time"] = json!(1);
        stream += &object.to_string();
    }
    jim.send(stream).await;
    let mut codes = Vec::new();
    for _ in 0..11 {
        codes.push(jim.code().await);
    }
    assert_eq!(
        codes,
        [401, 402, 200, 201, 200, 404, 200, 200, 200, 403, 400]
    );
}

#[tokio::test]
async fn an_answer_goes_before_any_push_that_was_queued_after_its_request() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    let mut anna = daemon.guest_in("guest", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    for round in 0..5 {
        // While the password is being checked, others talk.
        anna.write(authenticate("anna", "wrong")).await;
        for text in ["one", "two"] {
            assert_eq!(boris.say("#tea", text).await, 200);
        }
        let mut before = 0;
        loop {
            let next = anna.next().await;
            match next["response"].as_u64() {
                Some(code) => {
                    assert_eq!(code, 402);
                    break;
                }
                // Said before the request came in.
                None => before += 1,
            }
        }
        assert!(before < 2, "round {round}: all pushes overtook the answer");
        for _ in before..2 {
            anna.heard().await;
        }
    }
}

#[tokio::test]
async fn who_authenticates_again_as_itself_is_not_seen_to_leave() {
    let daemon = Daemon::start("").await;
    daemon.account("anna").await;
    daemon.account("watcher").await;
    let mut anna = daemon.authenticated("anna").await;
    anna.join("#tea").await;
    let mut watcher = daemon.talker_in("watcher", "tea").await;
    anna.authenticate("anna").await;
    assert_eq!(anna.say("#tea", "still here").await, 200);
    watcher.hears("anna", "still here").await;
}
