//! How much of what a session said without waiting is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts. Holds no memory before the first time.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Option<Arc<Count>>);

#[derive(Debug, Default)]
struct Count {
    number: AtomicUsize,
    none: Notify,
}

/// One thing is under way until this is dropped.
#[derive(Debug)]
pub(super) struct Begun(Arc<Count>);

impl UnderWay {
    /// One more is under way.
    pub(super) fn begin(&mut self) -> Begun {
        let count = self.0.get_or_insert_default().clone();
        count.number.fetch_add(1, Ordering::SeqCst);
        Begun(count)
    }

    /// Waits until none is under way.
    pub(super) async fn done(&self) {
        let Some(count) = &self.0 else { return };
        while count.number.load(Ordering::SeqCst) > 0 {
            // A notice of an earlier time may be there: it is looked again.
            count.none.notified().await;
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if self.0.number.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.none.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_is_told_of_the_last_one() {
        let mut under_way = UnderWay::default();
        under_way.done().await;
        let (first, second) = (under_way.begin(), under_way.begin());
        let ending = tokio::spawn(async move {
            drop(first);
            tokio::task::yield_now().await;
            drop(second);
        });
        under_way.done().await;
        assert!(ending.is_finished() || ending.await.is_ok());
        drop(under_way.begin());
        under_way.done().await;
    }
}
