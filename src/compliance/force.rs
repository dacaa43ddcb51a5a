//! Test calls that an administrator wants although a rule forbids them: which
//! rules yield, for which call, and what is kept of it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Facts, PastCall, Rule, Rules, Target, Whereabouts, consent, destination, frequency};
use crate::number::PhoneNumber;

/// An administrator's wish that one call to one number be made although rules
/// forbid it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Force {
    /// The number. Whoever else is in the campaign is called by the rules.
    pub number: PhoneNumber,
    /// Who forces it, as the audit log names them.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
    /// Since when it holds.
    pub at: Timestamp,
    /// It holds before this instant, not longer.
    pub until: Timestamp,
}

impl Force {
    /// How long such a wish holds: a call that cannot be placed by then is not
    /// placed in the middle of the night because a switch came back.
    pub const HOLDS: SignedDuration = SignedDuration::from_mins(10);

    /// A wish that holds from now on.
    pub fn new(number: PhoneNumber, by: String, reason: String, now: Timestamp) -> Self {
        let until = now.checked_add(Self::HOLDS).unwrap_or(now);
        Self { number, by, reason, at: now, until }
    }

    /// Whether it still holds, with what is known of the number: for some
    /// minutes, and for one call that rings.
    pub(super) fn holds(&self, history: &[PastCall], now: Timestamp) -> bool {
        let used = |call: &PastCall| call.at >= self.at && (call.attempt || call.in_progress);
        now < self.until && !history.iter().any(used)
    }
}

/// What was overridden for a call that was forced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Overridden {
    /// Who forced it, as the audit log names them.
    #[schema(example = "user:alice")]
    pub by: String,
    /// Why, in their words.
    pub reason: String,
    /// The rules that forbade the call.
    pub rules: Vec<Rule>,
}

/// Every rule that forbids a call at this instant, in the order in which they
/// are asked. None does if, and only if, [`decide`](super::decide) allows it.
pub fn forbidding(
    target: &Target<'_>,
    at: &Whereabouts,
    facts: &Facts<'_>,
    rules: &Rules,
    now: Timestamp,
) -> Vec<Rule> {
    let state = rules.state(&at.place);
    let in_24_hours = state.and_then(|state| state.rules.calls_in_24_hours);
    let history = facts.history;
    let when = |forbidden: bool, rule| forbidden.then_some(rule);
    let mut all: Vec<Rule> = [
        when(facts.do_not_call, Rule::DoNotCall),
        destination::forbidden(&rules.organization, target.number, &at.place),
        when(rules.require_consent && !consent::given(target.consent), Rule::Consent),
        frequency::settled(history, rules.allow_recalling, None, now),
        frequency::settled(history, true, rules.skip_answered, now),
        when(at.zones.is_none() && rules.needs_zone(), Rule::UnknownZone),
        when(frequency::in_call(history, now).is_some(), Rule::InCall),
        when(frequency::capped(history, &rules.caps, now).is_some(), Rule::FrequencyCap),
        when(frequency::capped_in_24_hours(history, in_24_hours, now).is_some(), Rule::StateFrequencyCap),
    ]
    .into_iter()
    .flatten()
    .collect();
    all.extend(super::closed(at, rules, now));
    all
}
