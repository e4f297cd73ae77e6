//! Frames one at a time: for peers that take what one read gives them for one frame.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// How a wire is paced: no write holds more than one frame, and there is a pause between two of them. All bytes that are
/// queued are whole frames.
#[derive(Debug, Clone, Copy)]
pub struct Pacing {
    /// The length of the first frame of these bytes.
    pub length: fn(&[u8]) -> usize,
    /// The least time from the end of a frame to the beginning of the next.
    pub interval: Duration,
}

/// The pace of one connection. Its clock is the runtime's, and only the connection's own task waits for it.
///
/// ```text
///  between ──the pause is over──▶ in a frame ──its last byte is written──▶ between
/// ```
pub(super) struct Pace {
    rule: Pacing,
    /// Bytes of the present frame that are not written; 0 between frames.
    left: usize,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    pub(super) fn new(rule: Pacing) -> Self {
        Self {
            rule,
            left: 0,
            pause: None,
        }
    }

    pub(super) fn interval(&self) -> Duration {
        self.rule.interval
    }

    /// Whether something may be written now; else the task is woken when it may.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(pause) = &mut self.pause
            && pause.as_mut().poll(cx).is_pending()
        {
            return false;
        }
        self.pause = None;
        true
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
            let next = Instant::now() + self.rule.interval;
            self.pause = Some(Box::pin(sleep_until(next)));
        }
    }
}
