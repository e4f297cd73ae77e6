//! The writing half of a connection, and what is ready to be written to it.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::task::{Context, Poll};
use std::time::Duration;

use super::chunk::Chunk;
use super::pacer::Pacer;
use crate::gateway::liveness::PeerTimeout;
use crate::gateway::wire::Wire;
use crate::hub::Waiting;

/// How many chunks one write takes together.
const MAX_PIECES: usize = 64;

/// See the module. Holds no memory while nothing is ready: a single chunk, the common case, lies in place.
pub(super) struct Socket {
    wire: Wire,
    first: Option<Chunk>,
    rest: VecDeque<Chunk>,
    /// Bytes of the first chunk that are already written.
    written: usize,
    /// The peer takes no more at the moment.
    pub(super) is_blocked: bool,
    /// Bytes written since the beginning.
    total: u64,
}

impl Socket {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            wire,
            first: None,
            rest: VecDeque::new(),
            written: 0,
            is_blocked: false,
            total: 0,
        }
    }

    /// For how long the peer's system has acknowledged nothing, if that is too long.
    pub(super) fn silence(&self, timeout: PeerTimeout) -> Option<Duration> {
        self.wire.silence(timeout)
    }

    /// Asks a peer that was silent for long, where the wire has a way to: whether there is something to be written for that.
    pub(super) fn look(&mut self) -> bool {
        match &mut self.wire {
            #[cfg(feature = "http")]
            Wire::WebSocket(wire) => {
                wire.look();
                wire.is_pending()
            }
            #[cfg(feature = "tls")]
            Wire::Tls(_) => false,
            Wire::Tcp(_) | Wire::Stream(_) => false,
        }
    }

    /// To be written behind what is ready.
    pub(super) fn queue(&mut self, chunk: Chunk) {
        match self.first {
            None => self.first = Some(chunk),
            Some(_) => self.rest.push_back(chunk),
        }
    }

    /// Whether all is written.
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none() && !self.wire.is_pending()
    }

    /// Whether what is ready cannot be said at all.
    pub(super) fn is_mute(&self) -> bool {
        self.wire.is_mute()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.wire.is_encrypted()
    }

    /// Bytes written since the beginning, before and after encryption: it moves while the peer's socket takes some.
    pub(super) fn total(&self) -> u64 {
        self.total + self.wire.encrypted()
    }

    pub(super) fn clear(&mut self) {
        (self.first, self.rest, self.written) = (None, VecDeque::new(), 0);
    }

    /// Drops what is ready, but for the frames that are begun.
    pub(super) fn drop_unbegun(&mut self, pacer: Option<&Pacer>) {
        self.rest = VecDeque::new();
        let Some(pacer) = pacer else {
            if self.written == 0 && !self.wire.is_inside_frame() {
                self.first = None;
            }
            return;
        };
        match &mut self.first {
            Some(begun) if pacer.left() > 0 => begun.bytes.truncate(self.written + pacer.left()),
            _ => self.clear(),
        }
    }

    /// Writes once, of events of which so much waits: everything that is ready as far as it is taken, or as much of one frame as the pacer lets, which is
    /// the business of the connection's own task. That brings a context, and is woken when the peer takes more.
    pub(super) fn write(
        &mut self,
        pacer: Option<&mut Pacer>,
        waiting: Waiting,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<io::Result<usize>> {
        self.wire.settle();
        let Some(first) = &self.first else {
            return self.wire.poll_flush(cx).map_ok(|()| 0);
        };
        let is_content = first.is_content();
        self.wire.expect_content(is_content);
        let bytes = &first.bytes[self.written..];
        match (pacer, cx) {
            (None, cx) if self.rest.is_empty() => self.wire.write(bytes, cx),
            (None, cx) => {
                let mut slices = [IoSlice::new(&[]); MAX_PIECES];
                slices[0] = IoSlice::new(bytes);
                let mut count = 1;
                let alike = self.rest.iter();
                let alike = alike.take_while(|chunk| chunk.is_content() == is_content);
                for (slice, chunk) in slices[1..].iter_mut().zip(alike) {
                    *slice = IoSlice::new(&chunk.bytes);
                    count += 1;
                }
                self.wire.write_vectored(&slices[..count], cx)
            }
            (Some(pacer), Some(cx)) => {
                if !pacer.poll_due(waiting, cx) {
                    return Poll::Pending;
                }
                let frame = &bytes[..pacer.allowance(bytes)];
                let written = self.wire.write(frame, Some(cx));
                if let Poll::Ready(Ok(count)) = &written {
                    pacer.wrote(*count);
                }
                written
            }
            (Some(_), None) => Poll::Pending,
        }
    }

    /// So many bytes were written: `taken` is told of each chunk how many of its bytes that were, and whether it is whole.
    pub(super) fn advance(&mut self, mut count: usize, mut taken: impl FnMut(&Chunk, usize, bool)) {
        self.total += count as u64;
        while let Some(first) = &self.first {
            let left = first.bytes.len() - self.written;
            let is_whole = count >= left;
            taken(first, count.min(left), is_whole);
            if !is_whole {
                self.written += count;
                return;
            }
            count -= left;
            self.written = 0;
            self.first = self.rest.pop_front();
            if self.rest.is_empty() && self.rest.capacity() > 0 {
                self.rest = VecDeque::new();
            }
        }
    }

    /// Says the wire's own farewell, where it has one.
    #[cfg_attr(not(feature = "http"), expect(unused_variables))]
    pub(super) fn poll_say_farewell(&mut self, code: u16, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.wire {
            #[cfg(feature = "http")]
            Wire::WebSocket(wire) => wire.poll_close(code, cx),
            #[cfg(feature = "tls")]
            Wire::Tls(_) => Poll::Ready(()),
            Wire::Tcp(_) | Wire::Stream(_) => Poll::Ready(()),
        }
    }

    /// Tells the peer that nothing more comes. What fails here is already closed.
    pub(super) fn poll_shut_down(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.wire.poll_shut_down(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn written(socket: &mut Socket) -> usize {
        let mut cx = Context::from_waker(Waker::noop());
        match socket.write(None, Waiting::default(), Some(&mut cx)) {
            Poll::Ready(Ok(count)) => count,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_write_takes_several_chunks_and_goes_on_where_it_ended() {
        let (near, far) = tokio::io::duplex(4);
        let mut socket = Socket::new(Wire::Stream(Box::new(near)));
        for text in ["ab", "cde", "f"] {
            socket.queue(Chunk::asked(text.into()));
        }
        let count = written(&mut socket);
        assert!(count <= 4, "{count}");
        let mut parts = Vec::new();
        socket.advance(4, |chunk, count, is_whole| {
            parts.push((chunk.bytes.clone(), count, is_whole));
        });
        assert_eq!(parts, [("ab".into(), 2, true), ("cde".into(), 2, false)]);
        socket.drop_unbegun(None);
        assert_eq!(socket.first.as_ref().unwrap().bytes, "cde");
        socket.advance(1, |_, _, is_whole| assert!(is_whole));
        assert_eq!((socket.is_empty(), socket.rest.capacity()), (true, 0));
        assert_eq!(socket.total, 5);
        drop(far);
    }
}
