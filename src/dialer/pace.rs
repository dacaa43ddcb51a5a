//! Pace: at least so much time between two starts, never a burst.

use std::time::Duration;

use tokio::time::Instant;

/// A generic cell rate algorithm with a burst of one: carriers punish bursts,
/// so what was not used is not saved up.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    interval: Duration,
    next: Option<Instant>,
}

impl Pace {
    /// At least `interval` between starts; zero: no limit.
    pub(super) fn every(interval: Duration) -> Self {
        Self { interval, next: None }
    }

    /// At most this many starts a second; zero, negative or not a number: no limit.
    pub(super) fn per_second(rate: f64) -> Self {
        Self::every(interval_of(rate))
    }

    /// Changes the interval for the starts to come.
    pub(super) fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// Changes the rate for the starts to come.
    pub(super) fn set_rate(&mut self, rate: f64) {
        self.interval = interval_of(rate);
    }

    /// When a start may be, if `ahead` others that are already planned go first.
    pub(super) fn ready_at(&self, now: Instant, ahead: u32) -> Instant {
        self.next.unwrap_or(now).max(now) + self.interval * ahead
    }

    /// Uses up a start; gives the time from which it is allowed.
    pub(super) fn take(&mut self, now: Instant) -> Instant {
        let start = self.ready_at(now, 0);
        self.next = Some(start + self.interval);
        start
    }
}

fn interval_of(rate: f64) -> Duration {
    if rate > 0.0 { Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::MAX) } else { Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_spaced_and_unused_time_is_not_saved() {
        let mut pace = Pace::per_second(10.0);
        let now = Instant::now();
        let step = Duration::from_millis(100);
        assert_eq!(pace.take(now), now);
        assert_eq!(pace.take(now), now + step);
        assert_eq!(pace.ready_at(now, 1), now + 3 * step);
        let later = now + Duration::from_secs(60);
        assert_eq!(pace.take(later), later);
        assert_eq!(pace.take(later), later + step, "no burst after a pause");
    }

    #[test]
    fn no_rate_is_no_limit() {
        for rate in [0.0, -1.0, f64::NAN] {
            let mut pace = Pace::per_second(rate);
            let now = Instant::now();
            pace.take(now);
            assert_eq!(pace.take(now), now);
        }
    }

    #[test]
    fn a_new_rate_holds_from_the_next_start() {
        let mut pace = Pace::per_second(1.0);
        let now = Instant::now();
        pace.take(now);
        pace.set_rate(100.0);
        assert_eq!(pace.take(now), now + Duration::from_secs(1), "the gap already promised stays");
        assert_eq!(pace.take(now), now + Duration::from_millis(1_010));
    }
}
