#![forbid(unsafe_code)]
//! What several threads gain, without sockets: what the hub's lock leaves of each.
//!
//! ```text
//! cargo run --release --example cores -- [ROOMS MEMBERS SECONDS] [--write MICROSECONDS] [--threads NUMBER]...
//! ```
//!
//! Default: 100 rooms of 10 members, 3 seconds, 1, 2, 4 and 8 threads, each with a runtime of its own that carries its share of
//! the members and delivers. Each member says something, awaits that it is accepted, and says the next. What members are
//! told goes to a sink that keeps its thread busy for so long as a write to a socket takes: 5 µs unless said. With `--write 0` nothing
//! is left but the hub: what its locks let through at most. Linux only, for the CPU time; figures for more threads than the machine has cores
//! show what contention costs, not what is gained.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::{Builder, Runtime};
use tolmach::dialects::{DialectKind, jim::Jim};
use tolmach::gateway::Dialect;
use tolmach::hub::{ConnectionInfo, Delivery, Hub, Overflow, Scope, Session, SharedEncoder, Sink};
use tolmach::model::{EndReason, RoomId};
use tolmach_reliability::Outcome;
use tolmach_reliability::server::cpu_of;

#[derive(Clone, Copy)]
struct Load {
    rooms: usize,
    members: usize,
    seconds: u64,
    /// What a write takes.
    write: Duration,
}

/// What all threads of a run have in common.
struct Run {
    load: Load,
    threads: usize,
    hub: Hub,
    encoder: SharedEncoder,
    delivered: AtomicU64,
    is_over: AtomicBool,
    /// How many threads have all their members.
    ready: AtomicUsize,
}

/// Where one member is told: takes as long as a write takes, once for all that waits.
struct Member {
    waiting: AtomicUsize,
    run: Arc<Run>,
}

impl Sink for Member {
    fn push(&self, _: RoomId, delivery: Delivery) -> Result<bool, Overflow> {
        let count = delivery.count;
        Ok(count > 0 && self.waiting.fetch_add(count, Ordering::Relaxed) == 0)
    }

    fn flush(&self) {
        let count = self.waiting.swap(0, Ordering::Relaxed);
        if count == 0 {
            return;
        }
        self.run
            .delivered
            .fetch_add(count as u64, Ordering::Relaxed);
        let begun = Instant::now();
        while begun.elapsed() < self.run.load.write {
            std::hint::spin_loop();
        }
    }

    fn close(&self, _: EndReason, _: Bytes) {}

    fn was_closed(&self) -> bool {
        false
    }
}

impl Run {
    /// Deliveries a second, and CPU-µs for each, from a moment after all are ready; then the run is over.
    fn watch(&self) -> Outcome<(f64, f64)> {
        while self.ready.load(Ordering::Relaxed) < self.threads {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(WARM_UP);
        let so_far = || {
            Outcome::Ok((
                self.delivered.load(Ordering::Relaxed),
                cpu_of(std::process::id())?,
                Instant::now(),
            ))
        };
        let before = so_far()?;
        thread::sleep(Duration::from_secs(self.load.seconds));
        let after = so_far()?;
        self.is_over.store(true, Ordering::Relaxed);
        let deliveries = (after.0 - before.0) as f64;
        let (cpu, wall) = (after.1 - before.1, after.2 - before.2);
        Ok((
            deliveries / wall.as_secs_f64(),
            cpu.as_secs_f64() * 1e6 / deliveries,
        ))
    }

    /// A member's session, in its room.
    async fn member(self: &Arc<Self>, number: usize) -> Outcome<(Session, String)> {
        let mut session = self.hub.connect(ConnectionInfo {
            dialect: "jim",
            address: None,
            exclusive: false,
            scope: Scope::AllRooms,
            encoder: self.encoder.clone(),
            sink: Arc::new(Member {
                waiting: AtomicUsize::new(0),
                run: self.clone(),
            }),
        });
        let room = format!("room{}", number % self.load.rooms);
        session.log_in_guest(&format!("m{number}")).await?;
        session.enter(&room).await?;
        Ok((session, room))
    }

    /// What one thread does: carries its share of the members until the run is over.
    async fn carry(self: Arc<Self>, place: usize) -> Outcome<()> {
        let mut members = Vec::new();
        for number in 0..self.load.rooms * self.load.members {
            // Members of one room are on all threads.
            if number / self.load.rooms % self.threads == place {
                members.push(self.member(number).await?);
            }
        }
        self.ready.fetch_add(1, Ordering::Relaxed);
        while self.ready.load(Ordering::Relaxed) < self.threads {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let speak = |(mut session, room): (Session, String)| {
            let run = self.clone();
            tokio::spawn(async move {
                while !run.is_over.load(Ordering::Relaxed) {
                    session.say(room.as_str(), TEXT).await?;
                }
                session.farewell();
                Ok::<_, tolmach::model::Error>(())
            })
        };
        let speaking: Vec<_> = members.into_iter().map(speak).collect();
        for one in speaking {
            one.await??;
        }
        Ok(())
    }
}

/// How long all speak before it counts.
const WARM_UP: Duration = Duration::from_millis(300);
/// The text of every message.
const TEXT: &str =
    "The quick brown fox jumps over the lazy dog, says the interpreter, and nobody is surprised.";

fn main() -> Outcome<()> {
    let (mut numbers, mut threads, mut write) = (Vec::new(), Vec::new(), 5);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--write" => write = arguments.next().ok_or("--write MICROSECONDS")?.parse()?,
            "--threads" => threads.push(arguments.next().ok_or("--threads NUMBER")?.parse()?),
            number => numbers.push(number.parse()?),
        }
    }
    if threads.is_empty() {
        threads = vec![1, 2, 4, 8];
    }
    let number = |place: usize, default: usize| numbers.get(place).copied().unwrap_or(default);
    let load = Load {
        rooms: number(0, 100),
        members: number(1, 10),
        seconds: number(2, 3) as u64,
        write: Duration::from_micros(write),
    };
    println!("threads  deliveries/s  times  CPU-µs a delivery  times");
    let mut first = None;
    for threads in threads {
        let (rate, cost) = measure(load, threads)?;
        let (rate_of_first, cost_of_first) = *first.get_or_insert((rate, cost));
        let (gain, dearer) = (rate / rate_of_first, cost / cost_of_first);
        println!("{threads:>7}{rate:>14.0}{gain:>7.2}{cost:>19.2}{dearer:>7.2}");
    }
    Ok(())
}

/// Deliveries a second, and CPU-µs for each.
fn measure(load: Load, threads: usize) -> Outcome<(f64, f64)> {
    // The first of the threads: a hub delivers where it was started.
    let first = runtime()?;
    let hub = first.block_on(Hub::builder().start())?;
    let jim = Jim::new(&Default::default(), &Default::default());
    let run = Arc::new(Run {
        load,
        threads,
        hub: hub.clone(),
        encoder: jim.session_options().encoder,
        delivered: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
        ready: AtomicUsize::new(0),
    });
    let others: Vec<_> = (1..threads)
        .map(|place| {
            let run = run.clone();
            thread::spawn(move || {
                let carry = async {
                    let hub = run.hub.clone();
                    tokio::spawn(async move { hub.deliver().await });
                    run.carry(place).await.map_err(|error| error.to_string())
                };
                runtime()
                    .map_err(|error| error.to_string())?
                    .block_on(carry)
            })
        })
        .collect();
    let watched = run.clone();
    let watching = thread::spawn(move || watched.watch().map_err(|error| error.to_string()));
    first.block_on(run.carry(0))?;
    for other in others {
        other.join().map_err(|_| "a thread failed")??;
    }
    let measured = watching.join().map_err(|_| "the watch failed")??;
    first.block_on(hub.stop());
    Ok(measured)
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
