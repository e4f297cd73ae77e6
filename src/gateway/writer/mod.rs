//! What is written to one connection.
//!
//! Bytes come from two sides: *answers* to the connection's own requests, and *pushes*, events that the hub has for
//! it. Whoever has bytes queues them; [`Sink::flush`] then writes as much as the socket takes, from whichever
//! thread calls it, and the connection's own task ([`Writer::poll_drain`]) goes on where the socket would have blocked.
//!
//! ```text
//!           ┌─ answers ─┐   ┌─ window ─┐   ┌─ socket ─┐
//!  push ───▶│ behind a  │──▶│ needs a  │──▶│ ready    │──one frame at a time, if paced──▶ peer
//!  answer ─▶│ slot      │───┼──────────┼──▶│          │
//!           └───────────┘   └──────────┘   └──────────┘
//! ```
//!
//! A push waits for the answers to the requests that came before it ([`answers`]). Where the wire has its peer answer
//! what is pushed, pushes beyond the number that may be unanswered wait ([`window`]); answers do not wait with them. Where
//! the wire is paced ([`pacer`]), only the connection's own task writes, one frame at a time, answers too. A connection
//! whose dialect needs neither has neither, and an idle one holds no queue.

mod answers;
mod chunk;
mod pacer;
mod socket;
mod waiting;
mod window;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;

use super::liveness::PeerTimeout;
use super::wire::Wire;
use crate::hub::metrics::DialectNumber;
use crate::hub::tap::{TapConnection, TapEvent};
use crate::hub::{Backlog, Bounds, CountedWaiting, Delivery, Hub, Overflow, Sink, Waiting};
use crate::model::{EndReason, RoomId};
use answers::AnswerQueue;
pub(super) use answers::Slot;
use chunk::{Chunk, Source};
use pacer::Pacer;
pub use pacer::Pacing;
use socket::Socket;
use waiting::Reader;
pub use window::Numbering;
use window::SendWindow;

/// How a writer came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drained {
    /// All was written that was to be.
    Closed,
    /// The peer took no more.
    Broken,
}

/// Where it is counted what waits for a connection, and what is written to it.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) backlog: Arc<Backlog>,
    pub(super) dialect: DialectNumber,
}

impl Counted {
    /// With all else of this hub and dialect.
    pub(super) fn at(hub: &Hub, dialect: &'static str) -> Self {
        Self {
            backlog: hub.backlog().clone(),
            dialect: hub.counts().number(dialect),
        }
    }
}

/// The gateway's sink for one connection: what is queued, and the socket it goes to, as the module says.
pub(super) struct Writer {
    state: Mutex<State>,
    bounds: Bounds,
    peer_timeout: PeerTimeout,
    tap: Option<Arc<TapConnection>>,
}

struct State {
    answers: AnswerQueue,
    window: Option<Box<SendWindow>>,
    pacer: Option<Box<Pacer>>,
    socket: Socket,
    dialect: DialectNumber,
    /// Pushes that are not written.
    pushed: CountedWaiting,
    /// Bytes of answers that are not written.
    answered: usize,
    phase: Phase,
    /// Why this side closed it, if it did, however that went on.
    closed: Option<EndReason>,
    /// Queued since the last flush.
    is_dirty: bool,
    drainer: Option<Waker>,
    reader: Option<Reader>,
    /// What the peer is told in place of its form's words when its session is over for good.
    parting: Option<Box<Bytes>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// What is ready is still written, nothing more is queued.
    Closing,
    Ended(Drained),
}

impl Writer {
    /// For a connection that was just opened; its frames are numbered and paced if there are rules for that.
    pub(super) fn new(
        wire: Wire,
        peer_timeout: PeerTimeout,
        bounds: Bounds,
        counted: Counted,
        numbering: Option<Numbering>,
        pacing: Option<Pacing>,
        tap: Option<Arc<TapConnection>>,
    ) -> Self {
        let Counted { backlog, dialect } = counted;
        let state = State {
            answers: AnswerQueue::default(),
            window: numbering.map(|rule| Box::new(SendWindow::new(rule))),
            pacer: pacing.map(|rule| Box::new(Pacer::new(rule, bounds))),
            socket: Socket::new(wire),
            dialect,
            pushed: CountedWaiting::new(backlog),
            answered: 0,
            phase: Phase::Open,
            closed: None,
            is_dirty: false,
            drainer: None,
            reader: None,
            parting: None,
        };
        Self {
            state: Mutex::new(state),
            bounds,
            peer_timeout,
            tap,
        }
    }

    /// The pause between two frames.
    pub(super) fn pause(&self) -> Duration {
        let state = self.lock();
        let pacer = state.pacer.as_ref();
        pacer.map_or(Duration::ZERO, |pacer| pacer.interval())
    }

    /// Keeps a place for the answer to a request that came in now.
    pub(super) fn reserve(&self) -> Slot {
        self.lock().answers.reserve()
    }

    /// Gives a request its answer, which may be empty, and lets go what waited behind it.
    pub(super) fn fill(&self, slot: &Slot, answer: Bytes) {
        self.fill_by(slot, Chunk::answer(slot.number(), answer));
    }

    /// As [`fill`](Self::fill), by a part of what is no frame.
    pub(super) fn fill_content(&self, slot: &Slot, part: Bytes) {
        self.fill_by(slot, Chunk::content(slot.number(), part));
    }

    fn fill_by(&self, slot: &Slot, answer: Chunk) {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return;
        }
        state.answers.fill(slot, answer);
        if let Some(tap) = &self.tap {
            let request = slot.number();
            tap.tell(TapEvent::Done { request });
        }
        while let Some((answer, behind)) = state.answers.next() {
            state.answered += answer.bytes.len();
            state.ready(answer, self.tap());
            for chunk in behind {
                state.release(chunk, self.tap());
            }
        }
        state.wake_reader();
    }

    /// Queues one frame that the server itself wants answered, whatever waits.
    pub(super) fn ask(&self, bytes: Bytes) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.push(Chunk::asked(bytes), self.tap());
        }
    }

    /// The peer answered the frame of this number: what [`Numbering::number`] told of it, if it was unanswered. What
    /// waited for that is ready then; flush it.
    pub(super) fn answered(&self, number: u8) -> Option<u8> {
        self.refused(number, |_| false)
    }

    /// Like [`answered`](Self::answered), for an answer that is a no: `suspends` says whether the peer wants no more
    /// events then. If so, none that waits goes out for it.
    pub(super) fn refused(&self, number: u8, suspends: impl FnOnce(u8) -> bool) -> Option<u8> {
        let mut state = self.lock();
        let what = state.window.as_mut()?.answered(number);
        if what.is_some_and(suspends) {
            state.suspend(true);
        }
        state.release_held(self.tap());
        what
    }

    /// While suspended, what is pushed is dropped, with what waits for its number now.
    pub(super) fn suspend(&self, suspended: bool) {
        self.lock().suspend(suspended);
    }

    /// What the peer is told in place of its form's words when its session is [over](EndReason::is_final).
    pub(super) fn set_parting(&self, words: Option<Bytes>) {
        self.lock().parting = words.map(Box::new);
    }

    /// Writes `last` after what is ready and closes.
    pub(super) fn finish(&self, last: Bytes) {
        self.lock().close(last, false, self.tap());
    }

    /// Ends at once, whatever waits: the connection is gone.
    pub(super) fn abort(&self) {
        self.lock().end(Drained::Broken);
    }

    /// Wakes the connection's own task, wherever it waits.
    pub(super) fn wake(&self) {
        self.lock().wake();
    }

    /// Why the hub closed it, if it did.
    pub(super) fn end_reason(&self) -> Option<EndReason> {
        self.lock().closed
    }

    /// Whether the peer takes no more.
    pub(super) fn is_broken(&self) -> bool {
        self.lock().is_broken()
    }

    /// For how long the peer's system has acknowledged nothing, if that is too long for one that is there.
    pub(super) fn silence(&self) -> Option<Duration> {
        self.lock().socket.silence(self.peer_timeout)
    }

    /// Bytes that the peer's socket has taken since the beginning: it moves while somebody reads.
    pub(super) fn total_written(&self) -> u64 {
        self.lock().socket.total()
    }

    /// The connection's own part: writes on whenever the socket takes more, until the writer comes to its end.
    pub(super) fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<Drained> {
        let mut state = self.lock();
        state.flush(Some(cx));
        match state.phase {
            Phase::Ended(how) => Poll::Ready(how),
            Phase::Open | Phase::Closing => {
                match &mut state.drainer {
                    Some(drainer) => drainer.clone_from(cx.waker()),
                    drainer => *drainer = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        }
    }

    /// To be called now and then: asks a peer whether it is there that was silent for long, where the wire has a way to.
    pub(super) fn look(&self) {
        let mut state = self.lock();
        if state.socket.look() {
            state.flush(None);
        }
    }

    /// Says the wire's own farewell, where it has one, once all is written.
    pub(super) async fn say_farewell(&self, code: u16) {
        std::future::poll_fn(|cx| self.lock().socket.poll_say_farewell(code, cx)).await;
    }

    /// Tells the peer that nothing more comes, once all is written.
    pub(super) async fn shut_down(&self) {
        std::future::poll_fn(|cx| self.lock().socket.poll_shut_down(cx)).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Writer {
    fn push(&self, room: RoomId, delivery: Delivery) -> Result<bool, Overflow> {
        let mut state = self.lock();
        if delivery.bytes.is_empty() || state.phase != Phase::Open {
            return Ok(false);
        }
        let chunk = Chunk::event(room, delivery);
        let has_room = |state: &State| self.bounds.hold(state.pushed.own(), chunk.size());
        if !has_room(&state) {
            // What waits may wait for another thread's flush, and not for the peer.
            state.flush(None);
            if state.phase != Phase::Open {
                return Ok(false);
            }
            if !has_room(&state) {
                return Err(Overflow);
            }
        }
        state.push(chunk, self.tap());
        Ok(state.mark_dirty())
    }

    fn flush(&self) {
        self.lock().flush(None);
    }

    fn close(&self, reason: EndReason, last: Bytes) {
        let mut state = self.lock();
        let parting = state.parting.take().filter(|_| reason.is_final());
        let is_abrupt = reason == EndReason::TooSlow;
        state.closed = Some(reason);
        state.close(parting.map_or(last, |words| *words), is_abrupt, self.tap());
    }

    fn was_closed(&self) -> bool {
        self.end_reason().is_some()
    }

    fn waiting(&self) -> Waiting {
        self.lock().pushed.own()
    }

    fn is_reader_gone(&self) -> bool {
        self.is_broken() || self.silence().is_some()
    }

    fn is_encrypted(&self) -> bool {
        self.lock().socket.is_encrypted()
    }

    fn change_reader(&self) {
        let mut state = self.lock();
        let behind = state.answers.drop_events();
        state.pushed.subtract(behind);
        state.drop_held();
        if let Some(window) = &mut state.window {
            window.forget_events();
        }
    }

    fn tap(&self) -> Option<&Arc<TapConnection>> {
        self.tap.as_ref()
    }
}

impl State {
    /// Puts a push in its place: behind the last unfilled slot, else to be written.
    fn push(&mut self, chunk: Chunk, tap: Option<&Arc<TapConnection>>) {
        self.pushed.add(chunk.size());
        if let Some(chunk) = self.answers.push(chunk) {
            self.release(chunk, tap);
        }
    }

    /// No slot is in front of this push any more.
    fn release(&mut self, chunk: Chunk, tap: Option<&Arc<TapConnection>>) {
        match &mut self.window {
            None => self.ready(chunk, tap),
            Some(window) if window.suspended && chunk.source != Source::Asked => {
                self.pushed.subtract(chunk.size());
            }
            Some(window) => {
                window.hold(chunk);
                self.release_held(tap);
            }
        }
    }

    /// Readies as much of what is held as may be unanswered.
    fn release_held(&mut self, tap: Option<&Arc<TapConnection>>) {
        while let Some(chunk) = self
            .window
            .as_mut()
            .and_then(|window| window.take_numbered())
        {
            self.ready(chunk, tap);
        }
    }

    /// To be written next. Who watches is told here: these are the bytes as the peer gets them, in their order.
    fn ready(&mut self, chunk: Chunk, tap: Option<&Arc<TapConnection>>) {
        if chunk.bytes.is_empty() {
            return;
        }
        if let Some(tap) = tap.filter(|tap| tap.is_watched()) {
            tap.tell(chunk.told());
        }
        self.socket.queue(chunk);
    }

    fn suspend(&mut self, suspended: bool) {
        if suspended {
            self.drop_held();
        }
        let Some(window) = &mut self.window else {
            return;
        };
        window.suspended = suspended;
        if !suspended {
            // What was told before is answered to nobody now.
            window.forget_events();
        }
    }

    /// Events that wait for a number go to nobody.
    fn drop_held(&mut self) {
        if let Some(window) = &mut self.window {
            let dropped = window.drop_events();
            self.pushed.subtract(dropped);
        }
    }

    /// `is_abrupt`: what is ready and not begun is dropped first, for a peer that did not read.
    fn close(&mut self, last: Bytes, is_abrupt: bool, tap: Option<&Arc<TapConnection>>) {
        if self.phase != Phase::Open {
            return self.wake();
        }
        let waiting = self.answers.take_all();
        if is_abrupt {
            self.socket.drop_unbegun(self.pacer.as_deref());
            self.pushed.clear();
        } else {
            for chunk in waiting {
                match chunk.source {
                    Source::Answer(_) | Source::Content(_) | Source::End => self.ready(chunk, tap),
                    Source::Asked | Source::Room(_) => self.release(chunk, tap),
                }
            }
        }
        // The answers that what is held waits for will not be read any more.
        let last = match &mut self.window {
            Some(window) => {
                window.clear();
                window.number_all(last, Source::End)
            }
            None => last,
        };
        self.ready(Chunk::end(last), tap);
        self.phase = Phase::Closing;
        self.wake();
    }

    fn end(&mut self, how: Drained) {
        if !matches!(self.phase, Phase::Ended(_)) {
            self.phase = Phase::Ended(how);
        }
        self.socket.clear();
        self.answers.take_all();
        if let Some(window) = &mut self.window {
            window.clear();
        }
        self.answered = 0;
        self.pushed.clear();
        self.wake();
    }

    fn is_broken(&self) -> bool {
        self.phase == Phase::Ended(Drained::Broken)
    }

    /// Where it has ended, what the socket did not take of a record stays.
    fn may_write(&self) -> bool {
        let is_ended = matches!(self.phase, Phase::Ended(_));
        !is_ended && !self.socket.is_blocked && !self.socket.is_empty()
    }

    fn mark_dirty(&mut self) -> bool {
        let is_clean = !self.is_dirty && !self.socket.is_empty();
        self.is_dirty |= is_clean;
        is_clean
    }

    /// With a context, the caller is the connection's own task and is woken when the socket takes more.
    fn flush(&mut self, mut cx: Option<&mut Context<'_>>) {
        self.is_dirty = false;
        if cx.is_some() {
            self.socket.is_blocked = false;
        }
        while self.may_write() {
            match self.socket.write(
                self.pacer.as_deref_mut(),
                self.pushed.own(),
                cx.as_deref_mut(),
            ) {
                Poll::Ready(Ok(0)) if !self.socket.is_empty() => self.end(Drained::Broken),
                Poll::Ready(Ok(count)) => self.advance(count),
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(_)) => self.end(Drained::Broken),
                Poll::Pending => self.socket.is_blocked = true,
            }
        }
        let is_done = self.socket.is_empty() || self.socket.is_mute();
        if is_done && self.phase == Phase::Closing {
            self.end(Drained::Closed);
        } else if self.socket.is_blocked
            && cx.is_none()
            && let Some(drainer) = self.drainer.take()
        {
            drainer.wake();
        }
    }

    fn advance(&mut self, count: usize) {
        self.pushed.sent(self.dialect, count);
        let (pushed, answered) = (&mut self.pushed, &mut self.answered);
        self.socket
            .advance(count, |chunk, bytes, is_whole| match chunk.source {
                Source::Answer(_) | Source::Content(_) | Source::End => {
                    *answered = answered.saturating_sub(bytes)
                }
                Source::Asked | Source::Room(_) => {
                    let events = if is_whole { chunk.events } else { 0 };
                    pushed.subtract(Waiting { events, bytes });
                }
            });
        self.wake_reader();
    }
}

#[cfg(test)]
mod tests;
