//! How sessions open and end: who holds a user's one connection, who displaces whom, what a session has learned.

use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::effects::Outgoing;
use super::{HubState, SessionEntry};
use crate::hub::ConnectionInfo;
use crate::hub::tap::TapUser;
use crate::model::{
    EndReason, Error, Result, Room, RoomKind, RoomRef, Seq, SessionId, TokenId, UserId,
};
use crate::store::{RoomRow, UserRow};

impl SessionEntry {
    /// Whether who comes with the right credentials takes its place: it did not answer the last probe, or its connection has
    /// acknowledged nothing for too long.
    fn is_displaceable(&self) -> bool {
        self.silent || self.sink.is_reader_gone()
    }
}

/// By which one sees that an account has another password.
pub(in crate::hub) fn password_mark(row: &UserRow) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.password.hash(&mut hasher);
    hasher.finish()
}

impl HubState {
    /// Who holds the one connection of this dialect that a user may have, and whether a newcomer displaces it.
    pub(in crate::hub) fn holder(
        &self,
        user: UserId,
        connection: &ConnectionInfo,
        own: Option<SessionId>,
    ) -> Option<(SessionId, bool)> {
        self.holder_of(user, connection.dialect, own)
    }

    pub(in crate::hub) fn holder_of(
        &self,
        user: UserId,
        dialect: &str,
        own: Option<SessionId>,
    ) -> Option<(SessionId, bool)> {
        let user_entry = self.online.get(&user)?;
        let held = user_entry
            .sessions
            .iter()
            .filter(|id| own != Some(**id))
            .filter_map(|id| {
                let entry = self
                    .sessions
                    .get(id)
                    .filter(|entry| entry.dialect == dialect)?;
                Some((*id, entry.is_displaceable()))
            });
        // One that was displaced in this very call is still there; who displaced it is the one that counts.
        held.min_by_key(|(_, displaceable)| *displaceable)
    }

    /// "Who comes with the right credentials displaces a connection that did not answer the last probe or has
    /// acknowledged nothing for too long, else is refused." A connection that was somebody else before stops being that one.
    pub(in crate::hub) fn open_exclusive_entry(
        &mut self,
        entry: SessionEntry,
        own: Option<SessionId>,
    ) -> Result<SessionId> {
        if entry.exclusive
            && let Some((holder, displaceable)) = self.holder_of(entry.user.id, entry.dialect, own)
        {
            if !displaceable {
                return Err(Error::AlreadyConnected);
            }
            self.end_later(holder, EndReason::Displaced);
        }
        Ok(self.open_entry(entry))
    }

    /// Opens the session that the store has agreed to, in all rooms of its user that it is attached to.
    pub(in crate::hub) fn open(
        &mut self,
        entry: SessionEntry,
        own: Option<SessionId>,
        rooms: &[(Arc<RoomRow>, Seq)],
    ) -> Result<SessionId> {
        let user = entry.user.id;
        let dialect = entry.dialect;
        let session = self.open_exclusive_entry(entry, own)?;
        if let Some(own) = own
            && let Some(claim) = self.claim_of(own, user, dialect)
        {
            // One that opens anew holds what it held.
            self.claims.remove(&own);
            self.hold(session, claim);
        }
        self.become_another(own, user);
        for (row, seq) in rooms {
            match row.room.kind {
                RoomKind::Direct => self.follow(user, row.room.id, *seq),
                RoomKind::Public | RoomKind::Private => {
                    self.attach_member(session, &row.reference, *seq);
                }
            }
        }
        // Who comes again as itself is not seen to leave.
        if let Some(own) = own {
            self.remove_entry(own, None);
        }
        Ok(session)
    }

    /// A connection that was another user before is told nothing more of what was that one's.
    pub(in crate::hub) fn become_another(&mut self, own: Option<SessionId>, user: UserId) {
        let Some((id, entry)) = own.and_then(|id| Some((id, self.sessions.get(&id)?))) else {
            return;
        };
        if entry.user.id != user {
            let sink = entry.sink.clone();
            self.remove_entry(id, None);
            self.outgoing.push(Outgoing::ChangeReader(sink));
        }
    }

    /// By which claim a session holds this user's one connection of a dialect.
    pub(in crate::hub) fn claim_of(
        &self,
        session: SessionId,
        user: UserId,
        dialect: &str,
    ) -> Option<u64> {
        let entry = self.sessions.get(&session)?;
        let is_it = entry.user.id == user && entry.dialect == dialect;
        self.claims.get(&session).copied().filter(|_| is_it)
    }

    /// A session holds its user's one connection by this claim.
    pub(in crate::hub) fn hold(&mut self, session: SessionId, claim: u64) {
        self.claims.insert(session, claim);
    }

    /// Whose session it is.
    pub(in crate::hub) fn user_of(&self, session: SessionId) -> Option<UserId> {
        self.sessions.get(&session).map(|entry| entry.user.id)
    }

    /// Displaces who holds a user's one connection by this claim, as a newcomer at this node would; whether nobody holds it so
    /// now.
    pub(in crate::hub) fn yield_claim(&mut self, user: UserId, claim: u64) -> bool {
        let sessions = self.online.get(&user);
        let mut sessions = sessions.into_iter().flat_map(|user| &user.sessions);
        let held = |id: &&SessionId| self.claims.get(*id) == Some(&claim);
        let Some(holder) = sessions.find(held).copied() else {
            return true;
        };
        let entry = self.sessions.get(&holder);
        let displaceable = entry.is_some_and(|entry| entry.is_displaceable());
        if displaceable {
            self.end_now(holder, EndReason::Displaced);
        }
        displaceable
    }

    /// Attaches a new session to a room of its user, if it is of those that are attached to all.
    pub(in crate::hub) fn attach_member(
        &mut self,
        session: SessionId,
        room: &Arc<RoomRef>,
        seq: Seq,
    ) {
        if self
            .sessions
            .get(&session)
            .is_some_and(|entry| entry.scope.is_all())
        {
            self.attach(session, room, seq);
        }
    }

    /// Ends a guest that is idle; `false` if it is there.
    pub(in crate::hub) fn displace_idle_guest(&mut self, guest: UserId) -> bool {
        let sessions = self
            .online
            .get(&guest)
            .map(|user_entry| user_entry.sessions.clone())
            .unwrap_or_default();
        let active = |id: &SessionId| {
            self.sessions
                .get(id)
                .is_some_and(|entry| !entry.is_displaceable())
        };
        if sessions.iter().any(active) {
            return false;
        }
        for session in sessions {
            self.end_now(session, EndReason::NameTaken);
        }
        self.end_grace(guest);
        true
    }

    /// A user is another than it was: a guest became an account, or an account has another login. Its sessions go on; where
    /// it has another name, its rooms see the old one go and the new one come.
    pub(in crate::hub) fn update_user(&mut self, row: &UserRow) {
        let (user, reference) = (&row.user, &row.reference);
        let Some(user_entry) = self.online.get_mut(&user.id) else {
            return;
        };
        user_entry.kind = user.kind;
        for session in &user_entry.sessions {
            if let Some(entry) = self.sessions.get_mut(session) {
                self.counting.session(entry, -1);
                // What listens may be told what only operators are.
                if entry.user.operator && !user.operator && !entry.scope.is_seen() {
                    self.ending.push((*session, EndReason::ClosedByOperator));
                }
                entry.user = user.clone();
                self.counting.session(entry, 1);
                entry.current.store(user.clone());
                entry.reference = reference.clone();
                entry.password_mark = password_mark(row);
                if let Some(line) = entry.sink.tap() {
                    line.log_in(TapUser {
                        session: *session,
                        user: user.clone(),
                    });
                }
            }
        }
        self.update_presences(reference);
    }

    /// What one token held is held by another.
    pub(in crate::hub) fn replace_token(&mut self, old: TokenId, new: TokenId) {
        let held = self.sessions.values_mut();
        for entry in held.filter(|entry| entry.token == Some(old)) {
            entry.token = Some(new);
        }
    }

    /// A token was used until now: the store is to record it, and until then it counts as in use.
    pub(in crate::hub) fn used(&mut self, token: TokenId) {
        *self.uses.entry(token).or_default() += 1;
        self.effects.used_tokens.push(token);
    }

    /// The store has recorded a use.
    pub(in crate::hub) fn recorded(&mut self, token: TokenId) {
        if let Entry::Occupied(mut uses) = self.uses.entry(token) {
            *uses.get_mut() -= 1;
            if *uses.get() == 0 {
                uses.remove();
            }
        }
    }

    /// "An open connection is use", and so is one that has closed and is not recorded yet.
    pub(in crate::hub) fn is_in_use(&self, token: TokenId) -> bool {
        let mut open = self.sessions.values();
        self.uses.contains_key(&token) || open.any(|entry| entry.token == Some(token))
    }

    /// The tokens by which sessions of a user are open.
    pub(in crate::hub) fn open_tokens(&self, user: UserId) -> Vec<TokenId> {
        let user_entry = self.online.get(&user);
        let sessions = user_entry.map(|user_entry| user_entry.sessions.iter());
        sessions
            .into_iter()
            .flatten()
            .filter_map(|id| self.sessions.get(id)?.token)
            .collect()
    }

    pub(in crate::hub) fn end_sessions_of(
        &mut self,
        user: UserId,
        reason: EndReason,
        which: impl Fn(&SessionEntry) -> bool,
    ) {
        let Some(user_entry) = self.online.get(&user) else {
            return;
        };
        let ending: Vec<SessionId> = user_entry
            .sessions
            .iter()
            .filter(|id| self.sessions.get(id).is_some_and(|entry| which(entry)))
            .copied()
            .collect();
        for session in ending {
            self.end_later(session, reason);
        }
    }

    pub(in crate::hub) fn learned(&mut self, session: SessionId, room: &Room) {
        if room.kind == RoomKind::Private
            && let Some(entry) = self.sessions.get_mut(&session)
        {
            entry.known.insert(room.id);
        }
    }

    pub(in crate::hub) fn knows(&self, session: SessionId, room: &Room) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|entry| entry.known.contains(&room.id))
    }
}
