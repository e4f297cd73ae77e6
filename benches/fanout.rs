//! What a message costs the hub alone, from the command to each session's queue, in a room of 10, 100 and 1,000: in memory, without
//! sockets or a dialect.

use std::error::Error;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::{Builder, Runtime};
use tolmach::hub::{Events, Hub, Scope, Session};

const TEXT: &str = "The quick brown fox jumps over the lazy dog, says the interpreter, and nobody is surprised. Not once.";

/// Sessions in one room, and what they are told.
struct Room {
    hub: Hub,
    sessions: Vec<(Session, Events)>,
}

impl Room {
    async fn of(members: usize) -> Result<Self, Box<dyn Error>> {
        let hub = Hub::builder().start().await?;
        let mut sessions = Vec::with_capacity(members);
        for number in 0..members {
            let (mut session, events) = hub.attach("bench", Scope::AllRooms);
            session.log_in_guest(&format!("guest{number}")).await?;
            session.enter("tea").await?;
            sessions.push((session, events));
            // Who comes is told to all; nobody is to have too much to read.
            read(&mut sessions);
        }
        Ok(Self { hub, sessions })
    }

    /// The first says something, all take it.
    async fn message(&mut self) -> usize {
        if let Some((session, _)) = self.sessions.first_mut() {
            // What it comes to is seen by what is heard.
            let _ = black_box(session.say("tea", TEXT).await);
        }
        read(&mut self.sessions)
    }
}

/// Reads all that waits; how much it was.
fn read(sessions: &mut [(Session, Events)]) -> usize {
    let all = sessions.iter_mut().map(|(_, events)| {
        let events = std::iter::from_fn(|| events.try_next());
        events.map(black_box).count()
    });
    all.sum()
}

fn fanout(criterion: &mut Criterion) {
    // Neither fails where a process may start at all.
    let runtime: Runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return eprintln!("left out: {error}"),
    };
    let mut group = criterion.benchmark_group("a message in a room");
    for members in [10, 100, 1000] {
        let mut room = match runtime.block_on(Room::of(members)) {
            Ok(room) => room,
            Err(error) => return eprintln!("left out: {error}"),
        };
        assert!(
            runtime.block_on(room.message()) >= members - 1,
            "not all heard it"
        );
        group.throughput(Throughput::Elements(members as u64));
        group.bench_function(BenchmarkId::from_parameter(members), |bencher| {
            bencher.iter(|| runtime.block_on(room.message()));
        });
        runtime.block_on(room.hub.stop());
    }
    group.finish();
}

criterion_group!(benches, fanout);
criterion_main!(benches);
