//! The way of what was committed, here or at another node, to the state, in its order.

use std::sync::Arc;
use std::vec;

use super::Hub;
use super::commit_queue::{Arrival, CommitQueue};
use super::shared::flush;
use super::state::HubState;
use crate::bus::{Envelope, Listener, Payload, VERSION};
use crate::model::{RoomEvent, RoomId, Seq};
use crate::store::Commit;

/// How many commits one telling of the state takes, so that no queue is filled by one of them.
const MAX_SLICE_COMMITS: usize = 128;
/// After how many bytes of text a telling ends.
const MAX_SLICE_BYTES: usize = 256 * 1024;

impl Hub {
    /// Runs as long as the hub.
    pub(super) async fn deliver(self) {
        loop {
            let arrivals = self.inner.commit_queue.next().await;
            let mut commits = Vec::new();
            for arrival in arrivals {
                match arrival {
                    Arrival::Commits(batch) if commits.is_empty() => commits = batch,
                    Arrival::Commits(batch) => commits.extend(batch),
                    Arrival::Envelope(envelope) => {
                        self.deliver_commits(std::mem::take(&mut commits)).await;
                        self.deliver_envelope(envelope).await;
                    }
                }
            }
            self.deliver_commits(commits).await;
        }
    }

    async fn deliver_commits(&self, commits: Vec<Commit>) {
        if commits.is_empty() {
            return;
        }
        if self.inner.bus.has_others(self.inner.node) {
            let events: Vec<_> = commits
                .iter()
                .flat_map(|commit| commit.events.iter().cloned())
                .collect();
            if !events.is_empty() {
                self.publish(Payload::Rooms(events));
            }
        }
        // A little at a time, so that what one connection says at once does not fill the others' queues.
        let mut commits = commits.into_iter();
        while commits.len() > 0 {
            let ((), dirty) = self.on_state(|state| self.tell_some(state, &mut commits));
            flush(dirty).await;
            if commits.len() > 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Tells the state of the next commits.
    fn tell_some(&self, state: &mut HubState, commits: &mut vec::IntoIter<Commit>) {
        let mut bytes = 0;
        for commit in commits.by_ref().take(MAX_SLICE_COMMITS) {
            let texts = commit.events.iter().map(RoomEvent::text_bytes);
            bytes += texts.sum::<usize>();
            self.tell_commit(state, commit);
            if bytes >= MAX_SLICE_BYTES {
                return;
            }
        }
    }

    /// Tells the state of a commit, then who asked for it.
    fn tell_commit(&self, state: &mut HubState, commit: Commit) {
        self.inner.said.count(&commit.events);
        for event in commit.events {
            self.files_after(&event);
            state.room_event(event);
        }
        commit.write.complete(commit.outcome, state);
    }

    /// What another node told. A gap in a room's numbers is read from the store first.
    async fn deliver_envelope(&self, envelope: Envelope) {
        if envelope.version != VERSION {
            tracing::warn!(
                version = envelope.version,
                "an envelope of another version was dropped"
            );
            return;
        }
        match envelope.payload {
            Payload::Rooms(events) => {
                for event in events {
                    let told = self.with_state(|state| {
                        state
                            .live_rooms
                            .get(&event.room.id)
                            .and_then(|live_room| live_room.seq)
                    });
                    if let Some(told) = told {
                        self.catch_up(event.room.id, told, event.seq).await;
                    }
                    let ((), dirty) = self.on_state(|state| {
                        state.room_event(event);
                    });
                    flush(dirty).await;
                }
            }
            Payload::Presence(event) => {
                let ((), dirty) = self.on_state(|state| {
                    let room = event.room.id;
                    state.broadcast(room, &Arc::new(crate::model::Event::Presence(event)), None);
                });
                flush(dirty).await;
            }
        }
    }

    /// Tells what happened in a room between these two changes, page after page.
    async fn catch_up(&self, room: RoomId, mut told: Seq, next: Seq) {
        while told.0 + 1 < next.0 {
            let limit = usize::try_from(next.0 - told.0 - 1).unwrap_or(usize::MAX);
            let missed = match self.inner.store.changes(room, told, limit).await {
                Ok(missed) => missed,
                Err(error) => {
                    tracing::warn!(%error, %room, "what another node told before cannot be read");
                    return;
                }
            };
            let Some(last) = missed.last() else { return };
            told = last.seq;
            let ((), dirty) = self.on_state(|state| {
                for event in missed {
                    state.room_event(event);
                }
            });
            flush(dirty).await;
        }
    }

    /// Tells what waits, after the end of the delivery.
    pub(super) fn deliver_last(&self) {
        for arrival in self.inner.commit_queue.take() {
            if let Arrival::Commits(commits) = arrival {
                self.with_state(|state| {
                    for commit in commits {
                        self.tell_commit(state, commit);
                    }
                });
            }
        }
    }
}

/// What the bus tells, for the delivery.
pub(super) fn subscriber(commit_queue: Arc<CommitQueue>) -> Arc<dyn Listener> {
    Arc::new(BusSubscriber(commit_queue))
}

struct BusSubscriber(Arc<CommitQueue>);

impl Listener for BusSubscriber {
    fn receive(&self, envelope: Envelope) {
        self.0.arrive(Arrival::Envelope(envelope));
    }
}
