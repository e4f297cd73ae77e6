//! Many come, talk, break off and go at once: what others are told of them stays consistent.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Daemon, Talker};

const USERS: u64 = 8;
const ROUNDS: usize = 12;

/// A small generator; the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// How a user is, as one observer was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Absent,
    Online,
    Idle,
}

/// One who stays in the room and checks all it is told.
struct Observer {
    client: Talker,
    users: HashMap<String, Seen>,
    messages: Vec<(i64, String)>,
}

impl Observer {
    async fn enter(daemon: &Daemon, login: &str) -> Self {
        let mut client = daemon.talker().await;
        let users = client.enter(login, "crowd").await;
        let users = users
            .iter()
            .map(|user| (user["id"].as_str().unwrap().to_owned(), Seen::Online))
            .collect();
        Self {
            client,
            users,
            messages: Vec::new(),
        }
    }

    /// Reads until it is told this.
    async fn read_until(&mut self, last: &str) {
        while self.messages.last().is_none_or(|(_, text)| text != last) {
            let event = self.client.next().await;
            self.note(&event);
        }
    }

    fn note(&mut self, event: &Value) {
        let kind = event["type"].as_str().unwrap();
        if kind == "message" {
            let id = event["id"].as_str().unwrap().parse().unwrap();
            assert!(
                self.messages.last().is_none_or(|(last, _)| *last < id),
                "{event} after {:?}",
                self.messages.last()
            );
            self.messages
                .push((id, event["content"].as_str().unwrap().to_owned()));
            return;
        }
        let id = event["user"]
            .as_str()
            .or(event["user"]["id"].as_str())
            .unwrap()
            .to_owned();
        let seen = self.users.entry(id).or_insert(Seen::Absent);
        let next = match (*seen, kind) {
            (Seen::Absent, "join") | (Seen::Idle, "back") => Seen::Online,
            (Seen::Online, "idle") => Seen::Idle,
            (Seen::Online | Seen::Idle, "leave") => Seen::Absent,
            (seen, _) => panic!("{event} of one who is {seen:?}"),
        };
        *seen = next;
    }

    fn present(&self) -> usize {
        self.users
            .values()
            .filter(|seen| **seen != Seen::Absent)
            .count()
    }
}

/// Comes by either dialect, talks, and goes in either way.
async fn wander(daemon: Arc<Daemon>, number: u64) {
    let login = format!("user-{number}");
    let mut random = Random(number);
    for round in 0..ROUNDS {
        let mut talker = daemon.talker_in(&login, "crowd").await;
        let jim = if random.below(2) == 0 {
            let mut jim = daemon.authenticated(&login).await;
            jim.write(json!({"action": "join", "room": "#crowd"})).await;
            // It is a member already, and hears what is said meanwhile.
            while jim.next().await["response"] != 200 {}
            Some(jim)
        } else {
            None
        };
        talker.say(&format!("{login} {round}")).await;
        while talker.next().await["content"] != format!("{login} {round}") {}
        if random.below(2) == 0 {
            talker.write(json!({"type": "close"})).await;
        }
        drop(talker);
        let Some(mut jim) = jim else { continue };
        let object = match random.below(3) {
            0 => json!({"action": "leave", "room": "#crowd"}),
            1 => json!({"action": "presence"}),
            _ => json!({"action": "quit"}),
        };
        // Others talk meanwhile; the end of the stream ends the session, so that the next login is not refused.
        jim.write(object).await;
        jim.finish().await;
        jim.rest().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn presence_is_a_state_and_messages_have_one_order() {
    let daemon = Arc::new(Daemon::start("presence.grace = '20ms'").await);
    for login in ["first", "second"] {
        daemon.account(login).await;
    }
    for number in 0..USERS {
        daemon.account(&format!("user-{number}")).await;
    }
    let mut first = Observer::enter(&daemon, "first").await;
    let mut second = Observer::enter(&daemon, "second").await;
    let wandering: Vec<_> = (0..USERS)
        .map(|number| tokio::spawn(wander(daemon.clone(), number)))
        .collect();
    let watching = tokio::spawn(async move {
        second.read_until("the end").await;
        second
    });
    let gone = tokio::spawn({
        let daemon = daemon.clone();
        async move {
            for task in wandering {
                task.await.unwrap();
            }
            let mut last = daemon.guest_in("last", "#crowd").await;
            assert_eq!(last.say("#crowd", "all gone").await, 200);
            last
        }
    });
    first.read_until("all gone").await;
    // In the end nobody is there but the two and the last.
    while first.present() > 3 {
        let event = first.client.next().await;
        first.note(&event);
    }
    let _last = gone.await.unwrap();
    first.client.say("the end").await;
    first.read_until("the end").await;
    let second = watching.await.unwrap();
    assert_eq!(first.messages, second.messages);
    assert_eq!(first.messages.len(), USERS as usize * ROUNDS + 2);
}
