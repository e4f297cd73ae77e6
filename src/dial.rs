//! A number that is turned while others go by it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// See the module. A handle: clones are the same number.
#[derive(Debug, Clone, Default)]
pub struct Dial(Arc<AtomicU64>);

impl Dial {
    /// What it says now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Has it say something else from now on, to everybody who has it.
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

impl From<u64> for Dial {
    fn from(value: u64) -> Self {
        Self(Arc::new(value.into()))
    }
}
