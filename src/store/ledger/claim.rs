//! Claims: from the targets that are due, through the gate every call passes,
//! to the calls that are placed.

use std::collections::HashMap;

use jiff::Timestamp;

use super::TallyMoves;
use super::near::Choice;
use crate::call::CallId;
use crate::campaign::{CampaignId, TargetStatus};
use crate::compliance::{Decision, Facts, PastCall, Record, Rule, Target, Verdict, decide, whereabouts};
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
    /// The contact's own zone.
    pub(in crate::store) timezone: Option<String>,
    /// The contact's consent.
    pub(in crate::store) consent: Option<String>,
}

/// Calls before, by number.
pub(in crate::store) type History = HashMap<PhoneNumber, Vec<PastCall>>;

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
    /// Why the claimed ones may be called.
    allowed: Vec<Record>,
    exhausted: bool,
}

/// What one window changes.
#[derive(Debug, Default)]
pub(in crate::store) struct Turn {
    /// Targets that are called now, by which call.
    pub(in crate::store) called: Vec<(TargetId, CallId)>,
    /// Targets that are never called, and their status from now on.
    pub(in crate::store) settled: Vec<(TargetId, TargetStatus)>,
    /// Targets that may be called later, and from when on.
    pub(in crate::store) waiting: Vec<(TargetId, Timestamp)>,
    /// What was decided against, or although a rule was.
    pub(in crate::store) decisions: Vec<Noted>,
}

/// A decision that is kept apart from calls: against one, or for one that was
/// forced.
#[derive(Debug)]
pub(in crate::store) struct Noted {
    pub(in crate::store) target: TargetId,
    pub(in crate::store) number: PhoneNumber,
    pub(in crate::store) verdict: Verdict,
    pub(in crate::store) rule: Rule,
    pub(in crate::store) record: Record,
}

impl Noted {
    fn of(due: &Due, verdict: Verdict, rule: Rule, record: Record) -> Self {
        Self { target: due.target, number: due.number, verdict, rule, record }
    }
}

/// Rows looked at once the first window met somebody who may not be called.
const WIDE: usize = 500;
/// Such targets moved by one claim, about: the transaction is to stay short even
/// where a whole list must not be called now. The next claim goes on.
const ENOUGH: usize = 5_000;

impl<'a> Taking<'a> {
    /// Starts a claim that was not committed before.
    pub(in crate::store) fn new(claim: &'a Claim, now: Timestamp) -> Self {
        Self {
            claim,
            now,
            choice: Choice::of(claim),
            result: ClaimResult::default(),
            allowed: Vec::new(),
            exhausted: false,
        }
    }

    /// Calls before this instant decide nothing.
    pub(in crate::store) fn looks_back_to(&self) -> Timestamp {
        self.claim.rules.looks_back_to(self.now)
    }

    /// How many due targets to look at next, in order; none: done.
    pub(in crate::store) fn window(&self) -> Option<usize> {
        let missing = self.claim.calls.len() - self.result.claimed.len();
        let moved = self.result.do_not_call.len() + self.result.blocked.len() + self.result.waiting;
        if missing == 0 || self.exhausted || moved >= ENOUGH {
            return None;
        }
        Some(if moved == 0 { missing } else { missing.max(WIDE) })
    }

    /// Takes from a window's targets as many as are missing.
    pub(in crate::store) fn take(
        &mut self,
        window: usize,
        due: Vec<Due>,
        history: &History,
        tally: &mut TallyMoves,
    ) -> Turn {
        self.exhausted = due.len() < window;
        let campaign = self.claim.campaign;
        let mut turn = Turn::default();
        for due in due {
            let (decision, record) = self.ask(&due, history);
            match decision {
                Decision::Allow { .. } | Decision::Forced { .. } => {
                    let Some(planned) = self.claim.calls.get(self.result.claimed.len()) else { continue };
                    if let Some(rule) = record.overridden().first() {
                        turn.decisions.push(Noted::of(&due, Verdict::Allow, *rule, record.clone()));
                    }
                    tally.moved(campaign, due.status, TargetStatus::Calling);
                    turn.called.push((due.target, planned.call));
                    let caller_id = self.choice.choose(due.number, planned.caller_id);
                    tally.numbers.started(caller_id, self.now);
                    self.result.claimed.push(claimed(planned, caller_id, due, &record));
                    self.allowed.push(record);
                }
                Decision::Block { rule, until } => {
                    let verdict = decision.verdict();
                    turn.decisions.push(Noted::of(&due, verdict, rule, record));
                    match until {
                        Some(until) => {
                            turn.waiting.push((due.target, until));
                            self.result.waiting += 1;
                        }
                        None => turn.settled.push((due.target, self.bar(&due, rule, tally))),
                    }
                }
            }
        }
        turn
    }

    fn ask(&self, due: &Due, history: &History) -> (Decision, Record) {
        let rules = &self.claim.rules;
        let target = Target { number: due.number, timezone: due.timezone.as_deref(), consent: due.consent.as_deref() };
        let history = history.get(&due.number).map(Vec::as_slice).unwrap_or_default();
        let facts = Facts { do_not_call: due.do_not_call, history };
        let at = whereabouts(&target, rules);
        let decision = decide(&target, &at, &facts, rules, self.now);
        let record = Record::of(&target, &at, &facts, rules, &decision, self.now);
        (decision, record)
    }

    /// Notes that a target is never called; gives its status.
    fn bar(&mut self, due: &Due, rule: Rule, tally: &mut TallyMoves) -> TargetStatus {
        let status = if rule == Rule::DoNotCall {
            self.result.do_not_call.push(due.number);
            TargetStatus::DoNotCall
        } else {
            self.result.blocked.push((due.number, rule));
            TargetStatus::Skipped
        };
        tally.moved(self.claim.campaign, due.status, status);
        status
    }

    /// The calls placed and why each may be, and what else there is to tell.
    pub(in crate::store) fn finish(self) -> (ClaimResult, Vec<Record>) {
        (self.result, self.allowed)
    }
}

fn claimed(planned: &PlannedCall, caller_id: PhoneNumber, target: Due, allowed: &Record) -> Claimed {
    Claimed {
        planned: PlannedCall { caller_id, ..planned.clone() },
        target: target.target,
        number: target.number,
        attempt: target.attempts.saturating_add(1),
        congestions: target.congestions,
        allowed_until: allowed.until,
        despite_opt_out: allowed.overridden().contains(&Rule::DoNotCall),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::compliance::Rules;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn claim(calls: usize) -> Claim {
        let caller_id = PhoneNumber::from_e164("+15555550100").expect("a number");
        let planned = |_| PlannedCall { call: CallId::new(), caller_id, switch: "fs1".into() };
        Claim {
            campaign: CampaignId::new(),
            calls: (0..calls).map(planned).collect(),
            nearby: Vec::new(),
            rules: Arc::new(Rules::laboratory()),
        }
    }

    fn due(id: i64, do_not_call: bool) -> Due {
        let number = PhoneNumber::from_e164(&format!("+1555{id:07}")).expect("a number");
        Due {
            target: TargetId(id),
            number,
            status: TargetStatus::Pending,
            attempts: 0,
            congestions: 0,
            do_not_call,
            timezone: None,
            consent: None,
        }
    }

    #[test]
    fn one_window_is_enough_without_a_do_not_call_list() {
        let claim = claim(2);
        let mut taking = Taking::new(&claim, NOW);
        assert_eq!(taking.window(), Some(2));
        let turn = taking.take(2, vec![due(1, false), due(2, false)], &History::new(), &mut TallyMoves::default());
        assert_eq!(turn.called, [(TargetId(1), claim.calls[0].call), (TargetId(2), claim.calls[1].call)]);
        assert_eq!(taking.window(), None);
    }

    #[test]
    fn whoever_must_not_be_called_is_replaced() {
        let claim = claim(2);
        let mut taking = Taking::new(&claim, NOW);
        taking.take(2, vec![due(1, true), due(2, false)], &History::new(), &mut TallyMoves::default());
        let window = taking.window().expect("one is missing");
        assert_eq!(window, WIDE);
        let rest = vec![due(3, true), due(4, false), due(5, false), due(6, true)];
        let turn = taking.take(window, rest, &History::new(), &mut TallyMoves::default());
        assert_eq!(turn.called, [(TargetId(4), claim.calls[1].call)]);
        assert_eq!(turn.settled, [3, 6].map(|id| (TargetId(id), TargetStatus::DoNotCall)));
        assert_eq!(turn.decisions.iter().map(|one| one.rule).collect::<Vec<_>>(), [Rule::DoNotCall; 2]);
        assert_eq!(taking.window(), None);
        let (result, allowed) = taking.finish();
        assert_eq!(allowed.len(), 2);
        assert_eq!(result.claimed.len(), 2);
        assert_eq!(result.do_not_call.len(), 3);
    }

    #[test]
    fn an_end_is_found() {
        let claim = claim(3);
        let mut taking = Taking::new(&claim, NOW);
        taking.take(3, vec![due(1, false)], &History::new(), &mut TallyMoves::default());
        assert_eq!(taking.window(), None);
    }

    #[test]
    fn a_claim_repeated_gives_what_is_open_and_no_more() {
        let claim = claim(3);
        let row = |at: usize, open| Known {
            campaign: claim.campaign,
            claimed: super::claimed(&claim.calls[at], claim.calls[at].caller_id, due(1, false), &Record::default()),
            open,
        };
        assert_eq!(again(&claim, &[]), None);
        let before = again(&claim, &[row(1, true), row(0, false)]).expect("known");
        assert_eq!(before, [row(1, true).claimed]);
        assert_eq!(again(&claim, &[row(0, false)]), Some(Vec::new()));
    }

    /// At midnight in New York: somebody in Los Angeles may be called until nine,
    /// nobody else before the morning.
    #[test]
    fn whoever_may_be_called_later_is_due_then() {
        let now: Timestamp = "2026-06-02T03:30:00Z".parse().expect("an instant");
        let claim = Claim { rules: Arc::default(), ..claim(2) };
        let mut taking = Taking::new(&claim, now);
        let somewhere =
            |id, number| Due { number: PhoneNumber::from_e164(number).expect("a number"), ..due(id, false) };
        let window = vec![somewhere(1, "+12125550123"), somewhere(2, "+12135550123"), somewhere(3, "+442079460958")];
        let turn = taking.take(10, window, &History::new(), &mut TallyMoves::default());
        assert_eq!(turn.waiting, [(TargetId(1), "2026-06-02T12:00:00Z".parse().expect("an instant"))]);
        assert_eq!(turn.called, [(TargetId(2), claim.calls[0].call)]);
        assert_eq!(turn.settled, [(TargetId(3), TargetStatus::Skipped)]);
        let (result, allowed) = taking.finish();
        assert_eq!((result.waiting, result.blocked.len(), result.claimed.len()), (1, 1, 1));
        assert_eq!(result.claimed[0].allowed_until, "2026-06-02T04:00:00Z".parse().ok());
        assert_eq!(allowed[0].zones, ["America/Los_Angeles"]);
    }
}
