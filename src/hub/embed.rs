//! A connection inside the process: for whoever embeds the hub, with dialects beside it or none.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use super::encoder::{EMBEDDED, Encoding, EventEncoder, SharedEncoder};
use super::sink::{Bounds, Delivery, Overflow, Sink, Waiting};
use super::{ConnectionInfo, Hub, Scope, Session};
use crate::model::{EndReason, Event, RoomId};

/// What may wait for an embedder that does not say otherwise: as much as for a client over a socket by default.
const BOUNDS: Bounds = Bounds {
    events: 4096,
    bytes: 4 * 1024 * 1024,
};

impl Hub {
    /// A connection from inside the process: a session for its commands, and what it is told.
    ///
    /// `dialect` is what lists show; `scope` says which rooms the session is attached to. Whoever leaves more than 4,096
    /// events, or 4 MiB of them, unread is ended with [`EndReason::TooSlow`], as any client.
    ///
    /// ```
    /// use tolmach::hub::{Hub, Scope};
    /// use tolmach::model::UserSelector;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hub = Hub::builder().start().await?;
    ///
    /// let (mut anna, _) = hub.attach("bot", Scope::AllRooms);
    /// let (mut boris, mut events) = hub.attach("bot", Scope::AllRooms);
    /// for (session, name) in [(&mut anna, "anna"), (&mut boris, "boris")] {
    ///     session.log_in_guest(name).await?;
    ///     session.enter("lobby").await?;
    /// }
    ///
    /// anna.say("lobby", "Tea?").await?;
    /// anna.say(UserSelector::login("boris"), "psst").await?;
    /// loop {
    ///     let event = events.next().await.ok_or("the session was ended")?;
    ///     if let Some(message) = event.posted() {
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
        let (sink, events) = Events::channel(BOUNDS);
        let connection = ConnectionInfo {
            dialect,
            address: None,
            exclusive: false,
            scope,
            encoder: Events::encoder_of(dialect),
            sink,
        };
        (self.connect(connection), events)
    }
}

/// What a session inside the process is told, in order, as a [`Stream`] of events; see [`Hub::attach`].
///
/// Nothing is told to who does not ask: events wait within the bounds. Dropped, the session
/// hears nothing more and goes on otherwise.
pub struct Events(Arc<Queue>);

/// The other end: a bounded queue of events.
struct Queue {
    state: Mutex<QueueState>,
    bounds: Bounds,
    is_encrypted: bool,
}

#[derive(Default)]
struct QueueState {
    unread: VecDeque<Arc<Event>>,
    waiting: Waiting,
    /// The hub closed it, or nobody reads it any more.
    is_over: bool,
    is_closed: bool,
    reader: Option<Waker>,
}

impl Events {
    /// A sink for a [`ConnectionInfo`] whose encoder is [`Events::encoder`] (or gives events, too), and its other end.
    #[must_use]
    pub fn channel(bounds: Bounds) -> (Arc<dyn Sink>, Self) {
        Self::channel_over(bounds, false)
    }

    /// As [`Events::channel`], for who passes on what it is told: encrypted or not.
    pub(crate) fn channel_over(bounds: Bounds, is_encrypted: bool) -> (Arc<dyn Sink>, Self) {
        let queue = Arc::new(Queue {
            state: Mutex::default(),
            bounds,
            is_encrypted,
        });
        (queue.clone(), Self(queue))
    }

    /// The form of such connections: events as they are. Counts call it `embedded`.
    #[must_use]
    pub fn encoder() -> SharedEncoder {
        Self::encoder_of(EMBEDDED)
    }

    /// The same, one for all of a dialect, and called so in counts.
    #[must_use]
    pub fn encoder_of(dialect: &'static str) -> SharedEncoder {
        static FORMS: Mutex<Vec<SharedEncoder>> = Mutex::new(Vec::new());
        let mut forms = FORMS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = forms.iter().find(|form| form.0.dialect() == dialect) {
            return known.clone();
        }
        let form = SharedEncoder(Arc::new(Plain(dialect)));
        forms.push(form.clone());
        form
    }

    /// The next event; `None` once the session was ended by the hub, or dropped, and everything is read: one that logged out may
    /// log in again. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        poll_fn(|cx| self.0.poll_next(cx)).await
    }

    /// The next event, if it is there already.
    pub fn try_next(&mut self) -> Option<Arc<Event>> {
        self.0.lock().take()
    }
}

impl Stream for Events {
    type Item = Arc<Event>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Arc<Event>>> {
        self.0.poll_next(cx)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_over = true;
        state.drop_unread();
    }
}

impl Queue {
    fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Arc<Event>>> {
        let mut state = self.lock();
        match state.take() {
            None if !state.is_over => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            event => Poll::Ready(event),
        }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn take(&mut self) -> Option<Arc<Event>> {
        let event = self.unread.pop_front()?;
        self.waiting.subtract(size(&event));
        Some(event)
    }

    fn drop_unread(&mut self) {
        self.unread = VecDeque::new();
        self.waiting = Waiting::default();
    }
}

impl Sink for Queue {
    fn push(&self, _: RoomId, delivery: Delivery) -> Result<bool, Overflow> {
        let mut state = self.lock();
        if state.is_over {
            return Ok(false);
        }
        let mut more = Waiting::default();
        for event in &delivery.events {
            more.add(size(event));
        }
        if !self.bounds.hold(state.waiting, more) {
            return Err(Overflow);
        }
        state.waiting.add(more);
        state.unread.extend(delivery.events);
        Ok(state.reader.is_some())
    }

    fn flush(&self) {
        let reader = self.lock().reader.take();
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn close(&self, reason: EndReason, _: Bytes) {
        let mut state = self.lock();
        state.is_closed = true;
        if state.is_over {
            return;
        }
        state.is_over = true;
        if reason == EndReason::TooSlow {
            state.drop_unread();
        }
        state.unread.push_back(Arc::new(Event::Ended(reason)));
    }

    fn was_closed(&self) -> bool {
        self.lock().is_closed
    }

    fn left(&self) {
        self.lock().is_over = true;
        self.flush();
    }

    fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }
}

/// About how much memory an event holds.
fn size(event: &Event) -> Waiting {
    let text = match event {
        Event::Room(event) => event.text_bytes(),
        Event::Presence(_) | Event::Ended(_) => 0,
    };
    Waiting {
        events: 1,
        bytes: size_of::<Event>() + text,
    }
}

/// The form that is none, of a dialect: events as they are.
struct Plain(&'static str);

impl EventEncoder for Plain {
    fn dialect(&self) -> &'static str {
        self.0
    }

    fn encode(&self, event: &Arc<Event>, out: &mut Encoding) {
        out.event(event.clone());
    }

    fn encode_end(&self, _: EndReason, _: &mut BytesMut) {}
}
