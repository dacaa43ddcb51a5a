//! How the calls of one number went.

use std::ops::AddAssign;

use jiff::{SignedDuration, Timestamp};

use crate::call::{CallFacts, Cause, Outcome, SipStatus};

/// Counted hours since 1970.
pub type Hour = i64;

/// An hour, in seconds.
pub const HOUR: i64 = 3_600;

/// An answered call shorter than this counts as short: carriers bill and watch
/// calls of up to six seconds as short duration calls, and it is about as long
/// as a person needs to hang up on whom they do not want.
pub const SHORT_CALL: SignedDuration = SignedDuration::from_secs(6);

/// The hour an instant falls into.
pub fn hour_of(at: Timestamp) -> Hour {
    at.as_second().div_euclid(HOUR)
}

/// What is counted of a number's calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls started.
    pub calls: u64,
    /// Of them, those that ended in a way that says something of the number:
    /// not taken back, not stopped by congestion, no wrong number called.
    pub judged: u64,
    /// Of those, answered by a person or a machine.
    pub answered: u64,
    /// Of the answered, over within six seconds.
    pub short: u64,
    /// Of the judged, refused by the callee: Q.850 21, SIP 603 and 607.
    pub rejected: u64,
    /// Of the judged, blocked as unwanted: SIP 607 (RFC 8197) by the callee, 608
    /// (RFC 8688) by analytics on the way.
    pub flagged: u64,
}

impl Figures {
    /// A call that is started.
    pub const STARTED: Self = Self { calls: 1, judged: 0, answered: 0, short: 0, rejected: 0, flagged: 0 };

    /// A call that is over; nothing if it says nothing of the number it showed.
    pub fn of_end(outcome: Outcome, facts: &CallFacts) -> Self {
        let told = match outcome {
            Outcome::Answered | Outcome::Voicemail | Outcome::Busy | Outcome::NoAnswer | Outcome::Rejected => true,
            // 608 may come with any outcome; see below.
            Outcome::Failed => false,
            Outcome::InvalidNumber | Outcome::Congestion | Outcome::Blocked | Outcome::Cancelled | Outcome::Lost => {
                false
            }
        };
        let flagged = matches!(facts.sip, Some(SipStatus(607 | 608)));
        if !told && !flagged {
            return Self::default();
        }
        let answered = matches!(outcome, Outcome::Answered | Outcome::Voicemail);
        let talked = facts.answered_at.zip(facts.ended_at).map(|(from, to)| to.duration_since(from));
        let refused = outcome == Outcome::Rejected
            && (facts.cause == Some(Cause(21)) || matches!(facts.sip, Some(SipStatus(603 | 607))));
        Self {
            calls: 0,
            judged: 1,
            answered: answered.into(),
            short: (answered && talked.is_some_and(|talked| talked <= SHORT_CALL)).into(),
            rejected: refused.into(),
            flagged: flagged.into(),
        }
    }

    /// Shares of the judged calls, 0 to 1; none without any.
    pub fn share(&self, count: u64) -> Option<f64> {
        (self.judged > 0).then(|| count as f64 / self.judged as f64)
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.judged += other.judged;
        self.answered += other.answered;
        self.short += other.short;
        self.rejected += other.rejected;
        self.flagged += other.flagged;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(seconds: Option<i64>, cause: Option<u16>, sip: Option<u16>) -> CallFacts {
        let start = Timestamp::UNIX_EPOCH;
        CallFacts {
            answered_at: seconds.map(|_| start),
            ended_at: Some(start + SignedDuration::from_secs(seconds.unwrap_or(0))),
            cause: cause.map(Cause),
            sip: sip.map(SipStatus),
            ..CallFacts::default()
        }
    }

    #[test]
    fn each_end_counts_for_what_it_says() {
        let judged = Figures { judged: 1, ..Figures::default() };
        let cases = [
            (Outcome::Answered, facts(Some(6), None, None), Figures { answered: 1, short: 1, ..judged }),
            (Outcome::Voicemail, facts(Some(7), None, None), Figures { answered: 1, ..judged }),
            (Outcome::Busy, facts(None, Some(17), None), judged),
            (Outcome::NoAnswer, facts(None, None, None), judged),
            (Outcome::Rejected, facts(None, Some(21), None), Figures { rejected: 1, ..judged }),
            (Outcome::Rejected, facts(None, None, Some(603)), Figures { rejected: 1, ..judged }),
            (Outcome::Rejected, facts(None, None, Some(607)), Figures { rejected: 1, flagged: 1, ..judged }),
            (Outcome::Rejected, facts(None, None, Some(608)), Figures { flagged: 1, ..judged }),
            (Outcome::Failed, facts(None, None, Some(608)), Figures { flagged: 1, ..judged }),
            (Outcome::Failed, facts(None, None, None), Figures::default()),
            (Outcome::InvalidNumber, facts(None, Some(1), None), Figures::default()),
            (Outcome::Congestion, facts(None, Some(34), None), Figures::default()),
            (Outcome::Cancelled, facts(None, None, None), Figures::default()),
            (Outcome::Lost, facts(Some(2), None, None), Figures::default()),
            (Outcome::Blocked, facts(None, None, None), Figures::default()),
        ];
        for (outcome, facts, expected) in cases {
            assert_eq!(Figures::of_end(outcome, &facts), expected, "{outcome:?} {facts:?}");
        }
    }

    #[test]
    fn hours_are_counted_downwards_before_1970_too() {
        assert_eq!(hour_of(Timestamp::UNIX_EPOCH), 0);
        assert_eq!(hour_of(Timestamp::UNIX_EPOCH - SignedDuration::from_secs(1)), -1);
        assert_eq!(hour_of(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(7_199)), 1);
    }
}
