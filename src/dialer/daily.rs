//! What may be called and spent in a day, and how much of it is used.

use jiff::Timestamp;

use super::measured::BudgetUse;
use crate::call::CallId;
use crate::compliance::{Budget, Spent};
use crate::store::{Store, StoreError};

/// Calls read at once at the start.
const PAGE: u32 = 5_000;

/// A budget and what was used of it on the current day. What was used is summed
/// up from the database at the start, and counted from then on: only this
/// process dials.
#[derive(Debug)]
pub(super) struct Daily {
    budget: Budget,
    day: Timestamp,
    spent: Spent,
    told: bool,
}

impl Daily {
    /// The budget with what the day's calls used so far.
    pub(super) async fn of(store: &Store, budget: &Budget, now: Timestamp) -> Result<Self, StoreError> {
        let day = budget.day_of(now);
        let mut spent = Spent::default();
        let mut after: Option<CallId> = None;
        while budget.is_limited() {
            let calls = store.paid_calls(day, after, PAGE).await?;
            for call in &calls {
                spent.calls += 1;
                spent.money = spent.money.saturating_add(
                    call.talk
                        .map_or(0, |(answered_at, ended_at)| budget.tariff.cost(call.number, answered_at, ended_at)),
                );
            }
            match calls.last() {
                Some(last) if calls.len() == PAGE as usize => after = Some(last.call),
                Some(_) | None => break,
            }
        }
        Ok(Self { budget: budget.clone(), day, spent, told: false })
    }

    /// Another budget; what was used stays.
    pub(super) fn set(&mut self, budget: &Budget) {
        self.budget = budget.clone();
        self.told = false;
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
    /// this process alone are known.
    pub(super) fn used(&self, now: Timestamp) -> Option<BudgetUse> {
        let spent = if self.budget.day_of(now) == self.day { self.spent } else { Spent::default() };
        let Budget { calls, spend, .. } = &self.budget;
        self.budget.is_limited().then_some(BudgetUse {
            calls: spent.calls,
            most_calls: *calls,
            money: spent.money,
            most_money: *spend,
        })
    }

    /// How many calls more there may be, besides those planned already; if
    /// none: when there may be again.
    pub(super) fn left(&mut self, planned: u32, now: Timestamp) -> Result<u32, Timestamp> {
        // Counted without a limit too: one may come while the daemon runs.
        let day = self.budget.day_of(now);
        if day != self.day {
            (self.day, self.spent, self.told) = (day, Spent::default(), false);
        }
        if !self.budget.is_limited() {
            return Ok(u32::MAX);
        }
        match self.budget.left(self.spent, now) {
            Ok(left) => Ok(u32::try_from(left).unwrap_or(u32::MAX).saturating_sub(planned)),
            Err((rule, tomorrow)) => {
                if !std::mem::replace(&mut self.told, true) {
                    tracing::warn!(%rule, calls = self.spent.calls, until = %tomorrow, "no more calls today");
                }
                Err(tomorrow)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn what_was_used_is_told_for_its_day_and_only_with_a_limit() {
        let day = Timestamp::UNIX_EPOCH;
        let mut daily = Daily { budget: Budget::default(), day, spent: Spent::default(), told: false };
        daily.placed(3);
        daily.spend(7_000_000);
        assert_eq!(daily.used(day), None);
        daily.set(&Budget { spend: Some(10_000_000), ..Budget::default() });
        let used = BudgetUse { calls: 3, most_calls: None, money: 7_000_000, most_money: Some(10_000_000) };
        assert_eq!(daily.used(day + SignedDuration::from_hours(23)), Some(used));
        let tomorrow = day + SignedDuration::from_hours(24);
        assert_eq!(
            daily.used(tomorrow),
            Some(BudgetUse { calls: 0, money: 0, ..used }),
            "though nothing was dialed yet"
        );
    }
}
