//! Campaign states and what may be done in each.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a campaign is in its life:
/// `draft → scheduled → running ⇄ paused → completed | cancelled | failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CampaignStatus {
    /// Created; nothing is dialed before launch.
    Draft,
    /// Launched with a start in the future.
    Scheduled,
    /// Dialing, or waiting for its next due target or its hours.
    Running,
    /// No new calls; calls in progress go on to their end.
    Paused,
    /// Every target is settled.
    Completed,
    /// Stopped for good by a person.
    Cancelled,
    /// Stopped for good by a fault, with a reason.
    Failed,
}

/// What a person may do to a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Start it, now or at `scheduled_at`. Alias: start.
    Launch,
    /// Place no new calls.
    Pause,
    /// Go on where it was.
    Resume,
    /// Stop for good.
    Cancel,
    /// Make a new draft with the same settings and contacts.
    Duplicate,
    /// Make a new draft of the targets that were not reached.
    Redial,
    /// Change settings or contacts.
    Edit,
    /// Remove it and what belongs to it.
    Delete,
}

impl CampaignStatus {
    /// Every status, in the order of a campaign's life.
    pub const ALL: [Self; 7] =
        [Self::Draft, Self::Scheduled, Self::Running, Self::Paused, Self::Completed, Self::Cancelled, Self::Failed];

    /// Its name in the API, the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// Whether `action` may be taken in this state.
    pub fn allows(self, action: Action) -> bool {
        use CampaignStatus as S;
        match action {
            Action::Launch => matches!(self, S::Draft | S::Paused),
            Action::Pause => matches!(self, S::Scheduled | S::Running),
            Action::Resume => matches!(self, S::Paused),
            Action::Cancel => matches!(self, S::Draft | S::Scheduled | S::Running | S::Paused),
            Action::Duplicate => true,
            Action::Redial => !matches!(self, S::Draft),
            Action::Edit => matches!(self, S::Draft | S::Paused),
            Action::Delete => matches!(self, S::Draft | S::Completed | S::Cancelled | S::Failed),
        }
    }

    /// The states from which `action` may be taken.
    pub fn sources(action: Action) -> Vec<Self> {
        Self::ALL.into_iter().filter(|status| status.allows(action)).collect()
    }

    /// What may be done now, for error answers and for buttons.
    pub fn allowed_actions(self) -> Vec<Action> {
        Action::ALL.into_iter().filter(|action| self.allows(*action)).collect()
    }

    /// Whether nothing more will happen by itself.
    pub fn is_final(self) -> bool {
        match self {
            Self::Draft | Self::Scheduled | Self::Running | Self::Paused => false,
            Self::Completed | Self::Cancelled | Self::Failed => true,
        }
    }
}

impl Action {
    /// Every action, in the order they are shown.
    pub const ALL: [Self; 8] = [
        Self::Launch,
        Self::Pause,
        Self::Resume,
        Self::Cancel,
        Self::Duplicate,
        Self::Redial,
        Self::Edit,
        Self::Delete,
    ];

    /// Its name in the API and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Duplicate => "duplicate",
            Self::Redial => "redial",
            Self::Edit => "edit",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for CampaignStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CampaignStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

/// A status word that is none of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown status \"{0}\"")]
pub struct UnknownStatus(pub(super) String);

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of states in docs/campaigns.md, row by row.
    #[test]
    fn actions_by_state() {
        use Action as A;
        use CampaignStatus as S;
        let table: [(S, &[A]); 7] = [
            (S::Draft, &[A::Launch, A::Cancel, A::Duplicate, A::Edit, A::Delete]),
            (S::Scheduled, &[A::Pause, A::Cancel, A::Duplicate, A::Redial]),
            (S::Running, &[A::Pause, A::Cancel, A::Duplicate, A::Redial]),
            (S::Paused, &[A::Launch, A::Resume, A::Cancel, A::Duplicate, A::Redial, A::Edit]),
            (S::Completed, &[A::Duplicate, A::Redial, A::Delete]),
            (S::Cancelled, &[A::Duplicate, A::Redial, A::Delete]),
            (S::Failed, &[A::Duplicate, A::Redial, A::Delete]),
        ];
        for (status, actions) in table {
            assert_eq!(status.allowed_actions(), actions, "{status}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for status in CampaignStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_value(status).ok(), Some(status.as_str().into()));
        }
        assert!("idle".parse::<CampaignStatus>().is_err());
    }
}
