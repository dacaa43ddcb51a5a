use std::sync::Arc;

use super::*;
use crate::campaign::{CallingHours, FrequencyCap, Settings};
use crate::number::ZoneMap;

/// 12:00 in New York, 09:00 in Los Angeles; a Tuesday.
const NOON: &str = "2026-06-02T16:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from_e164(text).expect("a number")
}

fn target(text: &str) -> Target<'static> {
    Target { number: number(text), timezone: None, consent: None }
}

fn rules(organization: Organization, settings: Settings) -> Rules {
    Rules::new(Arc::new(organization), &settings)
}

fn asked(target: &Target<'_>, facts: &Facts<'_>, rules: &Rules, now: &str) -> Decision {
    decide(target, &whereabouts(target, rules), facts, rules, at(now))
}

#[track_caller]
fn blocks(decision: Decision, rule: Rule, until: Option<&str>) {
    assert_eq!(decision, Decision::Block { rule, until: until.map(at) });
}

fn called(text: &str) -> PastCall {
    PastCall { at: at(text), attempt: true, answered_at: None, in_progress: false }
}

const NEW_YORK: &str = "+12125550123";
const TAMPA: &str = "+18135550123";

#[test]
fn nothing_forbids_a_call_at_noon() {
    let decision = asked(&target(NEW_YORK), &Facts::default(), &Rules::default(), NOON);
    assert_eq!(decision, Decision::Allow { until: Some(at("2026-06-03T01:00:00Z")) });
    assert_eq!(decision.verdict(), Verdict::Allow);
}

#[test]
fn do_not_call_comes_first() {
    let facts = Facts { do_not_call: true, history: &[called("2026-06-02T15:00:00Z")] };
    blocks(asked(&target("+19005550123"), &facts, &Rules::default(), NOON), Rule::DoNotCall, None);
}

#[test]
fn numbers_nobody_should_call() {
    let everywhere = rules(Organization::default().with_countries(Countries::All), Settings::default());
    for (number, rule) in [
        ("+19005550123", Rule::PremiumRate),
        ("+12129765550", Rule::PremiumRate),
        ("+449090123456", Rule::PremiumRate),
        ("+881612345678", Rule::Satellite),
        ("+870773111632", Rule::Satellite),
        ("+979123456789", Rule::InternationalService),
        ("+12129115550", Rule::ServiceCode),
    ] {
        blocks(asked(&target(number), &Facts::default(), &everywhere, NOON), rule, None);
    }
    let lab = asked(&target("+12129115550"), &Facts::default(), &Rules::laboratory(), NOON);
    assert_eq!(lab.verdict(), Verdict::Allow, "a number like others");
}

#[test]
fn only_the_countries_that_are_called() {
    let us = Rules::default();
    for allowed in [NEW_YORK, "+17875550123", "+13405550123", "+15551234567"] {
        assert_eq!(
            asked(&target(allowed), &Facts::default(), &us, "2026-06-02T18:00:00Z").verdict(),
            Verdict::Allow,
            "{allowed}"
        );
    }
    for foreign in ["+14165550123", "+18765550123", "+442079460958", "+80012345678"] {
        blocks(asked(&target(foreign), &Facts::default(), &us, NOON), Rule::Country, None);
    }
    let germany = Countries::Only(vec!["DE".parse().expect("a country")]);
    let german = rules(Organization::default().with_countries(germany), Settings::default());
    assert_eq!(asked(&target("+4930901820"), &Facts::default(), &german, NOON).verdict(), Verdict::Allow);
    blocks(asked(&target(NEW_YORK), &Facts::default(), &german, NOON), Rule::Country, None);
}

#[test]
fn consent_where_it_is_required() {
    let own = rules(Organization::default(), Settings { require_consent: true, ..Settings::default() });
    let all = rules(Organization::default().with_consent_required(true), Settings::default());
    for rules in [own, all] {
        for (consent, allowed) in [(None, false), (Some("no"), false), (Some(" "), false), (Some("yes"), true)] {
            let target = Target { consent, ..target(NEW_YORK) };
            let decision = asked(&target, &Facts::default(), &rules, NOON);
            let rule = if allowed { None } else { Some(Rule::Consent) };
            assert_eq!(decision.rule(), rule, "{consent:?}");
        }
    }
}

#[test]
fn legal_hours_are_the_recipients() {
    let law = Rules::default();
    let angeles = target("+12135550123");
    blocks(
        asked(&angeles, &Facts::default(), &law, "2026-06-02T14:59:59Z"),
        Rule::LegalHours,
        Some("2026-06-02T15:00:00Z"),
    );
    assert_eq!(asked(&angeles, &Facts::default(), &law, "2026-06-02T15:00:00Z").verdict(), Verdict::Allow);
    // Its owner lives in New York, as the list says.
    let moved = Target { timezone: Some("America/New_York"), ..angeles };
    assert_eq!(asked(&moved, &Facts::default(), &law, "2026-06-02T12:00:00Z").verdict(), Verdict::Allow);
    blocks(
        asked(&moved, &Facts::default(), &law, "2026-06-03T01:00:00Z"),
        Rule::LegalHours,
        Some("2026-06-03T12:00:00Z"),
    );
    // Who writes EST means New York, whose clocks are an hour ahead of it in summer.
    let eastern = Target { timezone: Some("EST"), ..angeles };
    for (at, verdict) in
        [("2026-06-02T12:59:59Z", false), ("2026-06-02T13:00:00Z", true), ("2026-06-03T01:00:00Z", false)]
    {
        assert_eq!(asked(&eastern, &Facts::default(), &law, at).verdict() == Verdict::Allow, verdict, "{at}");
    }
    // A zone nobody knows is as if it were left out.
    let wrong = Target { timezone: Some("Mars/Olympus"), ..angeles };
    assert_eq!(asked(&wrong, &Facts::default(), &law, "2026-06-02T12:00:00Z").rule(), Some(Rule::LegalHours));
    // Boise or Lewiston: open in both.
    let idaho = asked(&target("+12085550123"), &Facts::default(), &law, "2026-06-02T14:30:00Z");
    blocks(idaho, Rule::LegalHours, Some("2026-06-02T15:00:00Z"));
    // From Puerto Rico to Hawaii.
    let anywhere = asked(&target("+18005550123"), &Facts::default(), &law, NOON);
    blocks(anywhere, Rule::LegalHours, Some("2026-06-02T18:00:00Z"));
}

#[test]
fn a_number_without_a_zone_is_not_called_where_the_hour_matters() {
    let unknown = target("+80012345678");
    let all = Organization::default().with_countries(Countries::All);
    blocks(asked(&unknown, &Facts::default(), &rules(all, Settings::default()), NOON), Rule::UnknownZone, None);
    let lab = rules(Organization::laboratory(), Settings::default());
    assert_eq!(asked(&unknown, &Facts::default(), &lab, NOON), Decision::Allow { until: None });
}

fn hours(json: &str) -> Settings {
    let hours: CallingHours = serde_json::from_str(json).expect("hours");
    Settings { calling_hours: Some(hours), ..Settings::default() }
}

#[test]
fn hours_of_the_campaign() {
    let fixed = hours(
        r#"{"timezone": "America/New_York", "slots": [{"day": "tuesday", "start": "13:00", "end": "14:00"},
            {"day": "wednesday", "start": "06:00", "end": "09:00"}]}"#,
    );
    let rules = rules(Organization::default(), fixed);
    let angeles = target("+12135550123");
    blocks(asked(&angeles, &Facts::default(), &rules, NOON), Rule::CallingHours, Some("2026-06-02T17:00:00Z"));
    assert_eq!(rules.closed_until(at(NOON)), Some(Closed::Until(at("2026-06-02T17:00:00Z"))));
    assert_eq!(
        asked(&angeles, &Facts::default(), &rules, "2026-06-02T17:00:00Z"),
        Decision::Allow { until: Some(at("2026-06-02T18:00:00Z")) }
    );
    // Wednesday's slot is before 8 in Los Angeles: a week later.
    blocks(
        asked(&angeles, &Facts::default(), &rules, "2026-06-02T18:00:00Z"),
        Rule::CallingHours,
        Some("2026-06-09T17:00:00Z"),
    );
    assert_eq!(rules.closed_until(at("2026-06-02T17:30:00Z")), None);
}

#[test]
fn hours_on_the_recipients_clock() {
    let rules = rules(
        Organization::default(),
        hours(r#"{"slots": [{"day": "tuesday", "start": "10:00", "end": "11:00"}], "holidays": ["2026-06-09"]}"#),
    );
    blocks(
        asked(&target("+12135550123"), &Facts::default(), &rules, NOON),
        Rule::CallingHours,
        Some("2026-06-02T17:00:00Z"),
    );
    blocks(asked(&target(NEW_YORK), &Facts::default(), &rules, NOON), Rule::CallingHours, Some("2026-06-16T14:00:00Z"));
    assert_eq!(rules.closed_until(at(NOON)), None, "somebody's clock may show ten");
}

#[test]
fn hours_that_never_come() {
    let night = r#"{"slots": [{"day": "monday", "start": "22:00", "end": "06:00"}]}"#;
    let rules = rules(Organization::default(), hours(night));
    blocks(asked(&target(NEW_YORK), &Facts::default(), &rules, NOON), Rule::CallingHours, None);
    let none = super::Rules::new(Arc::default(), &hours(r#"{"timezone": "UTC", "slots": []}"#));
    assert_eq!(none.closed_until(at(NOON)), Some(Closed::ForGood));
}

#[test]
fn frequency_caps_count_every_campaign() {
    let caps = vec![FrequencyCap { attempts: 2, days: 1 }, FrequencyCap { attempts: 3, days: 7 }];
    let rules = rules(Organization::default(), Settings { frequency_caps: caps, ..Settings::default() });
    let history = [called("2026-06-02T15:00:00Z"), called("2026-06-01T16:30:00Z"), called("2026-05-28T20:00:00Z")];
    let two = Facts { history: &history[..2], ..Facts::default() };
    blocks(asked(&target(NEW_YORK), &two, &rules, NOON), Rule::FrequencyCap, Some("2026-06-02T16:30:00Z"));
    let three = Facts { history: &history, ..Facts::default() };
    blocks(asked(&target(NEW_YORK), &three, &rules, NOON), Rule::FrequencyCap, Some("2026-06-04T20:00:00Z"));
    assert_eq!(rules.looks_back_to(at(NOON)), at("2026-05-26T16:00:00Z"));
    // What never rang does not count.
    let unsent = history.map(|call| PastCall { attempt: false, ..call });
    let facts = Facts { history: &unsent, ..Facts::default() };
    assert_eq!(asked(&target(NEW_YORK), &facts, &rules, NOON).verdict(), Verdict::Allow);
}

/// Free again in the middle of the night: it waits for the morning.
#[test]
fn a_cap_that_ends_at_night() {
    let caps = vec![FrequencyCap { attempts: 1, days: 1 }];
    let rules = rules(Organization::default().with_caps(caps), Settings::default());
    let history = [called("2026-06-02T00:30:00Z")];
    let facts = Facts { history: &history, ..Facts::default() };
    let decision = asked(&target("+12135550123"), &facts, &rules, NOON);
    blocks(decision, Rule::FrequencyCap, Some("2026-06-03T00:30:00Z"));
    let decision = asked(&target(NEW_YORK), &facts, &rules, "2026-06-02T23:00:00Z");
    blocks(decision, Rule::FrequencyCap, Some("2026-06-03T00:30:00Z"));
    let late = [called("2026-06-02T02:30:00Z")];
    let facts = Facts { history: &late, ..Facts::default() };
    blocks(asked(&target(NEW_YORK), &facts, &rules, NOON), Rule::FrequencyCap, Some("2026-06-03T12:00:00Z"));
}

#[test]
fn whoever_answered_is_skipped_for_a_while() {
    let rules = rules(Organization::default(), Settings { skip_answered_within_days: 30, ..Settings::default() });
    for (answered, skipped) in [("2026-05-03T16:00:01Z", true), ("2026-05-03T16:00:00Z", false)] {
        let history = [PastCall { answered_at: Some(at(answered)), ..called(answered) }];
        let facts = Facts { history: &history, ..Facts::default() };
        let rule = asked(&target(NEW_YORK), &facts, &rules, NOON).rule();
        assert_eq!(rule, skipped.then_some(Rule::RecentlyAnswered), "{answered}");
    }
}

#[test]
fn nobody_is_called_twice_without_recalling() {
    let rules = rules(Organization::default(), Settings { allow_recalling: false, ..Settings::default() });
    assert_eq!(rules.looks_back_to(at(NOON)), Timestamp::UNIX_EPOCH);
    let history = [called("2020-01-01T16:00:00Z")];
    let facts = Facts { history: &history, ..Facts::default() };
    blocks(asked(&target(NEW_YORK), &facts, &rules, NOON), Rule::Recalling, None);
    assert_eq!(asked(&target(NEW_YORK), &Facts::default(), &rules, NOON).verdict(), Verdict::Allow);
}

#[test]
fn a_number_is_in_one_call_at_a_time() {
    let history = [PastCall { in_progress: true, ..called("2026-06-02T15:59:00Z") }];
    let facts = Facts { history: &history, ..Facts::default() };
    let lab = rules(Organization::laboratory(), Settings::default());
    blocks(asked(&target(NEW_YORK), &facts, &lab, NOON), Rule::InCall, Some("2026-06-02T16:01:00Z"));
}

#[test]
fn states_are_stricter_where_they_are_switched_on() {
    let florida = rules(Organization::default().with_states(["FL", "XX"]), Settings::default());
    let federal = Rules::default();
    let evening = "2026-06-03T00:30:00Z";
    assert_eq!(asked(&target(TAMPA), &Facts::default(), &federal, evening).verdict(), Verdict::Allow);
    blocks(asked(&target(TAMPA), &Facts::default(), &florida, evening), Rule::StateHours, Some("2026-06-03T12:00:00Z"));
    assert_eq!(asked(&target(NEW_YORK), &Facts::default(), &florida, evening).verdict(), Verdict::Allow);
    let history = ["2026-06-02T13:00:00Z", "2026-06-02T14:00:00Z", "2026-06-02T15:00:00Z"].map(called);
    let facts = Facts { history: &history, ..Facts::default() };
    blocks(asked(&target(TAMPA), &facts, &florida, NOON), Rule::StateFrequencyCap, Some("2026-06-03T13:00:00Z"));
    assert_eq!(asked(&target(NEW_YORK), &facts, &florida, NOON).verdict(), Verdict::Allow);
}

#[test]
fn every_state_names_its_source() {
    for rules in STATES {
        assert!(rules.hours.0 >= LEGAL_HOURS.0 && rules.hours.1 <= LEGAL_HOURS.1 && rules.source.len() > 10);
        assert_eq!(state_rules(&rules.state.to_lowercase()), Some(rules));
    }
}

#[test]
fn a_decision_is_kept_with_its_reasons() {
    let rules = Rules::default();
    let target = Target { consent: Some("yes, at the fair"), ..target(NEW_YORK) };
    let place = whereabouts(&target, &rules);
    let history = [PastCall { answered_at: Some(at("2026-05-01T16:00:10Z")), ..called("2026-05-01T16:00:00Z") }];
    let facts = Facts { history: &history, ..Facts::default() };
    let decision = decide(&target, &place, &facts, &rules, at(NOON));
    let record = Record::of(&target, &place, &facts, &rules, &decision, at(NOON));
    let json = serde_json::to_string(&record).expect("JSON");
    assert_eq!(
        json,
        r#"{"zones":["America/New_York"],"state":"NY","attempts":1,"last_answered":"2026-05-01T16:00:10Z","consent":"yes, at the fair","until":"2026-06-03T01:00:00Z"}"#
    );
    assert_eq!(serde_json::from_str::<Record>(&json).expect("read"), record);
    let map = ZoneMap::builtin();
    assert_eq!(rules.organization().map(), &map);
}
