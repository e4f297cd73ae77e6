//! What is asked and has no answer yet.

use crate::dialects::client::{Saying, WINDOW};
use bytes::BytesMut;
use std::collections::VecDeque;
use tolmach_uchat::{Id, Request};

/// Why something was asked.
pub(super) enum Asked {
    /// To make an account.
    SignUp,
    /// To be who one is.
    LogIn,
    /// Whether one is a member of the room to go to.
    MyRooms,
    /// To find the room to go to.
    FindRoom,
    /// To make it.
    NewRoom,
    /// To be a member of it.
    Join,
    /// Who is in the room that one goes to.
    Members(Id),
    /// Who a user is.
    Name(Id),
    /// What a room is of which something was heard.
    Chat(Id),
    /// To say this, a whole message or a part of it.
    Say {
        /// Where.
        room: Id,
        /// The text as its echo has it.
        text: String,
        /// With the last part, the whole: it is shown once it is accepted.
        whole: Option<Saying>,
    },
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
    fn is_message(&self) -> bool {
        matches!(self, Self::Say { .. })
    }
}

/// Requests that have no answer, or are not sent yet.
#[derive(Default)]
pub(super) struct Exchange {
    /// One that is no message, or only messages.
    open: VecDeque<Asked>,
    waiting: VecDeque<(Request, Asked)>,
    /// What some of the open messages were refused for. Which ones shows when the others have their echo.
    refused: Vec<String>,
}

/// What became of something that was asked.
pub(super) type Outcome = (Asked, Result<(), String>);

impl Exchange {
    /// How many requests have no answer, or are not sent yet.
    pub(super) fn unanswered(&self) -> usize {
        self.open.len() + self.waiting.len()
    }

    /// Whether something that is for this one waits until it is known where it goes.
    pub(super) fn is_looking_for(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let is_it = |asked: &Asked| matches!(asked, Asked::Recipient(saying) if saying.to.as_ref().is_some_and(|to| to.to_lowercase() == name));
        let waiting = self.waiting.iter().map(|(_, asked)| asked);
        self.open.iter().chain(waiting).any(is_it)
    }

    /// Asks when its turn comes.
    pub(super) fn ask(&mut self, frame: Request, asked: Asked, out: &mut BytesMut) {
        self.waiting.push_back((frame, asked));
        self.send(out);
    }

    /// Asks next: others wait for the answer.
    pub(super) fn ask_first(&mut self, frame: Request, asked: Asked, out: &mut BytesMut) {
        self.waiting.push_front((frame, asked));
        self.send(out);
    }

    /// The open request, if it is no message and `is_it`; it is answered now.
    pub(super) fn answered(
        &mut self,
        is_it: impl Fn(&Asked) -> bool,
        out: &mut BytesMut,
    ) -> Option<Asked> {
        let front = self.open.front()?;
        let answered = (!front.is_message() && is_it(front)).then(|| self.open.pop_front())?;
        self.send(out);
        answered
    }

    /// What an echo of this text tells: it is accepted, and what was said before it and has no echo was refused. Nothing
    /// where it is no echo: one's other connections say things, too.
    pub(super) fn echoed(&mut self, room: Id, text: &str, out: &mut BytesMut) -> Vec<Outcome> {
        let is_it = |asked: &Asked| matches!(asked, Asked::Say { room: to, text: said, .. } if *to == room && said == text);
        let Some(index) = self.open.iter().position(is_it) else {
            return Vec::new();
        };
        // Fewer reasons: the echoes are not in the order of what was said.
        let first = if index <= self.refused.len() {
            0
        } else {
            index
        };
        let mut reasons = self
            .refused
            .drain(..index - first)
            .collect::<Vec<_>>()
            .into_iter();
        let outcome = |asked| (asked, reasons.next().map_or(Ok(()), Err));
        let mut outcomes: Vec<_> = self.open.drain(first..=index).map(outcome).collect();
        outcomes.extend(self.refusals());
        self.send(out);
        outcomes
    }

    /// What an error tells. Nothing yet where it is not clear which message it is about; `None` where nothing is open.
    pub(super) fn failed(&mut self, reason: String, out: &mut BytesMut) -> Option<Vec<Outcome>> {
        let outcomes = if self.open.front()?.is_message() {
            self.refused.push(reason);
            self.refusals()
        } else {
            let asked = self.open.pop_front()?;
            vec![(asked, Err(reason))]
        };
        self.send(out);
        Some(outcomes)
    }

    /// The open messages, where all of them were refused.
    fn refusals(&mut self) -> Vec<Outcome> {
        if self.refused.len() < self.open.len() {
            return Vec::new();
        }
        let reasons = std::mem::take(&mut self.refused).into_iter().map(Err);
        self.open.drain(..).zip(reasons).collect()
    }

    fn send(&mut self, out: &mut BytesMut) {
        while let Some((_, asked)) = self.waiting.front() {
            let among_messages = asked.is_message()
                && self.open.len() < WINDOW
                && self.open.front().is_none_or(Asked::is_message);
            if !self.open.is_empty() && !among_messages {
                return;
            }
            if let Some((frame, asked)) = self.waiting.pop_front() {
                frame.write(out);
                self.open.push_back(asked);
            }
        }
    }
}
