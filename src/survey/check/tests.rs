//! Every problem a survey may have, one by one and all at once.

use proptest::prelude::*;

use crate::survey::{Choice, Next, Problem, Question, Spoken, Survey};

pub(in crate::survey) fn ask(id: &str, choices: Vec<Choice>) -> Question {
    Question {
        id: id.into(),
        text: String::new(),
        prompts: vec!["question".into()],
        choices,
        spoken: None,
        timeout_seconds: 5,
        retries: 1,
        invalid: vec![],
        no_answer: Next::Following,
    }
}

pub(in crate::survey) fn speak(id: &str) -> Question {
    Question { spoken: Some(Spoken::default()), ..ask(id, vec![]) }
}

pub(in crate::survey) fn choice(digit: char, label: &str, next: &str) -> Choice {
    Choice { digit, label: label.into(), next: Next::from(next.to_owned()) }
}

fn yes_no(id: &str) -> Question {
    ask(id, vec![choice('1', "Yes", "next"), choice('2', "No", "next")])
}

fn survey(questions: Vec<Question>) -> Survey {
    Survey { questions, closing: vec!["thanks".into()] }
}

const OPT_OUT: &[(char, &str)] = &[('9', "the opt-out key")];

/// What is wrong with a survey of this one question, in words.
fn problems(question: Question) -> Vec<String> {
    survey(vec![question]).check(OPT_OUT).iter().map(Problem::to_string).collect()
}

#[test]
fn a_good_survey_has_no_problem() {
    let mut first = yes_no("age_18-plus");
    first.choices[1].next = Next::End;
    let all: Vec<_> = "012345678*#".chars().map(|key| choice(key, &format!("Key {key}"), "next")).collect();
    assert_eq!(survey(vec![first, ask("all", all), speak("why")]).check(OPT_OUT), []);
}

#[test]
fn the_survey_as_a_whole() {
    let words = |survey: &Survey| survey.check(&[]).iter().map(Problem::to_string).collect::<Vec<_>>();
    assert_eq!(words(&survey(vec![])), ["questions: there is none"]);
    let many: Vec<_> = (0..101).map(|n| yes_no(&format!("q{n}"))).collect();
    assert_eq!(words(&survey(many[..100].to_vec())), Vec::<String>::new());
    assert_eq!(words(&survey(many)), ["questions: there are 101, may be 100"]);
    let closing = Survey { closing: vec!["x".into(), " ".into()], ..survey(vec![yes_no("a")]) };
    assert_eq!(words(&closing), ["closing: entry 2 is empty"]);
}

#[test]
fn ids() {
    for bad in ["", "Colour", "a b", "é", "a.b", &"x".repeat(41)] {
        let found = problems(yes_no(bad));
        assert!(found.len() == 1 && found[0].contains("id: must have 1 to 40 small letters"), "{bad}: {found:?}");
    }
    for word in ["next", "end"] {
        assert!(problems(yes_no(word))[0].contains("id: has a meaning of its own"), "{word}");
    }
    let twice = survey(vec![yes_no("a"), yes_no("a")]).check(&[]);
    assert_eq!(twice.len(), 1);
    assert_eq!((twice[0].question, twice[0].id.as_str(), twice[0].field.as_str()), (Some(2), "a", "id"));
}

#[test]
fn prompts_and_texts() {
    let mut silent = yes_no("a");
    silent.prompts.clear();
    assert_eq!(problems(silent), ["question 1 \"a\" prompts: is empty: what is asked?"]);
    let long = Question { prompts: vec!["p".into(); 21], ..yes_no("a") };
    assert_eq!(problems(long), ["question 1 \"a\" prompts: has 21 entries, may have 20"]);
    let blank = Question { invalid: vec!["".into()], text: "x".repeat(501), ..yes_no("a") };
    let expected =
        ["question 1 \"a\" invalid: entry 1 is empty", "question 1 \"a\" text: is longer than 500 characters"];
    assert_eq!(problems(blank), expected);
}

#[test]
fn a_question_has_choices_or_is_spoken() {
    let neither = problems(ask("a", vec![]));
    assert_eq!(neither, ["question 1 \"a\" choices: is missing, and so is spoken: how is it answered?"]);
    let both = problems(Question { spoken: Some(Spoken::default()), ..yes_no("a") });
    assert_eq!(both, ["question 1 \"a\" spoken: cannot be beside choices: take one of them"]);
}

#[test]
fn digits() {
    for digit in ['A', 'D', 'x', '+', '１', ' '] {
        let found = problems(ask("a", vec![choice(digit, "Yes", "next")]));
        assert_eq!(found, [format!("question 1 \"a\" choice 1: digit: is {digit:?}, must be 0 to 9, * or #")]);
    }
    let twice = problems(ask("a", vec![choice('1', "Yes", "next"), choice('1', "No", "next")]));
    assert_eq!(twice, ["question 1 \"a\" choice 2: digit: is 1, as that of choice 1"]);
    let opt_out = ask("a", vec![choice('9', "Yes", "next"), choice('0', "No", "next")]);
    assert_eq!(problems(opt_out.clone()), ["question 1 \"a\" choice 1: digit: is 9, the opt-out key"]);
    let clashes = survey(vec![opt_out]).check(&[('9', "the opt-out key"), ('0', "the transfer key")]);
    assert_eq!(clashes[1].to_string(), "question 1 \"a\" choice 2: digit: is 0, the transfer key");
}

#[test]
fn labels() {
    let label = |label: &str| problems(ask("a", vec![choice('1', "Yes", "next"), choice('2', label, "next")]));
    assert_eq!(label("  "), ["question 1 \"a\" choice 2: label: is empty: what does the key stand for?"]);
    assert_eq!(label(&"é".repeat(100)), Vec::<String>::new());
    assert_eq!(label(&"é".repeat(101)), ["question 1 \"a\" choice 2: label: is longer than 100 characters"]);
    assert_eq!(label("a\nb"), ["question 1 \"a\" choice 2: label: holds a control character"]);
    assert_eq!(label("Yes "), ["question 1 \"a\" choice 2: label: is \"Yes\", as that of choice 1"]);
}

#[test]
fn ranges() {
    let key = Question { timeout_seconds: 0, retries: 6, ..yes_no("a") };
    let expected = [
        "question 1 \"a\" timeout_seconds: is 0, must be from 1 to 60",
        "question 1 \"a\" retries: is 6, must be from 0 to 5",
    ];
    assert_eq!(problems(key), expected);
    let spoken = Some(Spoken { max_seconds: 601, silence_seconds: 0 });
    let expected = [
        "question 1 \"a\" spoken.max_seconds: is 601, must be from 1 to 600",
        "question 1 \"a\" spoken.silence_seconds: is 0, must be from 1 to 30",
    ];
    assert_eq!(problems(Question { spoken, ..speak("a") }), expected);
}

#[test]
fn every_next_leads_somewhere() {
    let mut lost = yes_no("colour");
    lost.choices[1].next = Next::Question("color".into());
    lost.no_answer = Next::Question("elsewhere".into());
    let expected = [
        "question 1 \"colour\" choice 2: next: there is no question \"color\"; did you mean \"colour\"?",
        "question 1 \"colour\" no_answer: there is no question \"elsewhere\"",
    ];
    assert_eq!(problems(lost), expected);
}

#[test]
fn a_question_nobody_is_asked() {
    let mut first = yes_no("first");
    for choice in &mut first.choices {
        choice.next = Next::Question("last".into());
    }
    first.no_answer = Next::End;
    let found = survey(vec![first, yes_no("hidden"), yes_no("last")]).check(&[]);
    let words: Vec<_> = found.iter().map(Problem::to_string).collect();
    assert_eq!(words, ["question 2 \"hidden\" id: is never asked: no answer leads to it"]);
}

#[test]
fn a_loop_needs_an_exit() {
    let round = |id: &str, next: &str| Question {
        no_answer: Next::from(next.to_owned()),
        ..ask(id, vec![choice('1', "Go on", next)])
    };
    let found = survey(vec![yes_no("first"), round("a", "b"), round("b", "a")]).check(&[]);
    let places: Vec<_> = found.iter().map(|problem| (problem.question, problem.field.as_str())).collect();
    assert_eq!(places, [(Some(1), "next"), (Some(2), "next"), (Some(3), "next")]);
    assert!(found[1].message.contains("for ever"));
    // With one way out it may go round as often as it likes.
    let mut out = round("b", "a");
    out.choices.push(choice('2', "Enough", "end"));
    assert_eq!(survey(vec![yes_no("first"), round("a", "b"), out]).check(&[]), []);
    let only_silence_ends = Question { no_answer: Next::End, ..round("a", "a") };
    assert_eq!(survey(vec![only_silence_ends]).check(&[]), []);
}

#[test]
fn everything_is_told_at_once() {
    let mut broken = ask("Broken", vec![choice('A', "", "nowhere"), choice('9', "x", "next")]);
    broken.prompts.clear();
    broken.retries = 9;
    let found = survey(vec![yes_no("a"), broken]).check(OPT_OUT);
    let paths: Vec<_> = found.iter().map(Problem::path).collect();
    let expected =
        ["id", "prompts", "retries", "choices[0].digit", "choices[0].label", "choices[1].digit", "choices[0].next"];
    assert_eq!(paths, expected.map(|field| format!("questions[1].{field}")));
    assert!(found.iter().all(|problem| problem.question == Some(2) && problem.id == "Broken"));
}

fn any_next(of: usize) -> impl Strategy<Value = Next> {
    prop_oneof![
        4 => Just(Next::Following),
        1 => Just(Next::End),
        3 => (0..of).prop_map(|n| Next::Question(format!("q{n}"))),
    ]
}

fn any_question(n: usize, of: usize) -> impl Strategy<Value = Question> {
    let key = (proptest::collection::vec(any_next(of), 1..4), any_next(of)).prop_map(move |(nexts, no_answer)| {
        let choices = nexts.into_iter().zip("123".chars());
        let choices = choices.map(|(next, digit)| Choice { digit, label: digit.to_string(), next }).collect();
        Question { no_answer, ..ask(&format!("q{n}"), choices) }
    });
    let spoken = any_next(of).prop_map(move |no_answer| Question { no_answer, ..speak(&format!("q{n}")) });
    prop_oneof![3 => key, 1 => spoken]
}

fn any_survey() -> impl Strategy<Value = Survey> {
    (1..6_usize).prop_flat_map(|of| (0..of).map(|n| any_question(n, of)).collect::<Vec<_>>()).prop_map(survey)
}

/// The places reached from `from` in any number of steps, itself included, and
/// whether the end is: told step by step, from the definition alone.
fn walk(survey: &Survey, from: usize) -> (Vec<bool>, bool) {
    let (mut seen, mut ends) = (vec![false; survey.questions.len()], false);
    seen[from] = true;
    for _ in 0..survey.questions.len() {
        for at in 0..survey.questions.len() {
            if !seen[at] {
                continue;
            }
            let question = &survey.questions[at];
            let spoken = question.spoken.iter().map(|_| &Next::Following);
            let ways = question.choices.iter().map(|choice| &choice.next).chain(spoken);
            for next in ways.chain([&question.no_answer]) {
                match next {
                    Next::End => ends = true,
                    Next::Following if at + 1 == survey.questions.len() => ends = true,
                    Next::Following => seen[at + 1] = true,
                    Next::Question(id) => {
                        let to = survey.questions.iter().position(|question| question.id == *id);
                        seen[to.expect("a question")] = true;
                    }
                }
            }
        }
    }
    (seen, ends)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What passes ends from everywhere and asks everything; what does not
    /// end or is not asked does not pass.
    #[test]
    fn a_survey_that_passes_is_asked_to_its_end(survey in any_survey()) {
        let problems = survey.check(&[]);
        let reached = walk(&survey, 0).0;
        let well = reached.iter().all(|reached| *reached) && (0..survey.questions.len()).all(|from| walk(&survey, from).1);
        prop_assert_eq!(problems.is_empty(), well, "{:?}", problems);
    }
}
