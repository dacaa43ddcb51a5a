//! One process dials from a database, not two.

use std::time::Duration;

use canvass::store::{DialingLock, Store, StoreError};

use crate::bench::{Bench, on_both_engines};

on_both_engines!(the_right_to_dial_is_held_once, the_right_to_dial_is_renewed);

async fn the_right_to_dial_is_held_once(bench: &Bench) {
    let other = bench.open().await;
    let lock = bench.store.dialing_lock("canvass 4711 on pbx1").await.unwrap();
    for store in [&other, &bench.store] {
        let refused = store.dialing_lock("canvass 4712").await;
        let Err(StoreError::InUse(owner)) = refused else { panic!("{refused:?}") };
        assert_eq!(owner, "canvass 4711 on pbx1");
    }
    drop(lock);
    let lock = taken(&other, "canvass 4712").await;
    let Err(StoreError::InUse(owner)) = bench.store.dialing_lock("canvass 4713").await else { panic!("in use") };
    assert_eq!(owner, "canvass 4712");
    drop(lock);
}

async fn the_right_to_dial_is_renewed(bench: &Bench) {
    let mut lock = bench.store.dialing_lock("one").await.unwrap();
    lock.renew().await.unwrap();
    lock.renew().await.unwrap();
    assert!(matches!(bench.open().await.dialing_lock("two").await, Err(StoreError::InUse(_))));
}

/// The server learns a moment later that a session has ended.
async fn taken(store: &Store, owner: &str) -> DialingLock {
    for _ in 0..500 {
        match store.dialing_lock(owner).await {
            Ok(lock) => return lock,
            Err(StoreError::InUse(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the lock is never free")
}
