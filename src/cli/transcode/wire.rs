//! The client's end of a connection inside the process.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::dialects::client::{Heard, VirtualClient};

/// How many bytes lie between the two ends.
pub(super) const PIPE: usize = 64 * 1024;

pub(super) struct Wire {
    stream: DuplexStream,
    client: Arc<dyn VirtualClient>,
    input: BytesMut,
}

impl Wire {
    /// The end that a client of this dialect holds.
    pub(super) fn new(stream: DuplexStream, client: Arc<dyn VirtualClient>) -> Self {
        Self {
            stream,
            client,
            input: BytesMut::new(),
        }
    }

    pub(super) fn client(&self) -> &dyn VirtualClient {
        &*self.client
    }

    /// The next frame of the server, and what it is; `None` when the server has closed. Nothing is lost when the future
    /// is dropped.
    pub(super) async fn next(&mut self) -> Option<(Bytes, Heard)> {
        loop {
            if let Some(length) = self.client.length(&self.input) {
                let frame = self.input.split_to(length).freeze();
                let heard = self.client.hear(&frame);
                return Some((frame, heard));
            }
            match self.stream.read_buf(&mut self.input).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Writes bytes. That the server has closed is heard by [`Wire::next`].
    pub(super) async fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Nothing will be written any more; what was, is carried out and answered. Why something was refused.
    pub(super) async fn finish(mut self) -> Vec<String> {
        // Where the server has closed there is nothing left to read.
        let _ = self.stream.shutdown().await;
        let mut refused = Vec::new();
        while let Some((_, heard)) = self.next().await {
            match heard {
                Heard::Refused(reason) => refused.push(reason),
                Heard::ToAnswer(_) | Heard::Told | Heard::Answer | Heard::Pong => {}
            }
        }
        refused
    }
}
