//! A decision as it is kept: short, and with what it was made of, so that it
//! can be told years later why a number was called, or not.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Decision, Facts, Overridden, Rule, Rules, Target, Whereabouts, forbidding};

/// What was decided, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was called.
    Allow,
    /// Not now; it waits.
    Wait,
    /// Never.
    Block,
}

/// What a decision was made of. What was not looked at, or is nothing, is left
/// out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Record {
    /// The time zones that counted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    /// The zone is the contact's own, not the number's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub own_zone: bool,
    /// The state, where its rules may apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Attempts to reach the number before, as far back as the rules look.
    #[serde(skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// When a person last answered there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_answered: Option<Timestamp>,
    /// The consent, as the list says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// An allowed call could be made before this instant; a forbidden one from
    /// then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// An administrator forced the call: who, and against which rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forced: Option<Overridden>,
}

// The attribute asks for a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Characters of a consent that are kept with a decision; the rest is with the
/// contact.
const CONSENT: usize = 100;

impl Record {
    /// What a decision was made of at this instant.
    pub fn of(
        target: &Target<'_>,
        at: &Whereabouts,
        facts: &Facts<'_>,
        rules: &Rules,
        decision: &Decision,
        now: Timestamp,
    ) -> Self {
        let forced = match (decision, &rules.force) {
            (Decision::Forced { .. }, Some(force)) => Some(Overridden {
                by: force.by.clone(),
                reason: force.reason.clone(),
                rules: forbidding(target, at, facts, rules, now),
            }),
            (Decision::Allow { .. } | Decision::Forced { .. } | Decision::Block { .. }, _) => None,
        };
        let attempts = facts.history.iter().filter(|call| call.attempt).count();
        Self {
            zones: at.zones.iter().flat_map(|zones| zones.names().map(ToOwned::to_owned)).collect(),
            own_zone: at.own,
            state: at.place.state.map(ToOwned::to_owned),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            last_answered: facts.history.iter().filter_map(|call| call.answered_at).max(),
            consent: target.consent.map(|text| text.chars().take(CONSENT).collect()),
            until: decision.until(),
            forced,
        }
    }

    /// The rules that were overridden, if the call was forced.
    pub fn overridden(&self) -> &[Rule] {
        self.forced.as_ref().map(|forced| forced.rules.as_slice()).unwrap_or_default()
    }
}

impl Decision {
    /// In a word.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Allow { .. } | Self::Forced { .. } => Verdict::Allow,
            Self::Block { until: Some(_), .. } => Verdict::Wait,
            Self::Block { until: None, .. } => Verdict::Block,
        }
    }

    /// Before this instant an allowed call may be made; from then on a forbidden
    /// one. None: at least for days; never.
    pub fn until(&self) -> Option<Timestamp> {
        match *self {
            Self::Allow { until } | Self::Block { until, .. } => until,
            Self::Forced { until } => Some(until),
        }
    }

    /// The rule that forbids it.
    pub fn rule(&self) -> Option<Rule> {
        match self {
            Self::Allow { .. } | Self::Forced { .. } => None,
            Self::Block { rule, .. } => Some(*rule),
        }
    }
}

impl Verdict {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Wait => "wait",
            Self::Block => "block",
        }
    }
}

impl std::str::FromStr for Verdict {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Allow, Self::Wait, Self::Block];
        all.into_iter().find(|verdict| verdict.as_str() == text).ok_or_else(|| format!("\"{text}\" is no verdict"))
    }
}
