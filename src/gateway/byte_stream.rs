//! A connection as a stream of bytes, for what is spoken by others than the connection driver.

use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::dialect::Messages;
use super::transport::{Read, Reader, Transport};
use super::wire::Wire;
use crate::model::EndReason;

/// Both sides of a connection, encrypted or not.
pub(crate) struct ByteStream {
    reader: Reader,
    wire: Wire,
    peer: Option<IpAddr>,
    listener: Option<Arc<str>>,
    /// What was read and not taken yet.
    held: BytesMut,
    /// Nothing comes any more.
    has_ended: bool,
}

impl ByteStream {
    pub(crate) fn new(transport: Transport) -> Self {
        let (peer, listener) = (transport.peer(), transport.listener().cloned());
        let (reader, wire) = transport.split(None, Messages::default());
        Self {
            reader,
            wire,
            peer,
            listener,
            held: BytesMut::new(),
            has_ended: false,
        }
    }

    /// The connection as one that speaks WebSocket from now on; `taken` was read last, and belongs to that already.
    pub(crate) fn into_web_socket(self, taken: Bytes) -> Transport {
        let mut received = BytesMut::from(taken);
        received.unsplit(self.held);
        let transport = Transport::opened(self.reader, self.wire, self.peer, self.listener);
        transport.with_web_socket(received)
    }

    /// Waits until the peer has said something, having shaken hands if need be. Whether it is to be heard: a stream that ended is.
    ///
    /// # Errors
    /// What comes is not served here.
    pub(crate) async fn open(&mut self) -> Result<(), EndReason> {
        let read = std::future::poll_fn(|cx| self.reader.poll_read(cx, &mut self.held)).await;
        self.has_ended = read == Read::Ended;
        match read {
            Read::Refused(reason) => Err(reason),
            Read::Bytes | Read::Message | Read::Ended | Read::Broken | Read::Violated => Ok(()),
        }
    }

    /// Whether what is said is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.wire.is_encrypted()
    }
}

impl AsyncRead for ByteStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.has_ended {
            return Poll::Ready(Ok(()));
        }
        let Self { reader, held, .. } = &mut *self;
        if held.is_empty() {
            match ready!(reader.poll_read(cx, held)) {
                Read::Bytes | Read::Message => {}
                Read::Ended => return Poll::Ready(Ok(())),
                Read::Broken => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                Read::Refused(_) | Read::Violated => {
                    return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
                }
            }
        }
        let count = held.len().min(into.remaining());
        into.put_slice(&held[..count]);
        held.advance(count);
        if held.is_empty() {
            // An idle connection holds no buffer.
            super::transport::release(held);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ByteStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.wire.settle();
        self.wire.write(bytes, Some(cx))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.wire.settle();
        self.wire.write_vectored(slices, Some(cx))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_flush(Some(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.poll_shut_down(cx).map(Ok)
    }
}
