//! A client of JIM.

use std::ops::{Deref, DerefMut};

use serde_json::{Value, json};

use super::{Client, PASSWORD};

pub(crate) struct Jim {
    client: Client,
    pub(crate) name: String,
}

impl Deref for Jim {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Jim {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Jim {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            name: String::new(),
        }
    }

    pub(crate) fn into_client(self) -> Client {
        self.client
    }

    /// Writes an object with a `time`, and nothing behind it, as clients do.
    pub(crate) async fn write(&mut self, mut object: Value) {
        object["time"] = json!(1_700_000_000);
        self.send(object.to_string()).await;
    }

    /// Writes an object; its answer.
    pub(crate) async fn ask(&mut self, object: Value) -> Value {
        self.write(object).await;
        self.answer().await
    }

    /// Writes an object whose answer must have this code; the answer.
    pub(crate) async fn expect(&mut self, code: u16, object: Value) -> Value {
        let answer = self.ask(object.clone()).await;
        assert_eq!(answer["response"], code, "{answer} to {object}");
        answer
    }

    /// The next object, which must be an answer (or a notice).
    pub(crate) async fn answer(&mut self) -> Value {
        let answer = self.next().await;
        assert!(
            answer["response"].is_u64() && answer["time"].is_i64(),
            "not an answer: {answer}"
        );
        let code = answer["response"].as_u64().unwrap();
        let wrong = if code < 400 { "error" } else { "alert" };
        assert!(answer.get(wrong).is_none(), "{answer}");
        answer
    }

    pub(crate) async fn code(&mut self) -> u64 {
        self.answer().await["response"].as_u64().unwrap()
    }

    /// The next object, which must be a notice of this code; its text.
    pub(crate) async fn notice(&mut self, code: u16) -> String {
        let notice = self.answer().await;
        assert_eq!(notice["response"], code, "{notice}");
        notice["alert"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn hello(&mut self, name: &str) {
        self.expect(200, presence(name)).await;
        self.name = name.to_owned();
    }

    pub(crate) async fn authenticate(&mut self, login: &str) {
        self.expect(200, authenticate(login, PASSWORD)).await;
        self.name = login.to_owned();
    }

    /// Joins a room; 200 or 201.
    pub(crate) async fn join(&mut self, room: &str) -> u64 {
        let answer = self.ask(json!({"action": "join", "room": room})).await;
        let code = answer["response"].as_u64().unwrap();
        assert!(code == 200 || code == 201, "{answer}");
        code
    }

    pub(crate) async fn leave(&mut self, room: &str) {
        self.expect(200, json!({"action": "leave", "room": room}))
            .await;
    }

    pub(crate) fn msg(&self, to: &str, text: &str) -> Value {
        json!({"action": "msg", "to": to, "from": self.name, "message": text})
    }

    /// Says something; the answer's code.
    pub(crate) async fn say(&mut self, to: &str, text: &str) -> u64 {
        let msg = self.msg(to, text);
        self.ask(msg).await["response"].as_u64().unwrap()
    }

    /// The next object, which must be a `msg`.
    pub(crate) async fn heard(&mut self) -> Value {
        let msg = self.next().await;
        assert_eq!(msg["action"], "msg", "{msg}");
        assert!(msg["time"].is_i64(), "{msg}");
        msg
    }

    /// The next `msg`: from whom, to whom, what.
    pub(crate) async fn hears(&mut self, from: &str, to: &str, text: &str) {
        let msg = self.heard().await;
        assert_eq!(
            (&msg["from"], &msg["to"], &msg["message"]),
            (&json!(from), &json!(to), &json!(text))
        );
        assert_eq!(
            msg["encoding"],
            if text.is_ascii() { "ascii" } else { "utf-8" }
        );
    }

    /// Nothing is waiting: the next thing that comes is the answer to this.
    pub(crate) async fn hears_nothing(&mut self) {
        let answer = self.ask(json!({"action": "probe"})).await;
        assert_eq!(answer["response"], 400, "{answer}");
    }
}

pub(crate) fn presence(name: &str) -> Value {
    json!({"action": "presence", "type": "status", "user": {"account_name": name}})
}

pub(crate) fn authenticate(login: &str, password: &str) -> Value {
    json!({"action": "authenticate", "user": {"account_name": login, "password": password}})
}

/// A `msg` without `time`, for streams written by hand.
pub(crate) fn bare_msg(from: &str, to: &str, text: &str) -> String {
    json!({"action": "msg", "time": 1_700_000_000, "to": to, "from": from, "message": text})
        .to_string()
}
