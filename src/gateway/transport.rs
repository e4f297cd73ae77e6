//! What a connection's bytes travel over: a TCP socket, or any stream inside the process.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio_util::io::poll_read_buf;

use super::balancer::{self, NoHeader};
use super::liveness::PeerTimeout;
use super::opening::{Beginning, FirstBytes, Opening};
use super::writer::Wire;

/// How much room a read is given at least.
const READ_BYTES: usize = 8 * 1024;

/// A connection before anything was read from it.
pub struct Transport {
    stream: Stream,
    peer: Option<IpAddr>,
    opening: Opening,
}

enum Stream {
    /// A socket, which any thread may write to.
    Tcp(TcpStream),
    /// A stream inside the process.
    Memory(
        Box<dyn AsyncRead + Send + Unpin>,
        Box<dyn AsyncWrite + Send + Unpin>,
    ),
}

/// The side of a connection that is read from.
pub(super) struct Reader {
    source: Source,
    /// What the connection begins with, while that has something to tell.
    opening: Option<Box<FirstBytes>>,
}

enum Source {
    Tcp(OwnedReadHalf),
    Memory(Box<dyn AsyncRead + Send + Unpin>),
}

/// What became of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// Bytes came.
    Bytes,
    /// Nothing comes any more: the stream ended, or broke.
    Ended,
}

impl Transport {
    /// A transport over a connected socket.
    #[must_use]
    pub fn tcp(socket: TcpStream) -> Self {
        let peer = socket.peer_addr().ok();
        Self {
            peer: peer.map(|address| address.ip().to_canonical()),
            stream: Stream::Tcp(socket),
            opening: Opening::default(),
        }
    }

    /// A transport over one stream inside the process, such as one half of [`tokio::io::duplex`].
    pub fn memory(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            stream: Stream::Memory(Box::new(reader), Box::new(writer)),
            peer: None,
            opening: Opening::default(),
        }
    }

    /// The other side's address, if it has one.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Reads the header of a balancer's connection: the address in it is the other side's from now on.
    ///
    /// # Errors
    /// It has none, or none in time (0: there is no such time).
    pub(super) async fn read_header(&mut self, patience: Duration) -> Result<(), NoHeader> {
        let Stream::Tcp(socket) = &mut self.stream else {
            return Ok(());
        };
        let header = balancer::read_header(socket);
        let from = if patience.is_zero() {
            header.await
        } else {
            let in_time = tokio::time::timeout(patience, header).await;
            in_time.unwrap_or(Err(NoHeader::Late))
        };
        self.peer = from?.or(self.peer);
        Ok(())
    }

    /// What its first bytes may be beside a dialect's.
    pub(super) fn with_opening(self, opening: Opening) -> Self {
        Self { opening, ..self }
    }

    /// Makes a socket ready to be served: what is written goes at once, and a peer that vanishes is noticed.
    pub(super) fn prepare(&self, timeout: PeerTimeout) -> io::Result<()> {
        match &self.stream {
            Stream::Tcp(socket) => {
                timeout.apply(socket)?;
                socket.set_nodelay(true)
            }
            Stream::Memory(..) => Ok(()),
        }
    }

    pub(super) fn split(self) -> (Reader, Wire) {
        let opening = FirstBytes::new(self.opening, self.peer);
        match self.stream {
            Stream::Tcp(socket) => {
                let (reader, writer) = socket.into_split();
                let source = Source::Tcp(reader);
                (Reader { source, opening }, Wire::Tcp(writer))
            }
            Stream::Memory(reader, writer) => {
                let source = Source::Memory(reader);
                (Reader { source, opening }, Wire::Stream(writer))
            }
        }
    }
}

impl Reader {
    /// Appends what comes next to `buffer`. An idle socket holds no buffer.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut BytesMut) -> Poll<Read> {
        if let Some(first) = &mut self.opening {
            let read = loop {
                let read = ready!(self.source.poll_read(cx, &mut first.held));
                match first.beginning(read == Read::Ended) {
                    None => {}
                    Some(Beginning::Plain) => break read,
                    Some(Beginning::Header) => return Poll::Ready(Read::Ended),
                }
            };
            let held = std::mem::take(&mut first.held);
            self.opening = None;
            if read == Read::Bytes || !held.is_empty() {
                buffer.unsplit(held);
                return Poll::Ready(Read::Bytes);
            }
        }
        self.source.poll_read(cx, buffer)
    }

    /// Reads what still comes, so that closing the socket does not reset it before the peer has read the last words.
    pub(super) async fn discard(&mut self) {
        let mut buffer = BytesMut::new();
        while poll_fn(|cx| self.source.poll_read(cx, &mut buffer)).await == Read::Bytes {
            buffer.clear();
        }
    }
}

impl Source {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut BytesMut) -> Poll<Read> {
        let read = match self {
            Self::Tcp(socket) => poll_read_socket(socket, cx, buffer),
            Self::Memory(reader) => {
                buffer.reserve(READ_BYTES);
                poll_read_buf(Pin::new(reader), cx, buffer)
            }
        };
        if read.is_pending() {
            release(buffer);
        }
        read.map(|read| match read {
            Ok(0) | Err(_) => Read::Ended,
            Ok(_) => Read::Bytes,
        })
    }
}

fn poll_read_socket(
    socket: &mut OwnedReadHalf,
    cx: &mut Context<'_>,
    buffer: &mut BytesMut,
) -> Poll<io::Result<usize>> {
    ready!(socket.as_ref().poll_read_ready(cx))?;
    buffer.reserve(READ_BYTES);
    // A read that does not fill the buffer tells the runtime that nothing is left: the next one waits at once.
    poll_read_buf(Pin::new(socket), cx, buffer)
}

/// Gives an empty buffer's memory back.
pub(super) fn release(buffer: &mut BytesMut) {
    if buffer.is_empty() {
        *buffer = BytesMut::new();
    }
}
