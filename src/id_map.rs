//! Maps by the numbers of rows and sessions, which nobody outside chooses: hashed in one multiplication.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map by numbers, or pairs of them.
pub(crate) type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;
/// A set of numbers, or pairs of them.
pub(crate) type IdSet<K> = HashSet<K, BuildHasherDefault<IdHasher>>;

/// See the module. What is no number is hashed byte by byte: correct, and slow.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct IdHasher(u64);

/// 2^64 divided by the golden ratio, odd: it spreads numbers in a row.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_i32(&mut self, number: i32) {
        self.write_u64(u64::from(number.cast_unsigned()));
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(SPREAD);
    }

    /// Maps take their places by the lower bits; the upper ones depend on all bits of the number.
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn numbers_in_a_row_and_pairs_of_them_are_spread() {
        let hasher = BuildHasherDefault::<IdHasher>::default();
        for low in [0xff, 0xfff] {
            let places: HashSet<u64> = (0..=low).map(|id: u64| hasher.hash_one(id) & low).collect();
            assert!(places.len() as u64 > low / 2, "{}", places.len());
            let pairs = (0..=low).map(|id| hasher.hash_one((id % 64, id / 64)) & low);
            let places: HashSet<u64> = pairs.collect();
            assert!(places.len() as u64 > low / 3, "{}", places.len());
        }
        let strides: HashSet<u64> = (0..256_u64)
            .map(|id| hasher.hash_one(id << 32) & 0xff)
            .collect();
        assert!(strides.len() > 64, "{}", strides.len());
    }
}
