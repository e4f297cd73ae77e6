//! What a step of the matrix means to whom: the comment right before it, and everybody's connections.
//!
//! `# shows: Online, MemberJoined, MemberJoined to own, Private to jill; nobody else`: a meaning alone is for everybody
//! else (other accounts than the one who acts), `ToSender` for who acts, `to own` for that one's other connections,
//! `to NAME` for that connection alone. With `nobody else` who has no part in it is told nothing.

use std::collections::HashSet;

use tolmach::hub::translation::Meaning;

use tolmach::cli::transcript::{Person, Transcript, What, belonging};

/// Who is silent where time passes.
const SILENT: &str = "anna";

/// A step that shows meanings.
pub(super) struct Shown {
    pub(super) line: usize,
    /// The connection that acts; the operator is none.
    actor: Option<String>,
    meanings: Vec<(Meaning, To)>,
    pub(super) nobody_else: bool,
    /// Who was connected, the one who acts too.
    pub(super) people: Vec<Person>,
    pub(super) told: HashSet<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum To {
    Actor,
    Own,
    Others,
    One(String),
}

/// What somebody is to whoever acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Actor,
    Own,
    Other,
}

impl Shown {
    pub(super) fn part(&self, person: &Person) -> Part {
        match &self.actor {
            Some(actor) if *actor == person.name => Part::Actor,
            Some(actor) if actor.split('.').next() == Some(person.login()) => Part::Own,
            _ => Part::Other,
        }
    }

    /// What the step means to a connection.
    pub(super) fn meanings(&self, person: &Person) -> Vec<Meaning> {
        let part = self.part(person);
        let is_for = |to: &To| match to {
            To::Actor => part == Part::Actor,
            To::Own => part == Part::Own,
            To::Others => part == Part::Other && !self.is_named(person),
            To::One(name) => *name == person.name,
        };
        let meanings = self.meanings.iter().filter(|(_, to)| is_for(to));
        meanings.map(|(meaning, _)| *meaning).collect()
    }

    fn is_named(&self, person: &Person) -> bool {
        let one = To::One(person.name.clone());
        self.meanings.iter().any(|(_, to)| *to == one)
    }

    fn read(&mut self, text: &str) -> Result<(), String> {
        let (meanings, more) = text.split_once(';').unwrap_or((text, ""));
        self.nobody_else = match more.trim() {
            "" => false,
            "nobody else" => true,
            more => return Err(format!("{more:?} is not \"nobody else\"")),
        };
        for meaning in meanings.split(',') {
            let (name, to) = match meaning.trim().split_once(" to ") {
                Some((name, "own")) => (name, To::Own),
                Some((name, to)) => (name, To::One(to.to_owned())),
                None if meaning.trim() == "ToSender" => ("ToSender", To::Actor),
                None => (meaning.trim(), To::Others),
            };
            let all = Meaning::ALL.iter();
            let known = all.copied().find(|one| format!("{one:?}") == name);
            let meaning = known.ok_or_else(|| format!("{name:?} is no meaning"))?;
            self.meanings.push((meaning, to));
        }
        Ok(())
    }
}

/// Whom the operator adds to a room, and who answers by the hub, stands for the one who acts, over no connection.
fn for_whom(operation: &str) -> Option<String> {
    match operation.split(' ').collect::<Vec<_>>()[..] {
        ["add" | "reply", login, ..] => Some(format!("{login}.operator")),
        _ => None,
    }
}

/// The steps of a file that show something.
///
/// # Errors
/// The first comment that means nothing.
pub(super) fn steps(transcript: &Transcript) -> Result<Vec<Shown>, String> {
    let mut steps = Vec::new();
    let mut people: Vec<Person> = Vec::new();
    let mut comment = None;
    for (at, item) in transcript.items.iter().enumerate() {
        let actor = match &item.what {
            What::Text(text) => {
                comment = text.strip_prefix("# shows: ");
                continue;
            }
            What::Person(person) if person.listener.is_none() => continue,
            What::Person(person) => {
                people.push(person.clone());
                Some(person.name.clone())
            }
            What::Said(block) => Some(block.who.clone()),
            What::Operator(text) => for_whom(text),
            // Who acts by silence.
            What::Wait(_) => Some(SILENT.to_owned()),
            What::Config(_) | What::ClockPaused | What::AnswersLate | What::Told(_) => continue,
        };
        let Some(comment) = comment.take() else {
            continue;
        };
        let behind = &transcript.items[at + 1..];
        let told = behind[..belonging(behind)].iter();
        let told = told.filter_map(|item| match &item.what {
            What::Told(block) => Some(block.who.clone()),
            _ => None,
        });
        let mut shown = Shown {
            line: item.line,
            actor,
            meanings: Vec::new(),
            nobody_else: false,
            people: people.clone(),
            told: told.collect(),
        };
        shown
            .read(comment)
            .map_err(|wrong| format!("line {}: {wrong}", item.line))?;
        steps.push(shown);
    }
    Ok(steps)
}
