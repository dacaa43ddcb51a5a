//! Claims: from the targets that are due to the calls that are placed.

use jiff::Timestamp;

use super::TallyMoves;
use super::near::Choice;
use crate::call::CallId;
use crate::campaign::{CampaignId, TargetStatus};
use crate::number::PhoneNumber;
use crate::store::{Claim, ClaimResult, Claimed, PlannedCall, TargetId};

/// A target that is due, the first one first.
#[derive(Clone, Debug)]
pub(in crate::store) struct Due {
    pub(in crate::store) target: TargetId,
    pub(in crate::store) number: PhoneNumber,
    pub(in crate::store) status: TargetStatus,
    pub(in crate::store) attempts: u32,
    pub(in crate::store) congestions: u32,
    /// It stands on the do-not-call list.
    pub(in crate::store) do_not_call: bool,
}

/// A call of a claim that is in the database already: the claim was committed
/// before, and its answer was lost.
#[derive(Clone, Debug)]
pub(in crate::store) struct Known {
    pub(in crate::store) campaign: CampaignId,
    pub(in crate::store) claimed: Claimed,
    /// It has no end yet.
    pub(in crate::store) open: bool,
}

/// What a claim committed before gets again: its calls that are still open, in
/// order; none: it was never committed. A call that has ended meanwhile is not
/// given again, and nothing is given in its place.
pub(in crate::store) fn again(claim: &Claim, known: &[Known]) -> Option<Vec<Claimed>> {
    let before: Vec<_> = claim
        .calls
        .iter()
        .filter_map(|planned| known.iter().find(|row| row.claimed.planned.call == planned.call))
        .filter(|row| row.campaign == claim.campaign)
        .collect();
    if before.is_empty() {
        return None;
    }
    Some(before.into_iter().filter(|row| row.open).map(|row| row.claimed.clone()).collect())
}

/// One claim as it takes targets, window by window.
#[derive(Debug)]
pub(in crate::store) struct Taking<'a> {
    claim: &'a Claim,
    now: Timestamp,
    choice: Choice,
    result: ClaimResult,
    exhausted: bool,
}

/// What one window changes.
#[derive(Debug, Default)]
pub(in crate::store) struct Turn {
    /// Targets that are called now, by which call.
    pub(in crate::store) called: Vec<(TargetId, CallId)>,
    /// Targets that are never called.
    pub(in crate::store) do_not_call: Vec<TargetId>,
}

/// Rows looked at once the first window met the do-not-call list.
const WIDE: usize = 500;
/// Do-not-call targets settled by one claim, about: the transaction is to stay
/// short even where a whole list must not be called. The next claim goes on.
const ENOUGH: usize = 5_000;

impl<'a> Taking<'a> {
    /// Starts a claim that was not committed before.
    pub(in crate::store) fn new(claim: &'a Claim, now: Timestamp) -> Self {
        Self { claim, now, choice: Choice::of(claim), result: ClaimResult::default(), exhausted: false }
    }

    /// How many due targets to look at next, in order; none: done.
    pub(in crate::store) fn window(&self) -> Option<usize> {
        let missing = self.claim.calls.len() - self.result.claimed.len();
        if missing == 0 || self.exhausted || self.result.do_not_call.len() >= ENOUGH {
            return None;
        }
        Some(if self.result.do_not_call.is_empty() { missing } else { missing.max(WIDE) })
    }

    /// Takes from a window's targets as many as are missing.
    pub(in crate::store) fn take(&mut self, window: usize, due: Vec<Due>, tally: &mut TallyMoves) -> Turn {
        self.exhausted = due.len() < window;
        let campaign = self.claim.campaign;
        let mut turn = Turn::default();
        for target in due {
            if target.do_not_call {
                tally.moved(campaign, target.status, TargetStatus::DoNotCall);
                turn.do_not_call.push(target.target);
                self.result.do_not_call.push(target.number);
            } else if let Some(planned) = self.claim.calls.get(self.result.claimed.len()) {
                tally.moved(campaign, target.status, TargetStatus::Calling);
                turn.called.push((target.target, planned.call));
                let caller_id = self.choice.choose(target.number, planned.caller_id);
                tally.numbers.started(caller_id, self.now);
                self.result.claimed.push(claimed(planned, caller_id, target));
            }
        }
        turn
    }

    /// The calls placed, and what else there is to tell.
    pub(in crate::store) fn finish(self) -> ClaimResult {
        self.result
    }
}

fn claimed(planned: &PlannedCall, caller_id: PhoneNumber, target: Due) -> Claimed {
    Claimed {
        planned: PlannedCall { caller_id, ..planned.clone() },
        target: target.target,
        number: target.number,
        attempt: target.attempts.saturating_add(1),
        congestions: target.congestions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(calls: usize) -> Claim {
        let caller_id = PhoneNumber::from_e164("+15555550100").expect("a number");
        let planned = |_| PlannedCall { call: CallId::new(), caller_id, switch: "fs1".into() };
        Claim { campaign: CampaignId::new(), calls: (0..calls).map(planned).collect(), nearby: Vec::new() }
    }

    fn due(id: i64, do_not_call: bool) -> Due {
        let number = PhoneNumber::from_e164(&format!("+1555{id:07}")).expect("a number");
        Due { target: TargetId(id), number, status: TargetStatus::Pending, attempts: 0, congestions: 0, do_not_call }
    }

    #[test]
    fn one_window_is_enough_without_a_do_not_call_list() {
        let claim = claim(2);
        let mut taking = Taking::new(&claim, Timestamp::UNIX_EPOCH);
        assert_eq!(taking.window(), Some(2));
        let turn = taking.take(2, vec![due(1, false), due(2, false)], &mut TallyMoves::default());
        assert_eq!(turn.called, [(TargetId(1), claim.calls[0].call), (TargetId(2), claim.calls[1].call)]);
        assert_eq!(taking.window(), None);
    }

    #[test]
    fn whoever_must_not_be_called_is_replaced() {
        let claim = claim(2);
        let mut taking = Taking::new(&claim, Timestamp::UNIX_EPOCH);
        taking.take(2, vec![due(1, true), due(2, false)], &mut TallyMoves::default());
        let window = taking.window().expect("one is missing");
        assert_eq!(window, WIDE);
        let rest = vec![due(3, true), due(4, false), due(5, false), due(6, true)];
        let turn = taking.take(window, rest, &mut TallyMoves::default());
        assert_eq!(turn.called, [(TargetId(4), claim.calls[1].call)]);
        assert_eq!(turn.do_not_call, [TargetId(3), TargetId(6)]);
        assert_eq!(taking.window(), None);
        let result = taking.finish();
        assert_eq!(result.claimed.len(), 2);
        assert_eq!(result.do_not_call.len(), 3);
    }

    #[test]
    fn an_end_is_found() {
        let claim = claim(3);
        let mut taking = Taking::new(&claim, Timestamp::UNIX_EPOCH);
        taking.take(3, vec![due(1, false)], &mut TallyMoves::default());
        assert_eq!(taking.window(), None);
    }

    #[test]
    fn a_claim_repeated_gives_what_is_open_and_no_more() {
        let claim = claim(3);
        let row = |at: usize, open| Known {
            campaign: claim.campaign,
            claimed: super::claimed(&claim.calls[at], claim.calls[at].caller_id, due(1, false)),
            open,
        };
        assert_eq!(again(&claim, &[]), None);
        let before = again(&claim, &[row(1, true), row(0, false)]).expect("known");
        assert_eq!(before, [row(1, true).claimed]);
        assert_eq!(again(&claim, &[row(0, false)]), Some(Vec::new()));
    }
}
