//! uchat: JSON lines, and the raw bytes of files.
//!
//! On a connection that a file goes over, `anna.2 > raw "text"` sends bytes; `raw 00ff` those that are no text. What
//! comes of a file is shown alike.

use serde_json::{Value, json};
use tolmach_uchat::RequestType;

use super::{Barrier, Dialect, Ends, From, LogIn, json};
use crate::file::Entry;
use crate::values::Values;

/// ```text
///  Lines ──RQ_UPLOAD_FILE──▶ Asked ──RQ_READY_READ──▶ Sending ──all bytes──▶ Ending
///    └──RQ_DOWNLOAD_FILE──▶ Asked ──RQ_DOWNLOAD_FILE──▶ Offered ──RQ_READY_READ──▶ Receiving
///                             └──RQ_ERROR_MSG──▶ Ending
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Lines,
    /// An answer to this comes, or an error.
    Asked,
    /// So many bytes are still to be sent.
    Sending(usize),
    /// The file waits for a word.
    Offered(usize),
    /// What comes now are so many bytes, and then the end.
    Receiving(usize),
    /// What comes now is the end, if anything.
    Ending,
}

pub(super) struct Uchat {
    place: Place,
    /// What an upload has announced.
    size: usize,
}

impl Uchat {
    pub(super) fn new() -> Self {
        Self {
            place: Place::Lines,
            size: 0,
        }
    }

    fn said(&mut self, frame: &[u8]) {
        let request = json::parse(frame);
        let kind = kind(&request);
        self.place = match self.place {
            Place::Sending(left) => match left.saturating_sub(frame.len()) {
                0 => Place::Ending,
                left => Place::Sending(left),
            },
            Place::Lines if kind == Some(RequestType::Upload) => {
                self.size = size(&request);
                Place::Asked
            }
            Place::Lines if kind == Some(RequestType::Download) => Place::Asked,
            Place::Offered(size) if kind == Some(RequestType::ReadyRead) => Place::Receiving(size),
            Place::Offered(_) => Place::Ending,
            place => place,
        };
    }
}

impl Dialect for Uchat {
    fn cut(&self, bytes: &[u8]) -> Option<usize> {
        match self.place {
            Place::Receiving(0) => None,
            Place::Receiving(size) => Some(size).filter(|size| bytes.len() >= *size),
            _ => json::cut(bytes),
        }
    }

    fn show(&mut self, from: From, frame: &[u8], who: &str, values: &mut Values) -> Vec<String> {
        let lines = match (from, self.place) {
            (From::Client, Place::Sending(_)) | (From::Server, Place::Receiving(_)) => {
                vec![raw(frame)]
            }
            _ => json::show(frame, who, values),
        };
        match (from, self.place) {
            (From::Client, _) => self.said(frame),
            (From::Server, Place::Receiving(_)) => self.place = Place::Ending,
            _ => {}
        }
        lines
    }

    fn read(&self, lines: &[String], values: &Values) -> Result<Vec<u8>, String> {
        match lines.first().and_then(|line| line.strip_prefix("raw ")) {
            Some(bytes) if bytes.starts_with('"') => {
                let text: Result<String, _> = serde_json::from_str(bytes);
                text.map(String::into_bytes)
                    .map_err(|error| error.to_string())
            }
            Some(digits) => bytes(digits).ok_or_else(|| "raw \"text\" or raw 00ff".to_owned()),
            None => Ok(json::read(lines, values)),
        }
    }

    /// A token that is no text: answered in its place, also to who is not logged in. A transcript must not say the same.
    fn barrier(&self, _: u32) -> Barrier {
        match self.place {
            Place::Lines => Barrier::Ask(json::line(
                &json!({"type": RequestType::Token.number(), "token": []}),
            )),
            Place::Sending(_) | Place::Offered(_) => Barrier::Nothing,
            Place::Asked | Place::Receiving(_) | Place::Ending => Barrier::Wait,
        }
    }

    fn ends_wait(&mut self, _: u32, frame: &[u8]) -> Ends {
        let answer = json::parse(frame);
        let text = answer["msg"].as_str().unwrap_or_default();
        match (self.place, kind(&answer)) {
            (Place::Lines, Some(RequestType::Error))
                if text.starts_with("RQ_TOKEN: `token` must") =>
            {
                Ends::Hidden
            }
            (Place::Asked, Some(RequestType::ReadyRead)) if self.size == 0 => {
                self.place = Place::Ending;
                Ends::No
            }
            (Place::Asked, Some(RequestType::ReadyRead)) => {
                self.place = Place::Sending(self.size);
                Ends::Shown
            }
            (Place::Asked, Some(RequestType::Download)) => {
                self.place = Place::Offered(size(&answer));
                Ends::Shown
            }
            (Place::Asked, _) => {
                self.place = Place::Ending;
                Ends::No
            }
            _ => Ends::No,
        }
    }

    fn log_in(&self, who: &LogIn<'_>) -> Vec<Vec<u8>> {
        if who.entry != Entry::Account {
            return Vec::new();
        }
        let number = RequestType::number;
        let token = format!("token-{}", who.login);
        let mut frames = vec![json!({"type": number(RequestType::Token), "token": token})];
        if let Some((_, room)) = who.room {
            frames.push(json!({"type": number(RequestType::JoinRoom), "room_id": room}));
        }
        frames.iter().map(json::line).collect()
    }

    fn refuses(&self, frame: &[u8]) -> bool {
        kind(&json::parse(frame)) == Some(RequestType::Error)
    }
}

/// What a frame asks for or answers. Of a key that repeats the last value counts here, so RQ_NEW_ROOM is not known.
fn kind(frame: &Value) -> Option<RequestType> {
    RequestType::from_number(frame["type"].as_i64()?)
}

fn size(frame: &Value) -> usize {
    let size = frame["size"].as_u64();
    size.and_then(|size| size.try_into().ok())
        .unwrap_or_default()
}

/// Raw bytes for people.
fn raw(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => format!("raw {}", json!(text)),
        Err(_) => {
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            format!("raw {}", digits.collect::<String>())
        }
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = (0..digits.len()).step_by(2);
    let bytes = pairs.map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok());
    bytes.collect()
}

/// The request of a line in a file: its first `type`, where keys repeat.
pub(crate) fn request(line: &str) -> Option<RequestType> {
    let (_, rest) = line.split_once("\"type\":")?;
    let digits = rest.trim_start();
    let end = digits
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(digits.len());
    RequestType::from_number(digits[..end].parse().ok()?)
}
