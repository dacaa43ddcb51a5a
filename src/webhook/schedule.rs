//! When a delivery that failed is tried again, and when no more.

use jiff::{SignedDuration, Timestamp};

/// The pauses after the first failure, the second, …: 27 hours and 36 minutes
/// in all.
pub const PAUSES: [SignedDuration; 8] = [
    SignedDuration::from_secs(10),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(10),
];

/// A webhook of which nothing was taken for so long is switched off.
pub const FAILS_FOR: SignedDuration = SignedDuration::from_hours(72);

/// What follows a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is tried again then.
    At(Timestamp),
    /// It is tried no more.
    GiveUp,
}

/// What follows the failure of the try number `attempts`, counted from 1.
/// `jitter`, from 0 to 1, makes the pause up to a fifth longer, so that not
/// all that failed together comes back together.
pub fn after_failure(attempts: u32, now: Timestamp, jitter: f64) -> Next {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(pause) = PAUSES.get(index) else { return Next::GiveUp };
    let longer = SignedDuration::from_millis((pause.as_secs_f64() * 200.0 * jitter.clamp(0.0, 1.0)) as i64);
    match now.checked_add(*pause).and_then(|at| at.checked_add(longer)) {
        Ok(at) => Next::At(at),
        Err(_) => Next::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_for_more_than_a_day_and_then_no_more() {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut attempts = 1;
        while let Next::At(at) = after_failure(attempts, now, 0.0) {
            assert!(at > now);
            now = at;
            attempts += 1;
        }
        assert_eq!(attempts, 9);
        assert!(now.duration_since(Timestamp::UNIX_EPOCH) >= SignedDuration::from_hours(24));
        assert_eq!(after_failure(u32::MAX, now, 1.0), Next::GiveUp);
    }

    #[test]
    fn pauses_are_up_to_a_fifth_longer() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(after_failure(1, now, 1.0), Next::At(now + SignedDuration::from_secs(12)));
        assert_eq!(after_failure(2, now, 0.5), Next::At(now + SignedDuration::from_secs(66)));
        assert_eq!(after_failure(0, now, f64::NAN), after_failure(1, now, 0.0), "never a panic");
    }
}
