//! A connection inside the process, read only where all is quiet.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWriteExt, DuplexStream, ReadBuf};

use super::Wire;

/// What the connection holds in each direction: more than a step makes.
pub(super) const BYTES: usize = 256 * 1024;

/// A client's end of a connection.
pub(super) struct Client {
    stream: DuplexStream,
    /// All that it sent.
    pub(super) sent: Vec<u8>,
    /// All that it received.
    pub(super) received: Vec<u8>,
    /// How much of what it received was looked at.
    seen: usize,
    /// How much of it was acknowledged, where the dialect asks for that.
    acknowledged: usize,
    /// Whether the gateway closed.
    pub(super) ended: bool,
}

impl Client {
    pub(super) fn new(stream: DuplexStream) -> Self {
        Self {
            stream,
            sent: Vec::new(),
            received: Vec::new(),
            seen: 0,
            acknowledged: 0,
            ended: false,
        }
    }

    /// Sends bytes; what the gateway does not take any more was not sent.
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        let write = tokio::time::timeout(Duration::from_secs(1), self.stream.write_all(bytes));
        if matches!(write.await, Ok(Ok(()))) {
            self.sent.extend_from_slice(bytes);
        }
    }

    /// Says that nothing more comes.
    pub(super) async fn finish(&mut self) {
        // Closed already, it has nothing to say.
        let _ = self.stream.shutdown().await;
    }

    /// Takes what is there; whether anything was.
    pub(super) fn take(&mut self) -> bool {
        let before = (self.received.len(), self.ended);
        let mut cx = Context::from_waker(Waker::noop());
        let mut piece = [0; 16 * 1024];
        while !self.ended {
            let mut buffer = ReadBuf::new(&mut piece);
            match Pin::new(&mut self.stream).poll_read(&mut cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.received.extend_from_slice(buffer.filled());
                }
                Poll::Ready(_) => self.ended = true,
                Poll::Pending => break,
            }
        }
        before != (self.received.len(), self.ended)
    }

    /// Says what a client has to say to what came.
    pub(super) async fn acknowledge(&mut self, wire: &impl Wire) {
        while let Some(length) = wire.frame_length(&self.received[self.acknowledged..]) {
            let next = self.acknowledged + length;
            let taken = wire.acknowledgement(&self.received[self.acknowledged..next]);
            self.acknowledged = next;
            if let Some(taken) = taken {
                self.send(&taken).await;
            }
        }
    }

    /// The whole frames that came since the last time.
    pub(super) fn new_frames(&mut self, wire: &impl Wire) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while let Some(length) = wire.frame_length(&self.received[self.seen..]) {
            frames.push(self.received[self.seen..self.seen + length].to_vec());
            self.seen += length;
        }
        frames
    }
}
