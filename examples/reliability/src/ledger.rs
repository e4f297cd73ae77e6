//! What writers were told, held against what the room's history has.

use std::collections::{HashMap, HashSet};
use std::ops::AddAssign;

use serde_json::Value;

use crate::writers::SAID;

/// What one was told of something that one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It was told that it is done.
    Accepted,
    /// It is not done.
    Refused,
    /// Nothing: the connection ended.
    Nothing,
}

/// A message that a writer said, and what it did with it afterwards.
#[derive(Debug)]
pub struct Entry {
    /// What no other text begins with; a file's name.
    pub key: String,
    /// Its number, once it was told.
    pub id: Option<i64>,
    /// What became of the message.
    pub said: Told,
    /// What was done with it.
    pub then: Then,
}

/// What a writer did with its message.
#[derive(Debug)]
pub enum Then {
    /// Nothing was done with it.
    Stays,
    /// It was to have the text `KEY edited`.
    Edited(Told),
    /// It was to be gone.
    Deleted(Told),
    /// It is a file; whether the bytes that came back are those that were sent.
    File {
        /// Whether the bytes that came back are those that were sent.
        is_whole: bool,
    },
}

/// What one writer was told, in its order, and what it heard of others in each of its connections.
#[derive(Debug, Default)]
pub struct Ledger {
    /// What the writer said, in its order.
    pub said: Vec<Entry>,
    /// The texts that others said, a list a connection.
    pub heard: Vec<Vec<String>>,
    /// It was there, in its last connection, until all was told.
    pub stayed: bool,
    /// Why the server refused, or did not let in.
    pub reasons: HashMap<String, usize>,
}

/// Sums over writers and rounds.
#[derive(Debug, Clone, Default)]
pub struct Sums(pub Vec<(&'static str, u64)>);

impl Sums {
    /// Adds a number to the sum of this name.
    pub fn count(&mut self, what: &'static str, number: u64) {
        match self.0.iter_mut().find(|(name, _)| *name == what) {
            Some((_, sum)) => *sum += number,
            None => self.0.push((what, number)),
        }
    }

    /// A sum; 0 where nothing was counted.
    #[must_use]
    pub fn of(&self, what: &str) -> u64 {
        let found = self.0.iter().find(|(name, _)| *name == what);
        found.map_or(0, |(_, sum)| *sum)
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        for (name, number) in other.0 {
            self.count(name, number);
        }
    }
}

/// What must be 0.
pub const FAULTS: [&str; 10] = [
    "accepted, not found",
    "found twice",
    "out of order",
    "refused, yet found",
    "edits lost",
    "deletions lost",
    "files not whole",
    "heard, not found",
    "heard twice or out of order",
    "missed by who was there",
];

/// What a room's history has, as `tolmach history --json` prints it, oldest first.
pub struct Found<'a> {
    rows: &'a [Value],
    /// The places of each key.
    places: HashMap<&'a str, Vec<usize>>,
    ids: HashMap<i64, usize>,
}

impl<'a> Found<'a> {
    /// By the first word of each text, and by number.
    #[must_use]
    pub fn new(rows: &'a [Value]) -> Self {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut ids = HashMap::new();
        for (place, row) in rows.iter().enumerate() {
            let name = row["file"]["name"].as_str();
            let text = name.or(row["text"].as_str()).unwrap_or_default();
            if let Some(key) = text.split(' ').next().filter(|key| !key.is_empty()) {
                places.entry(key).or_default().push(place);
            }
            ids.extend(row["id"].as_i64().map(|id| (id, place)));
        }
        Self { rows, places, ids }
    }

    fn places(&self, entry: &Entry) -> Vec<usize> {
        let by_key = self.places.get(entry.key.as_str());
        let by_id = || entry.id.and_then(|id| self.ids.get(&id));
        let deleted = by_id().filter(|place| self.rows[**place]["deleted"] == true);
        match (by_key, deleted) {
            (Some(places), _) => places.clone(),
            (None, Some(place)) => vec![*place],
            (None, None) => Vec::new(),
        }
    }

    /// Holds what all writers of a room were told and heard against it.
    #[must_use]
    pub fn judge(&self, ledgers: &[Ledger]) -> Sums {
        let mut sums = Sums::default();
        let mut at = HashMap::new();
        for ledger in ledgers {
            let mut last = None;
            for entry in &ledger.said {
                let places = self.places(entry);
                at.extend(places.first().map(|place| (entry.key.as_str(), *place)));
                self.judge_entry(entry, &places, &mut sums);
                let place = places
                    .first()
                    .copied()
                    .filter(|_| entry.said == Told::Accepted);
                sums.count("out of order", u64::from(place.is_some() && place < last));
                last = place.max(last);
            }
        }
        for ledger in ledgers {
            sums.count("missed by who was there", self.missed(ledger, &at));
        }
        for heard in ledgers.iter().flat_map(|ledger| &ledger.heard) {
            let mut last = None;
            for text in heard {
                let place = at.get(text.split(' ').next().unwrap_or_default()).copied();
                sums.count("heard", 1);
                sums.count("heard, not found", u64::from(place.is_none()));
                let is_later = place.is_none() || place > last;
                sums.count("heard twice or out of order", u64::from(!is_later));
                last = place.max(last);
            }
        }
        sums
    }

    /// How many messages that were never changed one did not hear, of those between the first and the last that it heard in a connection;
    /// where it stayed, of all behind the first, and at least the very last one.
    fn missed(&self, ledger: &Ledger, at: &HashMap<&str, usize>) -> u64 {
        let key = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
        let own: HashSet<&str> = ledger.said.iter().map(|entry| entry.key.as_str()).collect();
        let mut missed = 0;
        for (number, heard) in ledger.heard.iter().enumerate() {
            let keys: HashSet<String> = heard.iter().map(|text| key(text)).collect();
            let places = keys.iter().filter_map(|key| at.get(key.as_str()).copied());
            let places: Vec<usize> = places.collect();
            let end = self.rows.len().saturating_sub(1);
            let is_last = ledger.stayed && number + 1 == ledger.heard.len();
            let (first, last) = match (places.iter().min(), places.iter().max()) {
                (first, _) if is_last => (first.copied().unwrap_or(end), end),
                (Some(first), Some(last)) => (*first, *last),
                _ => continue,
            };
            let between = self.rows.get(first..=last).unwrap_or_default();
            missed += between
                .iter()
                .filter_map(|row| row["text"].as_str().filter(|text| text.ends_with(SAID)))
                .map(key)
                .filter(|key| !own.contains(key.as_str()) && !keys.contains(key))
                .count() as u64;
        }
        missed
    }

    fn judge_entry(&self, entry: &Entry, places: &[usize], sums: &mut Sums) {
        let is_there = u64::from(!places.is_empty());
        match entry.said {
            Told::Accepted => {
                sums.count("accepted", 1);
                sums.count("found", is_there);
                sums.count("accepted, not found", 1 - is_there);
            }
            Told::Refused => {
                sums.count("refused", 1);
                sums.count("refused, yet found", is_there);
            }
            Told::Nothing => {
                sums.count("neither", 1);
                sums.count("…of these found", is_there);
            }
        }
        sums.count("found twice", u64::from(places.len() > 1));
        let row = places
            .first()
            .map_or(&Value::Null, |place| &self.rows[*place]);
        let is_edited = row["text"] == format!("{} edited", entry.key);
        let is_deleted = row["deleted"] == true;
        match entry.then {
            Then::Stays => {}
            Then::Edited(Told::Accepted) => {
                sums.count("edits accepted", 1);
                sums.count("edits lost", u64::from(!is_edited));
            }
            Then::Deleted(Told::Accepted) => {
                sums.count("deletions accepted", 1);
                sums.count("deletions lost", u64::from(!is_deleted));
            }
            Then::Edited(Told::Refused) => {
                sums.count("refused, yet found", u64::from(is_edited));
            }
            Then::Deleted(Told::Refused) => {
                sums.count("refused, yet found", u64::from(is_deleted));
            }
            Then::Edited(Told::Nothing) | Then::Deleted(Told::Nothing) => {}
            Then::File { is_whole } => {
                let is_accepted = entry.said == Told::Accepted;
                sums.count("files accepted", u64::from(is_accepted));
                let is_broken = !is_whole && (is_accepted || is_there == 1);
                sums.count("files not whole", u64::from(is_broken));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(key: &str, id: i64, said: Told, then: Then) -> Entry {
        let (key, id) = (key.to_owned(), Some(id));
        Entry {
            key,
            id,
            said,
            then,
        }
    }

    fn heard(texts: &[&str]) -> Ledger {
        let heard = texts.iter().map(|text| (*text).to_owned()).collect();
        Ledger {
            heard: vec![heard],
            ..Ledger::default()
        }
    }

    #[test]
    fn what_is_kept_is_no_fault() {
        let rows = [
            json!({"id": 1, "text": "a.0 said", "deleted": false}),
            json!({"id": 2, "text": "a.1 edited", "deleted": false}),
            json!({"id": 3, "text": "", "deleted": true}),
            json!({"id": 4, "text": "x", "deleted": false, "file": {"name": "a.3"}}),
        ];
        let writer = Ledger {
            said: vec![
                entry("a.0", 1, Told::Accepted, Then::Stays),
                entry("a.1", 2, Told::Accepted, Then::Edited(Told::Accepted)),
                entry("a.2", 3, Told::Accepted, Then::Deleted(Told::Accepted)),
                entry("a.3", 4, Told::Accepted, Then::File { is_whole: true }),
                entry("a.4", 5, Told::Nothing, Then::Stays),
                entry("a.5", 6, Told::Refused, Then::Stays),
            ],
            ..Ledger::default()
        };
        let reader = heard(&["a.0 said", "a.2 said"]);
        let sums = Found::new(&rows).judge(&[writer, reader]);
        let faults: Vec<_> = FAULTS.iter().filter(|fault| sums.of(fault) > 0).collect();
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!((sums.of("accepted"), sums.of("found")), (4, 4));
    }

    #[test]
    fn each_fault_is_counted() {
        let rows = [
            json!({"id": 1, "text": "a.1 said", "deleted": false}),
            json!({"id": 2, "text": "a.0 said", "deleted": false}),
            json!({"id": 3, "text": "a.0 said", "deleted": false}),
            json!({"id": 4, "text": "x", "deleted": false, "file": {"name": "a.4"}}),
            json!({"id": 5, "text": "a.2 said", "deleted": false}),
        ];
        let writer = Ledger {
            said: vec![
                entry("a.0", 2, Told::Accepted, Then::Edited(Told::Accepted)),
                entry("a.1", 1, Told::Accepted, Then::Deleted(Told::Accepted)),
                entry("a.2", 5, Told::Refused, Then::Stays),
                entry("a.3", 9, Told::Accepted, Then::Stays),
                entry("a.4", 4, Told::Accepted, Then::File { is_whole: false }),
            ],
            ..Ledger::default()
        };
        let reader = heard(&["a.1 said", "a.0 said", "a.0 said", "b.0 said"]);
        let late = Ledger {
            stayed: true,
            ..heard(&["a.0 said"])
        };
        let sums = Found::new(&rows).judge(&[writer, reader, late]);
        assert_eq!(FAULTS.map(|fault| sums.of(fault)), [1; 10]);
    }
}
