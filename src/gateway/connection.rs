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

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio_util::codec::Decoder;

use super::dialect::{Adapter, Content, Dialect, RequestContext, Response};
use super::frame_capture::FrameCapture;
use super::limits::Limits;
use super::pace::Pace;
use super::transport::{Reader, Transport, release};
use super::writer::{Drained, Slot, Writer};
use crate::hub::tap::{TapConnection, TapEvent};
use crate::hub::{ConnectionInfo, Hub, Session, SharedEncoder, Sink};
use crate::model::{EndReason, Timestamp};

/// Requests of one connection that may be under way at once.
const MAX_REQUESTS: usize = 64;
/// A connection with more bytes of unread answers than this is not read from.
const MAX_UNREAD_ANSWERS: usize = 64 * 1024;
/// Requests of more bytes than this are heavy.
const MAX_LIGHT_BYTES: usize = 64 * 1024;
/// Heavy requests of one connection that may be under way at once.
const MAX_HEAVY_REQUESTS: usize = 4;
/// Bytes without a frame that count as a request when it comes to pace.
const MAX_UNFRAMED_BYTES: usize = 64 * 1024;
/// How long a closed connection may take nothing of its last bytes.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long a closed connection is listened to, so that its last bytes are not lost to a reset; and how long one that
/// takes no more is listened to for what it sent before.
const LINGER: Duration = Duration::from_secs(1);

/// Why the reading ended.
enum End {
    /// The stream ended, or broke.
    BrokeOff,
    /// The dialect's farewell was said.
    Farewell(Bytes),
    /// The connection broke the rules of its wire.
    Expelled(Bytes),
    /// Ended by the gateway.
    Reason(EndReason),
    /// The writer was closed: the hub ended the session.
    Closing,
}

/// Serves one connection until its end. What it needs only at first is gone before the future is made, which lives as
/// long as the connection.
pub(super) fn serve<D: Dialect>(
    dialect: &Arc<D>,
    transport: Transport,
    hub: &Hub,
    limits: Limits,
    shutdown: watch::Receiver<bool>,
) -> impl Future<Output = ()> + Send + use<D> {
    let address = transport.peer();
    let (mut reader, wire) = transport.split();
    let session_options = dialect.session_options();
    let shown = dialect.clone();
    let show = Box::new(move || shown.show());
    let line = hub.tap().line(dialect.label(), address, show);
    let last = Closing(line.clone());
    let writer = Arc::new(Writer::new(
        wire,
        limits.bounds(),
        session_options.numbering,
        dialect.pacing(),
        Some(line.clone()),
    ));
    let encoder = session_options.encoder;
    let session = hub.connect(ConnectionInfo {
        dialect: dialect.name(),
        address,
        exclusive: session_options.exclusive,
        scope: session_options.scope,
        encoder: encoder.clone(),
        sink: writer.clone(),
    });
    let mut connection = Connection {
        adapter: dialect.adapter(now()),
        writer: writer.clone(),
        session,
        limits,
        nobody_since: now(),
        pace: Pace::new(limits.requests_per_second, limits.burst),
        shutdown,
        capture: FrameCapture::new(line),
    };
    async move {
        let _last = last;
        let drained = {
            let run = connection.run(&mut reader, &encoder);
            tokio::pin!(run);
            tokio::select! {
                biased;
                drained = std::future::poll_fn(|cx| writer.poll_drain(cx)) => {
                    if drained == Drained::Broken {
                        // The peer takes no more, but what it sent before is carried out.
                        run.await;
                    }
                    Some(drained)
                }
                () = &mut run => None,
            }
        };
        let drained = match drained {
            Some(drained) => Some(drained),
            None => drain_last(&writer).await,
        };
        match drained {
            Some(Drained::Closed) => {
                writer.shut_down().await;
                let _ = tokio::time::timeout(LINGER, discard(&mut reader)).await;
            }
            Some(Drained::Broken) => {}
            None => writer.abort(),
        }
    }
}

/// Tells those who watch that a connection is over, however it ends.
struct Closing(Arc<TapConnection>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.tell(TapEvent::Closed);
    }
}

/// Writes what is left for as long as the peer takes some of it.
async fn drain_last(writer: &Writer) -> Option<Drained> {
    loop {
        let before = writer.total_written();
        let last = std::future::poll_fn(|cx| writer.poll_drain(cx));
        match tokio::time::timeout(LAST_WORDS + writer.pause(), last).await {
            Ok(drained) => return Some(drained),
            Err(_) if writer.total_written() > before => {}
            Err(_) => return None,
        }
    }
}

/// Reads what still comes, so that closing the socket does not reset it before the peer has read the last words.
pub(super) async fn discard(reader: &mut Reader) {
    let mut buffer = BytesMut::new();
    while reader.read(&mut buffer).await.is_ok_and(|count| count > 0) {
        buffer.clear();
    }
}

struct Connection<A: Adapter> {
    adapter: A,
    writer: Arc<Writer>,
    session: Session,
    limits: Limits,
    /// Since when nobody is logged in, if nobody is.
    nobody_since: Instant,
    pace: Option<Pace>,
    shutdown: watch::Receiver<bool>,
    capture: FrameCapture,
}

impl<A: Adapter> Connection<A> {
    async fn run(&mut self, reader: &mut Reader, encoder: &SharedEncoder) {
        let end = self.read_all(reader).await;
        // What was received whole is answered before the connection ends.
        if !matches!(end, End::Closing) {
            self.writer.room_for_requests(0, usize::MAX).await;
        }
        match end {
            End::BrokeOff => {
                self.session.break_off();
                self.writer.finish(Bytes::new());
            }
            End::Expelled(last) => {
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
                encoder.0.encode_end(reason, &mut last);
                self.writer.finish(last.freeze());
            }
            End::Closing => self.session.break_off(),
        }
        self.writer.flush();
    }

    async fn read_all(&mut self, reader: &mut Reader) -> End {
        let mut codec = self.adapter.codec();
        let mut buffer = BytesMut::new();
        let (mut ended, mut unframed) = (false, 0);
        let greeting = self.adapter.greeting();
        if !greeting.is_empty() {
            let slot = self.writer.reserve();
            self.answer(Some(slot), greeting);
        }
        loop {
            if let Some(end) = self.room_for_one_more(unframed).await {
                return end;
            }
            if unframed >= MAX_UNFRAMED_BYTES && buffer.is_empty() {
                self.keep_pace().await;
                unframed = 0;
            }
            self.capture.before(&buffer);
            let decoded = if ended {
                codec.decode_eof(&mut buffer)
            } else {
                codec.decode(&mut buffer)
            };
            self.capture.after(&buffer);
            match decoded {
                Ok(Some(frame)) => {
                    unframed = buffer.len();
                    // A handler is large, and an idle connection runs none.
                    if let Some(end) = Box::pin(self.handle(frame)).await {
                        return end;
                    }
                }
                Ok(None) if ended && self.adapter.ends_by_farewell() => {
                    return End::Farewell(Bytes::new());
                }
                Ok(None) if ended => return End::BrokeOff,
                Ok(None) => {
                    release(&mut buffer);
                    let before = buffer.len();
                    match self.wait(reader, &mut buffer).await {
                        Wait::Bytes => {
                            // Of a frame that was begun before: what is new may well be whole.
                            if unframed > 0 {
                                self.adapter.receiving(now());
                            }
                            unframed += buffer.len().saturating_sub(before);
                        }
                        Wait::Timer => {}
                        Wait::Ended => {
                            self.capture.tell_end();
                            ended = true;
                        }
                        Wait::End(end) => return end,
                    }
                }
                Err(error) => {
                    self.capture.tell(None);
                    return End::Expelled(self.adapter.lost(error, Timestamp::now()));
                }
            }
        }
    }

    /// Waits until one more request may come in, of which so many bytes are there. Neither unread answers nor a stream
    /// that never pauses keep away an end that is due; reading what was written is a sign of life.
    async fn room_for_one_more(&mut self, bytes: usize) -> Option<End> {
        let requests = if bytes > MAX_LIGHT_BYTES {
            MAX_HEAVY_REQUESTS
        } else {
            MAX_REQUESTS
        };
        let mut signs = (self.writer.total_written(), None);
        loop {
            let login_by = self.login_by();
            let timer = signs.1.or_else(|| self.adapter.next_timer());
            let on_time = tokio::select! {
                biased;
                () = self.writer.room_for_requests(requests - 1, MAX_UNREAD_ANSWERS) => false,
                _ = self.shutdown.wait_for(|down| *down) => false,
                () = sleep_until(earlier(login_by, timer)) => true,
            };
            if self.writer.was_closed() {
                return Some(End::Closing);
            }
            if *self.shutdown.borrow() {
                return Some(End::Reason(EndReason::Shutdown));
            }
            if login_by.is_some_and(|by| now() >= by) {
                return Some(End::Reason(EndReason::NoLogin));
            }
            if !on_time {
                return None;
            }
            let written = self.writer.total_written();
            if written > signs.0 {
                signs = (written, Some(now() + LAST_WORDS));
            } else if let Wait::End(end) = self.on_timer() {
                return Some(end);
            } else {
                signs.1 = None;
            }
        }
    }

    /// By when the connection has to say who it is, unless it has.
    fn login_by(&self) -> Option<Instant> {
        (self.adapter.owes_login(&self.session) && !self.limits.login_timeout.is_zero())
            .then(|| self.nobody_since + self.limits.login_timeout)
    }

    async fn keep_pace(&mut self) {
        if let Some(pace) = &mut self.pace {
            pace.keep().await;
        }
    }

    async fn handle(&mut self, frame: <A::Codec as Decoder>::Item) -> Option<End> {
        self.keep_pace().await;
        let slot = self.writer.reserve();
        self.capture.tell(Some(slot.number()));
        let was_somebody = !self.adapter.owes_login(&self.session);
        let mut cx = RequestContext {
            session: &mut self.session,
            now: now(),
            at: Timestamp::now(),
            slot: Some(slot),
            writer: &self.writer,
        };
        let response = self.adapter.frame(frame, &mut cx).await;
        let slot = cx.slot;
        if was_somebody && self.adapter.owes_login(&self.session) {
            self.nobody_since = now();
        }
        let answer = match response {
            Response::Posted => return None,
            Response::Continue => Bytes::new(),
            Response::Answer(bytes) => bytes,
            Response::Ask(bytes) => {
                self.ask(bytes);
                Bytes::new()
            }
            Response::Farewell(last) => {
                self.answer(slot, Bytes::new());
                return Some(End::Farewell(last));
            }
            Response::Close(last) => {
                self.answer(slot, Bytes::new());
                return Some(End::Expelled(last));
            }
            Response::Send(content) => {
                self.answer(slot, Bytes::new());
                return Some(self.send(content).await);
            }
            Response::End(reason) => {
                self.answer(slot, Bytes::new());
                return Some(End::Reason(reason));
            }
        };
        self.answer(slot, answer);
        None
    }

    /// Writes a long content, no more of it ahead than any answer may wait.
    async fn send(&mut self, content: Content) -> End {
        let mut reader = content.reader.take(content.bytes);
        loop {
            let mut piece = BytesMut::with_capacity(MAX_UNREAD_ANSWERS);
            let unread = match reader.read_buf(&mut piece).await {
                // All is there; the end waits until all is taken.
                Ok(0) => 0,
                Ok(_) => MAX_UNREAD_ANSWERS,
                Err(error) => {
                    tracing::error!(%error, "a content cannot be read to its end");
                    return End::Expelled(Bytes::new());
                }
            };
            let ended = piece.is_empty();
            let slot = self.writer.reserve();
            self.answer(Some(slot), piece.freeze());
            match self.taken(unread, content.patience).await {
                Some(end) => return end,
                None if ended => return End::Expelled(Bytes::new()),
                None => {}
            }
        }
    }

    /// Waits until no more than so many bytes are still to be taken, as long as some are taken now and then.
    async fn taken(&mut self, unread: usize, patience: Duration) -> Option<End> {
        loop {
            let written = self.writer.total_written();
            let is_time = tokio::select! {
                biased;
                () = self.writer.room_for_requests(0, unread) => false,
                _ = self.shutdown.wait_for(|down| *down) => false,
                () = tokio::time::sleep(patience) => true,
            };
            if self.writer.was_closed() {
                return Some(End::Closing);
            }
            if *self.shutdown.borrow() {
                return Some(End::Reason(EndReason::Shutdown));
            }
            if self.writer.is_broken() {
                return Some(End::BrokeOff);
            }
            if !is_time {
                return None;
            }
            if self.writer.total_written() == written {
                return Some(End::Expelled(Bytes::new()));
            }
        }
    }

    fn answer(&self, slot: Option<Slot>, bytes: Bytes) {
        if let Some(slot) = slot {
            self.writer.fill(&slot, bytes);
            self.writer.flush();
        }
    }

    fn ask(&self, bytes: Bytes) {
        self.writer.ask(bytes);
        self.writer.flush();
    }

    async fn wait(&mut self, reader: &mut Reader, buffer: &mut BytesMut) -> Wait {
        let login_by = self.login_by();
        let due = earlier(login_by, self.adapter.next_timer());
        let event = tokio::select! {
            biased;
            () = self.writer.until_closed() => Wait::End(End::Closing),
            // Who takes no more and says no more is gone, whether or not its stream ends.
            () = async { self.writer.until_broken().await; Box::pin(tokio::time::sleep(LINGER)).await } => Wait::Ended,
            _ = self.shutdown.wait_for(|down| *down) => Wait::End(End::Reason(EndReason::Shutdown)),
            // What is due comes before what a peer that never pauses has to say.
            () = sleep_until(due) => match login_by {
                Some(by) if now() >= by => Wait::End(End::Reason(EndReason::NoLogin)),
                Some(_) | None => Wait::Timer,
            },
            read = reader.read(buffer) => match read {
                Ok(0) | Err(_) => Wait::Ended,
                Ok(_) => Wait::Bytes,
            },
        };
        if matches!(event, Wait::Timer) {
            self.on_timer()
        } else {
            event
        }
    }

    fn on_timer(&mut self) -> Wait {
        match self.adapter.timer(now(), Timestamp::now(), &self.session) {
            Response::Continue | Response::Posted => Wait::Bytes,
            Response::Answer(bytes) => {
                let slot = self.writer.reserve();
                self.answer(Some(slot), bytes);
                Wait::Bytes
            }
            Response::Ask(bytes) => {
                self.ask(bytes);
                Wait::Bytes
            }
            Response::Farewell(last) => Wait::End(End::Farewell(last)),
            // Contents are asked for, never due.
            Response::Send(_) => Wait::End(End::Expelled(Bytes::new())),
            Response::Close(last) => Wait::End(End::Expelled(last)),
            Response::End(reason) => Wait::End(End::Reason(reason)),
        }
    }
}

enum Wait {
    Bytes,
    Timer,
    Ended,
    End(End),
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

async fn sleep_until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}
