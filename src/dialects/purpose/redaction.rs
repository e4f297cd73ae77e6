//! How the purpose-byte protocol's frames are shown to those who watch: bytes in hexadecimal beside what they are, as
//! transcripts have them, without what is secret.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::net::Ipv4Addr;

use bytes::Bytes;
use tolmach_purpose::purpose::Layout;
use tolmach_purpose::{AnswerKind, Purpose, Revision, frame_length, limits};

use super::fields::{self, Kind, Row};
use crate::hub::tap::{SECRET, Show, Shown, without_tokens};

/// Where what bytes are stands, unless there are more of them.
const COLUMN: usize = 20;
/// Fields that nobody is to see.
const SECRET_FIELDS: [&str; 2] = ["password", "session_hash"];
/// Most requests that are remembered under one number.
const ASKED: usize = 64;

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
        let (name, rows) = self.meaning(byte, task, is_from_client);
        let head = format!("{} {byte:02x} {task:02x}", hex(&[a, b, c, d]));
        let mut lines = vec![line(&head, &format!("{name} task {task}"))];
        lines.extend(Body(body).lines(&rows));
        lines
    }

    /// A frame's name, and what its body is made of.
    fn meaning(&mut self, byte: u8, task: u8, is_from_client: bool) -> (String, Vec<Row>) {
        let purpose = if is_from_client {
            Purpose::to_server(self.revision, byte)
        } else {
            Purpose::to_client(self.revision, byte)
        };
        let Some(purpose) = purpose else {
            return (format!("purpose 0x{byte:02x}"), Vec::new());
        };
        let mut rows = self.rows(purpose);
        let is_answer = matches!(purpose, Purpose::Accepted | Purpose::Declined);
        if is_from_client && !is_answer {
            let asked = self.by_client.entry(task).or_default();
            asked.push_back(purpose);
            asked.truncate(ASKED);
        } else if !is_from_client && is_answer {
            let asked = self.by_client.get_mut(&task).and_then(VecDeque::pop_front);
            if purpose == Purpose::Accepted {
                rows = asked.map(|asked| self.answer(asked)).unwrap_or_default();
            }
        }
        (purpose.name(self.revision).to_owned(), rows)
    }

    fn rows(&self, purpose: Purpose) -> Vec<Row> {
        if purpose == Purpose::Accepted {
            return Vec::new();
        }
        if purpose == Purpose::Heartbeat {
            return vec![fields::optional("text", Kind::Text)];
        }
        let rows = purpose.body(self.revision).iter().filter_map(|field| {
            let kind = match field.layout {
                Layout::U8 => Kind::U8,
                Layout::I32 => Kind::I32,
                Layout::I64 => Kind::Time,
                Layout::Text => Kind::Text,
                Layout::ChatInfo => return Some(fields::one(fields::CHAT)),
                Layout::Messages => return Some(fields::many(fields::MESSAGE)),
                // Shown as what is left over.
                _ => return None,
            };
            let is_optional = field.is_optional || purpose == Purpose::Declined;
            Some(if is_optional {
                fields::optional(field.name, kind)
            } else {
                fields::field(field.name, kind)
            })
        });
        rows.collect()
    }

    /// What an ACCEPTED contains.
    fn answer(&self, asked: Purpose) -> Vec<Row> {
        let request = match asked {
            Purpose::Request(request) => request,
            Purpose::Heartbeat => return vec![fields::optional("text", Kind::Text)],
            _ => return Vec::new(),
        };
        let has_user = self.revision == Revision::Two;
        let user = has_user.then(|| fields::field("user_id", Kind::I32));
        match request.answer() {
            AnswerKind::Nothing => Vec::new(),
            AnswerKind::Session => {
                let id = fields::field("session_id", Kind::I32);
                let hash = fields::field("session_hash", Kind::Text);
                [id, hash].into_iter().chain(user).collect()
            }
            AnswerKind::Restored => user.into_iter().collect(),
            AnswerKind::UserId => vec![fields::field("user_id", Kind::I32)],
            AnswerKind::ChatId => vec![fields::field("chat_id", Kind::I32)],
            AnswerKind::HasPassword => vec![fields::field("has_password", Kind::U8)],
            AnswerKind::Chat => vec![fields::one(fields::CHAT), fields::many(fields::USER)],
            AnswerKind::ChatInfo => vec![fields::one(fields::CHAT)],
            AnswerKind::Chats => vec![fields::many(fields::CHAT)],
            AnswerKind::Messages => vec![fields::many(fields::MESSAGE)],
            AnswerKind::Seen => vec![fields::field("time", Kind::Time)],
            AnswerKind::User => vec![fields::one(fields::USER)],
            AnswerKind::OwnUser => {
                vec![fields::one(fields::USER), fields::field("desc", Kind::Text)]
            }
            AnswerKind::Sessions => vec![fields::many(fields::SESSION)],
        }
    }
}

/// What is left of a body.
struct Body<'a>(&'a [u8]);

impl Body<'_> {
    /// All of it. What is not as it should be is only counted: nobody knows what in it is secret.
    fn lines(mut self, rows: &[Row]) -> Vec<String> {
        let mut lines = Vec::new();
        for row in rows {
            while !(self.0.is_empty() && (row.is_optional || row.is_repeated)) {
                let Some(line) = self.row(row) else {
                    lines.push(self.remains("not as it should be"));
                    return lines;
                };
                lines.push(line);
                if !row.is_repeated {
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
    fn row(&mut self, row: &Row) -> Option<String> {
        let whole = self.0;
        let (mut hexes, mut meanings) = (Vec::new(), Vec::new());
        for (name, kind) in row.fields.iter() {
            let Some((hex, value)) = self.field(name, *kind) else {
                self.0 = whole;
                return None;
            };
            hexes.push(hex);
            meanings.push(format!("{name} {value}"));
        }
        Some(line(&hexes.join(" "), &meanings.join(", ")))
    }

    fn field(&mut self, name: &str, kind: Kind) -> Option<(String, String)> {
        Some(match kind {
            Kind::U8 => {
                let [byte] = self.take()?;
                (hex(&[byte]), byte.to_string())
            }
            Kind::I32 => {
                let bytes = self.take()?;
                (hex(&bytes), i32::from_le_bytes(bytes).to_string())
            }
            Kind::Ipv4 => {
                let bytes = self.take::<4>()?;
                (hex(&bytes), Ipv4Addr::from(bytes).to_string())
            }
            Kind::Time => {
                let bytes = self.take()?;
                (hex(&bytes), i64::from_le_bytes(bytes).to_string())
            }
            Kind::Text => {
                let end = self.0.iter().position(|byte| *byte == 0)?;
                let text = std::str::from_utf8(self.0.get(..end)?).ok()?;
                let (bytes, rest) = self.0.split_at(end + 1);
                self.0 = rest;
                if SECRET_FIELDS.contains(&name) || without_tokens(text) != text {
                    return Some((format!("{SECRET}00"), SECRET.to_owned()));
                }
                // JSON's escapes: a text may have line breaks.
                (hex(bytes), serde_json::Value::from(text).to_string())
            }
        })
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
