//! What other nodes did and the bus did not bring, or not yet: found by its place among a room's changes, read from the store,
//! and told before what came after it.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
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

/// What some commits did and found in a room.
#[derive(Clone, Copy)]
struct Span {
    /// What was told before them.
    told: Seq,
    /// Their first change there, or the one behind the first place that they found.
    first: Seq,
    /// The last of their changes or places so far.
    reached: Seq,
    /// The last change before which something is missing: before the first of theirs, or between them.
    last: Option<Seq>,
}

impl Span {
    fn new(told: Seq, first: Seq) -> Self {
        Self {
            told,
            first,
            reached: told,
            last: None,
        }
    }

    /// They go on with this change.
    fn reach(&mut self, seq: Seq) {
        if seq > self.reached.next() {
            self.last = Some(seq);
        }
        self.reached = self.reached.max(seq);
    }
}

/// What other nodes did between changes of this one's, by rooms and in order.
#[derive(Default)]
pub(super) struct Between(IdMap<RoomId, VecDeque<RoomEvent>>);

impl Missing {
    /// What other nodes did before these commits, and was not told here. In each room the commits follow what this node did.
    pub(super) fn of(commits: &[Commit], state: &HubState) -> Option<Self> {
        let mut missing = Self::default();
        for commit in commits.iter().filter(|commit| commit.is_kept()) {
            for event in &commit.events {
                let span = missing.span(event.room.id, event.seq, || state.told(&event.room));
                if let Some(span) = span {
                    span.reach(event.seq);
                }
            }
            for footing in commit.write.footings() {
                let Footing { room, user, seq } = footing;
                // Its membership began elsewhere, which comes first.
                missing.news |= commit.events.is_empty() && state.lacks_place(room, user);
                match missing.span(room, seq.next(), || state.told_of(room)) {
                    Some(span) if seq > span.reached => {
                        span.last = Some(seq.next());
                        span.reached = seq;
                    }
                    Some(span) => {
                        let is_ahead = seq < span.reached;
                        missing.is_ahead |= is_ahead;
                    }
                    None => missing.news |= state.is_connected(user),
                }
            }
        }
        missing.rooms.retain(|_, span| span.last.is_some());
        if !missing.news && !missing.is_ahead && missing.rooms.is_empty() {
            return None;
        }
        let footings = commits.iter().map(|commit| commit.write.footings());
        missing.footings = footings.flatten().collect();
        let own = commits.iter().flat_map(|commit| &commit.events);
        missing.own = own.map(|event| (event.room.id, event.seq)).collect();
        Some(missing)
    }

    /// What the commits did in a room so far; where that is nothing, they begin with this change. `None`: nobody here is told of it.
    fn span(
        &mut self,
        room: RoomId,
        first: Seq,
        told: impl FnOnce() -> Option<Seq>,
    ) -> Option<&mut Span> {
        match self.rooms.entry(room) {
            Entry::Occupied(known) => Some(known.into_mut()),
            Entry::Vacant(vacant) => Some(vacant.insert(Span::new(told()?, first))),
        }
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
            self.heed_all_news().await;
        }
        let mut between = Between::default();
        for (&room, span) in &missing.rooms {
            let (told, first, last) = (span.told, span.first, span.last.unwrap_or(span.first));
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
