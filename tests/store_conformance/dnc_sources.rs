//! Several sources of one number on the do-not-call list, and what becomes of
//! it when one of them lets it go.

use canvass::campaign::TargetStatus;
use canvass::number::PhoneNumber;
use canvass::store::dnc::{DncNumber, DncReplacement, DncWithdrawn};
use canvass::store::listing::DncWithdrawal;
use canvass::store::{DoNotCall, LedgerBatch, Store};
use uuid::Uuid;

use crate::bench::{Bench, later, number, on_both_engines, wish};

on_both_engines!(
    another_source_is_kept_beside_the_entry,
    a_source_of_any_length_is_kept,
    a_person_takes_off_whatever_names_a_number,
    an_entry_passes_to_the_oldest_of_the_others,
    what_came_since_the_beginning_stays,
    an_opt_out_on_the_way_is_never_lost,
    only_the_latest_replacement_takes_off,
    a_long_list_is_held_whole,
    opt_outs_and_a_replacement_side_by_side,
    many_add_the_same_numbers_at_once,
);

fn entry(n: u64, source: &str, at: u64) -> DoNotCall {
    DoNotCall { number: number(n), reason: Some(format!("of {source}")), source: source.into(), added_at: later(at) }
}

/// A replacement that began at a time.
async fn begun(store: &Store, source: &str, at: u64) -> DncReplacement {
    let source = source.parse().unwrap();
    let replacement = DncReplacement { source, run: Uuid::new_v4(), began: later(at), by: "cli:test".into() };
    store.begin_dnc_replacement(&replacement).await.unwrap();
    replacement
}

fn numbers(range: impl IntoIterator<Item = u64>) -> Vec<PhoneNumber> {
    range.into_iter().map(number).collect()
}

/// What names a number, its entry first.
async fn sources(store: &Store, n: u64) -> Vec<DoNotCall> {
    let listed = store.do_not_call_number(number(n)).await.unwrap();
    // The gate's own question has the same answer.
    assert_eq!(store.do_not_call(number(n)).await.unwrap(), listed.as_ref().map(|listed| listed.entry.clone()));
    listed.iter().flat_map(DncNumber::sources).cloned().collect()
}

async fn another_source_is_kept_beside_the_entry(bench: &Bench) {
    let store = &bench.store;
    store.add_do_not_call(&entry(1, "federal", 0)).await.unwrap();
    assert_eq!(store.add_do_not_call_many(&[entry(1, "state", 5), entry(1, "federal", 6)]).await.unwrap(), 0);
    store.add_do_not_call(&entry(1, "manual", 3)).await.unwrap();
    store.add_do_not_call(&entry(1, "state", 1)).await.unwrap();
    let all = [entry(1, "federal", 0), entry(1, "manual", 3), entry(1, "state", 5)];
    assert_eq!(sources(store, 1).await, all, "each once, as it was first said, in order of time");

    // The first of several in one list is the entry.
    let list = [entry(2, "b", 9), entry(2, "a", 8), entry(2, "b", 7), entry(3, "b", 9), entry(2, "a\0", 6)];
    assert_eq!(store.add_do_not_call_many(&list).await.unwrap(), 2);
    assert_eq!(sources(store, 2).await, [entry(2, "b", 9), entry(2, "a", 8)]);
    assert_eq!(sources(store, 3).await, [entry(3, "b", 9)]);
    assert_eq!(sources(store, 4).await, []);

    let page = store.do_not_call_page(Some(number(1)), 1).await.unwrap();
    assert_eq!(page.len(), 1, "a limit of numbers, not of sources");
    assert_eq!(page[0], DncNumber { entry: entry(2, "b", 9), also: vec![entry(2, "a", 8)] });
    let among = store.do_not_call_among(&numbers([3, 4, 1])).await.unwrap();
    assert_eq!(
        among.iter().map(|found| (found.entry.number, found.also.len())).collect::<Vec<_>>(),
        [(number(1), 2), (number(3), 0)]
    );
    assert_eq!(store.count_do_not_call(&numbers([1, 2, 3, 4])).await.unwrap(), 3, "numbers, not sources");
}

async fn a_source_of_any_length_is_kept(bench: &Bench) {
    let store = &bench.store;
    let long = "ä".repeat(20_000);
    let lists = [entry(1, "federal", 0), entry(1, &long, 1), entry(2, &long, 2), entry(2, &format!("{long}!"), 3)];
    store.add_do_not_call_many(&lists).await.unwrap();
    let also = sources(store, 1).await;
    assert_eq!((also.len(), also[1].source.chars().count()), (2, 100), "cut beside an entry");
    assert_eq!(sources(store, 2).await.len(), 1, "told by their beginnings");
}

async fn a_person_takes_off_whatever_names_a_number(bench: &Bench) {
    let store = &bench.store;
    let all = [entry(1, "federal", 0), entry(1, "key", 1), entry(1, "state", 2)];
    store.add_do_not_call_many(&all).await.unwrap();
    store.add_do_not_call(&entry(2, "federal", 0)).await.unwrap();
    let withdrawal = DncWithdrawal { number: number(1), by: "cli:test".into(), reason: Some("in writing".into()) };
    assert!(store.remove_do_not_call(&withdrawal, later(5)).await.unwrap());
    assert!(!store.remove_do_not_call(&withdrawal, later(6)).await.unwrap());
    assert_eq!((sources(store, 1).await, sources(store, 2).await.len()), (vec![], 1));
    let removals = store.do_not_call_removals(number(1)).await.unwrap();
    assert!(removals.iter().map(|removal| &removal.entry).eq(&all), "{removals:?}");
    assert!(removals.iter().all(|removal| removal.removed_reason.as_deref() == Some("in writing")));
    // And the database would not have it otherwise.
    store.add_do_not_call_many(&all).await.unwrap();
    let pragma = if store.engine() == "sqlite" { "PRAGMA foreign_keys = ON;" } else { "" };
    assert!(bench.try_execute(&format!("{pragma} DELETE FROM do_not_call")).await.is_err());
}

async fn an_entry_passes_to_the_oldest_of_the_others(bench: &Bench) {
    let store = &bench.store;
    let lists = [
        // Held by nobody else; by two others; beside the entry of another; not held.
        entry(1, "federal", 0),
        entry(2, "federal", 0),
        entry(2, "state", 4),
        entry(2, "manual", 3),
        entry(3, "manual", 0),
        entry(3, "federal", 1),
        entry(4, "manual", 0),
        entry(5, "federal", 0),
    ];
    store.add_do_not_call_many(&lists).await.unwrap();
    let replacement = begun(store, "federal", 10).await;
    let mut held = store.do_not_call_held(&replacement.source).await.unwrap();
    held.sort_unstable();
    assert_eq!(held, numbers([1, 2, 3, 5]));
    let done = store.withdraw_do_not_call(&replacement, &numbers([1, 2, 3, 4, 6]), later(11)).await.unwrap();
    assert_eq!(done, Some(DncWithdrawn { removed: 3, still_listed: 2 }));
    assert_eq!(sources(store, 1).await, []);
    assert_eq!(
        sources(store, 2).await,
        [entry(2, "manual", 3), entry(2, "state", 4)],
        "with their own words and dates"
    );
    assert_eq!(sources(store, 3).await, [entry(3, "manual", 0)]);
    assert_eq!(sources(store, 4).await, [entry(4, "manual", 0)]);
    assert_eq!(sources(store, 5).await, [entry(5, "federal", 0)], "not named");
    for (n, at) in [(1, 0), (2, 0), (3, 1)] {
        let removals = store.do_not_call_removals(number(n)).await.unwrap();
        assert_eq!(removals.len(), 1);
        assert_eq!((&removals[0].entry, removals[0].removed_at), (&entry(n, "federal", at), later(11)));
        assert_eq!(removals[0].removed_by, "cli:test");
        assert_eq!(removals[0].removed_reason.as_deref(), Some("no longer on the list of federal"));
    }
    let again = store.withdraw_do_not_call(&replacement, &numbers([1, 2, 3, 4, 6]), later(12)).await.unwrap();
    assert_eq!(again, Some(DncWithdrawn::default()), "once");
    // What passed on can be let go, too.
    let state = begun(store, "state", 13).await;
    assert_eq!(store.do_not_call_held(&state.source).await.unwrap(), numbers([2]));
    store.withdraw_do_not_call(&state, &numbers([2]), later(14)).await.unwrap();
    assert_eq!(sources(store, 2).await, [entry(2, "manual", 3)]);
}

async fn what_came_since_the_beginning_stays(bench: &Bench) {
    let store = &bench.store;
    let lists = [entry(1, "federal", 0), entry(2, "state", 0), entry(2, "federal", 1), entry(3, "federal", 0)];
    store.add_do_not_call_many(&lists).await.unwrap();
    let replacement = begun(store, "federal", 10).await;
    for n in [1, 2] {
        let withdrawal = DncWithdrawal { number: number(n), by: "cli:test".into(), reason: None };
        store.remove_do_not_call(&withdrawal, later(11)).await.unwrap();
    }
    let anew = [entry(1, "federal", 12), entry(2, "state", 12), entry(2, "federal", 12)];
    store.add_do_not_call_many(&anew).await.unwrap();
    let done = store.withdraw_do_not_call(&replacement, &numbers(1..=3), later(13)).await.unwrap();
    assert_eq!(done, Some(DncWithdrawn { removed: 1, still_listed: 0 }));
    assert_eq!((sources(store, 1).await.len(), sources(store, 2).await.len()), (1, 2));
    assert_eq!(sources(store, 3).await, []);
}

/// By the ledger, as the engine writes it, and no claim gives the number after.
async fn an_opt_out_on_the_way_is_never_lost(bench: &Bench) {
    let store = &bench.store;
    let id = bench.running(2).await;
    store.add_do_not_call_many(&[entry(0, "federal", 0), entry(1, "federal", 0)]).await.unwrap();
    let replacement = begun(store, "federal", 10).await;
    let opt_outs = vec![entry(0, "key", 11), entry(0, "key", 12)];
    for _ in 0..2 {
        // Twice, as after a database that was away.
        let batch = LedgerBatch { opt_outs: opt_outs.clone(), ..LedgerBatch::default() };
        store.commit(&batch, later(11)).await.unwrap();
    }
    assert_eq!(sources(store, 0).await, [entry(0, "federal", 0), entry(0, "key", 11)]);
    let done = store.withdraw_do_not_call(&replacement, &numbers([0, 1]), later(12)).await.unwrap();
    assert_eq!(done, Some(DncWithdrawn { removed: 2, still_listed: 1 }));
    assert_eq!(sources(store, 0).await, [entry(0, "key", 11)]);
    let result = store.commit(&wish(id, 2), later(13)).await.unwrap().remove(0);
    assert_eq!(result.do_not_call, [number(0)]);
    assert_eq!(result.claimed.iter().map(|claimed| claimed.number).collect::<Vec<_>>(), [number(1)]);
    assert_eq!(bench.target(id, 0).await, (TargetStatus::DoNotCall, 0, None));
    // The list names it again, and lets it go again.
    store.add_do_not_call(&entry(0, "federal", 14)).await.unwrap();
    let replacement = begun(store, "federal", 20).await;
    store.withdraw_do_not_call(&replacement, &numbers([0]), later(21)).await.unwrap();
    assert_eq!(sources(store, 0).await, [entry(0, "key", 11)]);
}

async fn only_the_latest_replacement_takes_off(bench: &Bench) {
    let store = &bench.store;
    let lists = [entry(1, "federal", 0), entry(2, "federal", 0), entry(3, "state", 0)];
    store.add_do_not_call_many(&lists).await.unwrap();
    let first = begun(store, "federal", 10).await;
    let other = begun(store, "state", 10).await;
    let second = begun(&bench.open().await, "federal", 11).await;
    assert_eq!(store.withdraw_do_not_call(&first, &numbers([1, 2]), later(12)).await.unwrap(), None);
    assert_eq!((sources(store, 1).await.len(), sources(store, 2).await.len()), (1, 1));
    assert_eq!(store.do_not_call_removals(number(1)).await.unwrap(), []);
    let one = Some(DncWithdrawn { removed: 1, still_listed: 0 });
    assert_eq!(store.withdraw_do_not_call(&second, &numbers([2]), later(12)).await.unwrap(), one);
    assert_eq!(store.withdraw_do_not_call(&other, &numbers([3]), later(12)).await.unwrap(), one, "of another source");
    // Nothing is held by an answer of None.
    store.add_do_not_call(&entry(1, "key", 13)).await.unwrap();
}

/// More than a page, with as many of one instant.
async fn a_long_list_is_held_whole(bench: &Bench) {
    const MANY: u64 = 22_000;
    let store = &bench.store;
    for from in (0..MANY).step_by(2_000) {
        let federal: Vec<_> = (from..from + 2_000).map(|n| entry(n, "federal", n / 15_000)).collect();
        store.add_do_not_call_many(&federal).await.unwrap();
        let state: Vec<_> = (from..from + 2_000).map(|n| entry(n, "state", 3)).collect();
        assert_eq!(store.add_do_not_call_many(&state).await.unwrap(), 0);
    }
    store.add_do_not_call(&entry(MANY, "manual", 0)).await.unwrap();
    for source in ["federal", "state"] {
        let mut held = store.do_not_call_held(&source.parse().unwrap()).await.unwrap();
        held.sort_unstable();
        assert!(held == numbers(0..MANY), "{source}: {}", held.len());
    }
    assert_eq!(store.do_not_call_held(&"nobody".parse().unwrap()).await.unwrap(), []);
}

/// Whoever opted out while a source lets all its numbers go is on the list in
/// the end, whichever came first.
async fn opt_outs_and_a_replacement_side_by_side(bench: &Bench) {
    const NUMBERS: u64 = 600;
    let store = &bench.store;
    let list: Vec<_> = (0..NUMBERS).map(|n| entry(n, "federal", 0)).collect();
    store.add_do_not_call_many(&list).await.unwrap();
    let replacement = begun(store, "federal", 10).await;
    let mut tasks = tokio::task::JoinSet::new();
    for part in 0..3 {
        let store = bench.open().await;
        tasks.spawn(async move {
            // Those of a batch in an order of their own.
            let mut mine: Vec<_> = (0..NUMBERS).filter(|n| n % 3 == part).collect();
            if part == 1 {
                mine.reverse();
            }
            for opted_out in mine.chunks(20) {
                let opt_outs = opted_out.iter().map(|n| entry(*n, "key", 11)).collect();
                store.commit(&LedgerBatch { opt_outs, ..LedgerBatch::default() }, later(11)).await.unwrap();
            }
        });
    }
    let other = bench.open().await;
    tasks.spawn(async move {
        for step in numbers(0..NUMBERS).chunks(40) {
            other.withdraw_do_not_call(&replacement, step, later(12)).await.unwrap().unwrap();
        }
    });
    tasks.join_all().await;
    let mut listed = store.do_not_call_page(None, 10_000).await.unwrap();
    assert_eq!(listed.len() as u64, NUMBERS);
    for (n, found) in listed.drain(..).enumerate() {
        assert_eq!(found, DncNumber { entry: entry(n as u64, "key", 11), also: Vec::new() });
    }
}

/// Each source of each number is kept once, whoever came first.
async fn many_add_the_same_numbers_at_once(bench: &Bench) {
    const NUMBERS: u64 = 400;
    let mut tasks = tokio::task::JoinSet::new();
    for who in 0..4 {
        let store = bench.open().await;
        tasks.spawn(async move {
            let mut list: Vec<_> = (0..NUMBERS).map(|n| entry(n, &format!("source-{who}"), who)).collect();
            if who % 2 == 1 {
                list.reverse();
            }
            for step in list.chunks(50) {
                store.add_do_not_call_many(step).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let listed = bench.store.do_not_call_page(None, 10_000).await.unwrap();
    assert_eq!(listed.len() as u64, NUMBERS);
    for found in listed {
        let mut sources: Vec<_> = found.sources().map(|entry| entry.source.as_str()).collect();
        sources.sort_unstable();
        assert_eq!(sources, ["source-0", "source-1", "source-2", "source-3"]);
    }
}
