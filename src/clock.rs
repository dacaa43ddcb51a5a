//! Wall time, from one place.
//!
//! Pure code takes `now` as an argument; the shell around it asks a [`Clock`].
//! Waiting is `tokio::time`'s business, and the clock here runs on the same
//! time source, so a test with tokio's time paused sees both stand still.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Tells the wall time, rounded down to microseconds (what the databases keep).
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base: Option<(Timestamp, Instant)>,
}

impl Clock {
    /// The machine's own clock.
    pub fn system() -> Self {
        Self { base: None }
    }

    /// A clock that shows `start` now and advances with `tokio::time`.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { base: Some((start, Instant::now())) }
    }

    /// A clock that shows the same now, and from then on knows no steps: for
    /// something whose times must be in order and whose time-outs must hold,
    /// whatever is done to the machine's clock meanwhile.
    pub fn pinned(&self) -> Self {
        Self::starting_at(self.now())
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let exact = match self.base {
            None => Timestamp::now(),
            Some((start, since)) => {
                let passed = SignedDuration::try_from(since.elapsed()).unwrap_or(SignedDuration::ZERO);
                start.checked_add(passed).unwrap_or(start)
            }
        };
        Timestamp::from_microsecond(exact.as_microsecond()).unwrap_or(exact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_started_clock_runs_on_tokio_time() {
        let start = "2026-03-01T09:00:00Z".parse().expect("an instant");
        let clock = Clock::starting_at(start);
        assert_eq!(clock.now(), start);
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now(), start + Duration::from_secs(90));
    }
}
