//! Decisions a second on one core: whom the gate is asked about in a claim.

use std::sync::Arc;

use canvass::campaign::{CallingHours, FrequencyCap, Settings};
use canvass::compliance::{Facts, Organization, PastCall, Record, Rules, Target, decide, whereabouts};
use canvass::number::PhoneNumber;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use jiff::{SignedDuration, Timestamp};

const DECISIONS: u64 = 1_000;

fn main() {
    divan::main();
}

fn numbers() -> Vec<PhoneNumber> {
    let areas = [212, 213, 312, 303, 850, 208, 808, 907, 555, 416];
    let number = |n: u64| PhoneNumber::from_e164(&format!("+1{}{}", areas[n as usize % areas.len()], 2_000_000 + n));
    (0..DECISIONS).filter_map(number).collect()
}

/// Everything a claim does with a number but the database: place, decision,
/// record.
fn ask(bencher: Bencher, settings: &Settings, now: &str) {
    let rules = Rules::new(Arc::new(Organization::default()), settings);
    let now: Timestamp = now.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let before = now - SignedDuration::from_hours(30);
    let history = [PastCall { at: before, attempt: true, answered_at: None, in_progress: false }];
    let numbers = numbers();
    bencher.counter(ItemsCount::new(DECISIONS)).bench(|| {
        for number in &numbers {
            let target = Target { number: *number, timezone: None, consent: Some("yes") };
            let facts = Facts { do_not_call: false, history: &history };
            let at = whereabouts(&target, &rules);
            let decision = decide(&target, &at, &facts, &rules, now);
            black_box(Record::of(&target, &at, &facts, &rules, &decision, now));
        }
    });
}

#[divan::bench]
fn allowed_by_the_law(bencher: Bencher) {
    ask(bencher, &Settings::default(), "2026-06-02T18:30:00Z");
}

#[divan::bench]
fn with_hours_and_caps(bencher: Bencher) {
    let hours = r#"{"slots": [{"day": "tuesday", "start": "09:00", "end": "20:00"}]}"#;
    let calling_hours: Option<CallingHours> = serde_json::from_str(hours).ok();
    let frequency_caps = vec![FrequencyCap { attempts: 3, days: 7 }];
    ask(bencher, &Settings { calling_hours, frequency_caps, ..Settings::default() }, "2026-06-02T18:30:00Z");
}

#[divan::bench]
fn put_off_until_the_morning(bencher: Bencher) {
    ask(bencher, &Settings::default(), "2026-06-02T08:30:00Z");
}
