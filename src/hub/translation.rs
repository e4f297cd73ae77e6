//! What becomes of each meaning in each dialect, as the dialects declare it and the state keeps them to it.

use std::fmt;

use serde::Serialize;

use super::Audience;
use crate::model::{Event, MessageKind, PresenceChange, RoomChange, RoomEvent, RoomKind};

/// What an event means to whoever is told of it: the rows of the table of translations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Somebody said something in a room.
    Message,
    /// …to the connection that said it.
    ToSender,
    /// …to the sender's other connections.
    ToSendersOthers,
    /// What somebody does: "/me waves".
    Emote,
    /// It answers another message.
    Reply,
    /// A message in the direct room of two.
    Private,
    /// A text beyond the dialect's limit.
    LongText,
    /// Line breaks, tabs, emoji, right-to-left text.
    Characters,
    /// Somebody comes online in a room.
    Online,
    /// Somebody becomes a member of it.
    MemberJoined,
    /// A direct room is made.
    DirectOpened,
    /// Somebody is idle, or back.
    Idle,
    /// Somebody goes offline in the room.
    Offline,
    /// Somebody ends their membership.
    MemberLeft,
    /// A message has another text.
    Edited,
    /// A message was deleted.
    Deleted,
    /// A history was cleared.
    HistoryCleared,
    /// A room has another title or description.
    Described,
    /// A room has another name.
    Renamed,
    /// A room became quiet or slow, or is so no longer.
    Voice,
    /// A room is gone.
    RoomDeleted,
    /// A user was banned: to the user.
    BannedSelf,
    /// Somebody is banned: what the others are told.
    BannedOther,
    /// A user was removed without a ban: to the user.
    RemovedSelf,
    /// Somebody is removed without a ban: what the others are told.
    RemovedOther,
    /// A role or a way in changed; a ban was lifted; a room was made.
    Administration,
    /// A message that is a file.
    File,
    /// A message that is a sticker.
    Sticker,
    /// A file or a sticker from history.
    FromHistory,
    /// The server ends a session.
    SessionEnded,
    /// The server stops, and says so.
    Shutdown,
}

/// How much of a meaning arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The dialect has its own way to say it.
    Native,
    /// It is said in words.
    Rendered,
    /// Some of it arrives.
    Partial,
    /// The dialect cannot say it: it is left out.
    Dropped,
    /// Whoever tries is told that it cannot be.
    Refused,
}

/// What becomes of one meaning in one dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Translation {
    /// The meaning that the row is about.
    pub meaning: Meaning,
    /// How much of it arrives.
    pub level: Level,
    /// How it looks; empty where it is left out.
    pub says: &'static str,
    /// Whether the event itself tells it, an answer, or another event.
    pub by: By,
}

/// What tells a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The frames that the event becomes.
    Event,
    /// The answer to the request that caused it, or that asks for it.
    Answer,
    /// What the event of another meaning, at the same moment, becomes.
    Another(Meaning),
}

impl Meaning {
    /// Every meaning, in the order of the table.
    pub const ALL: &[Self] = &[
        Self::Message,
        Self::ToSender,
        Self::ToSendersOthers,
        Self::Emote,
        Self::Reply,
        Self::Private,
        Self::LongText,
        Self::Characters,
        Self::Online,
        Self::MemberJoined,
        Self::DirectOpened,
        Self::Idle,
        Self::Offline,
        Self::MemberLeft,
        Self::Edited,
        Self::Deleted,
        Self::HistoryCleared,
        Self::Described,
        Self::Renamed,
        Self::Voice,
        Self::RoomDeleted,
        Self::BannedSelf,
        Self::BannedOther,
        Self::RemovedSelf,
        Self::RemovedOther,
        Self::Administration,
        Self::File,
        Self::Sticker,
        Self::FromHistory,
        Self::SessionEnded,
        Self::Shutdown,
    ];

    /// The row's name, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message in a room",
            Self::ToSender => "message in a room: to its sender",
            Self::ToSendersOthers => "message in a room: to the sender's other connections",
            Self::Emote => "emote",
            Self::Reply => "reply to a message",
            Self::Private => "private message",
            Self::LongText => "text beyond the dialect's limit",
            Self::Characters => "line breaks, tabs, emoji, right-to-left text",
            Self::Online => "comes online in the room",
            Self::MemberJoined => "becomes a member",
            Self::DirectOpened => "a direct room is made",
            Self::Idle => "idle, back",
            Self::Offline => "goes offline",
            Self::MemberLeft => "leaves",
            Self::Edited => "edited message",
            Self::Deleted => "deleted message",
            Self::HistoryCleared => "history cleared",
            Self::Described => "room's title or description changed",
            Self::Renamed => "room's name changed",
            Self::Voice => "room made quiet or slow",
            Self::RoomDeleted => "room deleted",
            Self::BannedSelf => "user banned: the user",
            Self::BannedOther => "user banned: the others",
            Self::RemovedSelf => "removed without a ban: the user",
            Self::RemovedOther => "removed without a ban: the others",
            Self::Administration => "role, password, unban",
            Self::File => "file",
            Self::Sticker => "sticker",
            Self::FromHistory => "file or sticker from history",
            Self::SessionEnded => "session ended by the server",
            Self::Shutdown => "shutdown",
        }
    }

    /// What an event means to a session with this relation to it.
    #[must_use]
    pub fn of(event: &Event, audience: Audience) -> Self {
        match event {
            Event::Room(event) => Self::of_change(event, audience),
            Event::Presence(event) => match event.change {
                PresenceChange::Online => Self::Online,
                PresenceChange::Idle | PresenceChange::Back => Self::Idle,
                PresenceChange::Offline => Self::Offline,
            },
            Event::Ended(reason) if *reason == crate::model::EndReason::Shutdown => Self::Shutdown,
            Event::Ended(_) => Self::SessionEnded,
        }
    }

    fn of_change(event: &RoomEvent, audience: Audience) -> Self {
        let mine = audience != Audience::Other;
        match &event.change {
            // Who writes to oneself is the recipient, too.
            RoomChange::Posted(_) if event.is_to_oneself() => Self::Private,
            RoomChange::Posted(_) if audience == Audience::Origin => Self::ToSender,
            RoomChange::Posted(_) if audience == Audience::Own => Self::ToSendersOthers,
            RoomChange::Posted(_) if event.room.kind == RoomKind::Direct => Self::Private,
            RoomChange::Posted(message) if message.reply_to.is_some() => Self::Reply,
            RoomChange::Posted(message) => match message.kind {
                MessageKind::Text => Self::Message,
                MessageKind::Emote => Self::Emote,
                MessageKind::Sticker => Self::Sticker,
                MessageKind::File => Self::File,
            },
            RoomChange::Edited(_) => Self::Edited,
            RoomChange::Deleted(_) => Self::Deleted,
            RoomChange::HistoryCleared => Self::HistoryCleared,
            RoomChange::Titled | RoomChange::Described { .. } => Self::Described,
            RoomChange::Renamed { .. } => Self::Renamed,
            RoomChange::Quieted { .. } | RoomChange::Slowed { .. } => Self::Voice,
            RoomChange::RoomDeleted => Self::RoomDeleted,
            RoomChange::MemberJoined { .. } => Self::MemberJoined,
            RoomChange::MemberLeft { .. } => Self::MemberLeft,
            RoomChange::MemberBanned { .. } if mine => Self::BannedSelf,
            RoomChange::MemberBanned { .. } => Self::BannedOther,
            RoomChange::MemberRemoved { .. } if mine => Self::RemovedSelf,
            RoomChange::MemberRemoved { .. } => Self::RemovedOther,
            RoomChange::Created if event.room.kind == RoomKind::Direct => Self::DirectOpened,
            RoomChange::Created
            | RoomChange::AccessChanged
            | RoomChange::MemberUnbanned { .. }
            | RoomChange::RoleChanged { .. } => Self::Administration,
        }
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Level {
    /// Every level, in the order in which less arrives.
    pub const ALL: &[Self] = &[
        Self::Native,
        Self::Rendered,
        Self::Partial,
        Self::Dropped,
        Self::Refused,
    ];

    /// The level as a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Rendered => "rendered",
            Self::Partial => "partial",
            Self::Dropped => "dropped",
            Self::Refused => "refused",
        }
    }
}

impl Translation {
    /// The dialect has its own way.
    #[must_use]
    pub const fn native(meaning: Meaning, says: &'static str) -> Self {
        Self::new(meaning, Level::Native, says)
    }

    /// It is said in words.
    #[must_use]
    pub const fn rendered(meaning: Meaning, says: &'static str) -> Self {
        Self::new(meaning, Level::Rendered, says)
    }

    /// Some of it arrives.
    #[must_use]
    pub const fn partial(meaning: Meaning, says: &'static str) -> Self {
        Self::new(meaning, Level::Partial, says)
    }

    /// It is left out.
    #[must_use]
    pub const fn dropped(meaning: Meaning) -> Self {
        Self::new(meaning, Level::Dropped, "")
    }

    /// The same, told by something else than the event.
    #[must_use]
    pub const fn by(mut self, by: By) -> Self {
        self.by = by;
        self
    }

    const fn new(meaning: Meaning, level: Level, says: &'static str) -> Self {
        Self {
            meaning,
            level,
            says,
            by: By::Event,
        }
    }

    /// Whether frames of the event itself tell of it.
    pub(super) fn is_told_by_event(&self) -> bool {
        self.by == By::Event && self.level != Level::Dropped
    }

    /// What a table declares of a meaning; what it does not name is left out.
    #[must_use]
    pub fn of(table: &[Self], meaning: Meaning) -> Self {
        let found = table
            .iter()
            .find(|translation| translation.meaning == meaning);
        found.copied().unwrap_or(Self::dropped(meaning))
    }
}
