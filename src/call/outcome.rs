//! How a call ended: one closed list, and the one table that maps a switch's
//! causes to it. Both adapters end here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Cause, SipStatus};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A person answered.
    Answered,
    /// A machine answered.
    Voicemail,
    /// The line was busy.
    Busy,
    /// It rang out, or the phone could not be found.
    NoAnswer,
    /// The callee or their network refused the call.
    Rejected,
    /// There is no such number.
    InvalidNumber,
    /// The network or our trunk had no room.
    Congestion,
    /// It failed before answer for any other reason.
    Failed,
    /// A rule forbade it; it was never dialed.
    Blocked,
    /// We took it back before it was answered.
    Cancelled,
    /// We or the switch died, and nobody can know.
    Lost,
}

impl Outcome {
    /// Whether somebody's phone rang, or may have.
    pub fn is_attempt(self) -> bool {
        match self {
            Self::Answered
            | Self::Voicemail
            | Self::Busy
            | Self::NoAnswer
            | Self::Rejected
            | Self::InvalidNumber
            | Self::Failed
            | Self::Lost => true,
            Self::Congestion | Self::Blocked | Self::Cancelled => false,
        }
    }

    /// Every outcome, in the order reports show them.
    pub const ALL: [Self; 11] = [
        Self::Answered,
        Self::Voicemail,
        Self::Busy,
        Self::NoAnswer,
        Self::Rejected,
        Self::InvalidNumber,
        Self::Congestion,
        Self::Failed,
        Self::Blocked,
        Self::Cancelled,
        Self::Lost,
    ];

    /// Its name in the API, the database and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Voicemail => "voicemail",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Rejected => "rejected",
            Self::InvalidNumber => "invalid_number",
            Self::Congestion => "congestion",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An outcome word that is none of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown outcome \"{0}\"")]
pub struct UnknownOutcome(String);

impl FromStr for Outcome {
    type Err = UnknownOutcome;

    fn from_str(text: &str) -> Result<Self, UnknownOutcome> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or_else(|| UnknownOutcome(text.to_owned()))
    }
}

/// What is known when a channel has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// The callee's phone was ever known to ring.
    pub rang: bool,
    /// The call was ever answered.
    pub answered: bool,
    /// The switch's cause; Asterisk's 0 and FreeSWITCH's NONE mean nothing.
    pub cause: Option<Cause>,
    /// The SIP response that ended it, where there was one.
    pub sip: Option<SipStatus>,
    /// The switch ended it because its ring time-out was reached.
    pub ring_timeout: bool,
    /// We hung up before it was answered.
    pub we_hung_up: bool,
}

/// The table of outcomes in docs/campaigns.md.
///
/// Order matters: an answer beats every cause; our own ring time-out beats the
/// cause it is reported with; a SIP status is more exact than the cause a
/// switch derives from it, so it goes first where it has a meaning here.
pub fn classify(end: End) -> Outcome {
    if end.answered {
        return Outcome::Answered;
    }
    if end.ring_timeout {
        return Outcome::NoAnswer;
    }
    if end.we_hung_up {
        return Outcome::Cancelled;
    }
    if let Some(outcome) = end.sip.and_then(by_sip) {
        return outcome;
    }
    match end.cause {
        // Asterisk's 0, FreeSWITCH's NONE: only what was seen can tell. A call
        // that never even rang did not get out.
        None | Some(Cause(0)) => {
            if end.rang {
                Outcome::NoAnswer
            } else {
                Outcome::Failed
            }
        }
        Some(cause) => by_cause(cause),
    }
}

fn by_sip(status: SipStatus) -> Option<Outcome> {
    match status.0 {
        486 | 600 => Some(Outcome::Busy),
        408 | 480 => Some(Outcome::NoAnswer),
        603 | 607 | 608 => Some(Outcome::Rejected),
        404 | 410 | 484 | 604 => Some(Outcome::InvalidNumber),
        500 | 503 => Some(Outcome::Congestion),
        _ => None,
    }
}

fn by_cause(cause: Cause) -> Outcome {
    match cause.0 {
        // 615: FreeSWITCH's BUSY_EVERYWHERE (SIP 600).
        17 | 615 => Outcome::Busy,
        // 607 PROGRESS_TIMEOUT, 612 NO_PICKUP, 606 USER_NOT_REGISTERED: nobody
        // there. 102 is a timer of the network's (SIP 408, 504).
        18..=20 | 102 | 606 | 607 | 612 => Outcome::NoAnswer,
        // 616 DECLINE (SIP 603), 619 UNWANTED (SIP 607), 625 REJECT_ALL.
        21 | 616 | 619 | 625 => Outcome::Rejected,
        // 617: DOES_NOT_EXIST_ANYWHERE (SIP 604).
        1 | 22 | 28 | 617 => Outcome::InvalidNumber,
        // 608 INVALID_GATEWAY, 609 GATEWAY_DOWN, 611 INVALID_PROFILE: our own trunk
        // is not there. That must not use up the attempts of a whole list.
        34 | 38 | 41 | 42 | 44 | 608 | 609 | 611 => Outcome::Congestion,
        _ => Outcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(code: u16) -> End {
        End { cause: Some(Cause(code)), ..End::default() }
    }

    fn both(code: u16, sip: u16) -> End {
        End { sip: Some(SipStatus(sip)), ..cause(code) }
    }

    #[test]
    fn the_table_by_cause() {
        for (codes, want) in [
            (&[17][..], Outcome::Busy),
            (&[18, 19, 20], Outcome::NoAnswer),
            (&[21], Outcome::Rejected),
            (&[1, 22, 28], Outcome::InvalidNumber),
            (&[34, 38, 41, 42, 44], Outcome::Congestion),
            (&[2, 3, 16, 27, 31, 58, 63, 127], Outcome::Failed),
        ] {
            for code in codes {
                assert_eq!(classify(cause(*code)), want, "cause {code}");
            }
        }
    }

    #[test]
    fn the_table_by_sip_status() {
        for (codes, want) in [
            (&[486, 600][..], Outcome::Busy),
            (&[408, 480], Outcome::NoAnswer),
            (&[603, 607, 608], Outcome::Rejected),
            (&[404, 410, 484, 604], Outcome::InvalidNumber),
            (&[500, 503], Outcome::Congestion),
        ] {
            for code in codes {
                // 127 and 31 alone would say "failed": the SIP status is better.
                assert_eq!(classify(both(127, *code)), want, "SIP {code}");
            }
        }
        assert_eq!(classify(both(21, 403)), Outcome::Rejected);
    }

    /// Seen with real Asterisk 22.10 and 16.28.
    #[test]
    fn asterisk_says_zero_for_many_things() {
        let zero = cause(0);
        assert_eq!(classify(End { rang: true, answered: true, ..zero }), Outcome::Answered);
        assert_eq!(classify(End { rang: true, ..zero }), Outcome::NoAnswer);
        assert_eq!(classify(End { ring_timeout: true, ..zero }), Outcome::NoAnswer);
        assert_eq!(classify(zero), Outcome::Failed);
    }

    #[test]
    fn what_we_took_back_is_cancelled_unless_answered() {
        let taken = End { we_hung_up: true, ..cause(16) };
        assert_eq!(classify(taken), Outcome::Cancelled);
        assert_eq!(classify(End { answered: true, ..taken }), Outcome::Answered);
    }

    #[test]
    fn names_are_read_back() {
        for outcome in Outcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
        }
    }
}
