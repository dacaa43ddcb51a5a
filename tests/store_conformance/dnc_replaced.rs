//! Lists from outside that replace what their source said, against a model:
//! for each number its sources, in the order in which they came.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::mpsc;

use canvass::clock::Clock;
use canvass::contact::{ListReader, NotReplaced, Replaced, Replacement};
use canvass::number::{NumberCheck, NumberRules, Region};
use canvass::store::dnc::DncNumber;
use canvass::store::listing::DncWithdrawal;
use canvass::store::{DoNotCall, LedgerBatch, Store};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRng, TestRunner};

use crate::bench::{Bench, later, number, on_both_engines};

on_both_engines!(
    a_list_replaces_the_one_before,
    a_list_in_several_files,
    nothing_is_taken_off_without_certainty,
    a_list_that_breaks_off_takes_nothing_off,
    a_share_of_a_hundred_may_go,
    a_replacement_that_is_overtaken_stops,
    any_sequence_leaves_what_the_model_has,
);

fn list(text: &str) -> ListReader<Cursor<String>> {
    let rules = NumberRules { region: Region::US, check: NumberCheck::Valid };
    match ListReader::new(Cursor::new(text.to_owned()), rules) {
        Ok(list) => list,
        Err(_) => ListReader::of_numbers(Cursor::new(text.to_owned()), rules).unwrap(),
    }
}

fn lines(numbers: impl IntoIterator<Item = u64>) -> String {
    numbers.into_iter().map(|n| format!("{}\n", number(n))).collect()
}

async fn begun<'a>(store: &'a Store, clock: &'a Clock, source: &str) -> Replacement<'a> {
    Replacement::begin(store, clock, source.parse().unwrap(), Some("listed".into()), "cli:test".into()).await.unwrap()
}

/// Replaces `source` by a list, at a time.
async fn replace(store: &Store, source: &str, text: &str, shrink: u8, at: u64) -> Replaced {
    let clock = Clock::starting_at(later(at));
    let mut replacement = begun(store, &clock, source).await;
    replacement.import(list(text), None).await.unwrap();
    replacement.finish(shrink).await.unwrap()
}

async fn listed(store: &Store) -> Vec<(String, Vec<String>)> {
    let page = store.do_not_call_page(None, 10_000).await.unwrap();
    let named = |found: &DncNumber| found.sources().map(|entry| entry.source.clone()).collect();
    page.iter().map(|found| (found.entry.number.to_string(), named(found))).collect()
}

fn of(numbers: &[(u64, &[&str])]) -> Vec<(String, Vec<String>)> {
    let words = |sources: &[&str]| sources.iter().map(ToString::to_string).collect();
    numbers.iter().map(|(n, sources)| (number(*n).to_string(), words(sources))).collect()
}

async fn add(store: &Store, n: u64, source: &str, at: u64) {
    let entry = DoNotCall { number: number(n), reason: None, source: source.into(), added_at: later(at) };
    store.add_do_not_call(&entry).await.unwrap();
}

async fn a_list_replaces_the_one_before(bench: &Bench) {
    let store = &bench.store;
    let first = replace(store, "federal", &lines(0..10), 0, 10).await;
    assert_eq!((first.held, first.left_out, first.removed, &first.refused), (0, 0, 0, &None));
    add(store, 9, "key", 11).await;
    add(store, 20, "manual", 11).await;
    let second = replace(store, "federal", &lines((0..9).chain([20, 30])), 20, 20).await;
    assert_eq!((second.held, second.left_out, second.removed, second.still_listed), (10, 1, 1, 1));
    assert_eq!(second.refused, None);
    let mut expected: Vec<(u64, &[&str])> = (0..9).map(|n| (n, ["federal"].as_slice())).collect();
    expected.extend([(9, ["key"].as_slice()), (20, &["manual", "federal"]), (30, &["federal"])]);
    assert_eq!(listed(store).await, of(&expected));
    let entry = store.do_not_call(number(0)).await.unwrap().unwrap();
    assert!(entry.added_at < later(20) && entry.reason.as_deref() == Some("listed"), "as it was first said: {entry:?}");
    let same = replace(store, "federal", &lines((0..9).chain([20, 30])), 0, 30).await;
    assert_eq!((same.held, same.left_out, same.removed, same.refused), (11, 0, 0, None));
}

async fn a_list_in_several_files(bench: &Bench) {
    let store = &bench.store;
    replace(store, "federal", &lines(0..10), 0, 10).await;
    let clock = Clock::starting_at(later(20));
    let mut replacement = begun(store, &clock, "federal").await;
    replacement.import(list(&lines(0..4)), None).await.unwrap();
    // Its column says the same source.
    let rest: String = (4..9).map(|n| format!("{},federal\n", number(n))).collect();
    replacement.import(list(&format!("phone_number,source\n{rest}")), None).await.unwrap();
    let replaced = replacement.finish(20).await.unwrap();
    assert_eq!((replaced.held, replaced.left_out, replaced.removed, replaced.refused), (10, 1, 1, None));
    assert_eq!(listed(store).await.len(), 9);
}

async fn nothing_is_taken_off_without_certainty(bench: &Bench) {
    let store = &bench.store;
    replace(store, "federal", &lines(0..4), 0, 10).await;
    let good = lines([0, 50]);
    let other = format!("phone_number,source\n{},federal\n{},state\n", number(0), number(51));
    let cases = [
        (format!("{good}12\n"), "rejected"),
        (format!("{good}+1555000"), "rejected"),
        (other, "other_source"),
        ("x\ny\n".to_owned(), "rejected"),
    ];
    for (n, (text, why)) in cases.into_iter().enumerate() {
        let replaced = replace(store, "federal", &text, 100, 20 + n as u64).await;
        assert_eq!(replaced.refused.as_ref().map(NotReplaced::as_str), Some(why), "{text}");
        assert_eq!((replaced.removed, store.do_not_call_removals(number(1)).await.unwrap()), (0, vec![]));
    }
    let clock = Clock::starting_at(later(30));
    let replaced = begun(store, &clock, "federal").await.finish(100).await.unwrap();
    assert_eq!((replaced.refused, replaced.left_out), (Some(NotReplaced::Empty), 5));
    let federal = ["federal"].as_slice();
    let expected = [(0, federal), (1, federal), (2, federal), (3, federal), (50, federal), (51, &["state"])];
    assert_eq!(listed(store).await, of(&expected), "what is new is listed all the same");
}

/// A file that comes to its end when the other end of the channel is gone.
struct Slow(Cursor<String>, mpsc::Receiver<()>);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => self.1.recv().map(|()| 0).or(Ok(0)),
            read => Ok(read),
        }
    }
}

/// A file that ends with an error.
struct Torn(Cursor<String>);

impl Read for Torn {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

async fn a_list_that_breaks_off_takes_nothing_off(bench: &Bench) {
    let store = &bench.store;
    replace(store, "federal", &lines([999_999]), 0, 10).await;
    let clock = Clock::starting_at(later(20));
    let rules = NumberRules { region: Region::US, check: NumberCheck::Valid };
    // More than is read at once, so that some rows are taken in before.
    let rows = lines(0..3_000).replace('\n', &format!(",{}\n", "x".repeat(100)));
    let text = || Cursor::new(format!("phone_number,notes\n{rows}"));
    let mut replacement = begun(store, &clock, "federal").await;
    replacement.import(ListReader::new(Torn(text()), rules).unwrap(), None).await.unwrap_err();
    replacement.import(list(&lines(0..3)), None).await.unwrap();
    assert_eq!(replacement.finish(100).await.unwrap().refused, Some(NotReplaced::Broken));

    // Or whose import is given up.
    let mut replacement = begun(store, &clock, "federal").await;
    let (end, wait) = mpsc::channel();
    {
        let mut import = Box::pin(replacement.import(ListReader::new(Slow(text(), wait), rules).unwrap(), None));
        assert!(futures_util::poll!(&mut import).is_pending());
    }
    drop(end);
    assert_eq!(replacement.finish(100).await.unwrap().refused, Some(NotReplaced::Broken));
    assert!(store.do_not_call(number(999_999)).await.unwrap().is_some());
    assert!(store.do_not_call(number(0)).await.unwrap().is_some(), "what was read before is listed");
}

async fn a_share_of_a_hundred_may_go(bench: &Bench) {
    let store = &bench.store;
    replace(store, "federal", &lines(0..100), 0, 10).await;
    // What is new does not make the share smaller, whatever dates it has.
    let new: String = (1_000..3_000).map(|n| format!("{},2020-01-01T00:00:00Z\n", number(n))).collect();
    let old: String = (21..100).map(|n| format!("{},\n", number(n))).collect();
    let text = format!("phone_number,added_at\n{new}{old}");
    let refused = replace(store, "federal", &text, 20, 20).await;
    assert_eq!(refused.refused, Some(NotReplaced::Shrink { held: 100, left_out: 21, shrink: 20 }));
    assert_eq!(refused.removed, 0);
    assert_eq!(listed(store).await.len(), 2_100);
    let done = replace(store, "federal", &text, 1, 30).await;
    assert_eq!(
        (done.held, done.left_out, done.removed, done.refused),
        (2_100, 21, 21, None),
        "exactly one of a hundred"
    );
    assert_eq!(listed(store).await.len(), 2_079);
}

async fn a_replacement_that_is_overtaken_stops(bench: &Bench) {
    let store = &bench.store;
    replace(store, "federal", &lines(0..10), 0, 10).await;
    let (early, late) = (Clock::starting_at(later(20)), Clock::starting_at(later(21)));
    let mut first = begun(store, &early, "federal").await;
    first.import(list(&lines((0..5).chain([50]))), None).await.unwrap();
    let mut second = begun(store, &late, "federal").await;
    second.import(list(&lines(5..10)), None).await.unwrap();
    let overtaken = first.finish(100).await.unwrap();
    assert_eq!((overtaken.removed, overtaken.refused), (0, Some(NotReplaced::Overtaken)));
    assert_eq!(second.finish(100).await.unwrap().removed, 6);
    let expected: Vec<(u64, &[&str])> = (5..10).map(|n| (n, ["federal"].as_slice())).collect();
    assert_eq!(listed(store).await, of(&expected));
}

/// What may happen to six numbers and four sources, of which two are replaced.
#[derive(Clone, Debug)]
enum Deed {
    Say(u64, usize),
    Import(Vec<(u64, usize)>),
    OptOut(u64),
    Remove(u64),
    Replace(usize, Vec<u64>),
}

const SOURCES: [&str; 4] = ["federal", "state", "manual", "key"];

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let said = || (0_u64..6, 0_usize..4);
    let deed = prop_oneof![
        3 => said().prop_map(|(n, source)| Deed::Say(n, source)),
        2 => prop::collection::vec(said(), 0..8).prop_map(Deed::Import),
        1 => (0_u64..6).prop_map(Deed::OptOut),
        1 => (0_u64..6).prop_map(Deed::Remove),
        3 => (0_usize..2, prop::collection::vec(0_u64..6, 0..6)).prop_map(|(source, list)| Deed::Replace(source, list)),
    ];
    prop::collection::vec(deed, 1..25)
}

async fn any_sequence_leaves_what_the_model_has(bench: &Bench) {
    let rng = TestRng::deterministic_rng(Config::default().rng_algorithm);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let store = &bench.store;
    let mut at = 10;
    for case in 0..40 {
        let deeds = deeds().new_tree(&mut runner).unwrap().current();
        let mut model: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for deed in &deeds {
            at += 100;
            happen(store, deed, &mut model, at).await;
            let words = |sources: &[usize]| sources.iter().map(|source| SOURCES[*source].to_owned()).collect();
            let expected: Vec<(String, Vec<String>)> =
                model.iter().map(|(n, sources)| (number(*n).to_string(), words(sources))).collect();
            assert_eq!(listed(store).await, expected, "case {case}, after {deed:?} of {deeds:?}");
        }
        for n in model.keys() {
            remove(store, *n, at + 1).await;
        }
    }
}

async fn remove(store: &Store, n: u64, at: u64) {
    let withdrawal = DncWithdrawal { number: number(n), by: "cli:test".into(), reason: None };
    store.remove_do_not_call(&withdrawal, later(at)).await.unwrap();
}

/// In the database and in the model.
async fn happen(store: &Store, deed: &Deed, model: &mut BTreeMap<u64, Vec<usize>>, at: u64) {
    let mut say = |n: u64, source: usize| {
        let sources = model.entry(n).or_default();
        if !sources.contains(&source) {
            sources.push(source);
        }
    };
    let entry = |n: u64, source: usize, at: u64| DoNotCall {
        number: number(n),
        reason: None,
        source: SOURCES[source].into(),
        added_at: later(at),
    };
    match deed {
        Deed::Say(n, source) => {
            store.add_do_not_call(&entry(*n, *source, at)).await.unwrap();
            say(*n, *source);
        }
        Deed::Import(list) => {
            let entries: Vec<_> = list.iter().zip(at..).map(|((n, source), at)| entry(*n, *source, at)).collect();
            store.add_do_not_call_many(&entries).await.unwrap();
            list.iter().for_each(|(n, source)| say(*n, *source));
        }
        Deed::OptOut(n) => {
            let opt_outs = vec![entry(*n, 3, at)];
            store.commit(&LedgerBatch { opt_outs, ..LedgerBatch::default() }, later(at)).await.unwrap();
            say(*n, 3);
        }
        Deed::Remove(n) => {
            remove(store, *n, at).await;
            model.remove(n);
        }
        Deed::Replace(source, list) => {
            let text = format!("phone_number\n{}", lines(list.iter().copied()));
            if list.is_empty() {
                // No list at all.
                return;
            }
            let replaced = replace(store, SOURCES[*source], &text, 100, at).await;
            assert_eq!(replaced.refused, None);
            let held = model.values().filter(|sources| sources.contains(source)).count();
            assert_eq!(replaced.held, held as u64);
            list.iter().for_each(|n| {
                let sources = model.entry(*n).or_default();
                if !sources.contains(source) {
                    sources.push(*source);
                }
            });
            for (n, sources) in model.iter_mut().filter(|(n, _)| !list.contains(n)) {
                let before = sources.len();
                sources.retain(|other| other != source);
                let freed = before == 1 && sources.is_empty();
                assert_eq!(store.do_not_call(number(*n)).await.unwrap().is_none(), freed);
            }
            model.retain(|_, sources| !sources.is_empty());
        }
    }
}
