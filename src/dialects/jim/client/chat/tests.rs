//! The speaker without I/O: what it sends for what it hears.

use super::Jim;
use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::{Arrival, ChatClient, MAX_UNANSWERED, Place, Said, Saying};
use bytes::BytesMut;
use serde_json::Value;

fn jim(password: Option<&str>) -> Jim {
    Jim::new(Identity {
        user: Some("alice".into()),
        password: password.map(Into::into),
        token: None,
        room: "lobby".into(),
        ..Identity::default()
    })
}

/// What it hears of `wire`, and what it sends for that.
fn hear(jim: &mut Jim, wire: &str) -> (Result<Vec<Arrival>, ChatError>, Vec<Value>) {
    let (mut input, mut out) = (BytesMut::from(wire), BytesMut::new());
    let arrivals = std::iter::from_fn(|| jim.hear(&mut input, 7, &mut out).transpose()).collect();
    (arrivals, sent(&out))
}

fn sent(out: &BytesMut) -> Vec<Value> {
    let objects = serde_json::Deserializer::from_slice(out).into_iter();
    objects.collect::<Result<_, _>>().unwrap()
}

fn in_the_room() -> Jim {
    let mut jim = jim(None);
    let mut out = BytesMut::new();
    jim.open(7, &mut out);
    hear(
        &mut jim,
        r#"{"response":200,"time":1}{"response":201,"time":1}"#,
    )
    .0
    .unwrap();
    assert!(jim.is_in());
    jim
}

fn say(jim: &mut Jim, to: Option<&str>, text: &str) -> Vec<Value> {
    let mut out = BytesMut::new();
    let saying = Saying {
        to: to.map(Into::into),
        text: text.into(),
        emote: false,
    };
    jim.say(saying, 7, &mut out);
    sent(&out)
}

#[test]
fn a_guest_says_its_presence_and_then_joins() {
    let mut jim = jim(None);
    let mut out = BytesMut::new();
    jim.open(7, &mut out);
    let presence = &sent(&out)[0];
    assert_eq!(presence["action"], "presence");
    assert_eq!(presence["user"]["account_name"], "alice");
    let (arrivals, sent) = hear(&mut jim, r#"{"response":200,"time":1,"alert":"hello"}"#);
    assert_eq!(
        arrivals.unwrap(),
        [Arrival::LoggedIn {
            name: "alice".into(),
            answer: Some("200 hello".into())
        }]
    );
    assert_eq!(
        (&sent[0]["action"], &sent[0]["room"]),
        (&"join".into(), &"#lobby".into())
    );
    assert!(!jim.is_in());
    hear(&mut jim, r#"{"response":200,"time":1}"#).0.unwrap();
    assert!(jim.is_in() && jim.is_settled());
}

#[test]
fn a_password_authenticates() {
    let mut out = BytesMut::new();
    jim(Some("secret")).open(7, &mut out);
    let sent = &sent(&out)[0];
    assert_eq!(sent["action"], "authenticate");
    assert_eq!(sent["user"]["password"], "secret");
}

#[test]
fn a_refused_login_or_join_ends_it() {
    for answers in [
        r#"{"response":402,"time":1,"error":"no"}"#,
        r#"{"response":200,"time":1}{"response":402,"time":1,"error":"no"}"#,
    ] {
        let mut jim = jim(Some("wrong"));
        jim.open(7, &mut BytesMut::new());
        let failure = hear(&mut jim, answers).0.unwrap_err();
        assert_eq!(failure.to_string(), "refused: 402 no");
    }
}

#[test]
fn a_message_is_one_s_own_once_accepted() {
    let mut jim = in_the_room();
    let sent = say(&mut jim, None, "Привет");
    assert_eq!(sent[0]["to"], "#lobby");
    assert_eq!(sent[0]["from"], "alice");
    assert_eq!(sent[0]["encoding"], "utf-8");
    assert_eq!(jim.unanswered(), 1);
    let (arrivals, _) = hear(
        &mut jim,
        r#"{"response":100,"time":1}{"response":200,"time":5}"#,
    );
    let own = Said {
        place: Place::Room("lobby".into()),
        from: "alice".into(),
        text: "Привет".into(),
        emote: false,
        own: true,
        time: 5,
    };
    assert_eq!(
        arrivals.unwrap(),
        [Arrival::Notice("100".into()), Arrival::Said(own)]
    );
    assert!(jim.is_settled());
}

#[test]
fn a_refused_message_is_no_end() {
    let mut jim = in_the_room();
    say(&mut jim, Some("bob"), "hi");
    let (arrivals, _) = hear(&mut jim, r#"{"response":410,"time":1,"error":"offline"}"#);
    assert_eq!(
        arrivals.unwrap(),
        [Arrival::NotAccepted("to bob: 410 offline".into())]
    );
    assert!(jim.is_in() && jim.is_settled());
}

#[test]
fn a_probe_is_answered_and_that_has_no_answer() {
    let mut jim = in_the_room();
    say(&mut jim, None, "hi");
    let (arrivals, sent) = hear(&mut jim, r#"{"action":"probe","time":1}"#);
    assert!(arrivals.unwrap().is_empty());
    assert_eq!(sent[0]["action"], "presence");
    assert_eq!(jim.unanswered(), 1);
}

#[test]
fn others_are_heard() {
    let mut jim = in_the_room();
    let (arrivals, _) = hear(
        &mut jim,
        r##"{"action":"msg","time":5,"to":"#tea","from":"bob","message":"/me waves"}{"action":"msg","time":5,"to":"alice","from":"bob","message":"a\nb"}{"action":"what","time":5}"##,
    );
    let arrivals = arrivals.unwrap();
    let Arrival::Said(emote) = &arrivals[0] else {
        panic!("{arrivals:?}")
    };
    assert_eq!(
        (&emote.place, &*emote.text, emote.emote),
        (&Place::Room("tea".into()), "waves", true)
    );
    let Arrival::Said(private) = &arrivals[1] else {
        panic!("{arrivals:?}")
    };
    assert_eq!((&private.place, &*private.text), (&Place::Private, "a\nb"));
    assert!(matches!(&arrivals[2], Arrival::Warning(_)));
}

#[test]
fn a_long_text_is_several_messages_and_never_too_many_at_once() {
    let mut jim = in_the_room();
    let text = "слово ".repeat(3400); // 20,400 characters, 41 pieces
    let mut pieces = say(&mut jim, None, text.trim());
    assert_eq!(pieces.len(), MAX_UNANSWERED);
    let mut echoes = Vec::new();
    for answered in 1..=jim.unanswered() {
        let (arrivals, sent) = hear(&mut jim, r#"{"response":200,"time":1}"#);
        pieces.extend(sent);
        assert!(pieces.len() - answered <= MAX_UNANSWERED);
        echoes.extend(arrivals.unwrap());
    }
    assert!(jim.is_settled());
    let texts: Vec<_> = pieces
        .iter()
        .map(|piece| piece["message"].as_str().unwrap())
        .collect();
    assert!(texts.iter().all(|text| text.chars().count() <= 500));
    assert_eq!(texts.join(" "), text.trim());
    assert_eq!(echoes.len(), 1);
}

#[test]
fn who_gives_no_name_is_some_guest() {
    let jim = Jim::new(Identity {
        room: "lobby".into(),
        ..Identity::default()
    });
    let digits = jim.client.name().strip_prefix("guest-").unwrap();
    assert!(digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit()));
}
