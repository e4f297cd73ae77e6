//! How a node notices what the bus did not bring, the last of what happened too.
//!
//! ```text
//!  each node ──beat: rooms that changed, every 400 ms──▶ the others: what is not told yet is read from the store
//!  a beat is missing, the bus is away or back, a topic is heard from now on ──▶ the store is asked for the last places
//!  every 700 ms ──▶ the store is asked for news
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Hub;
use super::commit_queue::Foreign;
use crate::bus::{Beat, Payload, Topic};
use crate::id_map::{IdMap, IdSet};
use crate::model::{NodeId, RoomId, Seq};
use crate::store::NewsPlace;

/// How often a node says that it is there, and what it did.
const BEAT: Duration = Duration::from_millis(400);
/// How often the store is asked for news; and, while the bus is away or somebody silent, for the last changes of rooms.
const LOOK: Duration = Duration::from_millis(700);
/// After how long without a beat a node is silent.
const SILENT: Duration = Duration::from_millis(900);
/// After how long without a beat a node is no more, as far as the bus can tell.
const GONE: Duration = Duration::from_secs(10);
/// Most rooms that a beat names.
const BEAT_ROOMS: usize = 4096;
/// Of how many rooms the store is asked at once.
const ASKED: usize = 4096;

/// What there is to notice.
#[derive(Default)]
pub(super) struct Watch {
    state: Mutex<State>,
    /// Told when there is something to ask the store.
    wake: Notify,
    /// Told when a node has said who is in a room.
    answers: Notify,
    /// The hub ends: nobody waits for the store any more.
    over: AtomicBool,
    gaps: AtomicU64,
}

#[derive(Default)]
struct State {
    /// Rooms that this node changed since its last beat.
    changed: BTreeMap<RoomId, Seq>,
    /// Rooms of whose presence it has said something since.
    present: BTreeSet<RoomId>,
    beats: u64,
    /// The last beat that was heard of each other node, and when.
    heard: IdMap<NodeId, (u64, Instant)>,
    /// Nodes that were asked who is in rooms, and have not answered.
    asked: BTreeSet<(NodeId, RoomId)>,
    /// Topics that are heard since the store was asked last.
    topics: Vec<Topic>,
    /// Something was lost, in whatever rooms.
    lost: bool,
    read: NewsPlace,
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This node has changed a room.
    pub(super) fn changed(&self, room: RoomId, seq: Seq) {
        self.lock().changed.insert(room, seq);
    }

    /// This node has said something of a room's presence, or nothing more is to be said of it.
    pub(super) fn present(&self, room: RoomId) {
        self.lock().present.insert(room);
    }

    /// The next beat of this node, and the rooms of whose presence it is to tell.
    fn beat(&self) -> (Beat, BTreeSet<RoomId>) {
        let mut state = self.lock();
        state.beats += 1;
        let changed = std::mem::take(&mut state.changed);
        let beat = Beat {
            number: state.beats,
            more: changed.len().max(state.present.len()) > BEAT_ROOMS,
            rooms: changed.into_iter().take(BEAT_ROOMS).collect(),
            presences: Vec::new(),
        };
        (beat, std::mem::take(&mut state.present))
    }

    /// Another node is there. Whether what it says of presence may have been missed.
    pub(super) fn heard_beat(&self, node: NodeId, beat: &Beat) -> bool {
        let mut state = self.lock();
        let before = state.heard.insert(node, (beat.number, Instant::now()));
        // Of what one was not heard of yet did before, nothing is known either.
        let expected = before.map_or(1, |(before, _)| before + 1);
        let is_lost = beat.number > expected;
        if is_lost || beat.more {
            state.lost = true;
            self.wake.notify_one();
        }
        before.is_none() || is_lost || beat.more
    }

    /// Something was heard of a node, whose beats may have been lost so far.
    pub(super) fn is_there(&self, node: NodeId) {
        let first = (0, Instant::now());
        self.lock().heard.entry(node).or_insert(first);
    }

    pub(super) fn forget(&self, node: NodeId) {
        let mut state = self.lock();
        state.heard.remove(&node);
        state.asked.retain(|(asked, _)| *asked != node);
    }

    /// The other nodes that are there.
    pub(super) fn others(&self) -> Vec<NodeId> {
        self.lock().heard.keys().copied().collect()
    }

    /// A node is asked who is in these rooms.
    pub(super) fn asks(&self, node: NodeId, rooms: &[RoomId]) {
        let rooms = rooms.iter().map(|room| (node, *room));
        self.lock().asked.extend(rooms);
    }

    pub(super) fn answered(&self, node: NodeId, room: RoomId) {
        self.lock().asked.remove(&(node, room));
        self.answers.notify_waiters();
    }

    /// Done once a node has said who is in a room, from this call on.
    pub(super) fn next_answer(&self) -> Notified<'_> {
        self.answers.notified()
    }

    /// What was asked and not answered, of rooms where that still matters.
    fn unanswered(&self, matters: impl Fn(RoomId) -> bool) -> BTreeMap<NodeId, Vec<RoomId>> {
        let mut state = self.lock();
        state.asked.retain(|(_, room)| matters(*room));
        let mut unanswered = BTreeMap::<NodeId, Vec<RoomId>>::new();
        for (node, room) in &state.asked {
            unanswered.entry(*node).or_default().push(*room);
        }
        unanswered
    }

    /// Nodes that have not said for so long that they are there.
    fn silent_for(&self, time: Duration) -> Vec<NodeId> {
        let (state, now) = (self.lock(), Instant::now());
        let heard = state.heard.iter();
        let silent = heard.filter(|(_, (_, at))| now.duration_since(*at) > time);
        silent.map(|(node, _)| *node).collect()
    }

    /// Nodes that do not say that they are there: they may be gone, or the bus carries nothing.
    pub(super) fn silent(&self) -> Vec<NodeId> {
        self.silent_for(SILENT)
    }

    pub(super) fn hears(&self, topic: Topic) {
        self.lock().topics.push(topic);
        self.wake.notify_one();
    }

    pub(super) fn connected(&self, connected: bool) {
        match connected {
            true => tracing::info!("the bus is there"),
            false => tracing::warn!("the bus is away: what other nodes do is read from the store"),
        }
        self.lost();
    }

    /// Something was lost, in whatever rooms.
    pub(super) fn lost(&self) {
        self.lock().lost = true;
        self.wake.notify_one();
    }

    /// What was read of the store's news.
    pub(super) fn read(&self) -> NewsPlace {
        self.lock().read.clone()
    }

    pub(super) fn read_upto(&self, place: NewsPlace) {
        self.lock().read = place;
    }

    /// So many changes had to be read from the store.
    pub(super) fn count_found(&self, changes: usize) {
        self.gaps.fetch_add(changes as u64, Ordering::Relaxed);
    }

    /// How many there were so far.
    pub(super) fn gaps(&self) -> u64 {
        self.gaps.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

impl Hub {
    /// Tells the others that this node is there and looks for what was lost, as long as the hub runs.
    pub(super) async fn watch_others(self) {
        let (mut beat, mut look) = (interval(BEAT), interval(LOOK));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.inner.watch.wake.notified() => self.look_for_lost().await,
                _ = beat.tick() => {
                    if self.inner.bus.has_others(self.node()) {
                        let (mut beat, rooms) = self.inner.watch.beat();
                        let rooms = rooms.into_iter().take(BEAT_ROOMS).collect();
                        beat.presences = self.with_state(|state| state.versions(rooms));
                        self.publish(Topic::All, Payload::Beat(beat));
                    }
                }
                _ = look.tick() => {
                    if !self.inner.bus.has_others(self.node()) {
                        continue;
                    }
                    self.inner.commit_queue.arrive(Foreign::LookForNews);
                    self.ask_again();
                    // Where there is a registry, it says who is gone.
                    if self.inner.cluster.is_none() && self.inner.bus.is_connected() {
                        for node in self.inner.watch.silent_for(GONE) {
                            self.lose_node(node, false).await;
                        }
                    }
                    if !self.inner.bus.is_connected() || self.is_anybody_silent() {
                        self.inner.watch.lock().lost = true;
                        self.look_for_lost().await;
                    }
                }
            }
        }
    }

    /// Whether another node does not say on the bus that it is there, be it that it never did.
    pub(super) fn is_anybody_silent(&self) -> bool {
        let cluster = self.inner.cluster.as_ref();
        let registered = cluster.map(|cluster| cluster.holdings().others.clone());
        let heard: IdSet<NodeId> = self.inner.watch.others().into_iter().collect();
        !self.inner.watch.silent().is_empty()
            || registered.is_some_and(|nodes| nodes.iter().any(|node| !heard.contains(node)))
    }

    fn ask_again(&self) {
        let halls: IdSet<RoomId> = self.with_state(|state| state.halls().into_iter().collect());
        let unanswered = self.inner.watch.unanswered(|room| halls.contains(&room));
        for (node, rooms) in unanswered {
            self.ask_presence(node, rooms);
        }
    }

    /// Asks the store for the last changes where something may have been missed.
    async fn look_for_lost(&self) {
        let (topics, lost) = {
            let mut state = self.inner.watch.lock();
            (
                std::mem::take(&mut state.topics),
                std::mem::take(&mut state.lost),
            )
        };
        let rooms: Vec<RoomId> = self.with_state(|state| match lost {
            true => state.followed(),
            false => topics
                .iter()
                .flat_map(|topic| state.followed_by(*topic))
                .collect(),
        });
        let halls: Vec<RoomId> = match lost {
            true => self.with_state(|state| state.halls()),
            false => topics.iter().filter_map(Topic::room).collect(),
        };
        if !halls.is_empty() {
            for node in self.inner.watch.others() {
                self.ask_presence(node, halls.clone());
            }
        }
        for asked in rooms.chunks(ASKED) {
            let Some(found) = self.ask(|| self.inner.store.seqs(asked)).await else {
                return;
            };
            let asked = asked.to_vec();
            let seqs = Foreign::Seqs { asked, found };
            self.inner.commit_queue.arrive(seqs);
        }
        self.inner.commit_queue.arrive(Foreign::LookForNews);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_that_is_missing_is_noticed_also_before_the_first_that_is_heard() {
        for (beats, is_lost) in [(&[1, 2, 3][..], false), (&[1, 3], true), (&[2], true)] {
            let watch = Watch::default();
            for number in beats {
                let beat = Beat {
                    number: *number,
                    ..Beat::default()
                };
                watch.heard_beat(NodeId(7), &beat);
            }
            assert_eq!(watch.lock().lost, is_lost, "{beats:?}");
        }
    }
}
