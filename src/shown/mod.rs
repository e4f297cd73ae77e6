//! What is kept as JSON shows it, the same from the command line and over HTTP.

pub(crate) mod time;

use serde::Serialize;

use crate::model;
use time::Time;

/// A message of a room's history.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub(crate) struct Message {
    /// Rising over all rooms.
    pub(crate) id: i64,
    /// The name of the room it was said in; of a direct room `@a,b`.
    pub(crate) room: String,
    /// The login of who said it, as of then.
    pub(crate) from: String,
    /// When it was accepted.
    pub(crate) time: Time,
    /// `text`, `emote`, `sticker` or `file`.
    #[cfg_attr(feature = "http", schema(value_type = Kind))]
    pub(crate) kind: model::MessageKind,
    /// What was said; of an emote without `/me `, of a deleted message empty.
    pub(crate) text: String,
    /// When it was edited or deleted last.
    pub(crate) updated: Option<Time>,
    /// It was deleted; nothing is left of what it said.
    pub(crate) deleted: bool,
    /// The file that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<File>,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to: Option<i64>,
}

/// A file that was sent.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub(crate) struct File {
    /// The name its sender gave it, without directories.
    pub(crate) name: String,
    /// How long the file is, in bytes.
    pub(crate) size: u64,
}

/// What a message is.
#[cfg(feature = "http")]
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "it describes the model's own to the schema")]
pub(crate) enum Kind {
    Text,
    Emote,
    Sticker,
    File,
}

impl Message {
    /// A message of the room of this name.
    pub(crate) fn of(message: &model::Message, room: impl Into<String>) -> Self {
        Self {
            id: message.id.0,
            room: room.into(),
            from: message.sender.login.clone(),
            time: Time(message.created),
            kind: message.kind,
            text: message.text.clone(),
            updated: message.updated.map(Time),
            deleted: message.deleted,
            file: message.file.as_ref().map(|file| File {
                name: file.name.clone(),
                size: file.size,
            }),
            reply_to: message.reply_to.map(|message| message.0),
        }
    }
}
