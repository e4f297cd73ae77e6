//! What other nodes did and the bus did not bring, or not yet: found by its place among a room's changes, read from the store,
//! and told before what came after it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::Hub;
use super::state::HubState;
use crate::id_map::{IdMap, IdSet};
use crate::model::{Event, Result, Role, RoomEvent, RoomId, Seq};
use crate::store::{Commit, Footing};

/// Most changes that are read at once.
const PAGE: i64 = 1000;
/// How soon the store is asked again that did not answer.
const RETRY: Duration = Duration::from_millis(200);

/// What is to be told before some commits.
#[derive(Default)]
pub(super) struct Missing {
    /// Rooms where something is missing.
    rooms: IdMap<RoomId, Span>,
    /// A user is a member of rooms that its sessions here do not know of.
    news: bool,
    /// A membership was found at an earlier place than the room is at here.
    is_ahead: bool,
    /// What the commits themselves did in these rooms, and found.
    own: IdSet<(RoomId, Seq)>,
    footings: Vec<Footing>,
}

/// Where something is missing in a room.
#[derive(Clone, Copy)]
struct Span {
    /// What was told last.
    told: Seq,
    /// Before this change something is missing.
    first: Seq,
    /// Before this one, which may be the same, maybe more.
    last: Seq,
}

/// What other nodes did between changes of this one's, by rooms and in order.
#[derive(Default)]
pub(super) struct Between(IdMap<RoomId, VecDeque<RoomEvent>>);

impl Missing {
    /// What other nodes did before these commits, and was not told here. In each room the commits follow what this node did.
    pub(super) fn of(commits: &[Commit], state: &HubState) -> Option<Self> {
        let mut missing = Self::default();
        let mut told: IdMap<RoomId, Seq> = IdMap::default();
        for commit in commits {
            for event in &commit.events {
                let known = told.get(&event.room.id).copied();
                if let Some(known) = known.or_else(|| state.told(&event.room)) {
                    if event.seq > known.next() {
                        missing.before(event.room.id, known, event.seq);
                    }
                    told.insert(event.room.id, known.max(event.seq));
                }
            }
            for footing in commit.write.footings() {
                let known = told.get(&footing.room).copied();
                match known.or_else(|| state.told_of(footing.room)) {
                    Some(known) if footing.seq > known => {
                        missing.before(footing.room, known, footing.seq.next());
                        told.insert(footing.room, footing.seq);
                    }
                    Some(known) => missing.is_ahead |= footing.seq < known,
                    None => missing.news |= state.is_connected(footing.user),
                }
            }
        }
        if !missing.news && !missing.is_ahead && missing.rooms.is_empty() {
            return None;
        }
        let footings = commits.iter().map(|commit| commit.write.footings());
        missing.footings = footings.flatten().collect();
        let own = commits.iter().flat_map(|commit| &commit.events);
        missing.own = own.map(|event| (event.room.id, event.seq)).collect();
        Some(missing)
    }

    fn before(&mut self, room: RoomId, told: Seq, seq: Seq) {
        let span = Span {
            told,
            first: seq,
            last: seq,
        };
        self.rooms.entry(room).or_insert(span).last = seq;
    }
}

impl Between {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells what others did in a room before this change.
    pub(super) fn tell_before(&mut self, state: &mut HubState, room: RoomId, seq: Seq) {
        if let Some(events) = self.0.get_mut(&room) {
            while let Some(event) = events.pop_front_if(|event| event.seq < seq) {
                state.foreign_event(event);
            }
        }
    }
}

impl Hub {
    /// Tells what is missing before the first of the commits, and gives what is between them.
    pub(super) async fn find_missing(&self, missing: &Missing) -> Between {
        if missing.news {
            self.heed_unread_news().await;
        }
        let mut between = Between::default();
        for (&room, &Span { told, first, last }) in &missing.rooms {
            // What this node did before was told, and is behind nothing here.
            self.catch_up_from(Some(told), room, first).await;
            let mut others = VecDeque::new();
            let mut after = Seq(first.0 - 1);
            while after.next() < last {
                let read = self.read_changes(room, after, last).await;
                let Some(end) = read.last() else { break };
                after = end.seq;
                others.extend(read);
            }
            others.retain(|event| !missing.own.contains(&(room, event.seq)));
            self.inner.watch.count_found(others.len());
            between.0.insert(room, others);
        }
        between
    }

    /// Those who are members no longer, though a commit found them to be: what ended it was told here already.
    pub(super) async fn lost_footings(&self, missing: &Missing) -> Vec<Footing> {
        let mut lost = Vec::new();
        for footing in missing.footings.iter().copied() {
            let told = self.with_state(|state| state.told_of(footing.room));
            if told.is_some_and(|told| told > footing.seq) {
                let Footing { room, user, .. } = footing;
                let member = self.ask(|| self.inner.store.member(room, user)).await;
                let is_member = member
                    .flatten()
                    .is_some_and(|member| member.role != Role::Banned);
                if !is_member {
                    lost.push(footing);
                }
            }
        }
        lost
    }

    /// Tells what happened in a room before this change, as far as it was not told, page after page, if sessions here are concerned.
    /// `false`: some of it is kept no longer, or the room is gone.
    pub(super) async fn catch_up(&self, room: RoomId, before: Seq) -> bool {
        self.catch_up_from(None, room, before).await
    }

    /// The same; what was told last is this where nobody is there any more, or not yet.
    pub(super) async fn catch_up_from(
        &self,
        mut last: Option<Seq>,
        room: RoomId,
        before: Seq,
    ) -> bool {
        loop {
            let Some(told) = self.with_state(|state| state.told_of(room)).max(last) else {
                return true;
            };
            if told.next() >= before {
                return true;
            }
            let mut missed = self.read_changes(room, told, before).await;
            let Some(end) = missed.last() else {
                self.with_state(|state| state.pass_over(room, Seq(before.0 - 1)));
                return false;
            };
            last = Some(end.seq);
            // Of this node's own the commit tells more; it is here, or about to come.
            self.inner.commit_queue.caught_up().await;
            for own in self.inner.commit_queue.waiting_events(room) {
                if let Ok(place) = missed.binary_search_by_key(&own.seq, |event| event.seq) {
                    missed[place] = own;
                }
            }
            self.inner.watch.count_found(missed.len());
            let ((), dirty) = self.on_state(|state| {
                for event in missed {
                    match event
                        .origin
                        .is_some_and(|origin| origin.node == self.node())
                    {
                        true => state.room_event(event),
                        false => state.foreign_event(event),
                    }
                }
            });
            self.flush(dirty).await;
        }
    }

    /// A room's changes after one and up to another, in order.
    pub(super) async fn all_changes(
        &self,
        room: RoomId,
        mut after: Seq,
        upto: Option<Seq>,
    ) -> Vec<Arc<Event>> {
        let mut all = Vec::new();
        while let Some(upto) = upto.filter(|upto| after < *upto) {
            let read = self.read_changes(room, after, upto.next()).await;
            let Some(last) = read.last() else { break };
            after = last.seq;
            all.extend(read.into_iter().map(|event| Arc::new(Event::Room(event))));
        }
        all
    }

    /// Some of a room's changes after one and before another, in order.
    pub(super) async fn read_changes(
        &self,
        room: RoomId,
        after: Seq,
        before: Seq,
    ) -> Vec<RoomEvent> {
        let limit = (before.0 - after.0 - 1).clamp(0, PAGE);
        let limit = usize::try_from(limit).unwrap_or(0);
        let read = self.ask(|| self.inner.store.changes(room, after, limit));
        read.await.unwrap_or_default()
    }

    /// Asks the store until it answers: what others did cannot be passed over. `None`: the hub ends.
    pub(super) async fn ask<T, F>(&self, question: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut asked = 0_u32;
        while !self.inner.watch.is_over() {
            match question().await {
                Ok(answer) => return Some(answer),
                Err(error) if asked == 0 => {
                    tracing::warn!(%error, "what other nodes did cannot be read; it is tried again");
                }
                Err(_) => {}
            }
            asked += 1;
            tokio::time::sleep(RETRY).await;
        }
        None
    }
}
