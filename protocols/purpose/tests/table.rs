//! The table of purposes is the page's, written down here once more.
//! The rules are those of PROTOCOL.md 3 to 5.

use std::collections::HashSet;
use tolmach_purpose::purpose::Sender;
use tolmach_purpose::{NotificationKind, Purpose, RequestKind, Revision, State};

const NONE: u16 = 0x100;

/// "To the server": name, r1, r2, fields.
const TO_SERVER: &[(&str, u16, u16, &str)] = &[
    ("HELLO", 0x20, 0x20, "major minor"),
    ("LOGIN", 0x21, 0x21, "login password"),
    ("LOGOFF", 0x22, 0x22, ""),
    ("RESTORE_SESSION", 0x23, 0x23, "session_id session_hash"),
    ("REGISTER_USER", NONE, 0x24, "login password"),
    ("GET_USER_ID", 0x24, 0x28, "name"),
    ("GET_CHAT_ID", 0x25, 0x29, "chat_name"),
    ("CHAT_REQ_PASS", 0x26, NONE, "chat_id"),
    ("GET_CHAT_BY_ID", NONE, 0x2A, "chat_id"),
    ("GET_CHAT_BY_NAME", NONE, 0x2B, "chat_name"),
    ("GET_DCHAT_BY_ID", NONE, 0x2C, "user_id"),
    ("GET_DCHAT_BY_NAME", NONE, 0x2D, "user_name"),
    ("JOIN_CHAT", 0x27, 0x30, "chat_id [password]"),
    ("LEAVE_CHAT", NONE, 0x31, "chat_id"),
    ("CREATE_CHAT", NONE, 0x32, "chat_name [password]"),
    ("START_CHAT", NONE, 0x33, "user_id"),
    ("DELETE_CHAT", NONE, 0x34, "chat_id"),
    ("RENAME_CHAT", NONE, 0x35, "chat_id chat_name"),
    ("CH_CHAT_TITLE", NONE, 0x36, "chat_id title"),
    ("SET_CHAT_ADMIN", NONE, 0x37, "chat_id user_id"),
    ("REM_CHAT_ADMIN", NONE, 0x38, "chat_id user_id"),
    ("GET_USR_CHATS", NONE, 0x39, ""),
    ("SEND_CHAT_MSG", 0x28, 0x40, "chat_id text"),
    ("REQUEST_CHAT_MSG", 0x29, 0x41, "chat_id from [to]"),
    ("MARK_SEEN", 0x2A, 0x42, "chat_id time"),
    ("GET_SEEN", NONE, 0x43, "chat_id"),
    ("REMOVE_MSG", NONE, 0x44, "message_id"),
    ("DELETE_MSG", NONE, 0x45, "message_id"),
    ("GET_USR_DATA", NONE, 0x48, "user_id"),
    ("GET_USR_DATA_NAME", NONE, 0x49, "user_name"),
    ("GET_USR_PR_DATA", NONE, 0x4A, ""),
    ("GET_SESSIONS", NONE, 0x4B, ""),
];

/// "To the client": name in r1, in r2, r1, r2, fields in r1, in r2.
const TO_CLIENT: &[(&str, &str, u16, u16, &str, &str)] = &[
    (
        "MSG_NOTIFY",
        "NTF_CHAT_MSG",
        0x20,
        0x30,
        "chat_id messages",
        "messages",
    ),
    (
        "SESSION_DATA",
        "SESSION_DATA",
        0x21,
        0x20,
        "session_id session_hash",
        "session_id session_hash",
    ),
    ("DEAUTH", "DEAUTHORIZED", 0x22, 0x21, "", "reason"),
    ("NTF_JOIN_CHAT", "NTF_JOIN_CHAT", NONE, 0x31, "chat", "chat"),
    (
        "NTF_LEAVE_CHAT",
        "NTF_LEAVE_CHAT",
        NONE,
        0x32,
        "chat",
        "chat",
    ),
];

fn fields(purpose: Purpose, revision: Revision) -> String {
    let fields = purpose.body(revision).iter();
    let names = fields.map(|field| match field.is_optional {
        true => format!("[{}]", field.name),
        false => field.name.to_owned(),
    });
    names.collect::<Vec<_>>().join(" ")
}

fn byte(purpose: Purpose, revision: Revision) -> u16 {
    purpose.byte(revision).map_or(NONE, u16::from)
}

#[test]
fn requests() {
    assert_eq!(RequestKind::ALL.len(), TO_SERVER.len());
    for (kind, &(name, one, two, body)) in RequestKind::ALL.iter().zip(TO_SERVER) {
        let purpose = Purpose::Request(*kind);
        assert_eq!(kind.name(), name);
        assert_eq!(byte(purpose, Revision::One), one, "{name}");
        assert_eq!(byte(purpose, Revision::Two), two, "{name}");
        assert_eq!(fields(purpose, Revision::One), body, "{name}");
        assert_eq!(fields(purpose, Revision::Two), body, "{name}");
        assert_eq!(purpose.sender(), Sender::Client, "{name}");
    }
}

#[test]
fn notifications() {
    for (kind, &(name1, name2, one, two, body1, body2)) in
        NotificationKind::ALL.into_iter().zip(TO_CLIENT)
    {
        let purpose = Purpose::Notification(kind);
        assert_eq!(kind.name(Revision::One), name1);
        assert_eq!(kind.name(Revision::Two), name2);
        assert_eq!(byte(purpose, Revision::One), one, "{name1}");
        assert_eq!(byte(purpose, Revision::Two), two, "{name2}");
        assert_eq!(fields(purpose, Revision::One), body1, "{name1}");
        assert_eq!(fields(purpose, Revision::Two), body2, "{name2}");
        assert_eq!(purpose.sender(), Sender::Server, "{name2}");
    }
}

#[test]
fn both_ways() {
    let names = ["ACCEPTED", "DECLINED", "HEARTBEAT", "DISCONNECT"];
    for (byte, name) in (0..).zip(names) {
        for revision in Revision::ALL {
            for find in [Purpose::to_server, Purpose::to_client] {
                let purpose = find(revision, byte).unwrap();
                assert_eq!(purpose.name(revision), name);
                assert_eq!(purpose.byte(revision), Some(byte));
                assert_eq!(purpose.sender(), Sender::Both);
                assert_eq!(purpose.state(), State::Connected);
            }
        }
    }
}

#[test]
fn a_byte_finds_its_purpose_and_no_other() {
    for revision in Revision::ALL {
        let mut found = HashSet::new();
        for byte in 0..=u8::MAX {
            for find in [Purpose::to_server, Purpose::to_client] {
                if let Some(purpose) = find(revision, byte) {
                    assert_eq!(purpose.byte(revision), Some(byte));
                    found.insert(purpose);
                }
            }
        }
        let all: HashSet<_> = Purpose::all()
            .filter(|purpose| purpose.byte(revision).is_some())
            .collect();
        assert_eq!(found, all);
    }
    assert_eq!(Purpose::all().count(), 4 + 32 + 5);
}

#[test]
fn states() {
    let greeted = ["LOGIN", "RESTORE_SESSION", "REGISTER_USER"];
    for kind in RequestKind::ALL {
        let expected = match kind.name() {
            "HELLO" => State::Connected,
            name if greeted.contains(&name) => State::Greeted,
            _ => State::LoggedIn,
        };
        assert_eq!(kind.state(), expected, "{}", kind.name());
        assert!(kind.is_allowed(State::LoggedIn));
        assert_eq!(
            kind.is_allowed(State::Connected),
            expected == State::Connected
        );
    }
}
