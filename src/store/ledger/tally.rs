//! How a transaction moves a campaign's counters.

use std::collections::BTreeMap;

use super::NumberMoves;
use crate::call::Outcome;
use crate::campaign::{CampaignId, TargetStatus};

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) enum TallyKind {
    /// Targets of a status.
    Target,
    /// Ended calls of an outcome.
    Outcome,
}

impl TallyKind {
    /// Its name in the database.
    pub(in crate::store) fn as_str(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Outcome => "outcome",
        }
    }
}

/// One counter: campaign, kind, status or outcome.
type TallyKey = (CampaignId, TallyKind, &'static str);

/// Differences to add to counters. Gathered over a transaction and written at
/// its end, in order of key, so that two transactions never wait for each
/// other in a circle and the rows everyone needs are locked for moments only.
#[derive(Debug, Default)]
pub(in crate::store) struct TallyMoves {
    counters: BTreeMap<TallyKey, i64>,
    /// Those of our numbers.
    pub(in crate::store) numbers: NumberMoves,
}

impl TallyMoves {
    /// `count` new targets.
    pub(in crate::store) fn added(&mut self, campaign: CampaignId, status: TargetStatus, count: i64) {
        self.add((campaign, TallyKind::Target, status.as_str()), count);
    }

    /// A target goes from one status to another.
    pub(in crate::store) fn moved(&mut self, campaign: CampaignId, from: TargetStatus, to: TargetStatus) {
        self.added(campaign, from, -1);
        self.added(campaign, to, 1);
    }

    /// A call ended.
    pub(in crate::store) fn ended(&mut self, campaign: CampaignId, outcome: Outcome) {
        self.add((campaign, TallyKind::Outcome, outcome.as_str()), 1);
    }

    /// The counters that change, in order.
    pub(in crate::store) fn iter(&self) -> impl Iterator<Item = (TallyKey, i64)> {
        self.counters.iter().map(|(key, count)| (*key, *count)).filter(|(_, count)| *count != 0)
    }

    fn add(&mut self, key: TallyKey, count: i64) {
        *self.counters.entry(key).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_changes_nothing() {
        let campaign = CampaignId::new();
        let mut moves = TallyMoves::default();
        moves.moved(campaign, TargetStatus::Pending, TargetStatus::Calling);
        moves.moved(campaign, TargetStatus::Calling, TargetStatus::Pending);
        moves.ended(campaign, Outcome::Cancelled);
        let left: Vec<_> = moves.iter().collect();
        assert_eq!(left, [((campaign, TallyKind::Outcome, "cancelled"), 1)]);
    }
}
