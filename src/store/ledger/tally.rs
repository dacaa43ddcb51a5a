//! How a transaction moves a campaign's counters.

use std::collections::BTreeMap;

use jiff::Timestamp;

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

/// How long answered calls lasted, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Talked {
    pub(in crate::store) calls: i64,
    pub(in crate::store) total: i64,
    pub(in crate::store) longest: i64,
    pub(in crate::store) shortest: i64,
}

/// Differences to add to counters. Gathered over a transaction and written at
/// its end, in order of key, so that two transactions never wait for each
/// other in a circle and the rows everyone needs are locked for moments only.
#[derive(Debug, Default)]
pub(in crate::store) struct TallyMoves {
    counts: BTreeMap<TallyKey, i64>,
    /// Those of our numbers.
    pub(in crate::store) numbers: NumberMoves,
    talks: BTreeMap<CampaignId, Talked>,
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

    /// An answered call is over. A clock set back makes it no shorter than nothing.
    pub(in crate::store) fn talked(&mut self, campaign: CampaignId, from: Timestamp, to: Timestamp) {
        let lasted = to.as_microsecond().saturating_sub(from.as_microsecond()).max(0);
        let talked = self.talks.entry(campaign).or_insert(Talked { calls: 0, total: 0, longest: 0, shortest: lasted });
        talked.calls += 1;
        talked.total = talked.total.saturating_add(lasted);
        talked.longest = talked.longest.max(lasted);
        talked.shortest = talked.shortest.min(lasted);
    }

    /// How long calls lasted that ended, by campaign, in order.
    pub(in crate::store) fn talks(&self) -> impl Iterator<Item = (CampaignId, Talked)> {
        self.talks.iter().map(|(campaign, talked)| (*campaign, *talked))
    }

    /// The counters that change, in order.
    pub(in crate::store) fn iter(&self) -> impl Iterator<Item = (TallyKey, i64)> {
        self.counts.iter().map(|(key, count)| (*key, *count)).filter(|(_, count)| *count != 0)
    }

    fn add(&mut self, key: TallyKey, count: i64) {
        *self.counts.entry(key).or_default() += count;
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

    #[test]
    fn talks_of_one_transaction_are_added_up() {
        let (campaign, other) = (CampaignId::new(), CampaignId::new());
        let at = |second| Timestamp::from_second(second).expect("an instant");
        let mut moves = TallyMoves::default();
        moves.talked(campaign, at(10), at(40));
        moves.talked(campaign, at(10), at(12));
        moves.talked(other, at(10), at(9));
        let mut talks: Vec<_> = moves.talks().collect();
        talks.sort_by_key(|(_, talked)| talked.total);
        let none = Talked { calls: 1, total: 0, longest: 0, shortest: 0 };
        let two = Talked { calls: 2, total: 32_000_000, longest: 30_000_000, shortest: 2_000_000 };
        assert_eq!(talks, [(other, none), (campaign, two)]);
    }
}
