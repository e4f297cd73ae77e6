//! Every dialect in every flavor in one room: clients as people really have them, and ones that keep to the documents.

use serde_json::{Value, json};

use crate::support::{Client, Daemon, FieldClient, LONG, Purpose, int, room, text, token};

/// What each of the nine says.
const EACH: usize = 25;
const ALL: usize = 9 * EACH;

const LISTENERS: &str = "
talker.idle_after = '0s'
talker.close_after = '0s'
jim.probe_after = '0s'
purpose.probe_after = '0s'
[[listener]]
dialect = 'jim'
name = 'field'
address = '127.0.0.1:0'
flavor = 'field'
[[listener]]
dialect = 'talker'
name = 'talkerapp'
address = '127.0.0.1:0'
flavor = 'talkerapp'
[[listener]]
dialect = 'uchat'
name = 'uchat.document'
address = '127.0.0.1:0'
flavor = 'document'
";

/// Who was told what, in order.
type Heard = (&'static str, Vec<String>);

fn words(name: &str) -> Vec<String> {
    (0..EACH).map(|turn| format!("{name} {turn} ж🦀")).collect()
}

fn over(daemon: &Daemon, listener: &str) -> Client {
    daemon.memory(listener, 65536).patient(LONG)
}

/// One `recv(1024)`, parsed whole.
async fn field(mut client: FieldClient) -> Heard {
    for text in words("field") {
        client
            .say(json!({"action": "message", "sender": "field", "destination": "EVERYONE", "mess_text": text}))
            .await;
    }
    let (mut heard, mut answers) = (Vec::new(), 0);
    while answers < EACH || heard.len() < ALL - EACH {
        let object = client.recv().await;
        match object["response"].as_u64() {
            Some(code) => {
                assert_eq!(code, 200, "{object}");
                answers += 1;
            }
            None => heard.push(object["mess_text"].as_str().unwrap().to_owned()),
        }
    }
    ("field", heard)
}

/// A JIM client that parses a stream.
async fn jim(mut client: Client, name: &'static str) -> Heard {
    for text in words(name) {
        let msg = json!({"action": "msg", "time": 1, "to": "#lobby", "from": name, "encoding": "utf-8", "message": text});
        client.send(msg.to_string()).await;
    }
    let (mut heard, mut answers) = (Vec::new(), 0);
    while answers < EACH || heard.len() < ALL - EACH {
        let object = client.next().await;
        match object["response"].as_u64() {
            Some(code) => {
                assert_eq!(code, 200, "{object}");
                answers += 1;
            }
            None => heard.push(object["message"].as_str().unwrap().to_owned()),
        }
    }
    (name, heard)
}

/// A client of JSON lines whose own words come back to it; without newlines of its own where `end` is empty.
async fn echoed_by(
    mut client: Client,
    name: &'static str,
    end: &'static str,
    says: impl Fn(&str) -> Value,
    hears: impl Fn(&Value) -> Option<Value>,
) -> Heard {
    for text in words(name) {
        client.send(format!("{}{end}", says(&text))).await;
    }
    let mut heard = Vec::new();
    while heard.len() < ALL {
        let event = client.next().await;
        if let Some(text) = hears(&event) {
            heard.push(text.as_str().unwrap().to_owned());
        }
    }
    (name, heard)
}

async fn talker(client: Client, name: &'static str) -> Heard {
    let says = |text: &str| json!({"type": "message", "content": text});
    let hears = |event: &Value| (event["type"] == "message").then(|| event["content"].clone());
    let end = if name == "talkerapp" { "" } else { "\n" };
    echoed_by(client, name, end, says, hears).await
}

async fn uchat(client: Client, name: &'static str, id: i32) -> Heard {
    let says = move |text: &str| json!({"type": 3, "room_id": id, "message": text, "msg_type": 0});
    let hears = |event: &Value| (event["type"] == 3).then(|| event["message"].clone());
    echoed_by(client, name, "\n", says, hears).await
}

async fn purpose(mut client: Purpose, name: &'static str, chat: i32) -> Heard {
    for said in words(name) {
        let body = [int(chat), text(&said)].concat();
        client.write("SEND_CHAT_MSG", body).await;
    }
    let (mut heard, mut answers) = (Vec::new(), 0);
    while answers < EACH || heard.len() < ALL - EACH {
        let came = client.frame().await.expect("closed");
        match came.purpose {
            0 => answers += 1,
            1 => panic!("declined: {came:?}"),
            _ => {
                client.accept(&came).await;
                heard.push(client.message_of(&came).text);
            }
        }
    }
    (name, heard)
}

#[tokio::test(start_paused = true)]
async fn of_all_that_is_said_none_is_lost() {
    let daemon = Daemon::start(LISTENERS).await;
    let accounts = [
        "talker",
        "talkerapp",
        "purpose1",
        "purpose2",
        "uchat",
        "uchatdoc",
    ];
    for login in accounts {
        daemon.account(login).await;
    }
    let mut tasks = Vec::new();
    let mut talkers = Vec::new();
    for listener in ["talker", "talkerapp"] {
        let mut client = over(&daemon, listener);
        let connect = json!({"type": "connect", "room": "lobby", "token": token(listener)});
        client.send(connect.to_string()).await;
        while client.next().await["type"] != "users" {}
        talkers.push((client, listener));
    }
    let mut purposes = Vec::new();
    for (revision, name) in [(1, "purpose1"), (2, "purpose2")] {
        let client = over(&daemon, &format!("purpose.{revision}"));
        let mut client = Purpose::new(client, revision);
        client.log_in(name).await;
        let lobby = client.chat("lobby").await;
        client.does("JOIN_CHAT", int(lobby)).await;
        purposes.push((client, name, lobby));
    }
    let lobby = purposes[0].2;
    let mut uchats = Vec::new();
    for (listener, name) in [("uchat", "uchat"), ("uchat.document", "uchatdoc")] {
        let mut client = over(&daemon, listener);
        let by_token = json!({"type": 2, "token": token(name)});
        client.send(format!("{by_token}\n")).await;
        assert_eq!(client.next().await["type"], 2);
        let join = json!({"type": 14, "room_id": lobby});
        client.send(format!("{join}\n")).await;
        assert_eq!(client.next().await["type"], 14);
        uchats.push((client, name));
    }
    let mut jims = Vec::new();
    for (listener, name) in [("jim", "strict"), ("field", "guest")] {
        let mut client = over(&daemon, listener);
        let presence = json!({"action": "presence", "time": 1, "user": {"account_name": name}});
        client.send(presence.to_string()).await;
        assert_eq!(client.next().await["response"], 200);
        let join = json!({"action": "join", "time": 1, "room": "#lobby"});
        client.send(join.to_string()).await;
        assert_eq!(client.next().await["response"], 200);
        jims.push((client, name));
    }
    let mut odd = daemon.field_guest("field").await;
    // It shows its spelling before the others speak.
    let hello =
        json!({"action": "message", "sender": "field", "destination": "nobody", "mess_text": "?"});
    odd.expect(404, hello).await;

    tasks.push(tokio::spawn(field(odd)));
    tasks.extend(
        jims.into_iter()
            .map(|(client, name)| tokio::spawn(jim(client, name))),
    );
    tasks.extend(
        talkers
            .into_iter()
            .map(|(client, name)| tokio::spawn(talker(client, name))),
    );
    for (client, name, chat) in purposes {
        tasks.push(tokio::spawn(purpose(client, name, chat)));
    }
    for (client, name) in uchats {
        tasks.push(tokio::spawn(uchat(client, name, lobby)));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    let history = daemon.history(room("lobby")).await;
    assert_eq!((all.len(), history.len()), (9, ALL));
    for (name, heard) in all {
        let is_echoed = name.starts_with("talker") || name.starts_with("uchat");
        let own = words(name);
        let mut expected = history.clone();
        expected.retain(|text| is_echoed || !own.contains(text));
        assert_eq!(heard, expected, "what {name} heard");
    }
}
