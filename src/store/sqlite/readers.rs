//! The threads that read, each with a connection of its own.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::OpenError;
use super::damage::Damage;
use super::open::reading;
use super::values::Sql;
use crate::model::{Error, Result, RoomId};

/// How many reads can be under way at once.
const READERS: usize = 3;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A queue of reads and the threads that take from it.
pub(super) struct Readers {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    damage: Damage,
    path: PathBuf,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    ready: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    stop: bool,
}

impl Readers {
    pub(super) fn open(path: &Path, damage: Damage) -> Result<Self, OpenError> {
        let readers = Self {
            shared: Arc::default(),
            threads: Mutex::default(),
            damage,
            path: path.to_owned(),
        };
        for number in 1..=READERS {
            let conn = reading(path)?;
            let shared = readers.shared.clone();
            let thread = thread::Builder::new().name(format!("store-read-{number}"));
            let thread = thread
                .spawn(move || shared.work(conn))
                .map_err(|error| OpenError::io(path, error))?;
            readers.threads().push(thread);
        }
        Ok(readers)
    }

    /// Answers from one moment's rows. Keep it short: a long read holds the write-ahead log.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&Connection) -> Sql<T> + Send + 'static,
    ) -> Result<T> {
        self.read_at(None, answer).await
    }

    /// The same, from the rows of a room.
    pub(super) async fn read_of<T: Send + 'static>(
        &self,
        room: RoomId,
        answer: impl FnOnce(&Connection) -> Sql<T> + Send + 'static,
    ) -> Result<T> {
        self.read_at(Some(room), answer).await
    }

    async fn read_at<T: Send + 'static>(
        &self,
        room: Option<RoomId>,
        answer: impl FnOnce(&Connection) -> Sql<T> + Send + 'static,
    ) -> Result<T> {
        let (told, answered) = oneshot::channel();
        let job = move |conn: &mut Connection| {
            let result = conn.transaction().and_then(|moment| answer(&moment));
            // Whoever asked may have stopped waiting.
            let _ = told.send(result);
        };
        self.hand_in(Box::new(job));
        match answered.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                self.damage.read_failed(room, &error);
                Err(Error::Unavailable)
            }
            // The job panicked; its thread has said so.
            Err(_) => Err(Error::Internal),
        }
    }
}

#[cfg(test)]
impl Readers {
    pub(super) fn damage(&self) -> &Damage {
        &self.damage
    }
}

impl Readers {
    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Once all threads have ended, a read has a connection for itself.
    fn hand_in(&self, job: Job) {
        let mut queue = self.shared.lock();
        if !queue.stop {
            queue.jobs.push_back(job);
            drop(queue);
            return self.shared.ready.notify_one();
        }
        drop(queue);
        let path = self.path.clone();
        let alone = move || match reading(&path) {
            Ok(mut conn) => job(&mut conn),
            Err(error) => tracing::warn!(%error, "nothing is read after the store was closed"),
        };
        if let Err(error) = thread::Builder::new()
            .name("store-read".to_owned())
            .spawn(alone)
        {
            tracing::warn!(%error, "nothing is read after the store was closed");
        }
    }

    /// Carries out what waits and closes all connections. Reads go on, each by a connection of its own.
    pub(super) fn close(&self) {
        self.shared.lock().stop = true;
        self.shared.ready.notify_all();
        for thread in self.threads().drain(..) {
            if thread.join().is_err() {
                tracing::error!("a reader of the store panicked");
            }
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, mut conn: Connection) {
        while let Some(job) = self.next() {
            if catch_unwind(AssertUnwindSafe(|| job(&mut conn))).is_err() {
                tracing::error!("a read panicked");
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let idle = |queue: &mut Queue| queue.jobs.is_empty() && !queue.stop;
        let mut queue = self
            .ready
            .wait_while(self.lock(), idle)
            .unwrap_or_else(PoisonError::into_inner);
        queue.jobs.pop_front()
    }
}
