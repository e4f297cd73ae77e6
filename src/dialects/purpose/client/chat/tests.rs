//! The speaker without I/O: what it sends for what it hears.

use super::Purpose;
use crate::dialects::client::ChatError;
use crate::dialects::client::Identity;
use crate::dialects::client::{Arrival, ChatClient, Place, Said, Saying};
use bytes::{Bytes, BytesMut};
use tokio_util::codec::Decoder;
use tolmach_purpose::{
    Answer, ChatInfo, ClientBody, ClientFrame, Message, Notification, Request, Revision,
    ServerBody, ServerCodec, ServerFrame, Status, UserInfo,
};

/// A client, and the server's end of its wire.
struct Talk {
    client: Purpose,
    server: ServerCodec,
    revision: Revision,
    out: BytesMut,
    arrivals: Vec<Arrival>,
}

fn identity(revision: u8) -> Identity {
    Identity {
        user: Some("alice".into()),
        password: Some("secret".into()),
        room: "lobby".into(),
        revision,
        ..Identity::default()
    }
}

impl Talk {
    fn new(identity: Identity) -> Self {
        let mut client = Purpose::new(identity).unwrap();
        let (revision, mut out) = (client.client.revision(), BytesMut::new());
        client.open(5, &mut out);
        Self {
            client,
            server: ServerCodec::new(revision, 0),
            revision,
            out,
            arrivals: Vec::new(),
        }
    }

    /// The client's next frame.
    fn next(&mut self) -> ClientFrame {
        let frame = self.server.decode(&mut self.out).unwrap();
        frame.expect("the client says nothing").unwrap()
    }

    fn asked(&mut self) -> (u8, Request) {
        let frame = self.next();
        match frame.body {
            ClientBody::Request(request) => (frame.task, request),
            other => panic!("{other:?}"),
        }
    }

    fn hear(&mut self, wire: BytesMut) -> Result<(), ChatError> {
        let mut input = wire;
        while let Some(arrival) = self.client.hear(&mut input, 5, &mut self.out)? {
            self.arrivals.push(arrival);
        }
        Ok(())
    }

    /// The answer to the next request, which is returned.
    fn grant(&mut self, answer: Answer) -> Request {
        let (task, request) = self.asked();
        let mut wire = BytesMut::new();
        answer.write(self.revision, task, &mut wire);
        self.hear(wire).unwrap();
        request
    }

    fn decline(&mut self, reason: &str) -> Result<(), ChatError> {
        let task = self.asked().0;
        self.frame(task, ServerBody::Declined(reason.into()))
    }

    fn frame(&mut self, task: u8, body: ServerBody) -> Result<(), ChatError> {
        let mut wire = BytesMut::new();
        assert!(ServerFrame { task, body }.write(self.revision, &mut wire));
        self.hear(wire)
    }

    /// Something is told, and the client accepts that.
    fn tell(&mut self, told: Notification) {
        self.frame(9, ServerBody::Notification(told)).unwrap();
    }

    fn expect_accepted(&mut self) {
        let (task, body) = (9, ClientBody::Accepted(Bytes::new()));
        assert_eq!(self.next(), ClientFrame { task, body });
    }

    fn say(&mut self, to: Option<&str>, text: &str) {
        let saying = Saying {
            to: to.map(Into::into),
            text: text.into(),
            emote: false,
        };
        self.client.say(saying, 5, &mut self.out);
        self.hear(BytesMut::new()).unwrap();
    }

    fn said(&mut self) -> Vec<(Place, String, String)> {
        let arrivals = std::mem::take(&mut self.arrivals);
        let said = arrivals.into_iter().filter_map(|arrival| match arrival {
            Arrival::Said(Said {
                place, from, text, ..
            }) => Some((place, from, text)),
            _ => None,
        });
        said.collect()
    }

    fn is_silent(&self) -> bool {
        self.out.is_empty()
    }
}

fn user(id: i32, name: &str) -> UserInfo {
    UserInfo {
        id,
        name: format!("The {name}").as_str().into(),
        nickname: name.into(),
    }
}

fn chat(id: i32, name: &str, is_direct: bool) -> ChatInfo {
    ChatInfo {
        id,
        title: name.into(),
        is_direct,
        updated: 1,
        nickname: if is_direct { "".into() } else { name.into() },
        has_password: false,
    }
}

fn message(sender_id: i32, chat_id: i32, text: &str) -> Message {
    Message {
        id: 1,
        sender_id,
        chat_id,
        created: 100,
        updated: 100,
        status: Status::Sent,
        text: text.into(),
    }
}

fn told(message: Message) -> Notification {
    Notification::Messages {
        chat: message.chat_id,
        messages: vec![message],
    }
}

/// Alice, user 1, in the lobby, chat 7, with bob, user 2.
fn in_the_room() -> Talk {
    let mut talk = Talk::new(identity(2));
    talk.grant(Answer::Nothing);
    let login = talk.grant(Answer::Session {
        session_id: 3,
        session_hash: "hash".into(),
        user_id: 1,
    });
    assert!(matches!(login, Request::LogIn { .. }));
    talk.grant(Answer::OwnUser {
        user: user(1, "alice"),
        description: "".into(),
    });
    talk.grant(Answer::ChatId(7));
    talk.grant(Answer::Nothing);
    assert!(!talk.client.is_in());
    let members = vec![user(1, "alice"), user(2, "bob")];
    talk.grant(Answer::Chat {
        chat: chat(7, "lobby", false),
        members,
    });
    assert!(talk.client.is_in() && talk.is_silent());
    talk
}

fn in_the_room_of_revision_1() -> Talk {
    let mut talk = Talk::new(identity(1));
    talk.grant(Answer::Nothing);
    talk.grant(Answer::Session {
        session_id: 3,
        session_hash: "hash".into(),
        user_id: 0,
    });
    assert!(matches!(talk.grant(Answer::UserId(1)), Request::UserId { name } if name == "alice"));
    talk.grant(Answer::ChatId(7));
    let join = talk.grant(Answer::Nothing);
    assert!(matches!(join, Request::Join { chat: 7, .. }));
    assert!(talk.client.is_in() && talk.is_silent());
    talk
}

#[test]
fn what_is_said_is_accepted_by_its_task() {
    let mut talk = in_the_room();
    talk.say(None, "one");
    talk.say(None, "two");
    let (first, one) = talk.asked();
    assert!(matches!(one, Request::Send { chat: 7, text } if text == "one"));
    let (second, _) = talk.asked();
    talk.frame(second, ServerBody::Accepted(Bytes::new()))
        .unwrap();
    assert_eq!(talk.client.unanswered(), 1);
    talk.frame(first, ServerBody::Declined("no".into()))
        .unwrap();
    assert_eq!(
        talk.arrivals.last(),
        Some(&Arrival::NotAccepted("to #lobby: no".into()))
    );
    let lobby = Place::Room("lobby".into());
    assert_eq!(talk.said(), [(lobby, "alice".into(), "two".into())]);
    assert!(talk.client.is_settled());
}

#[test]
fn others_are_heard_and_strangers_wait_for_their_name() {
    let mut talk = in_the_room();
    talk.tell(told(message(2, 7, "/me waves")));
    talk.expect_accepted();
    talk.tell(told(message(3, 7, "hi")));
    let (task, who) = talk.asked();
    assert_eq!(who, Request::UserById { user: 3 });
    talk.expect_accepted();
    talk.tell(told(message(2, 7, "hello eve")));
    talk.expect_accepted();
    let lobby = || Place::Room("lobby".into());
    assert_eq!(talk.said(), [(lobby(), "bob".into(), "waves".into())]);
    assert!(!talk.client.is_settled());
    let mut wire = BytesMut::new();
    Answer::User(user(3, "eve")).write(talk.revision, task, &mut wire);
    talk.hear(wire).unwrap();
    assert_eq!(
        talk.said(),
        [
            (lobby(), "eve".into(), "hi".into()),
            (lobby(), "bob".into(), "hello eve".into())
        ]
    );
}

#[test]
fn other_chats_are_told_apart() {
    let mut talk = in_the_room();
    talk.tell(Notification::Joined(chat(8, "bob", true)));
    talk.expect_accepted();
    talk.tell(told(message(2, 8, "psst")));
    talk.expect_accepted();
    talk.tell(told(message(1, 8, "from my other client")));
    talk.expect_accepted();
    talk.tell(told(message(2, 9, "tea?")));
    let request = talk.grant(Answer::Chat {
        chat: chat(9, "tea", false),
        members: Vec::new(),
    });
    assert_eq!(request, Request::ChatById { chat: 9 });
    assert_eq!(
        talk.said(),
        [
            (Place::Private, "bob".into(), "psst".into()),
            (
                Place::PrivateTo("bob".into()),
                "alice".into(),
                "from my other client".into()
            ),
            (Place::Room("tea".into()), "bob".into(), "tea?".into()),
        ]
    );
}

#[test]
fn edited_and_deleted_messages_are_told() {
    let mut talk = in_the_room();
    let mut edited = message(2, 7, "better");
    edited.updated = 101;
    talk.tell(told(edited));
    let mut deleted = message(2, 7, "");
    deleted.status = Status::Deleted;
    talk.tell(told(deleted));
    assert_eq!(
        talk.arrivals.last(),
        Some(&Arrival::Notice(
            "a message of bob in #lobby was deleted".into()
        ))
    );
    assert_eq!(talk.said()[0].2, "✎ better");
}

#[test]
fn a_private_message_starts_a_chat_once() {
    let mut talk = in_the_room();
    talk.say(Some("Bob"), "one");
    talk.say(Some("bob"), "two");
    assert!(matches!(
        talk.grant(Answer::UserId(2)),
        Request::UserId { .. }
    ));
    let start = talk.grant(Answer::ChatInfo(chat(8, "bob", true)));
    assert_eq!(start, Request::StartChat { user: 2 });
    talk.say(Some("bob"), "three");
    for text in ["one", "two", "three"] {
        let sent = talk.grant(Answer::Nothing);
        assert!(matches!(sent, Request::Send { chat: 8, text: sent } if sent == text));
    }
    assert_eq!(talk.said()[0].0, Place::PrivateTo("Bob".into()));
    assert!(talk.client.is_settled());
}

#[test]
fn a_private_message_to_nobody_is_not_accepted() {
    let mut talk = in_the_room();
    talk.say(Some("nobody"), "one");
    talk.say(Some("nobody"), "two");
    talk.decline("no such user").unwrap();
    let refused = Arrival::NotAccepted("to nobody: no such user".into());
    assert_eq!(talk.arrivals[2..], [refused.clone(), refused]);
    assert!(talk.client.is_settled());
}

#[test]
fn revision_1_has_neither_names_nor_private_messages() {
    let mut talk = in_the_room_of_revision_1();
    talk.tell(told(message(2, 7, "hi")));
    talk.tell(told(message(1, 8, "elsewhere")));
    talk.say(Some("bob"), "psst");
    assert!(
        matches!(talk.arrivals.last(), Some(Arrival::NotAccepted(reason)) if reason.contains("revision 1"))
    );
    assert_eq!(
        talk.said(),
        [
            (Place::Room("lobby".into()), "user 2".into(), "hi".into()),
            (Place::Room("8".into()), "alice".into(), "elsewhere".into()),
        ]
    );
    assert!(talk.client.command("who", "", 5, &mut talk.out).is_none());
}

#[test]
fn a_room_that_is_not_there_is_made_by_revision_2() {
    for (revision, is_made) in [(2, true), (1, false)] {
        let mut talk = Talk::new(identity(revision));
        talk.grant(Answer::Nothing);
        talk.grant(Answer::Session {
            session_id: 3,
            session_hash: "hash".into(),
            user_id: 1,
        });
        talk.asked();
        let found = talk.decline("no such room");
        assert_eq!(found.is_ok(), is_made);
        match found {
            Ok(()) => {
                let made = talk.grant(Answer::ChatInfo(chat(7, "lobby", false)));
                assert!(matches!(made, Request::Create { name, .. } if name == "lobby"));
            }
            Err(failure) => assert!(failure.to_string().contains("revision 1 cannot")),
        }
    }
}

#[test]
fn a_room_s_password_is_asked_for() {
    for (revision, answer) in [
        (1, Answer::HasPassword(true)),
        (
            2,
            Answer::Chat {
                chat: ChatInfo {
                    has_password: true,
                    ..chat(7, "lobby", false)
                },
                members: Vec::new(),
            },
        ),
    ] {
        let mut talk = Talk::new(identity(revision));
        talk.grant(Answer::Nothing);
        talk.grant(Answer::Session {
            session_id: 3,
            session_hash: "hash".into(),
            user_id: 1,
        });
        talk.asked();
        talk.grant(Answer::ChatId(7));
        talk.decline("wrong password").unwrap();
        let task = talk.asked().0;
        let mut wire = BytesMut::new();
        answer.write(talk.revision, task, &mut wire);
        let failure = talk.hear(wire).unwrap_err().to_string();
        assert!(failure.contains("TOLMACH_ROOM_PASSWORD"), "{failure}");
    }
}

#[test]
fn only_a_session_of_its_own_is_logged_off() {
    let mut talk = in_the_room();
    talk.client.farewell(5, &mut talk.out);
    assert_eq!(talk.asked().1, Request::LogOff);
    assert_eq!(talk.next().body, ClientBody::Disconnect);
    let token = Identity {
        password: None,
        token: Some("3:abc:d".into()),
        ..identity(2)
    };
    let mut talk = Talk::new(token);
    talk.grant(Answer::Nothing);
    let restored = talk.grant(Answer::Restored { user_id: 1 });
    assert!(matches!(
        restored,
        Request::RestoreSession { session_id: 3, session_hash } if session_hash.as_str() == "abc:d"
    ));
    talk.out.clear();
    let renewed = Notification::SessionData {
        session_id: 3,
        session_hash: "new".into(),
    };
    talk.tell(renewed);
    // The old hash must go on: nobody keeps the new one.
    assert!(talk.is_silent());
    talk.client.farewell(5, &mut talk.out);
    let declined = talk.next();
    assert!(matches!(declined.body, ClientBody::Declined(_)) && declined.task == 9);
    assert_eq!(talk.next().body, ClientBody::Disconnect);
}

#[test]
fn a_farewell_before_the_login_may_mean_tls() {
    for (mut talk, may_mean) in [(Talk::new(identity(2)), true), (in_the_room(), false)] {
        talk.frame(0, ServerBody::Disconnect).unwrap();
        let Some(Arrival::Warning(told)) = talk.arrivals.last() else {
            panic!("{:?}", talk.arrivals);
        };
        assert_eq!(told.contains("--tls"), may_mean, "{told}");
    }
}

#[test]
fn heartbeats_and_farewells_of_the_server_are_answered() {
    let mut talk = in_the_room();
    let echo = Bytes::from_static(b"there?\0");
    talk.frame(4, ServerBody::Heartbeat(echo.clone())).unwrap();
    let body = ClientBody::Accepted(echo);
    assert_eq!(talk.next(), ClientFrame { task: 4, body });
    talk.tell(told(message(3, 7, "last words")));
    talk.asked();
    talk.expect_accepted();
    let reason = "password changed".into();
    talk.tell(Notification::Deauthorized { reason });
    talk.expect_accepted();
    assert!(
        matches!(talk.arrivals.last(), Some(Arrival::Warning(words)) if words.contains("password changed"))
    );
    assert_eq!(talk.said()[0].1, "user 3");
}

#[test]
fn a_refused_login_ends_it() {
    let mut talk = Talk::new(identity(2));
    talk.grant(Answer::Nothing);
    let failure = talk.decline("wrong").unwrap_err();
    assert_eq!(failure.to_string(), "refused: wrong");
}

#[test]
fn something_must_say_who_one_is() {
    let nobody = Identity::default();
    assert!(Purpose::new(nobody).err().unwrap().contains("--user"));
    let guest = Identity {
        password: None,
        ..identity(2)
    };
    assert!(
        Purpose::new(guest)
            .err()
            .unwrap()
            .contains("TOLMACH_PASSWORD")
    );
    for token in ["abc", "x:abc", "3:"] {
        let token = Some(token.to_owned());
        let identity = Identity {
            token,
            ..identity(2)
        };
        assert!(Purpose::new(identity).err().unwrap().contains("ID:TOKEN"));
    }
}
