//! Who of the control socket's clients is being waited for: where all places are taken, who has been silent for longest
//! makes room.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The connections that have asked nothing yet, or have their answer.
#[derive(Default)]
pub(super) struct Silent {
    state: Mutex<State>,
    some: Notify,
}

#[derive(Default)]
struct State {
    /// By when they fell silent.
    needed: BTreeMap<u64, CancellationToken>,
    next: u64,
}

impl Silent {
    /// Waits for a request; `None`: its place is needed.
    pub(super) async fn wait<T>(&self, request: impl Future<Output = T>) -> Option<T> {
        let needed = CancellationToken::new();
        let number = {
            let mut state = self.state();
            state.next += 1;
            let number = state.next;
            state.needed.insert(number, needed.clone());
            number
        };
        self.some.notify_one();
        let came = tokio::select! {
            biased;
            came = request => Some(came),
            () = needed.cancelled() => None,
        };
        self.state().needed.remove(&number);
        came
    }

    /// Ends the one that has been silent for longest, as soon as there is one.
    pub(super) async fn end_longest(&self) {
        loop {
            let longest = self.state().needed.pop_first();
            if let Some((_, needed)) = longest {
                return needed.cancel();
            }
            self.some.notified().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
