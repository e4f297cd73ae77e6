//! The client: what it sends, and what it makes of what it is told.
//! The rules are those of PROTOCOL.md 3 and 4.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::BytesMut;
use tolmach_talker::{Client, Event};

const CONNECTED: &str = r#"{"type":"connected","user":{"id":"7","name":"anna"}}"#;
const ERROR: &str = r#"{"type":"error","message":"no"}"#;

fn next(client: &mut Client<u8>, wire: &str) -> Vec<Event<u8>> {
    let mut input = BytesMut::from(wire);
    std::iter::from_fn(|| client.next(&mut input).unwrap()).collect()
}

fn connected() -> Client<u8> {
    let mut client = Client::new("lobby", "secret");
    assert!(matches!(
        next(&mut client, CONNECTED)[..],
        [Event::Connected(_)]
    ));
    client
}

fn message(user: u8, content: &str) -> String {
    format!(
        r#"{{"type":"message","content":"{content}","user":{{"id":"{user}","name":"u"}},"time":5}}"#
    )
}

#[test]
fn an_error_before_it_is_connected_refuses() {
    let mut client = Client::new("lobby", "wrong");
    assert!(matches!(&next(&mut client, ERROR)[..], [Event::Refused(reason)] if reason == "no"));
}

#[test]
fn an_echo_has_what_was_given_with_the_message() {
    let (mut client, mut out) = (connected(), BytesMut::new());
    client.say("one", false, 1, &mut out);
    client.say("two\r\n", false, 2, &mut out);
    assert_eq!(client.unanswered(), 2);
    let of = |client: &mut Client<u8>, user, content| match &next(client, &message(user, content))[..]
    {
        [Event::Message { echo_of, .. }] => *echo_of,
        other => panic!("{other:?}"),
    };
    assert_eq!(of(&mut client, 8, "one"), None);
    assert_eq!(of(&mut client, 7, "other"), None);
    // What came before has no echo any more.
    assert_eq!(of(&mut client, 7, "two"), Some(2));
    assert_eq!(client.unanswered(), 0);
}

#[test]
fn an_error_is_about_something_private_first() {
    let (mut client, mut out) = (connected(), BytesMut::new());
    client.say("one", false, 1, &mut out);
    client.tell("nobody".to_owned().into(), "two", 2, &mut out);
    for expected in [2, 1] {
        let events = next(&mut client, ERROR);
        assert!(matches!(events[..], [Event::NotAccepted { asked, .. }] if asked == expected));
    }
    assert!(matches!(next(&mut client, ERROR)[..], [Event::Error(_)]));
}

#[test]
fn it_knows_who_is_there() {
    let mut client = connected();
    let wire = r#"{"type":"users","users":[{"id":"7","name":"anna"},{"id":"8","name":"bob"}]}
        {"type":"idle","user":{"id":"8","name":"bob"},"time":1}
        {"type":"leave","user":"7","time":1}{"type":"leave","user":"9","time":1}"#;
    let events = next(&mut client, wire);
    assert!(matches!(&events[2], Event::Left { id: 7, name } if name == "anna"));
    assert!(matches!(&events[3], Event::Left { id: 9, name } if name.is_empty()));
    let present: Vec<_> = client.present().values().collect();
    assert!(matches!(&present[..], [bob] if bob.name == "bob" && bob.idle));
}

fn written(say: impl FnOnce(&mut Client<u8>, &mut BytesMut)) -> String {
    let mut out = BytesMut::new();
    say(&mut Client::new("lobby", "secret"), &mut out);
    String::from_utf8(out.to_vec()).unwrap()
}

#[test]
fn what_it_says_stands_on_the_wire() {
    assert_eq!(
        written(|client, out| client.open(out)),
        "{\"type\":\"connect\",\"room\":\"lobby\",\"token\":\"secret\"}\n"
    );
    assert_eq!(
        written(|client, out| client.ping(out)),
        "{\"type\":\"ping\"}\n"
    );
    assert_eq!(
        written(|client, out| client.close(out)),
        "{\"type\":\"close\"}\n"
    );
    assert_eq!(
        written(|client, out| client.say("waves", true, 1, out)),
        "{\"type\":\"message\",\"content\":\"waves\",\"action\":true}\n"
    );
    assert_eq!(
        written(|client, out| client.tell("anna".to_owned().into(), "psst", 1, out)),
        "{\"type\":\"message\",\"content\":\"psst\",\"to\":\"anna\"}\n"
    );
}

#[test]
fn it_is_connected_once_it_was_told_so() {
    let mut client: Client<u8> = Client::new("lobby", "secret");
    assert!(!client.is_connected());
    next(&mut client, ERROR);
    assert!(!client.is_connected());
    next(&mut client, CONNECTED);
    assert!(client.is_connected());
}

#[test]
fn neither_something_private_nor_an_edit_is_an_echo() {
    let (mut client, mut out) = (connected(), BytesMut::new());
    client.say("one", false, 1, &mut out);
    let own = r#"{"type":"message","content":"one","user":{"id":"7","name":"u"},"time":5"#;
    for more in [",\"private\":true}", ",\"edit\":\"9\"}"] {
        let events = next(&mut client, &format!("{own}{more}"));
        assert!(
            matches!(events[..], [Event::Message { echo_of: None, .. }]),
            "{more}"
        );
    }
    let events = next(&mut client, &format!("{own}}}"));
    assert!(matches!(
        events[..],
        [Event::Message {
            echo_of: Some(1),
            ..
        }]
    ));
}

#[test]
fn it_reads_what_grows_with_the_room() {
    let users = |count: usize| {
        let user = format!(r#"{{"id":1,"name":"{}"}}"#, "x".repeat(1000));
        format!(
            r#"{{"type":"users","users":[{}]}}"#,
            vec![user; count].join(",")
        )
    };
    let mut client: Client<u8> = Client::new("lobby", "secret");
    assert!(matches!(
        next(&mut client, &users(12_000))[..],
        [Event::Users]
    ));
    let mut input = BytesMut::from(&*users(17_000));
    assert!(client.next(&mut input).is_err());
}
