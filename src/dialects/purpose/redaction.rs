//! How the purpose-byte protocol's frames are shown to those who watch: bytes in hexadecimal beside what they are, as
//! transcripts have them, without what is secret.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::net::Ipv4Addr;

use bytes::Bytes;
use tolmach_purpose::purpose::{Field, Layout};
use tolmach_purpose::{
    ChatInfo, Message, Purpose, Revision, SessionInfo, UserInfo, frame_length, limits,
};

use crate::hub::tap::{SECRET, Show, Shown, without_tokens};

/// Where what bytes are stands, unless there are more of them.
const COLUMN: usize = 20;
/// Fields that nobody is to see.
const SECRET_FIELDS: [&str; 2] = ["password", "session_hash"];
/// Most requests that are remembered under one number.
const MAX_ASKED: usize = 64;

pub(super) fn show(revision: Revision) -> Box<dyn Show> {
    Box::new(Frames {
        revision,
        by_client: HashMap::new(),
    })
}

struct Frames {
    revision: Revision,
    /// What the client asked by a number and was not answered, oldest first.
    by_client: HashMap<u8, VecDeque<Purpose>>,
}

impl Show for Frames {
    fn inbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        self.frames(bytes, true)
    }

    fn outbound(&mut self, bytes: &Bytes) -> Vec<Shown> {
        self.frames(bytes, false)
    }
}

impl Frames {
    fn frames(&mut self, bytes: &[u8], is_from_client: bool) -> Vec<Shown> {
        let (mut shown, mut rest) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let length = frame_length(rest).unwrap_or(rest.len());
            let (frame, after) = rest.split_at(length.min(rest.len()));
            shown.push(self.frame(frame, is_from_client));
            rest = after;
        }
        shown
    }

    fn frame(&mut self, frame: &[u8], is_from_client: bool) -> Shown {
        let Some((&[a, b, c, d, byte, task], body)) =
            frame.split_first_chunk::<{ limits::HEADER_BYTES }>()
        else {
            return vec![format!("<{} bytes>  no frame", frame.len())];
        };
        let (name, fields) = self.meaning(byte, task, is_from_client);
        let head = format!("{} {byte:02x} {task:02x}", hex(&[a, b, c, d]));
        let mut lines = vec![line(&head, &format!("{name} task {task}"))];
        lines.extend(Body(body).lines(fields));
        lines
    }

    /// A frame's name, and what its body is made of.
    fn meaning(&mut self, byte: u8, task: u8, is_from_client: bool) -> (String, &'static [Field]) {
        let purpose = if is_from_client {
            Purpose::to_server(self.revision, byte)
        } else {
            Purpose::to_client(self.revision, byte)
        };
        let Some(purpose) = purpose else {
            return (format!("purpose 0x{byte:02x}"), &[]);
        };
        let mut fields = self.fields(purpose);
        let is_answer = matches!(purpose, Purpose::Accepted | Purpose::Declined);
        if is_from_client && !is_answer {
            let asked = self.by_client.entry(task).or_default();
            asked.push_back(purpose);
            asked.truncate(MAX_ASKED);
        } else if !is_from_client && is_answer {
            let asked = self.by_client.get_mut(&task).and_then(VecDeque::pop_front);
            if purpose == Purpose::Accepted {
                fields = asked.map_or(&[], |asked| self.answer(asked));
            }
        }
        (purpose.name(self.revision).to_owned(), fields)
    }

    fn fields(&self, purpose: Purpose) -> &'static [Field] {
        match purpose {
            // What it contains depends on what was asked.
            Purpose::Accepted => &[],
            purpose => purpose.body(self.revision),
        }
    }

    /// What an ACCEPTED contains.
    fn answer(&self, asked: Purpose) -> &'static [Field] {
        match asked {
            Purpose::Request(request) => request.answer().fields(),
            asked => self.fields(asked),
        }
    }
}

/// The fields of what a field is made of, which is itself where it is made of nothing; and whether it comes as often as
/// there are bytes.
fn parts(field: &Field) -> (&[Field], bool) {
    match field.layout {
        Layout::ChatInfo => (ChatInfo::FIELDS, false),
        Layout::Chats => (ChatInfo::FIELDS, true),
        Layout::UserInfo => (UserInfo::FIELDS, false),
        Layout::Users => (UserInfo::FIELDS, true),
        Layout::Message => (Message::FIELDS, false),
        Layout::Messages => (Message::FIELDS, true),
        Layout::SessionInfo => (SessionInfo::FIELDS, false),
        Layout::Sessions => (SessionInfo::FIELDS, true),
        _ => (std::slice::from_ref(field), false),
    }
}

/// What is left of a body.
struct Body<'a>(&'a [u8]);

impl Body<'_> {
    /// All of it. What is not as it should be is only counted: nobody knows what in it is secret.
    fn lines(mut self, fields: &[Field]) -> Vec<String> {
        let mut lines = Vec::new();
        for field in fields {
            let (parts, is_repeated) = parts(field);
            while !(self.0.is_empty() && (field.is_optional || is_repeated)) {
                let Some(line) = self.line(parts) else {
                    lines.push(self.remains("not as it should be"));
                    return lines;
                };
                lines.push(line);
                if !is_repeated {
                    break;
                }
            }
        }
        if !self.0.is_empty() {
            lines.push(self.remains("left over"));
        }
        lines
    }

    fn remains(&self, meaning: &str) -> String {
        match self.0.len() {
            0 => line("-", &format!("… {meaning}")),
            bytes => line(&format!("<{bytes} bytes>"), &format!("… {meaning}")),
        }
    }

    /// One line; `None` where the bytes are no such fields.
    fn line(&mut self, fields: &[Field]) -> Option<String> {
        let whole = self.0;
        let (mut hexes, mut meanings) = (Vec::new(), Vec::new());
        for field in fields {
            let Some((hex, value)) = self.field(field) else {
                self.0 = whole;
                return None;
            };
            hexes.push(hex);
            meanings.push(format!("{} {value}", field.name));
        }
        Some(line(&hexes.join(" "), &meanings.join(", ")))
    }

    fn field(&mut self, field: &Field) -> Option<(String, String)> {
        match field.layout {
            Layout::U8 => {
                let [byte] = self.take()?;
                Some((hex(&[byte]), byte.to_string()))
            }
            Layout::I32 if field.name == "ipv4" => {
                let bytes = self.take::<4>()?;
                Some((hex(&bytes), Ipv4Addr::from(bytes).to_string()))
            }
            Layout::I32 => {
                let bytes = self.take()?;
                Some((hex(&bytes), i32::from_le_bytes(bytes).to_string()))
            }
            Layout::I64 => {
                let bytes = self.take()?;
                Some((hex(&bytes), i64::from_le_bytes(bytes).to_string()))
            }
            Layout::Text => self.text(field.name),
            _ => None,
        }
    }

    fn text(&mut self, name: &str) -> Option<(String, String)> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = std::str::from_utf8(self.0.get(..end)?).ok()?;
        let (bytes, rest) = self.0.split_at(end + 1);
        self.0 = rest;
        if SECRET_FIELDS.contains(&name) || without_tokens(text) != text {
            return Some((format!("{SECRET}00"), SECRET.to_owned()));
        }
        // JSON's escapes: a text may have line breaks.
        Some((hex(bytes), serde_json::Value::from(text).to_string()))
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }
}

fn line(hex: &str, meaning: &str) -> String {
    // The width of a format has a limit, which a long text is over.
    let gap = COLUMN.saturating_sub(hex.chars().count()).max(2);
    format!("{hex}{}{meaning}", " ".repeat(gap))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests;
