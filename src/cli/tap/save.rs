//! What was seen as a transcript: logins become the header's words, times and secrets placeholders.
//!
//! ```text
//!  a connection:  stranger ──who it is becomes known──▶ person: `anna: jim`, what it said and was told so far is left out
//! ```

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::control::tap::{Endpoint, Entry, Happened};
use crate::dialects::Dialects;

use super::fixture::{self, Step, framed};
use super::names::{dialect_of, free_name, is_counted, is_plain, seconds};
use super::{hide, operator};

/// Most steps that are kept.
const MOST: usize = 20_000;
/// Seconds that clocks may be apart.
const SLACK: i64 = 5;
/// Rooms that every gateway of a transcript has.
pub(super) const THERE: &str = "lobby";

/// What was seen so far.
#[derive(Default)]
pub(super) struct Saver {
    dialects: Dialects,
    since: Option<i64>,
    steps: Vec<Step>,
    people: HashMap<u64, Person>,
    names: HashSet<String>,
    /// Accounts by their numbers, and in the order in which they came.
    accounts: BTreeMap<i32, String>,
    came: Vec<String>,
    /// Rooms that are made before all, by their numbers.
    rooms: BTreeMap<i64, String>,
    made: HashSet<i64>,
    has_guests: bool,
    lost: u64,
    is_full: bool,
}

/// A connection.
#[derive(Debug, Default)]
struct Person {
    /// Once it is known.
    name: Option<String>,
    /// The step that may turn out to be the login, and what was said in it.
    login: Option<(usize, Vec<String>)>,
    secrets: usize,
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
        let run = *self.since.get_or_insert(at) - SLACK..=at + SLACK;
        match (&entry.what, &entry.connection) {
            (Happened::Event { event }, _) => self.event(event),
            (Happened::Lost { entries }, _) => self.lost += entries,
            (what, Some(connection)) => {
                self.meet(connection);
                match what {
                    Happened::In { frames } => {
                        for frame in frames {
                            self.said(connection, frame, &run);
                        }
                    }
                    Happened::Out { frames } => {
                        for frame in frames {
                            self.told(connection, frame, &run);
                        }
                    }
                    Happened::Ended => self.ended(connection),
                    Happened::Closed => self.closed(connection),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Finds out who a connection is, when that is known.
    fn meet(&mut self, connection: &Endpoint) {
        let person = self.people.entry(connection.connection).or_default();
        let Some(login) = connection.user.as_ref().filter(|_| person.name.is_none()) else {
            return;
        };
        let name = free_name(login, &self.names);
        self.names.insert(name.clone());
        person.name = Some(name.clone());
        let frame = person.login.take();
        let is_late = frame.is_none();
        let at = frame
            .as_ref()
            .map(|(at, _)| *at)
            .unwrap_or(self.steps.len());
        let mut text = format!("{name}: {}", connection.dialect);
        let said = frame.map(|(_, said)| said).unwrap_or_default();
        let dialect = dialect_of(self.dialects, connection);
        if let Some(room) = dialect.and_then(|dialect| dialect.room_of_login(&said)) {
            self.rooms_needed(&room);
            text += &format!(" #{room}");
        }
        if connection.guest {
            text += " guest";
            self.has_guests = true;
        } else if let Some(id) = connection.user_id
            && self.accounts.insert(id, login.clone()).is_none()
        {
            self.came.push(login.clone());
        }
        let mut step = Step {
            text,
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
        match self.steps.get_mut(at) {
            Some(kept) => (kept.text, kept.comments) = (step.text, step.comments),
            None => self.steps.push(step),
        }
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

    fn said(&mut self, connection: &Endpoint, frame: &[String], run: &Run) {
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
        let mut step = Step {
            text: framed(name, '>', &hidden(&lines, has_bytes && !had_secret, run)),
            ..Step::default()
        };
        if had_secret {
            let comment =
                "A secret stood here; this is the password of every account of a transcript.";
            step.comments.push(comment.to_owned());
        }
        if frame.iter().any(|line| is_counted(line)) {
            step.comments.push("This cannot be sent again:".to_owned());
            step.comments.push(step.text.replace('\n', " "));
            step.text.clear();
        }
        self.steps.push(step);
    }

    fn told(&mut self, connection: &Endpoint, frame: &[String], run: &Run) {
        let has_bytes = self.has_bytes(connection);
        let Some(person) = self.people.get_mut(&connection.connection) else {
            return;
        };
        let (Some(name), Some(step)) = (&person.name, self.steps.last_mut()) else {
            return;
        };
        // The answer to the login is not shown, but its secrets have been counted.
        let own = format!("{name}:");
        let lines = hide::told_secrets(frame, name, &mut person.secrets);
        if step.text.starts_with(&own) {
            return;
        }
        let lines = hidden(&lines, has_bytes, run);
        step.told.push((name.clone(), lines));
    }

    fn ended(&mut self, connection: &Endpoint) {
        if let Some(name) = self.name(connection) {
            self.steps.push(Step {
                text: format!("{name} > (end)"),
                ..Step::default()
            });
        }
    }

    fn closed(&mut self, connection: &Endpoint) {
        if let (Some(name), Some(step)) = (self.name(connection), self.steps.last_mut()) {
            step.told.push((name, vec!["(closed)".to_owned()]));
        }
        self.people.remove(&connection.connection);
    }

    fn name(&self, connection: &Endpoint) -> Option<String> {
        self.people.get(&connection.connection)?.name.clone()
    }

    fn event(&mut self, event: &serde_json::Value) {
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
                text: format!("operator: {text}"),
                ..Step::default()
            });
        }
    }

    /// The file.
    pub(super) fn finish(self) -> String {
        let mut comments = vec![
            "Saved by `tolmach tap`. Logins are not shown; the header has them.".to_owned(),
            "Numbers of messages, rooms and users are those of the gateway it was seen on. Where they differ here, run \
             TOLMACH_RECORD=1 and read what changed."
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
        let mut header = fixture::accounts(&self.accounts, &self.came);
        let rooms = self.rooms.values();
        header.extend(rooms.map(|room| format!("operator: create room {room}")));
        fixture::written(&comments, &header, &self.steps)
    }
}

type Run = std::ops::RangeInclusive<i64>;

fn hidden(lines: &[String], has_bytes: bool, run: &Run) -> Vec<String> {
    let hide = if has_bytes {
        hide::times_in_bytes
    } else {
        hide::times
    };
    lines.iter().map(|line| hide(line, run)).collect()
}
