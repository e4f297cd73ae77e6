//! JIM in the field: clients of several spellings in one room with one that keeps to the document and one of Talker. The
//! clock is paused, so that each of them reads as soon as there is something.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::support::{Client, Daemon, FieldClient, Jim, LONG, Talker, with_field};

/// What each of the eight says.
const EACH: usize = 25;
const ALL: usize = 8 * EACH;

/// How a client of the field says something to everyone, and where it looks for what others say.
struct Habit {
    name: &'static str,
    key: &'static str,
    says: fn(&str, &str) -> Value,
}

const HABITS: [Habit; 5] = [
    Habit {
        name: "flat",
        key: "mess_text",
        says: |own, text| json!({"action": "message", "sender": own, "destination": "EVERYONE", "mess_text": text}),
    },
    Habit {
        name: "long",
        key: "message_text",
        says: |own, text| json!({"action": "message", "time": "now", "from": own, "to": "all", "message_text": text}),
    },
    Habit {
        name: "short",
        key: "text",
        says: |_, text| json!({"action": "message", "to": "#", "text": text}),
    },
    Habit {
        name: "plain",
        key: "message",
        says: |own, text| json!({"action": "msg", "time": 1.5, "from": own, "message": text}),
    },
    Habit {
        name: "wrong",
        key: "message",
        says: |_, text| json!({"action": "message", "from": "Guest", "to": "@all", "message": text}),
    },
];

/// What the one of this name says; half of it is not ASCII.
fn words(name: &str) -> Vec<String> {
    let word = |turn: usize| match turn % 2 {
        0 => format!("{name} says {turn}"),
        _ => format!("{name} говорит {turn} 🦀"),
    };
    (0..EACH).map(word).collect()
}

/// What a client was told, in order.
type Heard = (String, Vec<String>);

async fn field(mut client: FieldClient, habit: &'static Habit) -> Heard {
    let mut heard = Vec::new();
    let mut answers = 0;
    for text in words(habit.name) {
        client.say((habit.says)(habit.name, &text)).await;
    }
    while answers < EACH || heard.len() < ALL - EACH {
        let object = client.recv().await;
        if object["response"] == 200 {
            answers += 1;
        } else {
            heard.push(object[habit.key].as_str().unwrap().to_owned());
        }
    }
    client.say(json!({"action": "exit"})).await;
    client.end().await;
    (habit.name.to_owned(), heard)
}

async fn document(mut client: Jim) -> Heard {
    let mut heard = Vec::new();
    let mut answers = 0;
    for text in words(&client.name) {
        let msg = client.msg("#lobby", &text);
        client.write(msg).await;
    }
    while answers < EACH || heard.len() < ALL - EACH {
        let object = client.next().await;
        if object["response"] == 200 {
            answers += 1;
        } else {
            heard.push(object["message"].as_str().unwrap().to_owned());
        }
    }
    (client.name, heard)
}

async fn talker(mut client: Talker) -> Heard {
    let mut heard = Vec::new();
    for text in words("talker") {
        client.say(&text).await;
    }
    // Its own words come back to it.
    while heard.len() < ALL {
        let event = client.next().await;
        if event["type"] == "message" {
            heard.push(event["content"].as_str().unwrap().to_owned());
        }
    }
    ("talker".to_owned(), heard)
}

async fn in_the_lobby(daemon: &Daemon, listener: &str, name: &str) -> Jim {
    let mut client = daemon.document(listener);
    client.hello(name).await;
    client.join("#lobby").await;
    client
}

#[tokio::test(start_paused = true)]
async fn of_200_messages_none_is_lost() {
    let quiet = "talker.idle_after = '0s'\ntalker.close_after = '0s'\njim.probe_after = '0s'";
    let daemon = with_field(quiet, "").await;
    daemon.account("talker").await;
    let talking: Client = daemon.memory("talker", 65536);
    let mut talking = Talker::new(talking.patient(LONG));
    talking.enter("talker", "lobby").await;
    let strict = in_the_lobby(&daemon, "jim", "strict").await;
    let guest = in_the_lobby(&daemon, "field", "guest").await;
    let mut present = Vec::new();
    for habit in &HABITS {
        present.push((daemon.field_guest(habit.name).await, habit));
    }
    // Each shows its spelling before the others speak.
    for (client, habit) in &mut present {
        let mut hello = (habit.says)(habit.name, "");
        hello["to"] = json!("nobody");
        hello["destination"] = json!("nobody");
        client.expect(404, hello).await;
    }
    let mut tasks = vec![
        tokio::spawn(talker(talking)),
        tokio::spawn(document(strict)),
        tokio::spawn(document(guest)),
    ];
    let clients = present.into_iter();
    tasks.extend(clients.map(|(client, habit)| tokio::spawn(field(client, habit))));
    let mut heard = HashMap::new();
    for task in tasks {
        let (name, texts) = task.await.unwrap();
        heard.insert(name, texts);
    }
    let history = daemon.history(crate::support::room("lobby")).await;
    assert_eq!((heard.len(), history.len()), (8, ALL));
    for (name, texts) in heard {
        let own = words(&name);
        let mut expected = history.clone();
        if name != "talker" {
            expected.retain(|text| !own.contains(text));
        }
        assert_eq!(texts, expected, "what {name} heard");
    }
}
