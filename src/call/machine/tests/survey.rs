//! Questions answered by key.

use std::time::Duration;

use super::story::{LENGTH, MAX_CALL, Story, script, settings, the_survey};
use crate::call::{Ask, Choice, Outcome, Script, Sound, Step, SurveyState};
use crate::survey::Survey;
use crate::switch::CallEvent;

/// Answered, with the first question asked.
fn waiting() -> Story {
    let mut story = Story::at_owner();
    assert_eq!(story.played(), [""; 0]);
    story
}

fn survey_of(story: &mut Story) -> Option<SurveyState> {
    story.hung_up(16).facts.talk.survey
}

#[test]
fn a_whole_survey_is_answered() {
    let mut story = Story::survey();
    assert_eq!(story.answer(), ["answered", "play intro"]);
    assert_eq!(story.played(), ["play more"]);
    assert_eq!(story.played(), ["play owner"]);
    assert_eq!(story.played(), [""; 0]);
    assert_eq!(story.key('1'), ["note 1 owner: 1 Yes", "play score"]);
    assert_eq!(story.played(), ["play scale"]);
    assert_eq!(story.key('#'), ["note 2 score: # Bad", "stop"]);
    assert_eq!(story.stopped(), ["play why"]);
    assert_eq!(story.played(), ["record CALL-3"]);
    story.pass(12);
    assert_eq!(story.recorded("CALL-3"), ["note 3 why: speech CALL-3", "play thanks"]);
    assert_eq!(story.played(), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, report.facts.talk.survey), (Outcome::Answered, Some(SurveyState::Complete)));
    assert_eq!(report.facts.detail, None);
}

#[test]
fn a_key_stops_the_intro_and_answers_nothing() {
    let mut story = Story::survey();
    story.answer();
    assert_eq!(story.key('1'), ["stop"]);
    assert_eq!(story.key('2'), [""; 0], "pressed while it stops");
    assert_eq!(story.stopped(), ["play owner"]);
    assert_eq!(story.answers(), [""; 0]);
    assert_eq!(survey_of(&mut story), Some(SurveyState::Partial));
}

#[test]
fn without_barge_in_the_intro_is_heard_to_its_end() {
    let settings = settings(r#"{"prompts": ["intro"], "barge_in": false}"#);
    let mut story = Story::of(script(&settings, Some(&the_survey()), true));
    story.answer();
    assert_eq!(story.key('1'), [""; 0]);
    assert_eq!(story.played(), ["play owner"]);
}

#[test]
fn prompts_without_a_survey_are_heard_to_their_end() {
    let mut story = Story::with(r#"{"prompts": ["hello"]}"#);
    story.answer();
    assert_eq!(story.key('1'), [""; 0]);
    assert_eq!(story.played(), ["hang up"]);
    assert_eq!(survey_of(&mut story), None);
}

#[test]
fn no_question_asked_is_no_survey() {
    let mut story = Story::survey();
    story.answer();
    assert_eq!(survey_of(&mut story), None);
}

#[test]
fn a_key_during_the_question_counts() {
    let mut story = Story::at_owner();
    assert_eq!(story.key('1'), ["note 1 owner: 1 Yes", "stop"]);
    assert_eq!(story.stopped(), ["play score"]);
}

#[test]
fn a_second_key_does_not_answer_the_next_question() {
    let mut story = Story::at_owner();
    story.key('1');
    assert_eq!(story.key('1'), [""; 0]);
    assert_eq!(story.key('2'), [""; 0]);
    assert_eq!(story.stopped(), ["play score"]);
    assert_eq!(story.answers(), ["note 1 owner: 1 Yes"]);
}

#[test]
fn a_double_press_answers_one_question() {
    let mut story = waiting();
    assert_eq!(story.key('1'), ["note 1 owner: 1 Yes", "play score"]);
    story.now += Duration::from_millis(499);
    assert_eq!(story.key('1'), [""; 0], "of the next question nothing was heard");
    let mut other = story.clone();
    assert_eq!(other.key('#'), ["note 2 score: # Bad", "stop"], "another key is no second press");
    story.now += Duration::from_millis(1);
    assert_eq!(story.key('1'), ["note 2 score: 1 Good", "stop"], "who knows the question need not hear it");
}

#[test]
fn a_wrong_key_then_a_right_one() {
    let mut story = waiting();
    assert_eq!(story.key('7'), ["play wrong"]);
    assert_eq!(story.key('8'), [""; 0], "it is asked again anyway");
    assert_eq!(story.played(), ["play owner"]);
    assert_eq!(story.played(), [""; 0]);
    assert_eq!(story.key('1'), ["note 1 owner: 1 Yes", "play score"]);
}

#[test]
fn a_wrong_key_during_the_question_stops_it() {
    let mut story = Story::at_owner();
    assert_eq!(story.key('7'), ["stop"]);
    assert_eq!(story.stopped(), ["play wrong"]);
    assert_eq!(story.key('1'), ["note 1 owner: 1 Yes", "stop"], "and is corrected");
    assert_eq!(story.stopped(), ["play score"]);
}

#[test]
fn a_wrong_key_is_corrected_before_anything_else_plays() {
    let mut story = Story::at_owner();
    story.key('7');
    assert_eq!(story.key('1'), ["note 1 owner: 1 Yes"]);
    assert_eq!(story.stopped(), ["play score"]);
}

#[test]
fn wrong_keys_in_all_tries_are_no_answer() {
    let mut story = waiting();
    story.key('7');
    story.played();
    story.played();
    assert_eq!(story.key('7'), ["note 1 owner: nothing", "play thanks"]);
    assert_eq!(survey_of(&mut story), Some(SurveyState::Complete));
}

#[test]
fn silence_is_asked_again_then_goes_the_no_answer_way() {
    let mut story = waiting();
    assert_eq!(story.pass(4), [""; 0]);
    assert_eq!(story.pass(1), ["play owner"]);
    assert_eq!(story.played(), [""; 0]);
    assert_eq!(story.pass(5), ["note 1 owner: nothing", "play thanks"]);
}

#[test]
fn each_question_has_its_own_tries() {
    let mut story = waiting();
    story.pass(5);
    story.key('1');
    story.stopped();
    story.played();
    story.played();
    assert_eq!(story.pass(5), ["note 2 score: nothing", "play why"], "score may not be asked again");
}

#[test]
fn a_branch_leads_to_the_end() {
    let mut story = waiting();
    assert_eq!(story.key('*'), ["note 1 owner: * Enough", "play thanks"]);
    assert_eq!(story.key('1'), [""; 0], "the closing is not stopped");
    assert_eq!(story.played(), ["hang up"]);
    assert_eq!(survey_of(&mut story), Some(SurveyState::Complete));
}

#[test]
fn keys_no_phone_has_do_nothing() {
    let mut story = Story::at_owner();
    for digit in ['A', 'B', 'C', 'D', 'a', 'x', '\0', '٣'] {
        assert_eq!(story.key(digit), [""; 0]);
    }
    story.played();
    assert_eq!(story.key('A'), [""; 0]);
    assert_eq!(story.key('1'), ["note 1 owner: 1 Yes", "play score"]);
}

#[test]
fn a_thousand_keys_at_once_are_one() {
    for digit in ['1', '7', '*'] {
        let mut story = Story::at_owner();
        let done: usize = (0..1_000).map(|_| story.key(digit).len()).sum();
        assert!(done <= 2, "{digit}: {done} actions");
    }
}

#[test]
fn a_thousand_keys_one_after_the_other_come_to_an_end() {
    let mut story = Story::at_owner();
    for key in 0..1_000u32 {
        let digit = char::from_digit(1 + key % 8, 10).expect("a digit");
        story.key(digit);
        story.pass(2);
    }
    assert!(story.report().facts.ended_at < Some(story.now) && story.log.len() < 60, "{}", story.log.len());
}

#[test]
fn a_stop_whose_end_is_not_told_is_waited_for_two_seconds() {
    let mut story = Story::at_owner();
    story.key('1');
    assert_eq!(story.pass(1), [""; 0]);
    assert_eq!(story.pass(1), ["play score"]);
    // Told late, it is not the end of what plays now, nor is its failure.
    assert_eq!(story.unplayable(), [""; 0]);
    assert_eq!(story.played(), ["play scale"]);
}

#[test]
fn a_late_end_that_was_its_own_after_all_costs_no_more_than_its_length() {
    let mut story = Story::at_owner();
    story.key('1');
    assert_eq!(story.pass(2), ["play score"]);
    story.pass(3);
    assert_eq!(story.stopped(), [""; 0]);
    assert_eq!(story.pass(8), ["play scale"]);
    // No end is owed any more.
    story.pass(1);
    assert_eq!(story.stopped(), [""; 0]);
    assert_eq!(story.key('1'), ["note 2 score: 1 Good", "play thanks"]);
    story.pass(1);
    assert_eq!(story.stopped(), ["hang up"]);
}

#[test]
fn an_end_told_while_the_stop_is_asked_for_is_the_end() {
    let mut story = Story::at_owner();
    story.pass(LENGTH);
    story.key('1');
    assert_eq!(story.stopped(), ["play score"]);
    assert_eq!(story.stopped(), ["play scale"], "and the next is as short as the switch says");
}

#[test]
fn a_file_that_fails_after_a_stop_is_a_failure() {
    let mut story = Story::at_owner();
    story.key('1');
    story.stopped();
    assert_eq!(story.unplayable(), ["play scale"]);
}

#[test]
fn a_gap_while_a_key_is_waited_for_changes_nothing() {
    let mut story = waiting();
    story.machine.on_gap(story.now);
    assert_eq!(story.pass(5), ["play owner"]);
    story.machine.on_gap(story.now);
    assert_eq!(story.pass(10), [""; 0], "the question is taken as played");
    assert_eq!(story.key('1'), ["note 1 owner: 1 Yes", "play score"]);
}

#[test]
fn a_question_nobody_heard_is_not_waited_on() {
    let mut story = Story::survey();
    story.answer();
    story.unplayable();
    assert_eq!(story.unplayable(), ["play owner"], "the intro is no question");
    assert_eq!(story.unplayable(), ["hang up"]);
    let report = story.hung_up(16);
    assert_eq!(
        (report.facts.talk.survey, report.facts.detail.as_deref()),
        (None, Some("playback failed: no such file"))
    );

    let mut later = waiting();
    later.key('1');
    later.unplayable();
    assert_eq!(later.unplayable(), ["hang up"]);
    assert_eq!(survey_of(&mut later), Some(SurveyState::Partial));
}

#[test]
fn half_a_question_is_one() {
    let mut story = waiting();
    story.key('1');
    assert_eq!(story.unplayable(), ["play scale"]);
    assert_eq!(story.played(), [""; 0]);
    assert_eq!(story.key('1'), ["note 2 score: 1 Good", "play thanks"]);
}

#[test]
fn answers_are_kept_when_the_callee_hangs_up() {
    let mut story = Story::at_why();
    assert_eq!(story.answers(), ["note 1 owner: 2 No"]);
    let report = story.hung_up(16);
    assert_eq!((report.outcome, report.facts.talk.survey), (Outcome::Answered, Some(SurveyState::Partial)));
}

#[test]
fn a_survey_may_begin_with_its_first_question() {
    let mut story = Story::of(script(&settings("{}"), Some(&the_survey()), true));
    assert_eq!(story.answer(), ["answered", "play owner"]);
}

#[test]
fn a_survey_that_asks_on_and_on_ends_with_the_call() {
    let json = r#"{"questions": [{"id": "again", "prompts": ["again"], "retries": 0, "no_answer": "again",
        "choices": [{"digit": "1", "label": "More", "next": "again"}, {"digit": "2", "label": "Enough"}]}]}"#;
    let survey: Survey = serde_json::from_str(json).expect("a survey");
    let mut story = Story::of(script(&settings("{}"), Some(&survey), true));
    story.answer();
    let mut asked = 0;
    while !story.machine.is_ending() {
        story.pass(1);
        story.stopped();
        story.key('1');
        asked += 1;
        assert!(asked <= MAX_CALL);
    }
    let positions: Vec<_> = story.answers().iter().map(|note| note.split(' ').nth(1).map(str::to_owned)).collect();
    let in_order: Vec<_> = (1..=positions.len()).map(|position| Some(position.to_string())).collect();
    assert_eq!(positions, in_order);
    assert!(positions.len() > 100);
}

#[test]
fn a_survey_takes_no_more_answers_than_anybody_would_give() {
    let json = r#"{"questions": [{"id": "again", "prompts": ["again"],
        "choices": [{"digit": "1", "label": "More", "next": "again"}, {"digit": "2", "label": "Enough"}]}]}"#;
    let survey: Survey = serde_json::from_str(json).expect("a survey");
    let mut story = Story::of(script(&settings("{}"), Some(&survey), true));
    story.answer();
    for _ in 0..2_000 {
        story.key('1');
        story.stopped();
    }
    assert!(story.machine.is_ending());
    assert_eq!(story.answers().len(), 1_000);
    assert_eq!(story.hung_up(16).facts.detail.as_deref(), Some("no more answers are taken in a call"));
}

fn steps(steps: Vec<Step>) -> Story {
    Story::of(Script { steps, ..Script::default() })
}

#[test]
fn steps_in_circles_hang_up() {
    let silent = |next| Step::Play { sounds: Vec::new(), barge_in: true, next };
    for circle in [
        vec![silent(0)],
        vec![silent(1), silent(0)],
        vec![Step::Complete { next: 0 }],
        vec![silent(1), Step::Complete { next: 2 }, silent(1), Step::HangUp],
    ] {
        let mut story = steps(circle);
        assert_eq!(story.answer(), ["answered", "hang up"]);
        assert_eq!(story.hung_up(16).facts.detail.as_deref(), Some("the script goes in circles"));
    }
}

#[test]
fn silent_steps_one_after_the_other_are_no_circle() {
    let silent = |next| Step::Play { sounds: Vec::new(), barge_in: true, next };
    let mut story = steps(vec![silent(3), Step::HangUp, silent(1), Step::Complete { next: 2 }]);
    assert_eq!(story.answer(), ["answered", "hang up"]);
    let report = story.hung_up(16);
    assert_eq!((report.facts.detail, report.facts.talk.survey), (None, Some(SurveyState::Complete)));
}

#[test]
fn a_step_that_is_not_there_hangs_up() {
    assert_eq!(steps(vec![Step::Complete { next: 7 }]).answer(), ["answered", "hang up"]);
}

#[test]
fn what_always_fails_is_not_tried_for_ever() {
    let sound = Sound { file: "gone".into(), length: None };
    let mut story = steps(vec![Step::Play { sounds: vec![sound], barge_in: false, next: 0 }]);
    story.answer();
    let failed = (0..1_000).find(|_| story.unplayable() == ["hang up"]);
    assert!(failed.is_some_and(|tries| tries < 100), "{failed:?}");
}

#[test]
fn a_silent_question_is_waited_on_all_the_same() {
    let ask = Ask {
        question: "quiet".into(),
        prompt: Vec::new(),
        choices: vec![Choice { digit: '1', label: "One".into(), next: 1 }],
        timeout: Duration::ZERO,
        retries: 255,
        invalid: Vec::new(),
        no_answer: 0,
    };
    let mut story = steps(vec![Step::Ask(ask), Step::HangUp]);
    assert_eq!(story.answer(), ["answered"]);
    // It asks itself over and over, and does not keep the machine busy.
    assert_eq!(story.pass(250), [""; 0]);
    assert_eq!(story.pass(10), ["note 1 quiet: nothing"]);
    assert_eq!(story.key('1'), ["note 2 quiet: 1 One", "hang up"]);
}

#[test]
fn keys_before_the_answer_do_nothing() {
    let mut story = Story::survey();
    assert_eq!(story.key('9'), [""; 0]);
    story.event(CallEvent::Ringing);
    assert_eq!(story.key('0'), [""; 0]);
    assert_eq!(story.key('1'), [""; 0]);
    assert_eq!(story.hung_up(17).outcome, Outcome::Busy);
}
