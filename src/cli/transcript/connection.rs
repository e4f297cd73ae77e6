//! One person's connection: bytes out, frames in, until nothing is under way.

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::file::CLOSED;
use crate::dialects::client::{Barrier, Conversation, Ends, Placeholders, Sender, Stream};

/// How long what must come may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// On a paused clock, time passes only while nobody has anything to do: when this has, all has come.
const MOMENT: Duration = Duration::from_millis(1);

pub(super) struct Connection {
    pub(super) name: String,
    pub(super) dialect: Box<dyn Conversation>,
    stream: Box<dyn Stream>,
    buffer: BytesMut,
    is_open: bool,
    /// The stream will end: the server has had the end of this side, or ends it of its own.
    is_finished: bool,
    waits: u32,
    /// What came and was not taken yet: each frame as it is shown, and whether it refuses something.
    came: Vec<Came>,
}

/// A frame that came, or the end of the stream.
pub(super) struct Came {
    pub(super) lines: Vec<String>,
    pub(super) refuses: bool,
}

impl Connection {
    pub(super) fn new(name: &str, dialect: Box<dyn Conversation>, stream: Box<dyn Stream>) -> Self {
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
    pub(super) async fn say(&mut self, frame: &[u8], values: &mut Placeholders) -> Vec<String> {
        let lines = self.dialect.show(Sender::Client, frame, &self.name, values);
        self.dialect.sent(frame);
        self.write(frame).await;
        lines
    }

    /// Ends this side of the stream.
    pub(super) async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
        self.is_finished = true;
    }

    /// The server ends the stream of its own.
    pub(super) fn expect_end(&mut self) {
        self.is_finished = true;
    }

    /// The server may have closed already; the reading says so.
    async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
    }

    /// What came since the last time.
    pub(super) fn take(&mut self) -> Vec<Came> {
        std::mem::take(&mut self.came)
    }

    /// Reads until nothing is under way any more, on a paused clock, without a word. Whether something came.
    pub(super) async fn listen(&mut self, values: &mut Placeholders) -> Result<bool, String> {
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
    pub(super) async fn settle(&mut self, values: &mut Placeholders) -> Result<bool, String> {
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

    async fn read_all(&mut self, values: &mut Placeholders) -> Result<(), String> {
        while let Some(frame) = self.frame().await? {
            let ends = self.dialect.ends_wait(self.waits, &frame);
            if ends != Ends::Hidden {
                let lines = self
                    .dialect
                    .show(Sender::Server, &frame, &self.name, values);
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
            if let Some(length) = self.dialect.length(&self.buffer) {
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
