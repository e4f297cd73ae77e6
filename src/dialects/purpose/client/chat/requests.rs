//! Requests on their way: each has a task id until it is answered.

use crate::dialects::client::Saying;
use bytes::BytesMut;
use std::collections::{BTreeMap, VecDeque};
use tolmach_purpose::{Request, RequestKind, Revision};

/// How many requests may be open at once; the others wait for their turn.
const MOST_OPEN: usize = 64;

/// Why something was asked.
pub(super) enum Asked {
    /// Whether the server speaks this version.
    Hello,
    /// To be who one is.
    LogIn,
    /// Who one is, where that is not known.
    OwnUser,
    /// To find the room.
    FindRoom,
    /// To make it.
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
    /// To say this.
    Say(Saying),
    /// Who has this name, to say something to.
    Recipient(String),
    /// The direct chat with who has this name.
    Direct(String),
    /// To end the session.
    LogOff,
}

/// Requests that have no answer, or are not sent yet.
pub(super) struct Requests {
    revision: Revision,
    open: BTreeMap<u8, (RequestKind, Asked)>,
    waiting: VecDeque<(Request, Asked)>,
    next: u8,
}

impl Requests {
    pub(super) fn new(revision: Revision) -> Self {
        Self {
            revision,
            open: BTreeMap::new(),
            waiting: VecDeque::new(),
            next: 0,
        }
    }

    /// Sends the request as soon as those before it are sent and few enough are open.
    ///
    /// The revision must have it: else it is never answered.
    pub(super) fn ask(&mut self, request: Request, asked: Asked, out: &mut BytesMut) {
        self.waiting.push_back((request, asked));
        self.send(out);
    }

    /// What the request of this task was, and why it was asked; its task id is free again.
    pub(super) fn answered(
        &mut self,
        task: u8,
        out: &mut BytesMut,
    ) -> Option<(RequestKind, Asked)> {
        let answered = self.open.remove(&task);
        self.send(out);
        answered
    }

    /// A task id that no open request has.
    pub(super) fn free_task(&mut self) -> u8 {
        while self.open.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let task = self.next;
        self.next = self.next.wrapping_add(1);
        task
    }

    fn send(&mut self, out: &mut BytesMut) {
        while self.open.len() < MOST_OPEN {
            let Some((request, asked)) = self.waiting.pop_front() else {
                return;
            };
            let task = self.free_task();
            if request.write(self.revision, task, out) {
                self.open.insert(task, (request.kind(), asked));
            }
        }
    }
}
