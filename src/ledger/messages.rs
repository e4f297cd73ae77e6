//! Saying, editing, deleting, hiding, clearing, having seen.

use std::sync::Arc;

use super::apply::{Done, Work};
use super::rules::Action;
use super::{Actor, Outcome, RoomRow};
use crate::model::{
    Error, FileInfo, Membership, Message, MessageId, MessageKind, Quote, RoomChange, RoomEvent,
    RoomId, SeenMarks, Timestamp,
};

impl Work<'_> {
    pub(super) fn post(
        &mut self,
        room: &RoomRow,
        kind: MessageKind,
        text: String,
        reply_to: Option<MessageId>,
        file: Option<FileInfo>,
        extra: String,
    ) -> Done {
        self.permitted(Action::Post, room, true)?;
        let mut quote = None;
        if let Some(answered) = reply_to {
            let shown =
                |message: &Message| message.room == room.room.id && message.seq > room.room.cleared;
            let answered = self.rows.message(answered)?.filter(shown);
            quote = Some(Quote::of(&answered.ok_or(Error::NoSuchMessage)?));
        }
        let sender = self.actor_ref()?;
        let (seq, created) = self.rows.advance(room.room.id, Some(self.at))?;
        let mut message = Message {
            id: self.rows.next_message_id()?,
            room: room.room.id,
            seq,
            sender: sender.clone(),
            kind,
            text,
            reply_to,
            quote: None,
            created,
            updated: None,
            deleted: false,
            file,
            extra,
        };
        self.rows.add_message(&message)?;
        message.quote = quote;
        let message = Arc::new(message);
        let peer = self.peer_in(room)?;
        self.events.push(RoomEvent {
            room: room.reference.clone(),
            seq,
            at: created,
            actor: sender,
            peer,
            origin: self.origin,
            seen: false,
            change: RoomChange::Posted(message.clone()),
        });
        Ok(Outcome::Message(message))
    }

    pub(super) fn edit(&mut self, id: MessageId, text: String) -> Done {
        let (mut message, room) = self.existing_message(id)?;
        let author = self.actor == Actor::User(message.sender.id);
        self.permitted(Action::Edit, &room, author)?;
        message.text = text;
        let outcome = self.updated(message, &room, RoomChange::Edited)?;
        let marks = SeenMarks::of(&self.rows.members(room.room.id)?);
        if let Some(event) = self.events.last_mut() {
            event.tell_seen(&marks);
        }
        Ok(outcome)
    }

    pub(super) fn delete(&mut self, id: MessageId) -> Done {
        let (mut message, room) = self.existing_message(id)?;
        let author = self.actor == Actor::User(message.sender.id);
        self.permitted(Action::DeleteMessage, &room, author)?;
        message.text.clear();
        message.extra.clear();
        message.file = None;
        message.deleted = true;
        self.updated(message, &room, RoomChange::Deleted)
    }

    fn updated(
        &mut self,
        mut message: Message,
        room: &RoomRow,
        change: fn(Arc<Message>) -> RoomChange,
    ) -> Done {
        message.updated = Some(self.at.max(message.updated.unwrap_or(message.created)));
        self.rows.update_message(&message)?;
        let message = Arc::new(message);
        self.tell(room, change(message.clone()))?;
        Ok(Outcome::Message(message))
    }

    pub(super) fn hide(&mut self, id: MessageId) -> Done {
        let user = self.acting_user()?.user.id;
        let (message, room) = self.existing_message(id)?;
        self.permitted(Action::Read, &room, false)?;
        self.rows.hide_message(user, message.id)?;
        Ok(Outcome::Done)
    }

    pub(super) fn clear_history(&mut self, room: RoomId) -> Done {
        let row = self.existing_room(room)?;
        self.permitted(Action::ClearHistory, &row, false)?;
        self.tell(&row, RoomChange::HistoryCleared)?;
        let mark = self
            .events
            .last()
            .map(|event| event.seq)
            .ok_or(Error::Internal)?;
        let mut cleared = row.room.clone();
        cleared.cleared = mark;
        self.rows
            .put_room(RoomRow::new(cleared, row.password.clone()))?;
        Ok(Outcome::Done)
    }

    pub(super) fn mark_seen(&mut self, room: RoomId, at: Timestamp) -> Done {
        let row = self.existing_room(room)?;
        self.permitted(Action::Read, &row, false)?;
        let membership = self.own_membership(room)?.ok_or(Error::Unauthenticated)?;
        if at > membership.seen {
            self.rows.put_member(Membership {
                seen: at,
                ..membership
            })?;
        }
        Ok(Outcome::Done)
    }
}
