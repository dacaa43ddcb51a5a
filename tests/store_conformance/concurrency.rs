//! Many at once, each with a store of its own, as separate processes would.

use std::collections::HashSet;

use canvass::call::Outcome;
use canvass::campaign::{CampaignStatus, TargetStatus};
use canvass::contact::NewContact;
use canvass::store::LedgerBatch;

use crate::bench::{Bench, claim, later, now, number, on_both_engines, settlement, wish};

on_both_engines!(
    eight_claimers_call_nobody_twice,
    a_pause_is_exact,
    an_import_and_a_ledger_write_side_by_side,
    stores_may_migrate_at_once,
);

async fn eight_claimers_call_nobody_twice(bench: &Bench) {
    const TARGETS: u64 = 4000;
    let id = bench.running(TARGETS).await;
    let mut claimers = tokio::task::JoinSet::new();
    for claimer in 0..8 {
        let store = bench.open().await;
        claimers.spawn(async move {
            let mut targets = Vec::new();
            // Bounded: more rounds than there can be.
            for round in 0..TARGETS {
                let result = claim(&store, id, 1 + (claimer + round as usize) % 40, now()).await;
                // Nothing to be had while others hold the front is no end.
                let settlements: Vec<_> = result
                    .claimed
                    .iter()
                    .map(|claimed| settlement(id, claimed, Outcome::Answered, TargetStatus::Completed))
                    .collect();
                targets.extend(result.claimed.iter().map(|claimed| claimed.target));
                if settlements.is_empty() && store.remaining(id).await.unwrap().next_due.is_none() {
                    break;
                }
                let batch = LedgerBatch { settlements, ..LedgerBatch::default() };
                store.commit(&batch, now()).await.unwrap();
            }
            targets
        });
    }
    let claimed: Vec<_> = claimers.join_all().await.into_iter().flatten().collect();
    let distinct: HashSet<_> = claimed.iter().copied().collect();
    assert_eq!((claimed.len(), distinct.len()), (TARGETS as usize, TARGETS as usize));
    let tally = bench.store.tally(id).await.unwrap();
    assert_eq!(tally.target(TargetStatus::Completed), TARGETS);
    bench.assert_tally(id).await;
}

/// Once a pause is made, no claim gives anyone, not even one under way.
async fn a_pause_is_exact(bench: &Bench) {
    let id = bench.running(3000).await;
    let mut claimers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = bench.open().await;
        claimers.spawn(async move {
            for _ in 0..1000 {
                if claim(&store, id, 3, now()).await.not_running {
                    return;
                }
            }
            panic!("never paused");
        });
    }
    while bench.store.tally(id).await.unwrap().target(TargetStatus::Calling) < 100 {
        tokio::task::yield_now().await;
    }
    bench.set_status(id, CampaignStatus::Paused).await;
    let at_pause = bench.store.tally(id).await.unwrap();
    claimers.join_all().await;
    assert_eq!(bench.store.tally(id).await.unwrap(), at_pause);
    bench.assert_tally(id).await;
}

async fn an_import_and_a_ledger_write_side_by_side(bench: &Bench) {
    let id = bench.running(500).await;
    let importer = bench.open().await;
    let other = bench.draft().await;
    let import = tokio::spawn(async move {
        for slice in 0..10_u64 {
            for campaign in [id, other] {
                let start = 10_000 + slice * 500;
                let contacts: Vec<_> = (start..start + 500).map(|n| NewContact::of(number(n))).collect();
                importer.add_targets(campaign, &contacts, later(3600)).await.unwrap();
            }
        }
    });
    for _ in 0..25 {
        let claimed = bench.claim(id, 20).await.claimed;
        assert_eq!(claimed.len(), 20);
        let end = |claimed| settlement(id, claimed, Outcome::NoAnswer, TargetStatus::NoAnswer);
        bench.settle(claimed.iter().map(end).collect()).await;
    }
    import.await.unwrap();
    let tally = bench.store.tally(id).await.unwrap();
    assert_eq!((tally.target(TargetStatus::NoAnswer), tally.target(TargetStatus::Pending)), (500, 5000));
    bench.assert_tally(id).await;
    bench.assert_tally(other).await;
    assert!(bench.store.commit(&wish(other, 1), now()).await.unwrap()[0].not_running);
}

async fn stores_may_migrate_at_once(bench: &Bench) {
    let mut stores = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = bench.open().await;
        stores.spawn(async move { store.migrate().await.unwrap() });
    }
    assert!(stores.join_all().await.iter().all(Vec::is_empty));
}
