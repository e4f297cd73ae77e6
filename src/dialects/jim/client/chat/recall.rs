//! What was heard lately in each room, to tell from the gateway's history what was missed.

use crate::dialects::client::{Place, Said};
use std::collections::{BTreeMap, VecDeque};
use std::time::UNIX_EPOCH;

/// So many messages of a room are remembered.
const MAX_HEARD: usize = 500;

/// Messages may be heard not in the order of their seconds; none is so late. What one said oneself bears the second of its
/// answer, which is at most so much later than the one that is kept.
const LATE: i64 = 5;

/// What stands before the text of a message that was edited.
const EDITED: &str = "✎ ";

/// What was heard, by room.
#[derive(Default)]
pub(super) struct Recall(BTreeMap<String, Room>);

#[derive(Default)]
struct Room {
    /// When it was entered first. What was said before was not missed.
    entered: i64,
    heard: VecDeque<Heard>,
}

#[derive(Clone)]
struct Heard {
    time: i64,
    from: String,
    /// An emote's with "/me ".
    text: String,
}

impl Recall {
    /// The room is entered at this time by the server's clock.
    pub(super) fn entered(&mut self, room: &str, time: i64) {
        let new = || Room {
            entered: time,
            heard: VecDeque::new(),
        };
        self.0.entry(room.to_lowercase()).or_insert_with(new);
    }

    pub(super) fn heard(&mut self, room: &str, time: i64, from: &str, text: &str) {
        let room = self.0.entry(room.to_lowercase()).or_default();
        room.heard.push_back(Heard {
            time,
            from: from.to_owned(),
            text: text.strip_prefix(EDITED).unwrap_or(text).to_owned(),
        });
        if room.heard.len() > MAX_HEARD {
            room.heard.pop_front();
        }
    }

    /// What was missed of a history, oldest first, and whether that is all: a history of `most` may leave something out.
    /// It counts as heard from now on.
    pub(super) fn missed(
        &mut self,
        name: &str,
        lines: &[String],
        most: usize,
    ) -> (Vec<Said>, bool) {
        let messages = read(lines);
        let room = self.0.entry(name.to_lowercase()).or_default();
        let newest = room.heard.iter().map(|heard| heard.time).max();
        let since = newest.map_or(room.entered, |newest| room.entered.max(newest - LATE));
        let is_all =
            messages.len() < most || messages.first().is_some_and(|first| first.time < since);
        let mut known = room.heard.clone();
        let mut is_new = |message: &Heard| {
            let is_it = |heard: &Heard| {
                (0..=LATE).contains(&(heard.time - message.time))
                    && heard.from == message.from
                    && message.text.starts_with(&heard.text)
            };
            let index = known.iter().position(is_it);
            message.time >= since && index.and_then(|index| known.remove(index)).is_none()
        };
        let missed: Vec<_> = messages
            .into_iter()
            .filter(|message| is_new(message))
            .collect();
        for message in &missed {
            self.heard(name, message.time, &message.from, &message.text);
        }
        let said = |message: Heard| {
            let emote = message.text.strip_prefix("/me ").map(str::to_owned);
            Said {
                place: Place::Room(name.to_owned()),
                from: message.from,
                emote: emote.is_some(),
                text: emote.unwrap_or(message.text),
                own: false,
                time: message.time,
            }
        };
        (missed.into_iter().map(said).collect(), is_all)
    }
}

/// The messages of a history as the gateway tells it. A line that begins with no time goes on with the one before.
fn read(lines: &[String]) -> Vec<Heard> {
    let mut messages: Vec<Heard> = Vec::new();
    for line in lines {
        match (message(line), messages.last_mut()) {
            (Some(message), _) => messages.push(message),
            (None, Some(last)) => {
                last.text.push(' ');
                last.text.push_str(line);
            }
            (None, None) => {}
        }
    }
    messages.retain(|message| message.text != "(deleted)");
    messages
}

/// `2026-08-01 11:12:40 <anna> text`, or `… * anna waves`.
fn message(line: &str) -> Option<Heard> {
    let (time, rest) = (line.get(..19)?, line.get(19..)?.strip_prefix(' ')?);
    let time = humantime::parse_rfc3339_weak(time).ok()?;
    let time = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let (from, text) = match rest.strip_prefix("* ") {
        Some(rest) => {
            let (from, text) = rest.split_once(' ')?;
            (from, format!("/me {text}"))
        }
        None => {
            let (from, text) = rest.strip_prefix('<')?.split_once("> ")?;
            (from, text.to_owned())
        }
    };
    Some(Heard {
        time: time.try_into().ok()?,
        from: from.to_owned(),
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::Recall;

    #[test]
    fn what_was_heard_or_said_before_one_came_was_not_missed() {
        let mut recall = Recall::default();
        recall.entered("Tea", 100);
        recall.heard("tea", 101, "bob", "hi");
        recall.heard("tea", 102, "bob", "✎ ho");
        let history = [
            "1970-01-01 00:01:39 <bob> before",
            "1970-01-01 00:01:41 <bob> hi",
            "1970-01-01 00:01:41 <bob> hi",
            "1970-01-01 00:01:42 <bob> ho",
            "1970-01-01 00:01:42 <eve> a long",
            "text\nof two lines",
            "1970-01-01 00:01:43 <eve> (deleted)",
            "1970-01-01 00:01:44 * eve waves",
        ];
        let history = history.map(str::to_owned);
        let (missed, is_all) = recall.missed("tea", &history, 100);
        let texts: Vec<_> = missed
            .iter()
            .map(|said| (&*said.text, said.emote))
            .collect();
        let expected = [
            ("hi", false),
            ("a long text\nof two lines", false),
            ("waves", true),
        ];
        assert_eq!(texts, expected);
        assert!(is_all);
        assert!(recall.missed("tea", &history, 100).0.is_empty());
        assert!(recall.missed("tea", &history[1..], 7).1);
        assert!(!recall.missed("tea", &history[6..], 1).1);
    }

    #[test]
    fn what_one_said_oneself_may_have_been_answered_a_second_later() {
        let mut recall = Recall::default();
        recall.entered("tea", 100);
        recall.heard("tea", 104, "alice", "mine");
        let history = [
            "1970-01-01 00:01:43 <alice> mine",
            "1970-01-01 00:01:44 <alice> mine",
        ];
        let (missed, _) = recall.missed("tea", &history.map(str::to_owned), 100);
        let times: Vec<_> = missed.iter().map(|said| said.time).collect();
        assert_eq!(times, [104]);
    }
}
