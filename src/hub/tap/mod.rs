//! The tap: what comes in, what that becomes, and what goes out, for whoever watches.
//!
//! ```text
//!  connection ──frame in──▶┐
//!  state ────────event────▶├─▶ Tap ──▶ a bounded queue for each [`Viewer`] ──▶ shown in the viewer's own task
//!  outbox ──────bytes out─▶┘
//! ```
//!
//! While nobody watches, each of these costs one relaxed atomic load. While somebody does, a record is queued as the bytes
//! that there are anyway; what they look like ([`Show`]) is found out where it is read. A queue that is full takes no
//! more: nobody waits for a viewer.
//!
//! Locks: the tap's is the last one, taken under the state's and an outbox's; nothing is called under it.

mod secret;
mod show;
mod viewer;

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;

pub use secret::{SECRET, without_tokens};
pub use show::{Hex, Lengths, MakeShow, Show, Shown};
pub use viewer::{MAX_BYTES, MAX_RECORDS, Taken, Viewer};

use super::clock::Clock;
use crate::model::{Error, Event, RoomChange, RoomEvent, RoomId, SessionId, Timestamp, User};
use viewer::Queue;

/// Something that happened, with whose connection it happened on.
#[derive(Debug, Clone)]
pub struct Record {
    /// When it happened, by the clock of this machine.
    pub at: Timestamp,
    /// On which connection, if on one.
    pub line: Option<Arc<TapConnection>>,
    /// Whose connection it was then.
    pub who: Option<TapUser>,
    /// What happened: a frame, an event, or the beginning or end of something.
    pub what: TapEvent,
}

/// What those who watch are told of.
#[derive(Debug, Clone)]
pub enum TapEvent {
    /// A connection was opened.
    Opened,
    /// The client's side of a connection is over: it said so, or broke off.
    Ended,
    /// A connection is over.
    Closed,
    /// A frame came in.
    In {
        /// Every byte that came since the last time.
        bytes: Bytes,
        /// The number of its answer's place; none for what is no frame.
        request: Option<u64>,
    },
    /// A request's outcome is known; the answer, if there is one, goes out in its turn.
    Done {
        /// The request's number on its connection, from 0.
        request: u64,
    },
    /// A request came to nothing.
    Refused(Error),
    /// Something happened in a room.
    Event(Arc<Event>),
    /// Frames go out to the client.
    Out {
        /// One or more whole frames, as the client gets them.
        bytes: Bytes,
        /// The request that they answer.
        request: Option<u64>,
        /// The room that they tell of, where they tell of one.
        room: Option<RoomId>,
    },
}

impl TapEvent {
    /// About how much memory it holds.
    fn size(&self) -> usize {
        match self {
            Self::In { bytes, .. } | Self::Out { bytes, .. } => bytes.len(),
            Self::Event(event) => match &**event {
                Event::Room(RoomEvent {
                    change: RoomChange::Posted(message) | RoomChange::Edited(message),
                    ..
                }) => message.text.len(),
                Event::Room(_) | Event::Presence(_) | Event::Ended(_) => 0,
            },
            _ => 0,
        }
    }
}

/// Who is logged in on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapUser {
    /// The number of the session that is logged in.
    pub session: SessionId,
    /// Whose it is, as of its login.
    pub user: Arc<User>,
}

/// A dialect as those who watch know it, the same for all connections of a listener.
pub struct TapDialect {
    /// Its name, with its revision where it has several.
    pub label: String,
    /// How the bytes of a connection are shown, for one viewer.
    pub show: MakeShow,
}

/// One connection as the tap knows it.
pub struct TapConnection {
    /// Its number, from 1.
    pub number: u64,
    /// The dialect that it speaks, and how its bytes are shown.
    pub dialect: Arc<TapDialect>,
    /// From where; `None` inside the process.
    pub address: Option<IpAddr>,
    /// The name of the listener that it came in by, if by one.
    pub listener: Option<Arc<str>>,
    who: Mutex<Option<TapUser>>,
    tap: Tap,
}

impl fmt::Debug for TapConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TapConnection({} {})", self.number, self.dialect.label)
    }
}

impl TapConnection {
    /// Whether anybody watches; if not, nothing need be prepared for telling.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.tap.is_watched()
    }

    /// How its bytes are shown, for one viewer.
    #[must_use]
    pub fn show(&self) -> Box<dyn Show> {
        (self.dialect.show)()
    }

    /// Tells viewers of something on this connection.
    pub fn tell(self: &Arc<Self>, what: TapEvent) {
        if self.is_watched() {
            let who = self.who().clone();
            self.tap.queue(Some(self.clone()), who, what);
        }
    }

    pub(super) fn log_in(&self, who: TapUser) {
        *self.who() = Some(who);
    }

    /// The session is over; another one may have come in its place.
    pub(super) fn log_out(&self, session: SessionId) {
        self.who().take_if(|who| who.session == session);
    }

    fn who(&self) -> MutexGuard<'_, Option<TapUser>> {
        self.who.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the module. A handle: clones are the same tap.
#[derive(Clone)]
pub struct Tap(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    watched: AtomicBool,
    lines: AtomicU64,
    viewers: Mutex<Vec<Weak<Queue>>>,
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tap({})", self.is_watched())
    }
}

impl Tap {
    /// A tap whose records bear the time of this clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            clock,
            watched: AtomicBool::default(),
            lines: AtomicU64::default(),
            viewers: Mutex::default(),
        }))
    }

    /// Whether anybody watches; if not, nothing need be prepared for telling.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.0.watched.load(Ordering::Relaxed)
    }

    /// A connection that was just opened.
    #[must_use]
    pub fn line(
        &self,
        dialect: Arc<TapDialect>,
        address: Option<IpAddr>,
        listener: Option<Arc<str>>,
    ) -> Arc<TapConnection> {
        let line = Arc::new(TapConnection {
            number: self.0.lines.fetch_add(1, Ordering::Relaxed) + 1,
            dialect,
            address,
            listener,
            who: Mutex::new(None),
            tap: self.clone(),
        });
        line.tell(TapEvent::Opened);
        line
    }

    /// Watches from now on, until the viewer is dropped.
    #[must_use]
    pub fn watch(&self) -> Viewer {
        let queue = Arc::new(Queue::default());
        let mut viewers = self.viewers();
        viewers.push(Arc::downgrade(&queue));
        self.0.watched.store(true, Ordering::Relaxed);
        Viewer::new(queue, self.clone())
    }

    pub(super) fn event(&self, event: &Arc<Event>) {
        if self.is_watched() {
            self.queue(None, None, TapEvent::Event(event.clone()));
        }
    }

    fn queue(&self, line: Option<Arc<TapConnection>>, who: Option<TapUser>, what: TapEvent) {
        let at = self.0.clock.now();
        // Under the lock, so that all viewers see one order.
        let viewers = self.viewers();
        for queue in viewers.iter().filter_map(Weak::upgrade) {
            queue.push(Record {
                at,
                line: line.clone(),
                who: who.clone(),
                what: what.clone(),
            });
        }
    }

    /// A viewer is gone.
    fn forget(&self, gone: &Arc<Queue>) {
        let mut viewers = self.viewers();
        viewers.retain(|queue| !std::ptr::eq(queue.as_ptr(), Arc::as_ptr(gone)));
        self.0.watched.store(!viewers.is_empty(), Ordering::Relaxed);
    }

    fn viewers(&self) -> MutexGuard<'_, Vec<Weak<Queue>>> {
        self.0
            .viewers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
