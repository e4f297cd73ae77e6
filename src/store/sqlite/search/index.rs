//! What the index's thread, the writer and the searches say to each other.
//!
//! ```text
//!  writer ── rooms with new changes ──▶ │       │ ──▶ thread ── fills ──▶ file
//!                                       │ Index │                          │
//!  search ◀───── a moment of the file ─ │       │ ◀──── connections ───────┘
//!  search ── it cannot be read ───────▶ │       │
//! ```

use std::collections::BTreeSet;
use std::mem;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use crate::model::RoomId;

/// Rooms that the index should look at.
#[derive(Debug, Default)]
pub(in crate::store::sqlite) struct Due {
    /// Rooms in which something was said, edited or deleted.
    pub(in crate::store::sqlite) changed: BTreeSet<RoomId>,
    /// Rooms that were deleted.
    pub(in crate::store::sqlite) gone: BTreeSet<RoomId>,
}

impl Due {
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty()
    }

    fn join(&mut self, other: Self) {
        self.changed.extend(other.changed);
        self.gone.extend(other.gone);
    }
}

/// The index as all but its thread see it. Its lock is held for moments only, and no other one under it.
pub(in crate::store::sqlite) struct Index {
    path: PathBuf,
    /// A room with so many messages is indexed.
    threshold: i64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
pub(super) struct State {
    due: Due,
    /// The thread is at something.
    busy: bool,
    /// The last attempt failed.
    failing: bool,
    /// It was said that there is something wrong.
    said: bool,
    /// The file cannot be read as it should.
    suspect: bool,
    held: bool,
    stop: bool,
    ended: bool,
    /// How many wait for the index to catch up.
    waiting: usize,
    /// Searches may use the file.
    pub(super) readable: bool,
    pub(super) idle: Vec<Connection>,
    pub(super) lent: usize,
}

impl State {
    fn has_work(&self) -> bool {
        !self.held && (self.suspect || !self.due.is_empty())
    }
}

/// What the thread is to do.
#[derive(Default)]
pub(super) struct Work {
    pub(super) due: Due,
    /// The file is to be thrown away first.
    pub(super) anew: bool,
}

impl Index {
    pub(super) fn new(path: PathBuf, threshold: i64) -> Self {
        Self {
            path,
            threshold,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// At the start the thread has something to do.
    pub(super) fn begin(&self) {
        self.lock().busy = true;
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, condition: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        self.changed
            .wait_while(self.lock(), |state| condition(state))
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn path(&self) -> &PathBuf {
        &self.path
    }

    /// How many messages a room must have to be indexed.
    pub(in crate::store::sqlite) fn threshold(&self) -> i64 {
        self.threshold
    }

    /// These rooms were changed by what is committed now.
    pub(in crate::store::sqlite) fn committed(&self, due: Due) {
        if due.is_empty() {
            return;
        }
        let mut state = self.lock();
        let had_work = !state.due.is_empty();
        state.due.join(due);
        if !had_work {
            self.changed.notify_all();
        }
    }

    /// Waits until everything that was committed before is in the index. `false`: it cannot be, for now.
    pub(in crate::store::sqlite) fn wait(&self) -> bool {
        self.lock().waiting += 1;
        self.changed.notify_all();
        let behind = |state: &State| state.busy || !state.due.is_empty() || state.suspect;
        let mut state = self.wait_while(|state| behind(state) && !state.failing && !state.ended);
        state.waiting -= 1;
        !behind(&state)
    }

    /// For tests: the thread begins nothing new.
    #[cfg(test)]
    pub(in crate::store::sqlite) fn hold(&self, held: bool) {
        self.lock().held = held;
        self.changed.notify_all();
        drop(self.wait_while(|state| held && state.busy));
    }

    /// Has the file thrown away and made anew.
    pub(in crate::store::sqlite) fn begin_anew(&self) {
        let mut state = self.lock();
        state.readable = false;
        state.suspect = true;
        self.changed.notify_all();
    }

    /// Asks the thread to end.
    pub(in crate::store::sqlite) fn stop(&self) {
        self.lock().stop = true;
        self.changed.notify_all();
    }

    // The thread's side.

    /// Waits for work, or until then for none. `None`: stop.
    pub(super) fn next(&self, until: Option<Instant>) -> Option<Work> {
        let idle = |state: &State| !state.stop && !state.has_work();
        let mut state = match until {
            None => self.wait_while(idle),
            Some(until) => {
                let time = until.saturating_duration_since(Instant::now());
                let waited = self
                    .changed
                    .wait_timeout_while(self.lock(), time, |state| idle(state));
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        if state.stop {
            return None;
        }
        state.busy = true;
        Some(Work {
            due: mem::take(&mut state.due),
            anew: mem::take(&mut state.suspect),
        })
    }

    pub(super) fn should_stop(&self) -> bool {
        self.lock().stop
    }

    pub(super) fn done(&self) {
        let mut state = self.lock();
        state.busy = false;
        state.failing = false;
        state.said = false;
        self.changed.notify_all();
    }

    /// The work comes again: later, or (`at_once`) now. Said once, until it was done.
    pub(super) fn failed(
        &self,
        work: Due,
        condemned: bool,
        at_once: bool,
        error: &rusqlite::Error,
    ) {
        let mut state = self.lock();
        state.due.join(work);
        state.suspect |= condemned;
        state.readable &= !condemned;
        state.busy = false;
        state.failing = !at_once;
        if !mem::replace(&mut state.said, true) {
            tracing::error!(%error, "the search index cannot be kept; searches read the rooms instead");
        }
        self.changed.notify_all();
    }

    pub(super) fn ended(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Waits for so long, or until there is a reason to go on.
    pub(super) fn pause(&self, time: Duration, even_if_awaited: bool) {
        let going = |state: &mut State| !state.stop && (even_if_awaited || state.waiting == 0);
        drop(self.changed.wait_timeout_while(self.lock(), time, going));
    }

    /// Lets searches use the file, unless one of them has just found it to be no good.
    pub(super) fn open(&self) {
        let mut state = self.lock();
        state.readable = !state.suspect;
    }

    /// A connection that was lent is back.
    pub(super) fn returned(&self) {
        self.lock().lent -= 1;
        self.changed.notify_all();
    }

    /// Keeps searches from the file; returns when none has it.
    pub(super) fn shut(&self) {
        self.lock().readable = false;
        let mut state = self.wait_while(|state| state.lent > 0);
        state.idle.clear();
    }

    /// A search could not read the index. Unless that will pass, it is made anew.
    pub(in crate::store::sqlite) fn suspect(&self, error: &rusqlite::Error) {
        let mut state = self.lock();
        if !mem::replace(&mut state.said, true) {
            tracing::error!(%error, "the search index cannot be read; searches read the rooms instead");
        }
        if !may_pass(error) {
            state.readable = false;
            state.suspect = true;
        }
        self.changed.notify_all();
    }
}

/// The file is not to blame.
pub(super) fn may_pass(error: &rusqlite::Error) -> bool {
    use ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, PermissionDenied, ReadOnly,
    };
    matches!(
        error.sqlite_error_code(),
        Some(
            CannotOpen
                | DatabaseBusy
                | DatabaseLocked
                | DiskFull
                | OutOfMemory
                | PermissionDenied
                | ReadOnly
        )
    )
}
