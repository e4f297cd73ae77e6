//! Commands, sorted to those who carry them out, and everything about rooms.

use std::sync::Arc;

use super::session::Session;
use super::{Caller, Hub};
use crate::ledger::{Actor, Change, Outcome, RoomRow, UserRow};
use crate::model::{
    Command, Error, Reply, Result, Role, RoomKind, RoomSelector, Secret, Timestamp, UserKind,
    UserSelector, fold_login, fold_room_name, fold_text, validate_room_name, validate_title,
};

impl Hub {
    /// Carries out a command that needs no connection of its own.
    pub(super) async fn execute(&self, caller: Caller, command: Command) -> Result<Reply> {
        match command {
            Command::LogIn { .. }
            | Command::LogInToken { .. }
            | Command::Identify { .. }
            | Command::RenewToken
            | Command::UseToken { .. }
            | Command::LogInGuest { .. }
            | Command::LogOut { .. }
            | Command::Enter { .. }
            | Command::SetStatus { .. }
            | Command::SetProfile { .. } => {
                Err(Error::Unsupported("this needs a connection".to_owned()))
            }
            Command::Register {
                login,
                secret,
                name,
                description,
            } => {
                self.add_account(caller.actor, login, &secret, name, description)
                    .await
            }
            Command::Send(draft) => self.send(caller, draft).await,
            Command::Edit { message, text } => self.edit(caller, message, &text).await,
            Command::Delete { message } => self.done(caller, Change::Delete { message }).await,
            Command::Hide { message } => self.done(caller, Change::Hide { message }).await,
            Command::History(query) => self.history(caller, query).await,
            Command::Search {
                room,
                text,
                prefix,
                limit,
            } => self.search(caller, room, &text, prefix, limit).await,
            Command::FindMessage { low_bits, room } => {
                self.find_message(caller, low_bits, room).await
            }
            Command::Seen { room } => self.seen(caller, room).await,
            Command::SeenMarks { room } => {
                let room = self.readable(caller, room).await?.room.id;
                Ok(Reply::SeenMarks(self.inner.store.seen_marks(room).await?))
            }
            Command::Users
            | Command::SetPassword { .. }
            | Command::SetDisabled { .. }
            | Command::RemoveUser { .. }
            | Command::SetOwnDescription { .. }
            | Command::FindUser { .. }
            | Command::Contacts
            | Command::AddContact { .. }
            | Command::RemoveContact { .. }
            | Command::CreateToken { .. }
            | Command::Tokens { .. }
            | Command::RevokeToken { .. }
            | Command::Sessions
            | Command::CloseSession { .. } => self.execute_account(caller, command).await,
            other => self.execute_room(caller, other).await,
        }
    }

    async fn execute_room(&self, caller: Caller, command: Command) -> Result<Reply> {
        match command {
            Command::CreateRoom {
                name,
                title,
                description,
                kind,
                password,
            } => {
                self.create_room(caller, name, title, description, kind, password)
                    .await
            }
            Command::FindRoom { room } => Ok(Reply::Room(Arc::new(
                self.visible(caller, room).await?.room.clone(),
            ))),
            Command::SearchRooms { prefix } => Ok(rooms(
                self.inner.store.public_rooms(&fold_text(&prefix)).await?,
            )),
            Command::Rooms => {
                operator_only(caller)?;
                Ok(rooms(self.inner.store.rooms().await?))
            }
            Command::MyRooms => self.my_rooms(caller).await,
            Command::Members { room } => {
                let room = self.listed(caller, room).await?;
                Ok(Reply::Members(
                    self.inner.store.members(room.room.id).await?,
                ))
            }
            Command::Who { room } => {
                let room = self.listed(caller, room).await?.room.id;
                Ok(Reply::Present(self.with_state(|state| state.present(room))))
            }
            Command::Direct { user, create } => self.direct(caller, user, create).await,
            Command::AddMember { room, user } => {
                self.on_member(caller, room, user, |room, user| Change::AddMember {
                    room,
                    user,
                })
                .await
            }
            Command::RemoveMember { room, user } => {
                self.on_member(caller, room, user, |room, user| Change::RemoveMember {
                    room,
                    user,
                })
                .await
            }
            Command::Ban { room, user } => {
                self.on_member(caller, room, user, |room, user| Change::Ban { room, user })
                    .await
            }
            Command::Unban { room, user } => {
                self.on_member(caller, room, user, |room, user| Change::Unban {
                    room,
                    user,
                })
                .await
            }
            Command::SetRole { room, user, role } => {
                self.on_member(caller, room, user, move |room, user| Change::SetRole {
                    room,
                    user,
                    role,
                })
                .await
            }
            other => self.change_room(caller, other).await,
        }
    }

    async fn change_room(&self, caller: Caller, command: Command) -> Result<Reply> {
        let (selector, change): (
            RoomSelector,
            Box<dyn FnOnce(crate::model::RoomId) -> Change + Send>,
        ) = match command {
            Command::Leave { room } => (room, Box::new(|room| Change::Leave { room })),
            Command::ClearHistory { room } => {
                (room, Box::new(|room| Change::ClearHistory { room }))
            }
            Command::MarkSeen { room, at } => {
                (room, Box::new(move |room| Change::MarkSeen { room, at }))
            }
            Command::DeleteRoom { room } => (room, Box::new(|room| Change::DeleteRoom { room })),
            Command::RenameRoom { room, name } => {
                validate_room_name("name", &name)?;
                (
                    room,
                    Box::new(move |room| Change::RenameRoom { room, name }),
                )
            }
            Command::SetTitle { room, title } => {
                validate_title("title", &title)?;
                (room, Box::new(move |room| Change::SetTitle { room, title }))
            }
            Command::SetDescription { room, description } => (
                room,
                Box::new(move |room| Change::SetDescription { room, description }),
            ),
            Command::SetRoomPassword { room, password } => {
                let password = self.room_secret(password).await?;
                (
                    room,
                    Box::new(move |room| Change::SetRoomPassword { room, password }),
                )
            }
            Command::SetPrivate { room, private } => (
                room,
                Box::new(move |room| Change::SetPrivate { room, private }),
            ),
            other => return Err(Error::Unsupported(format!("{other:?} is not for rooms"))),
        };
        let room = self.room(caller, selector).await?.room.id;
        self.done(caller, change(room)).await
    }

    async fn room_secret(&self, password: Option<String>) -> Result<Option<String>> {
        match password.filter(|password| !password.is_empty()) {
            Some(password) => Ok(Some(
                self.inner.hashing.hash(&Secret::Password(password)).await?,
            )),
            None => Ok(None),
        }
    }

    async fn create_room(
        &self,
        caller: Caller,
        name: String,
        title: String,
        description: String,
        kind: RoomKind,
        password: Option<String>,
    ) -> Result<Reply> {
        if !name.is_empty() || title.is_empty() {
            validate_room_name("name", &name)?;
        }
        if !title.is_empty() {
            validate_title("title", &title)?;
        }
        let password = self.room_secret(password).await?;
        let change = Change::CreateRoom {
            name,
            title,
            description,
            kind,
            password,
            owned: true,
        };
        match self.write(caller.actor, caller.session, change).await? {
            Outcome::Room { room, created, seq } => {
                let present = self.with_state(|state| state.present(room.room.id));
                Ok(Reply::Entered {
                    room: Arc::new(room.room.clone()),
                    created,
                    arrived: true,
                    seq,
                    present,
                })
            }
            _ => Err(Error::Internal),
        }
    }

    async fn my_rooms(&self, caller: Caller) -> Result<Reply> {
        let Actor::User(user) = caller.actor else {
            return Err(Error::Unauthenticated);
        };
        let mine = self.inner.store.rooms_of(user).await?;
        let mine = mine
            .into_iter()
            .filter(|(_, membership)| membership.role != Role::Banned);
        Ok(rooms(mine.map(|(room, _)| room).collect()))
    }

    async fn direct(&self, caller: Caller, user: UserSelector, create: bool) -> Result<Reply> {
        let Actor::User(own) = caller.actor else {
            return Err(Error::Unauthenticated);
        };
        let other = self.user(user).await?.user.id;
        if let Some(room) = self.inner.store.direct_room(own, other).await? {
            return Ok(Reply::Room(Arc::new(room.room.clone())));
        }
        if !create {
            return Err(Error::NoSuchRoom);
        }
        match self
            .write(
                caller.actor,
                caller.session,
                Change::OpenDirect { user: other },
            )
            .await?
        {
            Outcome::Room { room, .. } => Ok(Reply::Room(Arc::new(room.room.clone()))),
            _ => Err(Error::Internal),
        }
    }

    async fn on_member(
        &self,
        caller: Caller,
        room: RoomSelector,
        user: UserSelector,
        change: impl FnOnce(crate::model::RoomId, crate::model::UserId) -> Change,
    ) -> Result<Reply> {
        // Who may not know of the room learns nothing from which users there are.
        let room = self.readable(caller, room).await?.room.id;
        let user = self.user(user).await?.user.id;
        self.done(caller, change(room, user)).await
    }

    pub(super) async fn done(&self, caller: Caller, change: Change) -> Result<Reply> {
        self.write(caller.actor, caller.session, change)
            .await
            .map(|_| Reply::Done)
    }

    /// A room by whatever names it; whether the asker may know of it is decided by whoever uses it.
    pub(super) async fn room(
        &self,
        caller: Caller,
        selector: RoomSelector,
    ) -> Result<Arc<RoomRow>> {
        let store = &self.inner.store;
        let row = match selector {
            RoomSelector::Id(id) => store.room(id).await?,
            RoomSelector::Name(name) => store.room_by_name(&fold_room_name(&name)).await?,
            RoomSelector::NameOrPublicId(name) => {
                match store.room_by_name(&fold_room_name(&name)).await? {
                    Some(row) => Some(row),
                    None => match name.parse() {
                        Ok(id) => store
                            .room(crate::model::RoomId(id))
                            .await?
                            .filter(|row| row.room.kind == RoomKind::Public),
                        Err(_) => None,
                    },
                }
            }
            RoomSelector::Direct(a, b) => {
                operator_only(caller)?;
                let (a, b) = (
                    self.user(UserSelector::Login(a)).await?,
                    self.user(UserSelector::Login(b)).await?,
                );
                store.direct_room(a.user.id, b.user.id).await?
            }
        };
        row.ok_or(Error::NoSuchRoom)
    }

    /// A room that the asker may know of: public, or its own, or private by its exact name.
    async fn visible(&self, caller: Caller, selector: RoomSelector) -> Result<Arc<RoomRow>> {
        let by_name = !matches!(selector, RoomSelector::Id(_));
        let row = self.room(caller, selector).await?;
        let Actor::User(user) = caller.actor else {
            return Ok(row);
        };
        let membership = self.inner.store.member(row.room.id, user).await?;
        if row.room.kind == RoomKind::Public
            || membership.is_some_and(|membership| membership.role != Role::Banned)
        {
            return Ok(row);
        }
        match (row.room.kind, caller.session) {
            (RoomKind::Private, Some(session)) if by_name => {
                self.with_state(|state| state.learned(session, &row.room));
                Ok(row)
            }
            (RoomKind::Private, Some(session))
                if self.with_state(|state| state.knows(session, &row.room)) =>
            {
                Ok(row)
            }
            _ => Err(Error::NoSuchRoom),
        }
    }

    /// A room whose members the asker may know: its own, or one that anybody may enter.
    async fn listed(&self, caller: Caller, selector: RoomSelector) -> Result<Arc<RoomRow>> {
        let row = self.room(caller, selector.clone()).await?;
        let Actor::User(user) = caller.actor else {
            return Ok(row);
        };
        let is_open = row.room.kind == RoomKind::Public && !row.room.protected;
        match self.inner.store.member(row.room.id, user).await? {
            None if is_open => Ok(row),
            _ => self.readable(caller, selector).await,
        }
    }

    /// A user by whatever names it.
    pub(super) async fn user(&self, selector: UserSelector) -> Result<Arc<UserRow>> {
        let row = match selector {
            UserSelector::Id(id) => self
                .inner
                .store
                .user(id)
                .await?
                .filter(|row| row.folded.is_some()),
            UserSelector::Login(login) => match fold_login(&login) {
                Ok(folded) => self.inner.store.user_by_login(&folded).await?,
                Err(_) => None,
            },
        };
        row.ok_or(Error::NoSuchUser)
    }
}

impl Session {
    /// Enters a room; `create` makes it where there is none, whatever the configuration says.
    pub(super) async fn enter(
        &mut self,
        selector: RoomSelector,
        password: Option<String>,
        create: bool,
    ) -> Result<Reply> {
        let caller = self.caller()?;
        let (session, user) = self.entry.clone().ok_or(Error::Unauthenticated)?;
        let by_name = !matches!(selector, RoomSelector::Id(_));
        if let RoomSelector::Name(name) | RoomSelector::NameOrPublicId(name) = &selector {
            validate_room_name("room", name)?;
        }
        let found = match self.hub.room(caller, selector.clone()).await {
            Ok(row) => Some(row),
            Err(Error::NoSuchRoom) => None,
            Err(error) => return Err(error),
        };
        let known = found
            .as_ref()
            .is_some_and(|row| self.hub.with_state(|state| state.knows(session, &row.room)));
        // To whom "an id alone says NoSuchRoom", a wrong password says no more.
        let password =
            match found.filter(|row| row.room.kind == RoomKind::Public || by_name || known) {
                Some(row) => self.checked_password(&row, &user, password).await?,
                None => None,
            };
        let own = user.id;
        let change = Change::Enter {
            room: selector,
            password,
            known,
            create,
        };
        let entered = self.hub.write_then(
            caller.actor,
            caller.session,
            change,
            move |state, outcome| {
                let Outcome::Room { room, created, seq } = outcome? else {
                    return Err(Error::Internal);
                };
                if room.room.kind == RoomKind::Direct {
                    return Ok(Reply::Entered {
                        room: Arc::new(room.room.clone()),
                        created,
                        arrived: false,
                        seq,
                        present: Vec::new(),
                    });
                }
                if by_name {
                    state.learned(session, &room.room);
                }
                let arrived = !state.is_there(room.room.id, own);
                state.attach(session, &room.reference, Some(seq), Timestamp::now());
                let present = state.present(room.room.id);
                Ok(Reply::Entered {
                    room: Arc::new(room.room.clone()),
                    created,
                    arrived,
                    seq,
                    present,
                })
            },
        );
        entered.await
    }

    /// The stored password, if the given one is it; members are let in without.
    async fn checked_password(
        &self,
        row: &RoomRow,
        user: &crate::model::User,
        given: Option<String>,
    ) -> Result<Option<String>> {
        let (Some(stored), Some(given)) = (&row.password, given.filter(|given| !given.is_empty()))
        else {
            return Ok(None);
        };
        let hub = &self.hub;
        if hub
            .inner
            .store
            .member(row.room.id, user.id)
            .await?
            .is_some()
        {
            return Ok(None);
        }
        let account = format!("#{}", row.room.id);
        hub.inner
            .attempts
            .check(&account, self.connection.address, hub.now().0)?;
        let right = hub
            .inner
            .hashing
            .verify(&Secret::Password(given), Some(stored.clone()))
            .await?;
        hub.inner
            .attempts
            .check(&account, self.connection.address, hub.now().0)?;
        if right {
            return Ok(Some(stored.clone()));
        }
        hub.inner
            .attempts
            .failed(&account, self.connection.address, hub.now().0);
        Err(Error::BadRoomPassword)
    }
}

pub(super) fn operator_only(caller: Caller) -> Result<()> {
    match caller.actor {
        Actor::Operator => Ok(()),
        Actor::User(_) => Err(Error::not_allowed("only the operator may do this")),
    }
}

fn rooms(rows: Vec<Arc<RoomRow>>) -> Reply {
    Reply::Rooms(
        rows.into_iter()
            .map(|row| Arc::new(row.room.clone()))
            .collect(),
    )
}

/// Whether a user is an account.
pub(super) fn is_account(row: &UserRow) -> bool {
    row.user.kind == UserKind::Account
}
