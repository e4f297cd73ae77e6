//! A client of Talker.

use std::ops::{Deref, DerefMut};

use serde_json::{Value, json};

use super::{Client, token};

pub(crate) struct Talker {
    client: Client,
    /// Its user's number, as Talker writes it.
    pub(crate) id: String,
    /// How many pings' worth of quiet were asked for.
    quiet: u32,
}

impl Deref for Talker {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Talker {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Talker {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            id: String::new(),
            quiet: 0,
        }
    }

    pub(crate) async fn write(&mut self, event: Value) {
        self.send(format!("{event}\n")).await;
    }

    /// The next event, which must be of this type.
    pub(crate) async fn event(&mut self, kind: &str) -> Value {
        let event = self.next().await;
        assert_eq!(event["type"], kind, "{event}");
        event
    }

    /// Enters a room by an account's token; who is there.
    pub(crate) async fn enter(&mut self, login: &str, room: &str) -> Vec<Value> {
        self.write(json!({"type": "connect", "room": room, "token": token(login)}))
            .await;
        self.connected().await
    }

    /// `connected`, then `users`.
    pub(crate) async fn connected(&mut self) -> Vec<Value> {
        let connected = self.event("connected").await;
        self.id = connected["user"]["id"].as_str().unwrap().to_owned();
        let users = self.event("users").await;
        users["users"].as_array().unwrap().clone()
    }

    pub(crate) async fn say(&mut self, content: &str) {
        self.write(json!({"type": "message", "content": content}))
            .await;
    }

    /// Says something and reads its echo; the event.
    pub(crate) async fn said(&mut self, content: &str) -> Value {
        self.say(content).await;
        let echo = self.event("message").await;
        assert_eq!(echo["content"], content);
        echo
    }

    /// The next event is a `message` with this content.
    pub(crate) async fn hears(&mut self, name: &str, content: &str) -> Value {
        let event = self.event("message").await;
        assert_eq!(
            (&event["user"]["name"], &event["content"]),
            (&json!(name), &json!(content)),
            "{event}"
        );
        assert!(event["time"].is_i64(), "{event}");
        event
    }

    /// The next event is of this kind and about this user.
    pub(crate) async fn sees(&mut self, kind: &str, name: &str) -> Value {
        let event = self.event(kind).await;
        assert_eq!(event["user"]["name"], name, "{event}");
        assert!(event["time"].is_i64(), "{event}");
        event
    }

    /// The next event says that the user with this number left.
    pub(crate) async fn sees_leave(&mut self, id: impl ToString) {
        let event = self.event("leave").await;
        assert_eq!(event["user"], id.to_string(), "{event}");
        assert!(event["time"].is_i64(), "{event}");
    }

    /// The next event is an error; its text.
    pub(crate) async fn error(&mut self) -> String {
        self.event("error").await["message"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The next event is this error, and then the server closes.
    pub(crate) async fn refused(&mut self, text: &str) {
        assert_eq!(self.error().await, text);
        self.end().await;
    }

    /// Nothing is waiting: the next thing that comes is the answer to this.
    pub(crate) async fn hears_nothing(&mut self) {
        self.quiet += 1;
        let nobody = format!("nobody-{}", self.quiet);
        self.write(json!({"type": "message", "content": "", "to": nobody}))
            .await;
        assert_eq!(self.error().await, "no such user");
    }
}
