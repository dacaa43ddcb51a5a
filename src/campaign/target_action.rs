//! What a person may do to one contact of a campaign.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CampaignStatus, TargetStatus};

/// What a person may do to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetAction {
    /// Call it again, now.
    Retry,
    /// Call it no more.
    Skip,
    /// Take it out of the campaign.
    Remove,
}

/// What must be known of a target to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetFacts {
    /// Where it stands.
    pub status: TargetStatus,
    /// It has a due time: it will be called.
    pub waits: bool,
    /// There are calls to it on record.
    pub called: bool,
    /// Where its campaign is.
    pub campaign: CampaignStatus,
}

/// What becomes of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetChange {
    /// It has this status and is due now.
    Due(TargetStatus),
    /// It has this status and is settled.
    Settled(TargetStatus),
    /// It is gone.
    Gone,
}

/// Why an action on a target is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetRefusal {
    /// A call to it is under way.
    #[error("a call to this contact is under way")]
    InCall,
    /// The campaign is over: it calls nobody.
    #[error("the campaign is {0}: it calls nobody any more; redial makes a new one")]
    Over(CampaignStatus),
    /// Its status forbids it.
    #[error("the contact is {0}")]
    Status(TargetStatus),
    /// It is skipped already, or settled.
    #[error("the contact is {0} and waits for no call")]
    Settled(TargetStatus),
    /// Its calls are on record and stay there.
    #[error("the contact was called, and the record of that is kept: skip it instead")]
    Called,
}

impl TargetAction {
    /// Every action.
    pub const ALL: [Self; 3] = [Self::Retry, Self::Skip, Self::Remove];

    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Skip => "skip",
            Self::Remove => "remove",
        }
    }

    /// What it makes of a target, or why it may not be taken.
    pub fn decide(self, facts: TargetFacts) -> Result<TargetChange, TargetRefusal> {
        use TargetStatus as S;
        let TargetFacts { status, waits, called, campaign } = facts;
        if status.in_call() {
            return Err(TargetRefusal::InCall);
        }
        match self {
            Self::Retry if campaign.is_final() => Err(TargetRefusal::Over(campaign)),
            Self::Retry => match status {
                // Never called, as far as the counters are concerned.
                S::Skipped => Ok(TargetChange::Due(S::Pending)),
                S::Failed | S::NoAnswer | S::Busy | S::Voicemail => Ok(TargetChange::Due(status)),
                S::Pending | S::Calling | S::Connected | S::Completed | S::DoNotCall => {
                    Err(TargetRefusal::Status(status))
                }
            },
            Self::Skip if waits => Ok(TargetChange::Settled(S::Skipped)),
            Self::Skip => Err(TargetRefusal::Settled(status)),
            Self::Remove if called => Err(TargetRefusal::Called),
            Self::Remove => Ok(TargetChange::Gone),
        }
    }

    /// The actions that may be taken.
    pub fn allowed(facts: TargetFacts) -> Vec<Self> {
        Self::ALL.into_iter().filter(|action| action.decide(facts).is_ok()).collect()
    }
}

impl fmt::Display for TargetAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TargetAction as A;
    use TargetStatus as S;

    fn facts(status: S, waits: bool, called: bool) -> TargetFacts {
        TargetFacts { status, waits, called, campaign: CampaignStatus::Running }
    }

    #[test]
    fn actions_by_status() {
        let table: [(S, bool, bool, &[A]); 9] = [
            (S::Pending, true, false, &[A::Skip, A::Remove]),
            (S::Pending, true, true, &[A::Skip]),
            (S::Calling, false, true, &[]),
            (S::Connected, false, true, &[]),
            (S::Busy, true, true, &[A::Retry, A::Skip]),
            (S::Failed, false, true, &[A::Retry]),
            (S::Skipped, false, false, &[A::Retry, A::Remove]),
            (S::Completed, false, true, &[]),
            (S::DoNotCall, false, false, &[A::Remove]),
        ];
        for (status, waits, called, allowed) in table {
            assert_eq!(A::allowed(facts(status, waits, called)), allowed, "{status} {waits} {called}");
        }
    }

    #[test]
    fn a_retry_keeps_what_the_last_call_said() {
        assert_eq!(A::Retry.decide(facts(S::Busy, false, true)), Ok(TargetChange::Due(S::Busy)));
        assert_eq!(A::Retry.decide(facts(S::Skipped, false, false)), Ok(TargetChange::Due(S::Pending)));
    }

    #[test]
    fn nobody_is_called_again_by_a_campaign_that_is_over() {
        let over = TargetFacts { campaign: CampaignStatus::Completed, ..facts(S::Failed, false, true) };
        assert_eq!(A::Retry.decide(over), Err(TargetRefusal::Over(CampaignStatus::Completed)));
    }
}
