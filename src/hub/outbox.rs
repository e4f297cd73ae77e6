//! What waits to be written to one connection.
//!
//! Bytes come from two sides: *answers* to the connection's own requests, and *pushes*, events that the hub has for
//! it. Whoever has bytes queues them; [`Outbox::flush`] then writes as much as the socket takes, from whichever
//! thread calls it, and the connection's own task ([`Outbox::poll_drain`]) goes on where the socket would have blocked.
//!
//! A request reserves a *slot* when it comes in. Pushes queued behind an unfilled slot wait for it, so that an answer
//! goes out before any push that was queued after its request came in, and answers go out in the order of requests.
//!
//! Where the wire has its peer answer what is pushed ([`Numbering`]), pushes beyond the number that may be unanswered
//! wait; answers do not wait with them. Where the wire is paced ([`Pacing`]), only the connection's own task writes, one
//! frame at a time, answers too.

mod numbers;
mod pace;

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;
use tokio::net::tcp::OwnedWriteHalf;

use super::tap::{TapConnection, TapEvent};
use crate::model::RoomId;
pub use numbers::Numbering;
use numbers::Numbers;
use pace::Pace;
pub use pace::Pacing;

/// How many pieces one write takes together.
const PIECES: usize = 64;

/// Where an outbox writes to.
pub enum Wire {
    /// A socket, which anybody can write to.
    Tcp(OwnedWriteHalf),
    /// Any other stream, which only the connection's own task writes to.
    Stream(Box<dyn AsyncWrite + Send + Unpin>),
}

/// How much may wait for one connection; 0 stands for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Pushed events.
    pub events: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// A request's place among what is written.
#[derive(Debug, PartialEq, Eq)]
pub struct Slot(u64);

/// More waits than the bounds let; nothing of the push was queued.
#[derive(Debug, PartialEq, Eq)]
pub struct Overflow;

/// How an outbox came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// All was written that was to be.
    Closed,
    /// The peer took no more.
    Broken,
}

/// See the module.
pub struct Outbox {
    state: Mutex<State>,
    bounds: Bounds,
}

struct State {
    wire: Wire,
    /// Can be written now.
    ready: VecDeque<Chunk>,
    /// Bytes of the first ready chunk that are already written.
    written: usize,
    /// Unfilled slots with what waits behind each; the first one's number is `first_slot`.
    waiting: VecDeque<Waiting>,
    first_slot: u64,
    events: usize,
    pushed: usize,
    answered: usize,
    phase: Phase,
    /// Closed by this side, however that went on.
    closed: bool,
    /// Bytes written since the beginning.
    total: u64,
    /// The socket takes no more at the moment.
    blocked: bool,
    /// Queued since the last flush.
    dirty: bool,
    drainer: Option<Waker>,
    reader: Option<Reader>,
    /// For a wire on which pushed frames are numbered and answered.
    numbers: Option<Box<Numbers>>,
    /// For a wire on which frames go one at a time.
    pace: Option<Box<Pace>>,
    /// What those are told who watch.
    line: Option<Arc<TapConnection>>,
}

/// Who waits for room, and for how much; `None`: for the end only.
struct Reader {
    waker: Waker,
    room: Option<Room>,
}

#[derive(Clone, Copy)]
struct Room {
    requests: usize,
    answers: usize,
}

struct Chunk {
    bytes: Bytes,
    /// 0 for an answer.
    events: usize,
    /// A request of the server's own: a suspended peer is asked all the same.
    asked: bool,
    about: About,
}

/// What bytes have to do with, for those who watch.
#[derive(Clone, Copy)]
enum About {
    Nothing,
    /// They answer the request of this slot.
    Request(u64),
    /// They tell of this room.
    Room(RoomId),
}

impl Chunk {
    fn answer(bytes: Bytes, about: About) -> Self {
        Self {
            bytes,
            events: 0,
            asked: false,
            about,
        }
    }
}

impl Slot {
    /// Its number on its connection, from 0.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0
    }
}

#[derive(Default)]
struct Waiting {
    answer: Option<Bytes>,
    behind: Vec<Chunk>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// What is ready is still written, nothing more is queued.
    Closing,
    Ended(Drained),
}

impl Outbox {
    /// An outbox for a connection that was just opened.
    #[must_use]
    pub fn new(wire: Wire, bounds: Bounds) -> Self {
        Self::with_numbering(wire, bounds, None)
    }

    /// An outbox whose pushed frames are numbered, if there is a rule for that.
    #[must_use]
    pub fn with_numbering(wire: Wire, bounds: Bounds, numbering: Option<Numbering>) -> Self {
        let state = State {
            wire,
            ready: VecDeque::new(),
            written: 0,
            waiting: VecDeque::new(),
            first_slot: 0,
            events: 0,
            pushed: 0,
            answered: 0,
            phase: Phase::Open,
            closed: false,
            total: 0,
            blocked: false,
            dirty: false,
            drainer: None,
            reader: None,
            numbers: numbering.map(|rule| Box::new(Numbers::new(rule))),
            pace: None,
            line: None,
        };
        Self {
            state: Mutex::new(state),
            bounds,
        }
    }

    /// The same outbox, whose frames go one at a time if there is a rule for that.
    #[must_use]
    pub fn paced(self, pacing: Option<Pacing>) -> Self {
        self.lock().pace = pacing.map(|rule| Box::new(Pace::new(rule)));
        self
    }

    /// The same outbox; what it is given to write is told those who watch.
    #[must_use]
    pub fn watched(self, line: Arc<TapConnection>) -> Self {
        self.lock().line = Some(line);
        self
    }

    /// By what those who watch know the connection.
    #[must_use]
    pub fn line(&self) -> Option<Arc<TapConnection>> {
        self.lock().line.clone()
    }

    /// The pause between two frames.
    #[must_use]
    pub fn pause(&self) -> Duration {
        let state = self.lock();
        state
            .pace
            .as_ref()
            .map_or(Duration::ZERO, |pace| pace.interval())
    }

    /// Keeps a place for the answer to a request that came in now.
    pub fn reserve(&self) -> Slot {
        let mut state = self.lock();
        state.waiting.push_back(Waiting::default());
        Slot(state.first_slot + state.waiting.len() as u64 - 1)
    }

    /// Gives a request its answer, which may be empty, and lets go what waited behind it. `true`: flush it.
    pub fn fill(&self, slot: Slot, answer: Bytes) -> bool {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return false;
        }
        let place = slot
            .0
            .checked_sub(state.first_slot)
            .and_then(|place| usize::try_from(place).ok());
        if let Some(waiting) = place.and_then(|place| state.waiting.get_mut(place)) {
            waiting.answer = Some(answer);
        }
        if let Some(line) = &state.line {
            line.tell(TapEvent::Done { request: slot.0 });
        }
        while let Some(waiting) = state
            .waiting
            .pop_front_if(|waiting| waiting.answer.is_some())
        {
            let about = About::Request(state.first_slot);
            state.first_slot += 1;
            if let Some(bytes) = waiting.answer.filter(|bytes| !bytes.is_empty()) {
                state.answered += bytes.len();
                state.make_ready(Chunk::answer(bytes, about));
            }
            for chunk in waiting.behind {
                state.release(chunk);
            }
        }
        state.wake_reader();
        state.mark_dirty()
    }

    /// Queues bytes that hold so many events. `Ok(true)`: the outbox was clean, flush it.
    ///
    /// # Errors
    /// [`Overflow`]: the client is too slow; nothing of this was queued.
    pub fn push(&self, bytes: Bytes, events: usize) -> Result<bool, Overflow> {
        self.push_about(About::Nothing, bytes, events)
    }

    /// The same for what tells of one room.
    ///
    /// # Errors
    /// As [`Outbox::push`].
    pub fn push_of(&self, room: RoomId, bytes: Bytes, events: usize) -> Result<bool, Overflow> {
        self.push_about(About::Room(room), bytes, events)
    }

    fn push_about(&self, about: About, bytes: Bytes, events: usize) -> Result<bool, Overflow> {
        if bytes.is_empty() {
            return Ok(false);
        }
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Ok(false);
        }
        // What nothing waits in front of is never too much: the client has not been slow.
        let over = |limit: usize, waiting: usize, more: usize| {
            limit > 0 && waiting > 0 && waiting + more > limit
        };
        if over(self.bounds.events, state.events, events)
            || over(self.bounds.bytes, state.pushed, bytes.len())
        {
            return Err(Overflow);
        }
        Ok(state.queue(Chunk {
            bytes,
            events,
            asked: false,
            about,
        }))
    }

    /// Queues one frame that the server itself wants answered, whatever waits. `true`: flush it.
    pub fn ask(&self, bytes: Bytes) -> bool {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return false;
        }
        state.queue(Chunk {
            bytes,
            events: 1,
            asked: true,
            about: About::Nothing,
        })
    }

    /// The peer answered the frame of this number: what [`Numbering::number`] told of it, if it was unanswered. What
    /// waited for that is ready then; flush it.
    pub fn answered(&self, number: u8) -> Option<u8> {
        self.refused(number, |_| false)
    }

    /// Like [`answered`](Self::answered), for an answer that is a no: `suspends` says whether the peer wants no more
    /// events then. If so, none that waits goes out for it.
    pub fn refused(&self, number: u8, suspends: impl FnOnce(u8) -> bool) -> Option<u8> {
        let mut state = self.lock();
        let what = state.numbers.as_mut()?.answered(number);
        if what.is_some_and(suspends) {
            state.suspend(true);
        }
        state.release_held();
        what
    }

    /// The peer is somebody else from now on: events that wait are dropped, and answers to those before mean nothing.
    pub fn change_reader(&self) {
        let mut state = self.lock();
        state.forget_reader();
    }

    /// While suspended, what is pushed is dropped, with what waits for its number now.
    pub fn suspend(&self, suspended: bool) {
        self.lock().suspend(suspended);
    }

    /// Writes what is ready, as far as the socket takes it now.
    pub fn flush(&self) {
        self.lock().flush(None);
    }

    /// Writes `last` after what is ready and closes. `abrupt`: what is ready and not begun is dropped first, for a
    /// client that did not read.
    pub fn close(&self, last: Bytes, abrupt: bool) {
        let mut state = self.lock();
        state.closed = true;
        if state.phase != Phase::Open {
            return state.wake();
        }
        if abrupt {
            state.drop_unbegun();
        } else {
            let first = state.first_slot;
            for (slot, waiting) in (first..).zip(std::mem::take(&mut state.waiting)) {
                if let Some(answer) = waiting.answer {
                    state.make_ready(Chunk::answer(answer, About::Request(slot)));
                }
                for chunk in waiting.behind {
                    state.release(chunk);
                }
            }
        }
        state.waiting.clear();
        // The answers that what is held waits for will not be read any more.
        let last = match &mut state.numbers {
            Some(numbers) => {
                numbers.clear();
                numbers.number_all(last, true)
            }
            None => last,
        };
        if !last.is_empty() {
            state.make_ready(Chunk::answer(last, About::Nothing));
        }
        state.phase = Phase::Closing;
        state.wake();
    }

    /// Ends at once, whatever waits: the connection is gone.
    pub fn abort(&self) {
        self.lock().end(Drained::Broken);
    }

    /// Whether this side closed it: the session is over. One that merely broke is not: what its peer said before is
    /// still carried out.
    #[must_use]
    pub fn was_closed(&self) -> bool {
        self.lock().closed
    }

    /// Whether the peer takes no more.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.lock().phase == Phase::Ended(Drained::Broken)
    }

    /// Bytes of answers that wait to be written; their connection is not read from while there are many.
    #[cfg(test)]
    fn unread_answers(&self) -> usize {
        self.lock().answered
    }

    /// Bytes that the peer's socket has taken since the beginning: it moves while somebody reads.
    #[must_use]
    pub fn total_written(&self) -> u64 {
        self.lock().total
    }

    /// The connection's own part: writes on whenever the socket takes more, until the outbox comes to its end.
    pub fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<Drained> {
        let mut state = self.lock();
        state.flush(Some(cx));
        match state.phase {
            Phase::Ended(how) => Poll::Ready(how),
            Phase::Open | Phase::Closing => {
                state.drainer = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Waits until at most `requests` slots are unfilled and at most `answers` bytes of answers are unread.
    pub async fn room_for_requests(&self, requests: usize, answers: usize) {
        std::future::poll_fn(|cx| {
            let mut state = self.lock();
            let room = Room { requests, answers };
            if state.phase != Phase::Open || state.has(room) {
                return Poll::Ready(());
            }
            state.reader = Some(Reader {
                waker: cx.waker().clone(),
                room: Some(room),
            });
            Poll::Pending
        })
        .await;
    }

    /// Waits until this side has closed it.
    pub async fn until_closed(&self) {
        std::future::poll_fn(|cx| {
            let mut state = self.lock();
            if state.closed {
                return Poll::Ready(());
            }
            state.reader = Some(Reader {
                waker: cx.waker().clone(),
                room: None,
            });
            Poll::Pending
        })
        .await;
    }

    /// Waits until the peer takes no more.
    pub async fn until_broken(&self) {
        std::future::poll_fn(|cx| {
            let mut state = self.lock();
            if state.phase == Phase::Ended(Drained::Broken) {
                return Poll::Ready(());
            }
            state.reader = Some(Reader {
                waker: cx.waker().clone(),
                room: None,
            });
            Poll::Pending
        })
        .await;
    }

    /// Tells the peer that nothing more comes, once all is written.
    pub async fn shut_down(&self) {
        std::future::poll_fn(|cx| {
            // What fails here is already closed.
            match &mut self.lock().wire {
                Wire::Tcp(socket) => Pin::new(socket).poll_shutdown(cx).map(drop),
                Wire::Stream(stream) => Pin::new(stream).poll_shutdown(cx).map(drop),
            }
        })
        .await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Puts a push in its place: behind the last unfilled slot, else to be written. Whether to flush.
    fn queue(&mut self, chunk: Chunk) -> bool {
        self.events += chunk.events;
        self.pushed += chunk.bytes.len();
        match self.waiting.back_mut() {
            Some(waiting) => waiting.behind.push(chunk),
            None => self.release(chunk),
        }
        self.mark_dirty()
    }

    /// To be written next. Who watches is told here: these are the bytes as the peer gets them, in their order.
    fn make_ready(&mut self, chunk: Chunk) {
        if let Some(line) = self.line.as_ref().filter(|line| line.is_watched())
            && !chunk.bytes.is_empty()
        {
            let (request, room) = match chunk.about {
                About::Nothing => (None, None),
                About::Request(request) => (Some(request), None),
                About::Room(room) => (None, Some(room)),
            };
            let bytes = chunk.bytes.clone();
            line.tell(TapEvent::Out {
                bytes,
                request,
                room,
            });
        }
        self.ready.push_back(chunk);
    }

    /// No slot is in front of this push any more.
    fn release(&mut self, chunk: Chunk) {
        match &mut self.numbers {
            None => self.make_ready(chunk),
            Some(numbers) if numbers.suspended && !chunk.asked => {
                self.events = self.events.saturating_sub(chunk.events);
                self.pushed = self.pushed.saturating_sub(chunk.bytes.len());
            }
            Some(numbers) => {
                numbers.hold(chunk);
                self.release_held();
            }
        }
    }

    fn forget_reader(&mut self) {
        let (mut events, mut bytes) = (0, 0);
        for waiting in &mut self.waiting {
            waiting.behind.retain(|chunk| {
                if !chunk.asked {
                    events += chunk.events;
                    bytes += chunk.bytes.len();
                }
                chunk.asked
            });
        }
        if let Some(numbers) = &mut self.numbers {
            let (held, length) = numbers.drop_events();
            (events, bytes) = (events + held, bytes + length);
            numbers.forget_events();
        }
        self.events = self.events.saturating_sub(events);
        self.pushed = self.pushed.saturating_sub(bytes);
    }

    fn suspend(&mut self, suspended: bool) {
        let Some(numbers) = &mut self.numbers else {
            return;
        };
        numbers.suspended = suspended;
        if !suspended {
            // What was told before is answered to nobody now.
            numbers.forget_events();
        }
        if suspended {
            let (events, bytes) = numbers.drop_events();
            self.events = self.events.saturating_sub(events);
            self.pushed = self.pushed.saturating_sub(bytes);
        }
    }

    /// Readies as much of what is held as may be unanswered.
    fn release_held(&mut self) {
        while let Some(chunk) = self
            .numbers
            .as_mut()
            .and_then(|numbers| numbers.take_numbered())
        {
            self.make_ready(chunk);
        }
    }

    /// Drops what is ready, but for the frames that are begun.
    fn drop_unbegun(&mut self) {
        let Some(pace) = &self.pace else {
            return self.ready.truncate(usize::from(self.written > 0));
        };
        let end = self.written + pace.left();
        self.ready.truncate(usize::from(pace.left() > 0));
        match self.ready.front_mut() {
            Some(begun) => begun.bytes.truncate(end),
            None => self.written = 0,
        }
    }

    fn mark_dirty(&mut self) -> bool {
        let clean = !self.dirty && !self.ready.is_empty();
        self.dirty |= clean;
        clean
    }

    fn wake(&mut self) {
        let reader = self.reader.take().map(|reader| reader.waker);
        for waker in [self.drainer.take(), reader].into_iter().flatten() {
            waker.wake();
        }
    }

    fn has(&self, room: Room) -> bool {
        self.waiting.len() <= room.requests && self.answered <= room.answers
    }

    /// Wakes who waits for room, if there is now as much as it wants.
    fn wake_reader(&mut self) {
        let enough = self
            .reader
            .as_ref()
            .and_then(|reader| reader.room)
            .is_some_and(|room| self.has(room));
        if enough && let Some(reader) = self.reader.take() {
            reader.waker.wake();
        }
    }

    fn end(&mut self, how: Drained) {
        if !matches!(self.phase, Phase::Ended(_)) {
            self.phase = Phase::Ended(how);
        }
        self.ready.clear();
        self.waiting.clear();
        if let Some(numbers) = &mut self.numbers {
            numbers.clear();
        }
        self.answered = 0;
        self.wake();
    }

    /// With a context, the caller is the connection's own task and is woken when the socket takes more.
    fn flush(&mut self, mut cx: Option<&mut Context<'_>>) {
        self.dirty = false;
        if cx.is_some() {
            self.blocked = false;
        }
        while !self.ready.is_empty() && !self.blocked && !matches!(self.phase, Phase::Ended(_)) {
            match self.write_once(cx.as_deref_mut()) {
                Poll::Ready(Ok(0)) => self.end(Drained::Broken),
                Poll::Ready(Ok(count)) => self.advance(count),
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(_)) => self.end(Drained::Broken),
                Poll::Pending => self.blocked = true,
            }
        }
        if self.ready.is_empty() && self.phase == Phase::Closing {
            self.end(Drained::Closed);
        } else if self.blocked
            && cx.is_none()
            && let Some(drainer) = self.drainer.take()
        {
            drainer.wake();
        }
    }

    fn write_once(&mut self, cx: Option<&mut Context<'_>>) -> Poll<io::Result<usize>> {
        match self.pace.take() {
            None => self.write_many(cx),
            Some(mut pace) => {
                let written = self.write_frame(&mut pace, cx);
                self.pace = Some(pace);
                written
            }
        }
    }

    /// Writes of one frame, when it is due; that is the business of the connection's own task.
    fn write_frame(
        &mut self,
        pace: &mut Pace,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<io::Result<usize>> {
        let (Some(cx), Some(first)) = (cx, self.ready.front()) else {
            return Poll::Pending;
        };
        if !pace.poll_due(cx) {
            return Poll::Pending;
        }
        let bytes = &first.bytes[self.written..];
        let slices = [IoSlice::new(&bytes[..pace.allowance(bytes)])];
        let written = match &mut self.wire {
            Wire::Tcp(socket) => write_tcp(socket, &slices, Some(cx)),
            Wire::Stream(stream) => Pin::new(stream).poll_write_vectored(cx, &slices),
        };
        if let Poll::Ready(Ok(count)) = &written {
            pace.wrote(*count);
        }
        written
    }

    fn write_many(&mut self, cx: Option<&mut Context<'_>>) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); PIECES];
        let mut count = 0;
        for (slice, chunk) in slices.iter_mut().zip(&self.ready) {
            let begun = if count == 0 { self.written } else { 0 };
            *slice = IoSlice::new(&chunk.bytes[begun..]);
            count += 1;
        }
        let slices = &slices[..count];
        match (&mut self.wire, cx) {
            (Wire::Tcp(socket), cx) => write_tcp(socket, slices, cx),
            (Wire::Stream(stream), Some(cx)) => Pin::new(stream).poll_write_vectored(cx, slices),
            (Wire::Stream(_), None) => Poll::Pending,
        }
    }

    fn advance(&mut self, mut count: usize) {
        self.total += count as u64;
        while let Some(first) = self.ready.front() {
            let left = first.bytes.remaining() - self.written;
            let (gone, events) = (count.min(left), first.events);
            if events > 0 {
                self.pushed = self.pushed.saturating_sub(gone);
            } else {
                self.answered = self.answered.saturating_sub(gone);
                self.wake_reader();
            }
            if count < left {
                self.written += count;
                return;
            }
            count -= left;
            self.written = 0;
            self.events = self.events.saturating_sub(events);
            self.ready.pop_front();
        }
    }
}

/// Tries until the socket says that it would block; then asks to be woken, where there is somebody to wake.
fn write_tcp(
    socket: &OwnedWriteHalf,
    slices: &[IoSlice<'_>],
    cx: Option<&mut Context<'_>>,
) -> Poll<io::Result<usize>> {
    match socket.try_write_vectored(slices) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => match cx {
            None => Poll::Pending,
            Some(cx) => match socket.as_ref().poll_write_ready(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Ok(())) => {
                    // Ready again since the try: come back at once.
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            },
        },
        other => Poll::Ready(other),
    }
}

#[cfg(test)]
mod tests;
