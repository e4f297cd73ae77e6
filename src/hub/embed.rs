//! A connection inside the process: for whoever embeds the hub, with dialects beside it or none.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, DuplexStream, ReadBuf};

use super::encoder::{JsonLines, SharedEncoder};
use super::outbox::{Bounds, Outbox, Wire};
use super::{ConnectionInfo, Hub, Scope, Session};
use crate::model::Event;

/// How many bytes lie between the outbox and the reader.
const PIPE: usize = 16 * 1024;
/// What may wait for an embedder that does not say otherwise: as much as for a client over a socket by default.
const BOUNDS: Bounds = Bounds {
    events: 4096,
    bytes: 4 * 1024 * 1024,
};

impl Hub {
    /// A connection from inside the process: a session for its commands, and what it is told.
    ///
    /// `dialect` is what lists show; `scope` says which rooms the session is attached to. Whoever leaves more than 4,096
    /// events unread is ended with [`EndReason::TooSlow`](crate::model::EndReason::TooSlow), as any client.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tolmach::bus::LocalBus;
    /// use tolmach::hub::{Hub, CommitQueue, Options, Scope};
    /// use tolmach::model::{Command, Draft, Event, RoomChange, RoomSelector, Target};
    /// use tolmach::store::MemoryStore;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let options = Options::default();
    /// let inbox = Arc::new(CommitQueue::new());
    /// let store = Arc::new(MemoryStore::open(options.policy(), inbox.clone()));
    /// let hub = Hub::start(options, store, Arc::new(LocalBus::new()), inbox).await?;
    ///
    /// let lobby = RoomSelector::Name("lobby".to_owned());
    /// let (mut anna, _) = hub.attach("bot", Scope::AllRooms);
    /// let (mut boris, mut events) = hub.attach("bot", Scope::AllRooms);
    /// for (session, name) in [(&mut anna, "anna"), (&mut boris, "boris")] {
    ///     session.call(Command::LogInGuest { name: name.to_owned() }).await?;
    ///     session.call(Command::Enter { room: lobby.clone(), password: None, create: true }).await?;
    /// }
    ///
    /// anna.call(Command::Send(Draft::text(Target::Room(lobby), "Tea?"))).await?;
    /// loop {
    ///     let event = events.next().await.ok_or("the session was ended")?;
    ///     if let Event::Room(event) = event
    ///         && let RoomChange::Posted(message) = event.change
    ///     {
    ///         assert_eq!((message.sender.login.as_str(), message.text.as_str()), ("anna", "Tea?"));
    ///         break;
    ///     }
    /// }
    /// hub.stop().await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn attach(&self, dialect: &'static str, scope: Scope) -> (Session, Events) {
        let (outbox, events) = Events::channel(BOUNDS);
        let connection = ConnectionInfo {
            dialect,
            address: None,
            exclusive: false,
            scope,
            encoder: Events::encoder(),
            outbox,
        };
        (self.connect(connection), events)
    }
}

/// What a session inside the process is told, in order; see [`Hub::attach`].
///
/// Nothing is told to who does not ask: events wait in the session's outbox, within its bounds. Dropped, the session
/// hears nothing more and goes on otherwise.
pub struct Events {
    outbox: Arc<Outbox>,
    pipe: DuplexStream,
    unread: BytesMut,
}

impl Events {
    /// An outbox for a [`Connection`] whose form is [`Events::form`], and its other end.
    #[must_use]
    pub fn channel(bounds: Bounds) -> (Arc<Outbox>, Self) {
        let (wire, pipe) = tokio::io::duplex(PIPE);
        let outbox = Arc::new(Outbox::new(Wire::Stream(Box::new(wire)), bounds));
        (
            outbox.clone(),
            Self {
                outbox,
                pipe,
                unread: BytesMut::new(),
            },
        )
    }

    /// The one form of all such connections; they share each event's bytes.
    #[must_use]
    pub fn encoder() -> SharedEncoder {
        static FORM: OnceLock<SharedEncoder> = OnceLock::new();
        FORM.get_or_init(|| SharedEncoder(Arc::new(JsonLines)))
            .clone()
    }

    /// The next event; `None` once the session was ended and everything is read. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The next event, if it is there already.
    pub fn try_next(&mut self) -> Option<Event> {
        // Outside the runtime's budget: a task that has used its own up is to find what is there all the same.
        let next = pin!(tokio::task::unconstrained(self.next()));
        match next.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(event) => event,
            Poll::Pending => None,
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            if let Some(line) = self.line() {
                match serde_json::from_slice(&line) {
                    Ok(event) => return Poll::Ready(Some(event)),
                    Err(error) => tracing::error!(%error, "an event cannot be read as JSON"),
                }
                continue;
            }
            let drained = self.outbox.poll_drain(cx);
            if self.read(cx) {
                continue;
            }
            return drained.map(|_| None);
        }
    }

    fn line(&mut self) -> Option<BytesMut> {
        let end = self.unread.iter().position(|byte| *byte == b'\n')?;
        let line = self.unread.split_to(end);
        self.unread.advance(1);
        Some(line)
    }

    /// Whether there was something to read.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let mut space = [0; 4096];
        let mut piece = ReadBuf::new(&mut space);
        let read = Pin::new(&mut self.pipe).poll_read(cx, &mut piece);
        self.unread.extend_from_slice(piece.filled());
        matches!(read, Poll::Ready(Ok(()))) && !piece.filled().is_empty()
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.outbox.abort();
    }
}
