//! The wire as a client sees it: bytes out, lines of JSON in.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// How long a client waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Client {
    reader: BufReader<Box<dyn AsyncRead + Send + Unpin>>,
    writer: Box<dyn AsyncWrite + Send + Unpin>,
    /// Longer where the clock is paused.
    pub(crate) patience: Duration,
}

/// A connection from another address of this machine.
pub(crate) async fn from_elsewhere(address: SocketAddr) -> Client {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    Client::over(socket.connect(address).await.unwrap())
}

impl Client {
    pub(crate) async fn tcp(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).await.unwrap();
        socket.set_nodelay(true).unwrap();
        Self::over(socket)
    }

    pub(crate) fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            reader: BufReader::new(Box::new(reader)),
            writer: Box::new(writer),
            patience: PATIENCE,
        }
    }

    pub(crate) fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.writer.write_all(bytes.as_ref()).await.unwrap();
        self.writer.flush().await.unwrap();
    }

    /// Like [`send`](Self::send), where the other side may have closed already.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.writer.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Says that nothing more comes.
    pub(crate) async fn finish(&mut self) {
        self.writer.shutdown().await.unwrap();
    }

    /// Like [`finish`](Self::finish), where the other side may have closed already.
    pub(crate) async fn try_finish(&mut self) -> bool {
        self.writer.shutdown().await.is_ok()
    }

    /// The next line, or `None` where the stream has ended.
    pub(crate) async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = tokio::time::timeout(self.patience, self.reader.read_line(&mut line));
        match read.await.expect("nothing came in time") {
            Ok(0) => None,
            Ok(_) => {
                assert!(line.ends_with('\n'), "not ended by a newline: {line:?}");
                Some(line)
            }
            Err(error) => panic!("{error}; so far {line:?}"),
        }
    }

    /// So many bytes; `None` where the stream ended before the first of them.
    pub(crate) async fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        let mut here = 0;
        while here < count {
            let read = tokio::time::timeout(self.patience, self.reader.read(&mut bytes[here..]));
            match read.await.expect("nothing came in time").unwrap() {
                0 if here == 0 => return None,
                0 => panic!("the stream ended after {:?}", &bytes[..here]),
                more => here += more,
            }
        }
        Some(bytes)
    }

    pub(crate) async fn next(&mut self) -> Value {
        let line = self.line().await.expect("the connection was closed");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// The server closes, and says nothing before.
    pub(crate) async fn end(&mut self) {
        let line = self.line().await;
        assert_eq!(line, None, "instead of the end");
    }

    /// Whether the server closes without a word; by a reset, too, as where it did not read all.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        let read = tokio::time::timeout(self.patience, self.reader.read(&mut byte));
        let read = read.await.expect("nothing came in time");
        read.map_or(true, |count| count == 0)
    }

    /// All that comes until the end.
    pub(crate) async fn rest(&mut self) -> Vec<Value> {
        let mut all = Vec::new();
        while let Some(line) = self.line().await {
            all.push(serde_json::from_str(&line).unwrap());
        }
        all
    }
}
