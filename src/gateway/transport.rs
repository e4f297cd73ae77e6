//! What a connection's bytes travel over: a TCP socket, or any stream inside the process.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio_util::io::poll_read_buf;

use super::balancer::{self, NoHeader};
use super::dialect::{FrameLength, Messages};
use super::liveness::PeerTimeout;
use super::opening::{Beginning, FirstBytes, Opening};
#[cfg(feature = "tls")]
use super::tls::{Channel, TlsReader};
#[cfg(feature = "http")]
use super::web_socket::{self, WebSocketReader};
use super::wire::Wire;
use crate::model::EndReason;

/// How much room a read is given at least.
const READ_BYTES: usize = 8 * 1024;
/// A longer buffer is not kept for others.
const MAX_SPARE_BYTES: usize = 8 * READ_BYTES;

/// A connection before anything was read from it.
pub struct Transport {
    stream: Stream,
    peer: Option<IpAddr>,
    opening: Opening,
    /// It speaks WebSocket from now on, and this came already.
    #[cfg(feature = "http")]
    web_socket: Option<BytesMut>,
}

enum Stream {
    /// A socket, which any thread may write to.
    Tcp(TcpStream),
    /// A stream inside the process.
    Memory(
        Box<dyn AsyncRead + Send + Unpin>,
        Box<dyn AsyncWrite + Send + Unpin>,
    ),
    /// A connection on which something else was spoken before.
    #[cfg(feature = "http")]
    Opened(Box<(Reader, Wire)>),
}

/// A [`Transport`] on its way from one runtime to another.
pub(super) struct Moving {
    socket: std::net::TcpStream,
    peer: Option<IpAddr>,
    opening: Opening,
}

/// The side of a connection that is read from.
pub(super) struct Reader {
    source: Source,
    /// What the connection begins with, while that has something to tell.
    opening: Option<Box<FirstBytes>>,
}

pub(super) enum Source {
    Tcp(OwnedReadHalf),
    #[cfg(feature = "tls")]
    Tls(TlsReader),
    Memory(Box<dyn AsyncRead + Send + Unpin>),
    #[cfg(feature = "http")]
    WebSocket(Box<WebSocketReader>),
}

/// What became of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// Bytes came; they stand at the buffer's end.
    Bytes,
    /// As many of them, perhaps none, and there a message ended.
    Message,
    /// Nothing comes any more: the stream ended.
    Ended,
    /// Nothing comes any more: the stream broke.
    Broken,
    /// Nothing is read any more: the client broke the rules of the wire.
    #[cfg(feature = "http")]
    Violated,
    /// What comes is not served here.
    Refused(EndReason),
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
            #[cfg(feature = "http")]
            web_socket: None,
        }
    }

    /// A transport over one stream inside the process, such as one half of [`tokio::io::duplex`].
    pub fn memory(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            stream: Stream::Memory(Box::new(reader), Box::new(writer)),
            peer: None,
            opening: Opening::default(),
            #[cfg(feature = "http")]
            web_socket: None,
        }
    }

    /// A transport over a connection on which something else was spoken before.
    #[cfg(feature = "http")]
    pub(super) fn opened(
        reader: Reader,
        wire: Wire,
        peer: Option<IpAddr>,
        listener: Option<Arc<str>>,
    ) -> Self {
        Self {
            stream: Stream::Opened(Box::new((reader, wire))),
            peer,
            opening: Opening {
                listener,
                ..Opening::default()
            },
            web_socket: None,
        }
    }

    /// The other side's address, if it has one.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// The listener that it came by, if by one.
    pub(super) fn listener(&self) -> Option<&Arc<str>> {
        self.opening.listener.as_ref()
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
            #[cfg(feature = "http")]
            Stream::Opened(_) => Ok(()),
        }
    }

    /// Whether it is a socket, which any runtime can serve.
    pub(super) fn is_socket(&self) -> bool {
        matches!(self.stream, Stream::Tcp(_))
    }

    /// Takes a socket from this runtime, so that another one can serve it.
    pub(super) fn leave_runtime(self) -> io::Result<Moving> {
        match self.stream {
            Stream::Tcp(socket) => Ok(Moving {
                socket: socket.into_std()?,
                peer: self.peer,
                opening: self.opening,
            }),
            Stream::Memory(..) => Err(io::ErrorKind::Unsupported.into()),
            #[cfg(feature = "http")]
            Stream::Opened(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Speaks WebSocket from now on, after the handshake; `received` came behind that.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn with_web_socket(self, received: BytesMut) -> Self {
        let web_socket = Some(received);
        Self { web_socket, ..self }
    }

    /// Both sides; `frame_length` and `messages` are those of [`Dialect`](super::Dialect).
    #[cfg_attr(not(feature = "http"), expect(unused_mut, unused_variables))]
    pub(super) fn split(
        mut self,
        frame_length: Option<FrameLength>,
        messages: Messages,
    ) -> (Reader, Wire) {
        #[cfg(feature = "http")]
        if let Some(received) = self.web_socket.take() {
            let (reader, wire) = self.halves(None);
            let (source, wire) = web_socket::halves(reader.source, wire, received, messages);
            let source = Source::WebSocket(Box::new(source));
            let opening = reader.opening;
            return (Reader { source, opening }, Wire::WebSocket(Box::new(wire)));
        }
        self.halves(frame_length)
    }

    #[cfg_attr(not(feature = "tls"), expect(unused_variables))]
    fn halves(self, frame_length: Option<FrameLength>) -> (Reader, Wire) {
        #[cfg(feature = "tls")]
        let policy = self.opening.tls.clone();
        let opening = FirstBytes::new(self.opening, self.peer);
        match self.stream {
            #[cfg(feature = "tls")]
            Stream::Tcp(socket) if let Some(policy) = policy => {
                let (reader, wire) = Channel::halves(socket, policy, frame_length);
                let source = Source::Tls(reader);
                (Reader { source, opening }, Wire::Tls(wire))
            }
            Stream::Tcp(socket) => {
                let (reader, writer) = socket.into_split();
                let source = Source::Tcp(reader);
                (Reader { source, opening }, Wire::Tcp(writer))
            }
            Stream::Memory(reader, writer) => {
                let source = Source::Memory(reader);
                (Reader { source, opening }, Wire::Stream(writer))
            }
            #[cfg(feature = "http")]
            Stream::Opened(halves) => *halves,
        }
    }
}

impl Moving {
    /// Has this runtime serve it from now on.
    pub(super) fn enter_runtime(self) -> io::Result<Transport> {
        Ok(Transport {
            stream: Stream::Tcp(TcpStream::from_std(self.socket)?),
            peer: self.peer,
            opening: self.opening,
            #[cfg(feature = "http")]
            web_socket: None,
        })
    }
}

impl Reader {
    /// Appends what comes next to `buffer`. An idle socket holds no buffer.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut BytesMut) -> Poll<Read> {
        if let Some(first) = &mut self.opening {
            loop {
                let read = ready!(self.source.poll_read(cx, &mut first.held));
                match first.beginning(read != Read::Bytes) {
                    None => {}
                    Some(Beginning::Plain) => break,
                    Some(Beginning::Header) => return Poll::Ready(Read::Ended),
                    #[cfg(feature = "tls")]
                    Some(Beginning::Hello) => {
                        let (hello, peer) = (std::mem::take(&mut first.held), first.peer);
                        self.source.speak_tls(hello, peer);
                        self.opening = None;
                        return self.source.poll_read(cx, buffer);
                    }
                }
            }
            let held = std::mem::take(&mut first.held);
            self.opening = None;
            if !held.is_empty() {
                if !self.source.speak_plain() {
                    return Poll::Ready(Read::Refused(EndReason::TlsRequired));
                }
                buffer.unsplit(held);
                return Poll::Ready(Read::Bytes);
            }
        }
        self.source.poll_read(cx, buffer)
    }

    /// Waits until the first bytes say what is spoken; what is said meanwhile is lost.
    pub(super) async fn begin(&mut self) {
        let mut buffer = BytesMut::new();
        poll_fn(|cx| {
            if self.opening.is_none() || self.poll_read(cx, &mut buffer).is_ready() {
                return Poll::Ready(());
            }
            match self.opening {
                Some(_) => Poll::Pending,
                None => Poll::Ready(()),
            }
        })
        .await;
    }

    /// Waits until it is known what is spoken, and hands are shaken if need be; what is said meanwhile is lost.
    pub(super) async fn open(&mut self) {
        let mut buffer = BytesMut::new();
        poll_fn(|cx| {
            if self.is_open() || self.poll_read(cx, &mut buffer).is_ready() || self.is_open() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    fn is_open(&self) -> bool {
        match &self.source {
            #[cfg(feature = "tls")]
            Source::Tls(reader) => reader.is_open(),
            Source::Tcp(_) | Source::Memory(_) => true,
            #[cfg(feature = "http")]
            Source::WebSocket(_) => true,
        }
    }

    /// Bytes that came beside what was read since this was last asked.
    pub(super) fn take_overhead(&mut self) -> usize {
        match &mut self.source {
            #[cfg(feature = "http")]
            Source::WebSocket(reader) => reader.take_overhead(),
            #[cfg(feature = "tls")]
            Source::Tls(_) => 0,
            Source::Tcp(_) | Source::Memory(_) => 0,
        }
    }

    /// Reads on until the peer has said farewell, where the wire has farewells.
    pub(super) async fn until_farewell(&mut self) {
        #[cfg(feature = "http")]
        if let Source::WebSocket(reader) = &mut self.source {
            let mut buffer = BytesMut::new();
            while let Read::Bytes | Read::Message =
                poll_fn(|cx| reader.poll_read(cx, &mut buffer)).await
            {
                buffer.clear();
            }
        }
    }

    /// Reads what still comes, so that closing the socket does not reset it before the peer has read the last words.
    pub(super) async fn discard(&mut self) {
        let mut buffer = BytesMut::new();
        while poll_fn(|cx| self.source.poll_read_raw(cx, &mut buffer)).await == Read::Bytes {
            buffer.clear();
        }
    }
}

impl Source {
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut BytesMut) -> Poll<Read> {
        match self {
            #[cfg(feature = "tls")]
            Self::Tls(reader) => outcome(reader.poll_read(cx, buffer), buffer),
            #[cfg(feature = "http")]
            Self::WebSocket(reader) => reader.poll_read(cx, buffer),
            Self::Tcp(_) | Self::Memory(_) => self.poll_read_raw(cx, buffer),
        }
    }

    /// The bytes as they come, encrypted or not.
    fn poll_read_raw(&mut self, cx: &mut Context<'_>, buffer: &mut BytesMut) -> Poll<Read> {
        let read = match self {
            Self::Tcp(socket) => poll_read_socket(socket, cx, buffer),
            #[cfg(feature = "tls")]
            Self::Tls(reader) => poll_read_socket(&mut reader.socket, cx, buffer),
            #[cfg(feature = "http")]
            Self::WebSocket(reader) => return reader.source.poll_read_raw(cx, buffer),
            Self::Memory(reader) => {
                buffer.reserve(READ_BYTES);
                poll_read_buf(Pin::new(reader), cx, buffer)
            }
        };
        outcome(read, buffer)
    }

    /// The first bytes are plain: whether that is served. The socket is as any other from now on.
    fn speak_plain(&mut self) -> bool {
        // Allocates nothing.
        let none = Self::Memory(Box::new(tokio::io::empty()));
        let (source, is_served) = match std::mem::replace(self, none) {
            #[cfg(feature = "tls")]
            Self::Tls(reader) => {
                let (socket, is_served) = reader.speak_plain();
                (Self::Tcp(socket), is_served)
            }
            plain @ (Self::Tcp(_) | Self::Memory(_)) => (plain, true),
            #[cfg(feature = "http")]
            open @ Self::WebSocket(_) => (open, true),
        };
        *self = source;
        is_served
    }

    #[cfg(feature = "tls")]
    fn speak_tls(&mut self, hello: BytesMut, peer: Option<IpAddr>) {
        match self {
            Self::Tls(reader) => reader.speak_tls(hello, peer),
            Self::Tcp(_) | Self::Memory(_) => {}
            #[cfg(feature = "http")]
            Self::WebSocket(_) => {}
        }
    }
}

fn outcome(read: Poll<io::Result<usize>>, buffer: &mut BytesMut) -> Poll<Read> {
    if read.is_pending() {
        release(buffer);
    }
    read.map(|read| match read {
        Ok(0) => Read::Ended,
        Ok(_) => Read::Bytes,
        Err(_) => Read::Broken,
    })
}

pub(super) fn poll_read_socket(
    socket: &mut OwnedReadHalf,
    cx: &mut Context<'_>,
    buffer: &mut BytesMut,
) -> Poll<io::Result<usize>> {
    ready!(socket.as_ref().poll_read_ready(cx))?;
    fresh(buffer);
    buffer.reserve(READ_BYTES);
    // A read that does not fill the buffer tells the runtime that nothing is left: the next one waits at once.
    poll_read_buf(Pin::new(socket), cx, buffer)
}

/// Where the socket would block, asks to be woken, if there is somebody to wake.
pub(super) fn or_wait(
    socket: &TcpStream,
    tried: io::Result<usize>,
    cx: Option<&mut Context<'_>>,
) -> Poll<io::Result<usize>> {
    let (Err(error), cx) = (&tried, cx) else {
        return Poll::Ready(tried);
    };
    if error.kind() != io::ErrorKind::WouldBlock {
        return Poll::Ready(tried);
    }
    let Some(cx) = cx else { return Poll::Pending };
    match socket.poll_write_ready(cx) {
        Poll::Pending => Poll::Pending,
        Poll::Ready(Ok(())) => {
            // Ready again since the try: come back at once.
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
    }
}

thread_local! {
    /// The memory of the last buffer that all was taken from: what comes in next on this thread is read into it, or what goes out encrypted.
    static SPARE: Cell<Option<BytesMut>> = const { Cell::new(None) };
}

/// Gives a buffer that has no memory what another one of this thread left.
pub(super) fn fresh(buffer: &mut BytesMut) {
    if buffer.capacity() == 0 {
        *buffer = SPARE.take().unwrap_or_default();
    }
}

/// Gives an empty buffer's memory back.
pub(super) fn release(buffer: &mut BytesMut) {
    if buffer.is_empty() {
        let mut spare = std::mem::take(buffer);
        if spare.try_reclaim(READ_BYTES) && !spare.try_reclaim(MAX_SPARE_BYTES + 1) {
            SPARE.set(Some(spare));
        }
    }
}
