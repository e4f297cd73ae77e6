//! One TLS session, driven by whoever reads or writes its socket.

use std::io::{self, BufRead, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use rustls::{ServerConfig, ServerConnection};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

use crate::gateway::dialect::FrameLength;
use crate::gateway::transport::or_wait;

/// How many bytes are encrypted before the socket has taken what they became: as many as a record holds.
const MAX_AHEAD: usize = 16 * 1024;

/// A session and what the socket has not taken of it, which is never more than [`MAX_AHEAD`] bytes encrypted, or a flight
/// of the handshake.
pub(super) struct Session {
    tls: ServerConnection,
    /// Nothing comes any more.
    is_ended: bool,
    /// The peer was told that nothing more comes.
    is_closed: bool,
    /// Bytes that the socket has taken.
    pub(super) sent: u64,
}

impl Session {
    pub(super) fn new(config: Arc<ServerConfig>) -> io::Result<Self> {
        let tls = ServerConnection::new(config).map_err(io::Error::other)?;
        Ok(Self {
            tls,
            is_ended: false,
            is_closed: false,
            sent: 0,
        })
    }

    /// Whether hands are shaken.
    pub(super) fn is_open(&self) -> bool {
        !self.tls.is_handshaking()
    }

    /// Whether the socket has still to take something.
    pub(super) fn is_pending(&self) -> bool {
        self.tls.wants_write()
    }

    /// Takes what was read from the socket before there was a session.
    pub(super) fn receive(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        // An empty read would stand for the end of the stream; what follows a farewell is not read.
        while !bytes.is_empty() && self.tls.read_tls(&mut bytes)? > 0 {
            self.process()?;
        }
        Ok(())
    }

    /// Reads once from the socket: how many encrypted bytes came; 0 is its end.
    pub(super) fn poll_receive(
        &mut self,
        socket: &mut OwnedReadHalf,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        ready!(socket.as_ref().poll_read_ready(cx))?;
        match self.tls.read_tls(&mut Encrypted { socket, cx }) {
            Ok(count) => {
                self.process()?;
                Poll::Ready(Ok(count))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn process(&mut self) -> io::Result<()> {
        let processed = self.tls.process_new_packets();
        processed.map(drop).map_err(|error| {
            self.is_ended = true;
            io::Error::new(io::ErrorKind::InvalidData, error)
        })
    }

    /// Appends what the peer said to `buffer`: how much; `None` where nothing comes any more. A peer that ends its stream
    /// without its farewell (`close_notify`) has ended it all the same.
    pub(super) fn take(&mut self, buffer: &mut BytesMut) -> Option<usize> {
        let before = buffer.len();
        let mut reader = self.tls.reader();
        while !self.is_ended {
            match reader.fill_buf() {
                Ok([]) => self.is_ended = true,
                Ok(bytes) => {
                    let count = bytes.len();
                    buffer.extend_from_slice(bytes);
                    reader.consume(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => self.is_ended = true,
            }
        }
        let taken = buffer.len() - before;
        (taken > 0 || !self.is_ended).then_some(taken)
    }

    /// Encrypts as much as fits ahead of the socket, once that has taken everything before, and has it take that: how many
    /// plain bytes. Where `length` is given, each frame is a record of its own.
    pub(super) fn poll_write(
        &mut self,
        socket: &TcpStream,
        slices: &[IoSlice<'_>],
        length: Option<FrameLength>,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(socket, cx))?;
        let taken = match length {
            None => self.encrypt(slices)?,
            Some(length) => self.encrypt_frames(slices, length)?,
        };
        // What is not taken now is flushed before anything else is encrypted.
        match self.poll_flush(socket, None) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    fn encrypt(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut left = MAX_AHEAD;
        let mut parts = Vec::with_capacity(slices.len());
        for slice in slices {
            let part = &slice[..slice.len().min(left)];
            left -= part.len();
            parts.push(IoSlice::new(part));
            if left == 0 {
                break;
            }
        }
        self.tls.writer().write_vectored(&parts)
    }

    fn encrypt_frames(&mut self, slices: &[IoSlice<'_>], length: FrameLength) -> io::Result<usize> {
        let mut taken = 0;
        for slice in slices {
            let mut rest = &slice[..];
            while !rest.is_empty() {
                let frame = length(rest).clamp(1, rest.len()).min(MAX_AHEAD);
                if taken + frame > MAX_AHEAD {
                    return Ok(taken);
                }
                let count = self.tls.writer().write(&rest[..frame])?;
                taken += count;
                if count < frame {
                    return Ok(taken);
                }
                rest = &rest[count..];
            }
        }
        Ok(taken)
    }

    /// Has the socket take what is encrypted. A context is woken when it takes more.
    pub(super) fn poll_flush(
        &mut self,
        socket: &TcpStream,
        mut cx: Option<&mut Context<'_>>,
    ) -> Poll<io::Result<()>> {
        while self.tls.wants_write() {
            let tried = self.tls.write_tls(&mut Taking(socket));
            let count = ready!(or_wait(socket, tried, cx.as_deref_mut()))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += count as u64;
        }
        Poll::Ready(Ok(()))
    }

    /// Tells the peer that nothing more comes.
    pub(super) fn close(&mut self) {
        if self.is_open() && !self.is_closed {
            self.tls.send_close_notify();
        }
        self.is_closed = true;
    }
}

/// A socket to read from where it has something.
struct Encrypted<'a, 'b> {
    socket: &'a mut OwnedReadHalf,
    cx: &'a mut Context<'b>,
}

impl Read for Encrypted<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        match Pin::new(&mut *self.socket).poll_read(self.cx, &mut buffer) {
            Poll::Ready(read) => read.map(|()| buffer.filled().len()),
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

/// A socket to write to as much as it takes.
struct Taking<'a>(&'a TcpStream);

impl Write for Taking<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
