//! One person's connection: bytes out, frames in, until nothing is under way.

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::dialects::{Barrier, Dialect, Ends, From};
use crate::values::Values;

/// How long what must come may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// On a paused clock, time passes only while nobody has anything to do: when this has, all has come.
const MOMENT: Duration = Duration::from_millis(1);

/// What the end of the stream is shown as, where it is told and where it is said.
pub(crate) const CLOSED: &str = "(closed)";
pub(crate) const END: &str = "(end)";

/// A socket, or what stands for one inside the process.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}
pub(crate) type Stream = Box<dyn Socket>;

pub(crate) struct Connection {
    pub(crate) name: String,
    pub(crate) dialect: Box<dyn Dialect>,
    stream: Stream,
    buffer: BytesMut,
    is_open: bool,
    /// The stream will end: the server has had the end of this side, or ends it of its own.
    is_finished: bool,
    waits: u32,
    /// What came and was not taken yet: each frame as it is shown, and whether it refuses something.
    came: Vec<Came>,
}

/// A frame that came, or the end of the stream.
pub(crate) struct Came {
    pub(crate) lines: Vec<String>,
    pub(crate) refuses: bool,
}

impl Connection {
    pub(crate) fn new(name: &str, dialect: Box<dyn Dialect>, stream: Stream) -> Self {
        Self {
            name: name.to_owned(),
            dialect,
            stream,
            buffer: BytesMut::new(),
            is_open: true,
            is_finished: false,
            waits: 0,
            came: Vec::new(),
        }
    }

    /// Sends a frame, and returns it as it is shown.
    pub(crate) async fn say(&mut self, frame: &[u8], values: &mut Values) -> Vec<String> {
        let lines = self.dialect.show(From::Client, frame, &self.name, values);
        self.write(frame).await;
        lines
    }

    /// Ends this side of the stream.
    pub(crate) async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
        self.is_finished = true;
    }

    /// The server ends the stream of its own.
    pub(crate) fn expect_end(&mut self) {
        self.is_finished = true;
    }

    /// The server may have closed already; the reading says so.
    async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
    }

    /// What came since the last time.
    pub(crate) fn take(&mut self) -> Vec<Came> {
        std::mem::take(&mut self.came)
    }

    /// Reads until nothing is under way any more, on a paused clock, without a word. Whether something came.
    pub(crate) async fn listen(&mut self, values: &mut Values) -> Result<bool, String> {
        let before = self.came.len();
        if self.is_open {
            match timeout(MOMENT, self.read_all(values)).await {
                Ok(read) => read?,
                Err(_) => return Ok(self.came.len() > before),
            }
        }
        Ok(self.came.len() > before)
    }

    /// Reads until nothing is under way any more. Whether something came.
    pub(crate) async fn settle(&mut self, values: &mut Values) -> Result<bool, String> {
        let before = self.came.len();
        if !self.is_open {
            return Ok(false);
        }
        self.waits += 1;
        match self.dialect.barrier(self.waits) {
            _ if self.is_finished => {}
            Barrier::Nothing => return Ok(false),
            Barrier::Wait => {}
            Barrier::Ask(frame) => self.write(&frame).await,
        }
        match timeout(PATIENCE, self.read_all(values)).await {
            Ok(read) => read?,
            Err(_) => return Err(format!("{} was not told what must come", self.name)),
        }
        Ok(self.came.len() > before)
    }

    async fn read_all(&mut self, values: &mut Values) -> Result<(), String> {
        while let Some(frame) = self.frame().await? {
            let ends = self.dialect.ends_wait(self.waits, &frame);
            if ends != Ends::Hidden {
                let lines = self.dialect.show(From::Server, &frame, &self.name, values);
                let refuses = self.dialect.refuses(&frame);
                self.came.push(Came { lines, refuses });
            }
            if ends != Ends::No {
                return Ok(());
            }
        }
        self.is_open = false;
        self.came.push(Came {
            lines: vec![CLOSED.to_owned()],
            refuses: true,
        });
        Ok(())
    }

    /// The next frame; `None` at the end of the stream.
    async fn frame(&mut self) -> Result<Option<BytesMut>, String> {
        loop {
            if let Some(length) = self.dialect.cut(&self.buffer) {
                return Ok(Some(self.buffer.split_to(length)));
            }
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) if self.buffer.is_empty() => return Ok(None),
                Ok(0) => {
                    return Err(format!(
                        "{}: the end in a frame: {:?}",
                        self.name, self.buffer
                    ));
                }
                Ok(_) => {}
                Err(error) => return Err(format!("{}: {error}", self.name)),
            }
        }
    }
}
