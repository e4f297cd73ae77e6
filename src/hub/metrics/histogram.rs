//! How long something takes, or how large it is: how often up to which bound.

use std::time::Duration;

use super::number::Counter;

/// How many bounds there are at most.
const MAX_BOUNDS: usize = 20;

/// Bounds of a [`Histogram`], rising, in whole units of which `scale` are one of what people read.
#[derive(Debug)]
pub(super) struct Bounds {
    upto: &'static [u64],
    scale: f64,
}

/// From 10 µs to 10 s, in nanoseconds.
pub(super) static TIMES: Bounds = Bounds {
    upto: &[
        10_000,
        25_000,
        50_000,
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000,
        25_000_000,
        50_000_000,
        100_000_000,
        250_000_000,
        500_000_000,
        1_000_000_000,
        2_500_000_000,
        5_000_000_000,
        10_000_000_000,
    ],
    scale: 1e9,
};

/// How many of something, by powers of two.
pub(super) static SIZES: Bounds = Bounds {
    upto: &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
    scale: 1.0,
};

/// How many values lie between which bounds.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// Up to each of the bounds, and beyond the last.
    counts: [Counter; MAX_BOUNDS],
    sum: Counter,
}

impl Histogram {
    /// Something was so large, so many times.
    fn add_all(&self, bounds: &Bounds, value: u64, times: u64) {
        let place = bounds.upto.partition_point(|bound| *bound < value);
        self.counts[place].add(times);
        self.sum.add(value.saturating_mul(times));
    }

    pub(super) fn add_size(&self, size: u64) {
        self.add_all(&SIZES, size, 1);
    }

    pub(super) fn add_time(&self, time: Duration) {
        self.add_times(time, 1);
    }

    pub(super) fn add_times(&self, time: Duration, times: u64) {
        let nanoseconds = time.as_nanos().try_into().unwrap_or(u64::MAX);
        self.add_all(&TIMES, nanoseconds, times);
    }

    /// What these have counted together, by the bounds by which all did.
    pub(super) fn read<'a>(
        all: impl IntoIterator<Item = &'a Self>,
        bounds: &Bounds,
    ) -> Distribution {
        let mut counts = vec![0; bounds.upto.len() + 1];
        let mut sum = 0;
        for one in all {
            let places = counts.iter_mut().zip(&one.counts);
            places.for_each(|(count, counted)| *count += counted.load());
            sum += one.sum.load();
        }
        let upto = bounds.upto.iter();
        Distribution {
            bounds: upto.map(|bound| *bound as f64 / bounds.scale).collect(),
            counts,
            sum: sum as f64 / bounds.scale,
        }
    }
}

/// How often something was how large; times are in seconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Distribution {
    /// Bounds, rising: each counts what is at most as large, and larger than the one before.
    pub bounds: Vec<f64>,
    /// How often: one for each bound, and one for what is larger than all of them.
    pub counts: Vec<u64>,
    /// The sum of all that was counted.
    pub sum: f64,
}

impl Distribution {
    /// How many values it holds, whatever their size.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// What was counted since an earlier reading of the same.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = earlier.counts.iter().chain(std::iter::repeat(&0));
        let counts = self.counts.iter().zip(before);
        Self {
            bounds: self.bounds.clone(),
            counts: counts
                .map(|(now, before)| now.saturating_sub(*before))
                .collect(),
            sum: self.sum - earlier.sum,
        }
    }

    /// Below which value this part (0.5: one half) of all lies, if there was anything: between two bounds it is estimated as
    /// Prometheus does it, evenly; what is larger than the last bound counts as that.
    #[must_use]
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let rank = part * self.count() as f64;
        let (mut before, mut lower) = (0.0, 0.0);
        if self.count() == 0 {
            return None;
        }
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            let count = *count as f64;
            if count > 0.0 && before + count >= rank {
                return Some(lower + (bound - lower) * (rank - before) / count);
            }
            (before, lower) = (before + count, *bound);
        }
        Some(lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_counted_at_the_first_bound_that_holds_it() {
        let histogram = Histogram::default();
        for size in [1, 2, 3, 4, 1024, 1025, 1_000_000] {
            histogram.add_size(size);
        }
        let read = Histogram::read([&histogram], &SIZES);
        assert_eq!(read.counts, [1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!((read.count(), read.sum), (7, 1_002_059.0));
        assert_eq!(read.bounds.last(), Some(&1024.0));
        assert!(TIMES.upto.len() < MAX_BOUNDS && SIZES.upto.len() < MAX_BOUNDS);
    }

    #[test]
    fn times_are_read_in_seconds_and_threads_are_summed() {
        let (one, other) = (Histogram::default(), Histogram::default());
        one.add_time(Duration::from_micros(10));
        other.add_time(Duration::from_micros(11));
        other.add_time(Duration::from_secs(60));
        let read = Histogram::read([&one, &other], &TIMES);
        assert_eq!(read.bounds[0], 0.000_01);
        assert_eq!((read.counts[0], read.counts[1], read.counts[19]), (1, 1, 1));
        assert!((read.sum - 60.000_021).abs() < 1e-9, "{}", read.sum);
    }

    #[test]
    fn a_quantile_lies_between_the_bounds_of_what_it_parts() {
        let mut read = Distribution {
            bounds: vec![1.0, 2.0, 4.0],
            counts: vec![0, 10, 10, 0],
            sum: 0.0,
        };
        assert_eq!(read.quantile(0.5), Some(2.0));
        assert_eq!(read.quantile(0.75), Some(3.0));
        assert_eq!(read.since(&read).quantile(0.5), None);
        let earlier = Distribution {
            counts: vec![0, 10, 0, 0],
            ..read.clone()
        };
        assert_eq!(read.since(&earlier).counts, [0, 0, 10, 0]);
        read.counts = vec![0, 0, 0, 1];
        assert_eq!(read.quantile(0.99), Some(4.0));
    }
}
