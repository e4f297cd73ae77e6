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

/// Where one connection is between two frames. Its clock is the runtime's, and only the connection's own task waits for it.
///
/// ```text
///  between ──the pause is over──▶ in a frame ──its last byte is written──▶ between
/// ```
pub(super) struct Pacer {
    rule: Pacing,
    /// Bytes of the present frame that are not written; 0 between frames.
    left: usize,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Pacer {
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

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_pause_begins_with_the_end_of_a_frame() {
        let mut pacer = Pacer::new(Pacing {
            length: |_| 4,
            interval: Duration::from_millis(50),
        });
        let is_due = |pacer: &mut Pacer| pacer.poll_due(&mut Context::from_waker(Waker::noop()));
        assert!(is_due(&mut pacer));
        assert_eq!(pacer.allowance(b"12345678"), 4);
        pacer.wrote(3);
        assert!(is_due(&mut pacer), "inside a frame there is no pause");
        assert_eq!((pacer.left(), pacer.allowance(b"45678")), (1, 1));
        pacer.wrote(1);
        assert!(!is_due(&mut pacer));
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(is_due(&mut pacer));
    }
}
