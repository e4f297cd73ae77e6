//! A connection's bytes, without waiting.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use bytes::{Buf, BytesMut};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// A socket, and what it could not take yet.
pub(crate) struct Channel {
    socket: TcpStream,
    pub(crate) out: BytesMut,
    is_open: bool,
}

impl Channel {
    /// Begins to connect; the events have this token.
    pub(crate) fn connect(
        address: SocketAddr,
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let mut socket = TcpStream::connect(address)?;
        registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self {
            socket,
            out: BytesMut::new(),
            is_open: false,
        })
    }

    /// Whether the connection stands, now that the socket can be written to, for the first time.
    pub(crate) fn opens(&mut self) -> io::Result<bool> {
        if self.is_open {
            return Ok(false);
        }
        if let Some(error) = self.socket.take_error()? {
            return Err(error);
        }
        match self.socket.peer_addr() {
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
            Ok(_) => {
                self.socket.set_nodelay(true)?;
                self.is_open = true;
                Ok(true)
            }
        }
    }

    /// Reads what is there; `None` where nothing is, 0 where the server closed.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.socket.read(buffer) {
                Ok(count) => return Ok(Some(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes what the socket takes of `out`.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while self.is_open && !self.out.is_empty() {
            match self.socket.write(&self.out) {
                Ok(count) => self.out.advance(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
