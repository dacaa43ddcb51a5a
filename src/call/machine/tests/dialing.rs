//! Placing a call, its answer and its end.

use super::story::{MAX_CALL, RING, Story};
use crate::call::{Cause, Outcome, SipStatus};
use crate::switch::{CallEvent, HungUp};

const HELLO: &str = r#"{"prompts": ["hello"]}"#;

#[test]
fn plays_to_the_end_and_hangs_up() {
    let mut story = Story::with(HELLO);
    assert_eq!(story.answer(), ["answered", "play hello"]);
    assert_eq!(story.played(), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, report.facts.cause), (Outcome::Answered, Some(Cause(16))));
    let (rang, up, end) = (report.facts.ringing_at, report.facts.answered_at, report.facts.ended_at);
    assert!(rang < up && up < end && rang.is_some());
    assert_eq!(report.facts.talk, Default::default());
}

#[test]
fn prompts_are_played_one_after_the_other() {
    let mut story = Story::with(r#"{"prompts": ["one", "two", "three"]}"#);
    assert_eq!(story.answer(), ["answered", "play one"]);
    assert_eq!(story.played(), ["play two"]);
    assert_eq!(story.played(), ["play three"]);
    assert_eq!(story.played(), ["hang up"]);
}

#[test]
fn nothing_to_play_hangs_up_on_answer() {
    let mut story = Story::with("{}");
    assert_eq!(story.answer(), ["answered", "hang up"]);
    assert_eq!(story.hung_up(16).outcome, Outcome::Answered);
}

#[test]
fn a_missing_file_is_told_and_the_next_is_played() {
    let mut story = Story::with(r#"{"prompts": ["gone", "too", "there"]}"#);
    story.answer();
    assert_eq!(story.unplayable(), ["play too"]);
    assert_eq!(story.unplayable(), ["play there"]);
    assert_eq!(story.played(), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!(report.facts.detail.as_deref(), Some("playback failed: no such file"));
}

#[test]
fn a_playback_whose_end_is_never_told_is_given_up() {
    let mut story = Story::with(r#"{"prompts": ["hello", "there"]}"#);
    story.answer();
    assert_eq!(story.pass(19), [""; 0]);
    assert_eq!(story.pass(1), ["play there"]);
    // Its own end, not that of the one before.
    assert_eq!(story.played(), ["hang up"]);
}

#[test]
fn a_playback_of_unknown_length_is_given_the_whole_call() {
    let mut story = Story::with(r#"{"prompts": ["?radio", "hello"]}"#);
    story.answer();
    assert_eq!(story.pass(MAX_CALL - 1), [""; 0]);
    assert_eq!(story.pass(1), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!(report.facts.detail.as_deref(), Some("the longest time of a call is reached"));
    assert_eq!(report.outcome, Outcome::Answered);
}

#[test]
fn after_a_gap_a_playback_is_not_waited_for_longer_than_it_takes() {
    let mut story = Story::with(r#"{"prompts": ["hello", "there"]}"#);
    story.answer();
    story.pass(5);
    story.machine.on_gap(story.now);
    assert_eq!(story.pass(9), [""; 0]);
    assert_eq!(story.pass(1), ["play there"]);
    // A gap is over: the next is waited for as ever.
    assert_eq!(story.pass(19), [""; 0]);
    assert_eq!(story.pass(1), ["hang up"]);
}

#[test]
fn rings_out_though_the_switch_says_nothing() {
    let mut story = Story::with(HELLO);
    story.event(CallEvent::Ringing);
    assert_eq!(story.pass(RING + 9), [""; 0]);
    assert_eq!(story.pass(1), ["hang up"]);
    assert_eq!(story.hung_up(16).outcome, Outcome::NoAnswer);
}

#[test]
fn an_end_never_learnt_is_settled_all_the_same() {
    let mut silent = Story::with(HELLO);
    assert_eq!(silent.pass(RING + 20), ["hang up", "settle no_answer"]);
    let detail = "ring time-out; the switch never reported the end";
    assert_eq!(silent.report().facts.detail.as_deref(), Some(detail));

    let mut up = Story::with(r#"{"prompts": ["?long"]}"#);
    up.answer();
    assert_eq!(up.pass(MAX_CALL + 10), ["hang up", "settle answered"]);
}

#[test]
fn the_switch_says_why() {
    let mut story = Story::with(HELLO);
    let end = HungUp { sip: Some(SipStatus(486)), detail: Some("Busy Here".into()), ..HungUp::default() };
    assert_eq!(story.event(CallEvent::HungUp(end)), ["settle busy"]);
    assert_eq!(story.report().facts.detail.as_deref(), Some("Busy Here"));
}

#[test]
fn an_answer_only_the_end_tells_of_counts() {
    let mut story = Story::with(HELLO);
    assert_eq!(story.event(CallEvent::HungUp(HungUp { answered: true, ..HungUp::default() })), ["settle answered"]);
    assert!(story.report().facts.answered_at.is_some());
}

#[test]
fn stopping_cancels_what_rings_and_keeps_what_was_answered() {
    let mut ringing = Story::with(HELLO);
    ringing.event(CallEvent::Ringing);
    assert_eq!(ringing.stop(), ["hang up"]);
    assert_eq!(ringing.stop(), [""; 0]);
    let report = ringing.hung_up(16);
    assert_eq!((report.outcome, report.facts.detail.as_deref()), (Outcome::Cancelled, Some("going down")));

    let mut up = Story::with(HELLO);
    up.answer();
    assert_eq!(up.stop(), ["hang up"]);
    assert_eq!(up.hung_up(16).outcome, Outcome::Answered);
}

#[test]
fn an_answer_that_crosses_our_hang_up_counts() {
    let mut story = Story::with(HELLO);
    story.stop();
    assert_eq!(story.event(CallEvent::Answered), ["answered"]);
    assert_eq!(story.hung_up(16).outcome, Outcome::Answered);
}

#[test]
fn an_answer_told_twice_is_one() {
    let mut story = Story::with(HELLO);
    story.answer();
    assert_eq!(story.event(CallEvent::Answered), [""; 0]);
    assert_eq!(story.event(CallEvent::Ringing), [""; 0]);
    assert_eq!(story.played(), ["hang up"]);
}

#[test]
fn a_channel_that_vanished_is_lost_or_was_answered() {
    let mut ringing = Story::with(HELLO);
    assert_eq!(ringing.vanish(), ["settle lost"]);
    assert_eq!(ringing.vanish(), [""; 0]);
    let mut up = Story::with(HELLO);
    up.answer();
    assert_eq!(up.vanish(), ["settle answered"]);
}

#[test]
fn what_is_said_of_a_call_stays_short() {
    let mut story = Story::with(r#"{"prompts": ["hello"], "recording": true}"#);
    story.answer();
    let failure = Some("ä".repeat(100_000));
    story.event(CallEvent::PlaybackFinished { failure: failure.clone() });
    let name = story.recording_name();
    for _ in 0..100 {
        story.event(CallEvent::RecordingFinished { name: name.clone(), failure: failure.clone() });
    }
    let detail = story.hung_up(16).facts.detail.expect("a detail");
    assert!(detail.len() < 1_000 && detail.starts_with("playback failed: ää"), "{}", detail.len());
}

#[test]
fn a_call_is_recorded_from_its_answer() {
    let mut story = Story::with(r#"{"prompts": ["hello"], "recording": true, "amd": {"mode": "builtin"}}"#);
    assert_eq!(story.answer(), ["answered", "record CALL", "listen"]);
    let name = story.recording_name();
    assert_eq!(story.recorded("CALL"), [""; 0]);
    let report = story.hung_up(16);
    assert_eq!((report.facts.talk.recording, report.facts.detail), (Some(name), None));
}

#[test]
fn a_recording_that_fails_does_not_end_the_call() {
    let mut story = Story::with(r#"{"prompts": ["hello"], "recording": true}"#);
    story.answer();
    assert_eq!(story.not_recorded("CALL"), [""; 0]);
    assert_eq!(story.played(), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!(report.facts.detail.as_deref(), Some("the recording of the call failed: disk full"));
}
