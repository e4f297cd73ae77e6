//! What all connections together hold of frames that are not whole yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::dial::Dial;

/// Bytes that any connection may hold without being counted: most frames are smaller.
const UNCOUNTED: usize = 64 * 1024;

/// The sum over all connections, and its limit; 0: none.
#[derive(Debug)]
pub(super) struct ReceivingTotal {
    limit: Dial,
    held: AtomicUsize,
}

impl ReceivingTotal {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit: (limit as u64).into(),
            held: AtomicUsize::new(0),
        })
    }

    /// Another limit from now on: it ends whoever would hold more than before over it.
    pub(super) fn set_limit(&self, limit: usize) {
        self.limit.set(limit as u64);
    }

    /// The part of a connection that holds nothing yet.
    pub(super) fn part(self: &Arc<Self>) -> Receiving {
        Receiving {
            total: self.clone(),
            held: 0,
        }
    }
}

/// One connection's part of it, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Receiving {
    total: Arc<ReceivingTotal>,
    held: usize,
}

impl Receiving {
    /// Notes that so many bytes wait for the rest of their frame; whether the limit lets them. Who would hold less than before always may.
    pub(super) fn hold(&mut self, bytes: usize) -> bool {
        let bytes = bytes.saturating_sub(UNCOUNTED);
        let before = std::mem::replace(&mut self.held, bytes);
        let held = &self.total.held;
        if bytes <= before {
            held.fetch_sub(before - bytes, Ordering::Relaxed);
            return true;
        }
        let more = bytes - before;
        let sum = held.fetch_add(more, Ordering::Relaxed) + more;
        let limit = self.total.limit.get();
        limit == 0 || sum as u64 <= limit
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.total.held.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_of_all_and_shrinks_with_each() {
        let total = ReceivingTotal::new(100);
        let (mut one, mut other) = (total.part(), total.part());
        assert!(one.hold(UNCOUNTED + 60) && other.hold(UNCOUNTED));
        assert!(other.hold(UNCOUNTED + 40));
        assert!(!other.hold(UNCOUNTED + 41));
        assert!(other.hold(UNCOUNTED + 10));
        assert!(one.hold(UNCOUNTED + 90));
        drop(one);
        assert!(other.hold(UNCOUNTED + 100));
        drop(other);
        assert_eq!(total.held.load(Ordering::Relaxed), 0);
        assert!(ReceivingTotal::new(0).part().hold(usize::MAX));
    }
}
