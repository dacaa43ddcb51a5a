//! How often somebody may ask: a generic cell rate algorithm per key, or per
//! address.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Askers remembered; those who have been quiet are forgotten first.
const MOST: usize = 20_000;

/// Lets each asker do something so often.
#[derive(Debug)]
pub(super) struct Throttle<K> {
    interval: Duration,
    burst: Duration,
    /// When each would have used up what it was let do, evenly spaced.
    used_until: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> Throttle<K> {
    /// `per_second` in the long run, `burst` at once.
    pub(super) fn new(per_second: f64, burst: u32) -> Self {
        let interval = Duration::from_secs_f64(1.0 / per_second.max(1e-3));
        Self { interval, burst: interval * burst.saturating_sub(1), used_until: Mutex::default() }
    }

    /// Once more; or how long to wait.
    pub(super) fn take(&self, asker: K, now: Instant) -> Result<(), Duration> {
        let mut all = self.used_until.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, until| *until > now);
            if all.len() >= MOST {
                all.clear();
            }
        }
        let until = all.entry(asker).or_insert(now);
        let start = (*until).max(now);
        match start.duration_since(now).checked_sub(self.burst) {
            Some(wait) if !wait.is_zero() => Err(wait),
            Some(_) | None => {
                *until = start + self.interval;
                Ok(())
            }
        }
    }
}

impl<K: Eq + Hash> Throttle<K> {
    /// What was taken did not count after all.
    pub(super) fn give_back(&self, asker: K) {
        let mut all = self.used_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = all.get_mut(&asker) {
            *until = until.checked_sub(self.interval).unwrap_or(*until);
        }
    }
}

/// Whose address it is: one line has as many IPv6 addresses as it likes, of one
/// network of 64 bits.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_evenly() {
        let throttle = Throttle::new(2.0, 3);
        for _ in 0..3 {
            assert_eq!(throttle.take(1, Instant::now()), Ok(()));
        }
        assert_eq!(throttle.take(1, Instant::now()), Err(Duration::from_millis(500)));
        assert_eq!(throttle.take(2, Instant::now()), Ok(()), "others are not concerned");
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(throttle.take(1, Instant::now()), Ok(()));
        assert!(throttle.take(1, Instant::now()).is_err());
        tokio::time::advance(Duration::from_secs(60)).await;
        let allowed = (0..10).filter(|_| throttle.take(1, Instant::now()).is_ok()).count();
        assert_eq!(allowed, 3, "quiet time is not saved up");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_back_may_be_taken_again() {
        let throttle = Throttle::new(1.0, 2);
        for _ in 0..10 {
            assert_eq!(throttle.take(1, Instant::now()), Ok(()));
            throttle.give_back(1);
        }
        assert_eq!(throttle.take(1, Instant::now()), Ok(()));
        assert_eq!(throttle.take(1, Instant::now()), Ok(()));
        assert!(throttle.take(1, Instant::now()).is_err());
        throttle.give_back(2);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let throttle = Throttle::new(1.0, 1);
        for asker in 0..MOST + 5 {
            assert_eq!(throttle.take(asker, Instant::now()), Ok(()));
        }
        assert!(throttle.used_until.lock().expect("not poisoned").len() <= MOST);
    }

    #[test]
    fn neighbours_of_one_network() {
        let net = |text: &str| network(text.parse().expect("an address"));
        assert_eq!(net("2001:db8::1"), net("2001:db8::ffff:1"));
        assert_ne!(net("2001:db8::1"), net("2001:db8:0:1::1"));
        assert_eq!(net("::ffff:192.0.2.1"), net("192.0.2.1"));
    }
}
