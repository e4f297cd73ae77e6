//! What a connection's bytes travel over: a TCP socket, or any stream inside the process.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio_util::io::poll_read_buf;

use super::liveness::PeerTimeout;
use super::writer::Wire;

/// How much room a read is given at least.
const READ_BYTES: usize = 8 * 1024;

/// A connection before anything was read from it.
pub enum Transport {
    /// A socket, which any thread may write to.
    Tcp(TcpStream),
    /// A stream inside the process, such as one half of [`tokio::io::duplex`].
    Memory(
        Box<dyn AsyncRead + Send + Unpin>,
        Box<dyn AsyncWrite + Send + Unpin>,
    ),
}

/// The reading side.
pub(super) enum Reader {
    Tcp(OwnedReadHalf),
    Memory(Box<dyn AsyncRead + Send + Unpin>),
}

impl Transport {
    /// A transport over one stream inside the process.
    pub fn memory(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self::Memory(Box::new(reader), Box::new(writer))
    }

    /// The other side's address, if it has one.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(socket) => socket
                .peer_addr()
                .ok()
                .map(|address| address.ip().to_canonical()),
            Self::Memory(..) => None,
        }
    }

    /// Makes a socket ready to be served: what is written goes at once, and a peer that vanishes is noticed.
    pub(super) fn prepare(&self, timeout: PeerTimeout) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => {
                timeout.apply(socket)?;
                socket.set_nodelay(true)
            }
            Self::Memory(..) => Ok(()),
        }
    }

    pub(super) fn split(self) -> (Reader, Wire) {
        match self {
            Self::Tcp(socket) => {
                let (reader, writer) = socket.into_split();
                (Reader::Tcp(reader), Wire::Tcp(writer))
            }
            Self::Memory(reader, writer) => (Reader::Memory(reader), Wire::Stream(writer)),
        }
    }
}

impl Reader {
    /// Appends what comes next to `buffer`; 0 bytes: the stream has ended. An idle socket holds no buffer.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        let read = match self {
            Self::Tcp(socket) => {
                ready!(socket.as_ref().poll_read_ready(cx))?;
                buffer.reserve(READ_BYTES);
                // A read that does not fill the buffer tells the runtime that nothing is left: the next one waits at once.
                poll_read_buf(Pin::new(socket), cx, buffer)
            }
            Self::Memory(reader) => {
                buffer.reserve(READ_BYTES);
                poll_read_buf(Pin::new(reader), cx, buffer)
            }
        };
        if read.is_pending() {
            release(buffer);
        }
        read
    }

    /// The same, to be waited for.
    pub(super) async fn read(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        std::future::poll_fn(|cx| self.poll_read(cx, buffer)).await
    }
}

/// Gives an empty buffer's memory back.
pub(super) fn release(buffer: &mut BytesMut) {
    if buffer.is_empty() {
        *buffer = BytesMut::new();
    }
}
