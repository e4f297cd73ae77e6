//! What was missed while there was no connection.

use super::Uchat;
use super::asked::Asked;
use crate::dialects::client::Arrival;
use bytes::BytesMut;
use std::collections::BTreeMap;
use tolmach_uchat::{Id, Message, Request, Room};

/// Messages of a page: what a server gives at most.
const PAGE: u32 = 500;

/// Messages may be heard not in the order of their times; none is so late. Milliseconds.
const LATE: i64 = 5000;

/// How far what was missed is told.
#[derive(Default)]
pub(super) struct Missed {
    /// Whether a connection was lost before.
    pub(super) is_again: bool,
    /// When the first thing that could be missed was said, or heard, and the last; milliseconds since 1970.
    first: Option<i64>,
    last: i64,
    /// What has come of each room that is not whole yet.
    parts: BTreeMap<Id, Part>,
    /// Whether a room was refused.
    pub(super) failed: bool,
}

/// What has come of a room so far.
#[derive(Default)]
struct Part {
    /// The messages that have come, the newest first.
    messages: Vec<Message<'static>>,
    /// All that is later has come; what is earlier is asked for now.
    has_later: bool,
}

impl Part {
    /// Takes a page in, of which only what was said after `since` counts, and says what is asked for next.
    fn take(&mut self, page: Vec<Message<'static>>, since: i64, room: Id) -> Option<Request> {
        let (count, known) = (PAGE, self.messages.len());
        let newest = self.messages.first().map_or(since, |newest| newest.date);
        let oldest = self.messages.last().map_or(i64::MAX, |oldest| oldest.date);
        let page = page.into_iter();
        if self.has_later {
            let earlier = page.filter(|message| message.date > since && message.date < oldest);
            self.messages.extend(earlier);
        } else {
            let later = page.filter(|message| message.date > newest);
            self.messages.splice(..0, later);
        }
        // A page may end before its count, by the length of its texts: on the side from which it was asked for.
        let is_over = self.messages.len() == known;
        if is_over && !self.has_later && known >= count as usize {
            self.has_later = true;
        } else if is_over {
            return None;
        }
        match self.has_later {
            true => self
                .messages
                .last()
                .map(|oldest| oldest.date)
                .map(|date| Request::OldMessages { room, date, count }),
            false => self
                .messages
                .first()
                .map(|newest| newest.date)
                .map(|date| Request::NewMessages { room, date, count }),
        }
    }
}

impl Missed {
    /// From now on, in seconds since 1970, something can be missed.
    pub(super) fn entered(&mut self, now: i64) {
        self.first.get_or_insert(now.saturating_mul(1000));
    }

    pub(super) fn heard(&mut self, date: i64) {
        self.first = self.first.map(|first| first.min(date));
        self.last = self.last.max(date);
    }

    fn since(&self) -> i64 {
        let first = self.first.unwrap_or_default();
        first.max(self.last - LATE)
    }

    /// The connection is gone, and with it the answers.
    pub(super) fn begin_anew(&mut self) {
        (self.is_again, self.failed) = (true, false);
        self.parts.clear();
    }
}

impl Uchat {
    /// One's rooms are known again: asks what is new in each.
    pub(super) fn ask_for_missed(&mut self, rooms: &[Room<'_>], out: &mut BytesMut) {
        let (users, _) = self.pending.asked_for();
        for user in users {
            self.client
                .ask(Request::MemberInfo { user }, Asked::Name(user), out);
        }
        let date = self.missed.since();
        for room in rooms.iter().map(|room| room.id) {
            self.missed.parts.insert(room, Part::default());
            let count = PAGE;
            let frame = Request::NewMessages { room, date, count };
            self.client.ask(frame, Asked::Missed(room), out);
        }
        self.end_of_missed();
    }

    /// A page of a room, newest first. What is later than it is asked for, then what is earlier where it could be more.
    pub(super) fn tell_missed(
        &mut self,
        room: Id,
        page: Vec<Message<'static>>,
        out: &mut BytesMut,
    ) {
        let since = self.missed.since();
        let part = self.missed.parts.entry(room).or_default();
        if let Some(next) = part.take(page, since, room) {
            return self.client.ask(next, Asked::Missed(room), out);
        }
        let part = self.missed.parts.remove(&room).unwrap_or_default();
        for message in part.messages.iter().rev() {
            let is_known = |(id, _): &(Id, Id)| *id == message.message_id;
            if !self.authors.iter().any(is_known) {
                self.hear_message(message, out);
            }
        }
        self.end_of_missed();
    }

    pub(super) fn cannot_tell_missed(&mut self, room: Id, reason: &str) {
        self.missed.failed = true;
        self.missed.parts.remove(&room);
        let place = self.pending.place(room);
        let told = format!("{place}: it cannot be told what was said meanwhile: {reason}");
        self.pending.push(Arrival::Warning(told));
        self.end_of_missed();
    }

    /// After the last room one is in again.
    fn end_of_missed(&mut self) {
        if self.missed.parts.is_empty() && !self.is_in {
            self.is_in = true;
            self.pending.push(Arrival::Entered {
                room: self.room.name.clone(),
                answer: None,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tolmach_uchat::{MessageStatus, MessageType};

    /// What was said at these times, the newest first.
    fn page(dates: std::ops::Range<i64>) -> Vec<Message<'static>> {
        let said = |date| Message {
            message_id: 1,
            room_id: 7,
            user_id: 2,
            date,
            message: "tea".into(),
            msg_type: MessageType::Text,
            status: MessageStatus::New,
            file_size: 0,
            file_name: "".into(),
            power: 3,
        };
        dates.rev().map(said).collect()
    }

    #[test]
    fn pages_are_asked_for_until_there_is_no_more() {
        let (room, count) = (7, PAGE);
        let later = |date| Some(Request::NewMessages { room, date, count });
        let earlier = |date| Some(Request::OldMessages { room, date, count });
        let mut part = Part::default();
        assert_eq!(part.take(page(0..0), 100, room), None);
        // Pages that end before their count.
        assert_eq!(part.take(page(601..700), 100, room), later(699));
        assert_eq!(part.take(page(700..1101), 100, room), later(1100));
        // What a server gives again is no reason to go on.
        assert_eq!(part.take(page(1100..1101), 100, room), earlier(601));
        assert_eq!(part.take(page(300..601), 100, room), earlier(300));
        assert_eq!(part.take(page(50..300), 100, room), earlier(101));
        assert_eq!(part.take(page(0..101), 100, room), None);
        let dates = part.messages.iter().map(|message| message.date);
        assert!(dates.eq((101..1101).rev()));
    }
}
