//! The tables of the page: names, bytes, bodies. They are written down here a second time, apart from the codec, so
//! that a mistake of the codec is not made here too.
//!
//! A row: the name (revision 1's / revision 2's), the byte in revision 1 and 2 (`-`: none), the body, `->` what
//! ACCEPTED contains. A field is `name:type`; `1:` or `2:` before it is the only revision that has it, `?` behind it
//! means that the body may end before it. A structure stands on a line of its own when it is shown; with `*` behind
//! it, as often as there are bytes.

use std::sync::LazyLock;

/// "Purposes both ways."
const BOTH: &str = "
ACCEPTED                00 00
DECLINED                01 01 reason:text?
HEARTBEAT               02 02 text:text?                       -> text:text?
DISCONNECT              03 03";

/// "To the server."
const TO_SERVER: &str = "
HELLO                   20 20 major:u8 minor:u8
LOGIN                   21 21 login:text password:text         -> session_id:i32 session_hash:text 2:user_id:i32
LOGOFF                  22 22
RESTORE_SESSION         23 23 session_id:i32 session_hash:text -> 2:user_id:i32
REGISTER_USER           -  24 login:text password:text
GET_USER_ID             24 28 name:text                        -> user_id:i32
GET_CHAT_ID             25 29 chat_name:text                   -> chat_id:i32
CHAT_REQ_PASS           26 -  chat_id:i32                      -> has_password:u8
GET_CHAT_BY_ID          -  2a chat_id:i32                      -> ChatInfo UserInfo*
GET_CHAT_BY_NAME        -  2b chat_name:text                   -> ChatInfo UserInfo*
GET_DCHAT_BY_ID         -  2c user_id:i32                      -> ChatInfo
GET_DCHAT_BY_NAME       -  2d user_name:text                   -> ChatInfo
JOIN_CHAT               27 30 chat_id:i32 password:text?
LEAVE_CHAT              -  31 chat_id:i32
CREATE_CHAT             -  32 chat_name:text password:text?    -> ChatInfo
START_CHAT              -  33 user_id:i32                      -> ChatInfo
DELETE_CHAT             -  34 chat_id:i32
RENAME_CHAT             -  35 chat_id:i32 chat_name:text
CH_CHAT_TITLE           -  36 chat_id:i32 title:text
SET_CHAT_ADMIN          -  37 chat_id:i32 user_id:i32
REM_CHAT_ADMIN          -  38 chat_id:i32 user_id:i32
GET_USR_CHATS           -  39                                  -> ChatInfo*
SEND_CHAT_MSG           28 40 chat_id:i32 text:text
REQUEST_CHAT_MSG        29 41 chat_id:i32 from:time to:time?   -> Message*
MARK_SEEN               2a 42 chat_id:i32 time:time
GET_SEEN                -  43 chat_id:i32                      -> time:time
REMOVE_MSG              -  44 message_id:i32
DELETE_MSG              -  45 message_id:i32
GET_USR_DATA            -  48 user_id:i32                      -> UserInfo
GET_USR_DATA_NAME       -  49 user_name:text                   -> UserInfo
GET_USR_PR_DATA         -  4a                                  -> UserInfo desc:text
GET_SESSIONS            -  4b                                  -> SessionInfo*";

/// "To the client."
const TO_CLIENT: &str = "
MSG_NOTIFY/NTF_CHAT_MSG 20 30 1:chat_id:i32 Message*
SESSION_DATA            21 20 session_id:i32 session_hash:text
DEAUTH/DEAUTHORIZED     22 21 2:reason:text
NTF_JOIN_CHAT           -  31 ChatInfo
NTF_LEAVE_CHAT          -  32 ChatInfo";

/// "Structures."
const STRUCTURES: &str = "
Message     id:i32 sender_id:i32 chat_id:i32 created:time updated:time status:u8 text:text
ChatInfo    id:i32 title:text is_direct:u8 updated:time nickname:text has_password:u8
UserInfo    id:i32 name:text nickname:text
SessionInfo id:i32 ipv4:ipv4 last_activity:time user_id:i32";

/// A row of the tables.
pub(super) struct Purpose {
    names: &'static str,
    bytes: [Option<u8>; 2],
    body: &'static str,
    answer: &'static str,
}

/// What clients send, and what the gateway sends.
static BY_CLIENTS: LazyLock<Vec<Purpose>> = LazyLock::new(|| table(&[BOTH, TO_SERVER]));
static BY_GATEWAY: LazyLock<Vec<Purpose>> = LazyLock::new(|| table(&[BOTH, TO_CLIENT]));

/// Fields that are shown on one line.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) fields: Vec<Field>,
    pub(super) is_optional: bool,
    pub(super) is_repeated: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I32,
    /// `i64`, UNIX seconds.
    Time,
    /// Four bytes in network order.
    Ipv4,
    /// UTF-8 and a NUL.
    Text,
}

impl Purpose {
    pub(super) fn name(&self, revision: u8) -> &'static str {
        match (self.names.split_once('/'), revision) {
            (Some((one, _)), 1) => one,
            (Some((_, two)), _) => two,
            (None, _) => self.names,
        }
    }

    pub(super) fn byte(&self, revision: u8) -> Option<u8> {
        self.bytes[usize::from(revision) - 1]
    }

    pub(super) fn body(&self, revision: u8) -> Vec<Row> {
        rows(self.body, revision)
    }

    pub(super) fn answer(&self, revision: u8) -> Vec<Row> {
        rows(self.answer, revision)
    }
}

/// What a client's byte means.
pub(super) fn to_server(revision: u8, byte: u8) -> Option<&'static Purpose> {
    let mut rows = BY_CLIENTS.iter();
    rows.find(|purpose| purpose.byte(revision) == Some(byte))
}

/// What the gateway's byte means.
pub(super) fn to_client(revision: u8, byte: u8) -> Option<&'static Purpose> {
    let mut rows = BY_GATEWAY.iter();
    rows.find(|purpose| purpose.byte(revision) == Some(byte))
}

fn table(parts: &[&'static str]) -> Vec<Purpose> {
    let lines = parts.iter().flat_map(|part| part.lines());
    let rows = lines.filter(|line| !line.is_empty());
    rows.map(|row| {
        let (row, answer) = row.split_once("->").unwrap_or((row, ""));
        let (names, row) = word(row);
        let (one, row) = word(row);
        let (two, body) = word(row);
        let byte = |hex: &str| u8::from_str_radix(hex, 16).ok();
        Purpose {
            names,
            bytes: [byte(one), byte(two)],
            body,
            answer,
        }
    })
    .collect()
}

/// The first word, and what is behind it.
fn word(row: &'static str) -> (&'static str, &'static str) {
    row.trim_start()
        .split_once(' ')
        .unwrap_or((row.trim_start(), ""))
}

fn rows(spec: &'static str, revision: u8) -> Vec<Row> {
    let of_other = if revision == 1 { "2:" } else { "1:" };
    let words = spec.split_whitespace();
    let words = words.filter(|word| !word.starts_with(of_other));
    words.map(row_of).collect()
}

fn row_of(spec: &'static str) -> Row {
    let spec = spec.trim_start_matches(['1', '2', ':']);
    let name = spec.trim_end_matches(['*', '?']);
    let mut structures = STRUCTURES.lines().map(word);
    let structure = structures.find(|(structure, _)| *structure == name);
    let fields = structure.map_or(name, |(_, fields)| fields);
    Row {
        fields: fields.split_whitespace().map(field).collect(),
        is_optional: spec.ends_with('?'),
        is_repeated: spec.ends_with('*'),
    }
}

fn field(word: &'static str) -> Field {
    let (name, kind) = word.split_once(':').expect("the tables are well-formed");
    let kind = match kind {
        "u8" => Kind::U8,
        "i32" => Kind::I32,
        "time" => Kind::Time,
        "ipv4" => Kind::Ipv4,
        "text" => Kind::Text,
        other => panic!("{other:?} is no type"),
    };
    Field { name, kind }
}
