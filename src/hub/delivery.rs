//! The way of what was committed, here or at another node, to the state, in its order, and from there to the sinks.

use std::pin::pin;
use std::sync::Arc;

use super::Hub;
use super::catching_up::{Between, Missing};
use super::commit_queue::{Foreign, Held, MAX_FLUSHES, Slice, Worker};
use super::guarded::guarded;
use super::metrics::Handing;
use super::sink::Sink;
use super::state::HubState;
use crate::store::Commit;

/// What cannot be told at once.
enum Later {
    Foreign(Foreign),
    /// In rooms of these other nodes did something that was not told yet.
    Commits(Vec<Commit>, Missing, Handing),
}

/// What became of what was next to be told.
enum Told<'a> {
    Nothing,
    /// It is to be handed over.
    All(Handing),
    /// What comes behind it waits until the other is dropped.
    Later(Later, Held<'a>),
}

impl Hub {
    /// Delivers, beside whoever else does, what was committed: to be run on each thread that has connections, best by its own
    /// runtime. A hub delivers on the runtime that started it anyway. Never ends; dropped, it leaves what there is to the others.
    pub async fn deliver(&self) {
        let worker = self.inner.commit_queue.worker();
        loop {
            worker.called().await;
            self.flush_parts().await;
            self.deliver_slice(&worker).await;
        }
    }

    /// Tells the state what is next, if anything is, and flushes what that gave sessions to read.
    async fn deliver_slice(&self, worker: &Worker<'_>) {
        // Another worker may have taken it.
        if !self.inner.commit_queue.has_slice() {
            return;
        }
        let (told, dirty) = self.on_state(|state| self.tell_slice(state));
        match told {
            Told::All(handing) => self.hand_over(dirty, Some(handing)).await,
            Told::Nothing => self.flush(dirty).await,
            Told::Later(later, _held) => {
                self.flush(dirty).await;
                let mut later = pin!(self.deliver_later(later));
                loop {
                    tokio::select! {
                        biased;
                        () = &mut later => break,
                        () = worker.called() => self.deliver_beside().await,
                    }
                }
            }
        }
        // A little at a time, so that what one connection says at once does not fill the others' queues.
        if self.inner.commit_queue.has_slice() {
            tokio::task::yield_now().await;
        }
    }

    /// Does what need not wait for something else that takes a while.
    async fn deliver_beside(&self) {
        self.flush_parts().await;
        let ((), dirty) = self.on_state(|state| {
            let void = self.inner.commit_queue.take_void();
            self.tell_commits(state, void, &mut Between::default());
        });
        self.flush(dirty).await;
    }

    /// Tells the state of commits. What else there is, is told by the caller.
    fn tell_slice(&self, state: &mut HubState) -> Told<'_> {
        match self.inner.commit_queue.take_slice() {
            None => Told::Nothing,
            Some(Slice::Commits(commits, handing)) => {
                if state.is_shared {
                    self.publish_commits(&commits);
                    if let Some(missing) = Missing::of(&commits, state) {
                        let held = self.inner.commit_queue.hold(&commits);
                        return Told::Later(Later::Commits(commits, missing, handing), held);
                    }
                }
                self.tell_commits(state, commits, &mut Between::default());
                Told::All(handing)
            }
            Some(Slice::Foreign(foreign, held)) => Told::Later(Later::Foreign(foreign), held),
        }
    }

    async fn deliver_later(&self, later: Later) {
        match later {
            Later::Foreign(foreign) => self.deliver_foreign(foreign).await,
            Later::Commits(commits, missing, handing) => {
                let mut between = self.find_missing(&missing).await;
                let lost = self.lost_footings(&missing).await;
                let ((), dirty) = self.on_state(|state| {
                    self.tell_commits(state, commits, &mut between);
                    for footing in lost {
                        state.expel(footing.room, footing.user);
                    }
                });
                self.hand_over(dirty, Some(handing)).await;
            }
        }
    }

    /// Flushes these: a few at once, many with whoever else delivers.
    pub(super) async fn flush(&self, dirty: Vec<Arc<dyn Sink>>) {
        self.hand_over(dirty, None).await;
    }

    /// The same, of what was committed.
    async fn hand_over(&self, dirty: Vec<Arc<dyn Sink>>, handing: Option<Handing>) {
        self.flush_or_share(&dirty, handing);
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
        let sinks = part.iter().flat_map(|part| &part.sinks);
        sinks.for_each(flush);
        part.is_some()
    }

    /// Flushes these at once where they are few, else has it done by whoever delivers.
    pub(super) fn flush_or_share(&self, dirty: &[Arc<dyn Sink>], handing: Option<Handing>) {
        if dirty.len() > MAX_FLUSHES {
            self.inner.commit_queue.share(dirty, handing);
            self.deliver_if_stopped();
        } else {
            dirty.iter().for_each(flush);
        }
    }

    /// Tells the state of commits, and of each who asked for it; each after what others did before it.
    fn tell_commits(&self, state: &mut HubState, commits: Vec<Commit>, between: &mut Between) {
        for commit in commits {
            for event in commit.events {
                between.tell_before(state, event.room.id, event.seq);
                self.files_after(&event);
                state.room_event(event);
            }
            if !between.is_empty() {
                for footing in commit.write.footings() {
                    between.tell_before(state, footing.room, footing.seq.next());
                }
            }
            commit.write.complete(commit.outcome, state);
        }
    }

    /// Tells and flushes what waits, after the end of the delivery.
    pub(super) fn deliver_last(&self) {
        while self.inner.commit_queue.has_slice() {
            self.with_state(|state| match self.tell_slice(state) {
                Told::Later(Later::Commits(commits, ..), _held) => {
                    self.tell_commits(state, commits, &mut Between::default());
                }
                // What other nodes told is nobody's any more.
                Told::Later(Later::Foreign(_), _held) => {}
                Told::All(_) | Told::Nothing => {}
            });
        }
        while self.flush_part() {}
    }
}

fn flush(sink: &Arc<dyn Sink>) {
    let _ = guarded("a sink", || sink.flush());
}
