//! Everyone sees one and the same order, and sees everything.

use std::collections::HashSet;

use serde_json::{Value, json};
use tolmach::commands::{Actor, Change, CreateToken, Register, Submission};
use tolmach::hub::{Hub, Options};
use tolmach::model::{Secret, Timestamp, UserId, UserSelector};
use tolmach::store::{MemoryStore, Store};

use crate::support::{self, Client, Daemon, Jim, Talker, token};

/// Accounts of each dialect.
const ACCOUNTS: usize = 100;
const MESSAGES: usize = 2000;

fn write(store: &MemoryStore, change: impl Change) {
    let (actor, at) = (Actor::Operator, Timestamp::now());
    store.submit(Submission::new(actor, None, at, change, |_, _| {}));
}

/// A hub with many accounts, all of one password, which was hashed once.
async fn crowded_hub(logins: &[String]) -> Hub {
    let (hub, store) = support::hub_over(Options::default(), None, MemoryStore::open).await;
    let first = support::account(&hub, "first").await;
    let password = store
        .user(UserId(first))
        .await
        .unwrap()
        .unwrap()
        .password
        .clone()
        .unwrap();
    for login in logins {
        let register = Register {
            login: login.clone(),
            secret: Secret::Hashed(password.clone()),
            name: String::new(),
            description: String::new(),
        };
        write(&store, register);
        let token = CreateToken {
            user: UserSelector::login(login),
            value: Some(token(login).into()),
        };
        write(&store, token);
    }
    hub
}

/// What a client said and what it is told until it has heard of all messages.
struct Heard {
    name: String,
    texts: Vec<String>,
}

/// Counts down what is still to be heard; the sender of a JIM message is not told of it, but answered.
async fn jim_hears(mut client: Client, name: String, own: usize) -> Heard {
    let mut texts = Vec::new();
    let mut answers = 0;
    while texts.len() < MESSAGES - own || answers < own {
        let next: Value = client.next().await;
        match next.get("response") {
            Some(code) => {
                assert_eq!(*code, 200, "{next}");
                answers += 1;
            }
            None => texts.push(next["message"].as_str().unwrap().to_owned()),
        }
    }
    Heard { name, texts }
}

async fn talker_hears(mut client: Talker, name: String) -> Heard {
    let mut texts = Vec::new();
    while texts.len() < MESSAGES {
        let next = client.next().await;
        if next["type"] == "message" {
            texts.push(next["content"].as_str().unwrap().to_owned());
        } else {
            assert_eq!(next["type"], "join", "{next}");
        }
    }
    Heard { name, texts }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_accounts_of_each_dialect_hear_2000_messages_in_one_order() {
    let names: Vec<String> = (0..2 * ACCOUNTS).map(|n| format!("user-{n}")).collect();
    let hub = crowded_hub(&names).await;
    let daemon = Daemon::over(hub, "").await;
    // Who says which message is drawn beforehand, by a small generator with a fixed seed.
    let mut seed = 7_u64;
    let mut said: Vec<Vec<String>> = vec![Vec::new(); 2 * ACCOUNTS];
    for n in 0..MESSAGES {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let sender = (seed >> 33) as usize % said.len();
        said[sender].push(format!("{n} of {}", names[sender]));
    }
    let mut jims = Vec::new();
    for name in &names[..ACCOUNTS] {
        let mut jim: Jim = daemon.authenticated(name).await;
        jim.join("#crowd").await;
        jims.push(jim);
    }
    let mut talkers = Vec::new();
    for name in &names[ACCOUNTS..] {
        let mut talker = daemon.talker().await;
        talker.enter(name, "crowd").await;
        talkers.push(talker);
    }
    let mut hearing = Vec::new();
    for (n, mut jim) in jims.into_iter().enumerate() {
        let own = said[n].clone();
        hearing.push(tokio::spawn(async move {
            for text in &own {
                let msg = support::bare_msg(&jim.name, "#crowd", text);
                jim.send(msg).await;
            }
            let name = jim.name.clone();
            jim_hears(jim.into_client(), name, own.len()).await
        }));
    }
    for (n, mut talker) in talkers.into_iter().enumerate() {
        let (own, name) = (said[ACCOUNTS + n].clone(), names[ACCOUNTS + n].clone());
        hearing.push(tokio::spawn(async move {
            for text in &own {
                talker.say(text).await;
            }
            talker_hears(talker, name).await
        }));
    }
    let mut all = Vec::new();
    for heard in hearing {
        all.push(heard.await.unwrap());
    }
    let order = all.last().unwrap().texts.clone();
    assert_eq!(order.iter().collect::<HashSet<_>>().len(), MESSAGES);
    assert_eq!(daemon.history(support::room("crowd")).await, order);
    for (n, heard) in all.into_iter().enumerate() {
        let is_jim = n < ACCOUNTS;
        let expected: Vec<&String> = order
            .iter()
            .filter(|text| !is_jim || !text.ends_with(&format!(" of {}", heard.name)))
            .collect();
        assert!(
            heard.texts.iter().eq(expected),
            "{} heard another order",
            heard.name
        );
    }
}

#[tokio::test]
async fn a_senders_messages_keep_their_order_in_each_room_and_in_private() {
    let daemon = Daemon::start("").await;
    let mut boris = daemon.guest("boris").await;
    let mut anna = daemon.guest("anna").await;
    for room in ["#one", "#two"] {
        boris.join(room).await;
        anna.join(room).await;
    }
    let mut stream = String::new();
    for n in 0..100 {
        let to = ["#one", "boris", "#two"][n % 3];
        stream += &support::bare_msg("anna", to, &n.to_string());
    }
    anna.send(stream).await;
    // What is said at once to several rooms may come in another order of rooms, but in each in its own.
    let mut heard = [0, 1, 2];
    for _ in 0..100 {
        let msg = boris.heard().await;
        let place = ["#one", "boris", "#two"]
            .iter()
            .position(|to| msg["to"] == *to)
            .unwrap();
        assert_eq!(msg["message"], heard[place].to_string());
        heard[place] += 3;
    }
    for _ in 0..100 {
        assert_eq!(anna.code().await, 200);
    }
    anna.expect(400, json!({"action": "probe"})).await;
}
