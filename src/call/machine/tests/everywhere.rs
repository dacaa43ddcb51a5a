//! What may happen in any state of a call: the callee hangs up, opts out, we
//! stop it, or nothing happens at all.

use super::story::{Story, script, settings};
use crate::audio::amd::{Answer, Reason};
use crate::call::{Outcome, TransferState};
use crate::switch::{CallEvent, HungUp, TransferEvent};

const ALL: &str = r#"{"prompts": ["intro", "more"], "opt_out_prompt": "gone", "recording": true,
    "amd": {"mode": "builtin"}, "voicemail": {"action": "leave_message", "prompt": "message"},
    "transfer": {"digit": "0", "to": {"extension": "100"}, "prompt": "hold", "failed_prompt": "sorry"}}"#;

/// What a state is to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Comes {
    /// How it is settled if the callee hangs up.
    hung_up: Outcome,
    /// The same if we stop it.
    stopped: Outcome,
    /// Whether the opt-out key is heard.
    opts_out: bool,
}

const PERSON: Comes = Comes { hung_up: Outcome::Answered, stopped: Outcome::Answered, opts_out: true };
const MACHINE: Comes = Comes { hung_up: Outcome::Voicemail, stopped: Outcome::Voicemail, opts_out: true };
const BEFORE: Comes = Comes { hung_up: Outcome::Failed, stopped: Outcome::Cancelled, opts_out: false };

/// A call in every state, by name.
fn states() -> Vec<(&'static str, Story, Comes)> {
    let mut states = Vec::new();
    let mut add = |name, story: &Story, comes| states.push((name, story.clone(), comes));

    let survey = super::story::the_survey();
    let mut story = Story::of(script(&settings(ALL), Some(&survey), true));
    add("dialing", &story, BEFORE);
    story.event(CallEvent::Ringing);
    add("ringing", &story, BEFORE);
    story.answer();
    add("detecting", &story, PERSON);

    let mut machine = story.clone();
    machine.verdict(Answer::Machine, Reason::LongGreeting);
    add("awaiting the beep", &machine, MACHINE);
    machine.beep();
    add("playing the message", &machine, MACHINE);
    machine.played();
    add("message left", &machine, MACHINE);

    story.verdict(Answer::Human, Reason::ShortGreeting);
    add("playing the intro", &story, PERSON);
    story.played();
    add("playing more of it", &story, PERSON);
    let mut stopping = story.clone();
    stopping.key('1');
    add("stopping the intro", &stopping, PERSON);
    story.played();
    add("asking", &story, PERSON);
    story.played();
    add("awaiting a key", &story, PERSON);
    let mut wrong = story.clone();
    wrong.key('7');
    add("telling of a wrong key", &wrong, PERSON);

    let mut held = story.clone();
    held.key('0');
    add("playing before the transfer", &held, PERSON);
    held.played();
    add("transferring", &held, PERSON);
    let mut failed = held.clone();
    failed.transfer(TransferEvent::Failed(HungUp::default()));
    add("telling of the failed transfer", &failed, PERSON);
    held.transfer(TransferEvent::Connected);
    add("connected", &held, Comes { opts_out: false, ..PERSON });
    held.transfer(TransferEvent::Ended);
    add("ended after a transfer", &held, Comes { opts_out: false, ..PERSON });

    let mut out = story.clone();
    out.key('9');
    add("confirming the opt-out", &out, Comes { opts_out: false, ..PERSON });

    story.key('2');
    add("asking for speech", &story, PERSON);
    story.played();
    add("speaking", &story, PERSON);
    let mut spoken = story.clone();
    spoken.key('1');
    add("stopping the recording", &spoken, PERSON);
    story.recorded("CALL-2");
    add("closing", &story, PERSON);
    story.played();
    add("ending", &story, PERSON);
    states
}

#[test]
fn the_callee_hangs_up() {
    for (name, mut story, comes) in states() {
        let answers = story.answers();
        let report = story.hung_up(16);
        assert_eq!(report.outcome, comes.hung_up, "{name}");
        assert!(story.answers().starts_with(&answers), "{name}");
        assert!(report.facts.ended_at.is_some(), "{name}");
        // Nothing is done for a call that is over.
        assert_eq!(story.key('9'), [""; 0], "{name}");
        assert_eq!(story.stopped(), [""; 0], "{name}");
        assert_eq!(story.stop(), [""; 0], "{name}");
        assert_eq!(story.vanish(), [""; 0], "{name}");
        assert_eq!(story.beep(), [""; 0], "{name}");
        assert_eq!(story.pass(10_000), [""; 0], "{name}");
    }
}

#[test]
fn the_channel_vanishes() {
    for (name, mut story, comes) in states() {
        story.vanish();
        let report = story.report();
        let want = if comes == BEFORE { Outcome::Lost } else { comes.hung_up };
        assert_eq!(report.outcome, want, "{name}");
    }
}

#[test]
fn we_stop_it() {
    for (name, mut story, comes) in states() {
        let was_ending = story.machine.is_ending();
        let done = story.stop();
        assert_eq!(done == ["hang up"], !was_ending, "{name}: {done:?}");
        assert!(story.machine.is_ending(), "{name}");
        assert_eq!(story.hung_up(16).outcome, comes.stopped, "{name}");
    }
}

#[test]
fn the_callee_opts_out_twice() {
    for (name, mut story, comes) in states() {
        let before = story.log.len();
        let first = story.key('9');
        assert_eq!(first.first().is_some_and(|done| done == "opt out"), comes.opts_out, "{name}: {first:?}");
        let said: Vec<_> = [story.key('9'), story.pass(10_000)].concat();
        assert!(!said.contains(&"opt out".into()), "{name}: {said:?}");
        let report = story.report();
        assert_eq!(report.facts.talk.opted_out, comes.opts_out || name == "confirming the opt-out", "{name}");
        assert!(story.log.len() < before + 10, "{name}");
    }
}

#[test]
fn who_opts_out_hears_that_it_was_heard() {
    let silent = ["dialing", "ringing", "connected", "transferring", "confirming the opt-out"];
    for (name, mut story, _) in states() {
        if silent.contains(&name) || story.machine.is_ending() {
            continue;
        }
        let mut done = story.key('9');
        done.extend(story.pass(5));
        assert_eq!(done.iter().filter(|done| *done == "play gone").count(), 1, "{name}: {done:?}");
        assert!(!done.iter().any(|done| done == "play owner" || done == "play score"), "{name}: {done:?}");
    }
}

#[test]
fn nothing_happens_any_more() {
    for (name, mut story, _) in states() {
        story.pass(10_000);
        let report = story.report();
        assert!(report.facts.detail.is_some_and(|detail| detail.contains("never reported")), "{name}");
    }
}

#[test]
fn a_gap_does_not_lose_the_call() {
    for (name, mut story, comes) in states() {
        story.machine.on_gap(story.now);
        assert!(story.machine.deadline().is_some(), "{name}");
        story.pass(10_000);
        let outcome = story.report().outcome;
        assert!(comes != BEFORE || outcome == Outcome::NoAnswer, "{name}: {outcome}");
    }
}

#[test]
fn a_transfer_key_in_any_state_is_heard_once() {
    for (name, mut story, _) in states() {
        let asked = |story: &Story| story.log.iter().filter(|done| **done == super::super::Action::Transfer).count();
        for _ in 0..3 {
            story.key('0');
            story.pass(5);
        }
        story.pass(10_000);
        assert!(asked(&story) <= 1, "{name}");
        let tried = story.report().facts.talk.transfer;
        assert!(tried != Some(TransferState::Failed) || name == "telling of the failed transfer", "{name}: {tried:?}");
    }
}

#[test]
fn a_thousand_keys_do_next_to_nothing() {
    for (name, story, _) in states() {
        for digits in ["1", "7", "9", "0", "*", "D", "0123456789*#ABCD"] {
            let mut story = story.clone();
            let done: usize = digits.chars().cycle().take(1_000).map(|digit| story.key(digit).len()).sum();
            assert!(done <= 8, "{name}, {digits}: {done} actions");
        }
    }
}
