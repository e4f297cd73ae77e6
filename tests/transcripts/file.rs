//! The format of a file: its lines, what they mean, and a file with other answers in it.

use std::fmt::Write;
use std::time::Duration;

/// What is wrong, and in which line.
pub(crate) type Wrong = (usize, String);

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Transcript {
    pub(crate) items: Vec<Item>,
}

/// One thing in a file, and in which line it begins.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) line: usize,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// A comment or an empty line.
    Text(String),
    /// A line of the gateway's configuration.
    Config(String),
    /// Time passes only in [`What::Wait`].
    ClockPaused,
    /// A connection, or an account that has none.
    Person(Person),
    /// A command of the operator's.
    Operator(String),
    /// Time passes.
    Wait(Duration),
    /// What somebody sends.
    Said(Block),
    /// What somebody is told.
    Told(Block),
}

/// One frame of one connection as lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) who: String,
    pub(crate) lines: Vec<String>,
}

/// Who connects, over what, and how far the login goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The connection's name: the login, and from the second one on a number.
    pub(crate) name: String,
    /// `None`: an account without a connection.
    pub(crate) listener: Option<String>,
    pub(crate) room: Option<String>,
    pub(crate) entry: Entry,
}

/// How far the login goes that is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    Bare,
    Hello,
    Guest,
    Account,
}

impl Person {
    pub(crate) fn login(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    fn read(name: &str, text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let listener = words.next().ok_or("which listener?")?;
        let mut person = Self {
            name: name.to_owned(),
            listener: (listener != "account").then(|| listener.to_owned()),
            room: None,
            entry: Entry::Account,
        };
        for word in words {
            match (word, word.strip_prefix('#')) {
                (_, Some(room)) => person.room = Some(room.to_owned()),
                ("bare", _) => person.entry = Entry::Bare,
                ("hello", _) => person.entry = Entry::Hello,
                ("guest", _) => person.entry = Entry::Guest,
                _ => {
                    return Err(format!(
                        "{word:?} is neither a #room nor bare, hello, guest"
                    ));
                }
            }
        }
        Ok(person)
    }

    fn written(&self) -> String {
        let mut text = format!("{}: ", self.name);
        text.push_str(self.listener.as_deref().unwrap_or("account"));
        if let Some(room) = &self.room {
            let _ = write!(text, " #{room}");
        }
        text.push_str(match self.entry {
            Entry::Bare => " bare",
            Entry::Hello => " hello",
            Entry::Guest => " guest",
            Entry::Account => "",
        });
        text
    }
}

impl Transcript {
    /// Reads a file.
    ///
    /// # Errors
    /// The first line that means nothing.
    pub(crate) fn read(text: &str) -> Result<Self, Wrong> {
        let mut items: Vec<Item> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let number = number + 1;
            if line.starts_with(' ') && !line.trim().is_empty() {
                match items.last_mut().map(|item| &mut item.what) {
                    Some(What::Said(block) | What::Told(block)) => {
                        block.lines.push(line.trim().to_owned());
                        continue;
                    }
                    _ => return Err((number, "indented, but behind no frame".to_owned())),
                }
            }
            let what = read(line).map_err(|wrong| (number, wrong))?;
            items.push(Item { line: number, what });
        }
        Ok(Self { items })
    }
}

fn read(line: &str) -> Result<What, String> {
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok(What::Text(line.trim_end().to_owned()));
    }
    let (name, rest) = line.split_once([' ', ':']).ok_or("a line of one word")?;
    let rest = rest.trim();
    let block = |rest: &str| Block {
        who: name.to_owned(),
        lines: vec![rest.trim().to_owned()],
    };
    if !line[name.len()..].starts_with(':') {
        return match (rest.strip_prefix('>'), rest.strip_prefix('<')) {
            (Some(said), _) => Ok(What::Said(block(said))),
            (_, Some(told)) => Ok(What::Told(block(told))),
            _ => Err(format!("behind {name:?} comes none of > < :")),
        };
    }
    match name {
        "config" => Ok(What::Config(rest.to_owned())),
        "clock" if rest == "paused" => Ok(What::ClockPaused),
        "clock" => Err("the clock can only be paused".to_owned()),
        "operator" => Ok(What::Operator(rest.to_owned())),
        "wait" => humantime::parse_duration(rest)
            .map(What::Wait)
            .map_err(|error| error.to_string()),
        _ => Person::read(name, rest).map(What::Person),
    }
}

/// One item as a file has it, with its newline.
pub(crate) fn written(what: &What) -> String {
    let mut line = match what {
        What::Text(text) => text.clone(),
        What::Config(text) => format!("config: {text}"),
        What::ClockPaused => "clock: paused".to_owned(),
        What::Person(person) => person.written(),
        What::Operator(text) => format!("operator: {text}"),
        What::Wait(time) => format!("wait: {}", humantime::format_duration(*time)),
        What::Said(block) => framed(block, '>'),
        What::Told(block) => framed(block, '<'),
    };
    line.push('\n');
    line
}

fn framed(block: &Block, sign: char) -> String {
    let head = format!("{} {sign} ", block.who);
    let between = format!("\n{}", " ".repeat(head.len()));
    format!("{head}{}", block.lines.join(&between))
}
