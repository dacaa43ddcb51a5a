//! What a campaign's calls answered, counted call by call: what is kept does
//! not grow with the calls.
//!
//! The unit is the call. Asked twice in one call (in a loop), a question has
//! the last answer given; a number called twice counts twice.

use std::collections::HashMap;

use super::Survey;
use crate::call::{CallFacts, Given, GivenAnswer, Outcome, SurveyState, TalkFacts, TransferState};

mod cross;
mod json;

pub use cross::{CrossTable, UnknownQuestion};
pub use json::SurveyFigures;

/// Counts of a survey's answers.
#[derive(Clone, Debug)]
pub struct Results {
    survey: Survey,
    places: HashMap<String, usize>,
    questions: Vec<QuestionCount>,
    funnel: Funnel,
    cross: Option<CrossTable>,
}

/// What was answered to a question, in calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuestionCount {
    /// Its id.
    pub id: String,
    /// What it asks; empty: the survey does not say, or has it no more.
    pub text: String,
    /// Calls in which it was asked: in which the survey reached it.
    pub asked: u64,
    /// Of these: with a key that is a choice, or with speech.
    pub answered: u64,
    /// Of these: with nothing, or no choice, in all tries. The rest was hung
    /// up on, opted out or was transferred while it was asked.
    pub no_answer: u64,
    /// By choice, in the order of the survey. Labels the survey had before it
    /// was changed follow.
    pub choices: Vec<ChoiceCount>,
    /// Spoken answers.
    pub spoken: u64,
}

/// How often a choice was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceCount {
    /// The key.
    pub digit: char,
    /// What it stands for.
    pub label: String,
    /// Calls.
    pub count: u64,
}

/// How far calls got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Funnel {
    /// Calls placed.
    pub calls: u64,
    /// Of these: over, and answered by a person. Each is one of the next three.
    pub answered: u64,
    /// Ended before the first question was asked.
    pub before_first: u64,
    /// Ended after a question was asked and before the end of the survey.
    pub partial: u64,
    /// Reached the end of the survey.
    pub complete: u64,
    /// Of those answered: the opt-out key was pressed.
    pub opted_out: u64,
    /// Of those answered: were connected with somebody by the transfer key.
    pub transferred: u64,
    /// Calls that go on, with an answer so far.
    pub in_progress: u64,
}

impl Results {
    /// Nothing counted yet.
    pub fn new(survey: &Survey) -> Self {
        let questions: Vec<_> = survey.questions.iter().map(QuestionCount::of).collect();
        let mut places = HashMap::new();
        for (at, question) in survey.questions.iter().enumerate() {
            places.entry(question.id.clone()).or_insert(at);
        }
        Self { survey: survey.clone(), places, questions, funnel: Funnel::default(), cross: None }
    }

    /// Counts the answers to two questions against each other, too.
    pub fn with_cross(mut self, rows: &str, columns: &str) -> Result<Self, UnknownQuestion> {
        self.cross = Some(CrossTable::new(&self.survey, rows, columns)?);
        Ok(self)
    }

    /// Counts a call: how it ended (none: it goes on), what came of it, and
    /// its answers in order.
    pub fn add(&mut self, outcome: Option<Outcome>, facts: &CallFacts, answers: &[GivenAnswer]) {
        self.funnel.calls += 1;
        let talk = &facts.talk;
        // A daemon that died mid-call left answers, but nobody who says how
        // far the survey got.
        let state = talk.survey.or((!answers.is_empty()).then_some(SurveyState::Partial));
        self.count_end(outcome, talk, state);
        let Some(state) = state else { return };
        let last = self.last_answers(answers);
        let open = match state {
            SurveyState::Complete => None,
            SurveyState::Partial => self.being_asked(facts, answers),
        };
        for (question, last) in self.questions.iter_mut().zip(&last) {
            question.asked += u64::from(last.is_some());
            if let Some(given) = last {
                question.count(given);
            }
        }
        if let Some(open) = open.filter(|open| last[*open].is_none()) {
            self.questions[open].asked += 1;
        }
        if let Some(cross) = &mut self.cross {
            let of = |id: &str| self.places.get(id).and_then(|at| last[*at]);
            let (row, column) = (of(&cross.rows), of(&cross.columns));
            cross.count(row, column);
        }
    }

    /// By question, in the order of the survey. Questions it had before it was
    /// changed follow.
    pub fn questions(&self) -> &[QuestionCount] {
        &self.questions
    }

    /// How far calls got.
    pub fn funnel(&self) -> &Funnel {
        &self.funnel
    }

    /// Two questions against each other, if that was asked for.
    pub fn cross_table(&self) -> Option<&CrossTable> {
        self.cross.as_ref()
    }

    fn count_end(&mut self, outcome: Option<Outcome>, talk: &TalkFacts, state: Option<SurveyState>) {
        let funnel = &mut self.funnel;
        let Some(outcome) = outcome else {
            funnel.in_progress += u64::from(state.is_some());
            return;
        };
        match state {
            Some(SurveyState::Complete) => funnel.complete += 1,
            Some(SurveyState::Partial) => funnel.partial += 1,
            None if outcome == Outcome::Answered => funnel.before_first += 1,
            None => return,
        }
        funnel.answered += 1;
        funnel.opted_out += u64::from(talk.opted_out);
        funnel.transferred += u64::from(talk.transfer == Some(TransferState::Connected));
    }

    /// The last answer to each question, by place.
    fn last_answers<'a>(&mut self, answers: &'a [GivenAnswer]) -> Vec<Option<&'a Given>> {
        let mut last = vec![None; self.questions.len()];
        for answer in answers {
            let at = self.place(&answer.question);
            if at == last.len() {
                last.push(None);
            }
            last[at] = Some(&answer.given);
        }
        last
    }

    /// The place of a question, made for one that the survey has no more.
    fn place(&mut self, id: &str) -> usize {
        if let Some(at) = self.places.get(id) {
            return *at;
        }
        self.questions.push(QuestionCount { id: id.to_owned(), ..QuestionCount::default() });
        self.places.insert(id.to_owned(), self.questions.len() - 1);
        self.questions.len() - 1
    }

    /// The question that was being asked when the survey broke off.
    fn being_asked(&self, facts: &CallFacts, answers: &[GivenAnswer]) -> Option<usize> {
        let Some(last) = answers.last() else { return (!self.survey.questions.is_empty()).then_some(0) };
        // Who hangs up while speaking is asked nothing more.
        if facts.ended_at.is_some_and(|end| end <= last.at) {
            return None;
        }
        self.survey.after(self.survey.position(&last.question)?, &last.given)
    }
}

impl QuestionCount {
    fn of(question: &super::Question) -> Self {
        let choices = question.choices.iter();
        let choices = choices.map(|choice| ChoiceCount { digit: choice.digit, label: choice.label.clone(), count: 0 });
        let (id, text, choices) = (question.id.clone(), question.text.clone(), choices.collect());
        Self { id, text, choices, ..Self::default() }
    }

    fn count(&mut self, given: &Given) {
        match given {
            Given::Nothing => {
                self.no_answer += 1;
                return;
            }
            Given::Speech { .. } => self.spoken += 1,
            Given::Key { digit, label } => match self.choices.iter_mut().find(|choice| choice.label == *label) {
                Some(choice) => choice.count += 1,
                None => self.choices.push(ChoiceCount { digit: *digit, label: label.clone(), count: 1 }),
            },
        }
        self.answered += 1;
    }
}

/// A part of a whole, 0 to 1; none of nothing.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl ChoiceCount {
    /// Its share of those who answered, 0 to 1; none: nobody did.
    pub fn share(&self, of: &QuestionCount) -> Option<f64> {
        share(self.count, of.answered)
    }
}

#[cfg(test)]
mod tests;
