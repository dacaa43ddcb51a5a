//! Postgres goes away and comes back: what is asked meanwhile is told so, and
//! what was committed is still there.

#![allow(clippy::unwrap_used)]

#[path = "support/need.rs"]
mod need;
#[path = "support/postgres.rs"]
mod postgres_server;

use std::sync::Arc;

use canvass::call::CallId;
use canvass::campaign::{CampaignId, CampaignStatus, Settings};
use canvass::compliance::Rules;
use canvass::contact::NewContact;
use canvass::number::PhoneNumber;
use canvass::store::{Claim, LedgerBatch, Location, PlannedCall, StatusChange, Store, StoreError};
use jiff::Timestamp;
use postgres_server::Database;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

async fn open(database: &Database) -> Store {
    let store = Store::open(&Location::Postgres(database.url().to_owned().into())).await.unwrap();
    store.migrate().await.unwrap();
    store
}

/// A running campaign of ten.
async fn campaign(store: &Store) -> CampaignId {
    let id = CampaignId::new();
    store.create_campaign(id, "c", &Settings::default(), NOW).await.unwrap();
    let contacts: Vec<_> = (0..10).map(|n| NewContact::of(number(n))).collect();
    store.add_targets(id, &contacts, NOW).await.unwrap();
    let run = StatusChange {
        to: CampaignStatus::Running,
        from: vec![CampaignStatus::Draft],
        reason: None,
        scheduled_at: None,
    };
    store.change_status(id, &run, NOW).await.unwrap();
    id
}

fn number(n: u64) -> PhoneNumber {
    PhoneNumber::from_e164(&format!("+1555{n:07}")).unwrap()
}

fn wish(campaign: CampaignId, calls: usize) -> LedgerBatch {
    let planned = |_| PlannedCall { call: CallId::new(), caller_id: number(0), switch: "fs1".into() };
    LedgerBatch {
        claims: vec![Claim {
            campaign,
            calls: (0..calls).map(planned).collect(),
            nearby: Vec::new(),
            rules: Arc::new(Rules::laboratory()),
        }],
        ..LedgerBatch::default()
    }
}

fn is_away<T: std::fmt::Debug>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Away(_)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_is_away_and_comes_back() {
    let Some(mut database) = Database::with_server("a_stopped_server_is_away_and_comes_back") else { return };
    let store = open(&database).await;
    let id = campaign(&store).await;
    let first = wish(id, 3);
    let claimed = store.commit(&first, NOW).await.unwrap();
    assert_eq!(claimed[0].claimed.len(), 3);

    database.server().stop();
    let second = wish(id, 2);
    let refused = store.commit(&second, NOW).await;
    assert!(is_away(&refused), "{refused:?}");
    let refused = store.ping().await;
    assert!(is_away(&refused), "{refused:?}");
    let refused = Store::open(&Location::Postgres(database.url().to_owned().into())).await;
    assert!(is_away(&refused), "{refused:?}");

    database.server().resume();
    // Idle connections of before may fail once more each; then all is well.
    let mut results = store.commit(&second, NOW).await;
    for _ in 0..20 {
        if results.is_ok() {
            break;
        }
        assert!(is_away(&results), "{results:?}");
        results = store.commit(&second, NOW).await;
    }
    assert_eq!(results.unwrap()[0].claimed.len(), 2);
    assert_eq!(store.open_calls().await.unwrap().len(), 5);
    assert_eq!(store.commit(&first, NOW).await.unwrap(), claimed, "what was committed is still there");
}

/// A server that keeps its connections and says nothing: a machine suspended,
/// a cable pulled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_is_away_and_comes_back() {
    let Some(mut database) = Database::with_server("a_frozen_server_is_away_and_comes_back") else { return };
    let store = open(&database).await;
    let id = campaign(&store).await;
    let batch = wish(id, 3);

    database.server().freeze(true);
    // The claim may still be lying in a socket, to be done after the thaw: its
    // answer is lost, and it is in doubt.
    let refused = store.commit(&batch, NOW).await;
    assert!(is_away(&refused), "{refused:?}");
    database.server().freeze(false);

    let mut results = store.commit(&batch, NOW).await;
    for _ in 0..20 {
        if results.is_ok() {
            break;
        }
        assert!(is_away(&results), "{results:?}");
        results = store.commit(&batch, NOW).await;
    }
    let claimed: Vec<_> = results.unwrap()[0].claimed.iter().map(|claimed| claimed.number).collect();
    assert_eq!(claimed, [0, 1, 2].map(number));
    assert_eq!(store.open_calls().await.unwrap().len(), 3, "each claimed once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_to_dial_is_taken_again_after_a_restart() {
    let Some(mut database) = Database::with_server("the_right_to_dial_is_taken_again_after_a_restart") else { return };
    let (store, other) = (open(&database).await, open(&database).await);
    let mut lock = store.dialing_lock("one").await.unwrap();
    database.server().stop();
    let refused = lock.renew().await;
    assert!(is_away(&refused), "{refused:?}");
    database.server().resume();
    lock.renew().await.unwrap();
    assert!(matches!(other.dialing_lock("two").await, Err(StoreError::InUse(owner)) if owner == "one"));

    // Somebody else was faster.
    database.server().stop();
    database.server().resume();
    let taken = other.dialing_lock("two").await.unwrap();
    let lost = lock.renew().await;
    assert!(matches!(&lost, Err(StoreError::InUse(owner)) if owner == "two"), "{lost:?}");
    drop(taken);
}
