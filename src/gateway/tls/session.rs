//! One TLS session, driven by whoever reads or writes its socket.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

use crate::gateway::dialect::FrameLength;
use crate::gateway::transport::{fresh, or_wait, poll_read_socket, release};

/// How many bytes are encrypted before the socket has taken what they became: as many as a record holds.
const MAX_AHEAD: usize = 16 * 1024;

/// A session and what the socket has not taken of it, which is never more than [`MAX_AHEAD`] bytes encrypted, or a flight
/// of the handshake. While nothing is under way it holds no buffer.
pub(super) struct Session {
    tls: UnbufferedServerConnection,
    /// Encrypted bytes of what is not whole yet.
    received: BytesMut,
    /// What the peer said.
    said: BytesMut,
    /// Encrypted bytes that the socket has not taken.
    sealed: BytesMut,
    /// Nothing comes any more.
    is_ended: bool,
    /// Its rules were broken: it goes no further.
    is_broken: bool,
    /// The peer was told that nothing more comes.
    is_closed: bool,
    /// Bytes that the socket has taken.
    pub(super) sent: u64,
}

/// What the peer is told once that is possible.
#[derive(Clone, Copy)]
enum Say<'a> {
    Nothing,
    Plain(&'a [u8]),
    Farewell,
}

impl Session {
    pub(super) fn new(config: Arc<ServerConfig>) -> io::Result<Self> {
        Ok(Self {
            tls: UnbufferedServerConnection::new(config).map_err(io::Error::other)?,
            received: BytesMut::new(),
            said: BytesMut::new(),
            sealed: BytesMut::new(),
            is_ended: false,
            is_broken: false,
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
        !self.sealed.is_empty()
    }

    /// Takes what was read from the socket before there was a session.
    pub(super) fn receive(&mut self, bytes: BytesMut) -> io::Result<()> {
        self.received.unsplit(bytes);
        self.process()
    }

    /// Reads once from the socket: how many encrypted bytes came; 0 is its end.
    pub(super) fn poll_receive(
        &mut self,
        socket: &mut OwnedReadHalf,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let read = poll_read_socket(socket, cx, &mut self.received);
        let processed = match read {
            Poll::Ready(Ok(0)) => {
                self.is_ended = true;
                Ok(())
            }
            Poll::Ready(Ok(_)) => self.process(),
            Poll::Ready(Err(_)) | Poll::Pending => Ok(()),
        };
        release(&mut self.received);
        processed?;
        read
    }

    /// Has the session go on with what was received. Where that breaks its rules, the peer is told so.
    fn process(&mut self) -> io::Result<()> {
        let processed = self.go_on(Say::Nothing);
        if processed.is_err() {
            (self.is_ended, self.is_broken) = (true, true);
            while self.tls.wants_write() && self.step(Say::Nothing)? {}
        }
        processed
    }

    /// Goes on until the peer is to say something, and encrypts what it is told before.
    fn go_on(&mut self, say: Say<'_>) -> io::Result<()> {
        if self.is_broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        while self.step(say)? {}
        Ok(())
    }

    /// One step of that: whether there is another.
    fn step(&mut self, say: Say<'_>) -> io::Result<bool> {
        let status = self.tls.process_tls_records(&mut self.received);
        let mut done = status.discard;
        let sealed = &mut self.sealed;
        let goes_on = match status.state.map_err(invalid)? {
            ConnectionState::ReadTraffic(mut traffic) => {
                while let Some(record) = traffic.next_record() {
                    let record = record.map_err(invalid)?;
                    self.said.extend_from_slice(record.payload);
                    done += record.discard;
                }
                true
            }
            ConnectionState::EncodeTlsData(mut own) => {
                seal(sealed, |room| match own.encode(room) {
                    Err(EncodeError::InsufficientSize(more)) => Ok(Err(more.required_size)),
                    encoded => encoded.map(Ok).map_err(io::Error::other),
                })?;
                true
            }
            ConnectionState::TransmitTlsData(own) => {
                own.done();
                true
            }
            ConnectionState::PeerClosed => {
                self.is_ended = true;
                true
            }
            ConnectionState::WriteTraffic(mut traffic) => {
                let mut write = |room: &mut [u8]| match say {
                    Say::Nothing => Ok(0),
                    Say::Plain(plain) => traffic.encrypt(plain, room),
                    Say::Farewell => traffic.queue_close_notify(room),
                };
                seal(sealed, |room| match write(room) {
                    Err(EncryptError::InsufficientSize(more)) => Ok(Err(more.required_size)),
                    encrypted => encrypted.map(Ok).map_err(io::Error::other),
                })?;
                false
            }
            ConnectionState::BlockedHandshake | ConnectionState::Closed => false,
            // Early data are not taken, nor is what a newer library may have.
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        self.received.advance(done);
        Ok(goes_on)
    }

    /// Appends what the peer said to `buffer`: how much; `None` where nothing comes any more. A peer that ends its stream
    /// without its farewell (`close_notify`) has ended it all the same.
    pub(super) fn take(&mut self, buffer: &mut BytesMut) -> Option<usize> {
        let taken = self.said.len();
        buffer.unsplit(std::mem::take(&mut self.said));
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
        let mut joined = Vec::new();
        let plain = match slices {
            [slice] => &slice[..slice.len().min(MAX_AHEAD)],
            several => {
                for slice in several {
                    let room = MAX_AHEAD - joined.len();
                    joined.extend_from_slice(&slice[..slice.len().min(room)]);
                }
                &joined
            }
        };
        self.go_on(Say::Plain(plain))?;
        Ok(plain.len())
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
                self.go_on(Say::Plain(&rest[..frame]))?;
                taken += frame;
                rest = &rest[frame..];
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
        while self.is_pending() {
            let tried = socket.try_write(&self.sealed);
            let count = ready!(or_wait(socket, tried, cx.as_deref_mut()))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sealed.advance(count);
            self.sent += count as u64;
            release(&mut self.sealed);
        }
        Poll::Ready(Ok(()))
    }

    /// Tells the peer that nothing more comes.
    pub(super) fn close(&mut self) -> io::Result<()> {
        if self.is_closed || !self.is_open() {
            return Ok(());
        }
        self.is_closed = true;
        self.go_on(Say::Farewell)
    }
}

/// Appends what `write` writes, which says how much that was, or how much room it needs.
fn seal(
    sealed: &mut BytesMut,
    mut write: impl FnMut(&mut [u8]) -> io::Result<Result<usize, usize>>,
) -> io::Result<()> {
    let before = sealed.len();
    loop {
        match write(&mut sealed[before..])? {
            Ok(count) => {
                sealed.truncate(before + count);
                return Ok(());
            }
            Err(room) => {
                fresh(sealed);
                sealed.resize(before + room, 0);
            }
        }
    }
}

fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, RootCertStore};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsConnector;

    use super::*;
    use crate::gateway::tls::self_signed::made_before;
    use crate::gateway::tls::{Certificate, ClientCertificates};

    async fn heard(session: &mut Session, socket: &mut OwnedReadHalf) -> Option<BytesMut> {
        let mut buffer = BytesMut::new();
        loop {
            match session.take(&mut buffer) {
                None => return None,
                Some(0) => {}
                Some(_) => return Some(buffer),
            }
            poll_fn(|cx| session.poll_receive(socket, cx))
                .await
                .unwrap();
            poll_fn(|cx| session.poll_flush(socket.as_ref(), Some(cx)))
                .await
                .unwrap();
        }
    }

    #[tokio::test]
    async fn an_idle_session_holds_no_buffer() {
        let directory = tempfile::tempdir().unwrap();
        let certificate = Certificate::self_signed(directory.path()).unwrap();
        let config = certificate.server_config(&ClientCertificates::Off).unwrap();
        let mut session = Session::new(Arc::new(config)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = tokio::spawn(async move {
            let mut roots = RootCertStore::empty();
            let [made, _] = made_before(directory.path()).unwrap().unwrap();
            for certificate in CertificateDer::pem_file_iter(made).unwrap() {
                roots.add(certificate.unwrap()).unwrap();
            }
            let config = ClientConfig::builder()
                .with_root_certificates(roots)
                .with_no_client_auth();
            let socket = TcpStream::connect(address).await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let mut client = TlsConnector::from(Arc::new(config))
                .connect(name, socket)
                .await
                .unwrap();
            client.write_all(b"ping").await.unwrap();
            let mut answer = [0; 4];
            client.read_exact(&mut answer).await.unwrap();
            client.shutdown().await.unwrap();
            answer
        });
        let (mut socket, writer) = listener.accept().await.unwrap().0.into_split();
        assert_eq!(heard(&mut session, &mut socket).await.unwrap(), "ping");
        let slices = [IoSlice::new(b"po"), IoSlice::new(b"ng")];
        let written = poll_fn(|cx| session.poll_write(writer.as_ref(), &slices, None, Some(cx)));
        assert_eq!(written.await.unwrap(), 4);
        let held = [&session.received, &session.said, &session.sealed];
        assert_eq!(held.map(BytesMut::capacity), [0; 3]);
        assert_eq!(client.await.unwrap(), *b"pong");
        assert_eq!(heard(&mut session, &mut socket).await, None);
        session.close().unwrap();
        assert!(session.is_pending());
    }
}
