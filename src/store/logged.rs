//! What a room's changes look like when they are read again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{
    Message, MessageId, RoomChange, RoomEvent, RoomRef, Seq, Timestamp, UserId, UserRef,
};

/// A change that no message tells, as it is kept. Of a message in it only the id counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Logged {
    at: Timestamp,
    /// As it was then: the one thing left to say of an actor who is gone.
    pub(super) actor: Arc<UserRef>,
    change: RoomChange,
}

impl Logged {
    /// What is kept of an event; `None` for [`RoomChange::Posted`], which the message itself tells.
    pub(super) fn new(event: &RoomEvent) -> Option<Self> {
        let change = match &event.change {
            RoomChange::Posted(_) => return None,
            RoomChange::Edited(message) => RoomChange::Edited(blank(message)),
            RoomChange::Deleted(message) => RoomChange::Deleted(blank(message)),
            other => other.clone(),
        };
        Some(Self {
            at: event.at,
            actor: event.actor.clone(),
            change,
        })
    }

    /// The message that was edited or deleted.
    pub(super) fn message(&self) -> Option<MessageId> {
        self.change.touched().map(|message| message.id)
    }

    /// Gives a user this name; whether it is in there under another one.
    pub(super) fn rename(&mut self, user: &Arc<UserRef>) -> bool {
        let mut renamed = false;
        let mut rename = |named: &mut Arc<UserRef>| {
            if named.id == user.id && named != user {
                named.clone_from(user);
                renamed = true;
            }
        };
        rename(&mut self.actor);
        match &mut self.change {
            RoomChange::Posted(message)
            | RoomChange::Edited(message)
            | RoomChange::Deleted(message) => rename(&mut Arc::make_mut(message).sender),
            RoomChange::MemberJoined { user }
            | RoomChange::MemberLeft { user }
            | RoomChange::MemberRemoved { user }
            | RoomChange::MemberBanned { user }
            | RoomChange::MemberUnbanned { user }
            | RoomChange::RoleChanged { user, .. } => rename(user),
            RoomChange::Created
            | RoomChange::HistoryCleared
            | RoomChange::Titled
            | RoomChange::Described { .. }
            | RoomChange::Renamed { .. }
            | RoomChange::AccessChanged
            | RoomChange::Quieted { .. }
            | RoomChange::Slowed { .. }
            | RoomChange::RoomDeleted => {}
        }
        renamed
    }

    /// The event, told now: with the room, the actor and the message as they are.
    pub(super) fn into_event(
        self,
        room: Arc<RoomRef>,
        seq: Seq,
        actor: Option<Arc<UserRef>>,
        message: Option<Arc<Message>>,
    ) -> RoomEvent {
        let change = match (self.change, message) {
            (RoomChange::Edited(_), Some(message)) if !message.deleted => {
                RoomChange::Edited(message)
            }
            (RoomChange::Edited(_) | RoomChange::Deleted(_), Some(message)) => {
                RoomChange::Deleted(message)
            }
            (RoomChange::Edited(message), None) => RoomChange::Deleted(message),
            (change, _) => change,
        };
        RoomEvent {
            room,
            seq,
            at: self.at,
            actor: actor.unwrap_or(self.actor),
            peer: None,
            origin: None,
            seen: false,
            unaware: Vec::new(),
            change,
        }
    }
}

/// The event of a message, told now. Its `peer`, like that of [`Logged::into_event`], is still to be looked up.
pub(super) fn posted(room: Arc<RoomRef>, message: Arc<Message>) -> RoomEvent {
    RoomEvent {
        room,
        seq: message.seq,
        at: message.created,
        actor: message.sender.clone(),
        peer: None,
        origin: None,
        seen: false,
        unaware: Vec::new(),
        change: RoomChange::Posted(message),
    }
}

/// Who the event's `peer` is: the other of the direct room's two.
pub(super) fn peer_of(event: &RoomEvent) -> Option<UserId> {
    match event.room.pair {
        Some((a, b)) if event.actor.id == a => Some(b),
        Some((a, b)) if event.actor.id == b => Some(a),
        _ => None,
    }
}

/// A message as those who catch up see it: up to the place that is hidden from all nothing is left of it.
pub(super) fn as_shown(message: Arc<Message>, hidden: Seq) -> Arc<Message> {
    if message.seq > hidden {
        message
    } else {
        blank(&message)
    }
}

/// The message as it is shown once it is deleted: without text, file and extra.
fn blank(message: &Message) -> Arc<Message> {
    Arc::new(Message {
        text: String::new(),
        extra: String::new(),
        file: None,
        deleted: true,
        ..message.clone()
    })
}
