//! The rules of a campaign, without I/O: what states it has and what may be
//! done in each, what its settings may be, and what becomes of a target after
//! a call.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

mod answer;
mod calling_hours;
mod launch;
mod retry;
mod settings;
mod state;
mod target;
mod target_action;

pub use answer::{Amd, AmdMode, TransferCallerId, TransferSetting, TransferTo, Unsure, Voicemail, VoicemailAction};
pub use calling_hours::{CallingHours, Day, FrequencyCap, Slot, TimeOfDay};
pub(crate) use launch::{HOURS_NEVER_OPEN, no_agents_yet};
pub use launch::{LaunchFacts, LaunchHours, LaunchReport, check_launch};
pub use retry::{AfterCall, CONGESTION_LIMIT, RetryOn, after_call};
pub use settings::{FieldError, MOST_GROUPS, PoolStrategy, Settings};
pub use state::{Action, CampaignStatus};
pub use target::TargetStatus;
pub use target_action::{TargetAction, TargetChange, TargetFacts, TargetRefusal};

/// A campaign's id: a UUIDv7, so that ids sort by time of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct CampaignId(pub Uuid);

impl CampaignId {
    /// A fresh id.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for CampaignId {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Display for CampaignId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for CampaignId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}
