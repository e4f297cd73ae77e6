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
    /// What has come of each room that is not whole yet, newest first.
    pages: BTreeMap<Id, Vec<Message<'static>>>,
    /// Whether a room was refused.
    pub(super) failed: bool,
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
        self.pages.clear();
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
            self.missed.pages.insert(room, Vec::new());
            let count = PAGE;
            let frame = Request::NewMessages { room, date, count };
            self.client.ask(frame, Asked::Missed(room), out);
        }
        self.end_of_missed();
    }

    /// A page of a room, newest first. What is older than a full one is asked for.
    pub(super) fn tell_missed(
        &mut self,
        room: Id,
        page: Vec<Message<'static>>,
        out: &mut BytesMut,
    ) {
        let since = self.missed.since();
        let is_full = page.len() >= PAGE as usize;
        let date = page.last().map(|oldest| oldest.date);
        let pages = self.missed.pages.entry(room).or_default();
        pages.extend(page.into_iter().filter(|message| message.date > since));
        if let Some(date) = date.filter(|date| is_full && *date > since) {
            let count = PAGE;
            let frame = Request::OldMessages { room, date, count };
            return self.client.ask(frame, Asked::Missed(room), out);
        }
        for message in self
            .missed
            .pages
            .remove(&room)
            .unwrap_or_default()
            .iter()
            .rev()
        {
            let is_known = |(id, _): &(Id, Id)| *id == message.message_id;
            if !self.authors.iter().any(is_known) {
                self.hear_message(message, out);
            }
        }
        self.end_of_missed();
    }

    pub(super) fn cannot_tell_missed(&mut self, room: Id, reason: &str) {
        self.missed.failed = true;
        self.missed.pages.remove(&room);
        let place = self.pending.place(room);
        let told = format!("{place}: it cannot be told what was said meanwhile: {reason}");
        self.pending.push(Arrival::Warning(told));
        self.end_of_missed();
    }

    /// After the last room one is in again.
    fn end_of_missed(&mut self) {
        if self.missed.pages.is_empty() && !self.is_in {
            self.is_in = true;
            self.pending.push(Arrival::Entered {
                room: self.room.name.clone(),
                answer: None,
            });
        }
    }
}
