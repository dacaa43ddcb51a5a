//! Against tables counted by hand.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::survey::check::tests::{ask, choice, speak};
use crate::survey::{Next, Survey};

/// Colour, then reason (spoken, only for red), then age, which may go back to
/// the first.
fn survey() -> Survey {
    let colour =
        ask("colour", vec![choice('1', "Red", "next"), choice('2', "Blue", "age"), choice('3', "None", "end")]);
    let mut age =
        ask("age", vec![choice('1', "Young", "next"), choice('2', "Old", "next"), choice('3', "Again", "colour")]);
    age.no_answer = Next::End;
    Survey { questions: vec![colour, speak("reason"), age], closing: vec![] }
}

/// Answers in order: `colour=1`, `reason=~` (spoken), `age=-` (nothing).
fn answers(survey: &Survey, given: &[&str]) -> Vec<GivenAnswer> {
    given
        .iter()
        .zip(1..)
        .map(|(given, position)| {
            let (question, given) = given.split_once('=').expect("question=answer");
            let given = match given.chars().next().expect("an answer") {
                '-' => Given::Nothing,
                '~' => Given::Speech { recording: "speech".into() },
                digit => {
                    let question = survey.questions.iter().find(|q| q.id == question).expect("a question");
                    let choice = question.choices.iter().find(|choice| choice.digit == digit).expect("a choice");
                    Given::Key { digit, label: choice.label.clone() }
                }
            };
            GivenAnswer { question: question.into(), position, given, at: Timestamp::UNIX_EPOCH }
        })
        .collect()
}

/// Of a call that ended well after its last answer.
fn facts(talk: TalkFacts) -> CallFacts {
    CallFacts { ended_at: Some(Timestamp::MAX), talk, ..CallFacts::default() }
}

fn add(results: &mut Results, survey: Option<SurveyState>, given: &[&str]) {
    let answers = answers(&results.survey.clone(), given);
    results.add(Some(Outcome::Answered), &facts(TalkFacts { survey, ..TalkFacts::default() }), &answers);
}

/// Asked, answered, no answer, spoken.
fn counts(results: &Results) -> Vec<(u64, u64, u64, u64)> {
    results.questions().iter().map(|q| (q.asked, q.answered, q.no_answer, q.spoken)).collect()
}

fn choices(results: &Results, question: usize) -> Vec<u64> {
    results.questions()[question].choices.iter().map(|choice| choice.count).collect()
}

const COMPLETE: Option<SurveyState> = Some(SurveyState::Complete);
const PARTIAL: Option<SurveyState> = Some(SurveyState::Partial);

#[test]
fn ten_calls_counted_by_hand() {
    let mut results = Results::new(&survey()).with_cross("colour", "age").expect("both are there");
    add(&mut results, COMPLETE, &["colour=1", "reason=~", "age=1"]);
    add(&mut results, COMPLETE, &["colour=1", "reason=-", "age=2"]);
    add(&mut results, COMPLETE, &["colour=2", "age=2"]);
    add(&mut results, COMPLETE, &["colour=3"]);
    add(&mut results, COMPLETE, &["colour=-", "reason=~", "age=-"]);
    // Hung up while asked for the age, for the reason, at the first question.
    add(&mut results, PARTIAL, &["colour=2"]);
    add(&mut results, PARTIAL, &["colour=1"]);
    add(&mut results, PARTIAL, &[]);
    // Before it was asked anything.
    add(&mut results, None, &[]);
    results.add(Some(Outcome::Busy), &CallFacts::default(), &[]);

    assert_eq!(counts(&results), [(8, 6, 1, 0), (4, 2, 1, 2), (5, 3, 1, 0)]);
    assert_eq!((choices(&results, 0), choices(&results, 2)), (vec![3, 2, 1], vec![1, 2, 0]));
    let funnel = Funnel { calls: 10, answered: 9, before_first: 1, partial: 3, complete: 5, ..Funnel::default() };
    assert_eq!(*results.funnel(), funnel);
    let cross = results.cross_table().expect("a table");
    assert_eq!(cross.row_labels, ["Red", "Blue", "None"]);
    assert_eq!(cross.column_labels, ["Young", "Old", "Again"]);
    assert_eq!(cross.counts(), [[1, 1, 0], [0, 1, 0], [0, 0, 0]]);
    assert_eq!((cross.total(), cross.row_total(0), cross.column_total(1)), (3, 2, 2));
    assert_eq!((cross.row_share(0, 0), cross.row_share(2, 0), cross.row_share(7, 0)), (Some(0.5), None, None));
    let colour = &results.questions()[0];
    assert_eq!((colour.choices[0].share(colour), colour.choices[2].share(colour)), (Some(0.5), Some(1.0 / 6.0)));
}

#[test]
fn of_a_question_asked_twice_the_last_answer_counts() {
    let mut results = Results::new(&survey()).with_cross("colour", "age").expect("both are there");
    add(&mut results, COMPLETE, &["colour=1", "reason=~", "age=3", "colour=2", "age=1"]);
    assert_eq!(counts(&results), [(1, 1, 0, 0), (1, 1, 0, 1), (1, 1, 0, 0)]);
    assert_eq!((choices(&results, 0), choices(&results, 2)), (vec![0, 1, 0], vec![1, 0, 0]));
    assert_eq!(results.cross_table().expect("a table").counts()[1], [1, 0, 0]);
    // Asked again, nothing was said: no answer in the end.
    add(&mut results, COMPLETE, &["colour=2", "age=3", "colour=-", "reason=-", "age=-"]);
    assert_eq!(counts(&results), [(2, 1, 1, 0), (2, 1, 1, 1), (2, 1, 1, 0)]);
    // Hung up when asked again: what was said before stands.
    add(&mut results, PARTIAL, &["colour=2", "age=3"]);
    assert_eq!(counts(&results)[0], (3, 2, 1, 0));
}

#[test]
fn who_hangs_up_while_speaking_is_asked_nothing_more() {
    let survey = survey();
    let given = answers(&survey, &["colour=1", "reason=~"]);
    let mut results = Results::new(&survey);
    let at_once =
        CallFacts { ended_at: Some(given[1].at), ..facts(TalkFacts { survey: PARTIAL, ..TalkFacts::default() }) };
    results.add(Some(Outcome::Answered), &at_once, &given);
    assert_eq!(counts(&results)[1..], [(1, 1, 0, 1), (0, 0, 0, 0)]);
}

#[test]
fn opting_out_and_being_transferred_are_counted_beside() {
    let mut results = Results::new(&survey());
    let talk = |survey, opted_out, transfer| facts(TalkFacts { survey, opted_out, transfer, ..TalkFacts::default() });
    results.add(Some(Outcome::Answered), &talk(PARTIAL, true, None), &[]);
    results.add(Some(Outcome::Answered), &talk(None, true, None), &[]);
    results.add(Some(Outcome::Answered), &talk(COMPLETE, false, Some(TransferState::Connected)), &[]);
    results.add(Some(Outcome::Answered), &talk(PARTIAL, false, Some(TransferState::Failed)), &[]);
    let funnel = results.funnel();
    assert_eq!((funnel.answered, funnel.before_first, funnel.partial, funnel.complete), (4, 1, 2, 1));
    assert_eq!((funnel.opted_out, funnel.transferred), (2, 1));
}

#[test]
fn calls_that_go_on_and_calls_cut_off() {
    let survey = survey();
    let mut results = Results::new(&survey);
    let given = answers(&survey, &["colour=1"]);
    // Going on: its answers count, its end does not yet.
    results.add(None, &CallFacts::default(), &given);
    results.add(None, &CallFacts::default(), &[]);
    assert_eq!((results.funnel().in_progress, results.funnel().answered), (1, 0));
    assert_eq!(counts(&results), [(1, 1, 0, 0), (1, 0, 0, 0), (0, 0, 0, 0)]);
    // The daemon died: nobody said how far it got, but there is an answer.
    results.add(Some(Outcome::Lost), &facts(TalkFacts::default()), &given);
    assert_eq!((results.funnel().partial, results.funnel().answered, results.funnel().calls), (1, 1, 3));
}

#[test]
fn answers_to_what_the_survey_has_no_more() {
    let old = Survey {
        questions: vec![ask("size", vec![choice('1', "Small", "next")]), survey().questions.remove(0)],
        closing: vec![],
    };
    let given = answers(&old, &["size=1", "colour=2"]);
    let mut new = survey();
    new.questions[0].choices[1].label = "Green".into();
    let mut results = Results::new(&new).with_cross("colour", "age").expect("both are there");
    for _ in 0..2 {
        results.add(Some(Outcome::Answered), &facts(TalkFacts { survey: COMPLETE, ..TalkFacts::default() }), &given);
    }
    let ids: Vec<_> = results.questions().iter().map(|question| question.id.as_str()).collect();
    assert_eq!(ids, ["colour", "reason", "age", "size"]);
    let labels: Vec<_> =
        results.questions()[0].choices.iter().map(|choice| (choice.label.as_str(), choice.count)).collect();
    assert_eq!(labels, [("Red", 0), ("Green", 0), ("None", 0), ("Blue", 2)]);
    assert_eq!(results.questions()[3].choices, [ChoiceCount { digit: '1', label: "Small".into(), count: 2 }]);
}

#[test]
fn a_cross_table_needs_both_questions() {
    let error = Results::new(&survey()).with_cross("colour", "size").expect_err("refused");
    assert_eq!(error.to_string(), "the survey has no question \"size\"; it has: colour, reason, age");
    let mut results = Results::new(&survey()).with_cross("reason", "reason").expect("may be the same");
    add(&mut results, COMPLETE, &["colour=1", "reason=~", "age=1"]);
    assert_eq!(results.cross_table().expect("a table").counts(), [[1]]);
}

#[test]
fn as_other_programs_read_it() {
    let mut results = Results::new(&survey()).with_cross("colour", "age").expect("both are there");
    for given in
        [["colour=1", "reason=~", "age=1"], ["colour=1", "reason=-", "age=2"], ["colour=-", "reason=~", "age=-"]]
    {
        add(&mut results, COMPLETE, &given);
    }
    let json = results.json();
    assert_eq!(json["funnel"]["complete"], 3);
    assert_eq!(
        json["questions"][0]["choices"][0],
        serde_json::json!({"digit": "1", "label": "Red", "count": 2, "share": 1.0})
    );
    assert_eq!(json["questions"][1]["spoken"], 2);
    assert_eq!(json["cross"]["row_shares"][0], serde_json::json!([0.5, 0.5, 0.0]));
    assert_eq!(json["cross"]["row_shares"][1][0], serde_json::Value::Null);
    assert_eq!(Results::new(&survey()).json()["cross"], serde_json::Value::Null);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever was answered in whatever order, the parts make up the whole.
    #[test]
    fn the_parts_make_up_the_whole(calls in proptest::collection::vec(
        (0..4_u8, proptest::collection::vec(prop::sample::select(vec![
            "colour=1", "colour=2", "colour=3", "colour=-", "reason=~", "reason=-", "age=1", "age=2", "age=3", "age=-",
        ]), 0..8)), 0..20))
    {
        let survey = survey();
        let mut results = Results::new(&survey).with_cross("colour", "age").expect("both are there");
        for (state, given) in &calls {
            let talk = TalkFacts { survey: [None, PARTIAL, COMPLETE, None][usize::from(*state)], ..TalkFacts::default() };
            let outcome = (*state != 3).then_some(Outcome::Answered);
            results.add(outcome, &facts(talk), &answers(&survey, given));
        }
        let funnel = results.funnel();
        prop_assert_eq!(funnel.calls, calls.len() as u64);
        prop_assert_eq!(funnel.answered, funnel.before_first + funnel.partial + funnel.complete);
        for question in results.questions() {
            prop_assert!(question.answered + question.no_answer <= question.asked && question.asked <= funnel.calls);
            let given: u64 = question.choices.iter().map(|choice| choice.count).sum();
            prop_assert_eq!(given + question.spoken, question.answered);
        }
        let cross = results.cross_table().expect("a table");
        prop_assert!(cross.total() <= results.questions()[0].answered.min(results.questions()[2].answered));
    }
}
