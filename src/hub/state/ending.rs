//! How sessions are ended from this side.

use std::time::Duration;

use bytes::BytesMut;

use super::effects::Outgoing;
use super::{HubState, SessionEntry};
use crate::cluster::Together;
use crate::hub::guarded::guarded;
use crate::model::{EndReason, NodeId, SessionId, UserId};

impl HubState {
    /// A session took no more of what it was given: it is too slow.
    pub(in crate::hub) fn overflowed(&mut self, session: SessionId) {
        self.end_later(session, EndReason::TooSlow);
    }

    /// Where more waits for all sessions together than may: the one that most waits for is too slow. To be asked again once
    /// that one is ended.
    pub(in crate::hub) fn relieve(&mut self) {
        if !self.backlog.is_over() {
            return;
        }
        let waiting = self
            .sessions
            .iter()
            .map(|(id, entry)| (entry.sink.waiting().bytes, *id));
        if let Some((1.., fattest)) = waiting.max() {
            self.overflowed(fattest);
        }
    }

    /// Ends a session when the present call is over.
    pub(in crate::hub) fn end_later(&mut self, session: SessionId, reason: EndReason) {
        self.ending.push((session, reason));
    }

    /// Ends the other sessions of the session's user and dialect that are attached to one of its rooms. Those are given, and the
    /// other nodes that may have such sessions, too.
    pub(in crate::hub) fn end_others_here(
        &mut self,
        session: SessionId,
        reason: EndReason,
    ) -> Option<(Together, Vec<NodeId>)> {
        let own = self.sessions.get(&session)?;
        let together = Together {
            user: own.user.id,
            dialect: own.dialect.to_owned(),
            rooms: own.rooms.iter().copied().collect(),
        };
        self.end_together(&together, Some(session), reason);
        let nodes = self.hall.nodes_of(together.user);
        Some((together, nodes))
    }

    /// Ends the sessions that belong together, but for one.
    pub(in crate::hub) fn end_together(
        &mut self,
        together: &Together,
        but: Option<SessionId>,
        reason: EndReason,
    ) {
        let is_one = |entry: &SessionEntry| {
            let mut rooms = together.rooms.iter();
            entry.dialect == together.dialect && rooms.any(|room| entry.rooms.contains(room))
        };
        let user_entry = self.online.get(&together.user);
        let sessions = user_entry.map(|user_entry| user_entry.sessions.iter());
        let ending = sessions
            .into_iter()
            .flatten()
            .filter(|id| but != Some(**id))
            .filter(|id| self.sessions.get(id).is_some_and(|entry| is_one(entry)));
        self.ending.extend(ending.map(|id| (*id, reason)));
    }

    /// Ends every session. All go at once: nobody is told of the others.
    pub(in crate::hub) fn end_all(&mut self, reason: EndReason) {
        self.presence_suppressed = true;
        self.end_every(reason);
    }

    /// Ends every session; those that go on elsewhere are told of each.
    pub(in crate::hub) fn end_every(&mut self, reason: EndReason) {
        self.ending
            .extend(self.sessions.keys().map(|session| (*session, reason)));
    }

    /// Ends every session and everybody's presence, of which nobody is told: this node is gone, and for how long its users are
    /// idle the others know.
    pub(in crate::hub) fn end_as_gone(&mut self) {
        let before = std::mem::replace(&mut self.presence_suppressed, true);
        let sessions: Vec<SessionId> = self.sessions.keys().copied().collect();
        for session in sessions {
            self.end_now(session, EndReason::NodeLost);
        }
        let users: Vec<UserId> = self.online.keys().copied().collect();
        for user in users {
            self.end_grace(user);
        }
        self.presence_suppressed = before;
    }

    /// Closes a session that is asked for by its number; of a user, only one of its own. Whether there is such a one.
    pub(in crate::hub) fn close(
        &mut self,
        session: SessionId,
        of: Option<UserId>,
        reason: EndReason,
    ) -> bool {
        let entry = self.sessions.get(&session);
        let is_there = entry.is_some_and(|entry| of.is_none_or(|user| user == entry.user.id));
        if is_there {
            self.end_later(session, reason);
        }
        is_there
    }

    /// Ends a session and its user's presence at once.
    pub(in crate::hub) fn end_now(&mut self, session: SessionId, reason: EndReason) {
        self.end_entry(session, reason, false);
    }

    /// Ends the sessions that are over.
    pub(super) fn end_sessions(&mut self) {
        let mut ending = std::mem::take(&mut self.ending);
        // Of several reasons the one that says most comes first; a session ends once.
        ending.sort_by_key(|(_, reason)| !reason.is_about_account());
        for (session, reason) in ending {
            // Who is ended for no fault of its own is to come back; all others are gone.
            let comes_back = matches!(reason, EndReason::TooSlow | EndReason::NodeLost);
            self.end_entry(session, reason, comes_back);
        }
    }

    fn end_entry(&mut self, session: SessionId, reason: EndReason, broke_off: bool) {
        let Some(entry) = self.sessions.get(&session) else {
            return;
        };
        let (sink, encoder) = (entry.sink.clone(), entry.encoder.clone());
        self.remove_entry(session, broke_off.then_some(Duration::ZERO));
        let mut last = BytesMut::new();
        if reason != EndReason::OutcomeUnknown {
            let said = guarded("an encoder", || encoder.0.encode_end(reason, &mut last));
            if said.is_none() {
                last.clear();
            }
        }
        let last = last.freeze();
        self.outgoing.push(Outgoing::Close { sink, reason, last });
    }
}
