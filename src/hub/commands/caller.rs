//! Who asks for a command, and what a command can do on the way to its reply.

use std::any::TypeId;
use std::sync::Arc;

use super::{Actor, Change, Command, Mandate, Warrant, rules};
use crate::hub::metrics::DialectNumber;
use crate::hub::newcomers::Newcomer;
use crate::hub::quota::{Maker, Taken};
use crate::hub::state::HubState;
use crate::hub::{Hub, Session};
use crate::model::{
    Error, Result, Role, RoomId, RoomSelector, SessionId, Target, User, UserId, UserKind,
    UserSelector, fold_login, fold_room_name,
};
use crate::store::{RoomRow, Store, UserRow};
use crate::turns::Asker;

/// Who asks for a command: the operator, or a connection.
pub struct Caller<'a>(Inner<'a>);

enum Inner<'a> {
    /// With who has shown the token of an operator's account, where it is that.
    Operator(&'a Hub, Option<&'a Session>),
    Connection(&'a mut Session),
}

impl<'a> From<&'a Hub> for Caller<'a> {
    /// The operator, who may do all.
    fn from(hub: &'a Hub) -> Self {
        Self(Inner::Operator(hub, None))
    }
}

impl<'a> Caller<'a> {
    /// The operator, for who has shown a token: what is to last is refused if the account is no operator then.
    #[cfg(any(feature = "http", all(test, feature = "daemon")))]
    pub(crate) fn operating(session: &'a Session) -> Self {
        Self(Inner::Operator(&session.hub, Some(session)))
    }

    pub(in crate::hub) fn connected(session: &'a mut Session) -> Self {
        Self(Inner::Connection(session))
    }

    /// Carries out a command on the same caller's behalf, if the caller is what it needs and the policy lets it.
    ///
    /// # Errors
    /// The command's.
    pub async fn call<C: Command>(&mut self, command: C) -> Result<C::Reply> {
        let newcomer = self.newcomer(&command);
        let outcome = match C::NEEDS.check(self) {
            Ok(()) => self.carry_out(command).await,
            Err(error) => Err(error),
        };
        let (hub, why) = (self.hub(), outcome.as_ref().err());
        hub.counts().commanded(super::place_of::<C>(), why);
        if let (Some(newcomer), Some(dialect)) = (newcomer, self.dialect()) {
            hub.counts().came(dialect, why);
            if let Some(why) = why {
                hub.inner.newcomers.failed(newcomer, why.clone());
            }
        }
        outcome
    }

    /// The dialect of a connection.
    fn dialect(&self) -> Option<DialectNumber> {
        self.connection().ok().map(Session::number)
    }

    /// Who wants to be let in by this command.
    fn newcomer<C: Command>(&self, command: &C) -> Option<Newcomer> {
        let address = self.connection().ok()?.connection.address;
        Some(Newcomer::new(command.login()?, address))
    }

    async fn carry_out<C: Command>(&mut self, mut command: C) -> Result<C::Reply> {
        if C::IS_DECIDED
            && let Inner::Connection(session) = &self.0
        {
            session.decide(&mut command).await?;
        }
        command.call(self).await
    }

    /// On whose behalf it is.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] before a login, and after the session was ended.
    pub fn actor(&self) -> Result<Actor> {
        match &self.0 {
            Inner::Operator(..) => Ok(Actor::Operator),
            Inner::Connection(session) => session.user_id().map(Actor::User),
        }
    }

    /// On whose behalf something is to last, and what must hold then.
    pub(in crate::hub) fn mandate(&self) -> Result<Mandate> {
        let (actor, warrant) = (self.actor()?, self.warrant());
        Ok(Mandate { actor, warrant })
    }

    pub(super) fn warrant(&self) -> Option<Warrant> {
        match &self.0 {
            Inner::Operator(_, None) => None,
            Inner::Operator(_, Some(session)) => session.warrant(true),
            Inner::Connection(session) => session.warrant(false),
        }
    }

    /// The user who asks.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for the operator too.
    pub fn user_id(&self) -> Result<UserId> {
        self.actor()?.user().ok_or(Error::Unauthenticated)
    }

    /// The session that asks, of those that were opened by a login.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] where there is none.
    pub fn session(&self) -> Result<SessionId> {
        self.actor()?;
        self.session_id().ok_or(Error::Unauthenticated)
    }

    /// Has a change carried out and waits for it.
    ///
    /// # Errors
    /// The change's, and the store's.
    pub async fn commit<C: Change>(&self, change: C) -> Result<C::Outcome> {
        self.commit_then(change, |_, outcome| Ok(outcome)).await
    }

    /// Has a change carried out and, at its place in the order of changes, does something with the state.
    pub(super) async fn commit_then<C: Change, T: Send + 'static>(
        &self,
        change: C,
        then: impl FnOnce(&mut HubState, C::Outcome) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (mandate, session) = (self.mandate()?, self.session_id());
        let dialect = self.dialect();
        let then = move |state: &mut HubState, outcome| {
            if TypeId::of::<C>() == TypeId::of::<super::Send>() {
                state.counting.counts.told.accepted(dialect);
            }
            then(state, outcome)
        };
        let commit = self.hub().commit(mandate, session, change, then);
        commit.await
    }

    pub(crate) fn hub(&self) -> &Hub {
        match &self.0 {
            Inner::Operator(hub, _) => hub,
            Inner::Connection(session) => &session.hub,
        }
    }

    pub(super) fn store(&self) -> &dyn Store {
        self.hub().inner.store.as_ref()
    }

    pub(super) fn session_id(&self) -> Option<SessionId> {
        match &self.0 {
            Inner::Operator(..) => None,
            Inner::Connection(session) => session.id(),
        }
    }

    pub(super) fn connection(&self) -> Result<&Session> {
        match &self.0 {
            Inner::Operator(..) => Err(Error::Unsupported("this needs a connection".to_owned())),
            Inner::Connection(session) => Ok(session),
        }
    }

    pub(super) fn connection_mut(&mut self) -> Result<&mut Session> {
        match &mut self.0 {
            Inner::Operator(..) => Err(Error::Unsupported("this needs a connection".to_owned())),
            Inner::Connection(session) => Ok(session),
        }
    }

    /// Who waits for a turn to have a password hashed: one who is in as itself, and others as who they want to be.
    pub(super) fn asker(&self, wanted: &str) -> Asker {
        let session = self.connection().ok();
        let user = session.and_then(Session::user);
        let address = session.and_then(|session| session.connection.address);
        let account = user.as_ref().map_or(wanted, |user| &user.login);
        let (hub, user) = (self.hub(), user.as_ref().map(|user| user.id));
        let attempts = &hub.inner.attempts;
        attempts.asker(account, user, address, hub.now().0)
    }

    /// One of the rooms that the caller may make in an hour: a guest as one of its address, too, and the operator any number.
    pub(super) fn room_to_make(&self) -> Result<Taken<'_>> {
        let (makers, hub) = match &self.0 {
            Inner::Operator(hub, _) => (Vec::new(), *hub),
            Inner::Connection(session) => {
                let user = session.user();
                let is_guest = |user: &Arc<User>| user.kind == UserKind::Guest;
                let address = session.connection.address;
                let address = address.filter(|_| user.as_ref().is_some_and(is_guest));
                let own = session.user_id().map(Maker::User)?;
                let all = address.map(Maker::of_place).into_iter().chain([own]);
                (all.collect(), &session.hub)
            }
        };
        hub.inner.rooms_made.take(makers, hub.now().0)
    }

    /// A room by whatever names it; whether the caller may know of it is for whoever uses it to decide.
    pub(super) async fn room(&self, selector: &RoomSelector) -> Result<Arc<RoomRow>> {
        let store = self.store();
        let row = match selector {
            RoomSelector::Id(id) => store.room(*id).await?,
            RoomSelector::Name(name) => store.room_by_name(&fold_room_name(name)).await?,
            RoomSelector::NameOrPublicId(name) => {
                let numbered = match name.parse() {
                    Ok(id) => store.room(RoomId(id)).await?.filter(|row| row.is_public()),
                    Err(_) => None,
                };
                match numbered {
                    Some(row) => Some(row),
                    None => store.room_by_name(&fold_room_name(name)).await?,
                }
            }
            RoomSelector::Direct(a, b) => {
                rules::operator_only(self.actor()?)?;
                let (a, b) = (self.user_by_login(a).await?, self.user_by_login(b).await?);
                store.direct_room(a.user.id, b.user.id).await?
            }
        };
        row.ok_or(Error::NoSuchRoom)
    }

    /// The room that something said to this target goes to, if it is there. Where the session is attached to it, the store is
    /// not asked.
    pub(in crate::hub) async fn room_of(&self, target: &Target) -> Option<RoomId> {
        let row = match target {
            Target::Room(RoomSelector::Id(room)) => return Some(*room),
            Target::Room(selector) => {
                let attached = |session, name: &str| {
                    let find = |state: &mut HubState| state.attached_room(session, name);
                    self.hub().with_state(find)
                };
                if let (RoomSelector::Name(name), Some(session)) = (selector, self.session_id())
                    && let Some(room) = attached(session, name)
                {
                    return Some(room);
                }
                self.room(selector).await.ok()?
            }
            Target::User(user) => {
                let (own, other) = (self.user_id().ok()?, self.user(user).await.ok()?);
                let direct = self.store().direct_room(own, other.user.id);
                direct.await.ok()??
            }
        };
        Some(row.room.id)
    }

    /// Who alone reads what goes there; nobody where it is no direct room.
    pub(super) async fn recipient(&self, to: &Target) -> Result<Option<Arc<UserRow>>> {
        let room = match to {
            Target::User(user) => return Ok(Some(self.user(user).await?)),
            Target::Room(RoomSelector::Id(room)) => *room,
            Target::Room(_) => return Ok(None),
        };
        let is_for_many = |state: &mut HubState| state.is_for_many(room);
        if self.hub().with_state(is_for_many) {
            return Ok(None);
        }
        let (Some(own), Some(row)) = (self.actor()?.user(), self.store().room(room).await?) else {
            return Ok(None);
        };
        match row.room.other_than(own) {
            // To who is gone the change itself says that there is nobody.
            Some(other) => Ok(self.store().user(other).await?.filter(|row| !row.is_gone())),
            None => Ok(None),
        }
    }

    /// Whether a user has an open session, or may have one at a node that cannot be asked: who may be there hears of it by the
    /// store, or finds it at the next login.
    pub(super) fn may_reach(&self, user: UserId) -> bool {
        let (hub, is_there) = (self.hub(), |state: &mut HubState| {
            state.is_connected_anywhere(user)
        });
        hub.with_state(is_there) || hub.may_miss_somebody()
    }

    /// The caller's place in a room.
    pub(in crate::hub) async fn role(&self, room: RoomId) -> Result<Option<Role>> {
        let Some(user) = self.actor()?.user() else {
            return Ok(None);
        };
        if let Some(membership) = self.store().member(room, user).await? {
            return Ok(Some(membership.role));
        }
        let row = self.store().user(user).await?;
        let Some(row) = row.filter(|row| row.user.kind == UserKind::Guest) else {
            return Ok(None);
        };
        let bans = self.store().guest_bans(room).await?;
        let bound = bans.iter().any(|ban| row.is_bound_by(ban));
        Ok(bound.then_some(Role::Banned))
    }

    /// A room of which the caller may see this.
    pub(in crate::hub) async fn sees(
        &self,
        view: rules::View,
        selector: &RoomSelector,
    ) -> Result<Arc<RoomRow>> {
        let row = self.room(selector).await?;
        if let Actor::User(_) = self.actor()? {
            let role = self.role(row.room.id).await?;
            rules::check_view(view, &row.room, role, selector.is_by_name())?;
        }
        Ok(row)
    }

    /// A user by whatever names it.
    pub(super) async fn user(&self, selector: &UserSelector) -> Result<Arc<UserRow>> {
        match selector {
            UserSelector::Id(id) => {
                let row = self.store().user(*id).await?;
                row.filter(|row| row.folded.is_some())
                    .ok_or(Error::NoSuchUser)
            }
            UserSelector::Login(login) => self.user_by_login(login).await,
        }
    }

    async fn user_by_login(&self, login: &str) -> Result<Arc<UserRow>> {
        let folded = fold_login(login).map_err(|_| Error::NoSuchUser)?;
        let row = self.store().user_by_login(&folded).await?;
        row.ok_or(Error::NoSuchUser)
    }

    /// An account that the caller may manage.
    pub(super) async fn account(&self, selector: &UserSelector) -> Result<Arc<UserRow>> {
        let row = self.user(selector).await?;
        rules::check_account(self.actor()?, &row)?;
        Ok(row)
    }
}
