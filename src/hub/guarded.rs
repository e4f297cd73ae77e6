//! Code of whoever embeds the hub, where everything passes: if it panics, the session for which it ran ends, and the hub goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs it. `None`: it panicked, which is logged.
pub(super) fn guarded<R>(what: &str, code: impl FnOnce() -> R) -> Option<R> {
    let done = catch_unwind(AssertUnwindSafe(code)).ok();
    if done.is_none() {
        tracing::error!("{what} panicked; whom it was to serve is to connect again");
    }
    done
}
