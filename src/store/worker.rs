//! A thread of a store, which ends with it.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// A thread whose end is waited for once.
pub(super) struct Worker {
    name: &'static str,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Starts a thread of this name.
    pub(super) fn start(
        name: &'static str,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work)?;
        let thread = Mutex::new(Some(thread));
        Ok(Self { name, thread })
    }

    /// Waits for its end; it has nothing more to do, or is told so, when this is called.
    pub(super) fn join(&self) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = thread.take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread {} panicked", self.name);
        }
    }
}
