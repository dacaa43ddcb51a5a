//! The do-not-call list, and that no claim passes it.

use canvass::campaign::TargetStatus;
use canvass::store::dnc::DncNumber;
use canvass::store::listing::{DncQuery, DncRemoval, DncSort, DncWithdrawal, Page};
use canvass::store::{ClaimResult, DoNotCall, Remaining};

use crate::bench::{Bench, later, now, number, on_both_engines};

on_both_engines!(
    entries_are_kept_found_and_taken_off,
    many_at_once_are_added_once_and_listed_in_order,
    all_of_many_are_added_or_none,
    a_barred_target_is_settled_and_replaced,
    a_whole_list_may_be_barred,
    pages_of_the_list_by_its_filters,
    many_numbers_against_the_list,
);

async fn entries_are_kept_found_and_taken_off(bench: &Bench) {
    let entry = DoNotCall {
        number: number(1),
        reason: Some("asked\0 by letter".into()),
        source: "manual".into(),
        added_at: now(),
    };
    let kept = DoNotCall { reason: Some("asked by letter".into()), ..entry.clone() };
    bench.store.add_do_not_call(&entry).await.unwrap();
    let other = DoNotCall { reason: None, source: "import".into(), added_at: later(1), ..entry };
    bench.store.add_do_not_call(&other).await.unwrap();
    assert_eq!(bench.store.do_not_call(number(1)).await.unwrap(), Some(kept.clone()), "the first entry stays");
    assert_eq!(bench.store.do_not_call(number(2)).await.unwrap(), None);
    let withdrawal = DncWithdrawal { number: number(1), by: "key:x\0 (1)".into(), reason: Some("in writing".into()) };
    assert!(bench.store.remove_do_not_call(&withdrawal, later(5)).await.unwrap());
    assert!(!bench.store.remove_do_not_call(&withdrawal, later(6)).await.unwrap());
    assert_eq!(bench.store.do_not_call(number(1)).await.unwrap(), None);

    // What it said, and who took it off, stays for ever.
    bench.store.add_do_not_call(&other).await.unwrap();
    let again = DncWithdrawal { number: number(1), by: "cli".into(), reason: None };
    assert!(bench.store.remove_do_not_call(&again, later(9)).await.unwrap());
    let removals = bench.store.do_not_call_removals(number(1)).await.unwrap();
    let removed = |entry, at, by: &str, reason: Option<&str>| DncRemoval {
        entry,
        removed_at: later(at),
        removed_by: by.into(),
        removed_reason: reason.map(Into::into),
    };
    let first = |entry| removed(entry, 5, "key:x (1)", Some("in writing"));
    assert_eq!(removals, [removed(other.clone(), 9, "cli", None), first(kept), first(other)]);
    assert_eq!(bench.store.do_not_call_removals(number(2)).await.unwrap(), []);
    for sql in ["UPDATE do_not_call_removals SET removed_by = 'nobody'", "DELETE FROM do_not_call_removals"] {
        assert!(bench.try_execute(sql).await.is_err(), "{sql}");
    }
    assert_eq!(bench.store.do_not_call_removals(number(1)).await.unwrap().len(), 3);
}

async fn pages_of_the_list_by_its_filters(bench: &Bench) {
    let store = &bench.store;
    let long = "long ".repeat(60);
    let entry = |n: u64, source: &str, reason: Option<&str>| DoNotCall {
        number: number(n),
        reason: reason.map(ToOwned::to_owned),
        source: source.into(),
        added_at: later(n),
    };
    let entries = [
        entry(5, "federal", Some("scrub")),
        entry(4, "federal", None),
        entry(3, "api", Some(&long)),
        entry(2, "api", Some(&format!("{long}!"))),
        entry(1, "api", Some("scrub")),
    ];
    store.add_do_not_call_many(&entries).await.unwrap();
    let found = async |query: DncQuery| {
        let listed = store.do_not_call_list(&query, Page { offset: 0, limit: 500 }).await.unwrap();
        assert_eq!(listed.total as usize, listed.items.len());
        listed.items.into_iter().map(|entry| entry.number).collect::<Vec<_>>()
    };
    let of = |numbers: &[u64]| numbers.iter().map(|n| number(*n)).collect::<Vec<_>>();
    let all = DncQuery::default();
    assert_eq!(found(all.clone()).await, of(&[1, 2, 3, 4, 5]));
    assert_eq!(found(DncQuery { descending: true, ..all.clone() }).await, of(&[5, 4, 3, 2, 1]));
    assert_eq!(found(DncQuery { sort: DncSort::Number, ..all.clone() }).await, of(&[1, 2, 3, 4, 5]));
    assert_eq!(found(DncQuery { source: Some("api".into()), ..all.clone() }).await, of(&[1, 2, 3]));
    assert_eq!(found(DncQuery { reason: Some("scrub".into()), ..all.clone() }).await, of(&[1, 5]));
    assert_eq!(found(DncQuery { reason: Some(long.clone()), ..all.clone() }).await, of(&[3]), "not by its beginning");
    let both = DncQuery { source: Some("federal".into()), reason: Some("scrub".into()), ..all.clone() };
    assert_eq!(found(both).await, of(&[5]));
    let between = DncQuery { from: Some(later(2)), until: Some(later(4)), ..all.clone() };
    assert_eq!(found(between).await, of(&[2, 3]), "from an instant on, and before one");
    assert_eq!(found(DncQuery { source: Some("nul\0l".into()), ..all }).await, of(&[]));
    let page = store.do_not_call_list(&DncQuery::default(), Page { offset: 1, limit: 2 }).await.unwrap();
    assert_eq!((page.items.len(), page.total, page.items[0].number), (2, 5, number(2)));
}

async fn many_numbers_against_the_list(bench: &Bench) {
    bench.bar(number(3)).await;
    bench.bar(number(1)).await;
    let asked = [number(3), number(2), number(1), number(3)];
    let found = bench.store.do_not_call_among(&asked).await.unwrap();
    assert_eq!(found.iter().map(|found| found.entry.number).collect::<Vec<_>>(), [number(1), number(3)]);
    assert_eq!(bench.store.count_do_not_call(&asked).await.unwrap(), 3, "as often as they stand");
    assert_eq!(bench.store.do_not_call_among(&[]).await.unwrap(), []);
    assert_eq!(bench.store.count_do_not_call(&[]).await.unwrap(), 0);
}

async fn many_at_once_are_added_once_and_listed_in_order(bench: &Bench) {
    let store = &bench.store;
    let entry = |n: u64, reason: Option<&str>| DoNotCall {
        number: number(n),
        reason: reason.map(ToOwned::to_owned),
        source: "import".into(),
        added_at: later(n),
    };
    assert_eq!(store.add_do_not_call_many(&[]).await.unwrap(), 0);
    assert_eq!(store.do_not_call_page(None, 10).await.unwrap(), []);
    let first = [entry(3, Some("a\0b")), entry(1, None), entry(3, Some("twice in one list"))];
    assert_eq!(store.add_do_not_call_many(&first).await.unwrap(), 2);
    let second: Vec<_> = (1..=5_000).rev().map(|n| entry(n, Some("later"))).collect();
    assert_eq!(store.add_do_not_call_many(&second).await.unwrap(), 4_998);
    assert_eq!(store.add_do_not_call_many(&second).await.unwrap(), 0, "the same again");

    let head = store.do_not_call_page(None, 3).await.unwrap();
    let head: Vec<_> = head.iter().flat_map(DncNumber::sources).cloned().collect();
    assert_eq!(head, [entry(1, None), entry(2, Some("later")), entry(3, Some("ab"))], "the first entries stay");
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = store.do_not_call_page(after, 999).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.entry.number);
        listed.extend(page.iter().map(|number| number.entry.number));
    }
    assert_eq!(listed, (1..=5_000).map(number).collect::<Vec<_>>());
}

async fn all_of_many_are_added_or_none(bench: &Bench) {
    let store = &bench.store;
    let refuse = match store.engine() {
        "sqlite" => {
            "CREATE TRIGGER refuse BEFORE INSERT ON do_not_call WHEN new.source = 'bad'
             BEGIN SELECT raise(ABORT, 'refused'); END"
        }
        _ => "ALTER TABLE do_not_call ADD CHECK (source <> 'bad')",
    };
    bench.execute(refuse).await;
    let entry = |n, source: &str| DoNotCall { number: number(n), reason: None, source: source.into(), added_at: now() };
    let entries = [entry(1, "good"), entry(2, "bad"), entry(3, "good")];
    assert!(store.add_do_not_call_many(&entries).await.is_err());
    assert_eq!(store.do_not_call_page(None, 10).await.unwrap(), []);
}

async fn a_barred_target_is_settled_and_replaced(bench: &Bench) {
    let id = bench.running(6).await;
    for n in [0, 2, 5] {
        bench.bar(number(n)).await;
    }
    let result = bench.claim(id, 2).await;
    let claimed: Vec<_> = result.claimed.iter().map(|claimed| claimed.number).collect();
    assert_eq!(claimed, [number(1), number(3)]);
    assert!(result.do_not_call.starts_with(&[number(0), number(2)]), "{:?}", result.do_not_call);
    assert_eq!(bench.target(id, 0).await, (TargetStatus::DoNotCall, 0, None));
    bench.assert_tally(id).await;
    let rest = bench.claim(id, 10).await;
    assert_eq!(rest.claimed.iter().map(|claimed| claimed.number).collect::<Vec<_>>(), [number(4)]);
    assert_eq!(result.do_not_call.len() + rest.do_not_call.len(), 3, "each is told once");
    assert_eq!(bench.store.remaining(id).await.unwrap(), Remaining { next_due: None, in_call: true });
    // Off the list again: settled all the same.
    let withdrawal = DncWithdrawal { number: number(0), by: "cli".into(), reason: None };
    bench.store.remove_do_not_call(&withdrawal, later(1)).await.unwrap();
    assert_eq!(bench.claim(id, 10).await, ClaimResult::default());
    bench.assert_tally(id).await;
}

async fn a_whole_list_may_be_barred(bench: &Bench) {
    let id = bench.running(1200).await;
    for chunk in 0..12 {
        let values: Vec<_> = (chunk * 100..chunk * 100 + 100)
            .map(|n| format!("('{}', 'import', NULL, {})", number(n), at(bench)))
            .collect();
        let sql = format!("INSERT INTO do_not_call (number, source, reason, added_at) VALUES {}", values.join(", "));
        bench.execute(&sql).await;
    }
    let result = bench.claim(id, 1).await;
    assert_eq!((result.claimed.len(), result.do_not_call.len()), (0, 1200));
    assert_eq!(bench.store.remaining(id).await.unwrap(), Remaining::default());
    assert_eq!(bench.store.tally(id).await.unwrap().target(TargetStatus::DoNotCall), 1200);
    bench.assert_tally(id).await;
}

fn at(bench: &Bench) -> &'static str {
    if bench.store.engine() == "sqlite" { "0" } else { "now()" }
}
