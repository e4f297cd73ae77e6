//! A client of JIM as published ones are: one `recv(640)`, and all that it gave is one object. It ends no object by
//! anything, and tells no time.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Client, Daemon, Jim};

/// Longer than any test on a paused clock.
pub(crate) const LONG: Duration = Duration::from_secs(24 * 3600);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(crate) struct FieldClient {
    stream: Box<dyn Stream>,
}

impl FieldClient {
    pub(crate) fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let stream = Box::new(stream);
        Self { stream }
    }

    pub(crate) async fn say(&mut self, object: Value) {
        let bytes = object.to_string();
        self.stream.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// One `recv(640)`, which must give one flat object in ASCII; `None` at the end of the stream.
    pub(crate) async fn try_recv(&mut self) -> Option<Value> {
        let mut bytes = [0; 640];
        let read = tokio::time::timeout(LONG, self.stream.read(&mut bytes));
        let count = read.await.expect("nothing came in time").unwrap();
        if count == 0 {
            return None;
        }
        let text = std::str::from_utf8(&bytes[..count]).unwrap();
        assert!(text.is_ascii(), "{text}");
        let object: Value =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text:?}"));
        let is_flat = |value: &Value| !value.is_object() && !value.is_array();
        assert!(object.as_object().unwrap().values().all(is_flat), "{text}");
        if object["response"] == 200 || object["response"] == 201 {
            assert!(object["alert"].is_string(), "{text}");
        }
        Some(object)
    }

    pub(crate) async fn recv(&mut self) -> Value {
        self.try_recv().await.expect("the connection was closed")
    }

    /// The next object is an answer of this code; it.
    pub(crate) async fn code(&mut self, code: u16) -> Value {
        let answer = self.recv().await;
        assert_eq!(answer["response"], code, "{answer}");
        answer
    }

    pub(crate) async fn expect(&mut self, code: u16, object: Value) -> Value {
        self.say(object).await;
        self.code(code).await
    }

    /// The next object holds these members.
    pub(crate) async fn hears(&mut self, members: Value) -> Value {
        let object = self.recv().await;
        for (key, value) in members.as_object().unwrap() {
            assert_eq!(object.get(key), Some(value), "{key} of {object}");
        }
        object
    }

    /// Nothing is waiting: the next thing that comes is the answer to this.
    pub(crate) async fn hears_nothing(&mut self) {
        self.expect(400, json!({"action": "probe"})).await;
    }

    /// The server closes, and says nothing before.
    pub(crate) async fn end(&mut self) {
        assert_eq!(self.try_recv().await, None, "instead of the end");
    }

    /// A bare end of stream.
    pub(crate) async fn hang_up(&mut self) {
        self.stream.shutdown().await.unwrap();
    }
}

/// A gateway with a listener of each flavor: `jim` and `field`.
pub(crate) async fn with_field(more: &str, keys: &str) -> Daemon {
    let listener = format!(
        "{more}\n[[listener]]\ndialect = 'jim'\nname = 'field'\naddress = '127.0.0.1:0'\nflavor = 'field'\n{keys}\n"
    );
    Daemon::start(&listener).await
}

impl Daemon {
    /// A connection of the field that has said nothing, inside the process.
    pub(crate) fn field(&self) -> FieldClient {
        FieldClient::over(self.duplex("field", 65536))
    }

    /// A guest of the field.
    pub(crate) async fn field_guest(&self, name: &str) -> FieldClient {
        let mut client = self.field();
        client
            .expect(
                200,
                json!({"action": "presence", "user": {"account_name": name, "status": "here"}}),
            )
            .await;
        client
    }

    /// A client that keeps to the document, on a listener of either flavor.
    pub(crate) fn document(&self, listener: &str) -> Jim {
        let client: Client = self.memory(listener, 65536);
        Jim::new(client.patient(LONG))
    }
}
