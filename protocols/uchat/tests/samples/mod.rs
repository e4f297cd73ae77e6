//! One of every frame: its members as they are written, and what they mean.
#![allow(dead_code, reason = "each test file uses some of it")]

use tolmach_uchat::{
    ClientFrame, ErrorCode, Flavor, Member, MemberType, Message, MessageStatus, MessageType,
    Request, Room, RoomType, ServerFrame,
};

/// A frame's type and members in their order on the wire, and the frame.
pub(crate) struct Sample<F> {
    pub(crate) kind: i64,
    pub(crate) members: Vec<(&'static str, &'static str)>,
    pub(crate) frame: F,
}

impl<F> Sample<F> {
    /// The frame's line.
    pub(crate) fn line(&self) -> String {
        self.with(&self.members)
    }

    /// A line of the same type with other members.
    pub(crate) fn with(&self, members: &[(&str, &str)]) -> String {
        let members: String = members
            .iter()
            .map(|(key, value)| format!(",\"{key}\":{value}"))
            .collect();
        format!("{{\"type\":{}{members}}}\n", self.kind)
    }
}

fn sample<F>(
    kind: i64,
    members: &[(&'static str, &'static str)],
    frame: impl Into<F>,
) -> Sample<F> {
    Sample {
        kind,
        members: members.to_vec(),
        frame: frame.into(),
    }
}

/// Every request.
pub(crate) fn of_client() -> Vec<Sample<ClientFrame>> {
    let mut all = accounts();
    all.extend(rooms());
    all.extend(messages());
    all.extend(files());
    all
}

fn accounts() -> Vec<Sample<ClientFrame>> {
    let log_in = Request::LogIn {
        login: "ann".into(),
        pass: "c0ffee".into(),
    };
    let sign_up = Request::SignUp {
        login: "ann".into(),
        pass: "c0ffee".into(),
        name: "Ann".into(),
        desc: "שלום \"😀\"\n".into(),
    };
    let token = || "c0ffeeann".into();
    let names = [("login", r#""ann""#), ("pass", r#""c0ffee""#)];
    let empty = [("name", r#""""#), ("desc", r#""""#)];
    let given = [("name", r#""Ann""#), ("desc", r#""שלום \"😀\"\n""#)];
    let desc = "me".into();
    vec![
        sample(0, &[names, empty].concat(), log_in),
        sample(1, &[names, given].concat(), sign_up),
        sample(2, &[TOKEN], Request::Token { token: token() }),
        sample(26, &[TOKEN], Request::LogOut { token: token() }),
        sample(23, &[("desc", r#""me""#)], Request::DescribeUser { desc }),
    ]
}

const TOKEN: (&str, &str) = ("token", r#""c0ffeeann""#);
const ROOM: (&str, &str) = ("room_id", "7");
const DATE: (&str, &str) = ("date", "1700000000000");

fn rooms() -> Vec<Sample<ClientFrame>> {
    let date = 1_700_000_000_000;
    let new_room = Request::NewRoom {
        name: "Lobby".into(),
        desc: "for all".into(),
        kind: RoomType::Global,
    };
    let rename = Request::RenameRoom {
        room: 7,
        name: "Hall".into(),
    };
    let describe = Request::DescribeRoom {
        room: 7,
        desc: "for us".into(),
    };
    let name = "lob".into();
    vec![
        sample(11, &[DATE], Request::Rooms { date }),
        sample(
            12,
            &[
                ("name", r#""Lobby""#),
                ("desc", r#""for all""#),
                ("type", "1"),
            ],
            new_room,
        ),
        sample(14, &[ROOM], Request::JoinRoom { room: 7 }),
        sample(13, &[ROOM], Request::DeleteRoom { room: 7 }),
        sample(15, &[ROOM, ("room_name", r#""Hall""#)], rename),
        sample(16, &[ROOM, ("desc", r#""for us""#)], describe),
        sample(18, &[("name", r#""lob""#)], Request::SearchRooms { name }),
        sample(19, &[ROOM], Request::Members { room: 7 }),
        sample(20, &[("user_id", "5")], Request::MemberInfo { user: 5 }),
        sample(
            22,
            &[ROOM, ("user_id", "5")],
            Request::Ban { room: 7, user: 5 },
        ),
    ]
}

fn messages() -> Vec<Sample<ClientFrame>> {
    let (room, message, date, count) = (7, 41, 1_700_000_000_000, 50);
    let say = Request::Message {
        room,
        message: "hi".into(),
        kind: MessageType::Text,
    };
    let edit = Request::Edit {
        room,
        message,
        text: "ho".into(),
    };
    let search = Request::Search {
        room,
        text: "50%".into(),
    };
    let page = [DATE, ROOM, ("count", "50")];
    vec![
        sample(3, &[ROOM, ("message", r#""hi""#), ("msg_type", "0")], say),
        sample(4, &[ROOM, ("msg_id", "41"), ("msg", r#""ho""#)], edit),
        sample(
            5,
            &[ROOM, ("msg_id", "41")],
            Request::Delete { room, message },
        ),
        sample(6, &[ROOM], Request::ClearHistory { room }),
        sample(7, &page, Request::NewMessages { room, date, count }),
        sample(10, &page, Request::OldMessages { room, date, count }),
        sample(8, &[("msg", r#""50%""#), ROOM], search),
    ]
}

fn files() -> Vec<Sample<ClientFrame>> {
    let upload = Request::Upload {
        name: "a.png".into(),
        size: 10_000_000_000,
        room: 7,
        token: "c0ffeeann".into(),
    };
    let download = Request::Download {
        room: 7,
        message: 41,
        token: "c0ffeeann".into(),
    };
    let file = [("name", r#""a.png""#), ("size", "10000000000"), ROOM, TOKEN];
    vec![
        sample(24, &file, upload),
        sample(25, &[ROOM, ("msg_id", "41"), TOKEN], download),
        sample(27, &[], Request::ReadyRead),
    ]
}

/// Every answer, as `flavor` writes it.
pub(crate) fn of_server(flavor: Flavor) -> Vec<Sample<ServerFrame<'static>>> {
    let mut all = account_answers();
    all.extend(room_answers());
    all.extend(member_answers(flavor));
    all.extend(message_answers());
    all.extend(history_answers(flavor));
    all
}

fn account_answers() -> Vec<Sample<ServerFrame<'static>>> {
    let token = || "c0ffeeann".into();
    let desc = || "me".into();
    let log_in = ServerFrame::Token {
        token: token(),
        login: "ann".into(),
        desc: desc(),
    };
    let error = ServerFrame::Error {
        code: ErrorCode::TooMany,
        text: "too many".into(),
    };
    let download = ServerFrame::Download {
        size: 3,
        name: "a.png".into(),
    };
    let me = ("desc", r#""me""#);
    vec![
        sample(2, &[TOKEN, ("login", r#""ann""#), me], log_in),
        sample(26, &[TOKEN], ServerFrame::LogOut { token: token() }),
        sample(23, &[me], ServerFrame::DescribeUser { desc: desc() }),
        sample(9, &[("error_code", "6"), ("msg", r#""too many""#)], error),
        sample(25, &[("size", "3"), ("name", r#""a.png""#)], download),
        sample(27, &[], ServerFrame::ReadyRead),
    ]
}

const ROOMS: &str = r#"[{"id":7,"name":"Lobby","customer_id":5,"date":1700000000000,"desc":"for all","power":0,"type":1},{"id":7,"name":"Lobby","customer_id":5,"date":1700000000000,"desc":"for all","power":0,"type":2}]"#;

/// A room.
pub(crate) fn room(kind: Option<RoomType>) -> Room<'static> {
    Room {
        id: 7,
        name: "Lobby".into(),
        customer_id: 5,
        date: 1_700_000_000_000,
        desc: "for all".into(),
        kind,
        power: 0,
    }
}

fn room_answers() -> Vec<Sample<ServerFrame<'static>>> {
    let rooms = || vec![room(Some(RoomType::Global)), room(Some(RoomType::Direct))];
    let members = [
        ("id", "7"),
        ("name", r#""Lobby""#),
        ("customer_id", "5"),
        DATE,
        ("desc", r#""for all""#),
        ("power", "0"),
    ];
    let rename = ServerFrame::RenameRoom {
        room: 7,
        name: "Hall".into(),
    };
    let describe = ServerFrame::DescribeRoom {
        room: 7,
        desc: "for us".into(),
    };
    vec![
        sample(11, &[("rooms", ROOMS)], ServerFrame::Rooms(rooms())),
        sample(18, &[("rooms", ROOMS)], ServerFrame::SearchRooms(rooms())),
        sample(11, &[("rooms", "[]")], ServerFrame::Rooms(vec![])),
        sample(12, &members, ServerFrame::NewRoom(room(None))),
        sample(14, &members, ServerFrame::JoinRoom(room(None))),
        sample(13, &[ROOM], ServerFrame::DeleteRoom { room: 7 }),
        sample(15, &[ROOM, ("room_name", r#""Hall""#)], rename),
        sample(16, &[ROOM, ("desc", r#""for us""#)], describe),
    ]
}

fn member_answers(flavor: Flavor) -> Vec<Sample<ServerFrame<'static>>> {
    let members = ServerFrame::Members {
        room: 7,
        members: vec![Member {
            id: 5,
            login: "ann".into(),
            kind: MemberType::Moderator,
        }],
    };
    let info = ServerFrame::MemberInfo {
        login: "ann".into(),
        desc: "me".into(),
    };
    let new_member = ServerFrame::NewMember {
        room: 7,
        user: 5,
        login: "ann".into(),
    };
    let kind = if flavor == Flavor::Document { 18 } else { 19 };
    let list = ("members", r#"[{"id":5,"login":"ann","type":2}]"#);
    let ann = ("login", r#""ann""#);
    vec![
        sample(kind, &[ROOM, list], members),
        sample(20, &[ann, ("desc", r#""me""#)], info),
        sample(21, &[ROOM, ("user_id", "5"), ann], new_member),
        sample(
            22,
            &[ROOM, ("user_id", "5")],
            ServerFrame::Ban { room: 7, user: 5 },
        ),
    ]
}

/// A message.
pub(crate) fn message() -> Message<'static> {
    Message {
        message_id: 41,
        room_id: 7,
        user_id: 5,
        date: 1_700_000_000_000,
        message: "hi".into(),
        msg_type: MessageType::File,
        status: MessageStatus::Edited,
        file_size: 3,
        file_name: "a.png".into(),
        power: 2,
    }
}

const MESSAGES: &str = r#"[{"message_id":41,"room_id":7,"user_id":5,"date":1700000000000,"message":"hi","msg_type":1,"status":1,"file_size":3,"file_name":"a.png","power":2}]"#;

fn message_answers() -> Vec<Sample<ServerFrame<'static>>> {
    let (room, id) = (7, 41);
    let members = [
        ("message_id", "41"),
        ROOM,
        ("user_id", "5"),
        DATE,
        ("message", r#""hi""#),
        ("msg_type", "1"),
        ("status", "1"),
        ("file_size", "3"),
        ("file_name", r#""a.png""#),
        ("power", "2"),
    ];
    let edit = ServerFrame::Edit {
        room,
        message: id,
        text: "ho".into(),
        power: 2,
    };
    let edited = [ROOM, ("msg_id", "41"), ("msg", r#""ho""#), ("power", "2")];
    let delete = ServerFrame::Delete { room, message: id };
    vec![
        sample(3, &members, ServerFrame::Message(message())),
        sample(4, &edited, edit),
        sample(5, &[ROOM, ("msg_id", "41")], delete),
        sample(6, &[ROOM], ServerFrame::ClearHistory { room }),
    ]
}

fn history_answers(flavor: Flavor) -> Vec<Sample<ServerFrame<'static>>> {
    let (room, messages) = (7, || vec![message()]);
    let new = ServerFrame::NewMessages {
        room,
        messages: messages(),
    };
    let old = ServerFrame::OldMessages {
        room,
        messages: messages(),
    };
    let key = if flavor == Flavor::Document {
        "message"
    } else {
        "messages"
    };
    vec![
        sample(7, &[ROOM, ("messages", MESSAGES)], new),
        sample(10, &[ROOM, (key, MESSAGES)], old),
        sample(8, &[("msgs", MESSAGES)], ServerFrame::Search(messages())),
    ]
}
