//! Calls that are forced: which rules yield, for whom, and for how long.

use std::sync::Arc;

use super::*;
use crate::campaign::{FrequencyCap, Settings};

/// 23:00 in New York; a Tuesday.
const NIGHT: &str = "2026-06-03T03:00:00Z";
const NEW_YORK: &str = "+12125550123";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).expect("a number")
}

fn rules(settings: &Settings, forced: &str) -> Rules {
    let force = Force::new(number(forced), "user:ann".into(), "asked to".into(), at(NIGHT));
    Rules::new(Arc::default(), settings).with_force(Some(force))
}

fn decided(called: &str, facts: &Facts<'_>, rules: &Rules, now: &str) -> (Decision, Record) {
    let target = Target { number: number(called), timezone: None, consent: None };
    let place = whereabouts(&target, rules);
    let decision = decide(&target, &place, facts, rules, at(now));
    (decision, Record::of(&target, &place, facts, rules, &decision, at(now)))
}

fn call(text: &str) -> PastCall {
    PastCall { at: at(text), attempt: true, answered_at: None, in_progress: false }
}

#[test]
fn every_rule_that_yields_is_noted() {
    let settings = Settings {
        require_consent: true,
        allow_recalling: false,
        skip_answered_within_days: 30,
        frequency_caps: vec![FrequencyCap { attempts: 1, days: 7 }],
        ..Settings::default()
    };
    let history = [PastCall { answered_at: Some(at("2026-06-01T16:00:00Z")), ..call("2026-06-01T16:00:00Z") }];
    let facts = Facts { do_not_call: true, history: &history };
    let (decision, record) = decided(NEW_YORK, &facts, &rules(&settings, NEW_YORK), NIGHT);
    let until = at("2026-06-03T03:10:00Z");
    assert_eq!(decision, Decision::Forced { until });
    assert_eq!((decision.verdict(), record.until), (Verdict::Allow, Some(until)));
    let forced = record.forced.as_ref().expect("noted");
    assert_eq!((forced.by.as_str(), forced.reason.as_str()), ("user:ann", "asked to"));
    let yielded =
        [Rule::DoNotCall, Rule::Consent, Rule::Recalling, Rule::RecentlyAnswered, Rule::FrequencyCap, Rule::LegalHours];
    assert_eq!(record.overridden(), yielded);
    let json = serde_json::to_string(&record).expect("JSON");
    assert_eq!(serde_json::from_str::<Record>(&json).expect("read"), record);
}

#[test]
fn some_rules_never_yield() {
    for never in ["+19005550123", "+12129765550", "+881612345678", "+979123456789", "+12129115550"] {
        let (decision, record) = decided(never, &Facts::default(), &rules(&Settings::default(), never), NIGHT);
        assert_eq!((decision.verdict(), record.forced), (Verdict::Block, None), "{never}");
        assert!(decision.rule().is_some_and(|rule| !rule.may_be_forced()), "{never}");
    }
    let busy = [PastCall { in_progress: true, ..call("2026-06-03T02:59:00Z") }];
    let facts = Facts { do_not_call: true, history: &busy };
    let (decision, _) = decided(NEW_YORK, &facts, &rules(&Settings::default(), NEW_YORK), NIGHT);
    let until = Some(at("2026-06-03T03:01:00Z"));
    assert_eq!(decision, Decision::Block { rule: Rule::InCall, until }, "soon, not in the morning");
    for rule in [Rule::DailyCalls, Rule::DailySpend] {
        assert!(!rule.may_be_forced(), "{rule}");
    }
}

/// One call to one number, within minutes; what is late is not made up for.
#[test]
fn force_is_for_one_call_now() {
    let rules = rules(&Settings::default(), NEW_YORK);
    let verdict = |called, facts: &Facts<'_>, now| decided(called, facts, &rules, now).0.verdict();
    let nothing = Facts::default();
    assert_eq!(verdict(NEW_YORK, &nothing, "2026-06-03T03:09:59Z"), Verdict::Allow);
    assert_eq!(verdict("+12125550124", &nothing, NIGHT), Verdict::Wait, "another contact of the same campaign");
    assert_eq!(verdict(NEW_YORK, &nothing, "2026-06-03T03:10:00Z"), Verdict::Block, "too late");
    let made = [call("2026-06-03T03:00:05Z")];
    assert_eq!(verdict(NEW_YORK, &Facts { history: &made, ..nothing }, "2026-06-03T03:05:00Z"), Verdict::Block);
    // It never rang: a congested trunk, for example.
    let unsent = made.map(|call| PastCall { attempt: false, ..call });
    assert_eq!(verdict(NEW_YORK, &Facts { history: &unsent, ..nothing }, "2026-06-03T03:05:00Z"), Verdict::Allow);
    let before = [call("2026-06-03T02:00:00Z")];
    assert_eq!(verdict(NEW_YORK, &Facts { history: &before, ..nothing }, "2026-06-03T03:05:00Z"), Verdict::Allow);
}

#[test]
fn what_nothing_forbids_is_not_forced() {
    let rules = Rules::default();
    let force = Force::new(number(NEW_YORK), "user:ann".into(), "to be sure".into(), at("2026-06-02T16:00:00Z"));
    let rules = rules.with_force(Some(force));
    let (decision, record) = decided(NEW_YORK, &Facts::default(), &rules, "2026-06-02T16:00:00Z");
    assert_eq!((decision, record.forced), (Decision::Allow { until: Some(at("2026-06-03T01:00:00Z")) }, None));
}

/// `forbidding` and `decide` are two ways to ask the same.
#[test]
fn whatever_forbids_is_named_and_nothing_else() {
    let mut random = fastrand::Rng::with_seed(5);
    let numbers = [NEW_YORK, "+18135550123", "+19075550123", "+442079460958", "+18005550123", "+19005550123"];
    let start = at("2026-01-01T00:00:00Z").as_second();
    for _ in 0..20_000 {
        let settings = Settings {
            require_consent: random.u8(0..4) == 0,
            allow_recalling: random.u8(0..4) > 0,
            skip_answered_within_days: if random.bool() { 0 } else { 30 },
            frequency_caps: if random.bool() { Vec::new() } else { vec![FrequencyCap { attempts: 2, days: 1 }] },
            ..Settings::default()
        };
        let rules = Rules::new(Arc::new(Organization::default().with_states(["FL"])), &settings);
        let now = Timestamp::from_second(start + random.i64(0..31_536_000)).expect("an instant");
        let past = |random: &mut fastrand::Rng| {
            let at = now - jiff::SignedDuration::from_mins(random.i64(1..3_000));
            let answered_at = random.bool().then_some(at);
            PastCall { at, attempt: random.u8(0..4) > 0, answered_at, in_progress: random.u8(0..20) == 0 }
        };
        let history: Vec<_> = (0..random.usize(0..4)).map(|_| past(&mut random)).collect();
        let facts = Facts { do_not_call: random.u8(0..10) == 0, history: &history };
        let number = number(numbers[random.usize(0..numbers.len())]);
        let consent = random.bool().then_some("yes");
        let target = Target { number, timezone: None, consent };
        let place = whereabouts(&target, &rules);
        let named = forbidding(&target, &place, &facts, &rules, now);
        let decision = decide(&target, &place, &facts, &rules, now);
        assert_eq!(decision.rule(), named.first().copied(), "{named:?} {decision:?}");
    }
}
