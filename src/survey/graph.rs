//! Which question follows which.

use super::{Next, Question, Survey};
use crate::call::Given;

impl Survey {
    /// Every entry that names a sound, with the field it stands in.
    pub fn sounds(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let asked = self.questions.iter().flat_map(|question| {
            let prompts = question.prompts.iter().map(|prompt| ("survey: prompts", prompt));
            prompts.chain(question.invalid.iter().map(|prompt| ("survey: invalid", prompt)))
        });
        asked.chain(self.closing.iter().map(|prompt| ("survey: closing", prompt)))
    }

    /// The place of a question in `questions`.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.questions.iter().position(|question| question.id == id)
    }

    /// Where `next` leads from the question at `from`; none: to the end. In a
    /// checked survey every `next` leads somewhere; elsewhere one that does not
    /// is the end.
    pub fn follow(&self, from: usize, next: &Next) -> Option<usize> {
        match next {
            Next::Following => Some(from + 1).filter(|next| *next < self.questions.len()),
            Next::End => None,
            Next::Question(id) => self.position(id),
        }
    }

    /// The question asked once `given` was given to the one at `from`; none:
    /// the end.
    pub fn after(&self, from: usize, given: &Given) -> Option<usize> {
        let question = self.questions.get(from)?;
        let next = match given {
            Given::Key { digit, .. } => {
                question.choices.iter().find(|choice| choice.digit == *digit).map_or(&question.no_answer, |c| &c.next)
            }
            Given::Speech { .. } => &Next::Following,
            Given::Nothing => &question.no_answer,
        };
        self.follow(from, next)
    }

    /// For every question: whether it can be reached from the first.
    pub(super) fn reachable(&self) -> Vec<bool> {
        let mut reached = vec![false; self.questions.len()];
        let mut todo: Vec<usize> = (0..self.questions.len().min(1)).collect();
        while let Some(at) = todo.pop() {
            if !std::mem::replace(&mut reached[at], true) {
                todo.extend(self.questions[at].ways().filter_map(|next| self.follow(at, next)));
            }
        }
        reached
    }

    /// For every question: whether the end can be reached from it.
    pub(super) fn ends(&self) -> Vec<bool> {
        let mut ends = vec![false; self.questions.len()];
        loop {
            let before = ends.clone();
            // The last first: most surveys go down, and are done in one round.
            for (at, question) in self.questions.iter().enumerate().rev() {
                ends[at] = ends[at] || question.ways().any(|next| self.follow(at, next).is_none_or(|next| ends[next]));
            }
            if ends == before {
                return ends;
            }
        }
    }
}

impl Question {
    /// Every way on from here.
    pub(super) fn ways(&self) -> impl Iterator<Item = &Next> {
        let spoken = self.spoken.iter().map(|_| &Next::Following);
        self.choices.iter().map(|choice| &choice.next).chain(spoken).chain([&self.no_answer])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::check::tests::{ask, choice, speak};

    fn survey() -> Survey {
        let mut first = ask("first", vec![choice('1', "On", "next"), choice('2', "Last", "last")]);
        first.no_answer = Next::End;
        let why = Question { no_answer: Next::Question("first".into()), ..speak("why") };
        Survey { questions: vec![first, why, ask("last", vec![choice('1', "Again", "first")])], closing: vec![] }
    }

    #[test]
    fn an_answer_leads_on() {
        let survey = survey();
        let key = |digit| Given::Key { digit, label: String::new() };
        assert_eq!(survey.after(0, &key('1')), Some(1));
        assert_eq!(survey.after(0, &key('2')), Some(2));
        assert_eq!(survey.after(0, &Given::Nothing), None);
        assert_eq!(survey.after(0, &key('7')), None, "no choice any more: as without an answer");
        assert_eq!(survey.after(1, &Given::Speech { recording: "x".into() }), Some(2));
        assert_eq!(survey.after(1, &Given::Nothing), Some(0), "nothing was said");
        assert_eq!(survey.after(2, &key('1')), Some(0));
        assert_eq!(survey.after(2, &Given::Nothing), None, "after the last, the end");
        assert_eq!(survey.after(3, &Given::Nothing), None);
    }

    #[test]
    fn every_sound_is_named() {
        let mut survey = survey();
        survey.questions[0].invalid = vec!["wrong".into()];
        survey.closing = vec!["thanks".into()];
        let sounds: Vec<_> = survey.sounds().map(|(place, sound)| (place, sound.as_str())).collect();
        assert_eq!(sounds[..2], [("survey: prompts", "question"), ("survey: invalid", "wrong")]);
        assert_eq!((sounds.len(), sounds[4]), (5, ("survey: closing", "thanks")));
    }

    #[test]
    fn what_is_reached_and_what_ends() {
        let mut survey = survey();
        assert_eq!((survey.reachable(), survey.ends()), (vec![true; 3], vec![true; 3]));
        survey.questions[0].choices.remove(0);
        assert_eq!(survey.reachable(), [true, false, true]);
        // What is spoken leads on to the last, which goes nowhere else.
        survey.questions[2].no_answer = Next::Question("last".into());
        survey.questions[0].no_answer = Next::Following;
        assert_eq!(survey.ends(), [false; 3]);
        let empty = Survey { questions: vec![], closing: vec![] };
        assert!(empty.reachable().is_empty() && empty.ends().is_empty());
    }
}
