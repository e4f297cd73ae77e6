//! The speaker without I/O: what it sends for what it hears.

use super::Talker;
use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::{Arrival, ChatClient, Place, Saying};
use bytes::BytesMut;
use serde_json::Value;

const CONNECTED: &str = r#"{"type":"connected","user":{"id":"7","name":"alice"}}"#;

fn talker() -> Talker {
    Talker::new(Identity {
        user: None,
        password: None,
        token: Some("secret".into()),
        room: "lobby".into(),
        ..Identity::default()
    })
    .unwrap()
}

fn hear(talker: &mut Talker, wire: &str) -> Result<Vec<Arrival>, ChatError> {
    let (mut input, mut out) = (BytesMut::from(wire), BytesMut::new());
    std::iter::from_fn(|| talker.hear(&mut input, 7, &mut out).transpose()).collect()
}

fn connected() -> Talker {
    let mut talker = talker();
    hear(&mut talker, CONNECTED).unwrap();
    assert!(talker.is_in());
    talker
}

fn say(talker: &mut Talker, to: Option<&str>, text: &str) -> Value {
    let mut out = BytesMut::new();
    let saying = Saying {
        to: to.map(Into::into),
        text: text.into(),
        emote: false,
    };
    talker.say(saying, 7, &mut out);
    serde_json::from_slice(&out).unwrap()
}

fn message(id: u8, content: &str) -> String {
    let content = Value::from(content);
    format!(
        r#"{{"type":"message","content":{content},"user":{{"id":"{id}","name":"u{id}"}},"time":5}}"#
    )
}

/// Who said it, and whether it is an echo.
fn heard(talker: &mut Talker, wire: &str) -> Vec<(String, bool)> {
    let said = hear(talker, wire)
        .unwrap()
        .into_iter()
        .map(|arrival| match arrival {
            Arrival::Said(said) => (said.from, said.own),
            other => panic!("{other:?}"),
        });
    said.collect()
}

#[test]
fn it_connects() {
    let mut out = BytesMut::new();
    talker().open(7, &mut out);
    let sent: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(sent["type"], "connect");
    assert_eq!(
        (&sent["room"], &sent["token"]),
        (&"lobby".into(), &"secret".into())
    );
}

#[test]
fn an_error_before_it_is_connected_ends_it() {
    let error = r#"{"type":"error","message":"Authentication failed"}"#;
    let failure = hear(&mut talker(), error).unwrap_err();
    assert_eq!(failure.to_string(), "refused: Authentication failed");
}

#[test]
fn an_echo_accepts() {
    let mut talker = connected();
    say(&mut talker, None, "one");
    say(&mut talker, None, "bell\x07\r\n");
    assert_eq!(talker.unanswered(), 2);
    assert_eq!(
        heard(&mut talker, &message(7, "one")),
        [("u7".into(), true)]
    );
    assert_eq!(talker.unanswered(), 1);
    heard(&mut talker, &message(7, "bell\u{fffd}\n"));
    assert!(talker.is_settled());
    say(&mut talker, None, "/me waves");
    let emote = message(7, "waves").replace("\"time\"", "\"action\":true,\"time\"");
    heard(&mut talker, &emote);
    assert!(talker.is_settled());
}

#[test]
fn others_and_one_s_other_connections_are_no_echo() {
    let mut talker = connected();
    say(&mut talker, None, "one");
    assert_eq!(
        heard(&mut talker, &message(8, "one")),
        [("u8".into(), false)]
    );
    assert_eq!(
        heard(&mut talker, &message(7, "two")),
        [("u7".into(), false)]
    );
    assert!(!talker.is_settled());
}

#[test]
fn private_messages_have_no_echo_and_are_shown_at_once() {
    let mut talker = connected();
    let sent = say(&mut talker, Some("bob"), "psst");
    assert_eq!(sent["to"], "bob");
    assert!(talker.is_settled());
    let arrivals = hear(
        &mut talker,
        r#"{"type":"error","message":"bob is offline"}"#,
    )
    .unwrap();
    let [Arrival::Said(said), refused] = &arrivals[..] else {
        panic!("{arrivals:?}");
    };
    assert_eq!(said.place, Place::PrivateTo("bob".into()));
    assert!(said.own);
    assert_eq!(*refused, Arrival::NotAccepted("bob is offline".into()));
    let private = message(8, "hi").replace("\"time\"", "\"private\":true,\"time\"");
    let arrivals = hear(&mut talker, &private).unwrap();
    assert!(matches!(&arrivals[0], Arrival::Said(said) if said.place == Place::Private));
}

#[test]
fn an_error_takes_the_place_of_an_echo() {
    let mut talker = connected();
    let error = r#"{"type":"error","message":"no"}"#;
    assert_eq!(
        hear(&mut talker, error).unwrap(),
        [Arrival::Warning("no".into())]
    );
    say(&mut talker, None, "one");
    assert_eq!(
        hear(&mut talker, error).unwrap(),
        [Arrival::NotAccepted("no".into())]
    );
    assert!(talker.is_settled());
}

#[test]
fn an_error_about_something_private_leaves_the_echo_to_what_is_public() {
    for error_first in [true, false] {
        let mut talker = connected();
        say(&mut talker, Some("nobody"), "psst");
        say(&mut talker, None, "hello");
        let error = r#"{"type":"error","message":"no such user"}"#;
        let echo = message(7, "hello");
        let wire = if error_first {
            format!("{error}{echo}")
        } else {
            error.to_owned()
        };
        let arrivals = hear(&mut talker, &wire).unwrap();
        assert!(matches!(&arrivals[0], Arrival::Said(said) if said.own));
        assert!(matches!(arrivals[1], Arrival::NotAccepted(_)));
        if !error_first {
            assert_eq!(talker.unanswered(), 1);
            hear(&mut talker, &echo).unwrap();
        }
        assert_eq!(talker.unanswered(), 0);
    }
}

#[test]
fn it_knows_who_is_there() {
    let mut talker = connected();
    let told = hear(
        &mut talker,
        r#"{"type":"users","users":[{"id":"7","name":"alice"},{"id":"8","name":"bob"}]}
        {"type":"join","user":{"id":"7","name":"alice"},"time":1}
        {"type":"join","user":{"id":"9","name":"eve"},"time":1}
        {"type":"idle","user":{"id":"8","name":"bob"},"time":1}
        {"type":"leave","user":"9","time":1}
        {"type":"leave","user":"10","time":1}"#,
    )
    .unwrap();
    let told: Vec<_> = told
        .into_iter()
        .map(|arrival| match arrival {
            Arrival::Presence(text) => text,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            "in #lobby: alice, bob",
            "alice joined",
            "eve joined",
            "bob is idle",
            "eve left",
            "user 10 left"
        ]
    );
    assert_eq!(talker.who().unwrap(), ["alice", "bob (idle)"]);
}

#[test]
fn what_is_not_understood_is_no_end() {
    let mut talker = connected();
    let arrivals = hear(
        &mut talker,
        r#"{"type":"party"}{"type":"message","content":"x"}"#,
    )
    .unwrap();
    assert!(
        arrivals
            .iter()
            .all(|arrival| matches!(arrival, Arrival::Warning(_)))
    );
    assert_eq!(arrivals.len(), 2);
    assert!(hear(&mut talker, "[]").is_err());
}

#[test]
fn it_pings_once_connected() {
    let mut out = BytesMut::new();
    talker().keep_alive(&mut out);
    assert!(out.is_empty());
    connected().keep_alive(&mut out);
    assert_eq!(out, "{\"type\":\"ping\"}\n");
}

#[test]
fn another_room_is_left_by_the_gateways_own_user() {
    let mut talker = connected();
    let mut out = BytesMut::new();
    talker
        .command("leave", "#tea", 0, &mut out)
        .unwrap()
        .unwrap();
    let sent = String::from_utf8(out.to_vec()).unwrap();
    assert!(
        sent.contains("leave #tea") && sent.contains("\"to\":\"0\""),
        "{sent}"
    );
    for (room, why) in [("", "which one?"), ("#lobby", "/join another one first")] {
        let refused = talker
            .command("leave", room, 0, &mut out)
            .unwrap()
            .unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}

/// "One wrong /join loses the session": the person is back where it was, and learns why.
#[test]
fn a_room_that_is_refused_leads_back_to_the_one_before() {
    let mut talker = connected();
    let mut out = BytesMut::new();
    talker.command("join", "a b", 0, &mut out).unwrap().unwrap();
    assert!(!talker.is_in() && talker.moves());
    out.clear();
    talker.open(7, &mut out);
    let room = |out: &BytesMut| serde_json::from_slice::<Value>(out).unwrap()["room"].clone();
    assert_eq!(room(&out), "a b");
    let error = r#"{"type":"error","message":"no such name"}"#;
    let told = hear(&mut talker, error).unwrap();
    let reason = "/join a b: no such name; back to #lobby";
    assert_eq!(told, [Arrival::NotAccepted(reason.into())]);
    assert!(!talker.is_in() && talker.moves() && !talker.moves());
    out.clear();
    talker.open(7, &mut out);
    assert_eq!(room(&out), "lobby");
    // Refused there, too: nothing is left to go back to.
    assert!(hear(&mut talker, error).is_err());
    hear(&mut talker, CONNECTED).unwrap();
    // Once one is in another room, that is where one comes back to.
    talker.command("join", "tea", 0, &mut out).unwrap().unwrap();
    assert!(talker.moves());
    hear(&mut talker, CONNECTED).unwrap();
    assert!(talker.is_in() && talker.lost());
    out.clear();
    talker.open(7, &mut out);
    assert_eq!(room(&out), "tea");
    assert!(hear(&mut talker, error).is_err());
}
