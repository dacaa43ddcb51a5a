//! Claims: who is called next, and who is not.

use canvass::call::Outcome;
use canvass::campaign::{CampaignStatus, TargetStatus};
use canvass::contact::NewContact;
use canvass::store::{Changed, ClaimResult, LedgerBatch, Remaining, StatusChange};

use crate::bench::{Bench, claim_of, later, now, number, on_both_engines, settlement, wish};

on_both_engines!(
    targets_are_claimed_in_order_of_due_time_then_upload,
    a_claim_writes_the_call_before_anyone_is_called,
    only_a_running_campaign_is_claimed_from,
    what_is_unfinished_is_not_completed,
    a_retry_is_not_claimed_early,
    a_claim_in_doubt_gives_the_same_calls_again,
    a_claim_repeated_after_its_call_ended_gives_nothing,
    one_batch_claims_for_several_campaigns,
);

async fn targets_are_claimed_in_order_of_due_time_then_upload(bench: &Bench) {
    let id = bench.draft().await;
    let late: Vec<_> = [9, 8].into_iter().map(|n| NewContact::of(number(n))).collect();
    bench.store.add_targets(id, &late, later(10)).await.unwrap();
    bench.add(id, 0..3).await;
    bench.set_status(id, CampaignStatus::Running).await;
    let first = bench.claim_at(id, 2, later(20)).await;
    let rest = bench.claim_at(id, 10, later(20)).await;
    let order: Vec<_> = first.claimed.iter().chain(&rest.claimed).map(|claimed| claimed.number).collect();
    assert_eq!(order, [0, 1, 2, 9, 8].map(number));
    assert_eq!(bench.claim_at(id, 1, later(20)).await, ClaimResult::default());
}

async fn a_claim_writes_the_call_before_anyone_is_called(bench: &Bench) {
    let id = bench.running(3).await;
    let batch = wish(id, 2);
    let result = bench.store.commit(&batch, later(5)).await.unwrap().remove(0);
    assert!(!result.not_running && result.do_not_call.is_empty());
    let given: Vec<_> = result.claimed.iter().map(|claimed| claimed.planned.clone()).collect();
    assert_eq!(given, batch.claims[0].calls);
    assert!(result.claimed.iter().all(|claimed| claimed.attempt == 1 && claimed.congestions == 0));
    assert_eq!(bench.target(id, 0).await, (TargetStatus::Calling, 1, None));
    let open = bench.store.open_calls().await.unwrap();
    assert_eq!(open.len(), 2);
    for (open, claimed) in open.iter().zip(&result.claimed) {
        assert_eq!((&open.planned, open.target, open.number), (&claimed.planned, claimed.target, claimed.number));
        assert_eq!((open.campaign, open.attempt, open.created_at), (id, 1, later(5)));
        assert_eq!(open.answered_at, None);
    }
    assert_eq!(bench.store.remaining(id).await.unwrap(), Remaining { next_due: Some(now()), in_call: true });
    bench.assert_tally(id).await;
}

async fn only_a_running_campaign_is_claimed_from(bench: &Bench) {
    let id = bench.running(5).await;
    // Completed it cannot be while targets are due: see the next scenario.
    for status in CampaignStatus::ALL.into_iter().filter(|status| *status != CampaignStatus::Completed) {
        bench.set_status(id, status).await;
        let result = bench.claim(id, 1).await;
        let runs = status == CampaignStatus::Running;
        assert_eq!((result.claimed.len(), result.not_running), (usize::from(runs), !runs), "{status}");
    }
    let nobody = bench.claim(canvass::campaign::CampaignId::new(), 1).await;
    assert!(nobody.not_running && nobody.claimed.is_empty());
    bench.assert_tally(id).await;
}

async fn what_is_unfinished_is_not_completed(bench: &Bench) {
    let id = bench.running(1).await;
    let change = StatusChange {
        to: CampaignStatus::Completed,
        from: vec![CampaignStatus::Running],
        reason: None,
        scheduled_at: None,
    };
    let complete = async || bench.store.change_status(id, &change, later(1)).await.unwrap();
    assert_eq!(complete().await, Changed::Conflict(CampaignStatus::Running), "a target is due");
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    assert_eq!(complete().await, Changed::Conflict(CampaignStatus::Running), "a target is in a call");
    bench.settle(vec![settlement(id, &claimed, Outcome::Answered, TargetStatus::Completed)]).await;
    assert_eq!(complete().await, Changed::Yes);
}

async fn a_retry_is_not_claimed_early(bench: &Bench) {
    let id = bench.running(1).await;
    let claimed = bench.claim(id, 1).await.claimed.remove(0);
    let mut busy = settlement(id, &claimed, Outcome::Busy, TargetStatus::Busy);
    busy.after.due_at = Some(later(60));
    bench.settle(vec![busy]).await;
    assert_eq!(bench.target(id, 0).await, (TargetStatus::Busy, 1, Some(later(60))));
    assert_eq!(bench.store.remaining(id).await.unwrap(), Remaining { next_due: Some(later(60)), in_call: false });
    assert_eq!(bench.claim_at(id, 1, later(59)).await, ClaimResult::default());
    let again = bench.claim_at(id, 1, later(60)).await.claimed;
    assert_eq!((again[0].number, again[0].attempt), (number(0), 2));
    bench.assert_tally(id).await;
}

/// The connection broke during a commit: nobody knows whether it was made.
async fn a_claim_in_doubt_gives_the_same_calls_again(bench: &Bench) {
    let id = bench.running(10).await;
    let batch = wish(id, 3);
    let first = bench.store.commit(&batch, now()).await.unwrap();
    let other = bench.open().await;
    assert_eq!(other.commit(&batch, later(1)).await.unwrap(), first);
    assert_eq!(bench.store.tally(id).await.unwrap().target(TargetStatus::Calling), 3);
    assert_eq!(bench.target(id, 0).await.1, 1, "one attempt, not two");

    // Paused meanwhile: the calls exist, so they are given all the same.
    bench.set_status(id, CampaignStatus::Paused).await;
    let again = other.commit(&batch, later(2)).await.unwrap();
    assert_eq!(again[0].claimed, first[0].claimed);
    assert!(again[0].not_running);
    bench.assert_tally(id).await;
}

async fn a_claim_repeated_after_its_call_ended_gives_nothing(bench: &Bench) {
    let id = bench.running(10).await;
    let batch = wish(id, 1);
    let claimed = bench.store.commit(&batch, now()).await.unwrap().remove(0).claimed.remove(0);
    bench.settle(vec![settlement(id, &claimed, Outcome::Lost, TargetStatus::Failed)]).await;
    let again = bench.store.commit(&batch, later(1)).await.unwrap();
    assert_eq!(again, [ClaimResult::default()]);
    assert_eq!(bench.store.open_calls().await.unwrap(), []);
}

async fn one_batch_claims_for_several_campaigns(bench: &Bench) {
    let (one, two, paused) = (bench.running(5).await, bench.running_over(5..6).await, bench.running(5).await);
    bench.set_status(paused, CampaignStatus::Paused).await;
    let claims = [one, two, paused, one].map(|campaign| claim_of(campaign, 2)).into_iter().collect();
    let batch = LedgerBatch { claims, ..LedgerBatch::default() };
    let results = bench.store.commit(&batch, now()).await.unwrap();
    let counts: Vec<_> = results.iter().map(|result| (result.claimed.len(), result.not_running)).collect();
    assert_eq!(counts, [(2, false), (1, false), (0, true), (2, false)]);
    assert_eq!(results[3].claimed[0].number, number(2));
    for id in [one, two, paused] {
        bench.assert_tally(id).await;
    }
}
