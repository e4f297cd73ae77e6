//! The client without I/O: what it writes for what it hears.
//! The rules are those of PROTOCOL.md 3 to 7.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bytes::BytesMut;
use tokio_util::codec::Decoder;
use tolmach_uchat::{
    Client, ClientFrame, Credentials, ErrorCode, Event, Flavor, Member, MemberType, Message,
    MessageStatus, MessageType, Refusal, Request, RequestType, Secret, ServerCodec, ServerFrame,
    limits,
};

/// A client, and the server's end of its wire.
struct Talk {
    client: Client<&'static str>,
    out: BytesMut,
}

fn password() -> Credentials {
    Credentials::Password {
        login: "ann".into(),
        pass: Secret::of_password("secret"),
    }
}

fn token() -> ServerFrame<'static> {
    ServerFrame::Token {
        token: Secret("c0ffeeann".into()),
        login: "ann".into(),
        desc: "".into(),
    }
}

fn refusal(code: ErrorCode, reason: &str) -> Refusal {
    let reason = reason.to_owned();
    Refusal { code, reason }
}

fn said(user_id: i32, text: &'static str) -> ServerFrame<'static> {
    ServerFrame::Message(Message {
        message_id: 1,
        room_id: 7,
        user_id,
        date: 0,
        message: text.into(),
        msg_type: MessageType::Text,
        status: MessageStatus::New,
        file_size: 0,
        file_name: "".into(),
        power: 0,
    })
}

fn say(text: &str) -> Request {
    Request::Message {
        room: 7,
        message: text.into(),
        kind: MessageType::Text,
    }
}

impl Talk {
    fn new(credentials: Credentials) -> Self {
        let (mut client, mut out) = (Client::new(Flavor::Field, credentials), BytesMut::new());
        client.open(&mut out);
        Self { client, out }
    }

    /// Ann, user 1.
    fn logged_in() -> Self {
        let mut talk = Self::new(password());
        assert_eq!(talk.sent().len(), 1);
        let (login, token_of_it) = ("ann".into(), "c0ffeeann".into());
        let event = Event::LoggedIn {
            login,
            token: token_of_it,
        };
        assert_eq!(talk.hear(&token()), [event]);
        let kind = MemberType::Simple;
        let members = [(2, "bob"), (1, "ann")];
        let members = members.map(|(id, login)| Member {
            id,
            login: login.into(),
            kind,
        });
        talk.hear(&ServerFrame::Members {
            room: 7,
            members: members.to_vec(),
        });
        assert_eq!(talk.client.user(), Some(1));
        talk
    }

    fn sent(&mut self) -> Vec<Request> {
        let mut codec = ServerCodec::new(Flavor::Field, limits::FRAME_BYTES);
        let next = || codec.decode(&mut self.out).unwrap();
        let frames = std::iter::from_fn(next).map(|frame| match frame.unwrap() {
            ClientFrame::Request(request) => request,
            ClientFrame::Raw(_) => panic!("raw bytes"),
        });
        frames.collect()
    }

    fn hear_line(&mut self, line: &str) -> Vec<Event<&'static str>> {
        let mut input = BytesMut::from(line);
        let next = || self.client.next(&mut input, &mut self.out).unwrap();
        std::iter::from_fn(next).collect()
    }

    fn hear(&mut self, frame: &ServerFrame<'_>) -> Vec<Event<&'static str>> {
        let mut wire = BytesMut::new();
        frame.write(Flavor::Field, &mut wire);
        self.hear_line(std::str::from_utf8(&wire).unwrap())
    }

    fn fail(&mut self, code: ErrorCode, text: &str) -> Vec<Event<&'static str>> {
        let text = text.into();
        self.hear(&ServerFrame::Error { code, text })
    }

    fn ask(&mut self, request: Request, asked: &'static str) -> Vec<Request> {
        self.client.ask(request, asked, &mut self.out);
        self.sent()
    }
}

#[test]
fn who_signs_up_logs_in_where_there_is_an_account() {
    let pass = || Secret::of_password("secret");
    let mut talk = Talk::new(Credentials::SignUp {
        login: "ann".into(),
        pass: pass(),
    });
    assert!(matches!(&talk.sent()[..], [Request::SignUp { login, .. }] if login == "ann"));
    assert_eq!(talk.fail(ErrorCode::UserExists, "taken"), []);
    let log_in = Request::LogIn {
        login: "ann".into(),
        pass: pass(),
    };
    assert_eq!(talk.sent(), [log_in]);
    let refused = Event::Refused(refusal(ErrorCode::AuthData, "wrong"));
    assert_eq!(talk.fail(ErrorCode::AuthData, "wrong"), [refused]);
}

#[test]
fn only_a_token_of_its_own_is_ended() {
    let mut talk = Talk::logged_in();
    talk.client.log_out(&mut talk.out);
    let token_of_it = || Secret::from("c0ffeeann");
    let log_out = Request::LogOut {
        token: token_of_it(),
    };
    assert_eq!(talk.sent(), [log_out]);
    let mut talk = Talk::new(Credentials::Token(token_of_it()));
    talk.sent();
    talk.hear(&token());
    assert_eq!(talk.client.token(), Some(&token_of_it()));
    talk.client.log_out(&mut talk.out);
    assert_eq!(talk.sent(), []);
    let token = Secret("c0ffeeann".into());
    talk.hear(&ServerFrame::LogOut { token });
    assert_eq!(talk.client.token(), None);
}

#[test]
fn one_request_waits_for_the_answer_of_the_other() {
    let mut talk = Talk::logged_in();
    assert_eq!(talk.ask(Request::Rooms { date: 0 }, "rooms").len(), 1);
    assert_eq!(talk.ask(Request::JoinRoom { room: 8 }, "join"), []);
    let first = Request::MemberInfo { user: 2 };
    talk.client.ask_first(first, "who", &mut talk.out);
    assert_eq!(talk.sent(), []);
    let waiting: Vec<_> = talk.client.unanswered().copied().collect();
    assert_eq!(waiting, ["rooms", "who", "join"]);
    // Another connection's doing, or a direct room.
    let told = ServerFrame::DeleteRoom { room: 9 };
    assert_eq!(talk.hear(&told), [Event::Told(told)]);
    let answer = ServerFrame::Rooms(Vec::new());
    let (asked, rooms) = ("rooms", Ok(answer.clone()));
    let events = talk.hear(&answer);
    assert_eq!(
        events,
        [Event::Answered {
            asked,
            answer: rooms
        }]
    );
    assert_eq!(talk.sent(), [Request::MemberInfo { user: 2 }]);
    let (asked, answer) = ("who", Err(refusal(ErrorCode::NotFound, "nobody")));
    let events = talk.fail(ErrorCode::NotFound, "nobody");
    assert_eq!(events, [Event::Answered { asked, answer }]);
    assert_eq!(talk.sent(), [Request::JoinRoom { room: 8 }]);
}

#[test]
fn messages_are_sent_together_and_answered_by_their_echo() {
    let mut talk = Talk::logged_in();
    for text in ["one", "two\r\nlines", "three"] {
        assert_eq!(talk.ask(say(text), "said"), [say(text)]);
    }
    // Somebody else says the same.
    assert_eq!(talk.hear(&said(2, "one")), [Event::Told(said(2, "one"))]);
    for text in ["one", "two\nlines", "three"] {
        let (asked, answer) = ("said", Ok(said(1, text)));
        let events = talk.hear(&said(1, text));
        assert_eq!(events, [Event::Answered { asked, answer }]);
    }
    assert_eq!(talk.client.unanswered().count(), 0);
}

#[test]
fn which_message_an_error_is_about_shows_with_the_echo_of_the_others() {
    let mut talk = Talk::logged_in();
    for text in ["one", "two"] {
        talk.ask(say(text), text);
    }
    assert_eq!(talk.fail(ErrorCode::NotAllowed, "no"), []);
    let events = talk.hear(&said(1, "two"));
    let no = Err(refusal(ErrorCode::NotAllowed, "no"));
    let (one, two) = ("one", "two");
    assert_eq!(
        events,
        [
            Event::Answered {
                asked: one,
                answer: no
            },
            Event::Answered {
                asked: two,
                answer: Ok(said(1, "two"))
            },
        ]
    );
    // Alone it can only be the one.
    talk.ask(say("one"), "one");
    assert_eq!(talk.fail(ErrorCode::NotAllowed, "no").len(), 1);
    let stray = Event::Stray(refusal(ErrorCode::Server, "error 7"));
    assert_eq!(talk.fail(ErrorCode::Server, ""), [stray]);
}

#[test]
fn no_more_than_a_window_of_messages_is_open() {
    let mut talk = Talk::logged_in();
    for _ in 0..40 {
        talk.client.ask(say("x"), "", &mut talk.out);
    }
    assert_eq!(talk.sent().len(), 32);
    talk.hear(&said(1, "x"));
    assert_eq!(talk.sent().len(), 1);
}

#[test]
fn what_cannot_be_understood_is_the_answer_where_it_can_be_nothing_else() {
    let mut talk = Talk::logged_in();
    talk.ask(Request::Rooms { date: 0 }, "rooms");
    let bad = |request| move |event: &Event<_>| matches!(event, Event::Bad(bad) if bad.request == Some(request));
    let events = talk.hear_line("{\"type\":3}\n");
    assert!(events.iter().all(bad(RequestType::Message)));
    let events = talk.hear_line("{\"type\":11}\n");
    assert!(
        matches!(&events[..], [Event::Answered { asked: "rooms", answer: Err(refusal) }] if refusal.reason.contains("`rooms`"))
    );
    let events = talk.hear_line("{\"type\":11}\n");
    assert!(events.iter().all(bad(RequestType::Rooms)));
}

#[test]
fn it_learns_who_it_is_from_what_it_is_told() {
    let mut talk = Talk::new(password());
    assert_eq!((talk.client.login(), talk.client.user()), ("", None));
    talk.hear(&token());
    assert_eq!(talk.client.login(), "ann");
    let comes = |user, login: &'static str| ServerFrame::NewMember {
        room: 7,
        user,
        login: login.into(),
    };
    talk.hear(&comes(2, "bob"));
    assert_eq!(talk.client.user(), None);
    talk.hear(&comes(1, "ann"));
    assert_eq!(talk.client.user(), Some(1));
    // A list without oneself takes nothing back.
    talk.hear(&ServerFrame::Members {
        room: 9,
        members: Vec::new(),
    });
    assert_eq!(talk.client.user(), Some(1));
}

#[test]
fn who_signs_up_and_is_refused_for_something_else_is_told_so() {
    let mut talk = Talk::new(Credentials::SignUp {
        login: "ann".into(),
        pass: Secret::of_password("secret"),
    });
    talk.sent();
    let refused = Event::Refused(refusal(ErrorCode::BadRequest, "no"));
    assert_eq!(talk.fail(ErrorCode::BadRequest, "no"), [refused]);
    assert_eq!(talk.sent(), []);
}

/// What is asked of a room, a message or a user is answered by what is told of that, and of no other.
#[test]
fn an_answer_is_about_what_was_asked() {
    let room = |id| ServerFrame::DeleteRoom { room: id };
    let rename = |room| ServerFrame::RenameRoom {
        room,
        name: "x".into(),
    };
    let describe = |room| ServerFrame::DescribeRoom {
        room,
        desc: "x".into(),
    };
    let members = |room| ServerFrame::Members {
        room,
        members: Vec::new(),
    };
    let clear = |room| ServerFrame::ClearHistory { room };
    let newer = |room| ServerFrame::NewMessages {
        room,
        messages: Vec::new(),
    };
    let older = |room| ServerFrame::OldMessages {
        room,
        messages: Vec::new(),
    };
    let ban = |room, user| ServerFrame::Ban { room, user };
    let edit = |message| ServerFrame::Edit {
        room: 7,
        message,
        text: "x".into(),
        power: 1,
    };
    let delete = |message| ServerFrame::Delete { room: 7, message };
    let page = (7, 0, 1);
    let (id, date, count) = page;
    let cases = [
        (Request::DeleteRoom { room: 7 }, room(8), room(7)),
        (
            Request::RenameRoom {
                room: 7,
                name: "x".into(),
            },
            rename(8),
            rename(7),
        ),
        (
            Request::DescribeRoom {
                room: 7,
                desc: "x".into(),
            },
            describe(8),
            describe(7),
        ),
        (Request::Members { room: 7 }, members(8), members(7)),
        (Request::ClearHistory { room: 7 }, clear(8), clear(7)),
        (
            Request::NewMessages {
                room: id,
                date,
                count,
            },
            newer(8),
            newer(7),
        ),
        (
            Request::OldMessages {
                room: id,
                date,
                count,
            },
            older(8),
            older(7),
        ),
        (Request::Ban { room: 7, user: 2 }, ban(7, 3), ban(7, 2)),
        (Request::Ban { room: 7, user: 2 }, ban(8, 2), ban(7, 2)),
        (
            Request::Edit {
                room: 7,
                message: 1,
                text: "x".into(),
            },
            edit(2),
            edit(1),
        ),
        (
            Request::Delete {
                room: 7,
                message: 1,
            },
            delete(2),
            delete(1),
        ),
    ];
    for (request, other, own) in cases {
        let mut talk = Talk::logged_in();
        assert_eq!(
            talk.ask(request.clone(), "it"),
            std::slice::from_ref(&request)
        );
        assert_eq!(talk.hear(&other), [Event::Told(other)], "{request:?}");
        let (asked, answer) = ("it", Ok(own.clone()));
        assert_eq!(
            talk.hear(&own),
            [Event::Answered { asked, answer }],
            "{request:?}"
        );
        assert_eq!(talk.client.unanswered().count(), 0);
    }
}

/// Who is banned is told RQ_DEL_ROOM in place of RQ_BAN_MEMBER, also by itself: PROTOCOL.md 5.4.
#[test]
fn who_bans_itself_has_its_answer_in_the_loss_of_the_room() {
    let gone = |room| ServerFrame::DeleteRoom { room };
    let itself = Request::Ban { room: 7, user: 1 };
    let mut talk = Talk::logged_in();
    talk.ask(itself.clone(), "ban");
    assert_eq!(talk.hear(&gone(8)), [Event::Told(gone(8))]);
    let (asked, answer) = ("ban", Ok(gone(7)));
    assert_eq!(talk.hear(&gone(7)), [Event::Answered { asked, answer }]);
    // It goes on with what waits.
    talk.ask(itself, "ban");
    assert_eq!(talk.ask(Request::Rooms { date: 0 }, "rooms"), []);
    talk.hear(&gone(7));
    assert_eq!(talk.sent(), [Request::Rooms { date: 0 }]);
    // Who bans another and loses the room meanwhile still has no answer.
    let mut talk = Talk::logged_in();
    talk.ask(Request::Ban { room: 7, user: 2 }, "ban");
    assert_eq!(talk.hear(&gone(7)), [Event::Told(gone(7))]);
    let (asked, answer) = ("ban", Err(refusal(ErrorCode::NotFound, "no")));
    let events = talk.fail(ErrorCode::NotFound, "no");
    assert_eq!(events, [Event::Answered { asked, answer }]);
}

/// Where no list told it its number, it cannot tell whom it bans: that it loses the room answers it then.
#[test]
fn who_does_not_know_its_number_and_bans_has_its_answer_either_way() {
    for answer in [
        ServerFrame::DeleteRoom { room: 7 },
        ServerFrame::Ban { room: 7, user: 1 },
    ] {
        let mut talk = Talk::new(password());
        talk.hear(&token());
        talk.sent();
        assert_eq!(talk.client.user(), None);
        talk.ask(Request::Ban { room: 7, user: 1 }, "ban");
        let events = talk.hear(&answer);
        let (asked, answer) = ("ban", Ok(answer));
        assert_eq!(events, [Event::Answered { asked, answer }]);
    }
}

#[test]
fn an_error_for_what_is_no_message_tells_nothing_of_messages() {
    let mut talk = Talk::logged_in();
    talk.ask(Request::JoinRoom { room: 8 }, "join");
    for text in ["one", "two"] {
        assert_eq!(talk.ask(say(text), text), []);
    }
    let (asked, answer) = ("join", Err(refusal(ErrorCode::NotFound, "no")));
    let events = talk.fail(ErrorCode::NotFound, "no");
    assert_eq!(events, [Event::Answered { asked, answer }]);
    assert_eq!(talk.sent(), [say("one"), say("two")]);
    for text in ["one", "two"] {
        let (asked, answer) = (text, Ok(said(1, text)));
        let events = talk.hear(&said(1, text));
        assert_eq!(events, [Event::Answered { asked, answer }]);
    }
}

#[test]
fn an_echo_is_known_by_its_room_and_by_what_is_left_of_its_text() {
    let mut talk = Talk::logged_in();
    talk.ask(say(" a\r\nb\rc\u{1}\td "), "it");
    let mut elsewhere = said(1, "a\nb\nc\u{fffd}\td");
    if let ServerFrame::Message(message) = &mut elsewhere {
        message.room_id = 8;
    }
    assert_eq!(talk.hear(&elsewhere), [Event::Told(elsewhere)]);
    let own = said(1, "a\nb\nc\u{fffd}\td");
    let (asked, answer) = ("it", Ok(own.clone()));
    assert_eq!(talk.hear(&own), [Event::Answered { asked, answer }]);
}

#[test]
fn it_reads_a_long_history() {
    let mut talk = Talk::new(password());
    let line = |bytes: usize| {
        format!(
            "{{\"type\":9,\"error_code\":4,\"msg\":\"{}\"}}\n",
            "x".repeat(bytes)
        )
    };
    assert_eq!(talk.hear_line(&line(12_000_000)).len(), 1);
    let mut input = BytesMut::from(&*line(17_000_000));
    assert!(talk.client.next(&mut input, &mut talk.out).is_err());
}
