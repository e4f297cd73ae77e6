//! What the hub asks of its embedder's own code: bounded in time, and whatever becomes of it, the hub goes on.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

/// Why an [`Authenticator`](super::Authenticator) or a [`Policy`](super::Policy) could not answer. It goes to the log.
pub type ExternalError = Box<dyn std::error::Error + Send + Sync>;

/// One that is asked.
pub(super) struct External {
    what: &'static str,
    timeout: Duration,
    is_failing: AtomicBool,
}

impl External {
    pub(super) fn new(what: &'static str, timeout: Duration) -> Self {
        Self {
            what,
            timeout,
            is_failing: AtomicBool::new(false),
        }
    }

    /// The answer; `None` where it fails, panics or takes too long, which is logged once until it answers again. The
    /// question ends when nobody waits for it any more.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl Future<Output = Result<T, ExternalError>> + Send + 'static,
    ) -> Option<T> {
        let mut asked = JoinSet::new();
        asked.spawn(question);
        let failure = match tokio::time::timeout(self.timeout, asked.join_next()).await {
            Ok(Some(Ok(Ok(answer)))) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the {} answers again", self.what);
                }
                return Some(answer);
            }
            Ok(Some(Ok(Err(error)))) => error.to_string(),
            Ok(Some(Err(defect))) => defect.to_string(),
            Ok(None) => "it was not asked".to_owned(),
            Err(_) => format!("no answer within {:?}", self.timeout),
        };
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            tracing::error!("the {} fails: {failure}", self.what);
        }
        None
    }
}
