//! Why something was asked.

use crate::dialects::client::Saying;

/// What comes back with the answer to a request.
pub(super) enum Asked {
    /// Who one is, where that is not known.
    OwnUser,
    /// To find the room.
    FindRoom,
    /// To make the room, as it is not there.
    CreateRoom,
    /// To be in it.
    Join,
    /// Whether a password would have opened it; with the reason why it did not open.
    WhyNot(String),
    /// Who is in the room, when entering it.
    Members,
    /// Who is in the room, for the person.
    Who,
    /// The name of this user.
    User(i32),
    /// What this chat is.
    Chat(i32),
    /// To say this, in the room or to somebody.
    Say(Saying),
    /// Who has this name, to say something to.
    Recipient(String),
    /// The direct chat with who has this name.
    Direct(String),
    /// The rooms of the asker, for the person.
    Rooms,
    /// To be no member of the room any more.
    Leave,
    /// The last messages, for the person: so many, looked for so far back.
    History { count: usize, span: usize },
    /// The chats in which something may have been missed.
    MissedChats,
    /// What was missed in this chat.
    Missed(i32),
    /// To end the session.
    LogOff,
}
