//! The one loop that every connection runs, whatever its dialect.
//!
//! ```text
//!            bytes              frames            steps
//!  transport ─────▶ codec ─────────────▶ adapter ───────▶ writer ─────▶ transport
//!                                           │ commands      ▲
//!                                           ▼               │ events, answers
//!                                          hub ─────────────┘
//! ```
//!
//! A connection's life: *open* (nobody yet; `limits.login_timeout` runs), *seated* (a session at the hub),
//! *finishing* (nothing more is read; what was received is answered), *draining* (the last bytes go out), gone.

mod alarm;
mod closed;
mod content;
mod handling;
mod reading;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::sync::watch;

use super::dialect::{Adapter, Dialect};
use super::frame_capture::FrameCapture;
use super::hits::Hit;
use super::limits::Limits;
use super::listener::Permit;
use super::pace::Pace;
use super::receiving::Receiving;
use super::transport::{Reader, Transport};
use super::writer::{Counted, Drained, Writer};
use crate::hub::tap::TapDialect;
use crate::hub::{ConnectionInfo, Hub, Session, Sink};
use crate::model::{EndReason, User};
use alarm::Alarm;
use closed::Closed;

/// A connection with more bytes of unread answers than this is not read from.
const MAX_UNREAD_ANSWERS: usize = 64 * 1024;
/// How long a closed connection may take nothing of its last bytes.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long a closed connection is listened to, so that its last bytes are not lost to a reset; and how long one that
/// takes no more is listened to for what it sent before.
const LINGER: Duration = Duration::from_secs(1);

/// Why the reading ended.
enum End {
    /// The stream ended, or broke.
    BrokeOff(Closed),
    /// The dialect's farewell was said.
    Farewell(Bytes),
    /// The dialect, or what it sends, is at an end with it: it counts as broken off.
    Expelled(Bytes, Closed),
    /// Ended by the gateway.
    Reason(EndReason),
    /// The writer was closed: the hub ended the session.
    Closing,
}

/// How a connection ended, and whose it was then.
struct Ended {
    why: Closed,
    user: Option<Arc<User>>,
}

/// Serves one connection until its end. What it needs only at first is gone before the future is made, which lives as
/// long as the connection.
pub(super) fn serve<D: Dialect>(
    dialect: &D,
    tapped: &Arc<TapDialect>,
    transport: Transport,
    hub: &Hub,
    limits: Limits,
    shutdown: watch::Receiver<Option<EndReason>>,
    mut permit: Permit,
) -> impl Future<Output = ()> + Send + use<D> {
    let address = transport.peer();
    let listener = transport.listener().cloned();
    permit.speak(dialect.name(), listener.as_ref());
    let (mut reader, wire) = transport.split(dialect.frame_length(), dialect.messages());
    let session_options = dialect.session_options();
    let line = hub.tap().line(tapped.clone(), address, listener);
    tracing::debug!(
        connection = line.number,
        listener = line.listener.as_deref(),
        dialect = tapped.label,
        peer = address.map(tracing::field::display),
        "connection opened"
    );
    let writer = Arc::new(Writer::new(
        wire,
        permit.peer_timeout(),
        limits.bounds(),
        Counted::at(hub, dialect.name()),
        session_options.numbering,
        dialect.pacing(),
        Some(line.clone()),
    ));
    permit.watch(&writer);
    let receiving = permit.receiving();
    let session = hub.connect(ConnectionInfo {
        dialect: dialect.name(),
        address,
        exclusive: session_options.exclusive,
        scope: session_options.scope,
        encoder: session_options.encoder,
        sink: writer.clone(),
    });
    let mut connection = Connection {
        adapter: dialect.adapter(now()),
        writer: writer.clone(),
        session,
        nobody_since: now(),
        pace: Pace::new(),
        alarm: Alarm::default(),
        was_held: false,
        receiving,
        shutdown,
        capture: FrameCapture::new(line),
        permit,
    };
    async move {
        let (drained, ended) = {
            let mut run = pin!(connection.run(&mut reader));
            let first = poll_fn(|cx| match writer.poll_drain(cx) {
                Poll::Ready(drained) => Poll::Ready(Err(drained)),
                Poll::Pending => run.as_mut().poll(cx).map(Ok),
            });
            match first.await {
                Ok(ended) => (None, Some(ended)),
                // The peer may take no more, but what it sent before is carried out.
                Err(Drained::Broken) => (Some(Drained::Broken), Some(run.await)),
                Err(Drained::Closed) => (Some(Drained::Closed), None),
            }
        };
        let Ended { why, user } = ended.unwrap_or_else(|| connection.ended(&End::Closing));
        Box::pin(close(&writer, &mut reader, drained, why)).await;
        closed::log(
            why,
            connection.capture.line(),
            &connection.session,
            user.as_deref(),
            connection.permit.hits(),
        );
    }
}

/// Writes what is left and closes the connection.
async fn close(writer: &Writer, reader: &mut Reader, drained: Option<Drained>, why: Closed) {
    let drained = match drained {
        Some(drained) => Some(drained),
        None => drain_last(writer).await,
    };
    match drained {
        Some(Drained::Closed) => {
            let farewell = async {
                writer.say_farewell(why.code()).await;
                reader.until_farewell().await;
                writer.shut_down().await;
                reader.discard().await;
            };
            let _ = tokio::time::timeout(LINGER, farewell).await;
        }
        Some(Drained::Broken) => {}
        None => writer.abort(),
    }
}

/// Writes what is left for as long as the peer takes some of it.
async fn drain_last(writer: &Writer) -> Option<Drained> {
    loop {
        let before = writer.total_written();
        let last = poll_fn(|cx| writer.poll_drain(cx));
        match tokio::time::timeout(LAST_WORDS + writer.pause(), last).await {
            Ok(drained) => return Some(drained),
            Err(_) if writer.total_written() > before => {}
            Err(_) => return None,
        }
    }
}

struct Connection<A: Adapter> {
    adapter: A,
    writer: Arc<Writer>,
    session: Session,
    /// Since when nobody is logged in, if nobody is.
    nobody_since: Instant,
    pace: Pace,
    alarm: Alarm,
    /// The gateway kept the last frame waiting: what has come meanwhile is still to be read.
    was_held: bool,
    receiving: Receiving,
    shutdown: watch::Receiver<Option<EndReason>>,
    capture: FrameCapture,
    /// What all connections have in common. Given back last: another one may come in then.
    permit: Permit,
}

impl<A: Adapter> Connection<A> {
    async fn run(&mut self, reader: &mut Reader) -> Ended {
        let end = self.read_all(reader).await;
        // An idle connection has no room for how it ends.
        Box::pin(self.finish(end)).await
    }

    async fn finish(&mut self, end: End) -> Ended {
        // What was received whole is answered before the connection ends.
        if !matches!(end, End::Closing) {
            self.writer.room_for_requests(0, usize::MAX).await;
        }
        let ended = self.ended(&end);
        match end {
            End::BrokeOff(_) => {
                // One that vanished broke off when it was last heard of.
                let ago = self.writer.silence().unwrap_or_default();
                self.session.broke_off(ago);
                self.writer.finish(Bytes::new());
            }
            End::Expelled(last, _) => {
                self.session.break_off();
                self.writer.finish(last);
            }
            End::Farewell(last) => {
                self.session.farewell();
                self.writer.finish(last);
            }
            End::Reason(reason) => {
                self.session.farewell();
                let mut last = BytesMut::new();
                self.session.encoder().0.encode_end(reason, &mut last);
                self.writer.finish(last.freeze());
            }
            End::Closing => self.session.break_off(),
        }
        self.writer.flush();
        ended
    }

    /// As what the end goes into the log; to be asked before the session is left.
    fn ended(&self, end: &End) -> Ended {
        let why = match end {
            End::BrokeOff(_) if self.writer.silence().is_some() => Closed::Vanished,
            End::BrokeOff(why) | End::Expelled(_, why) => *why,
            End::Farewell(_) => Closed::Farewell,
            End::Reason(reason) => Closed::Reason(*reason),
            End::Closing => match self.writer.end_reason() {
                Some(reason) => Closed::Reason(reason),
                None => Closed::Reset,
            },
        };
        let user = self.session.user();
        Ended { why, user }
    }

    /// Somebody hit a limit here.
    fn hit(&self, limit: &'static str) {
        if let Some(line) = self.writer.tap() {
            let user = self.session.user();
            self.permit
                .hits()
                .note(limit, Hit::of(line, user.as_deref()));
        }
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The bytes of an idle connection: its task's future, and its writer.
#[cfg(test)]
pub(super) fn idle_bytes<D: Dialect>() -> [usize; 2] {
    type Serve<D, F> = fn(
        &D,
        &Arc<TapDialect>,
        Transport,
        &Hub,
        Limits,
        watch::Receiver<Option<EndReason>>,
        Permit,
    ) -> F;
    fn of_future<D, F>(_: Serve<D, F>) -> usize {
        size_of::<F>()
    }
    [of_future(serve::<D>), size_of::<Writer>()]
}
