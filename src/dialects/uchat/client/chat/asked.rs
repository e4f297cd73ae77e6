//! Why something was asked.

use crate::dialects::client::Saying;
use tolmach_uchat::Id;

/// What comes back with the answer to a request.
pub(super) enum Asked {
    /// Whether one is a member of the room to go to.
    MyRooms,
    /// To find the room to go to.
    FindRoom,
    /// To make the room, as it is not there.
    NewRoom,
    /// To be a member of it.
    Join,
    /// Who is in the room that one goes to.
    Members,
    /// Who a user is.
    Name(Id),
    /// What a room is of which something was heard.
    Chat(Id),
    /// To say this in a room, a whole message or a part of it. With the last part, the whole: it is shown once it is accepted.
    Say(Id, Option<Saying>),
    /// One's rooms, in which something may have been missed.
    MissedRooms,
    /// What was missed in this room.
    Missed(Id),
    /// Whether there is a room with the one for whom this is.
    Recipient(Saying),
    /// The answer is for the person.
    Command(&'static str),
    /// To change this message.
    Edit(Id),
    /// To delete this message.
    Delete(Id),
}

impl Asked {
    /// Whether something that is for this one waits until it is known where it goes.
    pub(super) fn looks_for(&self, name: &str) -> bool {
        let is_it = |to: &String| to.to_lowercase() == name.to_lowercase();
        matches!(self, Self::Recipient(saying) if saying.to.as_ref().is_some_and(is_it))
    }
}
