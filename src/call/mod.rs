//! One call, without I/O: its id, how it ended, and the state machine that
//! turns a channel's events into what is to be done next.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

mod cause;
mod compile;
mod completion;
mod machine;
mod outcome;
mod report;
mod script;

pub use cause::{Cause, SipStatus};
pub use compile::{CompileError, compile};
pub use completion::{Completion, DISPOSITION, NOTES, Transcript, Turn, Wrong, one_line, too_long};
pub use machine::{Action, Machine, Plan};
pub use outcome::{End, Outcome, classify};
pub use report::{CallFacts, Detected, Given, GivenAnswer, Report, SurveyState, TalkFacts, TransferState};
pub use script::{Ask, Choice, Detection, OptOutKey, Script, Sound, Speak, Step, StepIndex, TransferKey};

/// A call's id: a UUIDv7 of ours that is also its channel's id on the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub Uuid);

impl CallId {
    /// A fresh id.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for CallId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CallId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}
