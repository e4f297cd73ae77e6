//! The bytes that are on their way to the server.

use bytes::{Buf, BytesMut};
use std::io;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// What is on its way to the server.
#[derive(Default)]
pub(super) struct Outgoing {
    /// What is to be sent.
    pub(super) bytes: BytesMut,
    /// Whether something was written and not flushed.
    is_unflushed: bool,
    /// Whether nothing will follow the bytes that are there.
    is_last: bool,
    is_shut: bool,
}

impl Outgoing {
    /// So many bytes are enough to wait with the next line.
    const ENOUGH: usize = 64 * 1024;

    /// Whether there is something to do for [`advance`](Self::advance).
    pub(super) fn is_waiting(&self) -> bool {
        !self.is_shut && (self.bytes.has_remaining() || self.is_unflushed || self.is_last)
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= Self::ENOUGH
    }

    /// Takes one step: writes, flushes, or ends the stream. May be dropped at any point without a loss.
    pub(super) async fn advance(
        &mut self,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        if self.bytes.has_remaining() {
            if writer.write_buf(&mut self.bytes).await? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.is_unflushed = true;
        } else if self.is_unflushed {
            writer.flush().await?;
            self.is_unflushed = false;
        } else {
            writer.shutdown().await?;
            self.is_shut = true;
        }
        Ok(())
    }

    pub(super) fn end(&mut self) {
        self.is_last = true;
    }

    /// Nothing can be sent any more.
    pub(super) fn give_up(&mut self) {
        self.bytes.clear();
        self.is_shut = true;
    }
}
