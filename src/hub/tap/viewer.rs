//! One viewer's queue: bounded; what does not fit is counted and lost.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{Record, Tap};

/// Most records that wait for one viewer.
pub const MAX_RECORDS: usize = 8192;
/// Most bytes of frames that wait for one viewer.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    some: Notify,
}

#[derive(Default)]
struct State {
    records: VecDeque<Record>,
    bytes: usize,
    /// How many did not fit since the last time anybody took some.
    lost: u64,
}

impl Queue {
    pub(super) fn push(&self, record: Record) {
        let mut state = self.lock();
        let size = record.what.size();
        // After a loss nothing more is taken before the viewer knows of it: what it has is without gaps.
        let is_full = state.lost > 0
            || state.records.len() >= MAX_RECORDS
            || (state.bytes > 0 && state.bytes + size > MAX_BYTES);
        if is_full {
            state.lost += 1;
            return;
        }
        state.bytes += size;
        state.records.push_back(record);
        drop(state);
        self.some.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a viewer takes at once.
#[derive(Debug)]
pub enum Taken {
    /// The next thing that happened.
    Record(Box<Record>),
    /// So many came when there was no room, at this place.
    Lost(u64),
}

/// One who watches: a bounded queue of what happens, from which the oldest is dropped.
pub struct Viewer {
    queue: Arc<Queue>,
    tap: Tap,
}

impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Viewer")
    }
}

impl Viewer {
    pub(super) fn new(queue: Arc<Queue>, tap: Tap) -> Self {
        Self { queue, tap }
    }

    /// The next record, or how many were lost.
    pub async fn next(&mut self) -> Taken {
        loop {
            if let Some(taken) = self.take() {
                return taken;
            }
            // A notice that came meanwhile is kept.
            self.queue.some.notified().await;
        }
    }

    /// The same, if something is there.
    pub fn take(&mut self) -> Option<Taken> {
        let mut state = self.queue.lock();
        if let Some(record) = state.records.pop_front() {
            state.bytes = state.bytes.saturating_sub(record.what.size());
            return Some(Taken::Record(Box::new(record)));
        }
        match std::mem::take(&mut state.lost) {
            0 => None,
            lost => Some(Taken::Lost(lost)),
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.tap.forget(&self.queue);
    }
}
