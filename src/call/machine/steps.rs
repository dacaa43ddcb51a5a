//! The steps a person goes through: sounds, questions, the end.

use std::time::Duration;

use jiff::Timestamp;

use super::playing::Part;
use super::{Action, Machine, Phase, after};
use crate::call::{Given, GivenAnswer, Step, StepIndex, SurveyState};

/// A key is waited for no shorter than this, whatever the script says: a
/// question that asks itself again must not keep the machine busy.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// So many answers are taken in a call: a survey that leads back to its
/// beginning has an end, too.
const MOST_ANSWERS: u16 = 1_000;

/// What follows once what is done has been stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This step.
    Step(StepIndex),
    /// A wrong key was pressed at this question.
    Wrong(StepIndex),
    /// The answer to this question is spoken.
    Speak(StepIndex),
    /// These sounds.
    Part(Part),
}

impl Machine {
    pub(super) fn proceed(&mut self, now: Timestamp, next: Next) {
        match next {
            Next::Step(step) => self.go_to(now, step),
            Next::Wrong(step) => self.ask_again(now, step, true),
            Next::Speak(step) => self.speak(now, step),
            Next::Part(part) => self.begin(now, part),
        }
    }

    /// Goes on with a step. Those that take no time are passed; no more of
    /// them than there are, or they would go in circles.
    pub(super) fn go_to(&mut self, now: Timestamp, mut step: StepIndex) {
        let script = self.plan.script.clone();
        for _ in 0..=script.steps.len() {
            match script.steps.get(step) {
                Some(Step::Play { sounds, next, .. }) if sounds.is_empty() => step = *next,
                Some(Step::Complete { next }) => {
                    self.facts.talk.survey = Some(SurveyState::Complete);
                    step = *next;
                }
                Some(Step::Play { .. }) => return self.begin(now, Part::Step(step)),
                Some(Step::Ask(ask)) => {
                    self.talk.tries_left = ask.retries;
                    return self.ask(now, step);
                }
                Some(Step::Speak(_)) => return self.ask(now, step),
                Some(Step::HangUp) | None => return self.hang_up(now),
            }
        }
        self.remark("the script goes in circles");
        self.hang_up(now);
    }

    /// Asks a question, for the first time or again.
    pub(super) fn ask(&mut self, now: Timestamp, step: StepIndex) {
        if self.talk.answers >= MOST_ANSWERS {
            self.remark("no more answers are taken in a call");
            return self.hang_up(now);
        }
        let survey = &mut self.facts.talk.survey;
        self.talk.survey_before = *survey;
        survey.get_or_insert(SurveyState::Partial);
        self.begin(now, Part::Step(step));
    }

    /// A step's own sounds are over; `unheard`: all of them failed.
    pub(super) fn on_step_played(&mut self, now: Timestamp, step: StepIndex, unheard: bool) {
        let script = self.plan.script.clone();
        match script.steps.get(step) {
            Some(Step::Play { next, .. }) => self.go_to(now, *next),
            Some(Step::Ask(_) | Step::Speak(_)) if unheard => {
                // Nobody answers what was not asked.
                self.facts.talk.survey = self.talk.survey_before;
                self.hang_up(now);
            }
            Some(Step::Ask(ask)) => {
                self.enter(Phase::AwaitingKey(step), after(now, ask.timeout.max(LEAST_WAIT)));
            }
            Some(Step::Speak(_)) => self.speak(now, step),
            Some(Step::Complete { .. } | Step::HangUp) | None => self.hang_up(now),
        }
    }

    /// A key that may answer a question; `stopped`: what is already to follow.
    /// Gives whether it is an answer.
    pub(super) fn on_answer(&mut self, now: Timestamp, step: StepIndex, digit: char, stopped: Option<Next>) -> bool {
        let script = self.plan.script.clone();
        let Some(Step::Ask(ask)) = script.steps.get(step) else { return false };
        let Some(choice) = ask.choices.iter().find(|choice| choice.digit == digit) else { return false };
        // One answer to a question; a wrong key may be corrected.
        if matches!(stopped, None | Some(Next::Wrong(_))) {
            self.talk.answered = Some((digit, now));
            self.note(now, &ask.question, Given::Key { digit, label: choice.label.clone() });
            self.leave(now, Next::Step(choice.next));
        }
        true
    }

    /// No key came in time.
    pub(super) fn on_no_key(&mut self, now: Timestamp, step: StepIndex) {
        self.ask_again(now, step, false);
    }

    fn ask_again(&mut self, now: Timestamp, step: StepIndex, wrong: bool) {
        match self.talk.tries_left.checked_sub(1) {
            Some(left) => {
                self.talk.tries_left = left;
                if wrong { self.begin(now, Part::Invalid(step)) } else { self.ask(now, step) }
            }
            None => {
                let script = self.plan.script.clone();
                let Some(Step::Ask(ask)) = script.steps.get(step) else { return self.hang_up(now) };
                self.note(now, &ask.question, Given::Nothing);
                self.go_to(now, ask.no_answer);
            }
        }
    }

    pub(super) fn note(&mut self, at: Timestamp, question: &str, given: Given) {
        self.talk.answers = self.talk.answers.saturating_add(1);
        let (question, position) = (question.to_owned(), self.talk.answers);
        self.todo.push(Action::Note(GivenAnswer { question, position, given, at }));
    }
}
