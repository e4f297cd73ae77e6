//! Both codecs: whole, byte by byte, cut at every place, glued, there and back.

use bytes::BytesMut;
use proptest::prelude::*;
use proptest::sample::Index;
use tolmach_protocol_testing::{Outcome, feed, feed_every_way, feed_whole_and_bytewise, pieces};
use tolmach_telnet::{BadLine, ClientCodec, ClientLine, ServerCodec, ServerLine};

const LIMIT: usize = 40;

type Item = Result<ClientLine, BadLine>;

fn read(bytes: &[u8]) -> Vec<Item> {
    let outcome = feed_every_way(|| ServerCodec::new(LIMIT), bytes);
    assert_eq!(outcome.error, None);
    outcome.items
}

fn text(text: &str) -> Item {
    Ok(ClientLine::Text(text.to_owned()))
}

#[test]
fn every_kind_of_line_end_ends_a_line_and_blank_lines_mean_nothing() {
    let items = read(b"anna\r\n\r\n  \nhi\nthere\r\0you\rend");
    let expected = ["anna", "hi", "there", "you", "end"].map(text);
    assert_eq!(items, expected);
}

#[test]
fn telnets_own_commands_are_skipped() {
    let mut wire = Vec::new();
    // WILL TERMINAL-TYPE, DO SUPPRESS-GO-AHEAD, a window size with a doubled 255, a NOP.
    wire.extend_from_slice(
        b"\xff\xfb\x18\xff\xfd\x03an\xff\xfa\x1f\x00\xff\xff\n\x18\xff\xf0na\xff\xf1\r\n",
    );
    // An interrupt in the midst of nothing.
    wire.extend_from_slice(b"\xff\xf4hi\n");
    assert_eq!(read(&wire), [text("anna"), text("hi")]);
    // What is begun and never ends is no line.
    assert_eq!(read(b"hi\n\xff\xfaon and on\n\n"), [text("hi")]);
}

#[test]
fn each_request_is_read() {
    let long = "/login anna Correct Horse\n/join tea\n/join #tea pw\n/leave\n/leave #tea\n";
    let more = "/msg boris two words\n/me waves\n/who\n/who tea\n/ping\n/help\n/quit\n//me\n";
    let items = read(format!("{long}{more}").as_bytes());
    let join = |password: Option<&str>| ClientLine::Join {
        room: "tea".to_owned(),
        password: password.map(str::to_owned),
    };
    let expected = [
        ClientLine::Login {
            name: "anna".to_owned(),
            password: "Correct Horse".to_owned(),
        },
        join(None),
        join(Some("pw")),
        ClientLine::Leave(None),
        ClientLine::Leave(Some("tea".to_owned())),
        ClientLine::Tell {
            to: "boris".to_owned(),
            text: "two words".to_owned(),
        },
        ClientLine::Emote("waves".to_owned()),
        ClientLine::Who(None),
        ClientLine::Who(Some("tea".to_owned())),
        ClientLine::Ping,
        ClientLine::Help,
        ClientLine::Quit,
        ClientLine::Text("/me".to_owned()),
    ];
    assert_eq!(items, expected.map(Ok));
}

#[test]
fn a_bad_line_is_named_and_the_next_one_is_read() {
    let long = "x".repeat(LIMIT + 1);
    let wire = format!("{long}\n/msg boris\n/login anna\n/join\n/jion tea\nhi\n");
    let mut wire = wire.into_bytes();
    wire.splice(0..0, *b"\xc3\x28\n");
    let bad: Vec<_> = read(&wire)
        .into_iter()
        .map(|item| item.map_err(|bad| bad.to_string()))
        .collect();
    let expected = [
        Err("the line is not UTF-8"),
        Err("the line is longer than 40 bytes"),
        Err("say it so: /msg NAME TEXT"),
        Err("say it so: /login NAME PASSWORD"),
        Err("say it so: /join ROOM"),
        Err("/jion is unknown; /help tells what there is"),
        Ok(ClientLine::Text("hi".to_owned())),
    ];
    assert_eq!(bad, expected.map(|item| item.map_err(str::to_owned)));
    let at_the_limit = "x".repeat(LIMIT);
    assert_eq!(read(at_the_limit.as_bytes()), [text(&at_the_limit)]);
}

#[test]
fn no_debug_shows_a_password() {
    for line in [
        "/login anna Secret",
        "/join tea Secret",
        "/msg tolmach register Secret",
    ] {
        let shown = format!("{:?}", ClientLine::parse(line).unwrap());
        assert!(
            !shown.contains("Secret") && shown.contains("<secret>"),
            "{shown}"
        );
    }
}

#[test]
fn no_control_character_reaches_a_terminal() {
    let said = ServerLine::Said {
        room: "tea".to_owned(),
        from: "anna".to_owned(),
        text: "a\tb\x1b[2J\u{9b}\r\nnext\u{7f}".to_owned(),
    };
    let mut out = BytesMut::new();
    assert_eq!(said.write(&mut out), 2);
    let expected = "#tea <anna> a\tb\u{fffd}[2J\u{fffd}\u{fffd}\r\n#tea <anna> next\u{fffd}\r\n";
    assert_eq!(String::from_utf8_lossy(&out), expected);
}

/// A text of one line that is neither blank nor has white space around.
fn words() -> impl Strategy<Value = String> {
    "[!-~а-я][ -~а-я\t]{0,20}[!-~а-я]"
}

fn name() -> impl Strategy<Value = String> {
    "[a-zа-я][!-~а-я]{0,10}"
}

fn client_line() -> impl Strategy<Value = ClientLine> {
    prop_oneof![
        (name(), words()).prop_map(|(name, password)| ClientLine::Login { name, password }),
        (name(), proptest::option::of(words()))
            .prop_map(|(room, password)| ClientLine::Join { room, password }),
        proptest::option::of(name()).prop_map(ClientLine::Leave),
        proptest::option::of(name()).prop_map(ClientLine::Who),
        (name(), words()).prop_map(|(to, text)| ClientLine::Tell { to, text }),
        words().prop_map(ClientLine::Emote),
        words().prop_map(ClientLine::Text),
        Just(ClientLine::Ping),
        Just(ClientLine::Help),
        Just(ClientLine::Quit),
    ]
}

fn server_line() -> impl Strategy<Value = ServerLine> {
    prop_oneof![
        (name(), name(), words()).prop_map(|(room, from, text)| ServerLine::Said {
            room,
            from,
            text
        }),
        (name(), name(), words()).prop_map(|(room, from, text)| ServerLine::Emote {
            room,
            from,
            text
        }),
        (name(), words()).prop_map(|(from, text)| ServerLine::Private { from, text }),
        (name(), words()).prop_map(|(to, text)| ServerLine::Sent { to, text }),
        words().prop_map(ServerLine::Answer),
        words().prop_map(ServerLine::Notice),
        words().prop_map(ServerLine::Refusal),
    ]
}

proptest! {
    #[test]
    fn clients_lines_come_back(lines in prop::collection::vec(client_line(), 0..8), cuts: Vec<Index>) {
        let mut wire = BytesMut::new();
        lines.iter().for_each(|line| line.write(&mut wire));
        let expected = Outcome::whole(lines.into_iter().map(Ok).collect());
        let codec = || ServerCodec::new(1000);
        prop_assert_eq!(&feed_whole_and_bytewise(codec, &wire), &expected);
        prop_assert_eq!(&feed(codec(), pieces(&wire, &cuts)), &expected);
    }

    #[test]
    fn servers_lines_come_back(lines in prop::collection::vec(server_line(), 0..8), cuts: Vec<Index>) {
        let mut wire = BytesMut::new();
        for line in &lines {
            prop_assert_eq!(line.write(&mut wire), 1);
        }
        let expected = Outcome::whole(lines.into_iter().map(Ok).collect());
        let codec = || ClientCodec::new(1000);
        prop_assert_eq!(&feed_whole_and_bytewise(codec, &wire), &expected);
        prop_assert_eq!(&feed(codec(), pieces(&wire, &cuts)), &expected);
    }

    #[test]
    fn any_bytes_are_read_alike_however_they_are_cut(bytes: Vec<u8>, cuts: Vec<Index>) {
        let whole = feed_whole_and_bytewise(|| ServerCodec::new(LIMIT), &bytes);
        prop_assert_eq!(feed(ServerCodec::new(LIMIT), pieces(&bytes, &cuts)), whole);
    }
}
