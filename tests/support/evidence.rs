//! Does the database agree with what the simulated switch saw?

#![allow(dead_code)] // not every test binary uses all of it

use std::collections::{HashMap, HashSet};

use canvass::call::{CallId, Outcome};
use canvass::campaign::CampaignId;
use canvass::store::{CallRow, Store};
use canvass::switch::simulator::{Journal, Record};

/// Every call of a campaign, in order of claiming.
pub(crate) async fn calls(store: &Store, id: CampaignId) -> Vec<CallRow> {
    let mut rows: Vec<CallRow> = Vec::new();
    loop {
        let after = rows.last().map(|row| row.call);
        let page = store.calls_page(id, after, 1_000).await.expect("calls");
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

/// The promise of the dialing engine, checked against the switch's own record:
/// no attempt was originated twice, no call is unknown to the database, and no
/// outcome contradicts what the switch saw.
pub(crate) fn check(rows: &[CallRow], records: &[Record]) {
    let mut originates: HashMap<&str, u32> = HashMap::new();
    let mut by_number: HashMap<&str, u32> = HashMap::new();
    let mut ends: HashMap<&str, bool> = HashMap::new();
    for record in records {
        match record {
            Record::Originate { call, number, .. } => {
                *originates.entry(call).or_default() += 1;
                *by_number.entry(number).or_default() += 1;
            }
            Record::Answer { .. }
            | Record::Key { .. }
            | Record::Message { .. }
            | Record::Leg { .. }
            | Record::Bridge { .. } => {}
            Record::End { call, answered, .. } => {
                ends.insert(call, *answered);
            }
        }
    }
    let twice: Vec<_> = originates.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "originated twice: {twice:?}");

    let known: HashSet<String> = rows.iter().map(|row| row.call.to_string()).collect();
    let unknown: Vec<_> = originates.keys().filter(|call| !known.contains(**call)).collect();
    assert!(unknown.is_empty(), "calls without a row: {unknown:?}");

    // An attempt is a number and how often it was tried before. Congestion uses
    // up none, so only there the same attempt may be placed again.
    let mut placed = HashSet::new();
    for row in rows {
        let was_placed = originates.contains_key(row.call.to_string().as_str());
        if was_placed && row.outcome != Some(Outcome::Congestion) {
            assert!(placed.insert((row.number, row.attempt)), "the same attempt was placed twice: {row:?}");
        }
    }

    let mut attempts: HashMap<String, u32> = HashMap::new();
    for row in rows {
        *attempts.entry(row.number.to_string()).or_default() += 1;
        let outcome = row.outcome.unwrap_or_else(|| panic!("not settled: {row:?}"));
        match ends.get(row.call.to_string().as_str()) {
            Some(true) => assert!(matches!(outcome, Outcome::Answered | Outcome::Lost), "was answered: {row:?}"),
            Some(false) => assert!(outcome != Outcome::Answered, "was not answered: {row:?}"),
            None => {
                let never = !originates.contains_key(row.call.to_string().as_str());
                assert!(!never || matches!(outcome, Outcome::Lost | Outcome::Cancelled), "never placed: {row:?}");
            }
        }
    }
    for (number, placed) in by_number {
        assert!(attempts.get(number).is_some_and(|rows| *rows >= placed), "{number} was called {placed} times");
    }
}

/// As [`check`], for a run in which neither daemon nor switch died: then every
/// outcome must be what the switch saw, and nothing is lost.
pub(crate) fn check_exactly(rows: &[CallRow], journal: &Journal) {
    assert!(journal.by_call().values().all(|times| *times == 1), "an attempt was originated twice");
    for row in rows {
        let outcome = row.outcome.unwrap_or_else(|| panic!("not settled: {row:?}"));
        match journal.end(&row.call.to_string()) {
            Some(Record::End { answered, .. }) => assert_eq!(outcome == Outcome::Answered, answered, "{row:?}"),
            other => assert_eq!(outcome, Outcome::Cancelled, "{other:?} {row:?}"),
        }
    }
    let mut attempts: HashMap<String, u32> = HashMap::new();
    for row in rows.iter().filter(|row| row.outcome != Some(Outcome::Cancelled)) {
        *attempts.entry(row.number.to_string()).or_default() += 1;
    }
    assert_eq!(attempts, journal.by_number(), "a row for every call, and a call for every row");
}

/// The outcomes the database holds now, to be compared with later.
pub(crate) fn settled(rows: &[CallRow]) -> HashMap<CallId, Outcome> {
    rows.iter().filter_map(|row| row.outcome.map(|outcome| (row.call, outcome))).collect()
}
