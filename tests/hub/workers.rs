//! Several threads deliver what one hub has for its sessions.

use std::sync::mpsc;
use std::thread;

use tolmach::hub::{Hub, Scope};
use tolmach::model::Seq;

const THREADS: usize = 3;
/// More than are flushed at once by one thread.
const LISTENERS: usize = 200;
const MESSAGES: usize = 100;

/// Has a thread of its own deliver, until what this gives is dropped.
fn worker(hub: Hub) -> (tokio::sync::oneshot::Sender<()>, thread::JoinHandle<()>) {
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            tokio::select! {
                _ = stopped => {}
                () = hub.deliver() => {}
            }
        });
    };
    (stop, thread::spawn(run))
}

#[tokio::test]
async fn whoever_delivers_everybody_hears_all_in_the_order_of_seq() {
    let hub = Hub::builder().start().await.unwrap();
    let mut listeners = Vec::new();
    for number in 0..LISTENERS {
        let (mut session, events) = hub.attach("bot", Scope::AllRooms);
        session.log_in_guest(&format!("g{number}")).await.unwrap();
        session.enter("lobby").await.unwrap();
        listeners.push((session, events));
    }
    let workers: Vec<_> = (0..THREADS).map(|_| worker(hub.clone())).collect();
    let (done, all) = mpsc::channel();
    for number in 0..THREADS {
        let (hub, done) = (hub.clone(), done.clone());
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(async {
                let (mut session, _events) = hub.attach("bot", Scope::AllRooms);
                session.log_in_guest(&format!("s{number}")).await.unwrap();
                session.enter("lobby").await.unwrap();
                for count in 0..MESSAGES {
                    session
                        .say("lobby", &format!("{number} {count}"))
                        .await
                        .unwrap();
                }
                // One delivers no more in the midst of it.
                done.send(number).unwrap();
            });
        });
    }
    let mut workers = workers.into_iter();
    tokio::task::spawn_blocking(move || {
        for _ in 0..THREADS {
            all.recv().unwrap();
            let (stop, thread) = workers.next().unwrap();
            drop(stop);
            thread.join().unwrap();
        }
    })
    .await
    .unwrap();
    for (_, events) in &mut listeners {
        let (mut last, mut heard) = (Seq(0), 0);
        while heard < THREADS * MESSAGES {
            let event = events.next().await.unwrap();
            if let tolmach::model::Event::Room(event) = &*event {
                assert!(event.seq > last);
                last = event.seq;
                heard += usize::from(matches!(
                    event.change,
                    tolmach::model::RoomChange::Posted(_)
                ));
            }
        }
    }
    hub.stop().await;
}
