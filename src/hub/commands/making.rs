//! Making rooms: by a name, and the direct rooms of two.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::command::{about, looks_at};
use super::rooms::check_not_direct;
use super::work::Done;
use super::{Actor, Caller, Change, Command, Entered, Needs, Work};
use crate::model::{
    Error, Result, Role, Room, RoomChange, RoomId, RoomKind, Secret, Seq, Timestamp, UserId,
    UserKind, UserSelector, clean_text, fold_login, fold_room_name, kept_title, room_names_from,
    validate_room_name,
};
use crate::store::{RoomRow, RowKey, RowKeys};

/// Makes a room; the caller, if an account, owns it and is its member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRoom {
    /// The name; empty: one is made from the title, with `-2`, `-3`… when taken. A private room, into which its name leads,
    /// gets one that nobody can guess instead.
    pub name: String,
    /// The title; empty: the name.
    pub title: String,
    /// Free text that others see; it may be empty and have several lines.
    pub description: String,
    /// Whether everybody may find it; a direct room is refused.
    pub kind: RoomKind,
    /// Newcomers must give it; an empty one is none.
    pub password: Option<Secret>,
}

impl CreateRoom {
    /// A public room of this name, whose title is the name.
    pub fn public(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            title: String::new(),
            description: String::new(),
            kind: RoomKind::Public,
            password: None,
        }
    }
}

impl Command for CreateRoom {
    type Reply = Entered;
    const NEEDS: Needs = Needs::User;
    about!(texts: name, title, description);

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<Entered> {
        if !self.name.is_empty() || self.title.is_empty() {
            validate_room_name("name", &self.name)?;
        }
        if !self.title.is_empty() {
            self.title = kept_title("title", &self.title)?;
        }
        if self.name.is_empty() && self.kind == RoomKind::Private {
            self.name = unguessable_name();
        }
        self.description = clean_text(&self.description).into_owned();
        let to_make = caller.room_to_make()?;
        self.password = hashed(self.password, caller).await?;
        let made = caller.commit_then(self, |state, made| {
            let present = state.present(made.room.room.id);
            Ok(Entered {
                arrived: true,
                present,
                ..made.entered()
            })
        });
        let made = made.await?;
        to_make.keep();
        Ok(made)
    }
}

/// "A private room made so gets a name that cannot be guessed": 80 random bits.
fn unguessable_name() -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let random: [u8; 16] = rand::random();
    let digits = random
        .iter()
        .map(|byte| char::from(DIGITS[usize::from(byte % 32)]));
    "private-".chars().chain(digits).collect()
}

/// A room's password, hashed; an empty one is none.
pub(super) async fn hashed(
    password: Option<Secret>,
    caller: &Caller<'_>,
) -> Result<Option<Secret>> {
    match password.filter(|password| !password.is_empty()) {
        Some(password) => {
            let hashing = &caller.hub().inner.hashing;
            let hash = hashing.hash(&password, caller.asker("")).await?;
            Ok(Some(Secret::Hashed(hash)))
        }
        None => Ok(None),
    }
}

/// A room that a change has made or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomOutcome {
    /// As it is now.
    pub room: Arc<RoomRow>,
    /// This change made it.
    pub created: bool,
    /// Its last change, this one's included.
    pub seq: Seq,
    /// Who is a member of it by now; `None`: the operator made it.
    pub user: Option<UserId>,
}

impl RoomOutcome {
    /// What the caller hears of it, without who is there.
    pub(super) fn entered(self) -> Entered {
        Entered {
            room: Arc::new(self.room.room.clone()),
            created: self.created,
            arrived: false,
            seq: self.seq,
            present: Vec::new(),
        }
    }
}

impl Change for CreateRoom {
    type Outcome = RoomOutcome;
    const NEEDS_ROOM: bool = false;

    fn rows(&self, keys: &mut RowKeys) {
        let name = match self.name.is_empty() {
            true => room_names_from(&self.title).next(),
            false => Some(self.name.clone()),
        };
        if let Some(name) = name {
            keys.add(RowKey::RoomName(fold_room_name(&name)));
        }
    }

    fn apply(self, work: &mut Work<'_>) -> Done<RoomOutcome> {
        work.may_name("name", &self.name)?;
        check_not_direct("name", &self.name)?;
        self.make(work)
    }
}

impl CreateRoom {
    /// Makes the room, also under a number.
    pub(super) fn make(self, work: &mut Work<'_>) -> Done<RoomOutcome> {
        if self.kind == RoomKind::Direct {
            let reason = "a direct room is made by writing to its other member";
            return Err(Error::invalid("kind", reason).into());
        }
        let name = match self.name.is_empty() {
            true => free_name(work, &self.title)?,
            false => self.name,
        };
        if work.rows.room_by_name(&fold_room_name(&name))?.is_some() {
            return Err(Error::NameTaken.into());
        }
        let creator = match work.actor {
            Actor::User(id) => Some(work.existing_user(id)?),
            Actor::Operator => None,
        };
        if let Some(creator) = &creator {
            work.room_for_one_more(creator.user.id, None)?;
        }
        let owner = creator.as_ref().map(|creator| &creator.user);
        let owner = owner.filter(|user| user.kind == UserKind::Account);
        let room = Room {
            title: match self.title.is_empty() {
                true => name.clone(),
                false => self.title,
            },
            name,
            description: self.description,
            owner: owner.map(|user| user.id),
            ..new_room(self.kind, work.at)
        };
        let role = owner.map_or(Role::Member, |_| Role::Owner);
        let password = self.password.map(Secret::into_hashed).transpose()?;
        let row = work.rows.add_room(RoomRow::new(room, password))?;
        work.tell(&row, RoomChange::Created)?;
        if let Some(creator) = creator {
            work.new_member(&row, creator.user.id, role)?;
        }
        let seq = work.rows.seq(row.room.id)?;
        Ok(RoomOutcome {
            room: row,
            created: true,
            seq,
            user: work.actor.user(),
        })
    }
}

/// "A dialect that creates a room from free text gets a name made from it, with `-2`, `-3`… when taken."
fn free_name(work: &mut Work<'_>, title: &str) -> Done<String> {
    for name in room_names_from(title) {
        if work.rows.room_by_name(&fold_room_name(&name))?.is_none() {
            return Ok(name);
        }
    }
    Err(Error::NameTaken.into())
}

fn new_room(kind: RoomKind, at: Timestamp) -> Room {
    Room {
        id: RoomId(0),
        name: String::new(),
        title: String::new(),
        description: String::new(),
        kind,
        protected: false,
        quiet: false,
        slow: Duration::ZERO,
        keep: None,
        owner: None,
        pair: None,
        created: at,
        updated: at,
        seq: Seq(0),
        cleared: Seq(0),
        pruned: Seq(0),
        last_message: Timestamp(0),
    }
}

/// The direct room with a user. One that is there already is found, too, if the other is gone: by its number, or by its last login
/// where nobody has that now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Direct {
    /// The other; it may be oneself.
    pub user: UserSelector,
    /// Makes it where there is none; else [`Error::NoSuchRoom`].
    pub create: bool,
}

impl Command for Direct {
    type Reply = Arc<Room>;
    const NEEDS: Needs = Needs::User;

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<Arc<Room>> {
        let own = caller.user_id()?;
        let other = match caller.user(&self.user).await {
            Ok(row) => row.user.id,
            Err(Error::NoSuchUser) if !self.create => caller.gone_from_direct(&self.user).await?,
            Err(error) => return Err(error),
        };
        let found = caller.store().direct_room(own, other).await?;
        let row = match found {
            Some(row) => row,
            None if self.create => {
                self.user = UserSelector::Id(other);
                caller.commit(self).await?
            }
            None => return Err(Error::NoSuchRoom),
        };
        Ok(Arc::new(row.room.clone()))
    }
}

impl Change for Direct {
    type Outcome = Arc<RoomRow>;
    looks_at!(direct: user);

    fn apply(self, work: &mut Work<'_>) -> Done<Arc<RoomRow>> {
        work.direct_room(&self.user)
    }
}

impl Caller<'_> {
    /// Who is gone and has a direct room with the caller; of several of one login, who came last.
    async fn gone_from_direct(&self, selector: &UserSelector) -> Result<UserId> {
        let own = self.user_id()?;
        let mut found = None;
        for (room, _) in self.store().rooms_of(own).await? {
            let Some(other) = room.room.other_than(own) else {
                continue;
            };
            let Some(row) = self.store().user(other).await?.filter(|row| row.is_gone()) else {
                continue;
            };
            let is_meant = match selector {
                UserSelector::Id(id) => *id == other,
                UserSelector::Login(login) => fold_login(login).is_ok_and(|folded| {
                    fold_login(&row.user.login).is_ok_and(|former| former == folded)
                }),
            };
            if is_meant {
                found = found.max(Some(other));
            }
        }
        found.ok_or(Error::NoSuchUser)
    }
}

impl Work<'_> {
    /// The direct room of the actor and another that must be there already, for what answers something in it.
    pub(super) fn existing_direct_room(&mut self, other: &UserSelector) -> Done<Arc<RoomRow>> {
        let own = self.acting_user()?.user.id;
        let other = self.user(other)?.user.id;
        let room = self.rows.direct_room(own, other)?;
        Ok(room.ok_or(Error::NoSuchMessage)?)
    }

    /// The direct room of the actor and another (or of the actor alone, who may write to oneself), made if absent.
    pub(super) fn direct_room(&mut self, other: &UserSelector) -> Done<Arc<RoomRow>> {
        let own = self.acting_user()?.user.id;
        let other = self.user(other)?.user.id;
        match self.rows.direct_room(own, other)? {
            Some(row) => Ok(row),
            None => self.new_direct_room(own, other),
        }
    }

    fn new_direct_room(&mut self, own: UserId, other: UserId) -> Done<Arc<RoomRow>> {
        let room = Room {
            pair: Some((own.min(other), own.max(other))),
            ..new_room(RoomKind::Direct, self.at)
        };
        let row = self.rows.add_room(RoomRow::new(room, None))?;
        for user in [own, other] {
            self.put_member(row.room.id, user, Role::Member)?;
        }
        self.tell(&row, RoomChange::Created)?;
        Ok(row)
    }

    /// "To an account that is gone: NoSuchUser, in its direct room, too": accepted means that somebody can read it.
    pub(super) fn check_readable(&mut self, room: &RoomRow) -> Done {
        if let Some((a, b)) = room.room.pair {
            self.user(&UserSelector::Id(a))?;
            self.user(&UserSelector::Id(b))?;
        }
        Ok(())
    }
}
