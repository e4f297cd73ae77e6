//! Reading: what was said, which rooms there are, who is in them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::command::about;
use super::rules::{View, check_view};
use super::waiting::ReadWaiting;
use super::{Caller, Command, Needs};
use crate::model::{
    Error, HistoryQuery, Membership, Message, MessageId, Present, Quote, Result, Role, Room,
    RoomEvent, RoomId, RoomKind, RoomSelector, SearchQuery, SeenMarks as Marks, Seq, Timestamp,
    UserRef, fold_text,
};
use crate::store::RoomRow;

/// The step between message numbers that a 31-bit dialect cannot tell apart.
const LOW_BITS_STEP: i64 = 1 << 31;

/// Messages of a room, with what the replies among them answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// The room they are from.
    pub room: Arc<Room>,
    /// In the order that was asked for.
    pub messages: Vec<Arc<Message>>,
    /// How many more there were beyond the limit.
    pub omitted: u64,
}

/// Reads what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History(pub HistoryQuery);

impl Command for History {
    type Reply = Messages;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    fn room(&self) -> Option<&RoomSelector> {
        Some(&self.0.room)
    }

    async fn call(self, caller: &mut Caller<'_>) -> Result<Messages> {
        let room = caller.sees(View::History, &self.0.room).await?;
        let viewer = caller.actor()?.user();
        let page = caller.store().history(room.room.id, viewer, &self.0);
        let page = page.await?;
        let is_all = self.0.is_whole() && page.omitted == 0;
        caller.have_read(&room.room, &page.messages, is_all).await?;
        Ok(Messages {
            messages: with_quotes(page.messages, &room, caller).await?,
            room: Arc::new(room.room.clone()),
            omitted: page.omitted,
        })
    }
}

/// Shows what replies answer, as that is now.
async fn with_quotes(
    mut messages: Vec<Arc<Message>>,
    room: &RoomRow,
    caller: &Caller<'_>,
) -> Result<Vec<Arc<Message>>> {
    let hidden = caller.hidden_upto(room).await?;
    for message in &mut messages {
        let Some(answered) = message.reply_to else {
            continue;
        };
        let answered = caller.store().message(answered).await?;
        let shown = |answered: &Arc<Message>| answered.seq > hidden && !answered.deleted;
        if let Some(answered) = answered.filter(shown)
            && !caller.has_hidden(answered.id).await?
        {
            let quote = Some(Quote::of(&answered));
            *message = Arc::new(Message {
                quote,
                ..Message::clone(message)
            });
        }
    }
    Ok(messages)
}

/// Finds messages of a room, of every kind, by what is seen of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// What is looked for there.
    pub query: SearchQuery,
}

impl Command for Search {
    type Reply = Messages;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<Messages> {
        let room = caller.sees(View::History, &self.room).await?;
        let viewer = caller.actor()?.user();
        let query = SearchQuery {
            text: fold_text(&self.query.text),
            ..self.query
        };
        let found = caller.store().search(room.room.id, viewer, &query).await?;
        Ok(Messages {
            messages: with_quotes(found, &room, caller).await?,
            room: Arc::new(room.room.clone()),
            omitted: 0,
        })
    }
}

/// Finds the newest message with these low 31 bits that one may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindMessage {
    /// What a 31-bit dialect showed.
    pub low_bits: i32,
    /// Only in this room.
    pub room: Option<RoomSelector>,
}

impl Command for FindMessage {
    type Reply = Arc<Message>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    fn room(&self) -> Option<&RoomSelector> {
        self.room.as_ref()
    }

    /// "A number it gets back means the newest message with these bits in a room that the asker may see."
    async fn call(self, caller: &mut Caller<'_>) -> Result<Arc<Message>> {
        let room = match &self.room {
            Some(room) => Some(caller.sees(View::History, room).await?.room.id),
            None => None,
        };
        let last = caller.store().last_message_id().await?.0;
        let mut candidate = (last - last.rem_euclid(LOW_BITS_STEP)) + i64::from(self.low_bits);
        if candidate > last {
            candidate -= LOW_BITS_STEP;
        }
        while candidate > 0 {
            if let Some(message) = caller.store().message(MessageId(candidate)).await?
                && room.is_none_or(|room| room == message.room)
                && sees_message(&message, caller).await?
            {
                return Ok(message);
            }
            candidate -= LOW_BITS_STEP;
        }
        Err(Error::NoSuchMessage)
    }
}

/// A message by its number over all rooms, if one may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMessage {
    /// The number of the message.
    pub message: MessageId,
}

impl Command for ReadMessage {
    type Reply = Arc<Message>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Arc<Message>> {
        if let Some(message) = caller.store().message(self.message).await?
            && sees_message(&message, caller).await?
        {
            return Ok(message);
        }
        Err(Error::NoSuchMessage)
    }
}

/// What happened in a room after a place among its changes, as one's sessions were told of it: how who listens goes on where
/// it stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
    /// Changes are read that came after this one; 0 is before the first.
    pub after: Seq,
    /// So many changes are looked at, at most.
    pub limit: usize,
}

/// Some of a room's changes, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesPage {
    /// Those that one may see.
    pub events: Vec<RoomEvent>,
    /// The place of the last one that was looked at; the one that was asked for where there are no more.
    pub upto: Seq,
}

impl Command for Changes {
    type Reply = ChangesPage;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<ChangesPage> {
        let room = caller.sees(View::History, &self.room).await?;
        let viewer = caller.actor()?.user();
        let membership = match viewer {
            Some(user) => caller.store().member(room.room.id, user).await?,
            None => None,
        };
        let since = membership.filter(|_| room.room.kind == RoomKind::Private);
        let after = since.map_or(self.after, |membership| membership.since.max(self.after));
        let read = caller.store().changes(room.room.id, after, self.limit);
        let read = read.await?;
        let upto = read.last().map_or(after, |event| event.seq);
        let is_unaware =
            |event: &RoomEvent| viewer.is_some_and(|user| event.unaware.contains(&user));
        let seen = |event: RoomEvent| match is_unaware(&event) {
            true => event.to_unaware(),
            false => Some(event),
        };
        Ok(ChangesPage {
            events: read.into_iter().filter_map(seen).collect(),
            upto,
        })
    }
}

async fn sees_message(message: &Message, caller: &Caller<'_>) -> Result<bool> {
    let room = RoomSelector::Id(message.room);
    let Ok(room) = caller.sees(View::History, &room).await else {
        return Ok(false);
    };
    Ok(message.seq > caller.hidden_upto(&room).await? && !caller.has_hidden(message.id).await?)
}

/// Up to when one has seen the room; 0: one never said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
}

impl Command for Seen {
    type Reply = Timestamp;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<Timestamp> {
        let room = caller.sees(View::History, &self.room).await?.room.id;
        let membership = match caller.actor()?.user() {
            Some(user) => caller.store().member(room, user).await?,
            None => None,
        };
        Ok(membership.map_or(Timestamp(0), |membership| membership.seen))
    }
}

/// Up to when a room's members have seen it: the two latest marks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenMarks {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
}

impl Command for SeenMarks {
    type Reply = Marks;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<Marks> {
        let room = caller.sees(View::History, &self.room).await?.room.id;
        caller.store().seen_marks(room).await
    }
}

/// A room that one may know of. Who says a private room's exact name may come back to it by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindRoom {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
}

impl Command for FindRoom {
    type Reply = Arc<Room>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<Arc<Room>> {
        let row = caller.room(&self.room).await?;
        if caller.actor()?.user().is_some() {
            let role = caller.role(row.room.id).await?;
            let named = caller.has_named(&self.room, &row.room);
            check_view(View::Room, &row.room, role, named)?;
            if named {
                caller.learn(&row.room);
            }
        }
        Ok(Arc::new(row.room.clone()))
    }
}

impl Caller<'_> {
    /// Up to which place what was said in the room is not shown to the caller.
    async fn hidden_upto(&self, room: &RoomRow) -> Result<Seq> {
        let viewer = match self.actor()?.user() {
            Some(user) => self.store().member(room.room.id, user).await?,
            None => None,
        };
        Ok(room.room.hidden_upto(viewer.as_ref()))
    }

    /// Whether the caller hid a message from itself.
    async fn has_hidden(&self, message: MessageId) -> Result<bool> {
        match self.actor()?.user() {
            Some(user) => self.store().is_hidden(user, message).await,
            None => Ok(false),
        }
    }

    /// What waited in a direct room waits no more once it was read, or once all was read that is there.
    async fn have_read(&self, room: &Room, messages: &[Arc<Message>], is_all: bool) -> Result<()> {
        let (RoomKind::Direct, Some(own)) = (room.kind, self.actor()?.user()) else {
            return Ok(());
        };
        let membership = self.store().member(room.id, own).await?;
        let from_other = messages.iter().filter(|message| message.sender.id != own);
        let read = match is_all {
            true => u64::MAX,
            false => from_other.count() as u64,
        };
        if membership.is_some_and(|membership| membership.waiting > 0) && read > 0 {
            let room = room.id;
            // Reading goes on where nothing can be written.
            if let Err(error) = self.commit(ReadWaiting { room, read }).await {
                tracing::debug!(%error, "what was read waits still");
            }
        }
        Ok(())
    }

    /// Whether the session has said this room's exact name, now or before.
    fn has_named(&self, selector: &RoomSelector, room: &Room) -> bool {
        self.session_id().is_some_and(|session| {
            let knows = || self.hub().with_state(|state| state.knows(session, room));
            selector.is_by_name() || knows()
        })
    }

    fn learn(&self, room: &Room) {
        if let Some(session) = self.session_id() {
            self.hub().with_state(|state| state.learned(session, room));
        }
    }
}

/// Rooms that are not private, whose title or name begins with this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchRooms {
    /// Without regard to case; empty: all.
    pub prefix: String,
}

impl Command for SearchRooms {
    type Reply = Vec<Arc<Room>>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<Arc<Room>>> {
        let found = caller.store().public_rooms(&fold_text(&self.prefix)).await;
        Ok(rooms(found?))
    }
}

/// All rooms but direct ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rooms;

impl Command for Rooms {
    type Reply = Vec<Arc<Room>>;
    const NEEDS: Needs = Needs::Operator;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<Arc<Room>>> {
        Ok(rooms(caller.store().rooms().await?))
    }
}

/// The rooms one is a member of, direct ones too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MyRooms;

impl Command for MyRooms {
    type Reply = Vec<Arc<Room>>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<Arc<Room>>> {
        let of_user = caller.store().rooms_of(caller.user_id()?).await?;
        let mine = of_user
            .into_iter()
            .filter(|(_, membership)| membership.role != Role::Banned);
        Ok(rooms(mine.map(|(room, _)| room).collect()))
    }
}

/// The rooms one is a member of, with one's place in each, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memberships;

impl Command for Memberships {
    type Reply = Vec<(Arc<Room>, Membership)>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<(Arc<Room>, Membership)>> {
        let of_user = caller.store().rooms_of(caller.user_id()?).await?;
        let mine = of_user
            .into_iter()
            .filter(|(_, place)| place.role != Role::Banned);
        Ok(mine
            .map(|(row, place)| (Arc::new(row.room.clone()), place))
            .collect())
    }
}

fn rooms(rows: Vec<Arc<RoomRow>>) -> Vec<Arc<Room>> {
    let room = |row: Arc<RoomRow>| Arc::new(row.room.clone());
    rows.into_iter().map(room).collect()
}

/// A room's members, banned ones too; those of a public room without a password for anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
}

impl Command for Members {
    type Reply = Vec<(Membership, Arc<UserRef>)>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<(Membership, Arc<UserRef>)>> {
        let room = caller.sees(View::Members, &self.room).await?.room.id;
        caller.store().members(room).await
    }
}

/// How many members each of these rooms has, banned ones not counted; of those that one may know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberCounts {
    /// The numbers of the rooms whose members are counted.
    pub rooms: Vec<RoomId>,
}

impl Command for MemberCounts {
    type Reply = Vec<(RoomId, u64)>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<(RoomId, u64)>> {
        let mut counts = Vec::with_capacity(self.rooms.len());
        for room in self.rooms {
            if caller
                .sees(View::Room, &RoomSelector::Id(room))
                .await
                .is_ok()
            {
                counts.push((room, caller.store().member_count(room).await?));
            }
        }
        Ok(counts)
    }
}

/// Who is online or idle in a room; of a public one without a password for anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Which room is meant, by number or by name.
    pub room: RoomSelector,
}

impl Command for Who {
    type Reply = Vec<Present>;
    const NEEDS: Needs = Needs::User;
    const IS_DECIDED: bool = false;
    about!(room: room);

    async fn call(self, caller: &mut Caller<'_>) -> Result<Vec<Present>> {
        let room = caller.sees(View::Members, &self.room).await?.room.id;
        let hub = caller.hub();
        let _inquiry = hub.inquire(room).await;
        Ok(hub.with_state(|state| state.present(room)))
    }
}
