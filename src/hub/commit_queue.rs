//! Where commits and other nodes' envelopes wait for the hub's delivery.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::bus::Envelope;
use crate::store::{Commit, CommitSink};

/// The [`CommitSink`] of a hub.
#[derive(Default)]
pub(super) struct CommitQueue {
    waiting: Mutex<Vec<Arrival>>,
    news: Notify,
}

pub(super) enum Arrival {
    Commits(Vec<Commit>),
    Envelope(Envelope),
}

impl CommitQueue {
    pub(super) fn arrive(&self, arrival: Arrival) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(arrival);
        let first = waiting.len() == 1;
        drop(waiting);
        if first {
            self.news.notify_one();
        }
    }

    /// All that waits now.
    pub(super) fn take(&self) -> Vec<Arrival> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// All that waits; waits for something if nothing does.
    pub(super) async fn next(&self) -> Vec<Arrival> {
        loop {
            let waiting = self.take();
            if !waiting.is_empty() {
                return waiting;
            }
            self.news.notified().await;
        }
    }
}

impl CommitSink for CommitQueue {
    fn committed(&self, batch: Vec<Commit>) {
        self.arrive(Arrival::Commits(batch));
    }
}
