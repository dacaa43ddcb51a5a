//! Questions answered by speaking.

use super::story::Story;
use crate::call::{Action, Given, Outcome, SurveyState};

/// The callee speaks.
fn speaking() -> Story {
    let mut story = Story::at_why();
    assert_eq!(story.played(), ["record CALL-2"]);
    story
}

#[test]
fn a_silence_ends_the_answer() {
    let mut story = speaking();
    story.pass(9);
    assert_eq!(story.recorded("CALL-2"), ["note 2 why: speech CALL-2", "play thanks"]);
}

#[test]
fn a_key_ends_the_answer() {
    let mut story = speaking();
    assert_eq!(story.key('1'), ["stop recording CALL-2"]);
    assert_eq!(story.key('2'), [""; 0]);
    assert_eq!(story.recorded("CALL-2"), ["note 2 why: speech CALL-2", "play thanks"]);
    assert_eq!(story.recorded("CALL-2"), [""; 0], "told twice, noted once");
}

#[test]
fn a_key_during_the_question_begins_the_answer() {
    let mut story = Story::at_why();
    assert_eq!(story.key('1'), ["stop"]);
    assert_eq!(story.key('1'), [""; 0]);
    assert_eq!(story.stopped(), ["record CALL-2"]);
}

#[test]
fn a_question_nobody_heard_is_not_recorded() {
    let mut story = Story::at_why();
    assert_eq!(story.unplayable(), ["hang up"]);
}

#[test]
fn an_answer_that_could_not_be_recorded_is_none() {
    let mut story = speaking();
    // The question says where that leads.
    assert_eq!(story.not_recorded("CALL-2"), ["note 2 why: nothing", "play owner"]);
    assert_eq!(story.hung_up(16).facts.detail.as_deref(), Some("an answer was not recorded: disk full"));
}

#[test]
fn an_answer_whose_end_is_never_told_is_ended_and_kept() {
    let mut story = speaking();
    assert_eq!(story.pass(39), [""; 0]);
    assert_eq!(story.pass(1), ["stop recording CALL-2"]);
    assert_eq!(story.pass(2), ["note 2 why: speech CALL-2", "play thanks"]);
}

#[test]
fn somebody_elses_recording_is_not_the_answer() {
    let mut story = speaking();
    assert_eq!(story.recorded("CALL-1"), [""; 0]);
    assert_eq!(story.not_recorded("other"), [""; 0]);
    assert_eq!(story.recorded("CALL-2"), ["note 2 why: speech CALL-2", "play thanks"]);
}

#[test]
fn who_speaks_and_hangs_up_has_answered() {
    let mut story = speaking();
    let report = story.hung_up(16);
    assert_eq!(story.answers(), ["note 1 owner: 2 No", "note 2 why: speech CALL-2"]);
    assert_eq!((report.outcome, report.facts.talk.survey), (Outcome::Answered, Some(SurveyState::Partial)));
    let noted = story
        .log
        .iter()
        .position(|action| matches!(action, Action::Note(note) if matches!(note.given, Given::Speech { .. })));
    let settled = story.log.iter().position(|action| matches!(action, Action::Settle(_)));
    assert!(noted < settled, "what comes after the end is not done");
}

#[test]
fn an_answer_that_ends_while_we_hang_up_is_kept_once() {
    let mut story = speaking();
    assert_eq!(story.stop(), ["hang up"]);
    assert_eq!(story.recorded("CALL-2"), ["note 2 why: speech CALL-2"]);
    story.hung_up(16);
    assert_eq!(story.answers().len(), 2);
}

#[test]
fn opting_out_ends_the_answer_and_keeps_it() {
    let mut story = speaking();
    assert_eq!(story.key('9'), ["opt out", "stop recording CALL-2"]);
    assert_eq!(story.recorded("CALL-2"), ["note 2 why: speech CALL-2", "play gone"]);
    assert_eq!(story.played(), ["hang up"]);
}

#[test]
fn opting_out_after_another_key_is_heard_too() {
    let mut story = speaking();
    story.key('1');
    assert_eq!(story.key('9'), ["opt out"]);
    assert_eq!(story.pass(2), ["note 2 why: speech CALL-2", "play gone"]);
}

#[test]
fn the_transfer_key_ends_the_answer() {
    let mut story = speaking();
    assert_eq!(story.key('0'), ["stop recording CALL-2"]);
    assert_eq!(story.recorded("CALL-2"), ["note 2 why: speech CALL-2", "play hold"]);
}

#[test]
fn a_refused_recording_does_not_go_on_for_ever() {
    use crate::call::{Script, Speak, Step};
    let speak = Speak {
        question: "say".into(),
        prompt: Vec::new(),
        max: std::time::Duration::MAX,
        silence: std::time::Duration::from_secs(3),
        next: 0,
        no_answer: 0,
    };
    let mut story = Story::of(Script { steps: vec![Step::Speak(speak)], ..Script::default() });
    assert_eq!(story.answer(), ["answered", "record CALL-1"]);
    let failed = (1..1_000).find(|answer| story.not_recorded(&format!("CALL-{answer}")).contains(&"hang up".into()));
    assert!(failed.is_some_and(|tries| tries < 100), "{failed:?}");
}
