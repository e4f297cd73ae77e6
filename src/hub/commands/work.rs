//! One change under way inside a store's transaction.

use std::cmp::Reverse;
use std::sync::Arc;

use super::{Actor, Mandate, Warrant, rules};
use crate::model::{
    Error, Membership, Message, MessageId, News, Origin, Role, Room, RoomChange, RoomEvent, RoomId,
    RoomKind, RoomSelector, Seq, Timestamp, User, UserId, UserKind, UserRef, UserSelector,
    fold_login, fold_room_name,
};
use crate::store::{ApplyError, Limits, RoomRow, Transaction, UserRow};

/// What a [`Change`](super::Change) works with: the rows, on whose behalf it is, and what there will be to tell.
pub struct Work<'a> {
    pub(super) limits: &'a Limits,
    pub(super) rows: &'a mut dyn Transaction,
    pub(super) actor: Actor,
    pub(super) origin: Option<Origin>,
    pub(super) at: Timestamp,
    pub(super) events: Vec<RoomEvent>,
    has_news: bool,
}

/// What a step of a change comes to.
pub(super) type Done<T = ()> = Result<T, ApplyError>;

impl<'a> Work<'a> {
    /// A guest that is gone, a removed or disabled account changes nothing, even if it asked before it was; nor does who
    /// asked by a token that was ended since, or as an operator that it is no more, or is banned from the gateway by now.
    pub(super) fn begin(
        limits: &'a Limits,
        rows: &'a mut dyn Transaction,
        Mandate { actor, warrant }: Mandate,
        origin: Option<Origin>,
        at: Timestamp,
    ) -> Done<Self> {
        let mut work = Self {
            limits,
            rows,
            actor,
            origin,
            at,
            events: Vec::new(),
            has_news: false,
        };
        if let Actor::User(id) = actor {
            work.active_user(id)?;
        }
        if let Some(warrant) = warrant {
            work.check(warrant)?;
        }
        Ok(work)
    }

    fn active_user(&mut self, id: UserId) -> Done<Arc<UserRow>> {
        let row = self.rows.user(id)?;
        let row = row.filter(|row| row.folded.is_some() && !row.user.disabled);
        Ok(row.ok_or(Error::Unauthenticated)?)
    }

    fn check(&mut self, warrant: Warrant) -> Done {
        let row = self.active_user(warrant.user)?;
        if let Some(token) = warrant.token
            && self
                .rows
                .token(token)?
                .is_none_or(|row| row.info.user != warrant.user)
        {
            return Err(Error::BadCredentials.into());
        }
        self.check_banned(warrant.address, &row.user)?;
        match warrant.operates {
            true => Ok(rules::check_operator(&row.user)?),
            false => Ok(()),
        }
    }

    pub(super) fn has_news(&self) -> bool {
        self.has_news
    }

    /// The sessions of all nodes are concerned.
    pub(in crate::hub) fn add_news(&mut self, news: &News) -> Done {
        self.has_news = true;
        Ok(self.rows.add_news(news)?)
    }

    pub(super) fn into_events(self) -> Vec<RoomEvent> {
        self.events
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
                let name = &self.limits.gateway;
                Ok(Arc::new(UserRef {
                    id: UserId::GATEWAY,
                    login: name.clone(),
                    name: name.clone(),
                }))
            }
        }
    }

    /// A user who may be gone since.
    pub(super) fn existing_user(&mut self, id: UserId) -> Done<Arc<UserRow>> {
        Ok(self.rows.user(id)?.ok_or(Error::NoSuchUser)?)
    }

    /// A user who is not gone.
    pub(super) fn user(&mut self, selector: &UserSelector) -> Done<Arc<UserRow>> {
        match selector {
            UserSelector::Id(id) => {
                let row = self.rows.user(*id)?.filter(|row| row.folded.is_some());
                Ok(row.ok_or(Error::NoSuchUser)?)
            }
            UserSelector::Login(login) => self.user_by_login(login),
        }
    }

    fn user_by_login(&mut self, login: &str) -> Done<Arc<UserRow>> {
        let folded = fold_login(login).map_err(|_| Error::NoSuchUser)?;
        Ok(self.rows.user_by_login(&folded)?.ok_or(Error::NoSuchUser)?)
    }

    /// An account that the actor may manage.
    pub(super) fn account(&mut self, selector: &UserSelector) -> Done<Arc<UserRow>> {
        let row = self.user(selector)?;
        rules::check_account(self.actor, &row)?;
        Ok(row)
    }

    pub(super) fn existing_room(&mut self, id: RoomId) -> Done<Arc<RoomRow>> {
        Ok(self.rows.room(id)?.ok_or(Error::NoSuchRoom)?)
    }

    /// The room that is meant; whether the actor may know of it is still to be decided.
    pub(super) fn room(&mut self, selector: &RoomSelector) -> Done<Arc<RoomRow>> {
        Ok(self.find_room(selector)?.ok_or(Error::NoSuchRoom)?)
    }

    pub(super) fn find_room(&mut self, selector: &RoomSelector) -> Done<Option<Arc<RoomRow>>> {
        Ok(match selector {
            RoomSelector::Id(id) => self.rows.room(*id)?,
            RoomSelector::Name(name) => self.rows.room_by_name(&fold_room_name(name))?,
            RoomSelector::NameOrPublicId(name) => {
                let numbered = match name.parse() {
                    Ok(id) => self.rows.room(RoomId(id))?.filter(|row| row.is_public()),
                    Err(_) => None,
                };
                match numbered {
                    Some(row) => Some(row),
                    None => self.rows.room_by_name(&fold_room_name(name))?,
                }
            }
            RoomSelector::Direct(a, b) => {
                rules::operator_only(self.actor)?;
                let (a, b) = (self.user_by_login(a)?, self.user_by_login(b)?);
                self.rows.direct_room(a.user.id, b.user.id)?
            }
        })
    }

    /// The room in which the actor may do this, and as what.
    pub(super) fn room_for(
        &mut self,
        action: rules::Action,
        selector: &RoomSelector,
    ) -> Done<(Arc<RoomRow>, rules::Standing)> {
        let row = self.room(selector)?;
        let standing = self.permitted(action, &row, false)?;
        Ok((row, standing))
    }

    /// What the actor is in the room, once the table allows the action in it (as author of a message or not).
    pub(super) fn permitted(
        &mut self,
        action: rules::Action,
        room: &RoomRow,
        author: bool,
    ) -> Done<rules::Standing> {
        let standing = match self.actor {
            Actor::Operator => rules::Standing::Operator,
            Actor::User(user) => {
                let role = self.role(room.room.id, user)?;
                rules::Standing::User { role, author }
            }
        };
        rules::check(action, standing, room.room.kind)?;
        if matches!(action, rules::Action::Post | rules::Action::Edit) {
            rules::check_quiet(&room.room, standing)?;
        }
        Ok(standing)
    }

    pub(super) fn role(&mut self, room: RoomId, user: UserId) -> Done<Option<Role>> {
        if let Some(membership) = self.rows.member(room, user)? {
            return Ok(Some(membership.role));
        }
        let bound = self.is_bound(room, user)?;
        Ok(bound.then_some(Role::Banned))
    }

    /// Whether a user is a guest whom the ban of one before it keeps out.
    fn is_bound(&mut self, room: RoomId, user: UserId) -> Done<bool> {
        let guest = |row: &Arc<UserRow>| row.user.kind == UserKind::Guest;
        let Some(row) = self.rows.user(user)?.filter(guest) else {
            return Ok(false);
        };
        let bans = self.rows.guest_bans(Some(room))?;
        Ok(bans.iter().any(|ban| row.is_bound_by(ban)))
    }

    /// A message that the actor may know of, with its room.
    pub(super) fn message(&mut self, id: MessageId) -> Done<(Message, Arc<RoomRow>)> {
        let message = self.rows.message(id)?.ok_or(Error::NoSuchMessage)?;
        let room = self.rows.room(message.room)?.ok_or(Error::NoSuchMessage)?;
        if let Actor::User(user) = self.actor {
            let role = self.role(message.room, user)?;
            rules::check_view(rules::View::History, &room.room, role, false)
                .map_err(|_| Error::NoSuchMessage)?;
        }
        if message.deleted || message.seq <= self.hidden_upto(&room)? {
            return Err(Error::NoSuchMessage.into());
        }
        Ok((message, room))
    }

    /// Up to which place what was said in the room is not shown to the actor.
    pub(super) fn hidden_upto(&mut self, room: &RoomRow) -> Done<Seq> {
        let viewer = match self.actor {
            Actor::User(user) => self.rows.member(room.room.id, user)?,
            Actor::Operator => None,
        };
        Ok(room.room.hidden_upto(viewer.as_ref()))
    }

    /// Gives the change the room's next place and adds it to what there is to tell.
    pub(super) fn tell(&mut self, room: &RoomRow, change: RoomChange) -> Done {
        let (seq, _) = self.rows.advance(room.room.id, None)?;
        let event = RoomEvent {
            room: room.reference.clone(),
            seq,
            at: self.at,
            actor: self.actor_ref()?,
            peer: self.peer_in(room)?,
            origin: self.origin,
            seen: false,
            unaware: Vec::new(),
            change,
        };
        self.rows.log(&event)?;
        if let RoomChange::MemberJoined { user } = &event.change {
            self.joined(room, user.id, seq)?;
        }
        if let (RoomChange::Created, Some((a, b))) = (&event.change, room.room.pair) {
            self.joined(room, a, seq)?;
            self.joined(room, b, seq)?;
        }
        self.events.push(event);
        Ok(())
    }

    fn joined(&mut self, room: &RoomRow, user: UserId, seq: Seq) -> Done {
        let room = room.room.id;
        self.add_news(&News::Joined { room, user, seq })
    }

    /// What was told last is of this message, which was said before: who came later by the room's name, or hid it, hears nothing
    /// of it.
    pub(super) fn tell_unaware(&mut self, room: &RoomRow, said: &Message) -> Done {
        let members = match room.room.kind {
            RoomKind::Private => self.rows.members(room.room.id)?,
            RoomKind::Public | RoomKind::Direct => Vec::new(),
        };
        let hidden_from = self.rows.hidden_from(room.room.id, said.id)?;
        if let Some(event) = self.events.last_mut() {
            event.tell_unaware(said.seq, hidden_from, &members);
        }
        Ok(())
    }

    /// Whether the actor hid a message from itself: it is not there for it then.
    pub(super) fn has_hidden(&mut self, message: &Message) -> Done<bool> {
        let Actor::User(user) = self.actor else {
            return Ok(false);
        };
        let hidden_from = self.rows.hidden_from(message.room, message.id)?;
        Ok(hidden_from.contains(&user))
    }

    /// In a direct room, the member who is not the actor.
    pub(super) fn peer_in(&mut self, room: &RoomRow) -> Done<Option<Arc<UserRef>>> {
        let peer = self.actor.user().and_then(|own| room.room.other_than(own));
        let Some(peer) = peer else {
            return Ok(None);
        };
        Ok(self.rows.user(peer)?.map(|row| row.reference.clone()))
    }

    /// Keeps a room with `updated` moved to now.
    pub(super) fn put_room(
        &mut self,
        mut room: Room,
        password: Option<String>,
    ) -> Done<Arc<RoomRow>> {
        room.updated = self.at.max(room.updated);
        Ok(self.rows.put_room(RoomRow::new(room, password))?)
    }

    /// Keeps a user that is otherwise as it was.
    pub(super) fn put_user(
        &mut self,
        row: &UserRow,
        edit: impl FnOnce(&mut User),
    ) -> Done<Arc<UserRow>> {
        let mut user = User::clone(&row.user);
        edit(&mut user);
        let user = Arc::new(user);
        let reference = Arc::new(user.to_ref());
        let row = UserRow {
            user,
            reference,
            ..row.clone()
        };
        Ok(self.rows.put_user(row)?)
    }

    /// Keeps a membership that begins now, with all that was said before.
    pub(super) fn put_member(&mut self, room: RoomId, user: UserId, role: Role) -> Done {
        self.put_member_since(Seq(0), room, user, role)
    }

    fn put_member_since(&mut self, since: Seq, room: RoomId, user: UserId, role: Role) -> Done {
        Ok(self.rows.put_member(Membership {
            room,
            user,
            role,
            joined: self.at,
            seen: Timestamp(0),
            since,
            waiting: 0,
        })?)
    }

    /// Keeps the membership of somebody who came by the room's name, and tells of it.
    pub(super) fn new_comer(&mut self, row: &RoomRow, user: UserId) -> Done {
        let since = match row.room.kind {
            RoomKind::Private if row.room.owner != Some(user) => self.rows.seq(row.room.id)?,
            RoomKind::Private | RoomKind::Public | RoomKind::Direct => Seq(0),
        };
        self.put_member_since(since, row.room.id, user, Role::Member)?;
        self.tell_of_member(row, user)
    }

    /// Keeps a new membership, with all that was said before, and tells of it.
    pub(super) fn new_member(&mut self, row: &RoomRow, user: UserId, role: Role) -> Done {
        self.put_member(row.room.id, user, role)?;
        self.tell_of_member(row, user)
    }

    /// Who owns the room, and left when nobody could succeed, is its owner again. Of who is gone for good, the highest and
    /// oldest account that is in the room now takes it.
    fn tell_of_member(&mut self, row: &RoomRow, id: UserId) -> Done {
        let user = self.existing_user(id)?.reference.clone();
        let row = self.put_room(row.room.clone(), row.password.clone())?;
        self.tell(&row, RoomChange::MemberJoined { user })?;
        match self.rows.member(row.room.id, id)? {
            Some(back) if row.room.owner == Some(id) && back.role != Role::Owner => {
                self.give_role(&row, back, Role::Owner)
            }
            _ => self.succeed_gone_owner(&row),
        }
    }

    fn succeed_gone_owner(&mut self, row: &RoomRow) -> Done {
        let Some(owner) = row.room.owner else {
            return Ok(());
        };
        if self.existing_user(owner)?.is_gone() {
            self.succeed_owner(row.room.id, owner, Some(owner))?;
        }
        Ok(())
    }

    /// Ends a membership without telling.
    pub(super) fn drop_member(
        &mut self,
        row: &RoomRow,
        membership: &Membership,
    ) -> Done<Arc<RoomRow>> {
        self.rows.remove_member(membership.room, membership.user)?;
        self.put_room(row.room.clone(), row.password.clone())
    }

    /// Ends all memberships of a user but those in direct rooms, and tells of each.
    pub(super) fn end_memberships(&mut self, row: &UserRow) -> Done {
        for membership in self.rows.memberships(row.user.id)? {
            let room = self.rows.room(membership.room)?;
            let Some(room) = room.filter(|room| room.room.kind != RoomKind::Direct) else {
                continue;
            };
            let room = self.drop_member(&room, &membership)?;
            if membership.role != Role::Banned {
                let user = row.reference.clone();
                self.tell(&room, RoomChange::MemberLeft { user })?;
            }
        }
        Ok(())
    }

    /// Gives a member another role and tells of it.
    pub(super) fn give_role(&mut self, row: &RoomRow, membership: Membership, role: Role) -> Done {
        let user = self.existing_user(membership.user)?.reference.clone();
        self.rows.put_member(Membership { role, ..membership })?;
        self.tell(row, RoomChange::RoleChanged { user, role })
    }

    /// "When the owner leaves, the oldest admin succeeds, else the oldest moderator, else the oldest member"; where there is
    /// none, the room is `otherwise`'s. The room as it is then.
    pub(super) fn succeed_owner(
        &mut self,
        room: RoomId,
        owner: UserId,
        otherwise: Option<UserId>,
    ) -> Done<Arc<RoomRow>> {
        let row = self.existing_room(room)?;
        let heir = self.heir(room, owner)?;
        let mut changed = row.room.clone();
        changed.owner = heir.as_ref().map(|heir| heir.user).or(otherwise);
        let row = RoomRow::new(changed, row.password.clone());
        let row = self.rows.put_room(row)?;
        if let Some(heir) = heir {
            self.give_role(&row, heir, Role::Owner)?;
        }
        Ok(row)
    }

    fn heir(&mut self, room: RoomId, owner: UserId) -> Done<Option<Membership>> {
        let mut members = self.rows.members(room)?;
        members.retain(|member| member.role != Role::Banned && member.user != owner);
        members.sort_by_key(|member| Reverse(rules::rank(member.role)));
        for member in members {
            let user = self.existing_user(member.user)?;
            // A guest owns nothing; who is disabled or banned from the gateway can do nothing.
            let may_act = user.user.kind == UserKind::Account && !user.user.disabled;
            if may_act && self.ban_of_user(&user.user)?.is_none() {
                return Ok(Some(member));
            }
        }
        Ok(None)
    }

    /// The room once this user, if its owner, is it no longer. Who goes and `may_return` stays it where nobody succeeds.
    pub(super) fn without_owner(
        &mut self,
        row: Arc<RoomRow>,
        user: UserId,
        may_return: bool,
    ) -> Done<Arc<RoomRow>> {
        match row.room.owner == Some(user) {
            true => self.succeed_owner(row.room.id, user, may_return.then_some(user)),
            false => Ok(row),
        }
    }

    /// Refuses what would pass `limits.rooms_per_user` or `limits.members_per_room`, or has no room on the disk.
    pub(super) fn room_for_one_more(&mut self, user: UserId, room: Option<RoomId>) -> Done {
        if !self.rows.has_room() {
            return Err(Error::Unavailable.into());
        }
        let limit = self.limits.rooms_per_user.get();
        if limit > 0 && self.rows.room_count(user)? >= limit {
            return Err(Error::TooLarge { limit }.into());
        }
        let limit = self.limits.members_per_room.get();
        if let Some(room) = room
            && limit > 0
            && self.rows.member_count(room)? >= limit
        {
            return Err(Error::TooLarge { limit }.into());
        }
        Ok(())
    }
}
