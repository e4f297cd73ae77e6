//! The objects that the protocol's document prints, word for word, with times and codes filled in.
//! The rules are those of PROTOCOL.md 3 to 5.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is for tests only"
)]

mod feed;

use feed::{client_frame, fixtures, server_frame};
use std::fs;
use tolmach_jim::{Answer, BadFrame, ClientFrame, Encoding, Extra, ServerFrame};

fn printed(name: &str) -> String {
    fs::read_to_string(fixtures("document").join(name).with_extension("json")).unwrap()
}

fn says(name: &str) -> ClientFrame {
    client_frame(&printed(name)).unwrap()
}

fn answers(name: &str) -> Answer {
    match server_frame(&printed(name)) {
        Ok(ServerFrame::Answer(answer)) => answer,
        other => panic!("{name} was taken as {other:?}"),
    }
}

#[test]
fn authenticate() {
    for (name, password) in [
        ("authenticate-1", "CorrectHorseBatterStaple"),
        ("authenticate-2", "CorrectHorseBatteryStaple"),
    ] {
        let expected = ClientFrame::Authenticate {
            account_name: "C0deMaver1ck".into(),
            password: password.into(),
        };
        assert_eq!(says(name), expected);
    }
}

#[test]
fn presence() {
    let expected = ClientFrame::Presence {
        account_name: Some("C0deMaver1ck".into()),
        status: Some("Yep, I am here!".into()),
    };
    assert_eq!(says("presence"), expected);
}

#[test]
fn messages() {
    let to_user = ClientFrame::Msg {
        to: "account_name".into(),
        from: "account_name".into(),
        message: "message".into(),
        encoding: Encoding::Ascii,
        extra: Extra::default(),
    };
    assert_eq!(says("msg-user"), to_user);
    let to_room = ClientFrame::Msg {
        to: "#room_name".into(),
        from: "account_name".into(),
        message: "Hello World".into(),
        encoding: Encoding::Ascii,
        extra: Extra::default(),
    };
    assert_eq!(says("msg-room"), to_room);
}

#[test]
fn messages_as_pushes() {
    let expected = ServerFrame::Msg {
        to: "#room_name".into(),
        from: "account_name".into(),
        time: 1_700_000_000,
        message: "Hello World".into(),
        extra: Extra::default(),
    };
    assert_eq!(server_frame(&printed("msg-room")), Ok(expected));
}

#[test]
fn rooms() {
    assert_eq!(
        says("join"),
        ClientFrame::Join {
            room: "#room_name".into(),
            password: None
        }
    );
    assert_eq!(
        says("leave"),
        ClientFrame::Leave {
            room: "#room_name".into()
        }
    );
}

#[test]
fn quit_without_time() {
    assert_eq!(says("quit"), ClientFrame::Quit);
}

#[test]
fn answers_with_and_without_time() {
    let answer = |code, time, text: &str| Answer {
        code,
        time,
        text: Some(text.into()),
    };
    assert_eq!(answers("answer-template"), answer(200, 0, "OK"));
    assert_eq!(
        answers("answer-200"),
        answer(200, 0, "Необязательное сообщение/уведомление")
    );
    let connected = "Someone is already connected with the given user name";
    assert_eq!(answers("answer-409"), answer(409, 0, connected));
    assert_eq!(
        answers("answer-1xx"),
        answer(202, 1_700_000_000, "message (optional for 2xx codes)")
    );
    assert_eq!(
        answers("answer-4xx"),
        answer(500, 1_700_000_000, "error message (optional)")
    );
}

/// The document prints a probe with a comma behind its last member, and an answer with quotes inside quotes.
/// Neither is JSON.
#[test]
fn what_the_document_prints_wrong() {
    assert!(printed("probe").contains(",\n}"));
    assert!(matches!(
        server_frame(&printed("probe")),
        Err(BadFrame::NotJson { .. })
    ));
    assert!(matches!(
        client_frame(&printed("probe")),
        Err(BadFrame::NotJson { .. })
    ));
    assert!(matches!(
        server_frame(&printed("answer-402")),
        Err(BadFrame::NotJson { .. })
    ));

    let mended = printed("probe").replace(",\n}", "\n}");
    assert_eq!(
        server_frame(&mended),
        Ok(ServerFrame::Probe {
            time: 1_700_000_000
        })
    );
    assert_eq!(client_frame(&mended), Ok(ClientFrame::Probe));
    let cyrillic = mended.replace("probe", "pr\u{43e}be");
    assert_eq!(
        server_frame(&cyrillic),
        Ok(ServerFrame::Probe {
            time: 1_700_000_000
        })
    );
    assert!(matches!(
        client_frame(&cyrillic),
        Err(BadFrame::UnknownAction { .. })
    ));
}
