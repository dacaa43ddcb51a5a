//! Callees who ask for somebody.

use std::time::Duration;

use super::story::{MAX_CALL, Story};
use crate::call::{Cause, Outcome, TransferState};
use crate::switch::{HungUp, TransferEvent};

fn failed() -> TransferEvent {
    TransferEvent::Failed(HungUp { cause: Some(Cause(17)), ..HungUp::default() })
}

/// Somebody is being rung.
fn ringing() -> Story {
    let mut story = Story::at_owner();
    assert_eq!(story.key('0'), ["stop"]);
    assert_eq!(story.stopped(), ["play hold"]);
    assert_eq!(story.played(), ["transfer"]);
    story
}

fn state_of(story: &mut Story) -> Option<TransferState> {
    let report = story.hung_up(16);
    assert_eq!(report.outcome, Outcome::Answered);
    report.facts.talk.transfer
}

#[test]
fn connected_until_the_other_hangs_up() {
    let mut story = ringing();
    assert_eq!(story.transfer(TransferEvent::Connected), [""; 0]);
    assert_eq!(story.pass(1_000), [""; 0], "longer than a call may be otherwise");
    assert_eq!(story.transfer(TransferEvent::Ended), ["hang up"]);
    assert_eq!(state_of(&mut story), Some(TransferState::Connected));
}

#[test]
fn connected_no_longer_than_it_may_be() {
    let mut story = ringing();
    story.transfer(TransferEvent::Connected);
    assert_eq!(story.pass(3_599), [""; 0]);
    assert_eq!(story.pass(1), ["hang up"]);
    let detail = story.hung_up(16).facts.detail;
    assert_eq!(detail.as_deref(), Some("the longest time of a transferred call is reached"));
}

#[test]
fn keys_are_for_the_other_party_once_connected() {
    let mut story = ringing();
    story.transfer(TransferEvent::Connected);
    for digit in "0123456789*#".chars() {
        assert_eq!(story.key(digit), [""; 0]);
    }
    assert!(!story.hung_up(16).facts.talk.opted_out);
}

#[test]
fn nobody_there_is_told_to_the_callee() {
    let mut story = ringing();
    assert_eq!(story.transfer(failed()), ["play sorry"]);
    assert_eq!(story.key('0'), [""; 0], "once only");
    assert_eq!(story.played(), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!(report.facts.detail.as_deref(), Some("the transfer failed: USER_BUSY"));
    assert_eq!(report.facts.talk.transfer, Some(TransferState::Failed));
}

#[test]
fn why_a_transfer_failed_is_told_as_well_as_it_is_known() {
    for (end, want) in [
        (HungUp { detail: Some("no route".into()), cause: Some(Cause(3)), ..HungUp::default() }, "no route"),
        (HungUp { cause: Some(Cause(99_99)), ..HungUp::default() }, "cause 9999"),
        (HungUp { ring_timeout: true, ..HungUp::default() }, "nobody answered"),
        (HungUp::default(), "no reason given"),
    ] {
        let mut story = ringing();
        story.transfer(TransferEvent::Failed(end));
        let detail = story.hung_up(16).facts.detail.expect("a detail");
        assert_eq!(detail, format!("the transfer failed: {want}"));
    }
}

#[test]
fn the_callee_hangs_up_while_it_rings_or_later() {
    let mut rings = ringing();
    assert_eq!(state_of(&mut rings), Some(TransferState::Tried));
    let mut connected = ringing();
    connected.transfer(TransferEvent::Connected);
    assert_eq!(state_of(&mut connected), Some(TransferState::Connected));
    let mut before = Story::at_owner();
    before.key('0');
    assert_eq!(state_of(&mut before), Some(TransferState::Tried));
}

#[test]
fn a_transfer_of_which_nothing_is_heard_ends() {
    let mut story = ringing();
    assert_eq!(story.pass(39), [""; 0]);
    assert_eq!(story.pass(1), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!(report.facts.detail.as_deref(), Some("nothing was heard of the transfer"));
    assert_eq!(report.facts.talk.transfer, Some(TransferState::Tried));
}

#[test]
fn a_gap_does_not_cut_off_who_may_be_talking() {
    let mut story = ringing();
    story.pass(5);
    story.machine.on_gap(story.now);
    assert_eq!(story.pass(3_599), [""; 0]);
    assert_eq!(story.transfer(TransferEvent::Ended), ["hang up"]);
    assert_eq!(state_of(&mut story), Some(TransferState::Connected), "or it could not have ended");
}

#[test]
fn after_a_gap_a_failed_transfer_does_not_make_the_call_longer() {
    let mut story = ringing();
    story.machine.on_gap(story.now);
    story.pass(600);
    assert_eq!(story.transfer(failed()), ["play sorry"]);
    assert_eq!(story.machine.limit, story.now + Duration::from_secs(30), "to be told of it");

    let mut early = ringing();
    let limit = early.machine.limit;
    early.machine.on_gap(early.now);
    assert!(early.machine.limit > limit);
    early.transfer(failed());
    assert_eq!(early.machine.limit, limit);
}

#[test]
fn somebody_being_rung_may_answer_though_the_call_would_be_over() {
    let mut late = Story::with(
        r#"{"prompts": ["?music"], "transfer": {"digit": "0", "to": {"extension": "100"}, "ring_seconds": 120}}"#,
    );
    late.answer();
    late.pass(MAX_CALL - 50);
    late.key('0');
    assert_eq!(late.stopped(), ["transfer"]);
    assert_eq!(late.pass(129), [""; 0]);
    assert_eq!(late.pass(1), ["hang up"]);
}

#[test]
fn the_key_works_while_something_else_is_being_stopped() {
    let mut story = Story::at_owner();
    assert_eq!(story.key('1'), ["note 1 owner: 1 Yes", "stop"]);
    assert_eq!(story.key('0'), [""; 0]);
    assert_eq!(story.key('0'), [""; 0]);
    assert_eq!(story.stopped(), ["play hold"]);
    assert_eq!(story.key('1'), [""; 0]);
}

#[test]
fn without_sounds_it_rings_at_once_and_fails_silently() {
    let mut story = Story::with(r#"{"prompts": ["hello"], "transfer": {"digit": "*", "to": {"queue": "sales"}}}"#);
    story.answer();
    assert_eq!(story.key('*'), ["stop"]);
    assert_eq!(story.stopped(), ["transfer"]);
    assert_eq!(story.transfer(failed()), ["hang up"]);
}

#[test]
fn sounds_before_that_fail_do_not_keep_from_it() {
    let mut story = Story::at_owner();
    story.key('0');
    story.stopped();
    assert_eq!(story.unplayable(), ["transfer"]);
}

#[test]
fn opting_out_before_it_rings_calls_it_off() {
    let mut story = Story::at_owner();
    story.key('0');
    story.stopped();
    assert_eq!(story.key('9'), ["opt out", "stop"]);
    assert_eq!(story.stopped(), ["play gone"]);
    assert_eq!(story.played(), ["hang up"]);
}

#[test]
fn opting_out_while_it_rings_counts_and_the_transfer_goes_on() {
    let mut story = ringing();
    assert_eq!(story.key('9'), ["opt out"]);
    assert_eq!(story.transfer(failed()), ["play gone"]);
    let report = story.hung_up(16);
    assert!(report.facts.talk.opted_out);
    assert_eq!(report.facts.talk.transfer, Some(TransferState::Failed));
}

#[test]
fn what_is_told_of_no_transfer_is_not_heard() {
    let mut story = Story::at_owner();
    assert_eq!(story.transfer(TransferEvent::Connected), [""; 0]);
    assert_eq!(story.transfer(failed()), [""; 0]);
    assert_eq!(story.transfer(TransferEvent::Ended), [""; 0]);
    assert_eq!(state_of(&mut story), None);
}
