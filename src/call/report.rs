//! What is known of a call.

use jiff::Timestamp;

use super::{Cause, Outcome, SipStatus};

/// What is known of a call when it is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Times and codes.
    pub facts: CallFacts,
}

/// The times and codes of a call, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFacts {
    /// When the callee's phone began to ring.
    pub ringing_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The switch's cause.
    pub cause: Option<Cause>,
    /// The SIP response that ended it.
    pub sip: Option<SipStatus>,
    /// In words, where there is more to say than the cause does.
    pub detail: Option<String>,
}
