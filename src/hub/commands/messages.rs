//! What is said: sending, editing, deleting, hiding, clearing, having seen.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::command::{about, committed_as_asked, looks_at};
use super::rules::{Action, Standing, pause};
use super::work::Done;
use super::{Actor, Caller, Change, Command, Needs, Text, Work};
use crate::model::{
    Error, FileInfo, Membership, Message, MessageId, MessageKind, Quote, Result, Room, RoomChange,
    RoomEvent, RoomSelector, SeenMarks, Target, Timestamp, UserKind, UserSelector, clean_text,
    kept_text,
};
use crate::store::{RoomRow, RowKey, RowKeys};

/// What becomes of a private message to an account that has no open session. A guest without one never comes back: it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Offline {
    /// [`Error::RecipientOffline`], and nothing is stored.
    Refuse,
    /// It is stored: the sender's dialect has a history to show it in.
    Store,
}

/// Says something in a room or to a user.
///
/// Who may: the row of [`rules::Action::Post`](super::rules::Action::Post) in [`rules::TABLE`](super::rules::TABLE).
///
/// # Errors
/// - [`Error::Invalid`]: there is nothing to see in it.
/// - [`Error::NoSuchRoom`], [`Error::NoSuchUser`], [`Error::NoSuchMessage`]: where it goes, or what it answers, is not there for the user.
/// - [`Error::NotAllowed`]: the user is no member, or a member of a quiet room.
/// - [`Error::Banned`]: from this room.
/// - [`Error::RecipientOffline`]: the other has no session, and it is [`Offline::Refuse`] or the other a guest.
/// - [`Error::RateLimited`]: the room is slow, and the pause is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    /// The room or the user that it is said to.
    pub to: Target,
    /// Text, emote, sticker or file; a text that begins with `/me ` becomes an emote.
    pub kind: MessageKind,
    /// As written; the hub makes it clean, and takes `/me` from the beginning of an emote.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// What was uploaded, for a message of [`MessageKind::File`].
    pub file: Option<FileInfo>,
    /// Fields of the sender's dialect that the model has no place for.
    pub extra: String,
    /// For a private message to somebody who is offline.
    pub offline: Offline,
}

impl Send {
    /// A text, or an emote where it begins with `/me `.
    #[must_use]
    pub fn text(to: impl Into<Target>, text: impl Into<String>) -> Self {
        let text = text.into();
        let (kind, text) = MessageKind::of_written(&text);
        Self {
            to: to.into(),
            kind,
            text: text.to_owned(),
            reply_to: None,
            file: None,
            extra: String::new(),
            offline: Offline::Refuse,
        }
    }

    /// What of it is to last: the text is clean, and who must be there to read it is.
    pub(in crate::hub) async fn prepare(
        mut self: Box<Self>,
        caller: &Caller<'_>,
    ) -> Result<Box<Self>> {
        let recipient = Box::pin(caller.recipient(&self.to)).await?;
        if let Some(row) = recipient {
            let is_for_later = self.offline == Offline::Store && row.user.kind == UserKind::Account;
            if !is_for_later && !caller.may_reach(row.user.id) {
                return Err(Error::RecipientOffline);
            }
            if let Target::User(user) = &mut self.to {
                *user = UserSelector::Id(row.user.id);
            }
        }
        (self.kind, self.text) = given(self.kind, self.text);
        kept_text(self.kind, &self.text)?;
        Ok(self)
    }
}

/// A text that was given as one of this kind, as it is kept.
fn given(kind: MessageKind, text: String) -> (MessageKind, String) {
    let text = match clean_text(&text) {
        Cow::Owned(clean) => clean,
        Cow::Borrowed(_) => text,
    };
    let (kind, kept) = kind.of_given(&text);
    match kept.len() == text.len() {
        true => (kind, text),
        false => (kind, kept.to_owned()),
    }
}

impl Command for Send {
    type Reply = Arc<Message>;
    const NEEDS: Needs = Needs::User;
    fn texts(&mut self) -> Vec<Text<'_>> {
        let name = self.file.as_mut().map(|file| &mut file.name);
        let texts = [
            Text::of("text", &mut self.text),
            Text::of("file", name),
            Some(Text::notation("extra", &mut self.extra)),
        ];
        texts.into_iter().flatten().collect()
    }

    fn room(&self) -> Option<&RoomSelector> {
        match &self.to {
            Target::Room(room) => Some(room),
            Target::User(_) => None,
        }
    }

    async fn call(self, caller: &mut Caller<'_>) -> Result<Arc<Message>> {
        let prepared = Box::new(self).prepare(caller).await?;
        caller.commit(*prepared).await
    }
}

impl Change for Send {
    type Outcome = Arc<Message>;
    const STAYS_IN_ROOMS: bool = true;

    fn rows(&self, keys: &mut RowKeys) {
        match &self.to {
            Target::Room(room) => keys.room(room),
            Target::User(user) => keys.direct(user),
        }
        if let Some(answered) = self.reply_to {
            keys.add(RowKey::Message(answered));
        }
    }

    fn apply(self, work: &mut Work<'_>) -> Done<Arc<Message>> {
        let room = match &self.to {
            Target::Room(room) => work.room(room)?,
            // A reply has a room already; one that would be made for it is not touched.
            Target::User(user) if self.reply_to.is_some() => work.existing_direct_room(user)?,
            Target::User(user) => work.direct_room(user)?,
        };
        let standing = work.permitted(Action::Post, &room, true)?;
        work.check_readable(&room)?;
        work.check_pause(&room.room, standing)?;
        let answered = match self.reply_to {
            Some(answered) => Some(answerable(work, &room, answered)?),
            None => None,
        };
        let sender = work.actor_ref()?;
        let (seq, created) = work.rows.advance(room.room.id, Some(work.at))?;
        let mut message = Message {
            id: work.rows.next_message_id()?,
            room: room.room.id,
            seq,
            sender: sender.clone(),
            kind: self.kind,
            text: self.text,
            reply_to: self.reply_to,
            quote: None,
            created,
            updated: None,
            deleted: false,
            file: self.file,
            extra: self.extra,
        };
        work.rows.add_message(&message)?;
        message.quote = answered.as_ref().map(Quote::of);
        let message = Arc::new(message);
        let peer = work.peer_in(&room)?;
        work.events.push(RoomEvent {
            room: room.reference.clone(),
            seq,
            at: created,
            actor: sender,
            peer,
            origin: work.origin,
            seen: false,
            unaware: Vec::new(),
            change: RoomChange::Posted(message.clone()),
        });
        if let Some(answered) = answered {
            work.tell_unaware(&room, &answered)?;
        }
        Ok(message)
    }
}

impl Work<'_> {
    /// Refuses what is said too soon after the actor's last message in a slow room. One that lies a whole pause ahead was said
    /// while the clock ran ahead: nobody waits for its time to come.
    fn check_pause(&mut self, room: &Room, standing: Standing) -> Done {
        let pause = pause(room, standing);
        let Actor::User(user) = self.actor else {
            return Ok(());
        };
        if pause.is_zero() {
            return Ok(());
        }
        let millis = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        let began = Timestamp(self.at.0.saturating_sub(millis));
        let ahead = Timestamp(self.at.0.saturating_add(millis));
        let Some(last) = self.rows.last_said(room.id, user, began, ahead)? else {
            return Ok(());
        };
        let left = last.0.saturating_sub(began.0).clamp(1, millis);
        let retry_after = Duration::from_millis(left.unsigned_abs());
        Err(Error::RateLimited { retry_after }.into())
    }
}

fn answerable(work: &mut Work<'_>, room: &RoomRow, answered: MessageId) -> Done<Message> {
    let hidden = work.hidden_upto(room)?;
    let shown = |message: &Message| {
        message.room == room.room.id && message.seq > hidden && !message.deleted
    };
    let answered = work.rows.message(answered)?.filter(shown);
    let answered = answered.ok_or(Error::NoSuchMessage)?;
    match work.has_hidden(&answered)? {
        true => Err(Error::NoSuchMessage.into()),
        false => Ok(answered),
    }
}

/// Gives an own message another text; to the same one: nobody is told.
///
/// Who may: the row of [`rules::Action::Edit`](super::rules::Action::Edit) in [`rules::TABLE`](super::rules::TABLE).
///
/// # Errors
/// - [`Error::NoSuchMessage`]: there is none, or none that the user may see.
/// - [`Error::NotAllowed`]: it is another's, or the room is quiet.
/// - [`Error::Banned`]: from this room.
/// - [`Error::NoSuchUser`]: it is in the direct room of somebody who is gone.
/// - [`Error::Invalid`]: there is nothing to see in the text, or the kind is neither text nor emote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The message, by its number over all rooms.
    pub message: MessageId,
    /// What it is from now on: an emote or a text. A sticker and a file stay what they are.
    pub kind: MessageKind,
    /// Its text from now on; the hub makes it clean.
    pub text: String,
}

impl Edit {
    /// Another text, or an emote where it begins with `/me `: read as [`Send::text`] reads a new one.
    #[must_use]
    pub fn text(message: MessageId, text: &str) -> Self {
        let (kind, text) = MessageKind::of_written(text);
        Self {
            message,
            kind,
            text: text.to_owned(),
        }
    }

    /// What a message of this kind becomes.
    fn read(self, kind: MessageKind) -> (MessageKind, String) {
        match kind {
            MessageKind::Text | MessageKind::Emote => (self.kind, self.text),
            MessageKind::Sticker | MessageKind::File => {
                (kind, self.kind.written(&self.text).into_owned())
            }
        }
    }
}

impl Command for Edit {
    type Reply = Arc<Message>;
    const NEEDS: Needs = Needs::User;
    about!(texts: text);

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<Arc<Message>> {
        (self.kind, self.text) = given(self.kind, self.text);
        if !matches!(self.kind, MessageKind::Text | MessageKind::Emote) {
            return Err(Error::invalid("kind", "an edit makes a text or an emote"));
        }
        caller.commit(self).await
    }
}

impl Change for Edit {
    type Outcome = Arc<Message>;
    const STAYS_IN_ROOMS: bool = true;
    looks_at!(message: message);

    fn apply(self, work: &mut Work<'_>) -> Done<Arc<Message>> {
        let (mut message, room) = own_or_permitted(work, Action::Edit, self.message)?;
        work.check_readable(&room)?;
        let (kind, text) = self.read(message.kind);
        kept_text(kind, &text)?;
        if (kind, &text) == (message.kind, &message.text) {
            return Ok(Arc::new(message));
        }
        (message.kind, message.text) = (kind, text);
        let message = work.update_message(message, &room, RoomChange::Edited)?;
        let marks = SeenMarks::of(&work.rows.members(room.room.id)?);
        if let Some(event) = work.events.last_mut() {
            event.tell_seen(&marks);
        }
        Ok(message)
    }
}

/// Deletes a message for everyone.
///
/// Who may: the row of [`rules::Action::DeleteMessage`](super::rules::Action::DeleteMessage) in [`rules::TABLE`](super::rules::TABLE).
///
/// # Errors
/// - [`Error::NoSuchMessage`]: there is none, or none that the user may see.
/// - [`Error::NotAllowed`]: it is another's, and the user is no moderator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delete {
    /// The message, by its number over all rooms.
    pub message: MessageId,
}

committed_as_asked!(Delete);

impl Change for Delete {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;
    const STAYS_IN_ROOMS: bool = true;
    looks_at!(message: message);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let (mut message, room) = own_or_permitted(work, Action::DeleteMessage, self.message)?;
        take_text(&mut message);
        work.update_message(message, &room, RoomChange::Deleted)
            .map(drop)
    }
}

/// "A deleted message keeps its row without text."
pub(super) fn take_text(message: &mut Message) {
    message.text.clear();
    message.extra.clear();
    message.file = None;
    message.deleted = true;
}

fn own_or_permitted(
    work: &mut Work<'_>,
    action: Action,
    message: MessageId,
) -> Done<(Message, Arc<RoomRow>)> {
    let (message, room) = work.message(message)?;
    if work.has_hidden(&message)? {
        return Err(Error::NoSuchMessage.into());
    }
    let author = work.actor == Actor::User(message.sender.id);
    work.permitted(action, &room, author)?;
    Ok((message, room))
}

impl Work<'_> {
    /// Keeps a message as it is now, and tells of it.
    pub(super) fn update_message(
        &mut self,
        mut message: Message,
        room: &RoomRow,
        change: fn(Arc<Message>) -> RoomChange,
    ) -> Done<Arc<Message>> {
        message.updated = Some(self.at.max(message.updated.unwrap_or(message.created)));
        self.rows.update_message(&message)?;
        let message = Arc::new(message);
        self.tell(room, change(message.clone()))?;
        self.tell_unaware(room, &message)?;
        Ok(message)
    }
}

/// Hides a message from oneself only.
///
/// Who may: the row of [`rules::Action::Keep`](super::rules::Action::Keep) in [`rules::TABLE`](super::rules::TABLE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hide {
    /// The message, by its number over all rooms.
    pub message: MessageId,
}

committed_as_asked!(Hide);

impl Change for Hide {
    type Outcome = ();
    const STAYS_IN_ROOMS: bool = true;
    looks_at!(message: message);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let user = work.acting_user()?.user.id;
        let (message, room) = work.message(self.message)?;
        work.permitted(Action::Keep, &room, false)?;
        Ok(work.rows.hide_message(user, message.id)?)
    }
}

/// Shows nobody what was said in the room until now; the reply: whether anything was shown before, else nobody is told.
///
/// Who may: the row of [`rules::Action::ClearHistory`](super::rules::Action::ClearHistory) in [`rules::TABLE`](super::rules::TABLE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearHistory {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
}

impl Command for ClearHistory {
    type Reply = bool;
    const NEEDS: Needs = Needs::User;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<bool> {
        caller.commit(self).await
    }
}

impl Change for ClearHistory {
    type Outcome = bool;
    const NEEDS_ROOM: bool = false;
    looks_at!(room: room);

    fn apply(self, work: &mut Work<'_>) -> Done<bool> {
        let (row, _) = work.room_for(Action::ClearHistory, &self.room)?;
        // All that was said is older than the end of time.
        let end = Timestamp(i64::MAX);
        let last = work.rows.over_age(row.room.id, end, end)?;
        if last.is_none_or(|last| last <= row.room.hidden_from_all()) {
            return Ok(false);
        }
        work.tell(&row, RoomChange::HistoryCleared)?;
        let mut cleared = row.room.clone();
        cleared.cleared = work.rows.seq(row.room.id)?;
        let row = RoomRow::new(cleared, row.password.clone());
        work.rows.put_room(row)?;
        Ok(true)
    }
}

/// Says up to when one has seen the room.
///
/// Who may: the row of [`rules::Action::Keep`](super::rules::Action::Keep) in [`rules::TABLE`](super::rules::TABLE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkSeen {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Up to when; earlier than before changes nothing.
    pub at: Timestamp,
}

committed_as_asked!(MarkSeen, room);

impl Change for MarkSeen {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;
    const STAYS_IN_ROOMS: bool = true;
    looks_at!(room: room);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let (row, _) = work.room_for(Action::Keep, &self.room)?;
        let user = work.acting_user()?.user.id;
        let membership = work.rows.member(row.room.id, user)?;
        let membership = membership.ok_or(Error::Unauthenticated)?;
        if self.at > membership.seen {
            let seen = self.at;
            let waits = membership.waiting > 0 && work.peer_said_since(&row, self.at)?;
            let waiting = if waits { membership.waiting } else { 0 };
            work.rows.put_member(Membership {
                seen,
                waiting,
                ..membership
            })?;
        }
        Ok(())
    }
}

impl Work<'_> {
    /// Whether the other of a direct room said something later than that.
    fn peer_said_since(&mut self, row: &RoomRow, at: Timestamp) -> Done<bool> {
        let Some(peer) = self.peer_in(row)? else {
            return Ok(false);
        };
        let ever = Timestamp(i64::MAX);
        let later = self.rows.last_said(row.room.id, peer.id, at, ever)?;
        Ok(later.is_some())
    }
}
