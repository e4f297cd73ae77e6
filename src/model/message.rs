//! Messages, and how their kind is read from what was written.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{MessageId, RoomId, Seq, Timestamp, UserRef};

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// Words, as they were said.
    Text,
    /// What the sender does ("/me waves"); the text is "waves".
    Emote,
    /// A picture from a set that clients have; the text is its name.
    Sticker,
    /// A file; the text goes with it.
    File,
}

/// What an emote begins with where it is written as a text.
const EMOTE: &str = "/me ";

impl MessageKind {
    /// What is meant by a text as people write it: an emote where it begins with `/me `.
    #[must_use]
    pub fn of_written(text: &str) -> (Self, &str) {
        match text.strip_prefix(EMOTE) {
            Some(action) => (Self::Emote, action),
            None => (Self::Text, text),
        }
    }

    /// What something is that was given as a message of this kind, whether new or an edit: a text that begins with `/me ` is an
    /// emote, and an emote's text does not begin with `/me` once more.
    #[must_use]
    pub fn of_given(self, text: &str) -> (Self, &str) {
        let (kind, mut text) = match self {
            Self::Text => Self::of_written(text),
            Self::Emote | Self::Sticker | Self::File => (self, text),
        };
        while kind == Self::Emote
            && let Some(rest) = text.strip_prefix(EMOTE.trim_end())
            && (rest.is_empty() || rest.starts_with(char::is_whitespace))
        {
            text = rest.trim_start();
        }
        (kind, text)
    }

    /// How a message of this kind is written as a text.
    #[must_use]
    pub fn written(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Emote => Cow::Owned(format!("{EMOTE}{text}")),
            Self::Text | Self::Sticker | Self::File => Cow::Borrowed(text),
        }
    }

    /// What a search looks for its needle in: what people see of a message of this kind. An emote reads `/me waves`, a sticker
    /// `:NAME:`, a file its name and, on the next line, the text that goes with it.
    #[must_use]
    pub fn searched<'a>(self, text: &'a str, file: Option<&'a FileInfo>) -> Cow<'a, str> {
        match (self, file) {
            (Self::Sticker, _) => Cow::Owned(format!(":{text}:")),
            (Self::File, Some(file)) if text.is_empty() || text == file.name => {
                Cow::Borrowed(&file.name)
            }
            (Self::File, Some(file)) => Cow::Owned(format!("{}\n{text}", file.name)),
            _ => self.written(text),
        }
    }
}

/// What is known of a message's file. Its content lies in the store's file area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// The name its sender gave it, without directories.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Under which name the file area holds it.
    pub stored: String,
    /// The SHA-256 of its content, as 64 hexadecimal digits; none where it came before that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What a reply shows of the message that it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The author of the answered message.
    pub sender: Arc<UserRef>,
    /// The first line of the text that is answered.
    pub line: String,
}

impl Quote {
    /// What a reply shows of this message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        let text = match &message.file {
            Some(file) if message.text.is_empty() => &file.name,
            _ => &message.text,
        };
        Self {
            sender: message.sender.clone(),
            line: text.lines().next().unwrap_or_default().to_owned(),
        }
    }
}

/// A message as the store keeps it and as events carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Rising over all rooms.
    pub id: MessageId,
    /// The room it was said in.
    pub room: RoomId,
    /// Its place among the room's changes when it was said.
    pub seq: Seq,
    /// Who said it, as of then: a new name later does not change what was said.
    pub sender: Arc<UserRef>,
    /// Text, emote, sticker or file.
    pub kind: MessageKind,
    /// Clean text: no controls but tab and LF. Empty once deleted.
    pub text: String,
    /// The message that this one answers.
    pub reply_to: Option<MessageId>,
    /// What is shown of that, where it can be shown. Stores do not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// When it was accepted. No two messages of a room share it; it falls in a room only where the clock ran far ahead and was
    /// set right, so the order is that of `seq`.
    pub created: Timestamp,
    /// When it was last edited or deleted.
    pub updated: Option<Timestamp>,
    /// It was deleted for everyone; the row stays without text.
    pub deleted: bool,
    /// The file, for [`MessageKind::File`].
    pub file: Option<FileInfo>,
    /// Fields of the sender's dialect that the model has no place for; empty, or that dialect's own notation.
    pub extra: String,
}
