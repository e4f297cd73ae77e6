//! Numbers that are counted up by whoever has something to count, and read by whoever asks.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// Counted up by any thread.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn load(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Changed by one at a time, who holds a lock for it; read without. That saves what an exchange among threads costs.
#[derive(Debug, Default)]
pub(super) struct Held(AtomicI64);

impl Held {
    pub(super) fn add(&self, count: i64) {
        self.set(self.0.load(Ordering::Relaxed) + count);
    }

    pub(super) fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// It never falls below nothing.
    pub(super) fn load(&self) -> u64 {
        self.0.load(Ordering::Relaxed).try_into().unwrap_or(0)
    }
}

/// How many threads count apart; more share.
const SHARDS: usize = 8;

/// As many of something as threads count apart, so that two that count at the same time seldom share a line of the cache.
#[derive(Debug)]
pub(super) struct Sharded<T>([Padded<T>; SHARDS]);

/// Two lines, which processors fetch together.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded<T>(T);

impl<T: Default> Default for Sharded<T> {
    fn default() -> Self {
        Self(Default::default())
    }
}

impl<T> Sharded<T> {
    /// The part in which this thread counts.
    pub(super) fn own(&self) -> &T {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static PLACE: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
        }
        &self.0[PLACE.with(|place| *place) % SHARDS].0
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|shard| &shard.0)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn what_several_threads_count_at_once_is_all_there() {
        let counted = Sharded::<[Counter; 2]>::default();
        thread::scope(|scope| {
            for _ in 0..2 * SHARDS {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        counted.own()[0].add(1);
                        counted.own()[1].add(3);
                    }
                });
            }
        });
        let sum = |at: usize| counted.all().map(|shard| shard[at].load()).sum::<u64>();
        let times = 2 * SHARDS as u64 * 10_000;
        assert_eq!((sum(0), sum(1)), (times, 3 * times));
    }

    #[test]
    fn threads_that_come_one_after_the_other_count_apart() {
        let counted = Sharded::<Counter>::default();
        for _ in 0..SHARDS {
            thread::scope(|scope| {
                scope.spawn(|| counted.own().add(1));
            });
        }
        // Other tests' threads may have taken places in between.
        let used = counted.all().filter(|shard| shard.load() > 0).count();
        assert!(used > 1, "{used}");
        let address = |shard: &Counter| std::ptr::from_ref(shard) as usize;
        let addresses: Vec<usize> = counted.all().map(address).collect();
        assert!(addresses.windows(2).all(|two| two[1] - two[0] >= 128));
    }
}
