//! Frames one at a time: for peers that take what one read gives them for one frame.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::gateway::dialect::FrameLength;
use crate::hub::{Bounds, Waiting};

/// How a wire is paced: no write holds more than one frame, and there is a pause between two of them. All bytes that are
/// queued are whole frames.
#[derive(Debug, Clone, Copy)]
pub struct Pacing {
    /// The length of the first frame of these bytes.
    pub length: FrameLength,
    /// The least time from the end of a frame to the beginning of the next.
    pub interval: Duration,
}

/// Parts of its bounds that a queue is looked at by.
const PARTS: usize = 8;
/// Up to so many parts in the queue leave the pause as it is.
const FULL_PAUSE: usize = 1;
/// From so many parts on there is no pause.
const NO_PAUSE: usize = 4;

/// Where one connection is between two frames. The pause shrinks as the queue grows: who reads all the time is never too slow
/// because of it. Its clock is the runtime's, and only the connection's own task waits for it.
///
/// ```text
///  between ──the pause is over──▶ in a frame ──its last byte is written──▶ between
/// ```
pub(super) struct Pacer {
    rule: Pacing,
    bounds: Bounds,
    /// Bytes of the present frame that are not written; 0 between frames.
    left: usize,
    /// When the last frame ended, and what waits until the next may begin.
    pause: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Pacer {
    pub(super) fn new(rule: Pacing, bounds: Bounds) -> Self {
        Self {
            rule,
            bounds,
            left: 0,
            pause: None,
        }
    }

    pub(super) fn interval(&self) -> Duration {
        self.rule.interval
    }

    /// Whether something may be written now that so much waits; else the task is woken when it may.
    pub(super) fn poll_due(&mut self, waiting: Waiting, cx: &mut Context<'_>) -> bool {
        let interval = self.pause(waiting);
        if let Some((ended, pause)) = &mut self.pause {
            let due = *ended + interval;
            if due != pause.deadline() {
                pause.as_mut().reset(due);
            }
            if pause.as_mut().poll(cx).is_pending() {
                return false;
            }
        }
        self.pause = None;
        true
    }

    fn pause(&self, waiting: Waiting) -> Duration {
        let parts = |waiting: usize, bound: usize| (waiting * PARTS).checked_div(bound);
        let events = parts(waiting.events, self.bounds.events);
        let fullest = events.max(parts(waiting.bytes, self.bounds.bytes));
        let left = NO_PAUSE - fullest.unwrap_or(0).clamp(FULL_PAUSE, NO_PAUSE);
        self.rule.interval * left as u32 / (NO_PAUSE - FULL_PAUSE) as u32
    }

    /// How many of these bytes one write may take.
    pub(super) fn allowance(&mut self, bytes: &[u8]) -> usize {
        if self.left == 0 {
            self.left = (self.rule.length)(bytes).max(1);
        }
        self.left = self.left.min(bytes.len());
        self.left
    }

    /// How many bytes end the frame that is begun.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// So many bytes were written. A pause begins with the end of a frame.
    pub(super) fn wrote(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count);
        if self.left == 0 && !self.rule.interval.is_zero() {
            let ended = Instant::now();
            let pause = Box::pin(sleep_until(ended + self.rule.interval));
            self.pause = Some((ended, pause));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn pacer() -> Pacer {
        let rule = Pacing {
            length: |_| 4,
            interval: Duration::from_millis(60),
        };
        let bounds = Bounds {
            events: 80,
            bytes: 0,
        };
        Pacer::new(rule, bounds)
    }

    fn is_due(pacer: &mut Pacer, events: usize) -> bool {
        let waiting = Waiting { events, bytes: 0 };
        pacer.poll_due(waiting, &mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_shrinks_as_the_queue_grows() {
        let mut pacer = pacer();
        for (events, pause) in [
            (0, 60),
            (19, 60),
            (20, 40),
            (30, 20),
            (39, 20),
            (40, 0),
            (80, 0),
        ] {
            pacer.allowance(b"1234");
            pacer.wrote(4);
            let begun = Instant::now();
            while !is_due(&mut pacer, events) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(begun.elapsed().as_millis(), pause, "{events}");
        }
        // What comes during a pause shortens that one.
        pacer.allowance(b"1234");
        pacer.wrote(4);
        assert!(!is_due(&mut pacer, 1) && is_due(&mut pacer, 40));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_begins_with_the_end_of_a_frame() {
        let mut pacer = pacer();
        let is_due = |pacer: &mut Pacer| is_due(pacer, 1);
        assert!(is_due(&mut pacer));
        assert_eq!(pacer.allowance(b"12345678"), 4);
        pacer.wrote(3);
        assert!(is_due(&mut pacer), "inside a frame there is no pause");
        assert_eq!((pacer.left(), pacer.allowance(b"45678")), (1, 1));
        pacer.wrote(1);
        assert!(!is_due(&mut pacer));
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(is_due(&mut pacer));
    }
}
