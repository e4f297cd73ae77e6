//! A room that comes from another store.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::rooms::check_not_direct;
use super::rules::operator_only;
use super::work::Done;
use super::{Actor, Change, Work};
use crate::files::{FileArea, Hold};
use crate::hub::Hub;
use crate::model::{
    Error, GuestBan, Membership, Message, MessageId, Result, Role, Room, RoomChange, RoomId,
    RoomKind, Seq, Timestamp, User, UserId, UserKind, UserRef, fold_room_name, validate_room_name,
};
use crate::store::{
    ApplyError, DatabaseCopy, RoomCopy, RoomRow, RowKey, RowKeys, RowsError, UserRow,
};

/// How many messages are read at once.
const PAGE: u32 = 1_000;

impl Hub {
    /// Takes the room `room` of another store's database, which is of this version, in under a name of its own: with new numbers,
    /// and its old times. Who has an account of the same login here is that one, and told that it is a member; anybody else who
    /// spoke stays as it was called, and has no account. `files` is the directory in which the room's files are, which are moved.
    ///
    /// All of it is there in the end, or nothing; whatever else is written waits meanwhile.
    ///
    /// # Errors
    /// [`Error::NameTaken`], [`Error::NoSuchRoom`]; [`Error::Unsupported`] where it has files and contents are kept in a bucket;
    /// [`Error::Unavailable`] where the store does not take it.
    pub async fn adopt_room(
        &self,
        from: DatabaseCopy,
        room: RoomId,
        name: String,
        files: PathBuf,
    ) -> Result<RoomId> {
        validate_room_name("room", &name)?;
        let area = self.files().cloned();
        let none = || Error::Unsupported("files cannot be kept here".to_owned());
        let area = area.ok_or_else(none)?;
        if !area.can_take_in(&files).map_err(|_| Error::Unavailable)? {
            let reason = "a room's files cannot be taken into a bucket: import it where files.url is a directory";
            return Err(Error::Unsupported(reason.to_owned()));
        }
        let adopted = AdoptRoom {
            from,
            room,
            name,
            files,
            area,
        };
        self.commit(Actor::Operator, None, adopted, |_, (room, _)| Ok(room))
            .await
    }
}

struct AdoptRoom {
    from: DatabaseCopy,
    room: RoomId,
    name: String,
    files: PathBuf,
    area: FileArea,
}

/// Where what came stands here.
#[derive(Default)]
struct Places {
    /// Who has an account here.
    here: HashMap<UserId, Arc<UserRow>>,
    /// Who has none, and spoke.
    gone: HashMap<UserId, Arc<UserRef>>,
    /// The old number and place of each message, in order: the new places are 1, 2, 3….
    said: Vec<(MessageId, Seq)>,
    first: Option<MessageId>,
}

impl Places {
    fn seq(&self, old: Seq) -> Seq {
        let before = self.said.partition_point(|(_, seq)| *seq <= old);
        Seq(i64::try_from(before).unwrap_or(i64::MAX))
    }

    fn message(&self, old: MessageId) -> Option<MessageId> {
        let place = self.said.binary_search_by_key(&old, |(id, _)| *id).ok()?;
        // They are given in a row.
        Some(MessageId(self.first?.0 + i64::try_from(place).ok()?))
    }
}

impl Change for AdoptRoom {
    /// Its number, and what keeps its files until the commit is known.
    type Outcome = (RoomId, Hold);

    fn rows(&self, keys: &mut RowKeys) {
        keys.add(RowKey::RoomName(fold_room_name(&self.name)));
    }

    fn apply(self, work: &mut Work<'_>) -> Done<Self::Outcome> {
        operator_only(work.actor)?;
        check_not_direct("room", &self.name)?;
        let folded = fold_room_name(&self.name);
        if work.rows.room_by_name(&folded)?.is_some() {
            return Err(Error::NameTaken.into());
        }
        let came = self.from.one_room(self.room).map_err(broken)?;
        let came = came.ok_or(Error::NoSuchRoom)?;
        let mut places = Places::default();
        for user in came.users.iter().filter(|user| is_account(user)) {
            let here = match &user.folded {
                Some(folded) => work.rows.user_by_login(folded)?.filter(is_account),
                None => None,
            };
            places.here.extend(here.map(|here| (user.user.id, here)));
        }
        let row = self.begin(&came, &places, work)?;
        let id = row.room.id;
        self.messages(&came, id, &mut places, work)?;
        let room = Room {
            cleared: places.seq(came.row.room.cleared),
            pruned: places.seq(came.row.room.pruned),
            ..row.room.clone()
        };
        let row = RoomRow::new(room, came.row.password.clone());
        let row = work.rows.put_room(row)?;
        people(came, &row, &places, work)?;
        let hold = self.area.take_in(id, &self.files).map_err(broken)?;
        Ok((id, hold))
    }
}

impl AdoptRoom {
    /// The room, in which nothing is yet: the time of its last message moves with its messages.
    fn begin(&self, came: &RoomCopy, places: &Places, work: &mut Work<'_>) -> Done<Arc<RoomRow>> {
        let room = &came.row.room;
        let is_silent = self
            .from
            .said(self.room, Seq(0), 1)
            .map_err(broken)?
            .is_empty();
        let owner = room.owner.and_then(|owner| places.here.get(&owner));
        let new = Room {
            name: self.name.clone(),
            kind: match room.kind {
                RoomKind::Public => RoomKind::Public,
                RoomKind::Private | RoomKind::Direct => RoomKind::Private,
            },
            owner: owner.map(|owner| owner.user.id),
            pair: None,
            seq: Seq(0),
            cleared: Seq(0),
            pruned: Seq(0),
            last_message: match is_silent {
                true => room.last_message,
                false => Timestamp(0),
            },
            ..room.clone()
        };
        Ok(work
            .rows
            .add_room(RoomRow::new(new, came.row.password.clone()))?)
    }

    fn messages(
        &self,
        came: &RoomCopy,
        room: RoomId,
        places: &mut Places,
        work: &mut Work<'_>,
    ) -> Done {
        let mut after = Seq(0);
        loop {
            let page = self.from.said(self.room, after, PAGE).map_err(broken)?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.seq;
            for old in page {
                let sender = sender(came, old.sender.id, places, work)?;
                let id = work.rows.next_message_id()?;
                places.first.get_or_insert(id);
                let (seq, created) = work.rows.advance(room, Some(old.created))?;
                let reply_to = old.reply_to.and_then(|message| places.message(message));
                places.said.push((old.id, old.seq));
                work.rows.add_message(&Message {
                    id,
                    room,
                    seq,
                    sender,
                    reply_to,
                    created,
                    ..old
                })?;
            }
        }
    }
}

/// Who said it: somebody here, or somebody who is kept under the name that was shown.
fn sender(
    came: &RoomCopy,
    old: UserId,
    places: &mut Places,
    work: &mut Work<'_>,
) -> Done<Arc<UserRef>> {
    if let Some(here) = places.here.get(&old) {
        return Ok(here.reference.clone());
    }
    if let Some(gone) = places.gone.get(&old) {
        return Ok(gone.clone());
    }
    let known = came.users.iter().find(|user| user.user.id == old);
    let Some(known) = known else {
        return work.actor_ref();
    };
    let user = User {
        disabled: true,
        operator: false,
        ..User::clone(&known.user)
    };
    // That no number is left for it must not leave half a room.
    let kept = work.rows.add_user(UserRow::new(user, None, None));
    let kept = kept.map_err(broken)?.reference.clone();
    places.gone.insert(old, kept.clone());
    Ok(kept)
}

/// Members and what else is kept of who is here, and the bans of guests.
fn people(came: RoomCopy, row: &RoomRow, places: &Places, work: &mut Work<'_>) -> Done {
    let room = row.room.id;
    for (user, message) in came.hidden {
        if let (Some(here), Some(message)) = (places.here.get(&user), places.message(message)) {
            work.rows.hide_message(here.user.id, message)?;
        }
    }
    for ban in came.guest_bans {
        let user = places.gone.get(&ban.user);
        let user = user.map_or(UserId::GATEWAY, |user| user.id);
        work.rows.put_guest_ban(GuestBan { room, user, ..ban })?;
    }
    for old in came.members {
        let Some(here) = places.here.get(&old.user) else {
            continue;
        };
        let (role, since) = (old.role, places.seq(old.since));
        work.rows.put_member(Membership {
            room,
            user: here.user.id,
            since,
            waiting: 0,
            ..old
        })?;
        if role != Role::Banned {
            let user = here.reference.clone();
            work.tell(row, RoomChange::MemberJoined { user })?;
        }
    }
    Ok(())
}

fn is_account(row: &Arc<UserRow>) -> bool {
    row.user.kind == UserKind::Account
}

/// What cannot be read of what came is no trouble of this store, whose transaction is lost all the same.
fn broken(error: impl ToString) -> ApplyError {
    ApplyError::Broken(RowsError(error.to_string().into()))
}
