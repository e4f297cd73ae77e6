//! The client: what it sends, and what it makes of what it is told.
//! The rules are those of PROTOCOL.md 4 and 5.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::BytesMut;
use serde_json::Value;
use tolmach_jim::limits::{MESSAGE_CHARS, OBJECT_CHARS};
use tolmach_jim::{Client, ClientFrame, ClientRequest, Encoding, Event, Extra};

/// What happens for `wire`, and what is sent for it.
fn next(client: &mut Client<usize>, wire: &str) -> (Vec<Event<usize>>, Vec<Value>) {
    let (mut input, mut out) = (BytesMut::from(wire), BytesMut::new());
    let events = std::iter::from_fn(|| client.next(&mut input, 7, &mut out).unwrap()).collect();
    (events, sent(&out))
}

fn sent(out: &BytesMut) -> Vec<Value> {
    let objects = serde_json::Deserializer::from_slice(out).into_iter();
    objects.collect::<Result<_, _>>().unwrap()
}

#[test]
fn it_says_who_it_is() {
    for (password, action) in [(None, "presence"), (Some("secret".into()), "authenticate")] {
        let (mut client, mut out) = (Client::<usize>::new("anna"), BytesMut::new());
        client.open(password, 7, &mut out);
        let [sent] = &sent(&out)[..] else { panic!() };
        assert_eq!(
            (&sent["action"], &sent["time"]),
            (&action.into(), &7.into())
        );
        assert_eq!(sent["user"]["account_name"], "anna");
        let (events, _) = next(&mut client, r#"{"response":402,"time":1,"error":"no"}"#);
        assert!(matches!(&events[..], [Event::Refused(answer)] if answer.code == 402));
    }
}

#[test]
fn answers_find_their_requests_and_few_requests_are_open_at_once() {
    let (mut client, mut out) = (Client::new("anna"), BytesMut::new());
    for asked in 0..40 {
        client.say("#lobby", "hi", asked, 7, &mut out);
    }
    assert_eq!((sent(&out).len(), client.unanswered()), (32, 40));
    let (notice, more) = next(&mut client, r#"{"response":100,"time":1}"#);
    assert!(matches!(notice[..], [Event::Notice(_)]) && more.is_empty());
    for asked in 0..40 {
        let (events, more) = next(&mut client, r#"{"response":200,"time":1}"#);
        let [
            Event::Answered {
                asked: found,
                answer,
            },
        ] = &events[..]
        else {
            panic!("{events:?}")
        };
        assert_eq!((*found, answer.is_accepted()), (asked, true));
        assert_eq!(more.len(), usize::from(asked < 8));
    }
    assert_eq!(client.unanswered(), 0);
    let (stray, _) = next(&mut client, r#"{"response":503,"time":1}"#);
    assert!(matches!(stray[..], [Event::Notice(_)]));
}

#[test]
fn a_probe_is_answered_and_that_has_no_answer() {
    let mut client = Client::new("anna");
    client.ask(ClientFrame::GetContacts, 5, 7, &mut BytesMut::new());
    let wire = r#"{"action":"probe","time":1}{"response":202,"quantity":1}{"action":"contact_list","user_id":"bob"}"#;
    let (events, sent) = next(&mut client, wire);
    assert_eq!(sent[0]["action"], "presence");
    let [Event::Answered { asked: 5, answer }, Event::Contact(name)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((answer.text.as_deref(), &**name), (Some("1"), "bob"));
}

#[test]
fn what_is_not_understood_is_no_end() {
    let mut client = Client::new("anna");
    let wire =
        r##"{"action":"what"}{"action":"msg","time":5,"to":"#tea","from":"bob","message":"hi"}"##;
    let (events, _) = next(&mut client, wire);
    let [Event::Bad(_), Event::Message(message)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (&*message.to, &*message.text, message.time),
        ("#tea", "hi", 5)
    );
}

#[test]
fn who_is_let_in_is_told_so() {
    let (mut client, mut out) = (Client::<usize>::new("anna"), BytesMut::new());
    assert_eq!(client.name(), "anna");
    client.open(None, 7, &mut out);
    let (events, _) = next(&mut client, r#"{"response":200,"time":1}"#);
    assert!(matches!(&events[..], [Event::LoggedIn(answer)] if answer.is_accepted()));
}

#[test]
fn a_farewell_stands_on_the_wire() {
    let (mut client, mut out) = (Client::<usize>::new("anna"), BytesMut::new());
    client.quit(7, &mut out);
    let [quit] = &sent(&out)[..] else { panic!() };
    assert_eq!(
        (&quit["action"], &quit["time"]),
        (&"quit".into(), &7.into())
    );
    assert_eq!(client.unanswered(), 0);
}

#[test]
fn a_text_of_the_most_characters_just_fits() {
    let client = Client::<usize>::new("anna");
    let characters = |to: &str, count: usize| {
        let message = "я".repeat(count);
        let frame = ClientFrame::Msg {
            to: to.to_owned(),
            from: "anna".to_owned(),
            encoding: Encoding::of(&message),
            message,
            extra: Extra::default(),
        };
        ClientRequest { time: 7, frame }.characters()
    };
    for length in 1..700 {
        let to = "x".repeat(length);
        let most = client.text_chars(&to, 7);
        let fits = characters(&to, most) <= OBJECT_CHARS;
        assert!(fits || most == 1, "{most} of {length}");
        let is_bound = most == MESSAGE_CHARS || characters(&to, most + 1) > OBJECT_CHARS;
        assert!(
            is_bound && (1..=MESSAGE_CHARS).contains(&most),
            "{most} of {length}"
        );
    }
    assert_eq!(client.text_chars("#lobby", 7), MESSAGE_CHARS);
}
