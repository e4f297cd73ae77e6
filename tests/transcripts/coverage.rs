//! Every purpose of the codec's table occurs in a transcript of its revision, and every request of uchat.

use std::collections::{HashMap, HashSet};

use tolmach_purpose::purpose::Sender;
use tolmach_purpose::{Purpose, Revision};
use tolmach_uchat::RequestType;

use tolmach::cli::transcript::{Transcript, What};

/// The purpose byte of a frame in a file, where it is written in bytes: `08000000 32 05  …`.
fn byte(first_line: &str) -> Option<u8> {
    let mut words = first_line.split(' ');
    let length = words.next()?;
    let is_frame = length.len() == 8 && length.bytes().all(|byte| byte.is_ascii_hexdigit());
    u8::from_str_radix(words.next().filter(|_| is_frame)?, 16).ok()
}

/// The request of a line in a file: its first `type`, where keys repeat.
fn request(line: &str) -> Option<RequestType> {
    let (_, rest) = line.split_once("\"type\":")?;
    let digits = rest.trim_start();
    let end = digits
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(digits.len());
    RequestType::from_number(digits[..end].parse().ok()?)
}

/// The purposes of a revision that occur in its transcripts, as bytes: sent by clients, and by the gateway.
fn occurring(revision: Revision) -> [Vec<u8>; 2] {
    let listener = format!("purpose.{revision}");
    let mut occurring = [Vec::new(), Vec::new()];
    for path in crate::files(&crate::folder().join(format!("purpose/r{revision}"))) {
        let text = std::fs::read_to_string(&path).unwrap();
        let transcript = Transcript::read(&text).unwrap();
        let mut listeners = HashMap::new();
        for item in &transcript.items {
            let (side, block) = match &item.what {
                What::Person(person) => {
                    listeners.insert(&person.name, person.listener.as_ref());
                    continue;
                }
                What::Said(block) => (0, block),
                What::Told(block) => (1, block),
                _ => continue,
            };
            if listeners.get(&block.who) == Some(&Some(&listener)) {
                occurring[side].extend(byte(&block.lines[0]));
            }
        }
    }
    occurring
}

#[test]
fn every_purpose_occurs_in_a_transcript_of_its_revision() {
    let mut missing = Vec::new();
    for revision in Revision::ALL {
        let [by_clients, by_gateway] = occurring(revision);
        for purpose in Purpose::all() {
            let Some(byte) = purpose.byte(revision) else {
                continue;
            };
            let sender = purpose.sender();
            let lacks = |wanted, bytes: &[u8]| sender != wanted && !bytes.contains(&byte);
            if lacks(Sender::Server, &by_clients) {
                missing.push(format!(
                    "{} from a client, r{revision}",
                    purpose.name(revision)
                ));
            }
            if lacks(Sender::Client, &by_gateway) {
                missing.push(format!(
                    "{} from the gateway, r{revision}",
                    purpose.name(revision)
                ));
            }
        }
    }
    assert!(missing.is_empty(), "no transcript has: {missing:#?}");
}

#[test]
fn every_request_of_uchat_occurs_in_a_transcript() {
    let mut occurring = [HashSet::new(), HashSet::new()];
    for path in crate::files(&crate::folder().join("uchat/field")) {
        let text = std::fs::read_to_string(&path).unwrap();
        for item in Transcript::read(&text).unwrap().items {
            match item.what {
                What::Said(block) => occurring[0].extend(request(&block.lines[0])),
                What::Told(block) => occurring[1].extend(request(&block.lines[0])),
                _ => {}
            }
        }
    }
    // "RQ_UPD_ROOM_POWR": nobody says it. The others have one side that never does.
    let by_clients = |request: &RequestType| {
        use RequestType::{Error, NewMember, RoomPower};
        !matches!(request, Error | NewMember | RoomPower)
    };
    let by_gateway = |request: &RequestType| {
        !matches!(
            request,
            RequestType::RoomPower | RequestType::LogIn | RequestType::SignUp | RequestType::Upload
        )
    };
    let missing = |side: usize, wanted: fn(&RequestType) -> bool| {
        let all = RequestType::ALL
            .iter()
            .filter(move |request| wanted(request));
        let missing = all.filter(|request| !occurring[side].contains(request));
        missing.collect::<Vec<_>>()
    };
    let missing = [missing(0, by_clients), missing(1, by_gateway)];
    assert!(
        missing.iter().all(Vec::is_empty),
        "no transcript has: {missing:#?}"
    );
}
