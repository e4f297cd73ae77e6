//! A client of HTTP/1.1 that says exactly what a test wants, and sees exactly what comes.

use std::collections::HashMap;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Daemon, PATIENCE};

/// A connection to the HTTP listener.
pub(crate) struct Http {
    stream: TcpStream,
    address: SocketAddr,
    received: Vec<u8>,
}

/// What a request was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// By their names in small letters; the last one where there are several of a name.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The title of a problem, whose parts are as they must be.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        assert!(
            problem["detail"].is_string() && problem["type"].is_string(),
            "{problem}"
        );
        problem["title"].as_str().unwrap().to_owned()
    }
}

impl Http {
    pub(crate) async fn connect(daemon: &Daemon) -> Self {
        Self::to(daemon.address("http")).await
    }

    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            address,
            received: Vec::new(),
        }
    }

    /// The connection, from which nothing was read that was not asked for.
    pub(crate) fn into_stream(self) -> TcpStream {
        assert!(self.received.is_empty(), "{:?}", self.received);
        self.stream
    }

    /// Sends these bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Says that nothing more is sent.
    pub(crate) async fn finish(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// A request with these headers, a line each without its end, and this body, where it has one.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: Option<&[u8]>,
    ) -> Answer {
        self.request(method, path, headers, body).await;
        self.answer(method == "HEAD").await
    }

    /// The same, whose answer is to be read next.
    pub(crate) async fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: Option<&[u8]>,
    ) {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for header in headers {
            head += &format!("{header}\r\n");
        }
        if let Some(body) = body {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        let mut request = head.into_bytes();
        request.extend_from_slice(body.unwrap_or_default());
        self.send(&request).await;
    }

    pub(crate) async fn get(&mut self, path: &str, headers: &[&str]) -> Answer {
        self.ask("GET", path, headers, None).await
    }

    /// The next answer, whole.
    pub(crate) async fn answer(&mut self, is_bare: bool) -> Answer {
        let answer = async {
            let (status, headers) = self.head().await;
            let length = headers
                .get("content-length")
                .map(|length| length.parse().unwrap());
            let chunked = headers
                .get("transfer-encoding")
                .is_some_and(|how| how == "chunked");
            let body = match (is_bare || status == 204 || status == 304, length) {
                (true, _) => Vec::new(),
                (false, Some(length)) => self.take(length).await,
                (false, None) if chunked => self.chunks().await,
                (false, None) => self.rest().await,
            };
            Answer {
                status,
                headers,
                body,
            }
        };
        tokio::time::timeout(PATIENCE, answer)
            .await
            .expect("an answer in time")
    }

    /// The status and the headers of the next answer; its body is to be read next.
    pub(crate) async fn head(&mut self) -> (u16, HashMap<String, String>) {
        let status = self.line().await;
        let status = status
            .split(' ')
            .nth(1)
            .unwrap_or_else(|| panic!("{status:?}"));
        let status = status.parse().unwrap();
        let mut headers = HashMap::new();
        loop {
            let line = self.line().await;
            let Some((name, value)) = line.split_once(':') else {
                assert_eq!(line, "");
                return (status, headers);
            };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }

    /// The next line, without its end.
    pub(crate) async fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.received.windows(2).position(|two| two == b"\r\n") {
                let line = self.received.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).unwrap();
            }
            assert!(self.more().await, "the connection ended in a line");
        }
    }

    /// The next chunk of a body that is sent in chunks; an empty one is the last.
    pub(crate) async fn chunk(&mut self) -> Vec<u8> {
        let line = self.line().await;
        let size = usize::from_str_radix(line.split(';').next().unwrap().trim(), 16).unwrap();
        let chunk = self.take(size).await;
        assert_eq!(self.line().await, "");
        chunk
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            match self.chunk().await {
                chunk if chunk.is_empty() => return body,
                chunk => body.extend(chunk),
            }
        }
    }

    async fn take(&mut self, count: usize) -> Vec<u8> {
        while self.received.len() < count {
            assert!(self.more().await, "the connection ended in a body");
        }
        self.received.drain(..count).collect()
    }

    /// All that still comes until the connection ends.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.received)
    }

    /// Whether more came.
    async fn more(&mut self) -> bool {
        let read = self.stream.read_buf(&mut self.received);
        let read = tokio::time::timeout(PATIENCE, read).await;
        // A reset is an end, too.
        read.expect("something comes, or the end").unwrap_or(0) > 0
    }
}
