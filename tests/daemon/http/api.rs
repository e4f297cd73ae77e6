//! Somebody who asks the API.

use serde_json::{Value, json};
use tolmach::commands;

use super::Http;
use super::client::Answer;
use super::described::Document;
use crate::support::{Daemon, token, user};

/// What stands in a configuration with HTTP.
pub(super) const HTTP: &str = "http.address = '127.0.0.1:0'";

/// A connection over which an account asks.
pub(super) struct Asking {
    pub(super) http: Http,
    headers: Vec<String>,
}

impl Asking {
    /// As nobody.
    pub(super) async fn nobody(daemon: &Daemon) -> Self {
        Self {
            http: Http::connect(daemon).await,
            headers: Vec::new(),
        }
    }

    /// By this token.
    pub(super) async fn by(daemon: &Daemon, token: &str) -> Self {
        let header = format!("Authorization: Bearer {token}");
        Self {
            headers: vec![header],
            ..Self::nobody(daemon).await
        }
    }

    /// As a new account.
    pub(super) async fn account(daemon: &Daemon, login: &str) -> Self {
        daemon.account(login).await;
        Self::by(daemon, &token(login)).await
    }

    /// As a new account that is an operator.
    pub(super) async fn operator(daemon: &Daemon, login: &str) -> Self {
        let asking = Self::account(daemon, login).await;
        let (user, operator) = (user(login), true);
        daemon
            .operate(commands::SetOperator { user, operator })
            .await;
        asking
    }

    /// With one more header from now on.
    pub(super) fn with(mut self, header: &str) -> Self {
        self.headers.push(header.to_owned());
        self
    }

    /// An answer, which is held to the document.
    pub(super) async fn ask(&mut self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.request(method, path, body).await;
        let answer = self.http.answer(method == "HEAD").await;
        let document = Document::read().await;
        if let Some(row) = document.row(method, path) {
            document.check(row, &answer);
        }
        answer
    }

    /// What comes until the connection ends.
    pub(super) async fn silence(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Vec<u8> {
        self.request(method, path, body).await;
        self.http.rest().await
    }

    async fn request(&mut self, method: &str, path: &str, body: Option<Value>) {
        let path = format!("/api/v1{path}");
        let mut headers: Vec<&str> = self.headers.iter().map(String::as_str).collect();
        let body = body.map(|body| body.to_string());
        if body.is_some() {
            headers.push("Content-Type: application/json");
        }
        let body = body.as_deref().map(str::as_bytes);
        self.http.request(method, &path, &headers, body).await;
    }

    pub(super) async fn get(&mut self, path: &str) -> Value {
        self.json("GET", path, None, 200).await
    }

    /// What is answered with JSON and this status.
    pub(super) async fn json(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
        status: u16,
    ) -> Value {
        let answer = self.ask(method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/json");
        answer.json()
    }

    pub(super) async fn post(&mut self, path: &str, body: Value) -> Value {
        self.json("POST", path, Some(body), 201).await
    }

    /// What is done without a word.
    pub(super) async fn done(&mut self, method: &str, path: &str, body: Option<Value>) {
        let answer = self.ask(method, path, body).await;
        assert_eq!(answer.status, 204, "{method} {path}: {}", answer.text());
    }

    /// What is refused with this status and title.
    pub(super) async fn refused(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
        why: (u16, &str),
    ) -> Value {
        let answer = self.ask(method, path, body).await;
        let title = answer.problem();
        assert_eq!(
            (answer.status, title.as_str()),
            why,
            "{method} {path}: {}",
            answer.text()
        );
        answer.json()
    }

    /// Says a text; its number.
    pub(super) async fn say(&mut self, room: &str, text: &str) -> i64 {
        let said = self
            .post(&format!("/rooms/{room}/messages"), json!({"text": text}))
            .await;
        said["id"].as_i64().unwrap()
    }
}

/// One member of each object of a list.
pub(super) fn each(list: &Value, name: &str) -> Vec<Value> {
    let list = list.as_array().unwrap();
    list.iter().map(|object| object[name].clone()).collect()
}
