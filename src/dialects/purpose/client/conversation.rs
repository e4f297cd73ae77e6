//! The purpose-byte protocol in transcripts: bytes in hexadecimal beside what they are. What is sent may be written
//! without bytes, `CREATE_CHAT task 5 chat_name "tea"`; the fields' names and commas may be left out.

use tolmach_purpose::purpose::{DECLINED, Field, Layout, Sender as PurposeSender};
use tolmach_purpose::{ClientBody, ClientFrame, Purpose, Request, Revision, frame_length};

use super::words::Words;
use crate::dialects::client::{
    Barrier, Conversation, Ends, Entry, LogIn, PASSWORD, Placeholders, Sender,
};
use crate::dialects::purpose::frames::{Cover, Frames, hex, is_ipv4};
use bytes::{Bytes, BytesMut};

/// The task of what is not shown.
const HIDDEN: u8 = 0xff;

pub(super) struct PurposeConversation {
    revision: Revision,
    frames: Frames,
}

impl PurposeConversation {
    pub(super) fn new(revision: Revision) -> Self {
        let frames = Frames::new(revision);
        Self { revision, frames }
    }

    fn frame(&self, body: ClientBody) -> Vec<u8> {
        let (mut out, task) = (BytesMut::new(), HIDDEN);
        // What a client says here, both revisions have.
        let _ = ClientFrame { task, body }.write(self.revision, &mut out);
        out.to_vec()
    }

    /// The frame of `NAME task N`, and the values of its fields.
    fn named(&self, lines: &[String], values: &Placeholders) -> Result<Vec<u8>, String> {
        let (text, revision) = (lines.join(" "), self.revision);
        let mut words = Words(&text);
        let name = words.next().unwrap_or_default();
        let is_named = |purpose: &Purpose| {
            purpose.sender() != PurposeSender::Server && purpose.name(revision) == name
        };
        let purpose = Purpose::all().find(is_named);
        let known = purpose.and_then(|purpose| Some((purpose, purpose.byte(revision)?)));
        let (purpose, byte) = known.ok_or_else(|| {
            format!("{name:?} is no purpose of revision {revision}, and no bytes")
        })?;
        let task: u8 = match (words.next(), words.next().map(str::parse)) {
            (Some("task"), Some(Ok(task))) => task,
            _ => return Err(format!("behind {name} comes task and its number")),
        };
        let mut body = Vec::new();
        for field in purpose.body(revision) {
            let word = words.next().filter(|word| *word != field.name);
            match word.or_else(|| words.next()) {
                None if field.is_optional => break,
                None => return Err(format!("{} is missing", field.name)),
                Some(word) => write(field, word, values, &mut body)
                    .ok_or_else(|| format!("{} cannot be {word}", field.name))?,
            }
        }
        if let Some(word) = words.next() {
            return Err(format!("{word} is too much"));
        }
        let length = u32::try_from(body.len()).map_err(|error| error.to_string())?;
        Ok([&length.to_le_bytes()[..], &[byte, task], &body].concat())
    }
}

impl Conversation for PurposeConversation {
    fn length(&self, bytes: &[u8]) -> Option<usize> {
        frame_length(bytes).filter(|length| *length <= bytes.len())
    }

    fn show(
        &mut self,
        from: Sender,
        frame: &[u8],
        who: &str,
        values: &mut Placeholders,
    ) -> Vec<String> {
        let mut cover = Replaced { who, values };
        self.frames.show(frame, from == Sender::Client, &mut cover)
    }

    fn read(&self, lines: &[String], values: &Placeholders) -> Result<Vec<u8>, String> {
        match self.is_in_full(lines) {
            true => in_bytes(lines, values),
            false => self.named(lines, values),
        }
    }

    /// It begins with its length.
    fn is_in_full(&self, lines: &[String]) -> bool {
        let first = lines.first().and_then(|line| line.split(' ').next());
        first.is_some_and(|word| word.len() == 8 && word.bytes().all(|b| b.is_ascii_hexdigit()))
    }

    fn barrier(&self, number: u32) -> Barrier {
        Barrier::Ask(self.frame(ClientBody::Heartbeat(marker(number))))
    }

    fn ends_wait(&mut self, number: u32, frame: &[u8]) -> Ends {
        match frame == self.frame(ClientBody::Accepted(marker(number))) {
            true => Ends::Hidden,
            false => Ends::No,
        }
    }

    fn log_in(&self, who: &LogIn<'_>) -> Vec<Vec<u8>> {
        let mut requests = Vec::new();
        if who.entry != Entry::Bare {
            requests.push(Request::Hello { major: 0, minor: 1 });
        }
        if who.entry == Entry::Account {
            requests.push(Request::LogIn {
                login: who.login.into(),
                password: PASSWORD.into(),
            });
            let join = |(_, chat)| Request::Join {
                chat,
                password: None,
            };
            requests.extend(who.room.map(join));
        }
        let frames = requests.into_iter();
        frames
            .map(|request| self.frame(ClientBody::Request(request)))
            .collect()
    }

    fn refuses(&self, frame: &[u8]) -> bool {
        frame.get(4) == Some(&DECLINED)
    }
}

/// The HEARTBEAT's text behind which nothing is under way.
fn marker(number: u32) -> Bytes {
    format!("wait {number}\0").into()
}

/// Placeholders in place of times and secrets.
struct Replaced<'a> {
    who: &'a str,
    values: &'a mut Placeholders,
}

impl Cover for Replaced<'_> {
    fn text(&mut self, _: &str, text: &str) -> Option<String> {
        let shown = self.values.secret(text, self.who);
        (shown != text).then_some(shown)
    }

    fn time(&self, time: i64, created: Option<i64>) -> Option<&'static str> {
        self.values.time(time, created)
    }

    fn other(&self, bytes: &[u8]) -> String {
        hex(bytes)
    }
}

/// The bytes before the two spaces of each line.
fn in_bytes(lines: &[String], values: &Placeholders) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    for line in lines {
        let mut rest = line.split("  ").next().unwrap_or_default();
        while !rest.is_empty() {
            rest = one(rest, values, &mut out)
                .ok_or_else(|| format!("not in hexadecimal: {rest:?}"))?;
        }
    }
    Ok(out)
}

/// Takes a space, a `-` (no bytes), a byte or a placeholder; what is behind it.
fn one<'a>(text: &'a str, values: &Placeholders, out: &mut Vec<u8>) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix([' ', '-']) {
        return Some(rest);
    }
    if text.starts_with('<') {
        let (name, rest) = text.split_at(text.find('>')? + 1);
        let value = values.value(name)?;
        match name {
            "<time>" => out.extend(value.parse::<i64>().ok()?.to_le_bytes()),
            _ => out.extend(value.bytes()),
        }
        return Some(rest);
    }
    out.push(u8::from_str_radix(text.get(..2)?, 16).ok()?);
    text.get(2..)
}

/// The bytes of a field whose value is this word; none where it cannot be.
fn write(field: &Field, word: &str, values: &Placeholders, out: &mut Vec<u8>) -> Option<()> {
    let filled = values.value(word);
    let value = filled.as_deref().unwrap_or(word);
    match field.layout {
        Layout::U8 => out.push(value.parse().ok()?),
        Layout::I32 if is_ipv4(field) => {
            out.extend(value.parse::<std::net::Ipv4Addr>().ok()?.octets());
        }
        Layout::I32 => out.extend(value.parse::<i32>().ok()?.to_le_bytes()),
        Layout::I64 => out.extend(value.parse::<i64>().ok()?.to_le_bytes()),
        Layout::Text => {
            let text = match filled {
                Some(filled) => filled,
                None => serde_json::from_str(value).ok()?,
            };
            out.extend(text.bytes());
            out.push(0);
        }
        _ => return None,
    }
    Some(())
}
