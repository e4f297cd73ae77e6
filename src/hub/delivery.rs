//! The way of what was committed, here or at another node, to the state, in its order, and from there to the sinks.

use std::sync::Arc;

use super::Hub;
use super::commit_queue::{CommitQueue, Held, MAX_FLUSHES, Slice};
use super::sink::Sink;
use super::state::HubState;
use crate::bus::{Envelope, Listener, Payload, VERSION};
use crate::model::{RoomId, Seq};
use crate::store::Commit;

impl Hub {
    /// Delivers, beside whoever else does, what was committed: to be run on each thread that has connections, best by its own
    /// runtime. A hub delivers on the runtime that started it anyway. Never ends; dropped, it leaves what there is to the others.
    pub async fn deliver(&self) {
        let worker = self.inner.commit_queue.worker();
        loop {
            worker.called().await;
            self.flush_parts().await;
            self.deliver_slice().await;
        }
    }

    /// Tells the state what is next, if anything is, and flushes what that gave sessions to read.
    async fn deliver_slice(&self) {
        // Another worker may have taken it.
        if !self.inner.commit_queue.has_slice() {
            return;
        }
        let (envelope, dirty) = self.on_state(|state| self.tell_slice(state));
        self.flush(dirty).await;
        if let Some((envelope, _held)) = envelope {
            self.deliver_envelope(envelope).await;
        }
        // A little at a time, so that what one connection says at once does not fill the others' queues.
        if self.inner.commit_queue.has_slice() {
            tokio::task::yield_now().await;
        }
    }

    /// Tells the state of commits. An envelope is told by the caller.
    fn tell_slice(&self, state: &mut HubState) -> Option<(Envelope, Held<'_>)> {
        match self.inner.commit_queue.take_slice()? {
            Slice::Commits(commits) => {
                self.publish_commits(&commits);
                for commit in commits {
                    self.tell_commit(state, commit);
                }
                None
            }
            Slice::Envelope(envelope, held) => Some((envelope, held)),
        }
    }

    /// Under the state's lock, so that the others hear it in the same order.
    fn publish_commits(&self, commits: &[Commit]) {
        if self.inner.bus.has_others(self.inner.node) {
            let events = commits.iter().flat_map(|commit| commit.events.iter());
            let events: Vec<_> = events.cloned().collect();
            if !events.is_empty() {
                self.publish(Payload::Rooms(events));
            }
        }
    }

    /// Flushes these: a few at once, many with whoever else delivers.
    async fn flush(&self, dirty: Vec<Arc<dyn Sink>>) {
        self.flush_or_share(&dirty);
        self.flush_parts().await;
    }

    /// Flushes a few of what waits for that at a time, so that others may run.
    async fn flush_parts(&self) {
        while self.flush_part() {
            tokio::task::yield_now().await;
        }
    }

    fn flush_part(&self) -> bool {
        let part = self.inner.commit_queue.take_part();
        let sinks = part.iter().flatten();
        sinks.for_each(|sink| sink.flush());
        part.is_some()
    }

    /// Flushes these at once where they are few, else has it done by whoever delivers.
    pub(super) fn flush_or_share(&self, dirty: &[Arc<dyn Sink>]) {
        if dirty.len() > MAX_FLUSHES {
            self.inner.commit_queue.share(dirty);
            self.deliver_if_stopped();
        } else {
            dirty.iter().for_each(|sink| sink.flush());
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
                    self.flush(dirty).await;
                }
            }
            Payload::Presence(event) => {
                let ((), dirty) = self.on_state(|state| {
                    let room = event.room.id;
                    state.broadcast(room, &Arc::new(crate::model::Event::Presence(event)), None);
                });
                self.flush(dirty).await;
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
            self.flush(dirty).await;
        }
    }

    /// Tells and flushes what waits, after the end of the delivery.
    pub(super) fn deliver_last(&self) {
        while self.inner.commit_queue.has_slice() {
            // What other nodes told is nobody's any more.
            self.with_state(|state| drop(self.tell_slice(state)));
        }
        while self.flush_part() {}
    }
}

/// What the bus tells, for the delivery.
pub(super) fn subscriber(commit_queue: Arc<CommitQueue>) -> Arc<dyn Listener> {
    Arc::new(BusSubscriber(commit_queue))
}

struct BusSubscriber(Arc<CommitQueue>);

impl Listener for BusSubscriber {
    fn receive(&self, envelope: Envelope) {
        self.0.arrive(envelope);
    }
}
