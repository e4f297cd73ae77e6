//! The connections that read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{future, io, mem};

use tokio::runtime::{Builder, Handle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_postgres::Row;

use super::session::{Connector, Query, Session, explain, query};
use super::values::Sql;
use crate::model::{Error, Result};
use crate::store::RowsError;
use crate::store::worker::Worker;
use crate::throttle::Tally;

/// How long a read may take, with the wait for a connection and every round trip.
const ANSWER: Duration = Duration::from_secs(4);
/// How long no connection is tried after one that failed.
const REST: Duration = Duration::from_millis(250);
/// How often it is said at most that reads fail.
const SAID: Duration = Duration::from_secs(30);

/// A pool of connections, which live on a thread of its own.
pub(super) struct Readers {
    pool: Arc<Pool>,
    stop: Option<oneshot::Sender<()>>,
    thread: Worker,
}

struct Pool {
    handle: Handle,
    connector: Connector,
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

struct State {
    idle: Vec<Session>,
    /// When a connection could not be made.
    failed: Option<Instant>,
    said: Tally,
}

impl Readers {
    /// So many connections at most; none is made before it is needed.
    pub(super) fn start(connector: Connector, connections: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let pool = Arc::new(Pool {
            handle: runtime.handle().clone(),
            connector,
            places: Arc::new(Semaphore::new(connections)),
            state: Mutex::new(State {
                idle: Vec::new(),
                failed: None,
                said: Tally::new(SAID),
            }),
        });
        let (stop, stopped) = oneshot::channel();
        let thread = Worker::start("store-read", move || {
            // Its end is told by the sender's, too.
            let _ = runtime.block_on(stopped);
        })?;
        let stop = Some(stop);
        Ok(Self { pool, stop, thread })
    }

    /// Rows as they are at one moment, whatever is asked.
    pub(super) async fn moment(&self) -> Result<Moment> {
        self.begin(true).await
    }

    /// The answer to one question.
    pub(super) async fn ask<T>(
        &self,
        query: Query,
        decode: impl FnOnce(&[Row]) -> Sql<T>,
    ) -> Result<T> {
        let mut asked = self.begin(false).await?;
        let rows = asked.ask(query).await;
        asked.end(rows.and_then(|rows| decode(&rows)))
    }

    async fn begin(&self, is_moment: bool) -> Result<Moment> {
        let until = Instant::now() + ANSWER;
        let places = self.pool.places.clone().acquire_owned();
        let place = self.pool.within(until, async { Ok(places.await) }).await;
        match place {
            Ok(Ok(place)) => Ok(Moment {
                pool: self.pool.clone(),
                session: None,
                place,
                until,
                is_moment,
                is_open: false,
            }),
            Ok(Err(_)) => Err(Error::Unavailable),
            Err(error) => Err(self.pool.fail(&error)),
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.stop.take();
        self.thread.join();
    }
}

impl Pool {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that was used before.
    fn idle(&self) -> Option<Session> {
        let mut state = self.state();
        state.idle.retain(|session| !session.is_closed());
        state.idle.pop()
    }

    async fn connect(&self, until: Instant) -> Sql<Session> {
        let failed = self.state().failed;
        if failed.is_some_and(|at| at.elapsed() < REST) {
            return Err(RowsError("the database was not reached just now".into()));
        }
        let connector = self.connector.clone();
        let connecting = self.handle.spawn(async move { connector.connect().await });
        let connected = self
            .within(until, async {
                connecting.await.map_err(|error| RowsError(error.into()))?
            })
            .await;
        let mut state = self.state();
        match &connected {
            Err(_) => state.failed = Some(Instant::now()),
            Ok(_) if state.failed.take().is_some() => {
                state.said = Tally::new(SAID);
                tracing::info!("the store is reached again");
            }
            Ok(_) => {}
        }
        drop(state);
        connected
    }

    /// What comes of something until then. Whoever waits need not have a clock.
    async fn within<T>(&self, until: Instant, done: impl Future<Output = Sql<T>>) -> Sql<T> {
        let mut late = {
            let _ours = self.handle.enter();
            let left = until.saturating_duration_since(Instant::now());
            Box::pin(tokio::time::sleep(left))
        };
        let mut done = Box::pin(done);
        future::poll_fn(|context| {
            if let std::task::Poll::Ready(done) = done.as_mut().poll(context) {
                return std::task::Poll::Ready(done);
            }
            late.as_mut()
                .poll(context)
                .map(|()| Err(RowsError("the database does not answer".into())))
        })
        .await
    }

    fn fail(&self, error: &RowsError) -> Error {
        if let Some(times) = self.state().said.note(Instant::now()) {
            let error = explain(error);
            tracing::error!(%error, times, "the store cannot be read");
        }
        Error::Unavailable
    }
}

/// A connection that reads for one answer.
pub(super) struct Moment {
    pool: Arc<Pool>,
    session: Option<Session>,
    place: OwnedSemaphorePermit,
    /// When all of it is to be answered.
    until: Instant,
    is_moment: bool,
    is_open: bool,
}

impl Moment {
    pub(super) async fn ask(&mut self, query: Query) -> Sql<Vec<Row>> {
        let answers = self.ask_all(vec![query]).await?;
        Ok(answers.into_iter().next_back().unwrap_or_default())
    }

    /// Many answers of one round trip.
    pub(super) async fn ask_all(&mut self, mut queries: Vec<Query>) -> Sql<Vec<Vec<Row>>> {
        let first = mem::replace(&mut self.is_open, true);
        let opens = self.is_moment && !first;
        if opens {
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            queries.insert(0, query!(begin));
        }
        let idle = match self.session.take() {
            Some(session) => Some(session),
            None if !first => self.pool.idle(),
            None => return Err(RowsError("the connection is lost".into())),
        };
        let mut answers = None;
        if let Some(mut session) = idle {
            match self
                .pool
                .within(self.until, session.ask_all(&queries))
                .await
            {
                Ok(told) => {
                    answers = Some(told);
                    self.session = Some(session);
                }
                // The server may have closed one that nobody used.
                Err(error) if !first && session.is_closed() => {
                    tracing::debug!(%error, "another connection is made");
                }
                Err(error) => return Err(error),
            }
        }
        let mut answers = match answers {
            Some(answers) => answers,
            None => {
                let mut session = self.pool.connect(self.until).await?;
                let asked = session.ask_all(&queries);
                let answers = self.pool.within(self.until, asked).await?;
                self.session = Some(session);
                answers
            }
        };
        if opens {
            answers.remove(0);
        }
        Ok(answers)
    }

    /// Gives the connection back, and what came of it to whoever asked.
    pub(super) fn end<T>(self, answer: Sql<T>) -> Result<T> {
        let Self {
            pool,
            session,
            place,
            is_moment,
            ..
        } = self;
        if let (Some(mut session), true) = (session, answer.is_ok()) {
            let pool = pool.clone();
            if is_moment {
                pool.handle.clone().spawn(async move {
                    let commit = [query!("COMMIT")];
                    let ended = pool.within(Instant::now() + ANSWER, session.ask_all(&commit));
                    if ended.await.is_ok() {
                        pool.state().idle.push(session);
                    }
                    drop(place);
                });
            } else {
                pool.state().idle.push(session);
            }
        }
        answer.map_err(|error| pool.fail(&error))
    }
}
