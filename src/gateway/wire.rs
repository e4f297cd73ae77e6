//! What a connection's bytes are written to: a socket, encrypted or not, or any stream inside the process, with WebSocket on top or
//! without.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::net::tcp::OwnedWriteHalf;

use super::liveness::PeerTimeout;
#[cfg(feature = "tls")]
use super::tls::TlsWire;
use super::transport::or_wait;
#[cfg(feature = "http")]
use super::web_socket::WebSocketWire;

/// Where a connection's bytes are written to.
pub(super) enum Wire {
    /// A socket, which anybody can write to.
    Tcp(OwnedWriteHalf),
    /// A socket that may be encrypted.
    #[cfg(feature = "tls")]
    Tls(TlsWire),
    /// Any other stream, which only the connection's own task writes to.
    Stream(Box<dyn AsyncWrite + Send + Unpin>),
    /// Any of these that speaks WebSocket.
    #[cfg(feature = "http")]
    WebSocket(Box<WebSocketWire>),
}

impl Wire {
    /// A socket that is known to be plain is as any other from now on.
    pub(super) fn settle(&mut self) {
        #[cfg(feature = "tls")]
        if matches!(self, Self::Tls(wire) if wire.is_plain()) {
            // Allocates nothing.
            let none = Self::Stream(Box::new(tokio::io::sink()));
            if let Self::Tls(wire) = std::mem::replace(self, none) {
                *self = Self::Tcp(wire.socket);
            }
        }
        #[cfg(feature = "http")]
        if let Self::WebSocket(wire) = self {
            wire.wire.settle();
        }
    }

    /// For how long the peer has given no sign of life, if that is too long.
    pub(super) fn silence(&self, timeout: PeerTimeout) -> Option<Duration> {
        match self {
            Self::Tcp(socket) => timeout.exceeded(socket.as_ref()),
            #[cfg(feature = "tls")]
            Self::Tls(wire) => timeout.exceeded(wire.socket.as_ref()),
            Self::Stream(_) => None,
            #[cfg(feature = "http")]
            Self::WebSocket(wire) => wire.silence().or_else(|| wire.wire.silence(timeout)),
        }
    }

    pub(super) fn is_mute(&self) -> bool {
        match self {
            #[cfg(feature = "tls")]
            Self::Tls(wire) => wire.is_mute(),
            Self::Tcp(_) | Self::Stream(_) => false,
            #[cfg(feature = "http")]
            Self::WebSocket(wire) => wire.wire.is_mute(),
        }
    }

    pub(super) fn is_encrypted(&self) -> bool {
        match self {
            #[cfg(feature = "tls")]
            Self::Tls(wire) => wire.is_encrypted(),
            Self::Tcp(_) | Self::Stream(_) => false,
            #[cfg(feature = "http")]
            Self::WebSocket(wire) => wire.wire.is_encrypted(),
        }
    }

    /// Encrypted bytes that were written since the beginning.
    pub(super) fn encrypted(&self) -> u64 {
        match self {
            #[cfg(feature = "tls")]
            Self::Tls(wire) => wire.sent(),
            Self::Tcp(_) | Self::Stream(_) => 0,
            #[cfg(feature = "http")]
            Self::WebSocket(wire) => wire.wire.encrypted(),
        }
    }

    /// Whether the peer has got a part of a frame of the wire's own that holds what is written next.
    pub(super) fn is_inside_frame(&self) -> bool {
        match self {
            #[cfg(feature = "http")]
            Self::WebSocket(wire) => wire.is_inside_frame(),
            #[cfg(feature = "tls")]
            Self::Tls(_) => false,
            Self::Tcp(_) | Self::Stream(_) => false,
        }
    }

    /// Whether what is written next is part of a content, or frames.
    #[cfg_attr(not(feature = "http"), expect(unused_variables))]
    pub(super) fn expect_content(&mut self, is_content: bool) {
        #[cfg(feature = "http")]
        if let Self::WebSocket(wire) = self {
            wire.is_content = is_content;
        }
    }

    /// Whether something was taken and is not written.
    pub(super) fn is_pending(&self) -> bool {
        match self {
            #[cfg(feature = "tls")]
            Self::Tls(wire) => wire.is_pending(),
            Self::Tcp(_) | Self::Stream(_) => false,
            #[cfg(feature = "http")]
            Self::WebSocket(wire) => wire.is_pending(),
        }
    }

    #[cfg_attr(not(any(feature = "tls", feature = "http")), expect(unused_variables))]
    pub(super) fn poll_flush(&mut self, cx: Option<&mut Context<'_>>) -> Poll<io::Result<()>> {
        match self {
            #[cfg(feature = "tls")]
            Self::Tls(wire) => wire.poll_flush(cx),
            Self::Tcp(_) | Self::Stream(_) => Poll::Ready(Ok(())),
            #[cfg(feature = "http")]
            Self::WebSocket(wire) => wire.poll_flush(cx),
        }
    }

    /// Tells the peer that nothing more comes. What fails here is already closed.
    pub(super) fn poll_shut_down(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Tcp(socket) => Pin::new(socket).poll_shutdown(cx).map(drop),
            #[cfg(feature = "tls")]
            Self::Tls(wire) => wire.poll_shut_down(cx),
            Self::Stream(stream) => Pin::new(stream).poll_shutdown(cx).map(drop),
            #[cfg(feature = "http")]
            Self::WebSocket(wire) => wire.wire.poll_shut_down(cx),
        }
    }

    pub(super) fn write(
        &mut self,
        bytes: &[u8],
        cx: Option<&mut Context<'_>>,
    ) -> Poll<io::Result<usize>> {
        match (self, cx) {
            (Self::Tcp(socket), cx) => or_wait(socket.as_ref(), socket.try_write(bytes), cx),
            #[cfg(feature = "tls")]
            (Self::Tls(wire), cx) => wire.poll_write(&[IoSlice::new(bytes)], cx),
            #[cfg(feature = "http")]
            (Self::WebSocket(wire), cx) => wire.poll_write(&[IoSlice::new(bytes)], cx),
            (Self::Stream(stream), Some(cx)) => Pin::new(stream).poll_write(cx, bytes),
            (Self::Stream(_), None) => Poll::Pending,
        }
    }

    pub(super) fn write_vectored(
        &mut self,
        slices: &[IoSlice<'_>],
        cx: Option<&mut Context<'_>>,
    ) -> Poll<io::Result<usize>> {
        match (self, cx) {
            (Self::Tcp(socket), cx) => {
                or_wait(socket.as_ref(), socket.try_write_vectored(slices), cx)
            }
            #[cfg(feature = "tls")]
            (Self::Tls(wire), cx) => wire.poll_write(slices, cx),
            #[cfg(feature = "http")]
            (Self::WebSocket(wire), cx) => wire.poll_write(slices, cx),
            (Self::Stream(stream), Some(cx)) => Pin::new(stream).poll_write_vectored(cx, slices),
            (Self::Stream(_), None) => Poll::Pending,
        }
    }
}
