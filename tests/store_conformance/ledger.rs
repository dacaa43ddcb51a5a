//! Answers and ends: noted once, whatever happens in between.

use canvass::call::{CallFacts, CallId, Cause, Outcome, SipStatus, TalkFacts};
use canvass::campaign::{AfterCall, TargetStatus};
use canvass::store::{LedgerBatch, Remaining, Settlement};

use crate::bench::{Bench, later, now, on_both_engines, planned, settlement, wish};

on_both_engines!(
    an_answer_connects_its_target,
    a_settlement_writes_what_is_known,
    a_settlement_twice_is_a_settlement_once,
    what_was_noted_before_the_end_stays,
    an_attempt_can_be_given_back,
    a_batch_is_applied_in_order,
    unknown_calls_change_nothing,
    a_full_batch_is_one_commit,
    the_tally_is_right_at_every_step,
);

fn answered(call: CallId) -> LedgerBatch {
    LedgerBatch { answered: vec![(call, later(8))], ..LedgerBatch::default() }
}

async fn an_answer_connects_its_target(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    for _ in 0..2 {
        bench.store.commit(&answered(claimed.planned.call), later(8)).await.unwrap();
        assert_eq!(bench.target(id, 0).await, (TargetStatus::Connected, 1, None));
        assert_eq!(bench.store.open_calls().await.unwrap()[0].answered_at, Some(later(8)));
        assert_eq!(bench.store.remaining(id).await.unwrap(), Remaining { next_due: None, in_call: true });
        bench.assert_tally(id).await;
    }
}

async fn a_settlement_writes_what_is_known(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let facts = CallFacts {
        placed_at: Some(later(1)),
        trunk: Some("carrier".into()),
        ringing_at: Some(later(2)),
        answered_at: None,
        ended_at: Some(later(30)),
        // Beyond what a 16-bit column would hold.
        cause: Some(Cause(u16::MAX)),
        sip: Some(SipStatus(486)),
        detail: Some("Busy\0 here, \"said\" O'Brien".into()),
        talk: TalkFacts::default(),
    };
    let end = Settlement { facts, ..settlement(id, &claimed, Outcome::Busy, TargetStatus::Busy) };
    bench.settle(vec![end.clone()]).await;
    assert_eq!(bench.target(id, 0).await, (TargetStatus::Busy, 1, None));
    assert_eq!(bench.store.open_calls().await.unwrap(), []);
    assert_eq!(bench.store.remaining(id).await.unwrap(), Remaining::default());
    let row = bench.store.calls_page(id, None, 10).await.unwrap().remove(0);
    assert_eq!(row.outcome, Some(Outcome::Busy));
    let detail = Some("Busy here, \"said\" O'Brien".into());
    assert_eq!(row.facts, CallFacts { detail, ..end.facts });
    bench.assert_tally(id).await;
}

async fn a_settlement_twice_is_a_settlement_once(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let mut end = settlement(id, &claimed, Outcome::NoAnswer, TargetStatus::NoAnswer);
    end.after = AfterCall { due_at: Some(now()), uses_attempt: false, congested: true, ..end.after };
    bench.settle(vec![end.clone(), end.clone()]).await;
    let after = bench.target(id, 0).await;
    assert_eq!(after, (TargetStatus::NoAnswer, 0, Some(now())));
    // Again, with another outcome, while the target is in its next call.
    let next = bench.claim(id, 1).await.claimed.remove(0);
    assert_eq!((next.attempt, next.congestions), (1, 1));
    let other = settlement(id, &claimed, Outcome::Answered, TargetStatus::Completed);
    bench.settle(vec![end, other]).await;
    bench.store.commit(&answered(claimed.planned.call), later(8)).await.unwrap();
    assert_eq!(bench.target(id, 0).await, (TargetStatus::Calling, 1, None));
    let tally = bench.store.tally(id).await.unwrap();
    assert_eq!(tally.outcomes, [(Outcome::NoAnswer, 1)]);
    bench.assert_tally(id).await;
}

async fn what_was_noted_before_the_end_stays(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    bench.store.commit(&answered(claimed.planned.call), later(8)).await.unwrap();
    bench.settle(vec![settlement(id, &claimed, Outcome::Answered, TargetStatus::Completed)]).await;
    let row = bench.store.calls_page(id, None, 10).await.unwrap().remove(0);
    assert_eq!((row.facts.answered_at, row.facts.ended_at), (Some(later(8)), Some(later(30))));
    assert_eq!(row.target_status, TargetStatus::Completed);
}

async fn an_attempt_can_be_given_back(bench: &Bench) {
    let id = bench.running(1).await;
    for congestions in 0..3 {
        let claimed = bench.claim(id, 1).await.claimed.remove(0);
        assert_eq!((claimed.attempt, claimed.congestions), (1, congestions));
        let mut end = settlement(id, &claimed, Outcome::Congestion, TargetStatus::Pending);
        end.after.due_at = Some(now());
        end.after.uses_attempt = false;
        end.after.congested = true;
        bench.settle(vec![end]).await;
        assert_eq!(bench.target(id, 0).await, (TargetStatus::Pending, 0, Some(now())));
        bench.assert_tally(id).await;
    }
}

/// Answer, end, claim: a call answered and ended in the batch that claims its
/// target again.
async fn a_batch_is_applied_in_order(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let mut end = settlement(id, &claimed, Outcome::Voicemail, TargetStatus::Voicemail);
    end.after.due_at = Some(now());
    let batch = LedgerBatch { settlements: vec![end], claims: wish(id, 1).claims, ..answered(claimed.planned.call) };
    let result = bench.store.commit(&batch, now()).await.unwrap();
    assert_eq!(result[0].claimed[0].attempt, 2);
    assert_eq!(bench.target(id, 0).await, (TargetStatus::Calling, 2, None));
    // And the whole of it again, because nobody knew.
    assert_eq!(bench.store.commit(&batch, later(1)).await.unwrap(), result);
    assert_eq!(bench.target(id, 0).await, (TargetStatus::Calling, 2, None));
    let row = &bench.store.calls_page(id, None, 10).await.unwrap()[0];
    assert_eq!((row.outcome, row.facts.answered_at), (Some(Outcome::Voicemail), Some(later(8))));
    bench.assert_tally(id).await;
}

async fn unknown_calls_change_nothing(bench: &Bench) {
    let id = bench.running(1).await;
    let mut claimed = bench.claim(id, 1).await.claimed.remove(0);
    claimed.planned = planned(1).remove(0);
    bench.settle(vec![settlement(id, &claimed, Outcome::Busy, TargetStatus::Busy)]).await;
    bench.store.commit(&answered(claimed.planned.call), now()).await.unwrap();
    assert_eq!(bench.store.commit(&LedgerBatch::default(), now()).await.unwrap(), []);
    assert_eq!(bench.target(id, 0).await, (TargetStatus::Calling, 1, None));
    bench.assert_tally(id).await;
}

async fn a_full_batch_is_one_commit(bench: &Bench) {
    let id = bench.running(600).await;
    let mut claimed = bench.claim(id, 256).await.claimed;
    assert_eq!(claimed.len(), 256);
    for _ in 0..2 {
        let answered = claimed.iter().map(|claimed| (claimed.planned.call, later(5))).collect();
        let settlements =
            claimed.iter().map(|claimed| settlement(id, claimed, Outcome::Answered, TargetStatus::Completed)).collect();
        let batch = LedgerBatch { answered, settlements, claims: wish(id, 256).claims, ..LedgerBatch::default() };
        claimed = bench.store.commit(&batch, now()).await.unwrap().remove(0).claimed;
    }
    let tally = bench.store.tally(id).await.unwrap();
    assert_eq!((tally.target(TargetStatus::Completed), tally.target(TargetStatus::Calling)), (512, 88));
    assert_eq!(tally.outcome(Outcome::Answered), 512);
    bench.assert_tally(id).await;
}

/// Every outcome on the way, counted after every transaction.
async fn the_tally_is_right_at_every_step(bench: &Bench) {
    let id = bench.running(40).await;
    let statuses = [TargetStatus::Completed, TargetStatus::Busy, TargetStatus::Failed, TargetStatus::Pending];
    for (round, outcome) in Outcome::ALL.into_iter().enumerate() {
        let claimed = bench.claim_at(id, 4, later(100)).await.claimed;
        bench.assert_tally(id).await;
        let mut settlements = Vec::new();
        for (n, claimed) in claimed.iter().enumerate() {
            if n % 2 == 0 {
                bench.store.commit(&answered(claimed.planned.call), now()).await.unwrap();
            }
            let mut end = settlement(id, claimed, outcome, statuses[(round + n) % statuses.len()]);
            end.after.due_at = (n == 3).then(|| later(round as u64));
            settlements.push(end);
        }
        bench.assert_tally(id).await;
        bench.settle(settlements).await;
        bench.assert_tally(id).await;
    }
    let tally = bench.store.tally(id).await.unwrap();
    assert_eq!((tally.total(), tally.outcomes.len()), (40, Outcome::ALL.len()));
}
