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
    /// When it was given to the switch.
    pub placed_at: Option<Timestamp>,
    /// The name of the trunk it went out by.
    pub trunk: Option<String>,
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
    /// What came of it after the answer.
    pub talk: TalkFacts,
}

/// What came of a call after its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TalkFacts {
    /// Who answered, as detected; none: nobody looked, or the call was over first.
    pub detected: Option<Detected>,
    /// The message was left on a machine, to its end.
    pub message_left: bool,
    /// How far the survey got; none: no question was asked.
    pub survey: Option<SurveyState>,
    /// The callee pressed the opt-out key.
    pub opted_out: bool,
    /// When they did.
    pub opted_out_at: Option<Timestamp>,
    /// How the transfer went, if the callee asked for one.
    pub transfer: Option<TransferState>,
    /// When they did.
    pub transfer_at: Option<Timestamp>,
    /// When both were connected.
    pub transferred_at: Option<Timestamp>,
    /// The name of its recording, if one was begun; `detail` says so if it
    /// failed.
    pub recording: Option<String>,
}

/// Who answered, as detected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detected {
    /// `human`, `machine`, `unsure`, `fax` or `sit`.
    pub answer: String,
    /// Why: a word of our detector, or what the switch said.
    pub reason: String,
    /// When, in ms from the answer of the call.
    pub at_ms: u32,
}

/// How far a survey got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SurveyState {
    /// At least one question was asked, and the end was not reached.
    Partial,
    /// Its end was reached.
    Complete,
}

/// How a transfer went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// Asked for; the call ended before it was known.
    Tried,
    /// Both were connected.
    Connected,
    /// Nobody could be reached.
    Failed,
}

impl SurveyState {
    /// Every state.
    pub const ALL: [Self; 2] = [Self::Partial, Self::Complete];

    /// Its name, everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::Complete => "complete",
        }
    }
}

impl TransferState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Tried, Self::Connected, Self::Failed];

    /// Its name, everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tried => "tried",
            Self::Connected => "connected",
            Self::Failed => "failed",
        }
    }
}

/// An answer to a question of a survey, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenAnswer {
    /// The question's id in the survey.
    pub question: String,
    /// Which answer of this call it is, from 1.
    pub position: u16,
    /// What was given.
    pub given: Given,
    /// When.
    pub at: Timestamp,
}

/// What was given as an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A key that is a choice, and what it stands for.
    Key {
        /// The key.
        digit: char,
        /// Its label.
        label: String,
    },
    /// Speech, recorded under this name.
    Speech {
        /// The recording's name; empty once the recording was removed.
        recording: String,
    },
    /// Nothing, or no choice, in all tries.
    Nothing,
}
