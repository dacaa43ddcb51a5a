//! Target states.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::state::UnknownStatus;

/// Where one contact stands inside one campaign.
///
/// A target with attempts left keeps the status of its last call and has a
/// `due_at`; without `due_at`, and not in a call, it is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetStatus {
    /// Waiting for its first call.
    Pending,
    /// Claimed: a call to it is being placed or rings.
    Calling,
    /// Its call was answered and goes on.
    Connected,
    /// A person was reached.
    Completed,
    /// A machine was reached.
    Voicemail,
    /// Rang, nobody answered.
    NoAnswer,
    /// Was busy.
    Busy,
    /// Could not be reached, for any other reason.
    Failed,
    /// Taken out by a person or a rule before it was called.
    Skipped,
    /// On the do-not-call list.
    DoNotCall,
}

impl TargetStatus {
    /// Every status, in the order reports show them.
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::Calling,
        Self::Connected,
        Self::Completed,
        Self::Voicemail,
        Self::NoAnswer,
        Self::Busy,
        Self::Failed,
        Self::Skipped,
        Self::DoNotCall,
    ];

    /// Its name in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Calling => "calling",
            Self::Connected => "connected",
            Self::Completed => "completed",
            Self::Voicemail => "voicemail",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::DoNotCall => "do_not_call",
        }
    }

    /// Whether a call to it is under way.
    pub fn in_call(self) -> bool {
        matches!(self, Self::Calling | Self::Connected)
    }
}

impl fmt::Display for TargetStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TargetStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}
