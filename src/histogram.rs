//! How long things take, counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Microseconds a second has.
const MICROS: f64 = 1_000_000.0;

/// How often something took how long. Cheap enough for every call.
#[derive(Debug)]
pub struct Histogram {
    /// Upper bounds of the buckets in microseconds, growing.
    bounds: &'static [u64],
    /// One more than there are bounds: what took longer than the last.
    counts: Box<[AtomicU64]>,
    /// All of it together, in microseconds.
    sum: AtomicU64,
}

/// What a histogram counted up to a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Upper bounds in seconds, the last without end, and how often something
    /// took no longer than this and longer than the bound before.
    pub buckets: Vec<(f64, u64)>,
    /// All of it together, in seconds.
    pub sum: f64,
}

impl Histogram {
    /// An empty one with these bounds, in microseconds, growing.
    pub fn new(bounds: &'static [u64]) -> Self {
        Self { bounds, counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(), sum: AtomicU64::new(0) }
    }

    /// Something took so long.
    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = self.bounds.partition_point(|bound| *bound < micros);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was counted so far. What is recorded meanwhile may be in the sum
    /// and not yet in the buckets, or the other way round.
    pub fn counted(&self) -> Counted {
        let bounds = self.bounds.iter().map(|bound| *bound as f64 / MICROS).chain([f64::INFINITY]);
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        Counted { buckets: bounds.zip(counts).collect(), sum: self.sum.load(Ordering::Relaxed) as f64 / MICROS }
    }
}

impl Counted {
    /// How often it happened.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = Histogram::new(&[1_000, 5_000]);
        for micros in [0, 1_000, 1_001, 5_000, 5_001, 60_000_000] {
            histogram.record(Duration::from_micros(micros));
        }
        let counted = histogram.counted();
        assert_eq!(counted.buckets, [(0.001, 2), (0.005, 2), (f64::INFINITY, 2)]);
        assert_eq!((counted.count(), counted.sum), (6, 60.012_002));
    }

    #[test]
    fn nothing_is_too_long() {
        let histogram = Histogram::new(&[]);
        histogram.record(Duration::MAX);
        assert_eq!(histogram.counted().buckets, [(f64::INFINITY, 1)]);
    }
}
