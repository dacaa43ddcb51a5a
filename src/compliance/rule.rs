//! The rules, by name.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A rule that forbids a call, now or for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The number is on the do-not-call list.
    DoNotCall,
    /// A premium-rate number.
    PremiumRate,
    /// A satellite telephone or an international network.
    Satellite,
    /// A service without a country.
    InternationalService,
    /// An emergency or service code, or no subscriber's number.
    ServiceCode,
    /// A country that is not called.
    Country,
    /// The contact has not agreed to be called.
    Consent,
    /// The number was called before, and is not to be again.
    Recalling,
    /// Somebody answered at this number not long ago.
    RecentlyAnswered,
    /// Nobody knows what time it is where the number is.
    UnknownZone,
    /// Another call to the number is in progress.
    InCall,
    /// The number was called as often as it may be.
    FrequencyCap,
    /// The law of the recipient's state allows no further call yet.
    StateFrequencyCap,
    /// Outside the hours in which the law allows calls.
    LegalHours,
    /// Outside the hours in which the law of the recipient's state does.
    StateHours,
    /// Outside the campaign's own hours.
    CallingHours,
    /// All calls of the day are made.
    DailyCalls,
    /// What may be spent on a day is spent.
    DailySpend,
}

impl Rule {
    /// Every rule, in the order in which they are asked.
    pub const ALL: [Self; 18] = [
        Self::DoNotCall,
        Self::PremiumRate,
        Self::Satellite,
        Self::InternationalService,
        Self::ServiceCode,
        Self::Country,
        Self::Consent,
        Self::Recalling,
        Self::RecentlyAnswered,
        Self::UnknownZone,
        Self::InCall,
        Self::FrequencyCap,
        Self::StateFrequencyCap,
        Self::LegalHours,
        Self::StateHours,
        Self::CallingHours,
        Self::DailyCalls,
        Self::DailySpend,
    ];

    /// Whether an administrator may have one test call made against it. Never to
    /// numbers that cost money, help in emergencies or are nobody's; a number is
    /// never in two calls; and what guards the day's money guards it against
    /// a stolen key too.
    pub fn may_be_forced(self) -> bool {
        match self {
            Self::DoNotCall
            | Self::Country
            | Self::Consent
            | Self::Recalling
            | Self::RecentlyAnswered
            | Self::UnknownZone
            | Self::FrequencyCap
            | Self::StateFrequencyCap
            | Self::LegalHours
            | Self::StateHours
            | Self::CallingHours => true,
            Self::PremiumRate
            | Self::Satellite
            | Self::InternationalService
            | Self::ServiceCode
            | Self::InCall
            | Self::DailyCalls
            | Self::DailySpend => false,
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DoNotCall => "do_not_call",
            Self::PremiumRate => "premium_rate",
            Self::Satellite => "satellite",
            Self::InternationalService => "international_service",
            Self::ServiceCode => "service_code",
            Self::Country => "country",
            Self::Consent => "consent",
            Self::Recalling => "recalling",
            Self::RecentlyAnswered => "recently_answered",
            Self::UnknownZone => "unknown_zone",
            Self::InCall => "in_call",
            Self::FrequencyCap => "frequency_cap",
            Self::StateFrequencyCap => "state_frequency_cap",
            Self::LegalHours => "legal_hours",
            Self::StateHours => "state_hours",
            Self::CallingHours => "calling_hours",
            Self::DailyCalls => "daily_calls",
            Self::DailySpend => "daily_spend",
        }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the word for a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no rule")]
pub struct UnknownRule(String);

impl std::str::FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == text).ok_or_else(|| UnknownRule(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_everywhere() {
        for rule in Rule::ALL {
            assert_eq!(rule.as_str().parse(), Ok(rule));
            assert_eq!(serde_json::to_value(rule).expect("JSON"), rule.as_str());
        }
        assert!("".parse::<Rule>().is_err());
    }
}
