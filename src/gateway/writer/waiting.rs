//! Who waits for a writer: its connection's own task, which reads no more while much is to be written.

use std::task::{Context, Poll, Waker};

use super::{Phase, State, Writer};

/// A task that waits for room, and for how much; `None`: for the end only.
pub(super) struct Reader {
    waker: Waker,
    room: Option<Room>,
}

#[derive(Clone, Copy)]
struct Room {
    requests: usize,
    answers: usize,
}

impl Writer {
    /// Waits until at most `requests` slots are unfilled and at most `answers` bytes of answers are unread.
    pub(in crate::gateway) async fn room_for_requests(&self, requests: usize, answers: usize) {
        let room = Room { requests, answers };
        std::future::poll_fn(|cx| {
            self.poll_until(cx, Some(room), |state| {
                state.phase != Phase::Open || state.has(room)
            })
        })
        .await;
    }

    /// Whether there is as much room now.
    pub(in crate::gateway) fn has_room(&self, requests: usize, answers: usize) -> bool {
        let state = self.lock();
        state.phase != Phase::Open || state.has(Room { requests, answers })
    }

    /// Whether the hub has closed it. If not, the task is woken when it has, or when the peer takes no more.
    pub(in crate::gateway) fn poll_closed(&self, cx: &Context<'_>) -> Poll<()> {
        self.poll_until(cx, None, |state| state.closed.is_some())
    }

    fn poll_until(
        &self,
        cx: &Context<'_>,
        room: Option<Room>,
        is_so: impl Fn(&State) -> bool,
    ) -> Poll<()> {
        let mut state = self.lock();
        if is_so(&state) {
            return Poll::Ready(());
        }
        match &mut state.reader {
            Some(reader) if reader.waker.will_wake(cx.waker()) => reader.room = room,
            reader => {
                let waker = cx.waker().clone();
                *reader = Some(Reader { waker, room });
            }
        }
        Poll::Pending
    }
}

impl State {
    fn has(&self, room: Room) -> bool {
        self.answers.len() <= room.requests && self.answered <= room.answers
    }

    /// Wakes who waits for room, if there is now as much as it wants.
    pub(super) fn wake_reader(&mut self) {
        let room = self.reader.as_ref().and_then(|reader| reader.room);
        if room.is_some_and(|room| self.has(room))
            && let Some(reader) = self.reader.take()
        {
            reader.waker.wake();
        }
    }

    /// Wakes all who wait.
    pub(super) fn wake(&mut self) {
        let reader = self.reader.take().map(|reader| reader.waker);
        for waker in [self.drainer.take(), reader].into_iter().flatten() {
            waker.wake();
        }
    }
}
