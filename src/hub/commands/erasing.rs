//! An account's end, with all that it said and all that is known of it.
//!
//! ```text
//!  BeginErasure   it is out of its rooms, its sessions end, nothing opens it; its name stays taken until the end
//!  EraseMessages  what it said is deleted, some at a time, and members are told
//!  EraseNames     what tells who did what names nobody, some at a time
//!  Forget         what is left of rooms that were removed goes, some at a time
//!  EndErasure     the name is free; what was there is wiped from the disk; then the mark goes
//! ```
//!
//! Each step can be broken off: whoever asks again, or the next start, begins anew, and finds less to do.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::command::looks_at;
use super::messages::take_text;
use super::rules::operator_only;
use super::work::Done;
use super::{Caller, Change, Command, Needs, Work};
use crate::hub::Hub;
use crate::model::{
    BanSubject, EndReason, Error, GatewayBan, MessageId, News, Result, RoomChange, RoomId, Seq,
    Timestamp, User, UserId, UserKind, UserSelector, fold_login,
};
use crate::store::{RowKey, RowKeys, Scrub, UserRow};

/// For how long one call goes on, unless there is no more to do: whoever asks waits for an answer.
const CALL: Duration = Duration::from_secs(10);
/// How many messages of the gateway are looked at in one step.
const LOOKS: usize = 20_000;
/// How many messages are deleted in one transaction.
const MESSAGES: usize = 100;
/// How many changes are looked at in one transaction.
const CHANGES: usize = 1_000;
/// The time between two transactions: members are told of deletions no faster than their connections can take.
const PAUSE: Duration = Duration::from_millis(100);

/// Where an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// It is to begin.
    #[default]
    Start,
    /// Messages up to this one were looked at.
    Messages(MessageId),
    /// Changes up to this one were looked at.
    Changes(RoomId, Seq),
    /// Only the end is left.
    End,
    /// Nothing is left to do.
    Over,
}

/// Removes an account, deletes all that it said, with its files, and leaves its name and addresses in no row. Some of that at a
/// call: the reply says where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseUser {
    /// Which account, by number or by login.
    pub user: UserSelector,
    /// Where the last call ended.
    pub place: Place,
}

/// The accounts of this login that were removed, and not erased, in the order of their numbers: what they said is still there, and
/// [`EraseUser`] takes them by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedAccounts {
    /// The last login that they had, without regard to case.
    pub login: String,
}

impl Command for EndedAccounts {
    type Reply = Vec<UserId>;
    const NEEDS: Needs = Needs::Operator;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<UserId>> {
        let Ok(login) = fold_login(&self.login) else {
            return Ok(Vec::new());
        };
        let ended = caller.store().ended_accounts().await?;
        let named = ended.iter().filter(|row| {
            !is_erased(row) && fold_login(&row.user.login).is_ok_and(|folded| folded == login)
        });
        Ok(named.map(|row| row.user.id).collect())
    }
}

/// What a call of [`EraseUser`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Erased {
    /// How many messages were deleted.
    pub messages: u64,
    /// How many of them had files.
    pub files: u64,
    /// In which rooms they were, each once.
    pub rooms: Vec<RoomId>,
    /// Where to go on.
    pub place: Place,
}

impl Command for EraseUser {
    type Reply = Erased;
    const NEEDS: Needs = Needs::Operator;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Erased> {
        let mut erased = Erased {
            place: self.place,
            ..Erased::default()
        };
        let user = match (self.place, self.user) {
            (Place::Start, user) => {
                let begun = caller.commit_then(BeginErasure { user }, |state, (user, bans)| {
                    state.bans = bans;
                    state.end_sessions_of(user, EndReason::AccountRemoved, |_| true);
                    Ok(user)
                });
                erased.place = Place::Messages(MessageId(0));
                begun.await?
            }
            (_, UserSelector::Id(user)) => user,
            (_, UserSelector::Login(_)) => {
                return Err(Error::invalid(
                    "user",
                    "to go on, name the account by its number",
                ));
            }
        };
        let began = Instant::now();
        while erased.place != Place::Over && began.elapsed() < CALL {
            erased.step(user, caller).await?;
        }
        Ok(erased)
    }
}

impl Erased {
    async fn step(&mut self, user: UserId, caller: &Caller<'_>) -> Result<()> {
        self.place = match self.place {
            Place::Start | Place::Over => Place::Over,
            Place::Messages(after) => {
                let (said, next) = caller.store().said_by(user, after, LOOKS).await?;
                for said in said.chunks(MESSAGES) {
                    let messages = said.iter().map(|message| message.id).collect();
                    for (room, had_file) in caller.commit(EraseMessages { user, messages }).await? {
                        self.messages += 1;
                        self.files += u64::from(had_file);
                        if !self.rooms.contains(&room) {
                            self.rooms.push(room);
                        }
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                match next {
                    Some(next) => Place::Messages(next),
                    None => Place::Changes(RoomId(0), Seq(0)),
                }
            }
            Place::Changes(room, seq) => {
                let after = (room, seq);
                match caller.commit(EraseNames { user, after }).await? {
                    Some((room, seq)) => Place::Changes(room, seq),
                    None => Place::End,
                }
            }
            Place::End => match caller.store().removed_rooms().await?.first() {
                // What was said in it, too, is wiped only once its rows are gone.
                Some(room) => {
                    caller.hub().forget_some(*room).await?;
                    Place::End
                }
                None => match caller.commit(EndErasure { user }).await? {
                    true => Place::Over,
                    false => Place::End,
                },
            },
        };
        Ok(())
    }
}

impl Hub {
    /// Finishes what was begun before the last end.
    pub(in crate::hub) async fn finish_erasures(self) {
        let begun = match self.inner.store.erasing_accounts().await {
            Ok(begun) => begun,
            Err(error) => {
                tracing::warn!(%error, "whether an erasure is to be finished cannot be read");
                return;
            }
        };
        for id in begun {
            tracing::info!(
                target: "audit",
                act = "erase_user",
                user = format!("#{id}"),
                "what was begun before the start goes on"
            );
            let (mut place, user) = (Place::Start, UserSelector::Id(id));
            while place != Place::Over {
                let user = user.clone();
                match self.operate(EraseUser { user, place }).await {
                    Ok(erased) => place = erased.place,
                    Err(error) => {
                        tracing::warn!(%error, user = id.0, "an account that is being erased is not gone yet; the next start goes on");
                        break;
                    }
                }
            }
        }
    }
}

/// Parts an account from its rooms, tokens, bans and contacts, and marks it.
#[derive(Debug, Clone)]
pub(crate) struct BeginErasure {
    pub(crate) user: UserSelector,
}

impl Change for BeginErasure {
    type Outcome = (UserId, Vec<GatewayBan>);
    const NEEDS_ROOM: bool = false;
    looks_at!(user: user);

    fn apply(self, work: &mut Work<'_>) -> Done<(UserId, Vec<GatewayBan>)> {
        operator_only(work.actor)?;
        let row = match &self.user {
            // It may have been removed before.
            UserSelector::Id(id) => work.rows.user(*id)?.ok_or(Error::NoSuchUser)?,
            UserSelector::Login(_) => work.user(&self.user)?,
        };
        if row.user.kind != UserKind::Account || is_erased(&row) {
            return Err(Error::NoSuchUser.into());
        }
        work.part(&row)?;
        let folded = row.folded.clone().unwrap_or_else(|| no_login(row.user.id));
        work.rows.put_user(nobody(&row, Some(folded)))?;
        work.add_news(&News::User(row.user.id))?;
        work.add_news(&News::Bans)?;
        Ok((row.user.id, work.rows.gateway_bans()?))
    }
}

/// Deletes messages of a user. What was shown to somebody is told; the rooms of those that were not deleted before, and whether
/// they had files.
#[derive(Debug, Clone)]
pub(crate) struct EraseMessages {
    pub(crate) user: UserId,
    pub(crate) messages: Vec<MessageId>,
}

impl Change for EraseMessages {
    type Outcome = Vec<(RoomId, bool)>;
    const NEEDS_ROOM: bool = false;

    fn rows(&self, keys: &mut RowKeys) {
        let messages = self.messages.iter();
        messages.for_each(|message| keys.message(message));
    }

    fn apply(self, work: &mut Work<'_>) -> Done<Vec<(RoomId, bool)>> {
        let mut erased = Vec::new();
        for id in self.messages {
            let Some(mut message) = work.rows.message(id)? else {
                continue;
            };
            if message.sender.id != self.user || message.deleted {
                continue;
            }
            let room = work.existing_room(message.room)?;
            erased.push((message.room, message.file.is_some()));
            take_text(&mut message);
            match message.seq > room.room.hidden_from_all() {
                true => work
                    .update_message(message, &room, RoomChange::Deleted)
                    .map(drop)?,
                false => work.rows.update_message(&message)?,
            }
        }
        Ok(erased)
    }
}

/// Takes a user's names from what is kept of changes; where to go on, if there are more.
#[derive(Debug, Clone)]
pub(crate) struct EraseNames {
    pub(crate) user: UserId,
    pub(crate) after: (RoomId, Seq),
}

impl Change for EraseNames {
    type Outcome = Option<(RoomId, Seq)>;
    const NEEDS_ROOM: bool = false;

    fn rows(&self, keys: &mut RowKeys) {
        keys.add(RowKey::User(self.user));
    }

    fn apply(self, work: &mut Work<'_>) -> Done<Option<(RoomId, Seq)>> {
        let row = work.existing_user(self.user)?;
        Ok(work
            .rows
            .rename_in_log(&row.reference, self.after, CHANGES)?)
    }
}

/// Frees the name, has what is gone wiped from the disk, and takes the mark away once that is done; whether it is.
#[derive(Debug, Clone)]
pub(crate) struct EndErasure {
    pub(crate) user: UserId,
}

impl Change for EndErasure {
    type Outcome = bool;
    const NEEDS_ROOM: bool = false;

    fn rows(&self, keys: &mut RowKeys) {
        keys.add(RowKey::User(self.user));
    }

    fn apply(self, work: &mut Work<'_>) -> Done<bool> {
        let row = work.existing_user(self.user)?;
        if !row.erasing {
            return Ok(true);
        }
        let wiped = no_login(self.user);
        if row.folded.as_ref() != Some(&wiped) {
            work.part(&row)?;
            work.rows.put_user(nobody(&row, Some(wiped)))?;
        }
        match work.rows.scrub() {
            Scrub::Asked => Ok(false),
            Scrub::Failed => Err(Error::Unavailable.into()),
            Scrub::Done => {
                work.rows.put_user(UserRow {
                    erasing: false,
                    ..nobody(&row, None)
                })?;
                Ok(true)
            }
        }
    }
}

/// No login begins so: nobody has it, and nobody finds the account by it.
fn no_login(user: UserId) -> String {
    format!("#{user}")
}

/// Whether nothing is left to be erased.
fn is_erased(row: &UserRow) -> bool {
    row.folded.is_none() && row.user.login == erased_login(row.user.id)
}

fn erased_login(user: UserId) -> String {
    format!("erased-{user}")
}

/// What is left of an account that is being erased: a number, by which what it did still has somebody who did it.
fn nobody(row: &UserRow, folded: Option<String>) -> UserRow {
    let login = erased_login(row.user.id);
    let user = User {
        id: row.user.id,
        name: login.clone(),
        login,
        description: String::new(),
        kind: UserKind::Account,
        disabled: true,
        operator: false,
        created: Timestamp(0),
    };
    UserRow {
        erasing: true,
        ..UserRow::new(user, folded, None)
    }
}

impl Work<'_> {
    /// Ends an account's tokens, memberships, contacts and the bans of it and of the guest that it was, but for one of a login that
    /// is somebody else's now; a room that it owns gets another owner, and a direct room in which nobody else is left goes.
    fn part(&mut self, row: &UserRow) -> Done {
        let id = row.user.id;
        self.end_account(row)?;
        for ban in self.rows.guest_bans(None)? {
            if ban.user == id {
                self.rows.remove_guest_ban(&ban)?;
            }
        }
        for ban in self.rows.gateway_bans()? {
            let (BanSubject::Login(login), true) = (&ban.subject, ban.user == Some(id)) else {
                continue;
            };
            let holder = self.rows.user_by_login(login)?.map(|row| row.user.id);
            match holder.filter(|holder| *holder != id) {
                Some(holder) => {
                    let user = Some(holder);
                    self.rows.put_gateway_ban(GatewayBan { user, ..ban })?;
                }
                None => self.rows.remove_gateway_ban(&ban.subject)?,
            }
        }
        for membership in self.rows.memberships(id)? {
            let room = self.existing_room(membership.room)?;
            let Some((a, b)) = room.room.pair else {
                continue;
            };
            let other = if a == id { b } else { a };
            let is_gone = match self.rows.user(other)? {
                Some(other) => other.folded.is_none() || other.user.id == id,
                None => true,
            };
            if is_gone {
                self.tell(&room, RoomChange::RoomDeleted)?;
                self.rows.remove_room(room.room.id)?;
            }
        }
        Ok(())
    }
}
