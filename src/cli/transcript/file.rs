//! The format of a file: its lines and what they mean.

use std::fmt::Write;
use std::time::Duration;

use crate::dialects::client::Entry;

/// What is wrong, and in which line.
pub type Wrong = (usize, String);

/// What stands for the end of the stream where it is told.
pub const CLOSED: &str = "(closed)";
/// What stands for the end of the stream where it is said.
pub const END: &str = "(end)";

/// A file that was read.
#[derive(Debug)]
pub struct Transcript {
    /// Its lines, but that frames of more lines are one item.
    pub items: Vec<Item>,
}

/// One thing in a file.
#[derive(Debug)]
pub struct Item {
    /// The line in which it begins, from 1.
    pub line: usize,
    /// What stands on the line, and on those that belong to it.
    pub what: What,
}

/// What can stand in a file.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A comment or an empty line.
    Text(String),
    /// A line of the gateway's configuration.
    Config(String),
    /// Time passes only in [`What::Wait`].
    ClockPaused,
    /// What comes of a step may stand behind later ones.
    AnswersLate,
    /// A connection, or an account that has none.
    Person(Person),
    /// A command of the operator's.
    Operator(String),
    /// So much time passes before what follows.
    Wait(Duration),
    /// A frame that somebody sends.
    Said(Block),
    /// What somebody is told.
    Told(Block),
}

/// One frame of one connection as lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The name that the transcript gives the connection.
    pub who: String,
    /// The frame as its dialect shows it.
    pub lines: Vec<String>,
}

/// Who connects, over what, and how far the login goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The connection's name: the login, and from the second one on a number.
    pub name: String,
    /// `None`: an account without a connection.
    pub listener: Option<String>,
    /// The room that is entered.
    pub room: Option<String>,
    /// How far the login goes.
    pub entry: Entry,
}

impl Person {
    /// The account's name, or the guest's.
    #[must_use]
    pub fn login(&self) -> &str {
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
    /// Reads a file's text.
    ///
    /// # Errors
    /// The first line that means nothing.
    pub fn read(text: &str) -> Result<Self, Wrong> {
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

    /// Whether time passes only where it says so.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.items.iter().any(|item| item.what == What::ClockPaused)
    }

    /// Whether what comes of a step may stand behind later ones.
    #[must_use]
    pub fn has_late_answers(&self) -> bool {
        self.items.iter().any(|item| item.what == What::AnswersLate)
    }

    /// The lines of the configuration as the variables of the environment that say the same.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let lines = self.items.iter().filter_map(|item| match &item.what {
            What::Config(line) => line.split_once('='),
            _ => None,
        });
        let variables = lines.map(|(key, value)| {
            let name = key.trim().to_uppercase().replace('.', "__");
            (format!("TOLMACH_{name}"), value.trim().to_owned())
        });
        variables.collect()
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
    if !line
        .get(name.len()..)
        .is_some_and(|behind| behind.starts_with(':'))
    {
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
        "answers" if rest == "late" => Ok(What::AnswersLate),
        "answers" => Err("answers can only be late".to_owned()),
        "operator" => Ok(What::Operator(rest.to_owned())),
        "wait" => humantime::parse_duration(rest)
            .map(What::Wait)
            .map_err(|error| error.to_string()),
        _ => Person::read(name, rest).map(What::Person),
    }
}

/// One item as a file has it, with its line end.
#[must_use]
pub fn written(what: &What) -> String {
    let mut line = match what {
        What::Text(text) => text.clone(),
        What::Config(text) => format!("config: {text}"),
        What::ClockPaused => "clock: paused".to_owned(),
        What::AnswersLate => "answers: late".to_owned(),
        What::Person(person) => person.written(),
        What::Operator(text) => format!("operator: {text}"),
        What::Wait(time) => format!("wait: {}", humantime::format_duration(*time)),
        What::Said(block) => framed(block, '>'),
        What::Told(block) => framed(block, '<'),
    };
    line.push('\n');
    line
}

fn framed(Block { who, lines }: &Block, sign: char) -> String {
    let head = format!("{who} {sign} ");
    let between = format!("\n{}", " ".repeat(head.len()));
    format!("{head}{}", lines.join(&between))
}
