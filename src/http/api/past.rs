//! What happened in a room that a listener is out of by now, until it was.
//!
//! The store tells a user nothing of such a room. Its place there was signed: so it was a member then, and is told by the
//! gateway's own right what it would have heard, and nothing else: not what was said while it was out, nor a text or a name
//! that holds since.

use std::sync::Arc;

use axum::response::sse;

use super::events::{Listener, is_told_later};
use crate::commands::{Changes, ChangesPage, FindUser};
use crate::model::{
    Error, Message, Result, RoomChange, RoomEvent, RoomId, RoomSelector, Seq, Timestamp, UserId,
    UserSelector,
};

/// Changes that are read at once.
const PAGE: usize = 256;

/// How long somebody was in a room.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay {
    /// The change that ended it for the last time.
    pub(super) end: Seq,
    /// When the stay ended.
    at: Timestamp,
    /// It was in, at the place up to which it was told.
    is_in: bool,
    /// The room's name is what it was then.
    pub(super) name_is_known: bool,
    /// Up to here the store shows the user nothing any more: who came into a private room again.
    hidden: Seq,
}

/// What the store says of the stays in a room from a place on.
enum Found {
    Stay(Stay),
    /// It was out, and did not come again.
    None,
    /// It was in, and how that ended is not kept any more.
    NotKept,
}

fn joins(event: &RoomEvent, user: UserId) -> bool {
    matches!(&event.change, RoomChange::MemberJoined { user: who } if who.id == user)
}

impl Listener {
    /// Reads what was missed in a room in which the user is not.
    pub(super) async fn read_past(
        &mut self,
        room: RoomId,
        place: Seq,
    ) -> Result<Option<sse::Event>> {
        let found = match self.stays.get(&room) {
            Some(stay) => Ok(Found::Stay(*stay)),
            None => self.find_stay(room, place).await,
        };
        let mut stay = match found {
            Ok(Found::Stay(stay)) => stay,
            Ok(Found::None) => {
                self.end_stay(room);
                return Ok(None);
            }
            // It goes on where the user came in again; how the stay before that ended nobody knows.
            Ok(Found::NotKept) if self.hidden.contains_key(&room) => {
                self.end_stay(room);
                return Ok(None);
            }
            Ok(Found::NotKept) => {
                let user = UserSelector::Id(self.cursor.user);
                let user = self.hub.operate(FindUser { user }).await?;
                let user = Arc::new(user.to_ref());
                let left = RoomChange::MemberLeft { user };
                return self.tell_gone(room, &left).map(Some);
            }
            Err(Error::NoSuchRoom) => {
                return self.tell_gone(room, &RoomChange::RoomDeleted).map(Some);
            }
            Err(error) => return Err(error),
        };
        let page = match self.past(room, place, PAGE).await {
            Err(Error::NoSuchRoom) => {
                return self.tell_gone(room, &RoomChange::RoomDeleted).map(Some);
            }
            page => page?,
        };
        if page.upto == place {
            // What there was is not kept any more.
            self.end_stay(room);
            return Ok(None);
        }
        let user = self.cursor.user;
        let events = page.events.into_iter();
        let told: Vec<RoomEvent> = events
            .filter_map(|event| stay.passes(event, user))
            .collect();
        self.stays.insert(room, stay);
        if told.is_empty() {
            self.cursor.places.insert(room, page.upto);
        }
        self.ready.extend(told);
        Ok(None)
    }

    /// Until when the user was in a room.
    async fn find_stay(&self, room: RoomId, place: Seq) -> Result<Found> {
        let user = self.cursor.user;
        let (mut was_in, mut is_in, mut end) = (true, true, None);
        let mut name_is_known = true;
        // What was told last says whether it was in then.
        let mut after = Seq((place.0 - 1).max(0));
        loop {
            let page = self.past(room, after, PAGE).await?;
            for event in &page.events {
                let ends = event.change.ends(user);
                if event.seq <= place {
                    (was_in, is_in) = (!ends, !ends);
                } else if ends && is_in {
                    (is_in, end) = (false, Some((event.seq, event.at)));
                    name_is_known = true;
                } else if joins(event, user) {
                    is_in = true;
                } else if matches!(event.change, RoomChange::Renamed { .. }) {
                    name_is_known = false;
                }
            }
            if page.upto == after {
                break;
            }
            after = page.upto;
        }
        let (end, at) = match end {
            Some(end) => end,
            None if was_in => return Ok(Found::NotKept),
            None => return Ok(Found::None),
        };
        Ok(Found::Stay(Stay {
            end,
            at,
            is_in: was_in,
            name_is_known,
            hidden: self.hidden.get(&room).copied().unwrap_or(Seq(0)),
        }))
    }

    /// What happened in a room, also what the user sees nothing of.
    pub(super) async fn past(&self, room: RoomId, after: Seq, limit: usize) -> Result<ChangesPage> {
        let room = RoomSelector::Id(room);
        self.hub.operate(Changes { room, after, limit }).await
    }
}

impl Stay {
    /// What is told of a change, which comes next.
    fn passes(&mut self, event: RoomEvent, user: UserId) -> Option<RoomEvent> {
        let was_in = self.is_in;
        if event.change.ends(user) {
            self.is_in = false;
        } else if matches!(&event.change, RoomChange::MemberJoined { user: who } if who.id == user)
        {
            self.is_in = true;
        }
        if event.seq > self.end || !(was_in || self.is_in) || is_told_later(&event) {
            return None;
        }
        match &event.change {
            // A text that it got since, or that it is gone, is told to those who are in.
            RoomChange::Posted(message)
            | RoomChange::Edited(message)
            | RoomChange::Deleted(message)
                if self.is_later(message) =>
            {
                None
            }
            RoomChange::Posted(message) if message.seq <= self.hidden => Some(event),
            _ if event.unaware.contains(&user) => event.to_unaware(),
            _ => Some(event),
        }
    }

    fn is_later(&self, message: &Message) -> bool {
        // In the same millisecond it may be either.
        message.updated.is_some_and(|updated| updated >= self.at)
    }
}
