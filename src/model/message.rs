//! Messages, and how their text is made clean.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{MessageId, RoomId, Seq, Timestamp, UserRef};

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageKind {
    /// Words.
    Text,
    /// What the sender does ("/me waves"); the text is "waves".
    Emote,
    /// A picture from a set that clients have; the text is its name.
    Sticker,
    /// A file; the text goes with it.
    File,
}

/// What is known of a message's file. Its content lies in the store's file area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// The name its sender gave it, without directories.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Under which name the file area holds it.
    pub stored: String,
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
    /// Who said it.
    pub sender: Arc<UserRef>,
    /// Text, emote, sticker or file.
    pub kind: MessageKind,
    /// Clean text: no CR, no C0 controls but tab and LF. Empty once deleted.
    pub text: String,
    /// The message that this one answers.
    pub reply_to: Option<MessageId>,
    /// When it was accepted; never falls within a room.
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

/// Makes a text clean: CRLF and CR become LF; NUL and the other C0 controls but tab and LF become U+FFFD.
///
/// ```
/// assert_eq!(tolmach::model::clean_text("a\r\nb\rc\0"), "a\nb\nc\u{fffd}");
/// ```
#[must_use]
pub fn clean_text(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b < 0x20 && b != b'\t' && b != b'\n') {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                clean.push('\n');
            }
            '\t' | '\n' => clean.push(c),
            c if c < ' ' => clean.push('\u{fffd}'),
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}
