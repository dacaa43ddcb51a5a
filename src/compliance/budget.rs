//! A guard against fraud and slips: calls and money of one day, over all
//! campaigns.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Rule;
use super::hours::{midnight, next_midnight};
use crate::number::PhoneNumber;

/// What calls cost a minute, by the first digits of the number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tariff {
    /// By first digits, in millionths of the operator's currency; the longest
    /// beginning counts.
    pub rates: BTreeMap<u64, u64>,
    /// Everybody else.
    pub otherwise: u64,
}

/// What may be used on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Calls; none: any number.
    pub calls: Option<u64>,
    /// Money, in millionths; none: any amount.
    pub spend: Option<u64>,
    /// What calls cost.
    pub tariff: Tariff,
    /// Where the days begin.
    pub zone: TimeZone,
}

/// What was used on one day so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Calls placed.
    pub calls: u64,
    /// Money for those that are over, in millionths.
    pub money: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { calls: None, spend: None, tariff: Tariff::default(), zone: TimeZone::UTC }
    }
}

impl Tariff {
    /// What a call costs that lasted from its answer to its end: every minute
    /// begun, in millionths.
    pub fn cost(&self, number: PhoneNumber, answered_at: Timestamp, ended_at: Timestamp) -> u64 {
        let milliseconds = u64::try_from(ended_at.duration_since(answered_at).as_millis()).unwrap_or(0);
        self.rate(number).saturating_mul(milliseconds.div_ceil(60_000))
    }

    fn rate(&self, number: PhoneNumber) -> u64 {
        let mut beginning = number.as_u64();
        while beginning > 0 {
            if let Some(rate) = self.rates.get(&beginning) {
                return *rate;
            }
            beginning /= 10;
        }
        self.otherwise
    }
}

impl Budget {
    /// Whether there is anything to watch.
    pub fn is_limited(&self) -> bool {
        self.calls.is_some() || self.spend.is_some()
    }

    /// When the day of an instant began.
    pub fn day_of(&self, now: Timestamp) -> Timestamp {
        midnight(&self.zone, now).unwrap_or(now)
    }

    /// How many calls more may be placed today; the rule and the end of the day
    /// if none.
    pub fn left(&self, spent: Spent, now: Timestamp) -> Result<u64, (Rule, Timestamp)> {
        let tomorrow = || next_midnight(&self.zone, now).unwrap_or(Timestamp::MAX);
        if self.spend.is_some_and(|most| spent.money >= most) {
            return Err((Rule::DailySpend, tomorrow()));
        }
        match self.calls {
            Some(most) if spent.calls >= most => Err((Rule::DailyCalls, tomorrow())),
            Some(most) => Ok(most - spent.calls),
            None => Ok(u64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn minutes_begun_are_paid() {
        let tariff = Tariff { rates: BTreeMap::from([(1, 10_000), (1_212, 5_000), (44, 20_000)]), otherwise: 100_000 };
        let number = |text| PhoneNumber::from_e164(text).expect("a number");
        let start = at("2026-03-01T10:00:00Z");
        let cost = |text, seconds| tariff.cost(number(text), start, start + jiff::SignedDuration::from_secs(seconds));
        assert_eq!(cost("+13055550123", 1), 10_000);
        assert_eq!(cost("+13055550123", 60), 10_000);
        assert_eq!(cost("+13055550123", 61), 20_000);
        assert_eq!(cost("+12125550123", 60), 5_000);
        assert_eq!(cost("+442079460958", 60), 20_000);
        assert_eq!(cost("+4930901820", 60), 100_000);
        assert_eq!(cost("+4930901820", 0), 0);
        assert_eq!(cost("+4930901820", -5), 0);
    }

    #[test]
    fn a_day_is_used_up_until_the_next() {
        let zone = crate::number::zones::zone("America/New_York").expect("a zone");
        let budget = Budget { calls: Some(100), spend: Some(1_000_000), zone, ..Budget::default() };
        let now = at("2026-03-08T20:00:00Z");
        let tomorrow = at("2026-03-09T04:00:00Z");
        assert_eq!(budget.left(Spent { calls: 40, money: 0 }, now), Ok(60));
        assert_eq!(budget.left(Spent { calls: 100, money: 0 }, now), Err((Rule::DailyCalls, tomorrow)));
        assert_eq!(budget.left(Spent { calls: 0, money: 1_000_000 }, now), Err((Rule::DailySpend, tomorrow)));
        assert_eq!(budget.day_of(now), at("2026-03-08T05:00:00Z"));
        assert_eq!(Budget::default().left(Spent { calls: u64::MAX, money: u64::MAX }, now), Ok(u64::MAX));
        assert!(!Budget::default().is_limited());
    }
}
