//! Connections are spread over several threads, and nobody notices.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use async_trait::async_trait;
use serde_json::json;
use tolmach::hub::{ExternalError, Hub, Policy, PolicyRequest, Verdict};

use crate::support::{Daemon, Jim, PATIENCE};

const THREE: &str = "runtime.threads = 3";

/// The threads that a gateway of this process has for connections, beside those that started it.
#[cfg(target_os = "linux")]
fn names() -> BTreeSet<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    let names = names.map(|name| name.trim_end().to_owned());
    names
        .filter(|name| name.starts_with("connections-"))
        .collect()
}

/// More than are written to at once by one thread.
const CROWD: usize = 150;

#[tokio::test]
async fn a_crowd_over_three_threads_hears_all_in_one_order() {
    let daemon = Daemon::start(&format!("{THREE}\nlimits.requests_per_second = 0")).await;
    let mut crowd = Vec::new();
    for number in 0..CROWD {
        crowd.push(daemon.guest_in(&format!("g{number}"), "#tea").await);
    }
    // A thread has its name once it runs, and each has served somebody by now.
    #[cfg(target_os = "linux")]
    assert!(names().is_superset(&BTreeSet::from([
        "connections-2".into(),
        "connections-3".into()
    ])));
    let mut speakers = Vec::new();
    for name in ["anna", "boris", "clara"] {
        speakers.push(daemon.guest_in(name, "#tea").await);
    }
    let speaking: Vec<_> = speakers
        .into_iter()
        .map(|mut speaker| {
            tokio::spawn(async move {
                for number in 0..20 {
                    let msg = speaker.msg("#tea", &format!("{} {number}", speaker.name));
                    speaker.write(msg).await;
                }
                speaker
            })
        })
        .collect();
    let mut orders = BTreeSet::new();
    for listener in &mut crowd {
        let mut order = Vec::new();
        while order.len() < 60 {
            let heard = listener.heard().await;
            order.push(heard["message"].as_str().unwrap().to_owned());
        }
        orders.insert(order);
    }
    assert_eq!(orders.len(), 1);
    let order = orders.pop_first().unwrap();
    for name in ["anna", "boris", "clara"] {
        let own = order.iter().filter(|text| text.starts_with(name));
        let expected: Vec<_> = (0..20).map(|number| format!("{name} {number}")).collect();
        assert!(own.eq(&expected), "{order:?}");
    }
    for speaking in speaking {
        speaking.await.unwrap();
    }
    // Who broke off in a crowd is seen to go by all that stay.
    drop(crowd.split_off(1));
    daemon.stop().await;
}

#[tokio::test]
async fn the_threads_end_with_the_gateway_and_their_clients_are_told() {
    let daemon = Daemon::start(THREE).await;
    let mut guests: Vec<Jim> = Vec::new();
    for name in ["anna", "boris", "clara", "dora", "emil", "fanny"] {
        guests.push(daemon.guest_in(name, "#tea").await);
    }
    let stopping = tokio::spawn(daemon.stop());
    for guest in &mut guests {
        assert_eq!(guest.notice(101).await, "Server is shutting down");
        guest.end().await;
    }
    tokio::time::timeout(PATIENCE, stopping)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn another_number_of_threads_needs_a_restart() {
    let (daemon, written) = Daemon::reloadable(THREE).await;
    let changes = daemon
        .reload(&written, "runtime.threads = 2")
        .await
        .unwrap();
    assert_eq!(changes, ["runtime.threads: needs a restart"]);
    daemon.stop().await;
}

#[tokio::test]
async fn who_was_let_in_counts_wherever_it_is() {
    let daemon = Daemon::start(&format!("{THREE}\nlimits.connections = 4")).await;
    let mut guests = Vec::new();
    for name in ["anna", "boris", "clara", "dora"] {
        guests.push(daemon.guest(name).await);
    }
    let mut refused = daemon.jim().await;
    assert_eq!(refused.code().await, 503);
    refused.end().await;
    let mut gone = guests.remove(1);
    gone.write(json!({"action": "quit"})).await;
    gone.rest().await;
    // Its place is free when its thread has let it go.
    loop {
        let mut jim = daemon.jim().await;
        jim.write(crate::support::presence("emil")).await;
        if jim.code().await == 200 {
            break;
        }
    }
    daemon.stop().await;
}

/// Holds up the thread of whoever says "stuck" until it is let go.
struct Stuck {
    threads: Mutex<Vec<Option<String>>>,
    let_go: Mutex<mpsc::Receiver<()>>,
}

#[async_trait]
impl Policy for Stuck {
    async fn decide(&self, request: &PolicyRequest) -> Result<Verdict, ExternalError> {
        if request.text.as_deref() == Some("stuck") {
            let thread = thread::current().name().map(str::to_owned);
            self.threads.lock().unwrap().push(thread);
            self.let_go.lock().unwrap().recv()?;
        }
        Ok(Verdict::Allow)
    }
}

#[tokio::test]
async fn a_thread_that_is_stuck_is_noticed() {
    let (let_go, waits) = mpsc::channel();
    let stuck = Arc::new(Stuck {
        threads: Mutex::default(),
        let_go: Mutex::new(waits),
    });
    let hub = Hub::builder().policy(stuck.clone()).start().await.unwrap();
    let daemon = Daemon::over(hub, "runtime.threads = 2").await;
    let _anna = daemon.guest_in("anna", "#tea").await;
    let mut boris = daemon.guest_in("boris", "#tea").await;
    let pulse = daemon.pulse();
    pulse.answers().await;
    let msg = boris.msg("#tea", "stuck");
    boris.write(msg).await;
    while stuck.threads.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let threads = stuck.threads.lock().unwrap().clone();
    assert_eq!(threads, [Some("connections-2".to_owned())]);
    let answer = tokio::spawn(async move { pulse.answers().await });
    // The hub's own answer does not need that thread.
    daemon.hub().answers().await;
    daemon.hub().answers().await;
    assert!(!answer.is_finished());
    let_go.send(()).unwrap();
    tokio::time::timeout(PATIENCE, answer)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(boris.code().await, 200);
    daemon.stop().await;
}
