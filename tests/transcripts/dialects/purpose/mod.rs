//! The purpose-byte protocol, as bytes in hexadecimal beside what they are.

mod page;
mod read;
mod show;

use std::collections::{HashMap, VecDeque};

use super::{Barrier, Dialect, Ends, From, LogIn};
use crate::PASSWORD;
use crate::file::Entry;
use crate::values::Values;
use page::Row;
use show::{Body, Line, hex};

const HEADER: usize = 6;
const ACCEPTED: u8 = 0x00;
const DECLINED: u8 = 0x01;
const HEARTBEAT: u8 = 0x02;
/// The task id of what is not shown.
const HIDDEN: u8 = 0xff;
/// Where what bytes are stands, unless there are more of them.
const COLUMN: usize = 20;

pub(super) struct Purpose {
    revision: u8,
    /// What an ACCEPTED of this task id will contain, to the client and to the server.
    to_client: Asked,
    to_server: Asked,
}

/// What was asked under a task id and not answered, oldest first.
type Asked = HashMap<u8, VecDeque<Vec<Row>>>;

impl Purpose {
    pub(super) fn new(revision: u8) -> Self {
        Self {
            revision,
            to_client: HashMap::new(),
            to_server: HashMap::new(),
        }
    }

    /// The frame of a request that is not shown.
    fn hidden(&self, name: &str, body: &[Vec<u8>]) -> Vec<u8> {
        let (_, byte) = page::named(self.revision, name).expect("both revisions have it");
        frame(byte, HIDDEN, &body.concat())
    }

    /// A purpose's name, and what its body is made of.
    fn meaning(&mut self, from: From, purpose: u8, task: u8) -> (String, Vec<Row>) {
        let (row, answers, asked) = match from {
            From::Client => (
                page::to_server(self.revision, purpose),
                &mut self.to_server,
                &mut self.to_client,
            ),
            From::Server => (
                page::to_client(self.revision, purpose),
                &mut self.to_client,
                &mut self.to_server,
            ),
        };
        let Some(row) = row else {
            asked.entry(task).or_default().push_back(Vec::new());
            return (format!("purpose 0x{purpose:02x}"), Vec::new());
        };
        let mut body = row.body(self.revision);
        if matches!(purpose, ACCEPTED | DECLINED) {
            let answer = answers.get_mut(&task).and_then(VecDeque::pop_front);
            if let (ACCEPTED, Some(answer)) = (purpose, answer) {
                body = answer;
            }
        } else {
            let answer = row.answer(self.revision);
            asked.entry(task).or_default().push_back(answer);
        }
        (row.name(self.revision).to_owned(), body)
    }
}

impl Dialect for Purpose {
    fn cut(&self, bytes: &[u8]) -> Option<usize> {
        let length = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
        Some(HEADER + length).filter(|length| bytes.len() >= *length)
    }

    fn show(&mut self, from: From, frame: &[u8], who: &str, values: &mut Values) -> Vec<String> {
        let Some((&[a, b, c, d, purpose, task], rest)) = frame.split_first_chunk::<HEADER>() else {
            return vec![hex(frame)];
        };
        let (name, rows) = self.meaning(from, purpose, task);
        let mut lines = vec![Line {
            hex: format!("{} {purpose:02x} {task:02x}", hex(&[a, b, c, d])),
            meaning: format!("{name} task {task}"),
        }];
        lines.extend(Body { rest, who, values }.lines(&rows));
        let shown = lines.iter().map(|line| {
            let width = COLUMN.max(line.hex.chars().count() + 2);
            format!("{:width$}{}", line.hex, line.meaning)
        });
        shown.collect()
    }

    fn read(&self, lines: &[String], values: &Values) -> Result<Vec<u8>, String> {
        match lines.first() {
            Some(first) if read::is_in_bytes(first) => read::bytes(lines, values),
            _ => read::named(self.revision, lines, values),
        }
    }

    fn barrier(&self, number: u32) -> Barrier {
        Barrier::Ask(frame(HEARTBEAT, HIDDEN, &marker(number)))
    }

    fn ends_wait(&mut self, number: u32, frame: &[u8]) -> Ends {
        if *frame == self::frame(ACCEPTED, HIDDEN, &marker(number)) {
            Ends::Hidden
        } else {
            Ends::No
        }
    }

    fn log_in(&self, who: &LogIn<'_>) -> Vec<Vec<u8>> {
        if who.entry == Entry::Bare {
            return Vec::new();
        }
        let mut frames = vec![self.hidden("HELLO", &[vec![0, 1]])];
        if who.entry == Entry::Account {
            frames.push(self.hidden("LOGIN", &[text(who.login), text(PASSWORD)]));
            if let Some((_, chat)) = who.room {
                frames.push(self.hidden("JOIN_CHAT", &[chat.to_le_bytes().to_vec()]));
            }
        }
        frames
    }

    fn refuses(&self, frame: &[u8]) -> bool {
        frame.get(4) == Some(&DECLINED)
    }
}

fn frame(purpose: u8, task: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    [&length.to_le_bytes()[..], &[purpose, task], body].concat()
}

fn text(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}

/// The HEARTBEAT's text behind which nothing is under way.
fn marker(number: u32) -> Vec<u8> {
    text(&format!("wait {number}"))
}

/// The purpose byte of a frame in a file, where it is written in bytes.
pub(crate) fn byte(first_line: &str) -> Option<u8> {
    let mut words = first_line.split(' ');
    let is_frame = read::is_in_bytes(first_line);
    let byte = words.nth(1).filter(|_| is_frame)?;
    u8::from_str_radix(byte, 16).ok()
}
