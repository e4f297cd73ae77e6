//! A socket whose first bytes say whether it is encrypted.
//!
//! ```text
//!              ┌─0x16 0x03─▶ waits for its turn ─▶ handshake ─▶ open
//!  nothing yet ┤
//!              └─anything else─▶ plain, or refused where TLS is required
//! ```

use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, Sleep, sleep};

use super::Policy;
use super::session::Session;
use crate::gateway::dialect::FrameLength;
use crate::gateway::hits::Hit;
use crate::gateway::transport::{or_wait, poll_read_socket};
use crate::model;
use crate::turns::{Asker, Turn, Turns};

/// Whether these bytes begin a handshake, unless that cannot be told of so few.
pub(in crate::gateway) fn is_hello(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [] | [0x16] => None,
        [first, second, ..] => Some((*first, *second) == (0x16, 3)),
        [_] => Some(false),
    }
}

/// What both halves of a connection share. The session's lock is taken under the writer's, and nothing under it.
pub(in crate::gateway) struct Channel {
    policy: Arc<Policy>,
    frame_length: Option<FrameLength>,
    spoken: OnceLock<Spoken>,
    /// There from its turn on; it is large, and most connections may be plain.
    session: OnceLock<Box<Mutex<Session>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Plain,
    Tls,
}

/// What can be written now.
enum Way<'a> {
    Plain,
    Tls(MutexGuard<'a, Session>),
    /// Nothing: hands are not shaken.
    None,
}

impl Channel {
    /// Both halves of a socket; where `frame_length` is given, each frame that is written encrypted is a record of its own.
    pub(in crate::gateway) fn halves(
        socket: TcpStream,
        policy: Arc<Policy>,
        frame_length: Option<FrameLength>,
    ) -> (TlsReader, TlsWire) {
        let channel = Arc::new(Self {
            policy,
            frame_length,
            spoken: OnceLock::new(),
            session: OnceLock::new(),
        });
        let (reader, writer) = socket.into_split();
        let reader = TlsReader {
            socket: reader,
            channel: channel.clone(),
            handshake: None,
        };
        let socket = writer;
        (reader, TlsWire { socket, channel })
    }

    fn session(&self) -> Option<MutexGuard<'_, Session>> {
        let session = self.session.get()?;
        Some(session.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is said before the peer has said anything is said in plain, unless that is not served.
    fn way(&self) -> Way<'_> {
        match self.spoken.get() {
            Some(Spoken::Plain) => Way::Plain,
            None if !self.policy.is_required => Way::Plain,
            None => Way::None,
            Some(Spoken::Tls) => match self.session() {
                Some(session) if session.is_open() => Way::Tls(session),
                _ => Way::None,
            },
        }
    }
}

/// The half that is written to: encrypts where that is what the peer speaks.
pub(in crate::gateway) struct TlsWire {
    pub(in crate::gateway) socket: OwnedWriteHalf,
    channel: Arc<Channel>,
}

impl TlsWire {
    /// Takes as much of the slices as the socket takes now, or a record more.
    pub(in crate::gateway) fn poll_write(
        &mut self,
        slices: &[IoSlice<'_>],
        cx: Option<&mut Context<'_>>,
    ) -> Poll<io::Result<usize>> {
        let socket = self.socket.as_ref();
        match self.channel.way() {
            Way::Plain => or_wait(socket, socket.try_write_vectored(slices), cx),
            Way::Tls(mut session) => {
                session.poll_write(socket, slices, self.channel.frame_length, cx)
            }
            Way::None => Poll::Pending,
        }
    }

    /// Writes what was taken and is not written.
    pub(in crate::gateway) fn poll_flush(
        &mut self,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<io::Result<()>> {
        match self.channel.way() {
            Way::Tls(mut session) => session.poll_flush(self.socket.as_ref(), cx),
            Way::Plain | Way::None => Poll::Ready(Ok(())),
        }
    }

    /// Whether something was taken and is not written.
    pub(in crate::gateway) fn is_pending(&self) -> bool {
        matches!(self.channel.way(), Way::Tls(session) if session.is_pending())
    }

    /// Whether nothing can be said yet, so that it ends without a word.
    pub(in crate::gateway) fn is_mute(&self) -> bool {
        matches!(self.channel.way(), Way::None)
    }

    pub(in crate::gateway) fn is_encrypted(&self) -> bool {
        self.channel.spoken.get() == Some(&Spoken::Tls)
    }

    /// Whether it is known to be plain for good.
    pub(in crate::gateway) fn is_plain(&self) -> bool {
        self.channel.spoken.get() == Some(&Spoken::Plain)
    }

    /// Encrypted bytes that the socket has taken since the beginning.
    pub(in crate::gateway) fn sent(&self) -> u64 {
        self.channel.session().map_or(0, |session| session.sent)
    }

    /// Tells the peer that nothing more comes: by TLS's own farewell, and by TCP's.
    pub(in crate::gateway) fn poll_shut_down(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(mut session) = self.channel.session() {
            // What fails here has nobody to hear it.
            if session.close().is_ok() {
                let _ = ready!(session.poll_flush(self.socket.as_ref(), Some(cx)));
            }
        }
        Pin::new(&mut self.socket).poll_shutdown(cx).map(drop)
    }
}

/// The reading half, which shakes hands.
pub(in crate::gateway) struct TlsReader {
    pub(in crate::gateway) socket: OwnedReadHalf,
    channel: Arc<Channel>,
    handshake: Option<Box<Handshake>>,
}

/// How long a handshake may take while others wait for their turns.
const PATIENCE: Duration = Duration::from_secs(2);

struct Handshake {
    place: Place,
    hello: BytesMut,
    peer: Option<IpAddr>,
}

enum Place {
    Waits(Pin<Box<dyn Future<Output = model::Result<Turn>> + Send + Sync>>),
    /// It has its turn, and a time when it is looked whether others wait.
    Shakes {
        _turn: Turn,
        look: Pin<Box<Sleep>>,
    },
}

impl Place {
    /// Whether it takes its time though others wait.
    fn is_wanted(&mut self, turns: &Turns, cx: &mut Context<'_>) -> bool {
        let Self::Shakes { look, .. } = self else {
            return false;
        };
        while look.as_mut().poll(cx).is_ready() {
            if turns.are_awaited() {
                return true;
            }
            look.as_mut().reset(Instant::now() + PATIENCE);
        }
        false
    }
}

impl TlsReader {
    /// The first bytes are plain: the socket, and whether that is served.
    pub(in crate::gateway) fn speak_plain(self) -> (OwnedReadHalf, bool) {
        self.channel.spoken.get_or_init(|| Spoken::Plain);
        (self.socket, !self.channel.policy.is_required)
    }

    /// The first bytes begin a handshake.
    pub(in crate::gateway) fn speak_tls(&mut self, hello: BytesMut, peer: Option<IpAddr>) {
        self.channel.spoken.get_or_init(|| Spoken::Tls);
        let policy = &self.channel.policy;
        if policy.turns.are_taken() {
            policy.hits.note("handshakes", Hit::from(peer));
        }
        let turns = policy.turns.clone();
        let turn = async move { turns.next(Asker::anybody(peer)).await };
        self.handshake = Some(Box::new(Handshake {
            place: Place::Waits(Box::pin(turn)),
            hello,
            peer,
        }));
    }

    /// Whether it is known what is spoken, and hands are shaken if need be.
    pub(in crate::gateway) fn is_open(&self) -> bool {
        self.channel.spoken.get().is_some() && self.handshake.is_none()
    }

    /// Appends plain bytes to `buffer`: how many; 0 is the end.
    pub(in crate::gateway) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        if self.channel.spoken.get() != Some(&Spoken::Tls) {
            return poll_read_socket(&mut self.socket, cx, buffer);
        }
        let read = ready!(self.poll_decrypted(cx, buffer));
        if matches!(read, Ok(0) | Err(_))
            && let Some(handshake) = self.handshake.take()
        {
            let error = read.as_ref().err().map(tracing::field::display);
            let peer = handshake.peer.map(tracing::field::display);
            tracing::debug!(peer, error, "a TLS handshake came to nothing");
        }
        Poll::Ready(read)
    }

    fn poll_decrypted(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        let Self {
            socket,
            channel,
            handshake,
        } = self;
        let mut received = Ok(1);
        if let Some(handshake) = handshake
            && let Place::Waits(turn) = &mut handshake.place
        {
            let turn = ready!(turn.as_mut().poll(cx)).map_err(io::Error::other)?;
            let look = Box::pin(sleep(PATIENCE));
            handshake.place = Place::Shakes { _turn: turn, look };
            let mut session = Session::new(channel.policy.tls.current())?;
            received = session
                .receive(std::mem::take(&mut handshake.hello))
                .map(|()| 1);
            channel
                .session
                .get_or_init(|| Box::new(Mutex::new(session)));
        }
        if let Some(handshake) = handshake
            && handshake.place.is_wanted(&channel.policy.turns, cx)
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let Some(mut session) = channel.session() else {
            return Poll::Ready(Ok(0));
        };
        loop {
            // An answer of the handshake, or why it is over; what the socket does not take now it takes later.
            if let Poll::Ready(Err(error)) = session.poll_flush(socket.as_ref(), Some(cx)) {
                return Poll::Ready(Err(error));
            }
            if let Err(error) = received {
                return Poll::Ready(Err(error));
            }
            if session.is_open() && handshake.take().is_some() {
                // What waits to be written can be.
                cx.waker().wake_by_ref();
            }
            match session.take(buffer) {
                None => return Poll::Ready(Ok(0)),
                Some(0) => {}
                Some(count) => return Poll::Ready(Ok(count)),
            }
            received = ready!(session.poll_receive(socket, cx));
        }
    }
}
