//! A gate before a backend's commits.

use std::sync::{Arc, Condvar, Mutex};

use crate::store::batch::{Backend, CommitError};
use crate::store::{RowsError, Transaction, Write};

/// What the gate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::store) enum Verdict {
    #[default]
    Pass,
    /// Commits wait until the gate says something else.
    Hold,
    /// The next commit fails and keeps nothing.
    Fail,
    /// The next commit keeps nothing, as far as this process lives.
    Undo,
    /// The next commit is kept, but does not say so.
    Hide,
    /// The next look at the rows panics.
    Panic,
}

/// Decides over commits: whether they go on, fail, or wait.
#[derive(Debug, Default)]
pub(in crate::store) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    verdict: Verdict,
    waiting: bool,
}

impl Gate {
    pub(in crate::store) fn before<B>(self: Arc<Self>, inner: B) -> Gated<B> {
        Gated { inner, gate: self }
    }

    pub(in crate::store) fn set(&self, verdict: Verdict) {
        self.state.lock().unwrap().verdict = verdict;
        self.changed.notify_all();
    }

    /// Blocks until a commit waits.
    pub(in crate::store) fn wait_for_commit(&self) {
        let state = self.state.lock().unwrap();
        drop(
            self.changed
                .wait_while(state, |state| !state.waiting)
                .unwrap(),
        );
    }

    fn pass(&self) -> Verdict {
        let mut state = self.state.lock().unwrap();
        state.waiting = true;
        self.changed.notify_all();
        let mut state = self
            .changed
            .wait_while(state, |state| state.verdict == Verdict::Hold)
            .unwrap();
        state.waiting = false;
        std::mem::take(&mut state.verdict)
    }
}

/// A backend behind a gate.
#[derive(Debug)]
pub(in crate::store) struct Gated<B> {
    pub(in crate::store) inner: B,
    gate: Arc<Gate>,
}

impl<B: Backend> Backend for Gated<B> {
    fn begin(&mut self, writes: &[Box<dyn Write>]) -> Result<(), RowsError> {
        self.inner.begin(writes)
    }

    fn rows(&mut self) -> &mut dyn Transaction {
        let panics = {
            let mut state = self.gate.state.lock().unwrap();
            let panics = state.verdict == Verdict::Panic;
            if panics {
                state.verdict = Verdict::Pass;
            }
            panics
        };
        assert!(!panics, "the rows panic, as the test wants");
        self.inner.rows()
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        match self.gate.pass() {
            Verdict::Fail => Err(CommitError::NothingKept(RowsError(
                "as the test wants".into(),
            ))),
            Verdict::Undo => Err(CommitError::Undone(RowsError("as the test wants".into()))),
            Verdict::Hide => {
                self.inner.commit()?;
                Err(CommitError::Unknown(RowsError("as the test wants".into())))
            }
            _ => self.inner.commit(),
        }
    }

    fn rollback(&mut self) {
        self.inner.rollback();
    }

    fn between_batches(&mut self) -> Result<(), RowsError> {
        self.inner.between_batches()
    }
}
