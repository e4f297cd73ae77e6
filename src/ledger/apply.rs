//! Carrying out one write.

use std::sync::Arc;

use super::{
    Actor, ApplyError, Change, Outcome, Place, RoomRow, Transaction, UserRow, Write, rules,
};
use crate::model::{
    Error, Membership, MessageId, Origin, Role, RoomChange, RoomEvent, RoomId, RoomKind, Timestamp,
    UserId, UserRef,
};

/// What the configuration says to the rules. 0 stands for no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What the gateway calls itself; the actor's name where the command line acts.
    pub gateway: String,
    /// In how many rooms a user may be.
    pub rooms_per_user: u64,
    /// How many members a room may have.
    pub members_per_room: u64,
}

/// What came of a write.
pub type Applied = Result<(Outcome, Vec<RoomEvent>), ApplyError>;

/// Carries out one write inside a transaction.
///
/// # Errors
/// [`ApplyError::Refused`]: a rule or the present state forbids it, no row was touched. [`ApplyError::Broken`]: the store is in
/// trouble, the transaction must be rolled back.
pub fn apply(policy: &Policy, rows: &mut dyn Transaction, write: Write) -> Applied {
    let mut work = Work {
        policy,
        rows,
        actor: write.actor,
        origin: write.origin,
        at: write.at,
        events: Vec::new(),
    };
    let outcome = work.carry_out(write.change)?;
    Ok((outcome, work.events))
}

/// One write under way.
pub(super) struct Work<'a> {
    pub(super) policy: &'a Policy,
    pub(super) rows: &'a mut dyn Transaction,
    pub(super) actor: Actor,
    pub(super) origin: Option<Origin>,
    pub(super) at: Timestamp,
    pub(super) events: Vec<RoomEvent>,
}

pub(super) type Done<T = Outcome> = Result<T, ApplyError>;

impl Work<'_> {
    fn carry_out(&mut self, change: Change) -> Done {
        self.check_actor(&change)?;
        match change {
            Change::AddAccount {
                login,
                folded,
                name,
                description,
                password,
            } => self.add_account(login, folded, name, description, password),
            Change::AddGuest { login, folded } => self.add_guest(login, folded),
            Change::EndGuest { user } => self.end_guest(user),
            Change::EndAllGuests => self.end_all_guests(),
            Change::OpenSession {
                user,
                password,
                by,
                token,
                address,
            } => self.open_session(user, password.as_deref(), by, token, &address),
            Change::TouchToken { id } => Ok(self
                .rows
                .touch_token(id, self.at, None)
                .map(|()| Outcome::Done)?),
            Change::ExpireTokens { before } => {
                Ok(self.rows.expire_tokens(before).map(|()| Outcome::Done)?)
            }
            Change::SetPassword { user, password } => self.set_password(user, password),
            Change::SetDisabled { user, disabled } => self.set_disabled(user, disabled),
            Change::RemoveUser { user } => self.remove_user(user),
            Change::DescribeUser { description } => self.describe_user(description),
            Change::AddContact { contact } => self.add_contact(contact),
            Change::RemoveContact { contact } => self.remove_contact(contact),
            Change::AddToken { user, token } => self.add_token(user, token),
            Change::RenewToken { by, token } => self.renew_token(by, token),
            Change::ReplaceToken { old, new } => self.replace_token(old, new),
            Change::RemoveTokens { user, id } => self.remove_tokens(user, id),
            Change::Post {
                place,
                kind,
                text,
                reply_to,
                file,
                extra,
            } => {
                let room = match place {
                    Place::Room(room) => self.existing_room(room)?,
                    // A reply has a room already; one that would be made for it is not touched.
                    Place::Direct(user) if reply_to.is_some() => self.existing_direct_room(user)?,
                    Place::Direct(user) => self.direct_room_with(user)?.0,
                };
                self.post(&room, kind, text, reply_to, file, extra)
            }
            Change::Edit { message, text } => self.edit(message, text),
            Change::Delete { message } => self.delete(message),
            Change::Hide { message } => self.hide(message),
            Change::ClearHistory { room } => self.clear_history(room),
            Change::MarkSeen { room, at } => self.mark_seen(room, at),
            Change::CreateRoom {
                name,
                title,
                description,
                kind,
                password,
                owned,
            } => self.create_room(name, title, description, kind, password, owned),
            Change::Enter {
                room,
                password,
                known,
                create,
            } => self.enter(room, password.as_deref(), known, create),
            Change::Leave { room } => self.leave(room),
            Change::OpenDirect { user } => {
                let (room, created) = self.direct_room_with(user)?;
                self.room_outcome(room, created)
            }
            Change::DeleteRoom { room } => self.delete_room(room),
            Change::RenameRoom { room, name } => self.rename_room(room, name),
            Change::SetTitle { room, title } => self.set_title(room, title),
            Change::SetDescription { room, description } => self.set_description(room, description),
            Change::SetRoomPassword { room, password } => self.set_room_password(room, password),
            Change::SetPrivate { room, private } => self.set_private(room, private),
            Change::AddMember { room, user } => self.add_member(room, user),
            Change::RemoveMember { room, user } => self.remove_member(room, user),
            Change::Ban { room, user } => self.ban(room, user),
            Change::Unban { room, user } => self.unban(room, user),
            Change::SetRole { room, user, role } => self.set_role(room, user, role),
        }
    }

    /// A guest that is gone, a removed or disabled account changes nothing, even if it asked before it was.
    fn check_actor(&mut self, change: &Change) -> Done<()> {
        let Actor::User(id) = self.actor else {
            return Ok(());
        };
        // A login has an answer of its own.
        let there = matches!(change, Change::OpenSession { .. })
            || self
                .rows
                .user(id)?
                .is_some_and(|row| row.folded.is_some() && !row.user.disabled);
        if there {
            Ok(())
        } else {
            Err(Error::Unauthenticated.into())
        }
    }

    /// The user on whose behalf this is; the command line has none.
    pub(super) fn acting_user(&mut self) -> Done<Arc<UserRow>> {
        match self.actor {
            Actor::User(id) => self.existing_user(id),
            Actor::Operator => Err(Error::Unauthenticated.into()),
        }
    }

    /// How events name the actor.
    pub(super) fn actor_ref(&mut self) -> Done<Arc<UserRef>> {
        match self.actor {
            Actor::User(id) => Ok(self.existing_user(id)?.reference.clone()),
            Actor::Operator => {
                let name = &self.policy.gateway;
                Ok(Arc::new(UserRef {
                    id: UserId::GATEWAY,
                    login: name.clone(),
                    name: name.clone(),
                }))
            }
        }
    }

    pub(super) fn existing_user(&mut self, id: UserId) -> Done<Arc<UserRow>> {
        self.rows
            .user(id)?
            .ok_or(ApplyError::Refused(Error::NoSuchUser))
    }

    pub(super) fn existing_room(&mut self, id: RoomId) -> Done<Arc<RoomRow>> {
        self.rows
            .room(id)?
            .ok_or(ApplyError::Refused(Error::NoSuchRoom))
    }

    /// The actor's place in a room.
    pub(super) fn own_membership(&mut self, room: RoomId) -> Done<Option<Membership>> {
        match self.actor {
            Actor::User(user) => Ok(self.rows.member(room, user)?),
            Actor::Operator => Ok(None),
        }
    }

    /// The room, once the table allows the action in it to the actor (as author of a message or not).
    ///
    /// Who cannot know of a room is told [`Error::NoSuchRoom`].
    pub(super) fn permitted(
        &mut self,
        action: rules::Action,
        room: &RoomRow,
        author: bool,
    ) -> Done<rules::Standing> {
        let standing = match self.actor {
            Actor::Operator => rules::Standing::Operator,
            Actor::User(user) => {
                let role = self
                    .rows
                    .member(room.room.id, user)?
                    .map(|membership| membership.role);
                if role.is_none() && room.room.kind != RoomKind::Public {
                    return Err(Error::NoSuchRoom.into());
                }
                rules::Standing::User { role, author }
            }
        };
        rules::check(action, standing, room.room.kind == RoomKind::Direct)?;
        Ok(standing)
    }

    /// Gives the change the room's next place and adds it to what there is to tell.
    pub(super) fn tell(&mut self, room: &RoomRow, change: RoomChange) -> Done<()> {
        let (seq, _) = self.rows.advance(room.room.id, None)?;
        let actor = self.actor_ref()?;
        let peer = self.peer_in(room)?;
        let event = RoomEvent {
            room: room.reference.clone(),
            seq,
            at: self.at,
            actor,
            peer,
            origin: self.origin,
            seen: false,
            change,
        };
        self.rows.log(&event)?;
        self.events.push(event);
        Ok(())
    }

    /// In a direct room, the member who is not the actor.
    pub(super) fn peer_in(&mut self, room: &RoomRow) -> Done<Option<Arc<UserRef>>> {
        let (Some((a, b)), Actor::User(actor)) = (room.room.pair, self.actor) else {
            return Ok(None);
        };
        let peer = if actor == a { b } else { a };
        Ok(self.rows.user(peer)?.map(|row| row.reference.clone()))
    }

    /// A room as what came of a change.
    pub(super) fn room_outcome(&mut self, room: Arc<RoomRow>, created: bool) -> Done {
        let seq = self.rows.seq(room.room.id)?;
        Ok(Outcome::Room { room, created, seq })
    }

    /// A message that the actor may know of, with its room.
    pub(super) fn existing_message(
        &mut self,
        id: MessageId,
    ) -> Done<(crate::model::Message, Arc<RoomRow>)> {
        let missing = ApplyError::Refused(Error::NoSuchMessage);
        let Some(message) = self.rows.message(id)? else {
            return Err(missing);
        };
        let Some(room) = self.rows.room(message.room)? else {
            return Err(missing);
        };
        let member = match self.actor {
            Actor::Operator => true,
            Actor::User(user) => self
                .rows
                .member(message.room, user)?
                .is_some_and(|membership| membership.role != Role::Banned),
        };
        if !member || message.deleted || message.seq <= room.room.cleared {
            return Err(missing);
        }
        Ok((message, room))
    }
}
