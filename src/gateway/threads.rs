//! The threads that connections are spread over: the one whose runtime started the gateway, and others of its own, each with a
//! runtime that runs nothing else.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio::runtime::{self, Handle};
use tokio::sync::watch;

use super::transport::Transport;
use crate::hub::Hub;

/// All threads that carry connections, and how many each of them carries.
pub(super) struct Threads {
    /// How many connections the runtime that started the gateway carries, of those that were given a place.
    here: Load,
    others: Vec<Thread>,
    stop: watch::Sender<bool>,
}

struct Thread {
    runtime: Handle,
    load: Load,
}

/// How many connections a thread carries.
type Load = Arc<AtomicUsize>;

/// A connection's place on a thread, counted there until this is dropped.
pub(super) struct Place(Load);

impl Threads {
    /// So many threads, the one that calls this among them. Each delivers what the hub has for sessions. Where the system gives
    /// no more threads, that is logged and there are fewer.
    pub(super) fn start(count: usize, hub: &Hub) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut threads = Self {
            here: Load::default(),
            others: Vec::new(),
            stop,
        };
        for number in 2..=count {
            match Thread::start(number, hub.clone(), stopped.clone()) {
                Ok(thread) => threads.others.push(thread),
                Err(error) => {
                    let threads = number - 1;
                    tracing::error!(%error, wanted = count, threads, "connections have fewer threads than wanted");
                    break;
                }
            }
        }
        threads
    }

    /// Has a connection served by the thread with the fewest; one that is no socket here. What is gone meanwhile is not served.
    pub(super) fn run(
        &self,
        transport: Transport,
        serve: impl FnOnce(Transport, Option<Place>) + Send + 'static,
    ) {
        if self.others.is_empty() || !transport.is_socket() {
            return serve(transport, None);
        }
        let count = |load: &Load| load.load(Ordering::Relaxed);
        let least = self.others.iter().min_by_key(|other| count(&other.load));
        match least.filter(|other| count(&other.load) < count(&self.here)) {
            None => serve(transport, Some(Place::on(&self.here))),
            Some(other) => {
                let place = Place::on(&other.load);
                let arrival = transport.leave_runtime();
                other.runtime.spawn(async move {
                    match arrival.and_then(|arrival| arrival.enter_runtime()) {
                        Ok(transport) => serve(transport, Some(place)),
                        Err(error) => {
                            tracing::debug!(%error, "a connection was gone before it was served");
                        }
                    }
                });
            }
        }
    }

    /// Waits until each thread has found time for this.
    pub(super) async fn answer(&self) {
        for other in &self.others {
            // One that has ended has nothing to say.
            let _ = other.runtime.spawn(async {}).await;
        }
    }

    /// Ends the threads but for the caller's, and what they still carry; waits for that for so long.
    pub(super) async fn stop(&self, patience: Duration) {
        self.stop.send_replace(true);
        if tokio::time::timeout(patience, self.stop.closed())
            .await
            .is_err()
        {
            tracing::warn!("not all threads of connections ended in time");
        }
    }
}

impl Thread {
    fn start(number: usize, hub: Hub, mut stopped: watch::Receiver<bool>) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    biased;
                    // Dropped, it says the same.
                    _ = stopped.wait_for(|stopped| *stopped) => {}
                    () = hub.deliver() => {}
                }
            });
            drop((runtime, hub, stopped));
        };
        thread::Builder::new()
            .name(format!("connections-{number}"))
            .spawn(run)?;
        Ok(Self {
            runtime: handle,
            load: Load::default(),
        })
    }
}

impl Place {
    fn on(load: &Load) -> Self {
        load.fetch_add(1, Ordering::Relaxed);
        Self(load.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
