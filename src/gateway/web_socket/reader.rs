//! The half that is read from.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;

use super::Shared;
use super::decoder::{Decoder, Item};
use crate::gateway::transport::{Read, Source, release};

/// So many bytes without anything of a dialect are told of, so that the client is read more slowly.
const MAX_UNTOLD: usize = 64 * 1024;

/// Takes the dialect's bytes out of what comes, and tells the writing half what that has to answer.
pub(in crate::gateway) struct WebSocketReader {
    pub(in crate::gateway) source: Source,
    /// What came and is not taken apart.
    received: BytesMut,
    decoder: Decoder,
    shared: Arc<Shared>,
    /// Nothing comes any more: how that is told.
    end: Option<Read>,
    /// Bytes that came beside the dialect's since this was last asked.
    overhead: usize,
}

impl WebSocketReader {
    pub(super) fn new(source: Source, received: BytesMut, shared: Arc<Shared>) -> Self {
        Self {
            source,
            received,
            decoder: Decoder::default(),
            shared,
            end: None,
            overhead: 0,
        }
    }

    /// Appends what comes next to `buffer`, of one message at most.
    pub(in crate::gateway) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
    ) -> Poll<Read> {
        if let Some(end) = self.end {
            return Poll::Ready(end);
        }
        loop {
            let before = buffer.len() + self.received.len();
            let item = self.decoder.decode(&mut self.received, buffer);
            self.overhead += before.saturating_sub(buffer.len() + self.received.len());
            match item {
                Ok(Some(Item::Data { ends_message })) => {
                    return Poll::Ready(match ends_message {
                        true => Read::Message,
                        false => Read::Bytes,
                    });
                }
                Ok(Some(Item::Ping(payload))) => {
                    self.shared.pinged(payload);
                    // This task writes, too.
                    cx.waker().wake_by_ref();
                    continue;
                }
                Ok(Some(Item::Pong)) => continue,
                Ok(Some(Item::Close(payload))) => {
                    self.shared.closed(payload);
                    return self.end(Read::Ended);
                }
                Ok(None) => {}
                Err(violation) => {
                    tracing::debug!(%violation, "a WebSocket client broke the rules");
                    return self.end(Read::Violated);
                }
            }
            if self.overhead >= MAX_UNTOLD {
                return Poll::Ready(Read::Bytes);
            }
            release(&mut self.received);
            match ready!(self.source.poll_read(cx, &mut self.received)) {
                Read::Bytes => self.shared.hear(),
                end => return self.end(end),
            }
        }
    }

    fn end(&mut self, end: Read) -> Poll<Read> {
        self.end = Some(end);
        self.received = BytesMut::new();
        Poll::Ready(end)
    }

    /// Bytes that came beside the dialect's since this was last asked.
    pub(in crate::gateway) fn take_overhead(&mut self) -> usize {
        std::mem::take(&mut self.overhead)
    }
}
