//! uchat in transcripts: JSON lines, and the raw bytes of files.
//!
//! On a connection that a file goes over, `anna.2 > raw "text"` sends bytes; `raw 00ff` those that are no text. What
//! comes of a file is shown alike.

use serde_json::{Value, json};
use tolmach_uchat::RequestType;

use crate::dialects::client::{
    Barrier, Conversation, Ends, Entry, LogIn, Placeholders, Sender, json_line, line, parsed,
    read_lines, show_line,
};

/// Where a connection stands.
///
/// ```text
///  Lines ──RQ_UPLOAD_FILE──▶ Asked ──RQ_READY_READ──▶ Sending ──all bytes──▶ Ending
///    └──RQ_DOWNLOAD_FILE──▶ Asked ──RQ_DOWNLOAD_FILE──▶ Offered ──RQ_READY_READ──▶ Receiving
///                             └──RQ_ERROR_MSG──▶ Ending
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum UchatConversation {
    #[default]
    Lines,
    /// An answer to this comes, or an error; an upload has announced so many bytes.
    Asked(usize),
    /// So many bytes are still to be sent.
    Sending(usize),
    /// The file waits for a word.
    Offered(usize),
    /// What comes now are so many bytes, and then the end.
    Receiving(usize),
    /// What comes now is the end, if anything.
    Ending,
}

impl Conversation for UchatConversation {
    fn length(&self, bytes: &[u8]) -> Option<usize> {
        match *self {
            Self::Receiving(0) => None,
            Self::Receiving(size) => Some(size).filter(|size| bytes.len() >= *size),
            _ => line(bytes),
        }
    }

    fn show(
        &mut self,
        from: Sender,
        frame: &[u8],
        who: &str,
        values: &mut Placeholders,
    ) -> Vec<String> {
        match (from, *self) {
            (Sender::Client, Self::Sending(_)) => vec![raw(frame)],
            (Sender::Server, Self::Receiving(_)) => {
                *self = Self::Ending;
                vec![raw(frame)]
            }
            _ => show_line(frame, who, values),
        }
    }

    fn read(&self, lines: &[String], values: &Placeholders) -> Result<Vec<u8>, String> {
        match lines.first().and_then(|line| line.strip_prefix("raw ")) {
            Some(text) if text.starts_with('"') => {
                let text: Result<String, _> = serde_json::from_str(text);
                text.map(String::into_bytes)
                    .map_err(|error| error.to_string())
            }
            Some(digits) => bytes(digits).ok_or_else(|| "raw \"text\" or raw 00ff".to_owned()),
            None => Ok(read_lines(lines, values)),
        }
    }

    fn sent(&mut self, frame: &[u8]) {
        let request = parsed(frame);
        *self = match (*self, kind(&request)) {
            (Self::Sending(left), _) => match left.saturating_sub(frame.len()) {
                0 => Self::Ending,
                left => Self::Sending(left),
            },
            (Self::Lines, Some(RequestType::Upload)) => Self::Asked(size(&request)),
            (Self::Lines, Some(RequestType::Download)) => Self::Asked(0),
            (Self::Offered(size), Some(RequestType::ReadyRead)) => Self::Receiving(size),
            (Self::Offered(_), _) => Self::Ending,
            (place, _) => place,
        };
    }

    /// A token that is no text: answered in its place, also to who is not logged in. A transcript must not say the same.
    fn barrier(&self, _: u32) -> Barrier {
        match self {
            Self::Lines => Barrier::Ask(json_line(
                &json!({"type": RequestType::Token.number(), "token": []}),
            )),
            Self::Sending(_) | Self::Offered(_) => Barrier::Nothing,
            Self::Asked(_) | Self::Receiving(_) | Self::Ending => Barrier::Wait,
        }
    }

    fn ends_wait(&mut self, _: u32, frame: &[u8]) -> Ends {
        let answer = parsed(frame);
        let text = answer["msg"].as_str().unwrap_or_default();
        let (place, ends) = match (*self, kind(&answer)) {
            (Self::Lines, Some(RequestType::Error))
                if text.starts_with("RQ_TOKEN: `token` must") =>
            {
                (Self::Lines, Ends::Hidden)
            }
            (Self::Asked(size), Some(RequestType::ReadyRead)) if size > 0 => {
                (Self::Sending(size), Ends::Shown)
            }
            (Self::Asked(_), Some(RequestType::Download)) => {
                (Self::Offered(size(&answer)), Ends::Shown)
            }
            (Self::Asked(_), _) => (Self::Ending, Ends::No),
            (place, _) => (place, Ends::No),
        };
        *self = place;
        ends
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
        frames.iter().map(json_line).collect()
    }

    fn refuses(&self, frame: &[u8]) -> bool {
        kind(&parsed(frame)) == Some(RequestType::Error)
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
