//! Which records concern a room or a session.
//!
//! That a frame caused an event is known by their order: a connection's requests are carried out one after another, so
//! an event comes of the oldest request of its session whose outcome is not known yet.

use std::collections::{HashMap, VecDeque};

use crate::hub::tap::{Record, TapEvent, TapUser};
use crate::model::{Event, RoomId, SessionId, UserId};

use super::Entry;

/// Requests of one connection that are remembered.
const REQUESTS: usize = 256;

/// What is to be told.
#[derive(Debug, Default)]
pub(super) struct Focus {
    room: Option<RoomId>,
    session: Option<SessionId>,
    lines: HashMap<u64, Line>,
}

/// What is known of a connection.
#[derive(Debug, Default)]
struct Line {
    user: Option<UserId>,
    session: Option<SessionId>,
    /// The session that is wanted is or was here.
    is_wanted: bool,
    requests: VecDeque<Request>,
}

#[derive(Debug)]
struct Request {
    number: u64,
    is_done: bool,
    concerns: bool,
    /// What is to be told of it, until that is told.
    entry: Option<Entry>,
}

impl Line {
    fn note(&mut self, who: Option<&TapUser>, wanted: Option<SessionId>) {
        self.user = who.map(|who| who.user.id);
        self.session = who.map(|who| who.session);
        self.is_wanted |= wanted.is_some() && self.session == wanted;
    }

    fn is_answer(&self, request: Option<u64>) -> bool {
        let mut requests = self.requests.iter();
        request.is_some_and(|number| requests.any(|one| one.number == number && one.concerns))
    }
}

impl Focus {
    pub(super) fn new(room: Option<RoomId>, session: Option<SessionId>) -> Self {
        Self {
            room,
            session,
            lines: HashMap::new(),
        }
    }

    /// Adds to `out` what is to be told now that this happened: it, and perhaps what came before it.
    pub(super) fn pass(&mut self, record: &Record, entry: Option<Entry>, out: &mut Vec<Entry>) {
        if self.room.is_none() && self.session.is_none() {
            out.extend(entry);
            return;
        }
        let Some(line) = &record.line else {
            if let TapEvent::Event(event) = &record.what {
                self.event(event, entry, out);
            }
            return;
        };
        let known = self.lines.entry(line.number).or_default();
        // Who has just logged out has an answer to come.
        if record.who.is_some() {
            known.note(record.who.as_ref(), self.session);
        }
        let is_wanted = self.session.is_none() || known.is_wanted;
        match (&record.what, self.room) {
            (TapEvent::Done { request }, _) => {
                let mut requests = known.requests.iter_mut();
                if let Some(done) = requests.find(|one| one.number == *request) {
                    done.is_done = true;
                }
            }
            (TapEvent::In { request, .. }, Some(_)) => {
                if let (Some(number), true) = (*request, is_wanted) {
                    if known.requests.len() == REQUESTS {
                        known.requests.pop_front();
                    }
                    known.requests.push_back(Request {
                        number,
                        is_done: false,
                        concerns: false,
                        entry,
                    });
                    while known.requests.len() > 1 && known.requests.front().is_some_and(is_old) {
                        known.requests.pop_front();
                    }
                }
            }
            (TapEvent::Out { request, room, .. }, Some(wanted)) => {
                let concerns = *room == Some(wanted) || known.is_answer(*request);
                out.extend(entry.filter(|_| is_wanted && concerns));
            }
            (
                TapEvent::Opened | TapEvent::Ended | TapEvent::Closed | TapEvent::Refused(_),
                Some(_),
            ) => {}
            (_, None) => out.extend(entry.filter(|_| is_wanted)),
            (TapEvent::Event(_), Some(_)) => {}
        }
        if matches!(record.what, TapEvent::Closed) {
            self.lines.remove(&line.number);
        }
    }

    fn event(&mut self, event: &Event, entry: Option<Entry>, out: &mut Vec<Entry>) {
        let (room, origin, user) = match event {
            Event::Room(event) => (event.room.id, event.origin, None),
            Event::Presence(event) => (event.room.id, None, Some(event.who.user.id)),
            Event::Ended(_) => return,
        };
        let is_cause = |line: &&mut Line| match (origin, user) {
            (Some(origin), _) => line.session == Some(origin.session),
            (None, user) => user.is_some() && line.user == user,
        };
        let mut is_wanted = self.session.is_none();
        let is_here = self.room.is_none_or(|wanted| wanted == room);
        for line in self.lines.values_mut().filter(is_cause) {
            is_wanted |= line.is_wanted;
            let mut requests = line.requests.iter_mut();
            let cause = requests.find(|request| !request.is_done);
            if let Some(cause) = cause.filter(|_| is_here) {
                cause.concerns = true;
                out.extend(cause.entry.take());
            }
        }
        // A session that has not said anything yet is known by its number alone.
        is_wanted |= origin.is_some() && origin.map(|origin| origin.session) == self.session;
        out.extend(entry.filter(|_| is_wanted && is_here));
    }
}

/// Its answer went out long ago, and it concerns nobody.
fn is_old(request: &Request) -> bool {
    request.is_done && !request.concerns
}
