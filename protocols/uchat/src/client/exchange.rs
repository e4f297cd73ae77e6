//! What is asked and has no answer yet.

use super::Refusal;
use crate::Id;
use crate::request::Request;
use crate::request_type::RequestType;
use crate::server::{Message, ServerFrame};
use bytes::BytesMut;
use std::collections::VecDeque;

/// How many messages may be open at once; what else is asked waits for its turn.
const MAX_OPEN: usize = 32;

/// Requests that have no answer, or are not sent yet.
#[derive(Debug)]
pub(super) struct Exchange<T> {
    /// One that is no message, or only messages.
    open: VecDeque<(Request, T)>,
    waiting: VecDeque<(Request, T)>,
    /// What some of those that are open were refused for. Which messages shows when the others have their echo.
    refused: Vec<Refusal>,
    /// One's own id, by which an echo is told from what others say.
    pub(super) user: Option<Id>,
}

impl<T> Default for Exchange<T> {
    fn default() -> Self {
        Self {
            open: VecDeque::new(),
            waiting: VecDeque::new(),
            refused: Vec::new(),
            user: None,
        }
    }
}

/// What was asked, and why it was refused if it was.
pub(super) type Outcome<T> = (T, Option<Refusal>);

impl<T> Exchange<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn asked(&self) -> impl Iterator<Item = &T> {
        self.open
            .iter()
            .chain(&self.waiting)
            .map(|(_, asked)| asked)
    }

    pub(super) fn ask(&mut self, request: Request, asked: T, out: &mut BytesMut) {
        self.waiting.push_back((request, asked));
        self.send(out);
    }

    pub(super) fn ask_first(&mut self, request: Request, asked: T, out: &mut BytesMut) {
        self.waiting.push_front((request, asked));
        self.send(out);
    }

    /// What a frame tells of what is open: the last one that is not refused is what it answers. Nothing where it answers
    /// nothing.
    pub(super) fn heard(&mut self, frame: &ServerFrame<'_>, out: &mut BytesMut) -> Vec<Outcome<T>> {
        let outcomes = match frame {
            ServerFrame::Message(message) => self.echoed(message),
            frame => {
                let me = self.user;
                let answered = self
                    .open
                    .pop_front_if(|(request, _)| is_answer(request, frame, me));
                answered
                    .map(|(_, asked)| (asked, None))
                    .into_iter()
                    .collect()
            }
        };
        if !outcomes.is_empty() {
            self.send(out);
        }
        outcomes
    }

    /// An echo: its message is accepted, and what was said before it and has no echo was refused. One's other
    /// connections say things, too.
    fn echoed(&mut self, echo: &Message<'_>) -> Vec<Outcome<T>> {
        let is_mine = self.user.is_none_or(|me| me == echo.user_id);
        let text = comparable(&echo.message);
        let is_it = |(request, _): &(Request, T)| matches!(request, Request::Message { room, message, .. } if *room == echo.room_id && comparable(message) == text);
        let Some(index) = self.open.iter().position(is_it).filter(|_| is_mine) else {
            return Vec::new();
        };
        // Fewer reasons: the echoes are not in the order of what was said.
        let first = if index <= self.refused.len() {
            0
        } else {
            index
        };
        let mut reasons: VecDeque<_> = self.refused.drain(..index - first).collect();
        let outcome = |(_, asked)| (asked, reasons.pop_front());
        let mut outcomes: Vec<_> = self.open.drain(first..=index).map(outcome).collect();
        let refused = self.refusals().into_iter();
        outcomes.extend(refused.map(|(asked, refusal)| (asked, Some(refusal))));
        outcomes
    }

    /// What an error tells: nothing yet where it is not clear which message it is about. The error itself where nothing is
    /// open.
    pub(super) fn failed(
        &mut self,
        refusal: Refusal,
        out: &mut BytesMut,
    ) -> Result<Vec<(T, Refusal)>, Refusal> {
        if self.open.is_empty() {
            return Err(refusal);
        }
        self.refused.push(refusal);
        let refused = self.refusals();
        self.send(out);
        Ok(refused)
    }

    /// What is open, where all of it was refused.
    fn refusals(&mut self) -> Vec<(T, Refusal)> {
        if self.refused.len() < self.open.len() {
            return Vec::new();
        }
        let refused = std::mem::take(&mut self.refused);
        self.open
            .drain(..)
            .map(|(_, asked)| asked)
            .zip(refused)
            .collect()
    }

    fn send(&mut self, out: &mut BytesMut) {
        while let Some((request, _)) = self.waiting.front() {
            let among_messages = is_message(request)
                && self.open.len() < MAX_OPEN
                && self.open.front().is_none_or(|(open, _)| is_message(open));
            if !self.open.is_empty() && !among_messages {
                return;
            }
            if let Some((request, asked)) = self.waiting.pop_front() {
                request.write(out);
                self.open.push_back((request, asked));
            }
        }
    }
}

fn is_message(request: &Request) -> bool {
    matches!(request, Request::Message { .. })
}

/// Whether a request of which it is not the echo is answered with this frame, for who has this id: PROTOCOL.md 4 to 8.
fn is_answer(request: &Request, frame: &ServerFrame<'_>, me: Option<Id>) -> bool {
    use Request as R;
    use ServerFrame as S;
    match (request, frame) {
        (R::LogIn { .. } | R::SignUp { .. } | R::Token { .. }, S::Token { .. }) => true,
        (R::JoinRoom { room }, S::JoinRoom(joined)) => *room == joined.id,
        (R::DeleteRoom { room }, S::DeleteRoom { room: told })
        | (R::RenameRoom { room, .. }, S::RenameRoom { room: told, .. })
        | (R::DescribeRoom { room, .. }, S::DescribeRoom { room: told, .. })
        | (R::Members { room }, S::Members { room: told, .. })
        | (R::ClearHistory { room }, S::ClearHistory { room: told })
        | (R::NewMessages { room, .. }, S::NewMessages { room: told, .. })
        | (R::OldMessages { room, .. }, S::OldMessages { room: told, .. }) => room == told,
        (
            R::Ban { room, user },
            S::Ban {
                room: told,
                user: banned,
            },
        ) => (room, user) == (told, banned),
        // Who bans itself is told no more than that: PROTOCOL.md 5.4.
        (R::Ban { room, user }, S::DeleteRoom { room: told }) => {
            room == told && me.is_none_or(|me| me == *user)
        }
        (R::Edit { message, .. }, S::Edit { message: told, .. })
        | (R::Delete { message, .. }, S::Delete { message: told, .. }) => message == told,
        (request, frame) => {
            frame.request() == Some(request.kind()) && is_only_an_answer(request.kind())
        }
    }
}

/// Whether servers send frames of this type only to who asked.
pub(super) fn is_only_an_answer(kind: RequestType) -> bool {
    matches!(
        kind,
        RequestType::Token
            | RequestType::DescribeUser
            | RequestType::Rooms
            | RequestType::SearchRooms
            | RequestType::NewRoom
            | RequestType::Members
            | RequestType::MemberInfo
            | RequestType::NewMessages
            | RequestType::OldMessages
            | RequestType::Search
            | RequestType::Download
            | RequestType::ReadyRead
    )
}

/// A text as a server that makes texts clean gives it back: lines ended by LF, no control characters, nothing around.
fn comparable(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let visible = |character: char| match character {
        '\n' | '\t' => character,
        _ if character.is_control() => char::REPLACEMENT_CHARACTER,
        _ => character,
    };
    text.trim().chars().map(visible).collect()
}
