//! Somebody on a plain socket, beside those in the browser.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::{Gateway, PATIENCE};

/// A client of a JSON dialect.
#[derive(Debug)]
pub struct Peer {
    stream: TcpStream,
    heard: String,
}

impl Peer {
    /// A Talker client of an account in a room.
    pub async fn talker(gateway: &Gateway, login: &str, room: &str) -> Self {
        let token = gateway.token(login).await;
        let mut peer = Self::connect(gateway, "talker").await;
        peer.say(&json!({"type": "connect", "room": room, "token": token}))
            .await;
        peer.hears("\"users\"").await;
        peer
    }

    /// A JIM client, a guest, in a room.
    pub async fn jim(gateway: &Gateway, name: &str, room: &str) -> Self {
        let mut peer = Self::connect(gateway, "jim").await;
        let presence = json!({
            "action": "presence", "time": 1, "type": "status", "user": {"account_name": name, "status": ""},
        });
        peer.say(&presence).await;
        peer.hears("200").await;
        peer.say(&json!({"action": "join", "time": 1, "room": format!("#{room}")}))
            .await;
        peer.hears("200").await;
        peer
    }

    async fn connect(gateway: &Gateway, dialect: &str) -> Self {
        Self {
            stream: TcpStream::connect(gateway.at(dialect)).await.unwrap(),
            heard: String::new(),
        }
    }

    /// Sends a frame.
    pub async fn say(&mut self, frame: &Value) {
        let line = format!("{frame}\n");
        self.stream.write_all(line.as_bytes()).await.unwrap();
    }

    /// Waits until it is told something with this in it, of what it was not asked for yet.
    pub async fn hears(&mut self, text: &str) {
        while !self.heard.contains(text) {
            let mut bytes = [0; 4096];
            let read = timeout(PATIENCE, self.stream.read(&mut bytes)).await;
            let read = read.unwrap_or_else(|_| panic!("{text:?} did not come: {}", self.heard));
            let read = read.unwrap();
            assert!(read > 0, "it was closed before {text:?}: {}", self.heard);
            self.heard += std::str::from_utf8(&bytes[..read]).unwrap();
        }
        let end = self.heard.find(text).unwrap() + text.len();
        self.heard.drain(..end);
    }
}
