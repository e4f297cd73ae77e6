//! The one thread that writes: what waits together is committed together.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{io, mem};

use tokio::sync::oneshot;

use super::batch::{Backend, Committer, deliver, refused};
use super::worker::Worker;
use super::{CommitSink, Limits, Write};
use crate::model::Error;

/// Most writes in one transaction.
const BATCH: usize = 1024;

/// A thread named `store` that owns a backend. It blocks on its queue, takes what waits there, commits it in one
/// transaction and tells the sink, again and again.
///
/// ```text
///            close()           queue empty
///   open ───────────▶ closing ─────────────▶ gone
///   writes are kept   they are refused by    they are refused by
///                     the thread, in turn    whoever submits
/// ```
///
/// The queue has no bound of its own: whoever submits waits for answers, or bounds what it has under way.
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Worker,
    commits: Arc<AtomicU64>,
}

struct Shared {
    queue: Mutex<Queue>,
    ready: Condvar,
    sink: Arc<dyn CommitSink>,
    /// Held by a submitter that tells the sink itself, so that no two do.
    telling: Mutex<()>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Box<dyn Write>>,
    /// Came too late; refused after all that wait.
    late: Vec<Box<dyn Write>>,
    closing: bool,
    gone: bool,
    /// Told when the thread is gone.
    closers: Vec<oneshot::Sender<()>>,
}

/// What the thread does next.
enum Work {
    CarryOut(Vec<Box<dyn Write>>),
    Refuse(Vec<Box<dyn Write>>),
}

impl Writer {
    /// Starts the thread that alone writes.
    pub(super) fn start<B: Backend + 'static>(
        backend: B,
        limits: Limits,
        sink: Arc<dyn CommitSink>,
    ) -> io::Result<Self> {
        let committer = Committer::new(backend, limits, sink.clone());
        let commits = committer.counter();
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            ready: Condvar::new(),
            sink,
            telling: Mutex::new(()),
        });
        let mine = shared.clone();
        Ok(Self {
            shared,
            thread: Worker::start("store", move || mine.write_until_closed(committer))?,
            commits,
        })
    }

    /// Queues a write; never waits for one.
    pub(super) fn submit(&self, write: Box<dyn Write>) {
        let mut queue = self.shared.lock();
        if queue.gone {
            drop(queue);
            let _telling = self
                .shared
                .telling
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            deliver(
                self.shared.sink.as_ref(),
                refused(vec![write], &Error::Unavailable),
            );
            return;
        }
        if queue.closing {
            queue.late.push(write);
        } else {
            queue.waiting.push_back(write);
        }
        drop(queue);
        self.shared.ready.notify_one();
    }

    /// How many transactions were committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Carries out what waits, refuses what comes later, and ends the thread.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        {
            let mut queue = self.shared.lock();
            if queue.gone {
                return;
            }
            queue.closing = true;
            queue.closers.push(done);
        }
        self.shared.ready.notify_one();
        // An error means that the thread is gone, too.
        let _ = closed.await;
        self.thread.join();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.ready.notify_one();
        self.thread.join();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_until_closed<B: Backend>(&self, mut committer: Committer<B>) {
        while let Some(work) = self.take() {
            match work {
                Work::CarryOut(batch) => committer.run(batch),
                Work::Refuse(late) => {
                    deliver(self.sink.as_ref(), refused(late, &Error::Unavailable))
                }
            }
        }
        // What the backend holds open is closed before anybody is told.
        drop(committer);
        let mut queue = self.lock();
        for closer in queue.closers.drain(..) {
            // Whoever asked may have stopped waiting.
            let _ = closer.send(());
        }
    }

    /// What waits now; blocks while nothing does. `None`: closed, and the thread counts as gone.
    fn take(&self) -> Option<Work> {
        let mut queue = self.lock();
        loop {
            if !queue.waiting.is_empty() {
                let count = queue.waiting.len().min(BATCH);
                return Some(Work::CarryOut(queue.waiting.drain(..count).collect()));
            }
            if !queue.late.is_empty() {
                return Some(Work::Refuse(mem::take(&mut queue.late)));
            }
            if queue.closing {
                queue.gone = true;
                return None;
            }
            queue = self
                .ready
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}
