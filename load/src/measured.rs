//! What came of it.

use std::io;
use std::time::Duration;

use hdrhistogram::Histogram;

/// The longest latency that is told from longer ones, in µs: an hour.
const LONGEST: u64 = 3_600_000_000;
/// Of how many digits latencies are.
const DIGITS: u8 = 3;

/// What was counted between two moments.
#[derive(Debug, Clone)]
pub struct Measured<W> {
    /// What the watch showed at the first moment.
    pub before: W,
    /// What it showed at the last.
    pub after: W,
    /// How long it was.
    pub time: Duration,
    /// Messages that were said.
    pub messages: u64,
    /// Messages that were heard, each by each, senders' own too where they hear them.
    pub deliveries: u64,
    /// Deliveries that would have come if each had come as soon as its message was due.
    pub due: u64,
    /// From when a message was meant to be said until it was heard, in µs.
    pub latency: Histogram<u64>,
    /// From when a message was meant to be said until its sender knew that it was accepted, in µs.
    pub accepted: Histogram<u64>,
}

impl<W> Measured<W> {
    /// Which part of the deliveries that were due did not come in time; 0 where all did.
    #[must_use]
    pub fn behind(&self) -> f64 {
        (1.0 - self.deliveries as f64 / self.due.max(1) as f64).max(0.0)
    }
}

/// Counts and times while a crowd speaks.
pub(crate) struct Tally {
    pub(crate) messages: u64,
    pub(crate) deliveries: u64,
    pub(crate) answers: u64,
    pub(crate) due: u64,
    pub(crate) latency: Histogram<u64>,
    pub(crate) accepted: Histogram<u64>,
}

impl Tally {
    pub(crate) fn new() -> io::Result<Self> {
        let histogram = || Histogram::new_with_bounds(1, LONGEST, DIGITS).map_err(io::Error::other);
        Ok(Self {
            messages: 0,
            deliveries: 0,
            answers: 0,
            due: 0,
            latency: histogram()?,
            accepted: histogram()?,
        })
    }

    /// What came of it between these moments.
    pub(crate) fn measured<W>(self, before: W, after: W, time: Duration) -> Measured<W> {
        Measured {
            before,
            after,
            time,
            messages: self.messages,
            deliveries: self.deliveries,
            due: self.due,
            latency: self.latency,
            accepted: self.accepted,
        }
    }

    pub(crate) fn heard(&mut self, after: Duration) {
        self.deliveries += 1;
        self.latency.saturating_record(micros(after));
    }

    pub(crate) fn was_accepted(&mut self, after: Duration) {
        self.accepted.saturating_record(micros(after));
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
