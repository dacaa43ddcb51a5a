//! Congestion control of one trunk: how fast it may be used, and whether at all.
//!
//! Rate: additive increase, multiplicative decrease. A few congested calls are
//! everyday (one destination network is full); the rate is halved when more
//! than one in ten is, measured over a window of at least a second and ten
//! calls, and grows back by a sixtieth of the maximum each good window.
//!
//! Circuit breaker: five congested calls in a row, none good in between, open
//! it. While open nothing is sent; then one probe is, and its end decides.

use std::time::Duration;

use tokio::time::Instant;

/// Share of congested calls above which a window is bad.
const BAD_SHARE: f64 = 0.1;
/// A window lasts at least this long and this many calls.
const WINDOW: Duration = Duration::from_secs(1);
const WINDOW_CALLS: u32 = 10;
/// The slowest a trunk is used, in calls a second, as a share of its maximum.
const FLOOR: f64 = 1.0 / 64.0;
/// The rate after the breaker closed, as a share of the maximum; it doubles
/// with each good window until one is bad.
const RESTART: f64 = 1.0 / 8.0;
/// Congested calls in a row that open the breaker.
const TRIP: u32 = 5;
/// How long it stays open, doubling up to the maximum.
const OPEN: Duration = Duration::from_secs(5);
const OPEN_MAX: Duration = Duration::from_secs(300);

/// Whether calls may go through a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Yes, at the current rate.
    Open,
    /// Not before this time.
    ClosedUntil(Instant),
    /// A probe is on its way; its end decides.
    Probing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breaker {
    Closed,
    Tripped { since: Instant, until: Instant },
    Probing { since: Instant },
}

/// The control of one trunk.
#[derive(Clone, Debug)]
pub(super) struct Congestion {
    max_rate: f64,
    rate: f64,
    window_start: Instant,
    calls: u32,
    congested: u32,
    in_a_row: u32,
    breaker: Breaker,
    open_for: Duration,
    /// Since the breaker closed no window was bad: the rate doubles.
    slow_start: bool,
}

/// What a call's end changed, worth telling the operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Change {
    /// The rate is now this many calls a second.
    Rate(f64),
    /// The breaker tripped; nothing is sent for this long.
    Tripped(Duration),
    /// A probe went through; the trunk is in use again.
    Restored,
}

impl Congestion {
    /// A trunk with this many calls a second at most (0: no limit).
    pub(super) fn new(max_rate: f64, now: Instant) -> Self {
        Self {
            max_rate,
            rate: max_rate,
            window_start: now,
            calls: 0,
            congested: 0,
            in_a_row: 0,
            breaker: Breaker::Closed,
            open_for: OPEN,
            slow_start: false,
        }
    }

    /// Calls a second allowed now (0: no limit).
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// Whether the rate is less than it might be.
    pub(super) fn is_slowed(&self) -> bool {
        self.rate < self.max_rate
    }

    /// Whether a call may be sent.
    pub(super) fn gate(&self, now: Instant) -> Gate {
        match self.breaker {
            Breaker::Closed => Gate::Open,
            Breaker::Tripped { until, .. } if now < until => Gate::ClosedUntil(until),
            Breaker::Tripped { .. } => Gate::Open, // for one probe: see `on_start`
            Breaker::Probing { .. } => Gate::Probing,
        }
    }

    /// A call was planned through this trunk.
    pub(super) fn on_start(&mut self, now: Instant) {
        if let Breaker::Tripped { until, .. } = self.breaker
            && now >= until
        {
            self.breaker = Breaker::Probing { since: now };
        }
    }

    /// A call planned at `planned` told nothing of the trunk: if it was the
    /// probe, another may be sent.
    pub(super) fn on_unused(&mut self, planned: Instant, now: Instant) {
        if let Breaker::Probing { since } = self.breaker
            && planned >= since
        {
            self.breaker = Breaker::Tripped { since, until: now };
        }
    }

    /// A call that was started at `started` ended, congested or in any other
    /// way that shows the trunk worked then.
    pub(super) fn on_end(&mut self, congested: bool, started: Instant, now: Instant) -> Option<Change> {
        // Calls from before the breaker tripped say nothing of the trunk now.
        match self.breaker {
            Breaker::Tripped { since, .. } | Breaker::Probing { since } if started < since => return None,
            Breaker::Closed | Breaker::Tripped { .. } | Breaker::Probing { .. } => {}
        }
        self.calls += 1;
        if congested {
            self.congested += 1;
            self.in_a_row += 1;
            let probe_failed = matches!(self.breaker, Breaker::Probing { .. });
            if probe_failed || (self.in_a_row >= TRIP && self.breaker == Breaker::Closed) {
                return Some(self.trip(now));
            }
        } else {
            self.in_a_row = 0;
            if self.breaker != Breaker::Closed {
                self.breaker = Breaker::Closed;
                self.open_for = OPEN;
                self.rate = self.max_rate * RESTART;
                self.slow_start = true;
                self.restart_window(now);
                return Some(Change::Restored);
            }
        }
        self.close_window(now)
    }

    fn trip(&mut self, now: Instant) -> Change {
        let wait = self.open_for;
        self.breaker = Breaker::Tripped { since: now, until: now + wait };
        self.open_for = (wait * 2).min(OPEN_MAX);
        self.in_a_row = 0;
        self.rate = self.floor();
        self.restart_window(now);
        Change::Tripped(wait)
    }

    fn close_window(&mut self, now: Instant) -> Option<Change> {
        if self.calls < WINDOW_CALLS || now < self.window_start + WINDOW {
            return None;
        }
        let bad = f64::from(self.congested) > BAD_SHARE * f64::from(self.calls);
        self.restart_window(now);
        let before = self.rate;
        self.slow_start &= !bad;
        self.rate = if bad {
            (before / 2.0).max(self.floor())
        } else if self.slow_start {
            (before * 2.0).min(self.max_rate)
        } else {
            (before + self.max_rate / 60.0).min(self.max_rate)
        };
        // A rate that did not change, or only crept up, is no news.
        (self.rate < before || (self.rate >= self.max_rate && before < self.max_rate))
            .then_some(Change::Rate(self.rate))
    }

    fn restart_window(&mut self, now: Instant) {
        (self.window_start, self.calls, self.congested) = (now, 0, 0);
    }

    fn floor(&self) -> f64 {
        self.max_rate * FLOOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Trunk {
        control: Congestion,
        now: Instant,
    }

    impl Trunk {
        fn new() -> Self {
            let now = Instant::now();
            Self { control: Congestion::new(64.0, now), now }
        }

        /// Twenty calls over two seconds, of which `congested` are, spread out.
        fn window(&mut self, congested: u32) -> Vec<Change> {
            (0..20)
                .filter_map(|i| {
                    self.now += Duration::from_millis(101);
                    self.control.on_end(congested > 0 && i % (20 / congested) == 0, self.now, self.now)
                })
                .collect()
        }
    }

    #[test]
    fn a_little_congestion_is_everyday() {
        let mut trunk = Trunk::new();
        assert_eq!(trunk.window(1), []);
        assert_eq!(trunk.control.rate(), 64.0);
    }

    #[test]
    fn much_congestion_halves_the_rate_and_calm_brings_it_back() {
        let mut trunk = Trunk::new();
        trunk.window(10);
        let slow = trunk.control.rate();
        assert!(slow <= 32.0, "{slow}");
        trunk.window(0);
        let after = trunk.control.rate();
        assert!(after > slow && after < 64.0);
        for _ in 0..60 {
            trunk.window(0);
        }
        assert_eq!(trunk.control.rate(), 64.0);
    }

    #[test]
    fn five_in_a_row_trip_the_breaker_and_a_probe_restores() {
        let mut trunk = Trunk::new();
        let now = trunk.now;
        for _ in 0..4 {
            assert_eq!(trunk.control.on_end(true, now, now), None);
        }
        assert_eq!(trunk.control.on_end(true, now, now), Some(Change::Tripped(OPEN)));
        assert_eq!(trunk.control.gate(now), Gate::ClosedUntil(now + OPEN));
        let then = now + OPEN;
        assert_eq!(trunk.control.gate(then), Gate::Open);
        trunk.control.on_start(then);
        assert_eq!(trunk.control.gate(then), Gate::Probing, "one probe, no more");
        assert_eq!(trunk.control.on_end(false, then, then), Some(Change::Restored));
        assert_eq!(trunk.control.gate(then), Gate::Open);
        assert_eq!(trunk.control.rate(), 8.0, "starts slowly");
        trunk.now = then;
        trunk.window(0);
        assert!(trunk.control.rate() > 16.0, "and soon finds its pace");
    }

    #[test]
    fn a_failed_probe_waits_twice_as_long_and_an_unused_one_may_be_sent_again() {
        let mut trunk = Trunk::new();
        let now = trunk.now;
        for _ in 0..5 {
            trunk.control.on_end(true, now, now);
        }
        let then = now + OPEN;
        trunk.control.on_start(then);
        trunk.control.on_unused(now, then);
        assert_eq!(trunk.control.gate(then), Gate::Probing, "another call's business");
        trunk.control.on_unused(then, then);
        assert_eq!(trunk.control.gate(then), Gate::Open);
        trunk.control.on_start(then);
        assert_eq!(trunk.control.on_end(true, then, then), Some(Change::Tripped(OPEN * 2)));
    }

    #[test]
    fn calls_from_before_do_not_close_a_tripped_breaker() {
        let mut trunk = Trunk::new();
        let (before, now) = (trunk.now, trunk.now + Duration::from_secs(60));
        for _ in 0..5 {
            trunk.control.on_end(true, now, now);
        }
        assert_eq!(trunk.control.on_end(false, before, now), None, "it was answered a minute ago");
        assert_eq!(trunk.control.gate(now), Gate::ClosedUntil(now + OPEN));
    }

    #[test]
    fn no_limit_stays_no_limit() {
        let now = Instant::now();
        let mut control = Congestion::new(0.0, now);
        for i in 0..100 {
            control.on_end(i % 3 == 0, now, now + Duration::from_secs(i));
        }
        assert_eq!(control.rate(), 0.0);
    }
}
