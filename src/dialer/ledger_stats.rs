//! What the ledger wrote, and how long that took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::call::Outcome;
use crate::compliance::Rule;
use crate::histogram::{Counted, Histogram};
use crate::store::{ClaimResult, LedgerBatch, Settlement};

/// Of a commit, in microseconds: a fast disk takes a millisecond, a database
/// that is asked in vain five seconds.
const COMMITS: &[u64] =
    &[1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000];
/// From placing a call to its answer, in microseconds: as long as phones ring.
const RINGS: &[u64] =
    &[1_000_000, 2_500_000, 5_000_000, 10_000_000, 15_000_000, 20_000_000, 30_000_000, 45_000_000, 60_000_000];
/// From the answer to the end, in microseconds. Six seconds: a short call.
const TALKS: &[u64] =
    &[2_000_000, 6_000_000, 15_000_000, 30_000_000, 60_000_000, 120_000_000, 300_000_000, 600_000_000, 1_800_000_000];

/// What the ledger wrote since the start. A call counts when its end is in the
/// database.
#[derive(Debug)]
pub struct LedgerStats {
    ended: [AtomicU64; Outcome::ALL.len()],
    barred: [AtomicU64; Rule::ALL.len()],
    postponed: AtomicU64,
    opted_out: AtomicU64,
    queued: AtomicU64,
    taken: AtomicU64,
    refused: AtomicU64,
    failures: AtomicU64,
    commits: Histogram,
    claims: Histogram,
    rings: Histogram,
    talks: Histogram,
}

impl Default for LedgerStats {
    fn default() -> Self {
        Self {
            ended: Default::default(),
            barred: Default::default(),
            postponed: AtomicU64::default(),
            opted_out: AtomicU64::default(),
            queued: AtomicU64::default(),
            taken: AtomicU64::default(),
            refused: AtomicU64::default(),
            failures: AtomicU64::default(),
            commits: Histogram::new(COMMITS),
            claims: Histogram::new(COMMITS),
            rings: Histogram::new(RINGS),
            talks: Histogram::new(TALKS),
        }
    }
}

fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl LedgerStats {
    /// Calls whose end was written, by outcome.
    pub fn ended(&self) -> impl Iterator<Item = (Outcome, u64)> {
        Outcome::ALL.into_iter().zip(&self.ended).map(|(outcome, count)| (outcome, read(count)))
    }

    /// Targets a rule forbade to call for good, by rule.
    pub fn barred(&self) -> impl Iterator<Item = (Rule, u64)> {
        Rule::ALL.into_iter().zip(&self.barred).map(|(rule, count)| (rule, read(count)))
    }

    /// How often a target that was due had to wait for a time when it may be
    /// called.
    pub fn postponed(&self) -> u64 {
        read(&self.postponed)
    }

    /// People who opted out in a call.
    pub fn opted_out(&self) -> u64 {
        read(&self.opted_out)
    }

    /// What waits to be written.
    pub fn waiting(&self) -> u64 {
        // In this order: what comes and is taken in between must not be missing.
        let taken = read(&self.taken);
        read(&self.queued).saturating_sub(taken)
    }

    /// What the database refused and is offered again.
    pub fn refused(&self) -> u64 {
        read(&self.refused)
    }

    /// Commits that failed: the database was away, or refused.
    pub fn failures(&self) -> u64 {
        read(&self.failures)
    }

    /// How long commits took that were made.
    pub fn commits(&self) -> Counted {
        self.commits.counted()
    }

    /// From the wish to claim targets to the answer, commits that were tried in
    /// vain and the wait for the one before included.
    pub fn claims(&self) -> Counted {
        self.claims.counted()
    }

    /// From placing a call to its answer.
    pub fn rings(&self) -> Counted {
        self.rings.counted()
    }

    /// How long answered calls lasted.
    pub fn talks(&self) -> Counted {
        self.talks.counted()
    }

    pub(super) fn on_queued(&self) {
        add(&self.queued, 1);
    }

    pub(super) fn on_taken(&self, items: usize) {
        add(&self.taken, items);
    }

    pub(super) fn on_commit(&self, took: Duration) {
        self.commits.record(took);
    }

    pub(super) fn on_failure(&self) {
        add(&self.failures, 1);
    }

    pub(super) fn on_claim(&self, took: Duration) {
        self.claims.record(took);
    }

    pub(super) fn set_refused(&self, items: usize) {
        self.refused.store(items as u64, Ordering::Relaxed);
    }

    /// A batch is in the database.
    pub(super) fn on_written(&self, batch: &LedgerBatch, results: &[ClaimResult]) {
        add(&self.opted_out, batch.opt_outs.len());
        for settlement in &batch.settlements {
            self.on_settled(settlement);
        }
        for result in results {
            add(&self.postponed, result.waiting);
            self.bar(Rule::DoNotCall, result.do_not_call.len());
            for (_, rule) in &result.blocked {
                self.bar(*rule, 1);
            }
        }
    }

    fn on_settled(&self, settlement: &Settlement) {
        if let Some(at) = Outcome::ALL.iter().position(|outcome| *outcome == settlement.outcome) {
            add(&self.ended[at], 1);
        }
        let facts = &settlement.facts;
        if let Some(answered_at) = facts.answered_at {
            // A call from before a restart: nobody knows when it was placed.
            if let Some(placed_at) = facts.placed_at {
                self.rings.record(Duration::try_from(answered_at.duration_since(placed_at)).unwrap_or_default());
            }
            if let Some(ended_at) = facts.ended_at {
                self.talks.record(Duration::try_from(ended_at.duration_since(answered_at)).unwrap_or_default());
            }
        }
    }

    fn bar(&self, rule: Rule, targets: usize) {
        if let Some(at) = Rule::ALL.iter().position(|other| *other == rule).filter(|_| targets > 0) {
            add(&self.barred[at], targets);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::call::{CallFacts, CallId};
    use crate::campaign::{AfterCall, CampaignId, TargetStatus};
    use crate::number::PhoneNumber;
    use crate::store::TargetId;

    fn settlement(outcome: Outcome, facts: CallFacts) -> Settlement {
        let after = AfterCall { status: TargetStatus::Busy, due_at: None, uses_attempt: true, congested: false };
        let (call, campaign) = (CallId::new(), CampaignId::new());
        Settlement { call, campaign, target: TargetId(1), outcome, facts, after }
    }

    #[test]
    fn each_end_counts_once_under_its_outcome() {
        let at = |seconds| Some(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds));
        let talked = CallFacts { placed_at: at(0), answered_at: at(8), ended_at: at(10), ..CallFacts::default() };
        let backwards = CallFacts { placed_at: at(9), answered_at: at(8), ended_at: at(7), ..CallFacts::default() };
        let settlements = vec![
            settlement(Outcome::Answered, talked),
            settlement(Outcome::Voicemail, backwards),
            settlement(Outcome::Lost, CallFacts::default()),
        ];
        let number = PhoneNumber::from_e164("+15552000001").expect("a number");
        let result = ClaimResult {
            do_not_call: vec![number; 2],
            blocked: vec![(number, Rule::Country)],
            waiting: 7,
            ..ClaimResult::default()
        };
        let stats = LedgerStats::default();
        stats.on_written(&LedgerBatch { settlements, ..LedgerBatch::default() }, &[result]);
        let ended: Vec<_> = stats.ended().filter(|(_, count)| *count > 0).collect();
        assert_eq!(ended, [(Outcome::Answered, 1), (Outcome::Voicemail, 1), (Outcome::Lost, 1)]);
        let barred: Vec<_> = stats.barred().filter(|(_, count)| *count > 0).collect();
        assert_eq!(barred, [(Rule::DoNotCall, 2), (Rule::Country, 1)]);
        assert_eq!(stats.postponed(), 7);
        assert_eq!((stats.rings().count(), stats.rings().sum), (2, 8.0), "a clock set back made one of nothing");
        assert_eq!((stats.talks().count(), stats.talks().sum), (2, 2.0));
    }
}
