//! Entering and leaving rooms.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::command::{about, committed_as_asked, looks_at};
use super::making::RoomOutcome;
use super::rooms::check_not_direct;
use super::rules::{View, check_view};
use super::work::Done;
use super::{Caller, Change, Command, CreateRoom, Needs, Text, Work};
use crate::hub::Session;
use crate::model::{
    Error, Present, Result, Role, Room, RoomChange, RoomKind, RoomSelector, Secret, Seq,
    validate_room_name,
};
use crate::store::{Footing, RoomRow};

/// Whether entering a room that is not there makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Create {
    /// It is not made: the answer is [`Error::NoSuchRoom`].
    No,
    /// Where the configuration lets clients make rooms so.
    IfConfigured,
    /// Whatever the configuration says: the dialect promises the room to its clients.
    Always,
}

/// Attaches the session, where one is open, to a room; an account (or guest) becomes a member.
///
/// # Errors
/// - [`Error::Invalid`]: no room can be called so.
/// - [`Error::NoSuchRoom`]: there is none and none is made, or it is one that the user may not know of.
/// - [`Error::Banned`]: from this room.
/// - [`Error::BadRoomPassword`]: it needs its password; [`Error::RateLimited`]: that was wrong too often lately.
/// - [`Error::TooLarge`]: the user is in as many rooms as may be, or the room has as many members.
/// - [`Error::RateLimited`]: as many rooms were made in the last hour as may be.
/// - [`Error::Unsupported`]: for the operator, who is nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enter {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// For a protected room that one is not a member of.
    pub password: Option<Secret>,
    /// For a name that no room has: whether a public room of that name is made.
    pub create: Create,
}

impl Enter {
    /// The room of this name, made where there is none and the configuration lets it.
    pub fn room(name: impl Into<String>) -> Self {
        Self {
            room: RoomSelector::name(name),
            password: None,
            create: Create::IfConfigured,
        }
    }
}

/// The session is attached to a room, or a room was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// The room as it is now.
    pub room: Arc<Room>,
    /// It did not exist before.
    pub created: bool,
    /// The user was not there before: neither online nor idle.
    pub arrived: bool,
    /// The room's last change before the session was attached: what comes after, it hears.
    pub seq: Seq,
    /// Everyone online or idle there, the new one too.
    pub present: Vec<Present>,
}

impl Command for Enter {
    type Reply = Entered;
    const NEEDS: Needs = Needs::User;
    about!(room: room);

    async fn call(mut self, caller: &mut Caller<'_>) -> Result<Entered> {
        let (session, user) = (caller.connection()?.id(), caller.user_id()?);
        let by_name = self.room.is_by_name();
        if let RoomSelector::Name(name) | RoomSelector::NameOrPublicId(name) = &self.room {
            validate_room_name("room", name)?;
        }
        let found = match caller.room(&self.room).await {
            Ok(row) => Some(row),
            Err(Error::NoSuchRoom) => None,
            Err(error) => return Err(error),
        };
        let (hub, is_new) = (caller.hub(), found.is_none());
        // Who enters one room is told who is there, and not that all these come.
        let shown = found
            .as_ref()
            .filter(|_| caller.connection().is_ok_and(Session::is_in_one_room));
        let _inquiry = match shown {
            Some(row) => Box::pin(hub.inquire(row.room.id)).await,
            None => None,
        };
        let knows = |row: &Arc<RoomRow>| {
            session.is_some_and(|session| hub.with_state(|state| state.knows(session, &row.room)))
        };
        let known = found.as_ref().is_some_and(knows);
        // To whom "an id alone says NoSuchRoom", a wrong password says no more.
        let password = match found.filter(|row| row.is_public() || by_name || known) {
            Some(row) => checked_password(&row, self.password, caller).await?,
            None => None,
        };
        let create = match self.create {
            Create::No => false,
            Create::IfConfigured => hub.options().create_on_join,
            Create::Always => true,
        };
        if create && is_new {
            let session = caller.connection()?;
            self.room = Box::pin(name_decided(self.room, session)).await?;
        }
        // A room that went this moment is not made anew: its name was shown to no policy.
        let create = create && (is_new || hub.inner.policy.is_none());
        // Who may make none now may still enter what is there.
        let to_make = create.then(|| caller.room_to_make());
        let change = EnterRoom {
            numbers: self.create == Create::Always
                || matches!(self.room, RoomSelector::NameOrPublicId(_)),
            room: self.room,
            password,
            named: by_name || known,
            create: to_make.as_ref().is_some_and(Result::is_ok),
        };
        let entered = caller.commit_then(change, move |state, entered| {
            let room = entered.room.clone();
            let Some(session) = session.filter(|_| room.room.kind != RoomKind::Direct) else {
                return Ok(entered.entered());
            };
            if by_name {
                state.learned(session, &room.room);
            }
            let arrived = !state.is_there(room.room.id, user);
            let seq = state.attach(session, &room.reference, entered.seq);
            Ok(Entered {
                arrived,
                seq,
                present: state.present(room.room.id),
                ..entered.entered()
            })
        });
        match (entered.await, to_make) {
            (Err(Error::NoSuchRoom), Some(Err(limited))) => Err(limited),
            (Ok(entered), Some(Ok(to_make))) if entered.created => {
                to_make.keep();
                Ok(entered)
            }
            (entered, _) => entered,
        }
    }
}

/// What a room that is about to be made may be called, by the policy: others will read it.
async fn name_decided(mut room: RoomSelector, session: &Session) -> Result<RoomSelector> {
    let asked = Some(room.clone());
    if let RoomSelector::Name(name) | RoomSelector::NameOrPublicId(name) = &mut room {
        let text = Text::of("room", &mut *name).into_iter().collect();
        session.decide_on(Enter::name(), asked, text).await?;
        validate_room_name("room", name)?;
    }
    Ok(room)
}

/// The stored password, if the given one is it; members are let in without.
async fn checked_password(
    row: &RoomRow,
    given: Option<Secret>,
    caller: &Caller<'_>,
) -> Result<Option<String>> {
    let given = given.filter(|given| !given.is_empty());
    let (Some(stored), Some(given)) = (&row.password, given) else {
        return Ok(None);
    };
    if caller.role(row.room.id).await?.is_some() {
        return Ok(None);
    }
    let (inner, address) = (&caller.hub().inner, caller.connection()?.connection.address);
    let (account, now) = (format!("#{}", row.room.id), || caller.hub().now().0);
    let admit = || inner.attempts.check(&account, address, now());
    admit()?;
    let user = caller.user_id().ok();
    let asker = inner.attempts.asker(&account, user, address, now());
    let stored = stored.clone();
    let verify = inner
        .hashing
        .verify(&given, Some(stored.clone()), asker, admit);
    let right = verify.await?;
    admit()?;
    if right {
        return Ok(Some(stored));
    }
    inner.attempts.failed(&account, address, now());
    Err(Error::BadRoomPassword)
}

/// Makes the actor a member of a room, if it is none.
#[derive(Debug, Clone)]
pub(crate) struct EnterRoom {
    pub(crate) room: RoomSelector,
    /// The stored password that was checked against what the actor gave.
    pub(crate) password: Option<String>,
    /// The actor has said the room's exact name, now or before.
    pub(crate) named: bool,
    /// Makes a public room of the selector's name where there is none.
    pub(crate) create: bool,
    /// The room that is made may have a number for its name.
    pub(crate) numbers: bool,
}

impl Change for EnterRoom {
    type Outcome = RoomOutcome;
    const NEEDS_ROOM: bool = false;
    looks_at!(room: room);

    fn apply(self, work: &mut Work<'_>) -> Done<RoomOutcome> {
        let user = work.acting_user()?.user.id;
        let row = match (work.find_room(&self.room)?, self.room) {
            (Some(row), _) => row,
            (None, RoomSelector::Name(name) | RoomSelector::NameOrPublicId(name))
                if self.create =>
            {
                if !self.numbers {
                    work.may_name("room", &name)?;
                }
                check_not_direct("room", &name)?;
                return CreateRoom::public(name).make(work);
            }
            (None, _) => return Err(Error::NoSuchRoom.into()),
        };
        match work.role(row.room.id, user)? {
            Some(Role::Banned) => return Err(Error::Banned.into()),
            Some(_) => {}
            None => {
                check_view(View::Room, &row.room, None, self.named)?;
                if row.password.is_some() && row.password != self.password {
                    return Err(Error::BadRoomPassword.into());
                }
                work.room_for_one_more(user, Some(row.room.id))?;
                work.new_comer(&row, user)?;
            }
        }
        let seq = work.rows.seq(row.room.id)?;
        Ok(RoomOutcome {
            room: row,
            created: false,
            seq,
            user: Some(user),
        })
    }

    fn footings(entered: &RoomOutcome) -> Vec<Footing> {
        let footing = entered.user.map(|user| Footing {
            room: entered.room.room.id,
            user,
            seq: entered.seq,
        });
        footing.into_iter().collect()
    }
}

/// Ends one's own membership of a room.
///
/// # Errors
/// - [`Error::NoSuchRoom`]: there is none, or it is one that the user may not know of.
/// - [`Error::NotAllowed`]: the user is not in it, or it is a direct room.
/// - [`Error::Banned`]: from this room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
}

committed_as_asked!(Leave, room);

impl Change for Leave {
    type Outcome = ();
    const NEEDS_ROOM: bool = false;
    looks_at!(room: room);

    fn apply(self, work: &mut Work<'_>) -> Done {
        let row = work.room(&self.room)?;
        let user = work.acting_user()?;
        let membership = match work.rows.member(row.room.id, user.user.id)? {
            None if !row.is_public() => return Err(Error::NoSuchRoom.into()),
            None => return Err(Error::not_allowed("you are not in this room").into()),
            Some(membership) if membership.role == Role::Banned => return Err(Error::Banned.into()),
            Some(_) if row.room.kind == RoomKind::Direct => {
                return Err(Error::not_allowed("a direct room cannot be left").into());
            }
            Some(membership) => membership,
        };
        let row = work.without_owner(row, membership.user, true)?;
        let row = work.drop_member(&row, &membership)?;
        let user = user.reference.clone();
        work.tell(&row, RoomChange::MemberLeft { user })
    }
}
