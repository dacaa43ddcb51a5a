//! What may be called and spent in a day, and how much of it is used.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::measured::BudgetUse;
use crate::call::CallId;
use crate::compliance::{Budget, Spent};
use crate::store::{PaidCall, Store, StoreError};

/// Calls read at once.
const PAGE: u32 = 5_000;

/// A budget and what was used of it on the current day: summed up from the
/// database, and counted from then on, as only this process dials.
#[derive(Debug)]
pub(super) struct Daily {
    budget: Budget,
    day: Timestamp,
    spent: Spent,
    count: Count,
    told: bool,
}

/// Whether what was used is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    Known,
    /// It is to be summed up.
    Wanted,
    /// It is being.
    UnderWay,
}

/// What the database says of a day.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    /// What was summed up for: no other budget.
    budget: Budget,
    day: Timestamp,
    spent: Spent,
}

/// How many calls more there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// So many, besides those that are planned already.
    Calls(u32),
    /// None before this time.
    NotBefore(Timestamp),
    /// Nobody knows yet.
    Unknown,
}

impl Sum {
    /// Sums up what was used on the day of `now`: calls by when they were
    /// placed, money by when they ended.
    pub(super) async fn of(store: &Store, budget: &Budget, now: Timestamp) -> Result<Self, StoreError> {
        let day = budget.day_of(now);
        let mut sum = Self { budget: budget.clone(), day, spent: Spent::default() };
        let mut after: Option<CallId> = None;
        while budget.is_limited() {
            let calls = store.paid_calls(day, after, PAGE).await?;
            calls.iter().for_each(|call| sum.add(call));
            match calls.last() {
                Some(last) if calls.len() == PAGE as usize => after = Some(last.call),
                Some(_) | None => break,
            }
        }
        // To delete a campaign gives nothing back.
        let mut after: Option<i64> = None;
        while budget.is_limited() {
            let calls = store.removed_calls(day, after, PAGE).await?;
            calls.iter().for_each(|call| sum.add(&call.paid));
            match calls.last() {
                Some(last) if calls.len() == PAGE as usize => after = Some(last.row),
                Some(_) | None => break,
            }
        }
        Ok(sum)
    }

    fn add(&mut self, call: &PaidCall) {
        self.spent.calls += u64::from(call.placed_at >= self.day);
        let talk = call.talk.filter(|(_, ended_at)| *ended_at >= self.day);
        let cost = talk.map_or(0, |(from, to)| self.budget.tariff.cost(call.number, from, to));
        self.spent.money = self.spent.money.saturating_add(cost);
    }
}

impl Daily {
    /// The budget with what the day's calls used so far.
    pub(super) fn new(sum: Sum) -> Self {
        let Sum { budget, day, spent } = sum;
        Self { budget, day, spent, count: Count::Known, told: false }
    }

    /// Another budget. Days that begin elsewhere, other prices, and a first
    /// limit mean that the day is summed up anew; so does any change while it is
    /// being summed up, as that sum is for the budget before.
    pub(super) fn set(&mut self, budget: &Budget, now: Timestamp) {
        let before = std::mem::replace(&mut self.budget, budget.clone());
        if before == *budget {
            return;
        }
        self.told = false;
        let same = before.is_limited() && before.zone == budget.zone && before.tariff == budget.tariff;
        if !same || self.count == Count::UnderWay {
            self.begin(now);
            self.count = if budget.is_limited() { Count::Wanted } else { Count::Known };
        }
    }

    /// The budget to sum the day up for, if that is to be done now.
    pub(super) fn count_wanted(&mut self) -> Option<Budget> {
        (self.count == Count::Wanted).then(|| {
            self.count = Count::UnderWay;
            self.budget.clone()
        })
    }

    /// The day was summed up. What happened meanwhile was counted too, and may
    /// be in the sum: rather twice than not at all.
    pub(super) fn counted(&mut self, sum: &Sum) {
        if self.count != Count::UnderWay || sum.budget != self.budget {
            return;
        }
        self.count = match sum.day.cmp(&self.day) {
            Ordering::Equal => {
                self.spent.calls = self.spent.calls.saturating_add(sum.spent.calls);
                self.spent.money = self.spent.money.saturating_add(sum.spent.money);
                Count::Known
            }
            // A new day began meanwhile.
            Ordering::Less => Count::Known,
            Ordering::Greater => Count::Wanted,
        };
    }

    /// Calls were placed.
    pub(super) fn placed(&mut self, calls: usize) {
        self.spent.calls = self.spent.calls.saturating_add(calls as u64);
    }

    /// A call that is over cost so much.
    pub(super) fn spend(&mut self, cost: u64) {
        self.spent.money = self.spent.money.saturating_add(cost);
    }

    /// What was used today, where there is a limit: without one the calls of
    /// this process alone are known. None as well while the day is summed up.
    pub(super) fn used(&self, now: Timestamp) -> Option<BudgetUse> {
        let spent = if self.budget.day_of(now) == self.day { self.spent } else { Spent::default() };
        let Budget { calls, spend, .. } = &self.budget;
        (self.budget.is_limited() && self.count == Count::Known).then_some(BudgetUse {
            calls: spent.calls,
            most_calls: *calls,
            money: spent.money,
            most_money: *spend,
        })
    }

    /// How many calls more there may be, besides those planned already.
    pub(super) fn left(&mut self, planned: u32, now: Timestamp) -> Left {
        if !self.budget.is_limited() {
            return Left::Calls(u32::MAX);
        }
        match self.budget.day_of(now).cmp(&self.day) {
            Ordering::Equal => {}
            Ordering::Greater => self.begin(now),
            // The clock was set back to a day that is counted no more.
            Ordering::Less => {
                self.begin(now);
                self.count = Count::Wanted;
            }
        }
        if self.count != Count::Known {
            return Left::Unknown;
        }
        match self.budget.left(self.spent, now) {
            Ok(left) => Left::Calls(u32::try_from(left).unwrap_or(u32::MAX).saturating_sub(planned)),
            Err((rule, tomorrow)) => {
                if !std::mem::replace(&mut self.told, true) {
                    tracing::warn!(%rule, calls = self.spent.calls, until = %tomorrow, "no more calls today");
                }
                Left::NotBefore(tomorrow)
            }
        }
    }

    /// A day of which nothing is known yet.
    fn begin(&mut self, now: Timestamp) {
        (self.day, self.spent, self.told) = (self.budget.day_of(now), Spent::default(), false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::zones::zone;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn budget(calls: u64, name: &str) -> Budget {
        Budget { calls: Some(calls), zone: zone(name).expect("a zone"), ..Budget::default() }
    }

    fn sum(budget: &Budget, calls: u64, now: Timestamp) -> Sum {
        Sum { budget: budget.clone(), day: budget.day_of(now), spent: Spent { calls, money: 0 } }
    }

    fn daily(budget: &Budget, calls: u64, now: Timestamp) -> Daily {
        Daily::new(sum(budget, calls, now))
    }

    #[test]
    fn a_day_ends_and_the_next_begins_with_nothing_used() {
        let utc = budget(10, "UTC");
        let noon = at("2026-06-02T12:00:00Z");
        let mut daily = daily(&utc, 7, noon);
        assert_eq!(daily.left(1, noon), Left::Calls(2));
        daily.placed(3);
        assert_eq!(daily.left(0, noon), Left::NotBefore(at("2026-06-03T00:00:00Z")));
        assert_eq!(daily.left(0, at("2026-06-03T00:00:00Z")), Left::Calls(10));
    }

    /// Nothing is called while nobody knows what the day has used.
    #[test]
    fn days_that_begin_elsewhere_are_summed_up_anew() {
        let (utc, york) = (budget(10, "UTC"), budget(10, "America/New_York"));
        let now = at("2026-06-02T03:00:00Z");
        let mut daily = daily(&utc, 2, now);
        daily.set(&york, now);
        assert_eq!(daily.left(0, now), Left::Unknown);
        assert_eq!(daily.count_wanted(), Some(york.clone()));
        assert_eq!(daily.count_wanted(), None, "it is under way");
        daily.placed(1);
        daily.counted(&sum(&utc, 2, now));
        assert_eq!(daily.left(0, now), Left::Unknown, "that was another budget's");
        // In New York it is still the day before, with nine calls in it.
        daily.counted(&sum(&york, 9, now));
        assert_eq!(daily.left(0, now), Left::NotBefore(at("2026-06-02T04:00:00Z")));
    }

    #[test]
    fn a_first_limit_counts_the_whole_day() {
        let now = at("2026-06-02T03:00:00Z");
        let none = Budget::default();
        let mut daily = daily(&none, 0, now);
        daily.placed(5);
        assert_eq!((daily.left(0, now), daily.count_wanted()), (Left::Calls(u32::MAX), None));
        let limited = budget(100, "UTC");
        daily.set(&limited, now);
        assert_eq!(daily.count_wanted(), Some(limited.clone()));
        daily.counted(&sum(&limited, 60, now));
        assert_eq!(daily.left(0, now), Left::Calls(40));
        // Only how many there may be: what is known stays.
        daily.set(&budget(61, "UTC"), now);
        assert_eq!((daily.left(0, now), daily.count_wanted()), (Left::Calls(1), None));
    }

    #[test]
    fn a_limit_that_changes_while_the_day_is_summed_up() {
        let now = at("2026-06-02T03:00:00Z");
        let mut daily = daily(&Budget::default(), 0, now);
        let (first, second) = (budget(100, "UTC"), budget(50, "UTC"));
        daily.set(&first, now);
        assert_eq!(daily.count_wanted(), Some(first.clone()));
        daily.set(&second, now);
        assert_eq!(daily.count_wanted(), Some(second.clone()));
        daily.counted(&sum(&first, 20, now));
        assert_eq!(daily.left(0, now), Left::Unknown, "that was another budget's");
        daily.counted(&sum(&second, 20, now));
        assert_eq!(daily.left(0, now), Left::Calls(30));
    }

    #[test]
    fn a_clock_that_is_set_back_and_a_midnight_meanwhile() {
        let utc = budget(10, "UTC");
        let mut daily = daily(&utc, 0, at("2026-06-03T00:00:10Z"));
        let before = at("2026-06-02T23:59:00Z");
        assert_eq!(daily.left(0, before), Left::Unknown);
        assert!(daily.count_wanted().is_some());
        // Midnight comes again before the sum does.
        assert_eq!(daily.left(0, at("2026-06-03T00:00:00Z")), Left::Unknown);
        daily.placed(1);
        daily.counted(&sum(&utc, 8, before));
        assert_eq!(daily.left(0, at("2026-06-03T00:00:01Z")), Left::Calls(9));
    }

    #[test]
    fn what_was_used_is_told_for_its_day_and_only_with_a_limit() {
        let noon = at("2026-06-02T12:00:00Z");
        let mut daily = daily(&Budget::default(), 0, noon);
        daily.placed(3);
        assert_eq!(daily.used(noon), None);
        let limited = Budget { spend: Some(10_000_000), ..Budget::default() };
        daily.set(&limited, noon);
        assert_eq!((daily.used(noon), daily.count_wanted()), (None, Some(limited.clone())), "not summed up yet");
        let spent = Spent { calls: 3, money: 7_000_000 };
        daily.counted(&Sum { spent, ..sum(&limited, 0, noon) });
        let used = BudgetUse { calls: 3, most_calls: None, money: 7_000_000, most_money: Some(10_000_000) };
        assert_eq!(daily.used(noon), Some(used));
        let tomorrow = at("2026-06-03T00:00:00Z");
        assert_eq!(daily.used(tomorrow), Some(BudgetUse { calls: 0, money: 0, ..used }), "nothing was dialed yet");
    }
}
