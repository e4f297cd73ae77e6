//! What was seen as a transcript: logins become the header's words, times and secrets placeholders.
//!
//! ```text
//!  a connection:  stranger ──who it is becomes known──▶ person: `anna: jim`, what it said and was told so far is left out
//! ```

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, SystemTime};

use crate::cli::transcript::{self, Block, CLOSED, END, What, written};
use crate::control::tap::{Endpoint, Entry, Happened};
use crate::dialects::Dialects;
use crate::dialects::client::{Entry as Login, PASSWORD, Placeholders};
use crate::model::SessionId;

use super::fixture::{self, Step};
use super::names::{dialect_of, free_name, is_counted, is_plain, seconds};
use super::{hide, operator};

/// Most steps that are kept.
const MOST: usize = 20_000;
/// Who speaks so soon after another one may not have waited for what came of that.
const CLOSE: Duration = Duration::from_secs(1);
const PASSWORD_STANDS: &str =
    "A secret stood here; this is the password of every account of a transcript.";
/// Rooms that every gateway of a transcript has.
pub(super) const THERE: &str = "lobby";

/// What was seen so far.
#[derive(Default)]
pub(super) struct Saver {
    dialects: Dialects,
    values: Option<Placeholders>,
    steps: Vec<Step>,
    people: HashMap<u64, Person>,
    names: HashSet<String>,
    /// Accounts by their numbers, and in the order in which they came.
    accounts: BTreeMap<i32, String>,
    came: Vec<String>,
    /// The first steps: those who were there before.
    late: usize,
    /// Rooms that are made before all, by their numbers.
    rooms: BTreeMap<i64, String>,
    made: HashSet<i64>,
    has_guests: bool,
    lost: u64,
    is_full: bool,
    /// Which connection said something last, and when.
    last: Option<(u64, SystemTime)>,
    /// Somebody spoke before all had come of what another one said, perhaps.
    is_close: bool,
}

/// What is known of one connection.
#[derive(Debug, Default)]
struct Person {
    /// Once it is known.
    name: Option<String>,
    /// The step that may turn out to be the login, and what was said in it.
    login: Option<(usize, Vec<String>)>,
    secrets: usize,
    session: Option<SessionId>,
    /// What it is told from now on is no answer to the login.
    is_in: bool,
}

impl Saver {
    pub(super) fn new(dialects: Dialects) -> Self {
        Self {
            dialects,
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self, entry: &Entry) {
        if self.steps.len() >= MOST {
            self.is_full = true;
            return;
        }
        let at = seconds(&entry.time);
        let values = self.values.take();
        let mut values = values.unwrap_or_else(|| Placeholders::of_recording(at));
        values.extend(at);
        match (&entry.what, &entry.connection) {
            (Happened::Event { event }, _) => self.event(event),
            (Happened::Lost { entries }, _) => self.lost += entries,
            (what, Some(connection)) => {
                self.meet(connection);
                match what {
                    Happened::In { frames } => {
                        self.note_time(connection, &entry.time);
                        for frame in frames {
                            self.said(connection, frame, &mut values);
                        }
                    }
                    Happened::Out { frames } => {
                        for frame in frames {
                            self.told(connection, frame, &mut values);
                        }
                        if let Some(person) = self.people.get_mut(&connection.connection) {
                            person.is_in |= person.name.is_some();
                        }
                    }
                    Happened::Ended => self.ended(connection),
                    Happened::Closed => self.closed(connection),
                    _ => {}
                }
            }
            _ => {}
        }
        self.values = Some(values);
    }

    /// Finds out whether clients waited for each other.
    fn note_time(&mut self, connection: &Endpoint, time: &str) {
        let Ok(at) = humantime::parse_rfc3339(time) else {
            return;
        };
        if let Some((other, before)) = self.last
            && other != connection.connection
        {
            let between = at.duration_since(before).unwrap_or_default();
            self.is_close |= between < CLOSE;
        }
        self.last = Some((connection.connection, at));
    }

    /// Finds out who a connection is, when that is known.
    fn meet(&mut self, connection: &Endpoint) {
        let person = self.people.entry(connection.connection).or_default();
        person.session = connection.session.or(person.session);
        let Some(login) = connection.user.as_ref().filter(|_| person.name.is_none()) else {
            return;
        };
        let name = free_name(login, &self.names);
        self.names.insert(name.clone());
        person.name = Some(name.clone());
        let frame = person.login.take();
        let is_late = frame.is_none();
        person.is_in = is_late;
        let at = frame.as_ref().map(|(at, _)| *at).unwrap_or(self.late);
        let mut person = transcript::Person {
            name: name.clone(),
            listener: Some(connection.dialect.clone()),
            room: None,
            entry: Login::Account,
        };
        let said = frame.map(|(_, said)| said).unwrap_or_default();
        let dialect = dialect_of(self.dialects, connection);
        if let Some(room) = dialect.and_then(|dialect| dialect.room_of_login(&said)) {
            self.rooms_needed(&room);
            person.room = Some(room);
        }
        if connection.guest {
            person.entry = Login::Guest;
            self.has_guests = true;
        } else if let Some(id) = connection.user_id
            && self.accounts.insert(id, login.clone()).is_none()
        {
            self.came.push(login.clone());
        }
        let mut step = Step {
            what: Some(What::Person(person)),
            ..Step::default()
        };
        if is_late {
            let comment = format!("{name} was there before; what came of the login was not seen.");
            step.comments.push(comment);
        }
        if !is_plain(login) {
            let comment = "this name has letters that mean something else in transcripts.";
            step.comments.push(comment.to_owned());
        }
        match self.steps.get_mut(at).filter(|_| !is_late) {
            Some(kept) => (kept.what, kept.comments) = (step.what, step.comments),
            None => self.insert_late(step),
        }
    }

    /// Puts somebody in front who was there before anything was seen.
    fn insert_late(&mut self, step: Step) {
        self.steps.insert(self.late, step);
        for (at, _) in self.people.values_mut().filter_map(|it| it.login.as_mut()) {
            *at += 1;
        }
        self.late += 1;
    }

    fn rooms_needed(&mut self, room: &str) {
        if room != THERE && !self.rooms.values().any(|known| known == room) {
            self.rooms
                .insert(i64::MAX - self.rooms.len() as i64, room.to_owned());
        }
    }

    /// Whether its frames are shown as bytes with their meaning.
    fn has_bytes(&self, connection: &Endpoint) -> bool {
        dialect_of(self.dialects, connection).is_some_and(|dialect| dialect.has_bytes())
    }

    fn said(&mut self, connection: &Endpoint, frame: &[String], values: &mut Placeholders) {
        let has_bytes = self.has_bytes(connection);
        let Some(person) = self.people.get_mut(&connection.connection) else {
            return;
        };
        let Some(name) = &person.name else {
            // Perhaps this is the login: what others are told of it belongs to it.
            person.login = Some((self.steps.len(), frame.to_vec()));
            return self.steps.push(Step::default());
        };
        let (lines, had_secret) = hide::said_secrets(frame, has_bytes);
        let said = What::Said(Block {
            who: name.clone(),
            lines: hidden(&lines, has_bytes && !had_secret, name, values),
        });
        let mut step = Step {
            by: Some(connection.connection),
            ..Step::default()
        };
        if had_secret {
            step.comments.push(PASSWORD_STANDS.to_owned());
        }
        if frame.iter().any(|line| is_counted(line)) {
            step.comments.push("This cannot be sent again:".to_owned());
            let shown = written(&said).trim_end().replace('\n', " ");
            step.comments.push(shown);
        } else {
            step.what = Some(said);
        }
        self.steps.push(step);
    }

    fn told(&mut self, connection: &Endpoint, frame: &[String], values: &mut Placeholders) {
        let has_bytes = self.has_bytes(connection);
        let dialect = dialect_of(self.dialects, connection);
        let is_own = |frame: &[String]| dialect.is_some_and(|one| one.names_own_token(frame));
        let Some(person) = self.people.get_mut(&connection.connection) else {
            return;
        };
        let Some(name) = &person.name else {
            return;
        };
        let was_in = person.is_in;
        // The answer to the login is not shown, but its secrets have been counted.
        let lines = match is_own(frame) {
            true => {
                let token = hide::own_token(name);
                confirm_token(&mut self.steps, name, &token, is_own);
                hide::with(frame, &token)
            }
            false => hide::told_secrets(frame, name, &mut person.secrets),
        };
        let Some(step) = self.steps.last_mut() else {
            return;
        };
        if !was_in || matches!(&step.what, Some(What::Person(person)) if person.name == *name) {
            return;
        }
        step.told.push(Block {
            who: name.clone(),
            lines: hidden(&lines, has_bytes, name, values),
        });
    }

    fn ended(&mut self, connection: &Endpoint) {
        if let Some(who) = self.name(connection) {
            let lines = vec![END.to_owned()];
            self.steps.push(Step {
                what: Some(What::Said(Block { who, lines })),
                by: Some(connection.connection),
                ..Step::default()
            });
        }
    }

    fn closed(&mut self, connection: &Endpoint) {
        if let (Some(who), Some(step)) = (self.name(connection), self.steps.last_mut()) {
            let lines = vec![CLOSED.to_owned()];
            step.told.push(Block { who, lines });
        }
        self.people.remove(&connection.connection);
    }

    fn name(&self, connection: &Endpoint) -> Option<String> {
        self.people.get(&connection.connection)?.name.clone()
    }

    /// A step stands where its event does among those of others: two that said something at the same time may be heard in
    /// another order than they began in.
    fn happened(&mut self, event: &serde_json::Value) {
        let session = event.pointer("/room/origin/session");
        let session = session.and_then(|it| serde_json::from_value::<SessionId>(it.clone()).ok());
        let Some(session) = session else {
            return;
        };
        let mut people = self.people.iter();
        let found = people.find(|(_, person)| person.session == Some(session));
        let Some(by) = found.map(|(connection, _)| *connection) else {
            return;
        };
        let is_its = |step: &Step| step.by == Some(by);
        let Some(at) = self.steps.iter().rposition(is_its) else {
            return;
        };
        let is_late = self.steps[at..].iter().any(|step| step.has_happened);
        if is_late && !self.steps[at].has_happened {
            let mut step = self.steps.remove(at);
            // What was told until then came of what was before.
            if let Some(before) = at.checked_sub(1).and_then(|at| self.steps.get_mut(at)) {
                before.told.append(&mut step.told);
            }
            for (login, _) in self.people.values_mut().filter_map(|it| it.login.as_mut()) {
                *login -= usize::from(*login > at);
            }
            self.steps.push(step);
        }
        if let Some(step) = self.steps.iter_mut().rfind(|step| is_its(step)) {
            step.has_happened = true;
        }
    }

    fn event(&mut self, event: &serde_json::Value) {
        self.happened(event);
        let change = event.pointer("/room/change");
        let made = change.and_then(serde_json::Value::as_str) == Some("created");
        let room = event
            .pointer("/room/room")
            .or(event.pointer("/presence/room"));
        let id = room.and_then(|room| room.get("id")?.as_i64());
        let name = room.and_then(|room| room.get("name")?.as_str());
        if let (Some(id), Some(name)) = (id, name.filter(|name| !name.is_empty())) {
            if made {
                self.made.insert(id);
            }
            // A room of a login must be there before anybody comes.
            let is_entered = self.rooms.values().any(|known| known == name);
            self.rooms
                .retain(|at, known| known != name || *at <= i64::from(i32::MAX));
            if (is_entered || !self.made.contains(&id)) && name != THERE {
                self.rooms.entry(id).or_insert_with(|| name.to_owned());
            }
        }
        if let Some(text) = operator::step(event) {
            self.steps.push(Step {
                what: Some(What::Operator(text)),
                ..Step::default()
            });
        }
    }

    /// The text of the transcript that was saved.
    pub(super) fn finish(self) -> String {
        let mut comments = vec![
            "Saved by `tolmach tap`. Logins are not shown; the header has them.".to_owned(),
            "Numbers of messages, rooms and users are those of the gateway it was seen on. `tolmach \
             replay` shows where they differ on a fresh one."
                .to_owned(),
        ];
        if self.has_guests {
            comments.push(
                "Guests have numbers, too: those of who came after them may differ.".to_owned(),
            );
        }
        if self.lost > 0 {
            comments.push(format!(
                "{} entries are missing: they came too fast.",
                self.lost
            ));
        }
        if self.is_full {
            comments.push(format!(
                "This is the beginning; more than {MOST} steps are not kept."
            ));
        }
        let mut header = match self.is_close {
            true => vec![What::AnswersLate],
            false => Vec::new(),
        };
        header.extend(fixture::accounts(&self.accounts, &self.came));
        let rooms = self.rooms.values();
        header.extend(rooms.map(|room| What::Operator(format!("create room {room}"))));
        fixture::file(&comments, &header, &self.steps)
    }
}

/// The gateway named the session's own token, so that what the client said last was that, if it named one, too.
fn confirm_token(steps: &mut [Step], name: &str, token: &str, is_own: impl Fn(&[String]) -> bool) {
    for step in steps.iter_mut().rev() {
        match &mut step.what {
            Some(What::Said(said)) if said.who == name => {
                if is_own(&said.lines) {
                    for line in &mut said.lines {
                        *line = line.replace(PASSWORD, token);
                    }
                    step.comments.retain(|comment| comment != PASSWORD_STANDS);
                }
                return;
            }
            _ => {}
        }
    }
}

fn hidden(lines: &[String], has_bytes: bool, who: &str, values: &mut Placeholders) -> Vec<String> {
    let hide = |line: &String| match has_bytes {
        true => hide::times_in_bytes(line, values),
        false => values.hide(line, who),
    };
    lines.iter().map(hide).collect()
}
