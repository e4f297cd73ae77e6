//! A connection's bytes, without waiting.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
#[cfg(feature = "tls")]
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
#[cfg(feature = "tls")]
use rustls::{ClientConfig, ClientConnection, pki_types::ServerName};

/// A socket, and what it could not take yet.
pub(crate) struct Channel {
    socket: TcpStream,
    /// What is to be sent.
    pub(crate) out: BytesMut,
    is_open: bool,
    #[cfg(feature = "tls")]
    tls: Option<Box<ClientConnection>>,
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
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

    /// The same, through TLS.
    #[cfg(feature = "tls")]
    pub(crate) fn encrypted(
        self,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> io::Result<Self> {
        let mut tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        tls.set_buffer_limit(None);
        Ok(Self {
            tls: Some(Box::new(tls)),
            ..self
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
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            return read_through(tls, &mut self.socket, buffer);
        }
        later(self.socket.read(buffer))
    }

    /// Whether nothing is left where a read did not fill its buffer; else that is known by a read that finds nothing.
    pub(crate) fn is_emptied_by_a_read(&self) -> bool {
        #[cfg(feature = "tls")]
        let is_plain = self.tls.is_none();
        #[cfg(not(feature = "tls"))]
        let is_plain = true;
        is_plain
    }

    /// Writes what the socket takes of `out`.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if !self.is_open {
            return Ok(());
        }
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            tls.writer().write_all(&self.out)?;
            self.out.clear();
            while tls.wants_write() && later(tls.write_tls(&mut self.socket))?.is_some() {}
            return Ok(());
        }
        while !self.out.is_empty()
            && let Some(count) = later(self.socket.write(&self.out))?
        {
            self.out.advance(count);
        }
        Ok(())
    }
}

/// As [`Channel::read`]. Answers of the handshake go with the next flush.
#[cfg(feature = "tls")]
fn read_through(
    tls: &mut ClientConnection,
    socket: &mut TcpStream,
    buffer: &mut [u8],
) -> io::Result<Option<usize>> {
    loop {
        match later(tls.reader().read(buffer))? {
            Some(count) => return Ok(Some(count)),
            None => {
                let Some(count) = later(tls.read_tls(socket))? else {
                    return Ok(None);
                };
                tls.process_new_packets().map_err(io::Error::other)?;
                if count == 0 {
                    return Ok(Some(0));
                }
            }
        }
    }
}

/// `None` where it could only be done later.
fn later(done: io::Result<usize>) -> io::Result<Option<usize>> {
    match done {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(None)
        }
        done => done.map(Some),
    }
}
