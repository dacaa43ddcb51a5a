//! Our own numbers.

use crate::bench::{Bench, later, now, number, on_both_engines};

on_both_engines!(an_installation_keeps_its_id, numbers_are_added_once_and_switched_off);

async fn an_installation_keeps_its_id(bench: &Bench) {
    let id = bench.store.installation().await.unwrap();
    assert!(id.len() == 8 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
    assert_eq!(bench.store.installation().await.unwrap(), id);
    bench.store.migrate().await.unwrap();
    assert_eq!(bench.store.installation().await.unwrap(), id);
}

async fn numbers_are_added_once_and_switched_off(bench: &Bench) {
    let store = &bench.store;
    assert_eq!(store.numbers().await.unwrap(), []);
    store.add_numbers(&[], now()).await.unwrap();
    store.add_numbers(&[number(3), number(1), number(3)], now()).await.unwrap();
    assert!(store.set_number_active(number(1), false).await.unwrap());
    assert!(!store.set_number_active(number(9), false).await.unwrap());
    store.add_numbers(&[number(1), number(2)], later(1)).await.unwrap();
    let listed: Vec<_> = store.numbers().await.unwrap().into_iter().map(|own| (own.number, own.active)).collect();
    assert_eq!(listed, [(number(1), false), (number(2), true), (number(3), true)]);
}
