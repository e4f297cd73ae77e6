//! Bodies that are wrong in every way, made from the table of purposes.
//! The rules are those of PROTOCOL.md 2 and 4.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]

mod feed;

use feed::{frame, to_client, to_server};
use tolmach_purpose::purpose::{HEARTBEAT, Layout, Sender};
use tolmach_purpose::{BadFrame, Purpose, Revision};

/// A field that is not made of others.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Fixed(&'static [u8]),
    Bool,
    Status,
    Text,
}

/// A field, where it begins, and its bytes.
struct Part {
    name: String,
    kind: Kind,
    at: usize,
    /// Whether the body may end before it.
    may_end: bool,
}

impl Part {
    fn bytes(&self) -> &'static [u8] {
        match self.kind {
            Kind::Fixed(bytes) => bytes,
            Kind::Bool | Kind::Status => b"\x01",
            Kind::Text => "ж\0".as_bytes(),
        }
    }
}

const I32: Kind = Kind::Fixed(&[1, 2, 3, 4]);
const I64: Kind = Kind::Fixed(&[1, 2, 3, 4, 5, 6, 7, 8]);
const MESSAGE: &[(&str, Kind)] = &[
    ("id", I32),
    ("sender_id", I32),
    ("chat_id", I32),
    ("created", I64),
    ("updated", I64),
    ("status", Kind::Status),
    ("text", Kind::Text),
];
const CHAT: &[(&str, Kind)] = &[
    ("id", I32),
    ("title", Kind::Text),
    ("is_direct", Kind::Bool),
    ("updated", I64),
    ("nickname", Kind::Text),
    ("has_password", Kind::Bool),
];

/// The fields of a purpose's body, with a good value each; lists have two elements.
fn parts(purpose: Purpose, revision: Revision) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut push = |name: String, kind, may_end| {
        let at = parts.last().map_or(0, |part| part.at + part.bytes().len());
        parts.push(Part {
            name,
            kind,
            at,
            may_end,
        });
    };
    for field in purpose.body(revision) {
        let kind = match field.layout {
            Layout::U8 => Kind::Fixed(&[1]),
            Layout::I32 => I32,
            Layout::I64 => I64,
            Layout::Text => Kind::Text,
            Layout::ChatInfo => {
                CHAT.iter()
                    .for_each(|(name, kind)| push((*name).to_owned(), *kind, false));
                continue;
            }
            Layout::Messages => {
                for item in 1..=2 {
                    for (place, (name, kind)) in MESSAGE.iter().enumerate() {
                        push(format!("item {item}: {name}"), *kind, place == 0);
                    }
                }
                continue;
            }
            _ => continue,
        };
        push(field.name.to_owned(), kind, field.is_optional);
    }
    parts
}

fn body(parts: &[Part]) -> Vec<u8> {
    parts.iter().flat_map(Part::bytes).copied().collect()
}

/// What comes of a frame that another follows: the error's text, or nothing when the frame is good.
fn refusal(purpose: Purpose, revision: Revision, body: &[u8]) -> Option<String> {
    let byte = purpose.byte(revision).unwrap();
    let mut wire = frame(byte, 7, body);
    wire.extend(frame(HEARTBEAT, 9, b""));
    let bads: Vec<_> = match purpose.sender() {
        Sender::Server => refusals(to_client(revision, &wire).items),
        Sender::Client => refusals(to_server(revision, &wire).items),
        Sender::Both => {
            let bads = refusals(to_server(revision, &wire).items);
            assert_eq!(bads, refusals(to_client(revision, &wire).items));
            bads
        }
    };
    let [first, second] = bads.try_into().unwrap();
    assert_eq!(second, None, "the stream goes on");
    let bad = first?;
    assert_eq!((bad.task, bad.purpose), (7, byte));
    assert_eq!(
        bad.is_answer(),
        matches!(purpose, Purpose::Accepted | Purpose::Declined)
    );
    assert!(!bad.closes());
    Some(bad.to_string())
}

fn refusals<T>(items: Vec<Result<T, BadFrame>>) -> Vec<Option<BadFrame>> {
    items.into_iter().map(Result::err).collect()
}

/// Calls `test` for every purpose of either revision.
fn each(test: impl Fn(Purpose, Revision, &str, Vec<Part>)) {
    let mut count = 0;
    for revision in Revision::ALL {
        for purpose in Purpose::all().filter(|purpose| purpose.byte(revision).is_some()) {
            test(
                purpose,
                revision,
                purpose.name(revision),
                parts(purpose, revision),
            );
            count += 1;
        }
    }
    assert_eq!(
        count,
        (4 + 11 + 3) + (4 + 31 + 5),
        "each revision's purposes"
    );
}

#[test]
fn whole_bodies_are_good() {
    each(|purpose, revision, name, parts| {
        assert_eq!(refusal(purpose, revision, &body(&parts)), None, "{name}");
    });
}

#[test]
fn cut_at_every_byte() {
    each(|purpose, revision, name, parts| {
        let whole = body(&parts);
        for cut in 0..whole.len() {
            let part = parts.iter().rfind(|part| part.at <= cut).unwrap();
            let (have, need) = (cut - part.at, part.bytes().len());
            let expected = match part.kind {
                _ if part.may_end && have == 0 => None,
                Kind::Text => Some(format!("{name}: {}: no NUL at the end", part.name)),
                _ => Some(format!("{name}: {}: {have} of {need} bytes", part.name)),
            };
            let refusal = refusal(purpose, revision, &whole[..cut]);
            assert_eq!(refusal, expected, "{name} cut at {cut}");
        }
    });
}

#[test]
fn bytes_left_over() {
    each(|purpose, revision, name, parts| {
        for extra in 1..=3 {
            let mut bytes = body(&parts);
            bytes.extend(vec![b'x'; extra]);
            let s = if extra == 1 { "" } else { "s" };
            let expected = match parts.last() {
                _ if purpose == Purpose::Accepted => None,
                None => Some(format!(
                    "{name}: {extra} byte{s} left over in a body that should be empty"
                )),
                Some(part) if part.name.starts_with("item") => {
                    Some(format!("{name}: item 3: id: {extra} of 4 bytes"))
                }
                Some(part) => Some(format!(
                    "{name}: {extra} byte{s} left over after {}",
                    part.name
                )),
            };
            assert_eq!(refusal(purpose, revision, &bytes), expected, "{name}");
        }
    });
}

/// Replaces one byte of each part that `at` picks, and expects the text.
fn with_byte(pick: impl Fn(&Part) -> Option<(usize, u8)>, text: &str) {
    each(|purpose, revision, name, parts| {
        for part in &parts {
            if let Some((at, byte)) = pick(part) {
                let mut bytes = body(&parts);
                bytes[part.at + at] = byte;
                let expected = format!("{name}: {}: {text}", part.name);
                assert_eq!(refusal(purpose, revision, &bytes), Some(expected));
            }
        }
    });
}

#[test]
fn texts_that_are_not_utf8() {
    for byte in [0xFF, b'x', 0xC0] {
        with_byte(
            |part| (part.kind == Kind::Text).then_some((0, byte)),
            "not UTF-8",
        );
    }
}

#[test]
fn bools_and_statuses() {
    for byte in [2, 0x80, 0xFF] {
        let text = format!("{byte} is neither 0 nor 1");
        with_byte(|part| (part.kind == Kind::Bool).then_some((0, byte)), &text);
    }
    for byte in [3, 0xFF] {
        let text = format!("{byte} is none of 0 (sent), 1 (seen), 2 (deleted)");
        with_byte(
            |part| (part.kind == Kind::Status).then_some((0, byte)),
            &text,
        );
    }
}

#[test]
fn texts_without_their_nul() {
    each(|purpose, revision, name, parts| {
        for (place, part) in parts.iter().enumerate() {
            if part.kind != Kind::Text {
                continue;
            }
            let mut bytes = body(&parts);
            bytes[part.at + part.bytes().len() - 1] = b'x';
            let refusal = refusal(purpose, revision, &bytes);
            // It runs on to the next NUL. That is good where the body may end behind it, and does.
            let rest = &parts[place + 1..];
            let next_nul = rest.iter().position(|part| part.kind == Kind::Text);
            let is_good = next_nul.is_some_and(|next| rest[0].may_end && next + 1 == rest.len());
            assert_eq!(refusal.is_none(), is_good, "{name}: {refusal:?}");
        }
    });
}

#[test]
fn lengths_off_by_one() {
    each(|purpose, revision, name, parts| {
        let good = body(&parts);
        let mut wire = frame(purpose.byte(revision).unwrap(), 7, &good);
        let length = u32::try_from(good.len()).unwrap();
        for wrong in [length.checked_sub(1), Some(length + 1)]
            .into_iter()
            .flatten()
        {
            wire[..4].copy_from_slice(&wrong.to_le_bytes());
            let glued = [&wire[..], &frame(HEARTBEAT, 9, b"")].concat();
            let bad = match purpose.sender() {
                Sender::Server => to_client(revision, &glued).items[0].is_err(),
                _ => to_server(revision, &glued).items[0].is_err(),
            };
            assert_eq!(bad, purpose != Purpose::Accepted, "{name} of {wrong}");
        }
    });
}

#[test]
fn purposes_that_the_revision_or_the_end_lacks() {
    for revision in Revision::ALL {
        for byte in 0..=u8::MAX {
            let wire = [frame(byte, 7, b"??"), frame(HEARTBEAT, 9, b"")].concat();
            let ends = [
                (
                    Purpose::to_server(revision, byte),
                    Purpose::to_client(revision, byte),
                    refusals(to_server(revision, &wire).items),
                ),
                (
                    Purpose::to_client(revision, byte),
                    Purpose::to_server(revision, byte),
                    refusals(to_client(revision, &wire).items),
                ),
            ];
            for (own, other, bads) in ends {
                if own.is_some() {
                    continue;
                }
                let [bad, next] = bads.try_into().unwrap();
                assert_eq!(next, None);
                let expected = match other {
                    Some(other) => format!(
                        "0x{byte:02X} ({}) is a purpose of the other side",
                        other.name(revision)
                    ),
                    None => format!("unknown purpose 0x{byte:02X}"),
                };
                assert_eq!(bad.unwrap().to_string(), expected);
            }
        }
    }
}
