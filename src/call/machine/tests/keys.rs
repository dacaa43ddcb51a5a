//! The keys that work at any time. What they do in each state is told in
//! `everywhere`.

use super::story::Story;
use crate::call::{Action, Outcome};

#[test]
fn opting_out_comes_before_anything_else() {
    let mut story = Story::survey();
    story.answer();
    assert_eq!(story.key('9'), ["opt out", "stop"]);
    assert_eq!(story.key('9'), [""; 0]);
    assert_eq!(story.key('0'), [""; 0], "no transfer any more");
    assert_eq!(story.key('1'), [""; 0]);
    assert_eq!(story.stopped(), ["play gone"]);
    for digit in "0123456789*#".chars() {
        assert_eq!(story.key(digit), [""; 0]);
    }
    assert_eq!(story.played(), ["hang up"]);
    let report = story.hung_up(16);
    assert!(report.facts.talk.opted_out);
    assert_eq!(report.outcome, Outcome::Answered);
}

#[test]
fn opting_out_though_the_callee_hangs_up_at_once() {
    let mut story = Story::at_owner();
    story.key('9');
    let report = story.hung_up(16);
    assert!(report.facts.talk.opted_out);
    assert_eq!(story.log.iter().filter(|done| **done == Action::OptOut).count(), 1);
}

#[test]
fn opting_out_without_a_confirmation_hangs_up() {
    let mut story = Story::with(r#"{"prompts": ["hello"]}"#);
    story.answer();
    assert_eq!(story.key('9'), ["opt out", "stop"]);
    assert_eq!(story.stopped(), ["hang up"]);
}

#[test]
fn opting_out_while_we_hang_up_counts() {
    let mut story = Story::with(r#"{"prompts": ["hello"], "opt_out_prompt": "gone"}"#);
    story.answer();
    story.played();
    assert_eq!(story.key('9'), ["opt out"], "nothing can be played any more");
    assert!(story.hung_up(16).facts.talk.opted_out);
}

#[test]
fn a_confirmation_that_fails_ends_the_call_all_the_same() {
    let mut story = Story::at_owner();
    story.key('9');
    story.stopped();
    assert_eq!(story.unplayable(), ["hang up"]);
    assert!(story.hung_up(16).facts.talk.opted_out);
}

#[test]
fn opting_out_takes_the_place_of_what_was_to_follow() {
    let mut story = Story::at_owner();
    assert_eq!(story.key('1'), ["note 1 owner: 1 Yes", "stop"]);
    assert_eq!(story.key('9'), ["opt out"]);
    assert_eq!(story.pass(2), ["play gone"]);
    assert_eq!(story.answers(), ["note 1 owner: 1 Yes"], "the answer stays");
}

#[test]
fn without_the_keys_they_are_keys_like_any_other() {
    let mut story = Story::with(r#"{"prompts": ["hello"], "opt_out_digit": ""}"#);
    story.answer();
    assert_eq!(story.key('9'), [""; 0]);
    assert_eq!(story.key('0'), [""; 0]);
    assert!(!story.hung_up(16).facts.talk.opted_out);
}
