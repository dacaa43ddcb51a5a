//! Answers and ends: from the calls that are still open to what changes.

use std::collections::HashMap;

use jiff::Timestamp;

use super::TallyMoves;
use crate::call::{CallFacts, CallId, Outcome};
use crate::caller_id::Figures;
use crate::campaign::{CampaignId, TargetStatus};
use crate::number::PhoneNumber;
use crate::store::{LedgerBatch, Settlement, TargetId};

/// An open call that a batch names, as it stands in the database.
#[derive(Clone, Debug)]
pub(in crate::store) struct Standing {
    pub(in crate::store) call: CallId,
    pub(in crate::store) campaign: CampaignId,
    pub(in crate::store) target: TargetId,
    /// What it showed.
    pub(in crate::store) caller_id: PhoneNumber,
    /// Whether it is the target's last call: only then is the target in it.
    pub(in crate::store) current: bool,
    /// The target's.
    pub(in crate::store) status: TargetStatus,
    /// The target's, this call included.
    pub(in crate::store) attempts: u32,
    /// The target's.
    pub(in crate::store) congestions: u32,
    /// When it was answered, if that was noted before.
    pub(in crate::store) answered_at: Option<Timestamp>,
    /// Whether any webhook is told anything.
    pub(in crate::store) watched: bool,
}

/// A call row to write. What is none in the facts keeps the value it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct CallChange {
    pub(in crate::store) call: CallId,
    pub(in crate::store) facts: CallFacts,
    /// With the end; none: the call goes on.
    pub(in crate::store) outcome: Option<Outcome>,
}

/// A target row to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct TargetChange {
    pub(in crate::store) target: TargetId,
    pub(in crate::store) status: TargetStatus,
    pub(in crate::store) due_at: Option<Timestamp>,
    pub(in crate::store) attempts: u32,
    pub(in crate::store) congestions: u32,
    /// None: keeps the one it had.
    pub(in crate::store) last_outcome: Option<Outcome>,
}

/// Everything to write but claims.
#[derive(Debug, Default)]
pub(in crate::store) struct Changes {
    pub(in crate::store) calls: Vec<CallChange>,
    pub(in crate::store) targets: Vec<TargetChange>,
    /// Whether any webhook is told anything.
    pub(in crate::store) watched: bool,
}

/// The calls whose rows [`settle`] wants to see, each once.
pub(in crate::store) fn calls_named(batch: &LedgerBatch) -> Vec<CallId> {
    let answered = batch.answered.iter().map(|(call, _)| *call);
    let mut calls: Vec<_> = answered.chain(batch.settlements.iter().map(|settlement| settlement.call)).collect();
    calls.sort();
    calls.dedup();
    calls
}

/// Decides what a batch's answers and settlements change. A call that is not
/// among `standing` has ended already, or was never placed: nothing changes.
/// Named twice, the first time counts.
pub(in crate::store) fn settle(
    batch: &LedgerBatch,
    standing: Vec<Standing>,
    now: Timestamp,
    tally: &mut TallyMoves,
) -> Changes {
    let mut answers = HashMap::new();
    for (call, at) in &batch.answered {
        answers.entry(*call).or_insert(*at);
    }
    let mut ends = HashMap::new();
    for settlement in &batch.settlements {
        ends.entry(settlement.call).or_insert(settlement);
    }
    let mut changes = Changes { watched: standing.iter().any(|call| call.watched), ..Changes::default() };
    for call in standing {
        let answered_at = answers.get(&call.call).copied();
        match (ends.get(&call.call), answered_at) {
            (Some(settlement), _) => end(&call, settlement, answered_at, now, tally, &mut changes),
            (None, Some(at)) => answer(&call, at, tally, &mut changes),
            (None, None) => {}
        }
    }
    changes
}

fn answer(call: &Standing, at: Timestamp, tally: &mut TallyMoves, changes: &mut Changes) {
    let facts = CallFacts { answered_at: Some(at), ..CallFacts::default() };
    changes.calls.push(CallChange { call: call.call, facts, outcome: None });
    if !in_it(call) {
        return;
    }
    tally.moved(call.campaign, call.status, TargetStatus::Connected);
    changes.targets.push(TargetChange {
        target: call.target,
        status: TargetStatus::Connected,
        due_at: None,
        attempts: call.attempts,
        congestions: call.congestions,
        last_outcome: None,
    });
}

fn end(
    call: &Standing,
    settlement: &Settlement,
    answered_at: Option<Timestamp>,
    now: Timestamp,
    tally: &mut TallyMoves,
    changes: &mut Changes,
) {
    let mut facts = settlement.facts.clone();
    facts.answered_at = facts.answered_at.or(answered_at);
    let ended_at = facts.ended_at.unwrap_or(now);
    facts.ended_at = Some(ended_at);
    if let Some(answered_at) = facts.answered_at.or(call.answered_at) {
        tally.talked(call.campaign, answered_at, ended_at);
    }
    tally.ended(call.campaign, settlement.outcome);
    tally.numbers.ended(call.caller_id, ended_at, Figures::of_end(settlement.outcome, &facts));
    changes.calls.push(CallChange { call: call.call, facts, outcome: Some(settlement.outcome) });
    // A target that somebody put into another state meanwhile stays there.
    if !in_it(call) {
        return;
    }
    let after = settlement.after;
    tally.moved(call.campaign, call.status, after.status);
    changes.targets.push(TargetChange {
        target: call.target,
        status: after.status,
        due_at: after.due_at,
        attempts: if after.uses_attempt { call.attempts } else { call.attempts.saturating_sub(1) },
        congestions: call.congestions.saturating_add(u32::from(after.congested)),
        last_outcome: Some(settlement.outcome),
    });
}

fn in_it(call: &Standing) -> bool {
    call.current && call.status.in_call()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::AfterCall;
    use crate::store::ledger::TallyKind;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn open() -> Standing {
        Standing {
            call: CallId::new(),
            campaign: CampaignId::new(),
            target: TargetId(1),
            caller_id: PhoneNumber::from_e164("+15555550100").expect("a number"),
            current: true,
            status: TargetStatus::Calling,
            attempts: 1,
            congestions: 0,
            answered_at: None,
            watched: false,
        }
    }

    fn busy(call: &Standing) -> Settlement {
        Settlement {
            call: call.call,
            campaign: call.campaign,
            target: call.target,
            outcome: Outcome::Busy,
            facts: CallFacts { ended_at: Some(NOW), ..CallFacts::default() },
            after: AfterCall { status: TargetStatus::Busy, due_at: Some(NOW), uses_attempt: true, congested: false },
        }
    }

    fn batch(answered: &[&Standing], settlements: Vec<Settlement>) -> LedgerBatch {
        LedgerBatch {
            answered: answered.iter().map(|call| (call.call, NOW)).collect(),
            settlements,
            ..LedgerBatch::default()
        }
    }

    #[test]
    fn an_answer_and_an_end_in_one_batch_are_one_change() {
        let call = open();
        let mut tally = TallyMoves::default();
        let changes = settle(&batch(&[&call], vec![busy(&call)]), vec![call.clone()], NOW, &mut tally);
        assert_eq!(changes.calls.len(), 1);
        assert_eq!(changes.calls[0].facts.answered_at, Some(NOW));
        assert_eq!(changes.targets.len(), 1);
        let moves: Vec<_> = tally.iter().map(|((_, kind, key), count)| (kind, key, count)).collect();
        assert_eq!(
            moves,
            [(TallyKind::Target, "busy", 1), (TallyKind::Target, "calling", -1), (TallyKind::Outcome, "busy", 1)]
        );
    }

    #[test]
    fn an_answer_noted_before_counts_for_the_length() {
        let call = Standing { answered_at: Some(NOW - jiff::SignedDuration::from_secs(3)), ..open() };
        let mut tally = TallyMoves::default();
        settle(&batch(&[], vec![busy(&call)]), vec![call.clone()], NOW, &mut tally);
        let talks: Vec<_> = tally.talks().map(|(campaign, talked)| (campaign, talked.calls, talked.total)).collect();
        assert_eq!(talks, [(call.campaign, 1, 3_000_000)]);
    }

    #[test]
    fn a_call_that_is_not_open_changes_nothing() {
        let call = open();
        let mut tally = TallyMoves::default();
        let changes = settle(&batch(&[&call], vec![busy(&call)]), Vec::new(), NOW, &mut tally);
        assert!(changes.calls.is_empty() && changes.targets.is_empty() && tally.iter().next().is_none());
    }

    #[test]
    fn settled_twice_in_one_batch_the_first_counts() {
        let call = open();
        let mut second = busy(&call);
        second.outcome = Outcome::Failed;
        let mut tally = TallyMoves::default();
        let changes = settle(&batch(&[], vec![busy(&call), second]), vec![call], NOW, &mut tally);
        assert_eq!(changes.calls.len(), 1);
        assert_eq!(changes.calls[0].outcome, Some(Outcome::Busy));
    }

    #[test]
    fn a_target_that_is_elsewhere_stays_there() {
        for elsewhere in [Standing { current: false, ..open() }, Standing { status: TargetStatus::DoNotCall, ..open() }]
        {
            let mut tally = TallyMoves::default();
            let changes = settle(&batch(&[], vec![busy(&elsewhere)]), vec![elsewhere], NOW, &mut tally);
            assert_eq!(changes.calls.len(), 1);
            assert!(changes.targets.is_empty());
            assert_eq!(tally.iter().count(), 1, "only the outcome");
        }
    }

    #[test]
    fn attempts_are_given_back_and_congestions_counted() {
        let call = Standing { attempts: 2, congestions: 3, ..open() };
        let mut settlement = busy(&call);
        settlement.after =
            AfterCall { status: TargetStatus::Pending, due_at: Some(NOW), uses_attempt: false, congested: true };
        let changes = settle(&batch(&[], vec![settlement]), vec![call], NOW, &mut TallyMoves::default());
        assert_eq!((changes.targets[0].attempts, changes.targets[0].congestions), (1, 4));
    }
}
