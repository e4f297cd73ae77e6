//! Where commits, other nodes' envelopes and sinks to be flushed wait for the hub's delivery, and who delivers: one worker,
//! or one on each of several threads.
//!
//! ```text
//!  store ──commits──▶ queue ──a slice at a time, under the state's lock──▶ state ──▶ sinks to be flushed
//!                                                                           few: by that worker, at once
//!                                                                           many: in parts, by all workers
//! ```
//!
//! A slice is taken under the lock under which the state is told of it, so what the state is told is in the queue's order,
//! whoever tells it. Parts come before commits: nobody tells the state more while what it was told before is still to be written.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Instant;

use tokio::sync::Notify;

use super::metrics::{Counts, Handing};
use super::sink::Sink;
use crate::bus::Envelope;
use crate::model::{RoomEvent, RoomId, Seq};
use crate::store::{Commit, CommitSink, NewsPage};

/// How many commits one telling of the state takes, so that no queue is filled by one of them.
const MAX_SLICE_COMMITS: usize = 128;
/// After how many bytes of text a telling ends.
const MAX_SLICE_BYTES: usize = 256 * 1024;
/// How many sinks are flushed before others may run. More are shared out: waking another thread costs about one write.
pub(super) const MAX_FLUSHES: usize = 64;

/// The [`CommitSink`] of a hub.
#[derive(Default)]
pub(super) struct CommitQueue {
    state: Mutex<State>,
    counts: Arc<Counts>,
    /// How many writes were handed to the store.
    submitted: AtomicU64,
    /// Told when more commits have come.
    more: Notify,
}

#[derive(Default)]
struct State {
    arrivals: VecDeque<Arrival>,
    /// How many of them are commits that do not hold.
    void: usize,
    /// How many commits have come since the start.
    committed: u64,
    /// That there may be news waits to be told.
    looks_for_news: bool,
    parts: VecDeque<Part>,
    /// Something that takes a while is being told, and what came after it waits.
    is_held: bool,
    /// What commits did that were taken and are told when that is over.
    held: Vec<RoomEvent>,
    workers: Vec<Arc<Waiting>>,
    /// Those of the workers that wait, and were not called since.
    idle: Vec<Arc<Waiting>>,
}

/// How a worker is called.
struct Waiting {
    thread: ThreadId,
    call: Notify,
}

/// Sinks to be flushed, at most [`MAX_FLUSHES`].
pub(super) struct Part {
    pub(super) sinks: Vec<Arc<dyn Sink>>,
    /// What that hands over, once all parts are flushed.
    _handing: Option<Arc<Handing>>,
}

enum Arrival {
    /// A commit of this node, and since when it is durable.
    Commit(Commit, Instant),
    Foreign(Foreign),
}

/// What other nodes did, or may have done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    Envelope(Envelope),
    /// The store may have news.
    LookForNews,
    /// These are the store's.
    News(NewsPage),
    /// The store was asked for the last changes of these rooms, and has these.
    Seqs {
        asked: Vec<RoomId>,
        found: Vec<(RoomId, Seq)>,
    },
}

/// What is to be told next.
pub(super) enum Slice<'a> {
    Commits(Vec<Commit>, Handing),
    /// Nothing else is told until the other is dropped.
    Foreign(Foreign, Held<'a>),
}

/// Keeps what is behind a [`Slice::Foreign`] in the queue until it is dropped.
pub(super) struct Held<'a>(&'a CommitQueue);

/// One who delivers, until this is dropped.
pub(super) struct Worker<'a> {
    queue: &'a CommitQueue,
    waiting: Arc<Waiting>,
}

impl CommitQueue {
    pub(super) fn new(counts: Arc<Counts>) -> Self {
        Self {
            counts,
            ..Self::default()
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A write is about to be handed to the store.
    pub(super) fn submitting(&self) {
        self.submitted.fetch_add(1, Ordering::Relaxed);
    }

    /// How many writes the store was handed, and has not told the outcome of.
    pub(super) fn under_way(&self) -> u64 {
        let committed = self.lock().committed;
        let submitted = self.submitted.load(Ordering::Relaxed);
        submitted.saturating_sub(committed)
    }

    /// Waits until of all that was submitted before the commits have come.
    pub(super) async fn caught_up(&self) {
        let submitted = self.submitted.load(Ordering::Relaxed);
        loop {
            let more = self.more.notified();
            if self.lock().committed >= submitted {
                return;
            }
            more.await;
        }
    }

    /// The events of a room among commits that are not told yet.
    pub(super) fn waiting_events(&self, room: RoomId) -> Vec<RoomEvent> {
        let state = self.lock();
        let commits = state.arrivals.iter().filter_map(|arrival| match arrival {
            Arrival::Commit(commit, _) => Some(commit),
            Arrival::Foreign(_) => None,
        });
        let waiting = commits.flat_map(|commit| &commit.events);
        let events = state.held.iter().chain(waiting);
        let of_room = events.filter(|event| event.room.id == room);
        of_room.cloned().collect()
    }

    /// The news that were read and are not told yet.
    pub(super) fn take_news(&self) -> Vec<NewsPage> {
        let mut state = self.lock();
        let (mut news, mut others) = (Vec::new(), VecDeque::new());
        for arrival in state.arrivals.drain(..) {
            match arrival {
                Arrival::Foreign(Foreign::News(page)) => news.push(page),
                Arrival::Foreign(_) | Arrival::Commit(..) => others.push_back(arrival),
            }
        }
        state.arrivals = others;
        news
    }

    /// What comes waits until the given is dropped. To be called under the state's lock, by who has taken these commits, and what came
    /// before.
    pub(super) fn hold(&self, commits: &[Commit]) -> Held<'_> {
        let mut state = self.lock();
        state.is_held = true;
        let events = commits.iter().flat_map(|commit| &commit.events);
        state.held = events.cloned().collect();
        Held(self)
    }

    /// Somebody delivers from now on, best what is committed on this thread.
    pub(super) fn worker(&self) -> Worker<'_> {
        let waiting = Arc::new(Waiting {
            thread: thread::current().id(),
            call: Notify::new(),
        });
        self.lock().workers.push(waiting.clone());
        Worker {
            queue: self,
            waiting,
        }
    }

    /// Something was heard of other nodes.
    pub(super) fn arrive(&self, foreign: Foreign) {
        let mut state = self.lock();
        if foreign == Foreign::LookForNews && std::mem::replace(&mut state.looks_for_news, true) {
            return;
        }
        state.arrivals.push_back(Arrival::Foreign(foreign));
        call(state, 1);
    }

    /// Has these flushed by whoever delivers.
    pub(super) fn share(&self, sinks: &[Arc<dyn Sink>], handing: Option<Handing>) {
        let handing = handing.map(Arc::new);
        let parts = sinks.chunks(MAX_FLUSHES).map(|sinks| Part {
            sinks: sinks.to_vec(),
            _handing: handing.clone(),
        });
        let mut state = self.lock();
        state.parts.extend(parts);
        let count = state.parts.len();
        call(state, count);
    }

    /// Sinks to be flushed now.
    pub(super) fn take_part(&self) -> Option<Part> {
        self.lock().parts.pop_front()
    }

    /// Whether something is to be told.
    pub(super) fn has_slice(&self) -> bool {
        self.lock().has_slice()
    }

    /// The commits that do not hold, among all that wait.
    pub(super) fn take_void(&self) -> Vec<Commit> {
        self.lock().take_void()
    }

    /// What is to be told next, to be told under the lock under which this is called.
    pub(super) fn take_slice(&self) -> Option<Slice<'_>> {
        let mut state = self.lock();
        if !state.has_slice() {
            return None;
        }
        if state.is_held {
            // Nobody is told of them but who asked: they are in nobody's way, and what holds the others may take long.
            return Some(Slice::Commits(
                state.take_void(),
                Handing::new(self.counts.clone()),
            ));
        }
        if let Some(foreign) = state.take_foreign() {
            state.is_held = true;
            state.looks_for_news &= foreign != Foreign::LookForNews;
            return Some(Slice::Foreign(foreign, Held(self)));
        }
        let mut handing = Handing::new(self.counts.clone());
        let commits = state.take_commits(&mut handing);
        Some(Slice::Commits(commits, handing))
    }
}

impl State {
    fn has_slice(&self) -> bool {
        match self.is_held {
            true => self.void > 0,
            false => !self.arrivals.is_empty(),
        }
    }

    /// All commits that do not hold, from among what else waits.
    fn take_void(&mut self) -> Vec<Commit> {
        let (mut taken, mut left) = (Vec::new(), VecDeque::new());
        for arrival in self.arrivals.drain(..) {
            match arrival {
                Arrival::Commit(commit, _) if !commit.is_kept() => taken.push(commit),
                Arrival::Commit(..) | Arrival::Foreign(_) => left.push_back(arrival),
            }
        }
        self.arrivals = left;
        self.void = 0;
        taken
    }

    /// What is next, where that is something else than a commit.
    fn take_foreign(&mut self) -> Option<Foreign> {
        let is_foreign = |next: &mut Arrival| matches!(next, Arrival::Foreign(_));
        match self.arrivals.pop_front_if(is_foreign)? {
            Arrival::Foreign(foreign) => Some(foreign),
            Arrival::Commit(..) => None,
        }
    }

    /// The next commits that are to be told together; those of which somebody is to hear are handed over.
    fn take_commits(&mut self, handing: &mut Handing) -> Vec<Commit> {
        let (mut slice, mut bytes) = (Vec::new(), 0);
        while slice.len() < MAX_SLICE_COMMITS && bytes < MAX_SLICE_BYTES {
            let is_commit = |next: &mut Arrival| matches!(next, Arrival::Commit(..));
            let Some(Arrival::Commit(commit, since)) = self.arrivals.pop_front_if(is_commit) else {
                break;
            };
            let events = commit.events.iter();
            bytes += events.map(RoomEvent::text_bytes).sum::<usize>();
            if !commit.events.is_empty() {
                handing.add(since);
            }
            self.void -= usize::from(!commit.is_kept());
            slice.push(commit);
        }
        if self.arrivals.is_empty() {
            self.arrivals.shrink_to(MAX_SLICE_COMMITS);
        }
        slice
    }

    /// Whether somebody who delivers has something to do.
    fn has_work(&self) -> bool {
        !self.parts.is_empty() || self.has_slice()
    }

    fn forget_idle(&mut self, waiting: &Arc<Waiting>) {
        self.idle.retain(|other| !Arc::ptr_eq(other, waiting));
    }

    /// Up to so many of those who wait: this thread's, whose call wakes no other thread, then those who began last, and may
    /// not sleep yet.
    fn take_idle(&mut self, mut wanted: usize) -> Vec<Arc<Waiting>> {
        let here = thread::current().id();
        let is_here = |waiting: &Arc<Waiting>| waiting.thread == here;
        if let Some(place) = self.idle.iter().position(is_here) {
            let here = self.idle.remove(place);
            self.idle.push(here);
        } else if self.workers.iter().any(is_here) {
            // It is at work, and looks again before it waits.
            wanted -= 1;
        }
        let left = self.idle.len().saturating_sub(wanted);
        self.idle.split_off(left)
    }
}

/// Calls up to so many workers.
fn call(mut state: MutexGuard<'_, State>, wanted: usize) {
    let called = state.take_idle(wanted);
    drop(state);
    for waiting in called {
        waiting.call.notify_one();
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_held = false;
        state.held.clear();
        call(state, 1);
    }
}

impl Worker<'_> {
    /// Waits until there is something to do.
    pub(super) async fn called(&self) {
        loop {
            {
                let mut state = self.queue.lock();
                state.forget_idle(&self.waiting);
                if state.has_work() {
                    return;
                }
                state.idle.push(self.waiting.clone());
            }
            self.waiting.call.notified().await;
        }
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.forget_idle(&self.waiting);
        state
            .workers
            .retain(|other| !Arc::ptr_eq(other, &self.waiting));
        // It may have been called.
        if state.has_work() {
            call(state, 1);
        }
    }
}

impl CommitSink for CommitQueue {
    fn committed(&self, batch: Vec<Commit>) {
        let durable = Instant::now();
        let kept = batch.iter().filter(|commit| commit.is_kept());
        let submitted = kept.filter_map(|commit| commit.write.submitted());
        self.counts.committed(submitted, durable);
        let mut state = self.lock();
        state.committed += batch.len() as u64;
        state.void += batch.iter().filter(|commit| !commit.is_kept()).count();
        let arrivals = batch.into_iter();
        let arrivals = arrivals.map(|commit| Arrival::Commit(commit, durable));
        state.arrivals.extend(arrivals);
        call(state, 1);
        self.more.notify_waiters();
    }
}
