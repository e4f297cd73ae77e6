//! The client without I/O: what it writes for what it hears.
//! The rules are those of PROTOCOL.md 4 and 5.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]

use bytes::{Bytes, BytesMut};
use tokio_util::codec::Decoder;
use tolmach_purpose::{
    Answer, ChatInfo, Client, ClientBody, ClientFrame, Credentials, Event, Message, Notification,
    Request, Revision, ServerBody, ServerCodec, ServerFrame, Status,
};

/// A client, and the server's end of its wire.
struct Talk {
    client: Client<&'static str>,
    server: ServerCodec,
    out: BytesMut,
}

fn password() -> Credentials {
    Credentials::Password {
        login: "anna".into(),
        password: "secret".into(),
    }
}

fn session() -> Answer {
    Answer::Session {
        session_id: 3,
        session_hash: "hash".into(),
        user_id: 1,
    }
}

impl Talk {
    fn new(revision: Revision, credentials: Credentials) -> Self {
        let (mut client, mut out) = (Client::new(revision, credentials), BytesMut::new());
        client.open(&mut out);
        let server = ServerCodec::new(revision, 0);
        Self {
            client,
            server,
            out,
        }
    }

    fn logged_in() -> Self {
        let mut talk = Self::new(Revision::Two, password());
        assert_eq!(talk.grant(&Answer::Nothing), []);
        let event = Event::LoggedIn {
            user: 1,
            session: Some((3, "hash".into())),
        };
        assert_eq!(talk.grant(&session()), [event]);
        assert!(talk.out.is_empty());
        talk
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

    fn hear(&mut self, wire: &[u8]) -> Vec<Event<&'static str>> {
        let mut input = BytesMut::from(wire);
        let next = || self.client.next(&mut input, &mut self.out).unwrap();
        std::iter::from_fn(next).collect()
    }

    fn frame(&mut self, task: u8, body: ServerBody) -> Vec<Event<&'static str>> {
        let mut wire = BytesMut::new();
        assert!(ServerFrame { task, body }.write(self.client.revision(), &mut wire));
        self.hear(&wire)
    }

    /// What the answer to the next request makes happen.
    fn grant(&mut self, answer: &Answer) -> Vec<Event<&'static str>> {
        let mut wire = BytesMut::new();
        answer.write(self.client.revision(), self.asked().0, &mut wire);
        self.hear(&wire)
    }

    fn expect_accepted(&mut self, task: u8, content: &'static [u8]) {
        let body = ClientBody::Accepted(Bytes::from_static(content));
        assert_eq!(self.next(), ClientFrame { task, body });
        assert!(self.out.is_empty());
    }
}

#[test]
fn who_signs_up_registers_and_logs_in() {
    let (login, password) = (|| "anna".into(), || "secret".into());
    let credentials = || Credentials::SignUp {
        login: login(),
        password: password(),
    };
    let mut talk = Talk::new(Revision::Two, credentials());
    assert_eq!(talk.grant(&Answer::Nothing), []);
    let (task, asked) = talk.asked();
    let register = Request::RegisterUser {
        login: "anna".into(),
        password: password(),
    };
    assert_eq!(asked, register);
    assert_eq!(talk.frame(task, ServerBody::Accepted(Bytes::new())), []);
    assert!(matches!(talk.asked().1, Request::LogIn { login, .. } if login == "anna"));

    let mut talk = Talk::new(Revision::One, credentials());
    assert!(matches!(
        talk.grant(&Answer::Nothing)[..],
        [Event::Refused(_)]
    ));
}

#[test]
fn a_session_is_restored_and_its_new_hash_is_the_caller_s_to_keep() {
    for is_kept in [true, false] {
        let hash = "hash".into();
        let mut talk = Talk::new(Revision::Two, Credentials::Session { id: 3, hash });
        talk.grant(&Answer::Nothing);
        let (user, session) = (1, None);
        let restored = talk.grant(&Answer::Restored { user_id: 1 });
        assert_eq!(restored, [Event::LoggedIn { user, session }]);
        let renewed = Notification::SessionData {
            session_id: 3,
            session_hash: "new".into(),
        };
        let (id, hash) = (3, "new".into());
        let events = talk.frame(9, ServerBody::Notification(renewed));
        assert_eq!(events, [Event::Renewed { id, hash }]);
        assert!(talk.out.is_empty());
        talk.client.keep_session(is_kept, &mut talk.out);
        let answer = talk.next();
        assert_eq!(answer.task, 9);
        assert_eq!(matches!(answer.body, ClientBody::Accepted(_)), is_kept);
        talk.client.keep_session(true, &mut talk.out);
        assert!(talk.out.is_empty());
    }
}

#[test]
fn a_login_is_refused_at_every_step() {
    for steps in 0..2 {
        let mut talk = Talk::new(Revision::Two, password());
        for _ in 0..steps {
            talk.grant(&Answer::Nothing);
        }
        let task = talk.asked().0;
        let refused = talk.frame(task, ServerBody::Declined("no".into()));
        assert_eq!(refused, [Event::Refused("no".into())]);
    }
}

#[test]
fn answers_find_their_request_in_any_order() {
    let mut talk = Talk::logged_in();
    for (name, asked) in [("one", "first"), ("two", "second")] {
        let name = name.into();
        talk.client
            .ask(Request::ChatId { name }, asked, &mut talk.out);
    }
    let (first, second) = (talk.asked().0, talk.asked().0);
    let content = Bytes::from_static(&[7, 0, 0, 0]);
    let (asked, answer) = ("second", Ok(Answer::ChatId(7)));
    let events = talk.frame(second, ServerBody::Accepted(content));
    assert_eq!(events, [Event::Answered { asked, answer }]);
    let bad = talk.frame(first, ServerBody::Accepted(Bytes::from_static(&[7])));
    assert!(matches!(
        &bad[..],
        [Event::Answered { asked: "first", answer: Err(reason) }] if reason.contains("chat_id")
    ));
    let stray = talk.frame(first, ServerBody::Declined("late".into()));
    assert_eq!(stray, [Event::Stray("late".into())]);
    assert_eq!(talk.frame(first, ServerBody::Accepted(Bytes::new())), []);
}

#[test]
fn only_so_many_requests_are_open_and_no_two_have_one_task() {
    let mut talk = Talk::logged_in();
    for _ in 0..300 {
        talk.client.ask(Request::MyChats, "", &mut talk.out);
    }
    let mut tasks: Vec<u8> = (0..64).map(|_| talk.asked().0).collect();
    assert!(talk.out.is_empty());
    let mut answered = 0;
    while let Some(task) = tasks.pop() {
        answered += talk.frame(task, ServerBody::Accepted(Bytes::new())).len();
        if !talk.out.is_empty() {
            let next = talk.asked().0;
            assert!(!tasks.contains(&next));
            tasks.push(next);
        }
    }
    assert_eq!(answered, 300);
}

#[test]
fn what_is_told_is_accepted_after_the_caller_had_it() {
    let mut talk = Talk::logged_in();
    let mut wire = BytesMut::new();
    let body: ServerBody = ServerBody::Notification(Notification::Deauthorized {
        reason: "banned".into(),
    });
    assert!(ServerFrame { task: 9, body }.write(Revision::Two, &mut wire));
    let event = talk.client.next(&mut wire, &mut talk.out).unwrap();
    assert_eq!(event, Some(Event::Deauthorized("banned".into())));
    assert!(talk.out.is_empty());
    assert_eq!(talk.client.next(&mut wire, &mut talk.out).unwrap(), None);
    talk.expect_accepted(9, b"");
    assert_eq!(talk.frame(4, ServerBody::Disconnect), [Event::Disconnected]);
    talk.expect_accepted(4, b"");
    let echo = Bytes::from_static(b"there?\0");
    assert_eq!(talk.frame(5, ServerBody::Heartbeat(echo)), []);
    talk.expect_accepted(5, b"there?\0");
    assert!(matches!(
        talk.hear(b"\0\0\0\0\x7f\x06")[..],
        [Event::Bad(_)]
    ));
    talk.expect_accepted(6, b"");
}

#[test]
fn it_says_when_it_goes() {
    let mut talk = Talk::logged_in();
    assert_eq!(talk.client.revision(), Revision::Two);
    talk.client.disconnect(&mut talk.out);
    assert_eq!(talk.next().body, ClientBody::Disconnect);
    assert!(talk.out.is_empty());
}

#[test]
fn what_happens_to_its_chats_is_told() {
    let mut talk = Talk::logged_in();
    let chat = || ChatInfo {
        id: 7,
        title: "Tea".into(),
        is_direct: false,
        updated: 5,
        nickname: "tea".into(),
        has_password: false,
    };
    let message = Message {
        id: 1,
        sender_id: 2,
        chat_id: 7,
        created: 5,
        updated: 5,
        status: Status::Sent,
        text: "hi".into(),
    };
    let messages = vec![message];
    let told = Notification::Messages {
        chat: 7,
        messages: messages.clone(),
    };
    let heard = talk.frame(1, ServerBody::Notification(told));
    assert_eq!(heard, [Event::Messages(messages)]);
    talk.expect_accepted(1, b"");
    let heard = talk.frame(2, ServerBody::Notification(Notification::Joined(chat())));
    assert_eq!(heard, [Event::Joined(chat())]);
    talk.expect_accepted(2, b"");
    let heard = talk.frame(3, ServerBody::Notification(Notification::Left(chat())));
    assert_eq!(heard, [Event::Left(chat())]);
    talk.expect_accepted(3, b"");
}

#[test]
fn an_answer_that_is_not_understood_is_one() {
    let mut talk = Talk::logged_in();
    talk.client.ask(Request::MyChats, "chats", &mut talk.out);
    let task = talk.asked().0;
    // A DECLINED whose reason is not UTF-8.
    let events = talk.hear(&[2, 0, 0, 0, 1, task, 0xff, 0]);
    assert!(matches!(
        &events[..],
        [Event::Answered { asked: "chats", answer: Err(reason) }] if reason.starts_with("not understood")
    ));
    assert!(talk.out.is_empty());
}
