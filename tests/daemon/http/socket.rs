//! A client of WebSocket that is not ours, and what lets a dialect's own client speak over it.

use std::sync::{Arc, OnceLock};

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::{Client, Daemon, PATIENCE};

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that speaks WebSocket.
pub(crate) struct Socket(WebSocketStream<Box<dyn Stream>>);

/// By which code the server said farewell, once it has.
#[derive(Clone, Default)]
pub(crate) struct Farewell(Arc<OnceLock<u16>>);

impl Farewell {
    /// Waits for it.
    pub(crate) async fn code(&self) -> u16 {
        let said = async {
            loop {
                if let Some(code) = self.0.get() {
                    return *code;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, said)
            .await
            .expect("no farewell in time")
    }
}

impl Socket {
    pub(crate) async fn open(daemon: &Daemon, path: &str) -> Self {
        let address = daemon.address("http");
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream, &format!("ws://{address}{path}"))
            .await
            .unwrap()
    }

    /// Shakes hands over a stream.
    pub(crate) async fn over(
        stream: impl Stream + 'static,
        request: impl IntoClientRequest + Unpin,
    ) -> Result<Self, Error> {
        let stream: Box<dyn Stream> = Box::new(stream);
        let (socket, _) = client_async(request, stream).await?;
        Ok(Self(socket))
    }

    /// Speaks it over a stream on which hands are shaken.
    pub(crate) async fn raw(stream: impl Stream + 'static) -> Self {
        let stream: Box<dyn Stream> = Box::new(stream);
        Self(WebSocketStream::from_raw_socket(stream, Role::Client, None).await)
    }

    /// Says goodbye.
    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.to_owned().into(),
        };
        self.0.send(Message::Close(Some(frame))).await.unwrap();
    }

    pub(crate) async fn send(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).await.unwrap();
    }

    /// The next message; pings are answered.
    pub(crate) async fn next(&mut self) -> Message {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
        next.expect("nothing came in time")
            .expect("the end")
            .unwrap()
    }

    /// The next message, which must be a text.
    pub(crate) async fn text(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text.to_string(),
            other => panic!("no text: {other:?}"),
        }
    }

    /// What still comes: how many messages, and the code of the farewell.
    pub(crate) async fn rest(&mut self) -> (Vec<Message>, Option<u16>) {
        let mut all = Vec::new();
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next())
                .await
                .expect("no end in time")
            {
                Some(Ok(Message::Close(frame))) => {
                    return (all, frame.map(|frame| frame.code.into()));
                }
                Some(Ok(message)) => all.push(message),
                Some(Err(_)) | None => return (all, None),
            }
        }
    }

    /// A dialect's bytes over it: each piece that is written is a message of this kind, without the line feed at its end where
    /// it is a text.
    pub(crate) fn carry(self, is_text: bool) -> (Client, Farewell) {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let farewell = Farewell::default();
        tokio::spawn(carry(self, far, is_text, farewell.clone()));
        (Client::over(near), farewell)
    }
}

async fn carry(mut socket: Socket, mut stream: DuplexStream, is_text: bool, farewell: Farewell) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        tokio::select! {
            read = stream.read(&mut buffer) => {
                let count = read.unwrap();
                if count == 0 {
                    // What was said is heard before.
                    let _ = socket.0.close(None).await;
                    while let Some(Ok(_)) = socket.0.next().await {}
                    return;
                }
                let bytes = &buffer[..count];
                let message = match is_text {
                    true => {
                        let text = std::str::from_utf8(bytes).unwrap();
                        Message::text(text.strip_suffix('\n').unwrap_or(text))
                    }
                    false => Message::binary(bytes.to_vec()),
                };
                if socket.0.send(message).await.is_err() {
                    return;
                }
            }
            message = socket.0.next() => {
                let bytes = match message {
                    Some(Ok(Message::Text(text))) => format!("{text}\n").into_bytes(),
                    Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
                    Some(Ok(Message::Close(frame))) => {
                        let code = frame.map_or(1005, |frame| frame.code.into());
                        let _ = farewell.0.set(code);
                        continue;
                    }
                    Some(Ok(_)) => continue,
                    Some(Err(_)) | None => return,
                };
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}
