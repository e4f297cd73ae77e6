//! Streams, good and bad, cut in every way: "however the bytes were cut into packets, the outcome is the same".
//! The rules are those of PROTOCOL.md 1.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]

mod feed;

use bytes::BytesMut;
use feed::{Outcome, feed, fixtures, to_client, to_server};
use proptest::prelude::*;
use std::fs;
use tokio_util::codec::Decoder;
use tolmach_jim::{BadFrame, ClientCodec, ClientFrame, DecodeError, ServerCodec};

const QUIT: &str = r#"{"action":"quit"}"#;

/// Both ends make the same of a stream however it is cut.
fn assert_cuts_do_not_matter<'a>(bytes: &'a [u8], pieces: impl Iterator<Item = &'a [u8]> + Clone) {
    assert_eq!(feed(ServerCodec::new(), pieces.clone()), to_server(bytes));
    assert_eq!(feed(ClientCodec::new(), pieces), to_client(bytes));
}

#[test]
fn the_streams_of_the_corpus_cut_everywhere() {
    let mut streams = 0;
    for entry in fs::read_dir(fixtures("streams")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert_cuts_do_not_matter(&bytes, bytes.chunks(1));
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_cuts_do_not_matter(&bytes, [head, tail].into_iter());
        }
        streams += 1;
    }
    assert!(streams >= 18, "the corpus is there");
}

/// PROTOCOL.md 1.10.
#[test]
fn a_byte_order_mark_at_the_start_alone_is_nothing() {
    for (stream, told) in [
        ("\u{feff}{\"action\":\"quit\"}", "."),
        ("\u{feff}", ""),
        (" \u{feff}{\"action\":\"quit\"}", "r."),
        ("\u{feff}\u{feff}{\"action\":\"quit\"}", "r."),
        ("{\"action\":\"quit\"}\u{feff}{\"action\":\"quit\"}", ".r."),
    ] {
        assert_eq!(word(&to_server(stream.as_bytes())), told, "{stream:?}");
        assert_cuts_do_not_matter(stream.as_bytes(), stream.as_bytes().chunks(1));
    }
    assert_eq!(word(&to_server(b"\xEF\xBB")), "r");
    assert_cuts_do_not_matter(b"\xEF\xBB", b"\xEF\xBB".chunks(1));
}

/// A stream as a word: `.` a good frame, else the first letter of what is wrong, `!` a lost boundary.
fn told(name: &str) -> String {
    let outcome =
        to_server(&fs::read(fixtures("streams").join(name).with_extension("bin")).unwrap());
    word(&outcome)
}

fn word<T>(outcome: &Outcome<T>) -> String {
    let items = outcome.items.iter().map(|item| match item {
        Ok(_) => '.',
        Err(BadFrame::NotAnObject) => 'r',
        Err(BadFrame::NotJson { .. }) => 'j',
        Err(BadFrame::ObjectTooLong { .. }) => 'l',
        Err(BadFrame::Unfinished) => 'u',
        Err(_) => 'f',
    });
    items.chain(outcome.error.iter().map(|_| '!')).collect()
}

#[test]
fn what_each_stream_of_the_corpus_comes_to() {
    for (name, word) in [
        ("good-glued", "...."),
        ("good-spaced", "...."),
        ("invalid-json-between", ".jjjfjj."),
        ("junk-between", "r.r.ru"),
        ("junk-thrice", "rrr!"),
        ("junk-with-good-between", "rr.rr.rr."),
        ("junk-with-bad-between", "rjrfrrfrr"),
        ("junk-at-the-end", ".r"),
        ("third-junk-at-the-end", "rrr!"),
        ("unfinished", ".u"),
        ("unfinished-in-an-escape", "u"),
        ("over-long", "l.l."),
        ("bad-fields", "ffffff."),
        ("closing-braces", "r.r."),
        ("empty", ""),
        ("white-space", ""),
    ] {
        assert_eq!(told(name), word, "{name}");
    }
}

#[test]
fn braces_in_strings_do_not_count() {
    let stream = format!(r#"{{"action":"quit","x":"}}{{\"}}"}}{QUIT}"#);
    assert_eq!(
        to_server(stream.as_bytes()).items,
        [Ok(ClientFrame::Quit), Ok(ClientFrame::Quit)]
    );
}

#[test]
fn the_third_run_is_still_told() {
    let outcome = to_server(b"a\nb\nc\nd\n");
    assert_eq!(outcome.items, vec![Err(BadFrame::NotAnObject); 3]);
    assert_eq!(outcome.error, Some(DecodeError::TooManyBadRuns.to_string()));
}

#[test]
fn only_what_was_json_breaks_a_row_of_runs() {
    let row = |between: &str| word(&to_server(format!("a\nb\n{between}c\nd\n").as_bytes()));
    assert_eq!(row(QUIT), "rr.rr");
    assert_eq!(row(r#"{"action":"dance"}"#), "rrfrr");
    assert_eq!(row("{bad}"), "rrjr!");
    assert_eq!(row(&format!("{{{}}}", "x".repeat(700))), "rrlr!");
}

#[test]
fn a_run_is_told_only_when_it_has_ended() {
    let mut codec = ServerCodec::new();
    let mut buffer = BytesMut::from("half a r");
    let mut next = |more: &str| {
        buffer.extend_from_slice(more.as_bytes());
        Decoder::decode(&mut codec, &mut buffer).unwrap()
    };
    assert_eq!(next(""), None);
    assert_eq!(next("un"), None);
    assert_eq!(next("\n"), Some(Err(BadFrame::NotAnObject)));
    assert_eq!(next(QUIT), Some(Ok(ClientFrame::Quit)));
}

/// A stream at the limit, in pieces: the objects and the runs there end or not by their length alone.
#[test]
fn long_streams_in_pieces() {
    for length in [65_535, 65_536, 65_537, 65_538, 70_000] {
        let object = format!("{{{}}}{QUIT}", " ".repeat(length - 2));
        let run = format!("{}\n{QUIT}", "x".repeat(length));
        let unended = format!("{{{}", "\\\"".repeat(length / 2));
        for stream in [object, run, unended] {
            for size in [1, 7, 4096, 65_536] {
                let bytes = stream.as_bytes();
                assert_eq!(
                    feed(ServerCodec::new(), bytes.chunks(size)),
                    to_server(bytes)
                );
            }
        }
    }
}

/// Bytes of the kind that a scanner trips over, with some that are good.
fn tricky_bytes() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        4 => prop::sample::select(vec![
            "{", "}", "\"", "\\", "\n", " ", ":", ",", "[", "]", "x", "\\u", "\\ud83e", "\\udd80", "ж", "🦀",
        ])
        .prop_map(|token| token.as_bytes().to_vec()),
        1 => Just(QUIT.as_bytes().to_vec()),
        1 => Just(br#"{"action":"msg","time":1,"to":"a","from":"b","message":"\u0436","x":[1]}"#.to_vec()),
        1 => Just(br#"{"response":200,"time":1}"#.to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_however_cut(
        bytes in prop_oneof![tricky_bytes(), prop::collection::vec(any::<u8>(), 0..300)],
        size in 1usize..40,
    ) {
        assert_cuts_do_not_matter(&bytes, bytes.chunks(1));
        assert_cuts_do_not_matter(&bytes, bytes.chunks(size));
    }
}

/// PROTOCOL.md 1.5: a run ends with a line feed, and so with the message that it came in, where there are messages.
#[test]
fn the_end_of_a_message_ends_what_is_no_object_and_no_object() {
    let mut codec = ServerCodec::new();
    let mut input = BytesMut::new();
    let mut told = String::new();
    for message in ["hello", QUIT, "{\"action\":", "\"quit\"}oops", "", "{}"] {
        input.extend_from_slice(message.as_bytes());
        loop {
            let frame = match codec.decode(&mut input).unwrap() {
                None => codec.end_message(&mut input),
                frame => frame,
            };
            match frame {
                None => break,
                Some(Ok(_)) => told.push('.'),
                Some(Err(BadFrame::NotAnObject)) => told.push('r'),
                Some(Err(_)) => told.push('b'),
            }
        }
        told.push('|');
    }
    assert_eq!(told, "r|.||.r||b|");
}
