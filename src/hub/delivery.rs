//! The way of what was committed, here or at another node, to the state, in its order.

use std::sync::Arc;

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
        let mut commits = commits.into_iter().peekable();
        while commits.peek().is_some() {
            let slice = next_slice(&mut commits);
            let ((), dirty) = self.on_state(|state| self.tell_commits(state, slice));
            flush(dirty).await;
            if commits.peek().is_some() {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Tells the state of each commit, then who asked for it.
    fn tell_commits(&self, state: &mut HubState, commits: Vec<Commit>) {
        self.inner.said.count(&commits);
        for commit in commits {
            for event in commit.events {
                self.files_after(&event);
                state.room_event(event);
            }
            commit.write.complete(commit.outcome, state);
        }
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
                self.with_state(|state| self.tell_commits(state, commits));
            }
        }
    }
}

/// The next commits to be told together.
fn next_slice(commits: &mut impl Iterator<Item = Commit>) -> Vec<Commit> {
    let (mut slice, mut bytes) = (Vec::new(), 0);
    while slice.len() < MAX_SLICE_COMMITS && bytes < MAX_SLICE_BYTES {
        let Some(commit) = commits.next() else { break };
        bytes += commit
            .events
            .iter()
            .map(RoomEvent::text_bytes)
            .sum::<usize>();
        slice.push(commit);
    }
    slice
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
