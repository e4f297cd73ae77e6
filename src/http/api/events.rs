//! What happens in one's rooms, as Server-Sent Events that go on where a client stopped.
//!
//! ```text
//!  Last-Event-ID ─▶ places ─▶ what was missed, from the store ─▶ what happens, from an unseen session
//! ```
//!
//! Each room is told in the order of its changes' places: what comes twice is passed over, and where something is missing it
//! is read from the store. Of a room that the user is out of by now, what happened while it was a member is: [`past`](super::past).

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use serde::Serialize;
use serde_json::{Value, json};

use super::super::Site;
use super::super::authentication::{Asker, unseen};
use super::super::connection::Connection;
use super::super::problem::Problem;
use super::cursor::Cursor;
use super::document::{Api, Operation, Who};
use super::input::Parameters;
use super::past::Stay;
use super::rooms::found;
use crate::commands::{Changes, FindUser, Memberships};
use crate::hub::{Bounds, Events, Hub, Session};
use crate::model::{
    EndReason, Error, Event, Membership, PresenceChange, PresenceEvent, Result, RoomChange,
    RoomEvent, RoomId, RoomKind, RoomRef, RoomSelector, Seq, Timestamp, UserId, UserSelector,
};
use crate::shown::Message;
use crate::shown::time::Time;
use crate::store::SecretBytes;

/// How often somebody who is told nothing is told that the stream goes on.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Changes that are read at once.
const PAGE: usize = 256;

/// What the document says of a stream.
pub(super) fn stream_of() -> Value {
    json!({"schema": {"type": "string", "description": "Server-Sent Events."}})
}

/// A stream, with a word every now and then.
pub(super) fn kept_alive<S>(events: S) -> impl IntoResponse
where
    S: Stream<Item = Result<sse::Event, Infallible>> + Send + 'static,
{
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// The last that a stream tells where the gateway ends it.
pub(super) fn ended(reason: EndReason) -> Result<sse::Event> {
    let told = Told {
        room: None,
        room_id: None,
        seq: None,
        at: Time(Timestamp::now()),
        by: None,
        message: None,
        more: json!({"reason": reason, "detail": reason.to_string()}),
    };
    event("ended", &told)
}

fn event(kind: &str, data: &impl Serialize) -> Result<sse::Event> {
    let data = serde_json::to_string(data).map_err(|_| Error::Internal)?;
    Ok(sse::Event::default().event(kind).data(data))
}

pub(super) fn requests(api: Api) -> Api {
    let listen = Operation::new(Who::Account, "What happens in one's rooms, as it happens")
        .query(
            "room",
            json!({"type": "array", "items": {"type": "string", "minLength": 1}}),
            "Only in these rooms: several times, or as `a,b`, where a comma in a name is `%2C`.",
        )
        .header(
            "Last-Event-ID",
            "The `id` of the last event: the stream goes on behind it.",
        )
        .answered(StatusCode::OK, "text/event-stream", stream_of())
        .errors([404, 413]);
    api.serve(Method::GET, "/events", listen_to_events, listen)
}

/// What happened, as it is told: a message's own fields stand beside these.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    /// The number of the room where it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<i32>,
    /// Its place among the room's changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    /// When it happened, by the gateway's clock.
    at: Time,
    /// Who did it; the gateway for the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(flatten)]
    message: Option<Message>,
    #[serde(flatten)]
    more: Value,
}

async fn listen_to_events(
    State(site): State<Arc<Site>>,
    Extension(connection): Extension<Arc<Connection>>,
    mut asker: Asker,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let named = parameters.names("room")?;
    let user = asker.user.id;
    let find_key = || site.hub.secret("places in streams of events");
    let key = *site.cursor_key.get_or_try_init(find_key).await?;
    let from = match headers.get("last-event-id") {
        None => None,
        Some(id) if id.is_empty() => None,
        Some(id) => {
            let cursor = id.to_str().ok().and_then(|id| Cursor::read(id, user, &key));
            let unknown = || Error::invalid("Last-Event-ID", "it is none that was given here");
            Some(cursor.ok_or_else(unknown)?)
        }
    };
    let only = match named {
        Some(named) => Some(wanted(&mut asker, named, from.as_ref()).await?),
        None => None,
    };
    let bounds = Bounds {
        events: connection.limits.queue_events,
        bytes: connection.limits.queue_bytes,
    };
    let (mut session, events) = unseen(&site.hub, &connection, bounds);
    session.log_in_token(&asker.token.0).await?;
    let mut listener = Listener {
        session,
        events,
        connection,
        hub: site.hub.clone(),
        key,
        cursor: Cursor {
            user,
            is_of_chosen: only.is_some(),
            places: BTreeMap::new(),
        },
        only,
        stays: HashMap::new(),
        hidden: HashMap::new(),
        behind: VecDeque::new(),
        ready: VecDeque::new(),
        names: HashMap::new(),
        is_over: false,
    };
    listener.begin(from).await?;
    // Who is told nothing has a place to go on from, too.
    let first = sse::Event::default().id(listener.cursor.write(&key)?);
    let told = stream::unfold((listener, Some(first)), async |(mut listener, first)| {
        let next = match first {
            Some(first) => first,
            None => listener.next().await?,
        };
        Some((Ok(next), (listener, None)))
    });
    Ok(kept_alive(told).into_response())
}

/// The rooms of these names; the asker must be a member, or have been one where it stopped.
async fn wanted(
    asker: &mut Asker,
    names: Vec<String>,
    from: Option<&Cursor>,
) -> Result<BTreeSet<RoomId>> {
    let was_in = |room: &RoomId| from.is_some_and(|from| from.places.contains_key(room));
    let mine = asker.call(Memberships).await?;
    let mine: BTreeSet<RoomId> = mine.iter().map(|(room, _)| room.id).collect();
    let mut rooms = BTreeSet::new();
    for name in names {
        let room = found(asker, &name).await?.id;
        if !mine.contains(&room) && !was_in(&room) {
            return Err(Error::not_allowed("join the room first"));
        }
        rooms.insert(room);
    }
    Ok(rooms)
}

/// A stream of events, and where it is in each of its rooms.
pub(super) struct Listener {
    session: Session,
    events: Events,
    connection: Arc<Connection>,
    pub(super) hub: Hub,
    key: SecretBytes,
    /// In these rooms alone.
    only: Option<BTreeSet<RoomId>>,
    /// What was told last.
    pub(super) cursor: Cursor,
    /// Rooms of which the store has more.
    pub(super) behind: VecDeque<RoomId>,
    /// What was read and is to be told.
    pub(super) ready: VecDeque<RoomEvent>,
    /// Of rooms that the user is out of by now, or was since, until when it was in.
    pub(super) stays: HashMap<RoomId, Stay>,
    /// Of private rooms that the user came into again since it stopped, the place up to which the store hides them.
    pub(super) hidden: HashMap<RoomId, Seq>,
    /// The names of direct rooms, as paths have them.
    names: HashMap<RoomId, String>,
    is_over: bool,
}

impl Listener {
    fn wants(&self, room: RoomId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&room))
    }

    /// Finds its place in each room.
    async fn begin(&mut self, from: Option<Cursor>) -> Result<()> {
        let mine = self.session.call(Memberships).await?;
        let mut left = from
            .as_ref()
            .map(|from| from.places.clone())
            .unwrap_or_default();
        for (room, membership) in mine {
            let known = left.remove(&room.id);
            if !self.wants(room.id) {
                continue;
            }
            let place = match (&from, known) {
                // A copy of the store that was brought back may be behind it.
                (_, Some(place)) => place.min(room.seq),
                (Some(from), None) if !from.is_of_chosen => {
                    self.before_joining(&membership, room.seq).await?
                }
                (Some(_) | None, None) => room.seq,
            };
            self.cursor.places.insert(room.id, place);
            if place < room.seq {
                self.behind.push_back(room.id);
            }
            if room.kind == RoomKind::Private && place < membership.since {
                self.hidden.insert(room.id, membership.since);
            }
        }
        for (room, place) in left {
            if self.wants(room) {
                self.cursor.places.insert(room, place);
                self.behind.push_back(room);
            }
        }
        Ok(())
    }

    /// The place before the one at which the user came into a room, while nobody listened.
    async fn before_joining(&mut self, membership: &Membership, last: Seq) -> Result<Seq> {
        let (mut low, mut high) = (0, last.0);
        while low < high {
            let middle = low + (high - low) / 2;
            let page = self.past(membership.room, Seq(middle), 1).await?;
            let next = page.events.first().map(|event| (event.at, event.seq.0));
            match next {
                Some((at, _)) if at < membership.joined => low = middle + 1,
                // What is not kept any more was before.
                None if page.upto.0 > middle => low = page.upto.0.min(high),
                Some(_) | None => high = middle,
            }
        }
        Ok(Seq(low))
    }

    async fn changes(&mut self, room: RoomId, after: Seq) -> Result<crate::commands::ChangesPage> {
        let (room, limit) = (RoomSelector::Id(room), PAGE);
        self.session.call(Changes { room, after, limit }).await
    }

    /// What is told next; `None`: nothing more.
    async fn next(&mut self) -> Option<sse::Event> {
        while !self.is_over {
            let told = if let Some(reason) = self.connection.end_reason() {
                self.end(reason)
            } else if let Some(event) = self.ready.pop_front() {
                self.tell(&event).await
            } else if let Some(room) = self.behind.front().copied() {
                self.read(room).await
            } else {
                let event = tokio::select! {
                    biased;
                    _ = self.connection.ending() => continue,
                    event = self.events.next() => event,
                };
                self.hear(event?.as_ref()).await
            };
            match told {
                Ok(Some(told)) => return Some(told),
                Ok(None) => {}
                Err(error) => {
                    // It goes on from the last that was told, once it is asked for again.
                    tracing::debug!(%error, "a stream of events ends");
                    return None;
                }
            }
        }
        None
    }

    /// Reads what was missed in a room.
    async fn read(&mut self, room: RoomId) -> Result<Option<sse::Event>> {
        let Some(place) = self.cursor.places.get(&room).copied() else {
            self.behind.pop_front();
            return Ok(None);
        };
        if self.hidden.contains_key(&room) {
            return self.read_past(room, place).await;
        }
        match self.changes(room, place).await {
            Ok(page) if page.upto == place => {
                self.behind.pop_front();
            }
            Ok(page) => {
                let upto = page.upto;
                let told = page
                    .events
                    .into_iter()
                    .filter(|event| !is_told_later(event));
                let before = self.ready.len();
                self.ready.extend(told);
                if self.ready.len() == before {
                    self.cursor.places.insert(room, upto);
                }
            }
            // The user is out of it by now.
            Err(Error::NoSuchRoom | Error::NotAllowed(_) | Error::Banned) => {
                return self.read_past(room, place).await;
            }
            Err(error) => return Err(error),
        }
        self.stays.remove(&room);
        Ok(None)
    }

    /// Nothing more is told of a stay in a room: it goes on where the user came in again, if it did.
    pub(super) fn end_stay(&mut self, room: RoomId) {
        match self.hidden.remove(&room) {
            Some(since) => {
                self.stays.remove(&room);
                self.cursor.places.insert(room, since);
            }
            None => self.forget(room),
        }
    }

    /// Nothing more is told of a room.
    fn forget(&mut self, room: RoomId) {
        self.cursor.places.remove(&room);
        self.stays.remove(&room);
        self.hidden.remove(&room);
        self.behind.retain(|behind| *behind != room);
    }

    /// Tells of the end of a stay in a room of which the store says nothing more.
    pub(super) fn tell_gone(&mut self, room: RoomId, change: &RoomChange) -> Result<sse::Event> {
        self.forget(room);
        let (kind, _, more) = self::change(change, "");
        let told = Told {
            room: None,
            room_id: Some(room.0),
            seq: None,
            at: Time(Timestamp::now()),
            by: None,
            message: None,
            more,
        };
        self.event(kind, &told)
    }

    /// What the stream tells of something that happens, if anything.
    async fn hear(&mut self, event: &Event) -> Result<Option<sse::Event>> {
        match event {
            Event::Room(event) if self.wants(event.room.id) => {
                let room = event.room.id;
                // Who is told of a room for the first time has come into it by this.
                let place = self
                    .cursor
                    .places
                    .entry(room)
                    .or_insert(Seq(event.seq.0 - 1));
                if event.seq > place.next() {
                    self.behind.push_back(room);
                    return Ok(None);
                }
                self.tell(event).await
            }
            Event::Presence(event) if self.wants(event.room.id) => {
                let (kind, data) = presence(event);
                self.event(kind, &data).map(Some)
            }
            Event::Room(_) | Event::Presence(_) => Ok(None),
            Event::Ended(reason) => self.end(*reason),
        }
    }

    fn end(&mut self, reason: EndReason) -> Result<Option<sse::Event>> {
        self.is_over = true;
        Ok(Some(ended(reason)?.id(self.cursor.write(&self.key)?)))
    }

    /// Tells of a change of a room, if that was not told.
    async fn tell(&mut self, event: &RoomEvent) -> Result<Option<sse::Event>> {
        let room = event.room.id;
        let place = self.cursor.places.get(&room).copied();
        // One who left is told nothing more of what was read before.
        if place.is_none_or(|place| event.seq <= place) {
            return Ok(None);
        }
        self.cursor.places.insert(room, event.seq);
        let name = match self.stays.get(&room) {
            Some(stay) if !stay.name_is_known => String::new(),
            Some(_) | None => self.name(&event.room).await?,
        };
        let (kind, message, more) = change(&event.change, &name);
        let is_out = event.change.ends(self.cursor.user) || event.change == RoomChange::RoomDeleted;
        let is_last = self
            .stays
            .get(&room)
            .is_some_and(|stay| stay.end == event.seq);
        // Where there is more to read, one may be in it again: the store says.
        if is_last {
            self.end_stay(room);
        } else if is_out && !self.behind.contains(&room) {
            self.forget(room);
        }
        let told = Told {
            room: message.is_none().then_some(&*name),
            room_id: Some(room.0),
            seq: Some(event.seq.0),
            at: Time(event.at),
            by: Some(&event.actor.login),
            message,
            more,
        };
        self.event(kind, &told).map(Some)
    }

    fn event(&self, kind: &str, data: &impl Serialize) -> Result<sse::Event> {
        Ok(event(kind, data)?.id(self.cursor.write(&self.key)?))
    }

    /// What a room is called: a direct one by the logins of the two.
    async fn name(&mut self, room: &RoomRef) -> Result<String> {
        let Some((a, b)) = room.pair else {
            return Ok(room.name.clone());
        };
        if let Some(name) = self.names.get(&room.id) {
            return Ok(name.clone());
        }
        let (a, b) = (self.login(a).await?, self.login(b).await?);
        let name = format!("@{a},{b}");
        self.names.insert(room.id, name.clone());
        Ok(name)
    }

    async fn login(&mut self, user: UserId) -> Result<String> {
        let user = UserSelector::Id(user);
        Ok(self.session.call(FindUser { user }).await?.login.clone())
    }
}

/// It was read as a deletion, as nothing is left of the message, but is an edit from before that.
pub(super) fn is_told_later(event: &RoomEvent) -> bool {
    let RoomChange::Deleted(message) = &event.change else {
        return false;
    };
    message.updated.is_some_and(|updated| event.at < updated)
}

/// How a change is told: its kind, its message, and what else there is to know of it.
fn change(change: &RoomChange, room: &str) -> (&'static str, Option<Message>, Value) {
    let user = |user: &crate::model::UserRef| json!({"user": user.login});
    let (kind, more) = match change {
        RoomChange::Posted(message) => {
            return ("posted", Some(Message::of(message, room)), json!({}));
        }
        RoomChange::Edited(message) => {
            return ("edited", Some(Message::of(message, room)), json!({}));
        }
        RoomChange::Deleted(message) => {
            return ("deleted", Some(Message::of(message, room)), json!({}));
        }
        RoomChange::Created => ("created", json!({})),
        RoomChange::HistoryCleared => ("history_cleared", json!({})),
        RoomChange::Titled => ("titled", json!({})),
        RoomChange::Described { description } => ("described", json!({"description": description})),
        RoomChange::Renamed { from } => ("renamed", json!({"was": from})),
        RoomChange::AccessChanged => ("access_changed", json!({})),
        RoomChange::Quieted { quiet } => ("quieted", json!({"quiet": quiet})),
        RoomChange::Slowed { pause } => {
            let pause = humantime::format_duration(*pause).to_string();
            ("slowed", json!({"slow": pause}))
        }
        RoomChange::MemberJoined { user: who } => ("member_joined", user(who)),
        RoomChange::MemberLeft { user: who } => ("member_left", user(who)),
        RoomChange::MemberRemoved { user: who } => ("member_removed", user(who)),
        RoomChange::MemberBanned { user: who } => ("member_banned", user(who)),
        RoomChange::MemberUnbanned { user: who } => ("member_unbanned", user(who)),
        RoomChange::RoleChanged { user: who, role } => {
            ("role_changed", json!({"user": who.login, "role": role}))
        }
        RoomChange::RoomDeleted => ("room_deleted", json!({})),
    };
    (kind, None, more)
}

fn presence(event: &PresenceEvent) -> (&'static str, Told<'_>) {
    let change = match event.change {
        PresenceChange::Online => "online",
        PresenceChange::Idle => "idle",
        PresenceChange::Back => "back",
        PresenceChange::Offline => "offline",
    };
    let told = Told {
        room: Some(&event.room.name),
        room_id: Some(event.room.id.0),
        seq: None,
        at: Time(event.at),
        by: None,
        message: None,
        more: json!({"user": event.who.user.login, "change": change}),
    };
    ("presence", told)
}
