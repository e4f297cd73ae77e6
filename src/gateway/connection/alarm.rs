//! The time that a connection waits for, which every frame moves a little further.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that is set anew only where it would come too late: one that comes too early is set on.
#[derive(Debug, Default)]
pub(super) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready when this time has come.
    pub(super) fn poll(&mut self, due: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if due < sleep.deadline() {
            sleep.as_mut().reset(due);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if due <= sleep.deadline() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_comes_when_it_is_due_whether_that_was_moved_back_or_forth() {
        let start = Instant::now();
        let seconds = |seconds| start + Duration::from_secs(seconds);
        let mut alarm = Alarm::default();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(alarm.poll(seconds(10), &mut cx).is_pending());
        assert!(alarm.poll(seconds(30), &mut cx).is_pending());
        poll_fn(|cx| alarm.poll(seconds(30), cx)).await;
        assert_eq!(Instant::now(), seconds(30));
        assert!(alarm.poll(seconds(90), &mut cx).is_pending());
        poll_fn(|cx| alarm.poll(seconds(40), cx)).await;
        assert_eq!(Instant::now(), seconds(40));
        poll_fn(|cx| alarm.poll(seconds(40), cx)).await;
        assert_eq!(Instant::now(), seconds(40));
    }
}
