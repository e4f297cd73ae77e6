//! The purpose-byte protocol: bodies that no client should send. Each is declined with a reason or, where it is an
//! answer, ignored; and the connection goes on.

use crate::support::{Daemon, Purpose, byte_of, frame, int, login, long, reason, text};

/// A field of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Byte,
    Int,
    Long,
    Text,
    /// May be absent.
    MaybeText,
    MaybeLong,
}
use Field::{Byte, Int, Long, MaybeLong, MaybeText, Text};

/// The page's bodies. What would end the session or the connection comes last.
const BODIES: [(&str, &[Field]); 33] = [
    ("HEARTBEAT", &[MaybeText]),
    ("HELLO", &[Byte, Byte]),
    ("LOGIN", &[Text, Text]),
    ("RESTORE_SESSION", &[Int, Text]),
    ("REGISTER_USER", &[Text, Text]),
    ("GET_USER_ID", &[Text]),
    ("GET_CHAT_ID", &[Text]),
    ("CHAT_REQ_PASS", &[Int]),
    ("GET_CHAT_BY_ID", &[Int]),
    ("GET_CHAT_BY_NAME", &[Text]),
    ("GET_DCHAT_BY_ID", &[Int]),
    ("GET_DCHAT_BY_NAME", &[Text]),
    ("JOIN_CHAT", &[Int, MaybeText]),
    ("LEAVE_CHAT", &[Int]),
    ("CREATE_CHAT", &[Text, MaybeText]),
    ("START_CHAT", &[Int]),
    ("DELETE_CHAT", &[Int]),
    ("RENAME_CHAT", &[Int, Text]),
    ("CH_CHAT_TITLE", &[Int, Text]),
    ("SET_CHAT_ADMIN", &[Int, Int]),
    ("REM_CHAT_ADMIN", &[Int, Int]),
    ("GET_USR_CHATS", &[]),
    ("SEND_CHAT_MSG", &[Int, Text]),
    ("REQUEST_CHAT_MSG", &[Int, Long, MaybeLong]),
    ("MARK_SEEN", &[Int, Long]),
    ("GET_SEEN", &[Int]),
    ("REMOVE_MSG", &[Int]),
    ("DELETE_MSG", &[Int]),
    ("GET_USR_DATA", &[Int]),
    ("GET_USR_DATA_NAME", &[Text]),
    ("GET_USR_PR_DATA", &[]),
    ("GET_SESSIONS", &[]),
    ("LOGOFF", &[]),
];

/// A field's bytes; of a chat's or user's id, nobody's.
fn bytes(field: Field) -> Vec<u8> {
    match field {
        Byte => vec![1],
        Int => int(-9),
        Long | MaybeLong => long(1),
        Text | MaybeText => text("ab ы"),
    }
}

fn is_text(field: Field) -> bool {
    matches!(field, Text | MaybeText)
}

fn is_optional(field: Field) -> bool {
    matches!(field, MaybeText | MaybeLong)
}

/// All the ways in which a body can be wrong.
fn spoilt(fields: &[Field]) -> Vec<Vec<u8>> {
    let whole: Vec<Vec<u8>> = fields.iter().map(|field| bytes(*field)).collect();
    let body = whole.concat();
    // Where a body may end: behind the last field, and before each that may be absent.
    let mut ends = vec![body.len()];
    for n in (0..fields.len())
        .rev()
        .take_while(|n| is_optional(fields[*n]))
    {
        ends.push(whole[..n].concat().len());
    }
    let mut all: Vec<Vec<u8>> = (0..body.len())
        .filter(|cut| !ends.contains(cut))
        .map(|cut| body[..cut].to_vec())
        .collect();
    for behind in [&[0][..], &[1], b"left over\0"] {
        all.push([&body[..], behind].concat());
    }
    for (n, field) in fields
        .iter()
        .enumerate()
        .filter(|(_, field)| is_text(**field))
    {
        let (before, after) = (whole[..n].concat(), whole[n + 1..].concat());
        // Not UTF-8: a stray byte, a cut character, a surrogate, too long a form; and with no NUL at all.
        for wrong in [&b"\xff\0"[..], b"a\xd1\0", b"\xed\xa0\x80\0", b"\xc0\x80\0"] {
            all.push([&before[..], wrong, &after].concat());
        }
        if after.is_empty() {
            let without = bytes(*field);
            all.push([&before[..], &without[..without.len() - 1]].concat());
            all.push([&before[..], b"x"].concat());
        }
    }
    all
}

async fn logged_in(daemon: &Daemon, revision: u8) -> Purpose {
    daemon.purpose_of(revision, "anna").await
}

#[tokio::test]
async fn every_malformed_body_is_declined_and_the_connection_goes_on() {
    let daemon = Daemon::start("[limits]\nrequests_per_second = 0\nfailed_logins = 0").await;
    daemon.account("anna").await;
    for revision in [1, 2] {
        let mut anna = logged_in(&daemon, revision).await;
        let mut count = 0;
        for (name, fields) in BODIES {
            if byte_of(name, revision).is_none() {
                continue;
            }
            for body in spoilt(fields) {
                let why = anna.declined(name, &body).await;
                assert!(!why.starts_with("internal"), "{name} {body:?}: {why}");
                // It is the body that is wrong, and the reason says so.
                let says = [
                    "NUL",
                    "UTF-8",
                    "left over",
                    "of 1 bytes",
                    "of 4 bytes",
                    "of 8 bytes",
                ];
                assert!(
                    says.iter().any(|say| why.contains(say)),
                    "{name} {body:?}: {why}"
                );
                assert!(why.contains(name), "{name} {body:?}: {why}");
                count += 1;
            }
        }
        assert!(count > 100, "{count}");
        anna.hears_nothing().await;
        anna.chat("lobby").await;
        // DISCONNECT has no body; one with a body is no farewell.
        anna.declined("DISCONNECT", "x").await;
        anna.chat("lobby").await;
    }
}

#[tokio::test]
async fn a_malformed_body_is_declined_before_hello_too() {
    let daemon = Daemon::start("").await;
    for revision in [1, 2] {
        let mut nobody = daemon.purpose(revision).await;
        nobody.declined("HELLO", [0]).await;
        nobody.declined("HELLO", [0, 1, 0]).await;
        nobody.declined("LOGIN", "anna").await;
        nobody.hello().await;
    }
}

#[tokio::test]
async fn an_unknown_purpose_is_declined_by_its_byte() {
    let daemon = Daemon::start("limits.requests_per_second = 0").await;
    daemon.account("anna").await;
    for revision in [1, 2] {
        let mut anna = logged_in(&daemon, revision).await;
        let known: Vec<u8> = BODIES
            .iter()
            .filter_map(|(name, _)| byte_of(name, revision))
            .collect();
        for byte in (4..=255).filter(|byte| !known.contains(byte)) {
            for body in [&b""[..], b"\0", b"\xff\xff\xff\xff whatever"] {
                anna.send(frame(byte, byte, body)).await;
                let why = reason(&anna.answer(byte).await);
                // In either case of its digits.
                let name = format!("0x{byte:02x}");
                assert!(why.to_lowercase().contains(&name), "{name}: {why}");
            }
        }
        anna.chat("lobby").await;
    }
}

#[tokio::test]
async fn values_that_mean_nothing_are_declined_with_a_reason() {
    let daemon = Daemon::start("rooms.create = ['tea']\nlimits.failed_logins = 0").await;
    daemon.account("anna").await;
    let mut anna = logged_in(&daemon, 2).await;
    for (name, fields) in BODIES {
        // These are right as they are, or need nothing.
        if ["HEARTBEAT", "LOGOFF"].contains(&name) || fields.is_empty() {
            continue;
        }
        let Some(_) = byte_of(name, 2) else { continue };
        for number in [-9, 0, i32::MIN, i32::MAX] {
            // The gateway itself.
            if (name, number) == ("GET_USR_DATA", 0) {
                continue;
            }
            let body = fields.iter().map(|field| match field {
                Int => int(number),
                other => bytes(*other),
            });
            let why = anna.declined(name, body.collect::<Vec<_>>().concat()).await;
            assert!(!why.starts_with("internal"), "{name}: {why}");
        }
    }
    anna.declined("LOGIN", login(&"x".repeat(100_000))).await;
    let tea = anna.chat("tea").await;
    anna.does("JOIN_CHAT", int(tea)).await;
    for (from, to) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (5, 4), (-1, -1)] {
        let body = [int(tea), long(from), long(to)].concat();
        assert_eq!(anna.accepted("REQUEST_CHAT_MSG", body).await, b"");
    }
    anna.say(tea, "x").await;
    let body = [int(tea), long(i64::MIN), long(i64::MAX)].concat();
    assert_ne!(anna.accepted("REQUEST_CHAT_MSG", body).await, b"");
    let empty = anna
        .ask("SEND_CHAT_MSG", [int(tea), text("")].concat())
        .await;
    assert!(empty.purpose <= 1);
    anna.hears_nothing().await;
}
