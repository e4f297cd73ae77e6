//! Contents too long to be held at once: written piece by piece, as the client takes them.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt;

use super::{Closed, Connection, End, MAX_UNREAD_ANSWERS};
use crate::gateway::dialect::{Adapter, Content};
use crate::hub::Sink;

impl<A: Adapter> Connection<A> {
    /// Writes a long content, no more of it ahead than any answer may wait.
    pub(super) async fn send(&mut self, content: Content) -> End {
        let mut reader = content.reader.take(content.bytes);
        loop {
            let mut piece = BytesMut::with_capacity(MAX_UNREAD_ANSWERS);
            let unread = match reader.read_buf(&mut piece).await {
                // All is there; the end waits until all is taken.
                Ok(0) => 0,
                Ok(_) => MAX_UNREAD_ANSWERS,
                Err(error) => {
                    tracing::error!(%error, "a content cannot be read to its end");
                    return End::Expelled(Bytes::new(), Closed::Unreadable);
                }
            };
            let ended = piece.is_empty();
            let slot = self.writer.reserve();
            self.writer.fill_content(&slot, piece.freeze());
            self.writer.flush();
            match self.taken(unread, content.patience).await {
                Some(end) => return end,
                None if ended => return End::Expelled(Bytes::new(), Closed::Sent),
                None => {}
            }
        }
    }

    /// Waits until no more than so many bytes are still to be taken, as long as some are taken now and then.
    async fn taken(&mut self, unread: usize, patience: Duration) -> Option<End> {
        loop {
            let written = self.writer.total_written();
            let is_time = tokio::select! {
                biased;
                () = self.writer.room_for_requests(0, unread) => false,
                _ = self.shutdown.wait_for(Option::is_some) => false,
                () = tokio::time::sleep(patience) => true,
            };
            if self.writer.was_closed() {
                return Some(End::Closing);
            }
            if let Some(reason) = *self.shutdown.borrow() {
                return Some(End::Reason(reason));
            }
            if self.writer.is_broken() {
                return Some(End::BrokeOff(Closed::Reset));
            }
            if !is_time {
                return None;
            }
            if self.writer.total_written() == written {
                return Some(End::Expelled(Bytes::new(), Closed::Unread));
            }
        }
    }
}
