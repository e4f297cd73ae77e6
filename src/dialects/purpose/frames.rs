//! The frames as people read them: bytes in hexadecimal beside what they are.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::net::Ipv4Addr;

use tolmach_purpose::purpose::{Field, Layout};
use tolmach_purpose::{ChatInfo, Message, Purpose, Revision, SessionInfo, UserInfo, limits};

use crate::hub::tap::Shown;

/// Where what bytes are stands, unless there are more of them.
const COLUMN: usize = 20;
/// Most requests that are remembered under one number.
const MAX_ASKED: usize = 64;

/// What stands in place of what is not to be seen as it is.
pub(super) trait Cover {
    /// In place of the text of a field; none where it may be seen.
    fn text(&mut self, field: &str, text: &str) -> Option<String>;

    /// In place of a time beside what was made at `created`; none where it may be seen.
    fn time(&self, _time: i64, _created: Option<i64>) -> Option<&'static str> {
        None
    }

    /// In place of bytes that are not what they should be.
    fn other(&self, bytes: &[u8]) -> String;
}

/// What a connection's frames were so far.
pub(super) struct Frames {
    revision: Revision,
    /// What an ACCEPTED will contain, by the numbers of what is not answered yet, oldest first: to the client, to the
    /// server.
    asked: [HashMap<u8, VecDeque<&'static [Field]>>; 2],
}

impl Frames {
    pub(super) fn new(revision: Revision) -> Self {
        Self {
            revision,
            asked: Default::default(),
        }
    }

    /// One frame as lines.
    pub(super) fn show(
        &mut self,
        frame: &[u8],
        is_from_client: bool,
        cover: &mut dyn Cover,
    ) -> Shown {
        let Some((&[a, b, c, d, byte, task], body)) =
            frame.split_first_chunk::<{ limits::HEADER_BYTES }>()
        else {
            return vec![format!("{}  no frame", cover.other(frame))];
        };
        let (name, fields) = self.meaning(byte, task, is_from_client);
        let head = format!("{} {byte:02x} {task:02x}", hex(&[a, b, c, d]));
        let mut lines = vec![line(&head, &format!("{name} task {task}"))];
        lines.extend(Body { rest: body, cover }.lines(fields));
        lines
    }

    /// A frame's name, and what its body is made of.
    fn meaning(&mut self, byte: u8, task: u8, is_from_client: bool) -> (String, &'static [Field]) {
        let purpose = if is_from_client {
            Purpose::to_server(self.revision, byte)
        } else {
            Purpose::to_client(self.revision, byte)
        };
        let to_here = usize::from(is_from_client);
        let fields = match purpose {
            Some(Purpose::Accepted | Purpose::Declined) => {
                let asked = self.asked[to_here].get_mut(&task);
                let answer = asked.and_then(VecDeque::pop_front);
                match purpose {
                    Some(Purpose::Accepted) => answer.unwrap_or_default(),
                    _ => Purpose::Declined.body(self.revision),
                }
            }
            _ => {
                let answer = purpose.map(|purpose| self.answer(purpose));
                let asked = self.asked[1 - to_here].entry(task).or_default();
                asked.push_back(answer.unwrap_or_default());
                asked.truncate(MAX_ASKED);
                purpose.map_or(&[][..], |purpose| purpose.body(self.revision))
            }
        };
        let name = purpose.map(|purpose| purpose.name(self.revision).to_owned());
        let name = name.unwrap_or_else(|| format!("purpose 0x{byte:02x}"));
        (name, fields)
    }

    /// What an ACCEPTED contains.
    fn answer(&self, asked: Purpose) -> &'static [Field] {
        match asked {
            Purpose::Request(request) => request.answer().fields(),
            Purpose::Heartbeat => asked.body(self.revision),
            Purpose::Accepted
            | Purpose::Declined
            | Purpose::Disconnect
            | Purpose::Notification(_) => &[],
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
struct Body<'a> {
    rest: &'a [u8],
    cover: &'a mut dyn Cover,
}

impl Body<'_> {
    /// All of it, line by line. What is not as it should be ends it.
    fn lines(mut self, fields: &[Field]) -> Vec<String> {
        let mut lines = Vec::new();
        for field in fields {
            let (parts, is_repeated) = parts(field);
            while !(self.rest.is_empty() && (field.is_optional || is_repeated)) {
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
        if !self.rest.is_empty() {
            lines.push(self.remains("left over"));
        }
        lines
    }

    fn remains(&self, meaning: &str) -> String {
        let bytes = match self.rest {
            [] => "-".to_owned(),
            rest => self.cover.other(rest),
        };
        line(&bytes, &format!("… {meaning}"))
    }

    /// One line; `None` and nothing taken where the bytes are no such fields.
    fn line(&mut self, fields: &[Field]) -> Option<String> {
        let whole = self.rest;
        let (mut hexes, mut meanings) = (Vec::new(), Vec::new());
        let mut created = None;
        for field in fields {
            let Some((hex, value)) = self.field(field, &mut created) else {
                self.rest = whole;
                return None;
            };
            hexes.push(hex);
            meanings.push(format!("{} {value}", field.name));
        }
        Some(line(&hexes.join(" "), &meanings.join(", ")))
    }

    /// A field's bytes and its value, as they are shown.
    fn field(&mut self, field: &Field, created: &mut Option<i64>) -> Option<(String, String)> {
        match field.layout {
            Layout::U8 => {
                let [byte] = self.take()?;
                Some((hex(&[byte]), byte.to_string()))
            }
            Layout::I32 if is_ipv4(field) => {
                let bytes = self.take::<4>()?;
                Some((hex(&bytes), Ipv4Addr::from(bytes).to_string()))
            }
            Layout::I32 => {
                let bytes = self.take()?;
                Some((hex(&bytes), i32::from_le_bytes(bytes).to_string()))
            }
            Layout::I64 => {
                let bytes = self.take()?;
                let time = i64::from_le_bytes(bytes);
                let covered = self.cover.time(time, *created);
                if field.name == "created" {
                    *created = Some(time);
                }
                let plain = || (hex(&bytes), time.to_string());
                Some(covered.map_or_else(plain, |shown| (shown.to_owned(), shown.to_owned())))
            }
            Layout::Text => self.text(field.name),
            _ => None,
        }
    }

    fn text(&mut self, name: &str) -> Option<(String, String)> {
        let end = self.rest.iter().position(|byte| *byte == 0)?;
        let text = std::str::from_utf8(self.rest.get(..end)?).ok()?;
        let (bytes, rest) = self.rest.split_at(end + 1);
        self.rest = rest;
        Some(match self.cover.text(name, text) {
            Some(shown) => (format!("{shown}00"), shown),
            // JSON's escapes: a text may have line breaks.
            None => (hex(bytes), serde_json::Value::from(text).to_string()),
        })
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*head)
    }
}

/// Its bytes are in network order.
pub(super) fn is_ipv4(field: &Field) -> bool {
    field.name == "ipv4"
}

fn line(hex: &str, meaning: &str) -> String {
    // The width of a format has a limit, which a long text is over.
    let gap = COLUMN.saturating_sub(hex.chars().count()).max(2);
    format!("{hex}{}{meaning}", " ".repeat(gap))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
