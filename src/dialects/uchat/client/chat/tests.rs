//! The speaker without I/O: what it sends for what it hears.

use super::Uchat;
use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::{Arrival, ChatClient, Place, Said, Saying};
use bytes::BytesMut;
use serde_json::{Value, json};

/// The SHA-256 of `secret`, in hexadecimal digits.
const PASS: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

fn identity() -> Identity {
    Identity {
        user: Some("alice".into()),
        password: Some("secret".into()),
        room: "lobby".into(),
        ..Identity::default()
    }
}

fn open(identity: Identity) -> (Uchat, Value) {
    let mut uchat = Uchat::new(identity).unwrap();
    let mut out = BytesMut::new();
    uchat.open(5, &mut out);
    let sent = sent(&out).remove(0);
    (uchat, sent)
}

fn sent(out: &BytesMut) -> Vec<Value> {
    let lines = std::str::from_utf8(out).unwrap().lines();
    // `type` comes twice in RQ_NEW_ROOM; here the second would count.
    let lines = lines.map(|line| line.replacen("\"type\":", "\"rq\":", 1));
    lines
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect()
}

fn try_hear(uchat: &mut Uchat, frame: &Value) -> Result<(Vec<Arrival>, Vec<Value>), ChatError> {
    let mut input = BytesMut::from(format!("{frame}\n").as_str());
    let (mut arrivals, mut out) = (Vec::new(), BytesMut::new());
    while let Some(arrival) = uchat.hear(&mut input, 5, &mut out)? {
        arrivals.push(arrival);
    }
    Ok((arrivals, sent(&out)))
}

fn hear(uchat: &mut Uchat, frame: &Value) -> (Vec<Arrival>, Vec<Value>) {
    try_hear(uchat, frame).unwrap()
}

fn room(id: i32, name: &str, kind: i32) -> Value {
    json!({"id": id, "name": name, "customer_id": 1, "date": 1, "desc": "", "type": kind, "power": 0})
}

fn message(id: i32, room: i32, user: i32, text: &str) -> Value {
    json!({"type": 3, "message_id": id, "room_id": room, "user_id": user, "date": 9000, "message": text,
        "msg_type": 0, "status": 0, "file_size": 0, "file_name": "", "power": 1})
}

fn token() -> Value {
    json!({"type": 2, "token": "c0ffeealice", "login": "alice", "desc": ""})
}

fn error(code: i32, text: &str) -> Value {
    json!({"type": 9, "error_code": code, "msg": text})
}

fn members() -> Value {
    json!({"type": 19, "room_id": 7, "members": [
        {"id": 1, "login": "alice", "type": 0}, {"id": 2, "login": "bob", "type": 3}]})
}

/// Alice, user 1, in the lobby, room 7, with bob, user 2; room 8 is the two's own.
fn in_the_room() -> Uchat {
    let (mut uchat, _) = open(identity());
    hear(&mut uchat, &token());
    let rooms = json!({"type": 11, "rooms": [room(8, "bob", 2), room(7, "lobby", 1)]});
    hear(&mut uchat, &rooms);
    hear(&mut uchat, &members());
    assert!(uchat.is_in() && uchat.is_settled());
    uchat
}

fn say(uchat: &mut Uchat, to: Option<&str>, text: &str) -> Vec<Value> {
    let mut out = BytesMut::new();
    let saying = Saying {
        to: to.map(Into::into),
        text: text.into(),
        emote: false,
    };
    uchat.say(saying, 5, &mut out);
    sent(&out)
}

fn command(uchat: &mut Uchat, word: &str, rest: &str) -> Result<Vec<Value>, String> {
    let mut out = BytesMut::new();
    uchat.command(word, rest, 5, &mut out).unwrap()?;
    Ok(sent(&out))
}

fn said(arrivals: Vec<Arrival>) -> Vec<(Place, String, String, bool)> {
    let said = arrivals.into_iter().map(|arrival| match arrival {
        Arrival::Said(Said {
            place,
            from,
            text,
            own,
            ..
        }) => (place, from, text, own),
        other => panic!("{other:?}"),
    });
    said.collect()
}

#[test]
fn a_password_is_sent_as_its_hash_and_the_room_is_found_or_made() {
    let (mut uchat, login) = open(identity());
    assert_eq!(
        (&login["rq"], &login["login"], &login["pass"]),
        (&json!(0), &json!("alice"), &json!(PASS))
    );
    assert_eq!(hear(&mut uchat, &token()).1[0]["rq"], 11);
    let (_, search) = hear(&mut uchat, &json!({"type": 11, "rooms": []}));
    assert_eq!(
        (&search[0]["rq"], &search[0]["name"]),
        (&json!(18), &json!("lobby"))
    );
    let rooms = json!({"type": 18, "rooms": [room(9, "lobby 2", 1)]});
    let (_, made) = hear(&mut uchat, &rooms);
    assert_eq!(
        (&made[0]["rq"], &made[0]["name"], &made[0]["type"]),
        (&json!(12), &json!("lobby"), &json!(1))
    );
    let new = json!({"type": 12, "id": 7, "name": "lobby", "customer_id": 1, "date": 1, "desc": "", "power": 0});
    assert_eq!(hear(&mut uchat, &new).1[0]["rq"], 19);
    hear(&mut uchat, &members());
    assert!(uchat.is_in());
}

#[test]
fn a_room_of_that_title_is_joined() {
    let (mut uchat, _) = open(identity());
    hear(&mut uchat, &token());
    hear(&mut uchat, &json!({"type": 11, "rooms": []}));
    let rooms = json!({"type": 18, "rooms": [room(9, "lobby 2", 1), room(7, "Lobby", 1)]});
    let (_, join) = hear(&mut uchat, &rooms);
    assert_eq!(
        (&join[0]["rq"], &join[0]["room_id"]),
        (&json!(14), &json!(7))
    );
    let refused = try_hear(&mut uchat, &error(3, "a password is needed")).unwrap_err();
    assert_eq!(refused.to_string(), "refused: #lobby: a password is needed");
}

#[test]
fn signing_up_makes_the_account_or_logs_in() {
    let (mut uchat, sign_up) = open(Identity {
        sign_up: true,
        ..identity()
    });
    assert_eq!(
        (&sign_up["rq"], &sign_up["pass"]),
        (&json!(1), &json!(PASS))
    );
    let (_, login) = hear(&mut uchat, &error(1, "taken"));
    assert_eq!(login[0]["rq"], 0);
    let refused = try_hear(&mut uchat, &error(0, "wrong")).unwrap_err();
    assert!(refused.to_string().contains("--signup"));
}

#[test]
fn an_echo_accepts() {
    let mut uchat = in_the_room();
    assert_eq!(say(&mut uchat, None, "one")[0]["message"], "one");
    say(&mut uchat, None, "two");
    let lobby = || Place::Room("lobby".into());
    // One's other connections say things, too.
    let (arrivals, _) = hear(&mut uchat, &message(1, 7, 1, "three"));
    assert_eq!(
        said(arrivals),
        [(lobby(), "alice".into(), "three".into(), false)]
    );
    let (arrivals, _) = hear(&mut uchat, &message(2, 7, 1, "one"));
    assert_eq!(
        said(arrivals),
        [(lobby(), "alice".into(), "one".into(), true)]
    );
    assert_eq!(uchat.unanswered(), 1);
    hear(&mut uchat, &message(3, 7, 1, "two"));
    assert!(uchat.is_settled());
}

#[test]
fn a_refusal_is_told_whichever_comes_first() {
    let refused = Arrival::NotAccepted("to #lobby: no".into());
    let mut uchat = in_the_room();
    for text in ["one", "two", "three"] {
        say(&mut uchat, None, text);
    }
    // Of "two".
    assert!(hear(&mut uchat, &error(3, "no")).0.is_empty());
    hear(&mut uchat, &message(1, 7, 1, "one"));
    assert_eq!(uchat.unanswered(), 2);
    let (arrivals, _) = hear(&mut uchat, &message(2, 7, 1, "three"));
    assert_eq!(arrivals[0], refused);
    assert!(uchat.is_settled());
    say(&mut uchat, None, "four");
    assert_eq!(hear(&mut uchat, &error(3, "no")).0, [refused]);
    assert!(uchat.is_settled());
}

#[test]
fn a_stranger_s_message_waits_for_the_name() {
    let mut uchat = in_the_room();
    let (arrivals, asked) = hear(&mut uchat, &message(1, 7, 3, "hi"));
    assert!(arrivals.is_empty());
    assert_eq!(
        (&asked[0]["rq"], &asked[0]["user_id"]),
        (&json!(20), &json!(3))
    );
    hear(&mut uchat, &message(2, 8, 2, "psst"));
    let info = json!({"type": 20, "login": "eve", "desc": ""});
    let (arrivals, _) = hear(&mut uchat, &info);
    assert_eq!(
        said(arrivals),
        [
            (
                Place::Room("lobby".into()),
                "eve".into(),
                "hi".into(),
                false
            ),
            (Place::Private, "bob".into(), "psst".into(), false)
        ]
    );
}

#[test]
fn private_messages_go_where_there_is_a_room_for_them() {
    let mut uchat = in_the_room();
    let sent = say(&mut uchat, Some("bob"), "psst");
    assert_eq!(
        (&sent[0]["room_id"], &sent[0]["message"]),
        (&json!(8), &json!("psst"))
    );
    let (arrivals, _) = hear(&mut uchat, &message(1, 8, 1, "psst"));
    assert_eq!(said(arrivals)[0].0, Place::PrivateTo("bob".into()));
    assert_eq!(say(&mut uchat, Some("eve"), "psst")[0]["rq"], 11);
    let rooms = json!({"type": 11, "rooms": [room(8, "bob", 2), room(7, "lobby", 1)]});
    let (arrivals, _) = hear(&mut uchat, &rooms);
    assert!(matches!(&arrivals[..], [Arrival::NotAccepted(_)]));
    assert!(uchat.is_settled());
}

#[test]
fn a_long_text_is_several_messages() {
    let mut uchat = in_the_room();
    let text = "слово ".repeat(200);
    let sent = say(&mut uchat, None, &text);
    assert_eq!(sent.len(), 3);
    let mut echoes = Vec::new();
    for (id, sent) in (0..).zip(&sent) {
        let text = sent["message"].as_str().unwrap();
        assert!(text.len() <= 800);
        echoes.extend(hear(&mut uchat, &message(id, 7, 1, text)).0);
    }
    assert_eq!(said(echoes)[0].2, text);
    assert!(uchat.is_settled());
}

#[test]
fn messages_are_edited_and_deleted_by_their_number() {
    let mut uchat = in_the_room();
    hear(&mut uchat, &message(5, 7, 1, "teh"));
    let sent = command(&mut uchat, "edit", "5 the").unwrap();
    assert_eq!(
        (&sent[0]["rq"], &sent[0]["msg_id"], &sent[0]["msg"]),
        (&json!(4), &json!(5), &json!("the"))
    );
    let edited = json!({"type": 4, "room_id": 7, "msg_id": 5, "msg": "the", "power": 3});
    let (arrivals, _) = hear(&mut uchat, &edited);
    assert_eq!(said(arrivals)[0].2, "✎ the");
    assert_eq!(command(&mut uchat, "delete", "5").unwrap()[0]["rq"], 5);
    let (arrivals, _) = hear(&mut uchat, &error(3, "not yours"));
    assert_eq!(
        arrivals,
        [Arrival::NotAccepted("message 5: not yours".into())]
    );
    assert!(uchat.is_settled());
    for (word, wrong) in [("edit", "5"), ("edit", "x y"), ("delete", ""), ("join", "")] {
        assert!(command(&mut uchat, word, wrong).is_err());
    }
    assert!(
        uchat
            .command("dance", "", 5, &mut BytesMut::new())
            .is_none()
    );
}

#[test]
fn history_shows_numbers_and_the_oldest_first() {
    let mut uchat = in_the_room();
    let sent = command(&mut uchat, "history", "2").unwrap();
    assert_eq!((&sent[0]["rq"], &sent[0]["count"]), (&json!(10), &json!(2)));
    let page = json!({"type": 10, "room_id": 7, "messages": [message(6, 7, 1, "two"), message(5, 7, 2, "one")]});
    let (arrivals, _) = hear(&mut uchat, &page);
    let list = "history:\n5 <bob> one\n6 <alice> two";
    assert_eq!(arrivals, [Arrival::Notice(list.into())]);
}

#[test]
fn another_room_can_be_joined() {
    let mut uchat = in_the_room();
    assert_eq!(command(&mut uchat, "join", "#tea").unwrap()[0]["rq"], 11);
    // What is typed next waits.
    assert!(!uchat.is_in());
    let rooms = json!({"type": 11, "rooms": [room(7, "lobby", 1)]});
    assert_eq!(hear(&mut uchat, &rooms).1[0]["rq"], 18);
    let (arrivals, _) = hear(&mut uchat, &json!({"type": 18, "rooms": []}));
    assert!(matches!(&arrivals[..], [Arrival::NotAccepted(told)] if told.contains("/new tea")));
    assert!(uchat.is_in());
    assert_eq!(say(&mut uchat, None, "still here")[0]["room_id"], 7);
    hear(&mut uchat, &message(1, 7, 1, "still here"));
    assert_eq!(command(&mut uchat, "new", "tea").unwrap()[0]["rq"], 12);
    let new = json!({"type": 12, "id": 9, "name": "tea", "customer_id": 1, "date": 1, "desc": "", "power": 0});
    hear(&mut uchat, &new);
    let members =
        json!({"type": 19, "room_id": 9, "members": [{"id": 1, "login": "alice", "type": 0}]});
    hear(&mut uchat, &members);
    assert_eq!(say(&mut uchat, None, "tea!")[0]["room_id"], 9);
}

#[test]
fn only_a_token_of_its_own_is_ended() {
    let mut uchat = in_the_room();
    let mut out = BytesMut::new();
    uchat.farewell(5, &mut out);
    let log_out = &sent(&out)[0];
    assert_eq!(
        (&log_out["rq"], &log_out["token"]),
        (&json!(26), &json!("c0ffeealice"))
    );
    let (mut uchat, given) = open(Identity {
        token: Some("c0ffeealice".into()),
        password: None,
        ..identity()
    });
    assert_eq!(given["token"], "c0ffeealice");
    hear(&mut uchat, &token());
    out.clear();
    uchat.farewell(5, &mut out);
    assert!(out.is_empty());
}

#[test]
fn something_must_say_who_one_is() {
    let nobody = Uchat::new(Identity::default()).err().unwrap();
    assert!(nobody.contains("--user") && nobody.contains("--token"));
    let guest = Identity {
        password: None,
        ..identity()
    };
    assert!(
        Uchat::new(guest)
            .err()
            .unwrap()
            .contains("TOLMACH_PASSWORD")
    );
}
