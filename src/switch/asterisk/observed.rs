//! Every event a real Asterisk 22.10 and 16.28 was seen to send, and what the
//! adapter makes of it.

use std::path::Path;

use super::calls::Calls;
use super::event::{Event, Kind};
use crate::audio::amd::Answer;
use crate::call::{CallId, Cause, End, Outcome, SipStatus, classify};
use crate::switch::{CallEvent, HungUp};

struct Case {
    name: String,
    call: CallId,
    events: Vec<String>,
}

fn cases(file: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/asterisk").join(file);
    let text = std::fs::read_to_string(path).expect("the recording");
    text.lines()
        .map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let events = case["events"].as_array().expect("events");
            Case {
                name: case["case"].as_str().expect("a name").to_owned(),
                call: case["call"].as_str().expect("an id").parse().expect("an id"),
                events: events.iter().map(|event| event["event"].to_string()).collect(),
            }
        })
        .collect()
}

/// What the call's listener hears.
fn told(case: &Case) -> Vec<CallEvent> {
    let calls = Calls::default();
    let mut events = calls.place(case.call, std::time::Duration::from_secs(30));
    for text in &case.events {
        let event = Event::parse(text).expect("an event");
        assert_eq!(event.call, Some(case.call), "{}: {text}", case.name);
        calls.on_event(&event);
    }
    std::iter::from_fn(|| events.try_recv()).collect()
}

fn outcome(case: &Case) -> Option<(Outcome, HungUp)> {
    let mut told = told(case);
    let CallEvent::HungUp(end) = told.pop()? else { panic!("{}: ends with its end", case.name) };
    assert!(!told.iter().any(|event| matches!(event, CallEvent::HungUp(_))), "{}: ends once", case.name);
    let outcome = classify(End {
        rang: told.contains(&CallEvent::Ringing),
        answered: end.answered,
        cause: end.cause,
        sip: end.sip,
        ring_timeout: end.ring_timeout,
        we_hung_up: case.name == "ringing_we_cancel",
    });
    assert_eq!(told.contains(&CallEvent::Answered), end.answered, "{}", case.name);
    Some((outcome, end))
}

#[test]
fn every_outcome_of_both_versions() {
    let want = [
        ("answered_they_hang_up", Outcome::Answered),
        ("answered_we_hang_up", Outcome::Answered),
        ("carrier_unreachable", Outcome::NoAnswer),
        ("carrier_unreachable_short_timeout", Outcome::NoAnswer),
        ("loop_busy", Outcome::Busy),
        ("loop_congestion_34", Outcome::Congestion),
        ("loop_early_media_answer", Outcome::Answered),
        ("loop_no_such_number", Outcome::InvalidNumber),
        ("loop_ring_then_busy", Outcome::Busy),
        ("loop_short_call", Outcome::Answered),
        ("no_answer_timeout", Outcome::NoAnswer),
        ("refused_403", Outcome::Rejected),
        ("refused_404", Outcome::InvalidNumber),
        ("refused_408", Outcome::NoAnswer),
        ("refused_410", Outcome::InvalidNumber),
        ("refused_480", Outcome::NoAnswer),
        ("refused_484", Outcome::InvalidNumber),
        ("refused_486", Outcome::Busy),
        ("refused_488", Outcome::Failed),
        ("refused_500", Outcome::Congestion),
        ("refused_503", Outcome::Congestion),
        ("refused_600", Outcome::Busy),
        ("refused_603", Outcome::Rejected),
        ("ringing_we_cancel", Outcome::Cancelled),
        ("they_hang_up_reason_16", Outcome::Answered),
        ("they_hang_up_reason_31", Outcome::Answered),
    ];
    for file in ["outcomes_22.jsonl", "outcomes_16.jsonl"] {
        let cases = cases(file);
        for (name, want) in want {
            let case = cases.iter().find(|case| case.name == name).expect(name);
            assert_eq!(outcome(case).map(|(outcome, _)| outcome), Some(want), "{file} {name}");
        }
    }
}

#[test]
fn version_16_does_not_tell_the_sip_status() {
    for (file, want) in [("outcomes_22.jsonl", Some(SipStatus(607))), ("outcomes_16.jsonl", None)] {
        let cases = cases(file);
        let case = cases.iter().find(|case| case.name == "refused_607").expect("the case");
        let (_, end) = outcome(case).expect("ended");
        assert_eq!((end.cause, end.sip), (Some(Cause(127)), want), "{file}");
    }
}

#[test]
fn time_outs_are_told_apart_in_both_versions() {
    for file in ["outcomes_22.jsonl", "outcomes_16.jsonl"] {
        for case in cases(file).iter().filter(|case| !case.events.is_empty()) {
            let (_, end) = outcome(case).expect("ended");
            let timed_out = ["no_answer_timeout", "carrier_unreachable_short_timeout"].contains(&case.name.as_str());
            assert_eq!(end.ring_timeout, timed_out, "{file} {}: {end:?}", case.name);
            assert_eq!(end.detail, None, "{file} {}", case.name);
        }
    }
}

#[test]
fn playbacks_and_keys() {
    let failed = |event: &CallEvent| matches!(event, CallEvent::PlaybackFinished { failure: Some(_) });
    let done = |event: &CallEvent| *event == CallEvent::PlaybackFinished { failure: None };
    for case in cases("media_22.jsonl") {
        let told = told(&case);
        let ends = (told.iter().filter(|event| done(event)).count(), told.iter().filter(|event| failed(event)).count());
        match case.name.as_str() {
            "play_local_abs" | "play_stop" | "play_list" | "play_missing_then_good" => {
                assert_eq!(ends, (1, 0), "{}", case.name);
            }
            // In "play_hangup" the hang-up request itself was not recorded.
            "play_local_abs_with_ext" | "play_missing" | "play_hangup" => assert_eq!(ends, (0, 1), "{}", case.name),
            "dtmf_loop" => {
                let keys = told.iter().filter_map(|event| match event {
                    CallEvent::Dtmf { digit } => Some(*digit),
                    _ => None,
                });
                assert_eq!(keys.collect::<String>(), "1234");
            }
            "amd_human" => {
                let answers = told.iter().filter(|event| **event == CallEvent::Answered).count();
                assert_eq!(answers, 1, "a second StasisStart is no second answer");
                let reason = "HUMAN-808-800".to_owned();
                assert!(told.contains(&CallEvent::Detected { answer: Answer::Human, reason }), "{told:?}");
            }
            "amd_hangup" => assert!(matches!(told.last(), Some(CallEvent::HungUp(HungUp { answered: true, .. })))),
            other => panic!("{other} is not expected here"),
        }
    }
}

#[test]
fn an_event_cut_anywhere_does_no_harm() {
    let case = cases("outcomes_22.jsonl").into_iter().next().expect("a case");
    let destroyed = case.events.last().expect("an event");
    for (at, _) in destroyed.char_indices() {
        assert!(Event::parse(&destroyed[..at]).is_err());
    }
    assert!(matches!(Event::parse(destroyed).expect("whole").kind, Kind::Destroyed { .. }));
}
