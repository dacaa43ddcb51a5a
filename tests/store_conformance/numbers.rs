//! Our own numbers.

use canvass::caller_id::Limits;
use canvass::store::NumberRow;
use canvass::store::listing::Page;

use crate::bench::{Bench, later, now, number, on_both_engines};

on_both_engines!(
    an_installation_keeps_its_id,
    numbers_are_added_once_and_switched_off,
    a_list_is_taken_over_and_shown_in_pages
);

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

async fn a_list_is_taken_over_and_shown_in_pages(bench: &Bench) {
    let store = &bench.store;
    let row = |n, label: Option<&str>, active, daily_cap| NumberRow {
        number: number(n),
        label: label.map(ToOwned::to_owned),
        active,
        limits: Limits { daily_cap, ..Limits::default() },
    };
    let first = [row(1, Some("Main"), None, Some(150)), row(2, None, Some(false), None)];
    assert_eq!(store.take_over_numbers(&first, now()).await.unwrap(), 2);
    let second = [row(1, None, Some(false), None), row(2, Some("Two"), None, Some(9)), row(3, None, None, None)];
    assert_eq!(store.take_over_numbers(&second, later(1)).await.unwrap(), 1);
    assert_eq!(store.take_over_numbers(&[], later(2)).await.unwrap(), 0);
    let told = |own: &canvass::store::OwnNumber| (own.label.clone(), own.active, own.limits.daily_cap);
    let listed: Vec<_> = store.numbers().await.unwrap().iter().map(told).collect();
    let expected =
        [(Some("Main".to_owned()), false, Some(150)), (Some("Two".to_owned()), false, Some(9)), (None, true, None)];
    assert_eq!(listed, expected);
    let page = store.number_page(Page { offset: 1, limit: 1 }).await.unwrap();
    assert_eq!((page.total, page.items.iter().map(told).collect::<Vec<_>>()), (3, vec![expected[1].clone()]));
}
