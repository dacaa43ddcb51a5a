//! What becomes of a target after a call: settled, or due again (design
//! sections 4 and 5).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Settings, TargetStatus};
use crate::call::Outcome;

/// A target met by congestion is tried again this often before it counts as
/// failed. Congestion uses up no attempt.
pub const CONGESTION_LIMIT: u32 = 10;

/// The first pause after congestion; it doubles each time up to the maximum.
const CONGESTION_DELAY: Duration = Duration::from_secs(5);
const CONGESTION_DELAY_MAX: Duration = Duration::from_secs(15 * 60);

/// Which outcomes are worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryOn {
    /// The call could not be set up, or was lost.
    pub failed: bool,
    /// Rang, nobody answered.
    pub no_answer: bool,
    /// Was busy.
    pub busy: bool,
    /// A machine answered.
    pub voicemail: bool,
    /// The callee or their network refused the call.
    pub rejected: bool,
}

impl Default for RetryOn {
    fn default() -> Self {
        Self { failed: true, no_answer: true, busy: true, voicemail: false, rejected: false }
    }
}

/// The target's state after its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AfterCall {
    /// Its new status.
    pub status: TargetStatus,
    /// When it is due again; none: it is settled.
    pub due_at: Option<Timestamp>,
    /// Whether the call used up one of its attempts.
    pub uses_attempt: bool,
    /// Whether the call counts as one of its congested ones.
    pub congested: bool,
}

/// Decides what follows a call that ended with `outcome`.
///
/// `attempt` is the number of this attempt, from 1; `congestions` how many
/// congested calls the target had before this one.
pub fn after_call(settings: &Settings, outcome: Outcome, attempt: u32, congestions: u32, now: Timestamp) -> AfterCall {
    let on = settings.retry_on;
    let (status, retry) = match outcome {
        Outcome::Answered => (TargetStatus::Completed, false),
        Outcome::Voicemail => (TargetStatus::Voicemail, on.voicemail),
        Outcome::Busy => (TargetStatus::Busy, on.busy),
        Outcome::NoAnswer => (TargetStatus::NoAnswer, on.no_answer),
        Outcome::Rejected => (TargetStatus::Failed, on.rejected),
        Outcome::InvalidNumber => (TargetStatus::Failed, false),
        Outcome::Failed | Outcome::Lost => (TargetStatus::Failed, on.failed),
        Outcome::Blocked => (TargetStatus::Skipped, false),
        Outcome::Congestion => return after_congestion(congestions, now),
        Outcome::Cancelled => {
            return AfterCall {
                status: TargetStatus::Pending,
                due_at: Some(now),
                uses_attempt: false,
                congested: false,
            };
        }
    };
    let again = retry && attempt <= settings.retry_attempts;
    AfterCall {
        status,
        due_at: again.then(|| later(now, settings.retry_delay())),
        uses_attempt: true,
        congested: false,
    }
}

/// The network had no room: the target waits, longer each time, and in the end
/// counts as failed.
fn after_congestion(before: u32, now: Timestamp) -> AfterCall {
    if before + 1 >= CONGESTION_LIMIT {
        return AfterCall { status: TargetStatus::Failed, due_at: None, uses_attempt: true, congested: true };
    }
    let delay = (CONGESTION_DELAY * 2u32.saturating_pow(before)).min(CONGESTION_DELAY_MAX);
    AfterCall { status: TargetStatus::Pending, due_at: Some(later(now, delay)), uses_attempt: false, congested: true }
}

fn later(now: Timestamp, delay: Duration) -> Timestamp {
    let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
    now.checked_add(delay).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-01T09:00:00Z".parse().expect("an instant")
    }

    fn settings(retries: u32) -> Settings {
        Settings { retry_attempts: retries, retry_delay_minutes: 30, ..Settings::default() }
    }

    #[test]
    fn attempts_run_out() {
        let two = settings(2);
        for (attempt, due) in [(1, true), (2, true), (3, false)] {
            let after = after_call(&two, Outcome::Busy, attempt, 0, now());
            assert_eq!(after.status, TargetStatus::Busy);
            assert_eq!(after.due_at.is_some(), due, "attempt {attempt}");
            assert!(after.uses_attempt);
        }
        let after = after_call(&two, Outcome::NoAnswer, 1, 0, now());
        assert_eq!(after.due_at, Some(now() + Duration::from_secs(30 * 60)));
    }

    #[test]
    fn a_person_reached_is_never_called_again() {
        let after = after_call(&settings(9), Outcome::Answered, 1, 0, now());
        assert_eq!((after.status, after.due_at), (TargetStatus::Completed, None));
        let after = after_call(&settings(9), Outcome::InvalidNumber, 1, 0, now());
        assert_eq!((after.status, after.due_at), (TargetStatus::Failed, None));
        let after = after_call(&settings(9), Outcome::Voicemail, 1, 0, now());
        assert_eq!((after.status, after.due_at), (TargetStatus::Voicemail, None));
    }

    #[test]
    fn a_lost_call_uses_its_attempt_and_waits() {
        let after = after_call(&settings(1), Outcome::Lost, 1, 0, now());
        assert!(after.uses_attempt && after.due_at > Some(now()));
        assert_eq!(after_call(&settings(0), Outcome::Lost, 1, 0, now()).due_at, None);
    }

    #[test]
    fn congestion_waits_longer_each_time_and_ends() {
        let mut last = now();
        for before in 0..CONGESTION_LIMIT - 1 {
            let after = after_call(&settings(0), Outcome::Congestion, 1, before, now());
            assert!(!after.uses_attempt && after.congested);
            assert_eq!(after.status, TargetStatus::Pending);
            let due = after.due_at.expect("due again");
            assert!(due > last, "the delay grows: {before}");
            last = due;
        }
        let end = after_call(&settings(0), Outcome::Congestion, 1, CONGESTION_LIMIT - 1, now());
        assert_eq!((end.status, end.due_at), (TargetStatus::Failed, None));
    }

    #[test]
    fn a_cancelled_call_leaves_no_trace_on_its_target() {
        let after = after_call(&settings(0), Outcome::Cancelled, 1, 0, now());
        assert_eq!(after.due_at, Some(now()));
        assert!(!after.uses_attempt);
    }
}
