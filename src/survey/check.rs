//! Whether a survey can be asked: every wrong field at once.

use std::collections::HashSet;
use std::fmt;

use super::{Choice, Next, Question, Spoken, Survey};

/// Questions, at most.
const MOST_QUESTIONS: usize = 100;
/// Entries of one list of prompts, at most.
const MOST_PROMPTS: usize = 20;
/// Characters of a question's id, of its text, of a choice's label, at most.
const LONGEST_ID: usize = 40;
const LONGEST_TEXT: usize = 500;
const LONGEST_LABEL: usize = 100;
/// The keys of a telephone that may be answers.
const KEYS: &str = "0123456789*#";
/// What stands for something else where a question's id may stand.
const WORDS: [&str; 2] = ["next", "end"];

/// Something in a survey that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which question, from 1; none: the survey as a whole.
    pub question: Option<usize>,
    /// Its id, as written.
    pub id: String,
    /// Which of its choices, from 1; none: the question itself.
    pub choice: Option<usize>,
    /// The field: `prompts`, `spoken.max_seconds`, `digit`, …
    pub field: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(question) = self.question {
            write!(f, "question {question} ")?;
            if !self.id.is_empty() {
                write!(f, "\"{}\" ", self.id.escape_debug())?;
            }
        }
        if let Some(choice) = self.choice {
            write!(f, "choice {choice}: ")?;
        }
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl Problem {
    /// Where it is in a survey as JSON: `questions[0].choices[1].digit`.
    pub fn path(&self) -> String {
        let part =
            |list: &str, n: Option<usize>| n.map(|n| format!("{list}[{}].", n.saturating_sub(1))).unwrap_or_default();
        format!("{}{}{}", part("questions", self.question), part("choices", self.choice), self.field)
    }
}

impl Survey {
    /// Everything that is wrong with it; nothing: it can be asked.
    ///
    /// `reserved` are the keys that cannot be answers as they have a meaning at
    /// any time, each with what it is: "the opt-out key".
    ///
    /// Whether a question can be reached, and whether the survey ends, is only
    /// looked at once every `next` leads somewhere.
    pub fn check(&self, reserved: &[(char, &str)]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let whole = |field: &str, message: String| Problem {
            question: None,
            id: String::new(),
            choice: None,
            field: field.to_owned(),
            message,
        };
        match self.questions.len() {
            0 => problems.push(whole("questions", "there is none".into())),
            1..=MOST_QUESTIONS => {}
            n => problems.push(whole("questions", format!("there are {n}, may be {MOST_QUESTIONS}"))),
        }
        if let Some(message) = wrong_prompts(&self.closing) {
            problems.push(whole("closing", message));
        }
        let mut leads_on = !self.questions.is_empty();
        let mut ids = HashSet::new();
        for (at, question) in self.questions.iter().enumerate() {
            let mut of = OfQuestion { at, question, problems: &mut problems };
            of.check_id(&mut ids);
            of.check_asking();
            of.check_answers(reserved);
            leads_on &= of.check_ways(self);
        }
        if leads_on && ids.len() == self.questions.len() {
            self.check_graph(&mut problems);
        }
        problems
    }

    fn check_graph(&self, problems: &mut Vec<Problem>) {
        let (reachable, ends) = (self.reachable(), self.ends());
        for (at, question) in self.questions.iter().enumerate() {
            let mut of = OfQuestion { at, question, problems };
            if !reachable[at] {
                of.wrong("id", "is never asked: no answer leads to it".into());
            } else if !ends[at] {
                of.wrong("next", "leads round for ever: no answer leads from here to the end".into());
            }
        }
    }
}

/// A question being looked at.
struct OfQuestion<'a, 'p> {
    at: usize,
    question: &'a Question,
    problems: &'p mut Vec<Problem>,
}

impl<'a> OfQuestion<'a, '_> {
    fn wrong(&mut self, field: &str, message: String) {
        self.wrong_in(None, field, message);
    }

    /// In the choice at `n`, from 0.
    fn wrong_in(&mut self, n: Option<usize>, field: &str, message: String) {
        let (id, choice) = (self.question.id.clone(), n.map(|n| n + 1));
        self.problems.push(Problem { question: Some(self.at + 1), id, choice, field: field.to_owned(), message });
    }

    fn check_id(&mut self, ids: &mut HashSet<&'a str>) {
        let id = self.question.id.as_str();
        let safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if id.is_empty() || id.len() > LONGEST_ID || !id.chars().all(safe) {
            self.wrong("id", format!("must have 1 to {LONGEST_ID} small letters, digits, _ or -"));
        } else if WORDS.contains(&id) {
            self.wrong("id", "has a meaning of its own in next: take another".into());
        }
        if !ids.insert(id) {
            self.wrong("id", "an earlier question has the same".into());
        }
    }

    fn check_asking(&mut self) {
        let question = self.question;
        if question.prompts.is_empty() {
            self.wrong("prompts", "is empty: what is asked?".into());
        } else if let Some(message) = wrong_prompts(&question.prompts) {
            self.wrong("prompts", message);
        }
        if let Some(message) = wrong_prompts(&question.invalid) {
            self.wrong("invalid", message);
        }
        if question.text.chars().count() > LONGEST_TEXT {
            self.wrong("text", format!("is longer than {LONGEST_TEXT} characters"));
        }
        self.within("timeout_seconds", question.timeout_seconds, 1, 60);
        self.within("retries", question.retries.into(), 0, 5);
    }

    fn check_answers(&mut self, reserved: &[(char, &str)]) {
        let question = self.question;
        match (&question.spoken, question.choices.is_empty()) {
            (None, true) => self.wrong("choices", "is missing, and so is spoken: how is it answered?".into()),
            (Some(_), false) => self.wrong("spoken", "cannot be beside choices: take one of them".into()),
            (None, false) | (Some(_), true) => {}
        }
        if let Some(Spoken { max_seconds, silence_seconds }) = question.spoken {
            self.within("spoken.max_seconds", max_seconds, 1, 600);
            self.within("spoken.silence_seconds", silence_seconds, 1, 30);
        }
        for (n, choice) in question.choices.iter().enumerate() {
            self.check_digit(n, choice, reserved);
            self.check_label(n, choice);
        }
    }

    fn check_digit(&mut self, n: usize, choice: &Choice, reserved: &[(char, &str)]) {
        let (at, digit) = (Some(n), choice.digit);
        if !KEYS.contains(digit) {
            self.wrong_in(at, "digit", format!("is {digit:?}, must be 0 to 9, * or #"));
        } else if let Some(first) = self.earlier(n, |earlier| earlier.digit == digit) {
            self.wrong_in(at, "digit", format!("is {digit}, as that of choice {first}"));
        } else if let Some((_, what)) = reserved.iter().find(|(key, _)| *key == digit) {
            self.wrong_in(at, "digit", format!("is {digit}, {what}"));
        }
    }

    fn check_label(&mut self, n: usize, choice: &Choice) {
        let (at, label) = (Some(n), choice.label.trim());
        if label.is_empty() {
            self.wrong_in(at, "label", "is empty: what does the key stand for?".into());
        } else if choice.label.chars().count() > LONGEST_LABEL {
            self.wrong_in(at, "label", format!("is longer than {LONGEST_LABEL} characters"));
        } else if label.chars().any(char::is_control) {
            self.wrong_in(at, "label", "holds a control character".into());
        } else if let Some(first) = self.earlier(n, |earlier| earlier.label.trim() == label) {
            self.wrong_in(at, "label", format!("is \"{label}\", as that of choice {first}"));
        }
    }

    /// The first of the choices before `n` that is so, counted from 1.
    fn earlier(&self, n: usize, is_so: impl Fn(&Choice) -> bool) -> Option<usize> {
        self.question.choices.iter().take(n).position(is_so).map(|at| at + 1)
    }

    /// Whether every way on leads somewhere.
    fn check_ways(&mut self, survey: &Survey) -> bool {
        let question = self.question;
        let choices = question.choices.iter().enumerate().map(|(n, choice)| (Some(n), "next", &choice.next));
        let mut well = true;
        for (at, field, next) in choices.chain([(None, "no_answer", &question.no_answer)]) {
            if let Next::Question(id) = next
                && survey.position(id).is_none()
            {
                self.wrong_in(at, field, unknown(survey, id));
                well = false;
            }
        }
        well
    }

    fn within(&mut self, field: &str, value: u32, low: u32, high: u32) {
        if !(low..=high).contains(&value) {
            self.wrong(field, format!("is {value}, must be from {low} to {high}"));
        }
    }
}

/// An unknown question, with the nearest there is.
fn unknown(survey: &Survey, id: &str) -> String {
    let ids = survey.questions.iter().map(|question| question.id.as_str()).chain(WORDS);
    let near = ids
        .map(|known| (strsim::damerau_levenshtein(id, known), known))
        .min()
        .filter(|(distance, _)| *distance <= id.len().max(3) / 2);
    let hint = near.map(|(_, known)| format!("; did you mean \"{known}\"?")).unwrap_or_default();
    format!("there is no question \"{}\"{hint}", id.escape_debug())
}

fn wrong_prompts(prompts: &[String]) -> Option<String> {
    if prompts.len() > MOST_PROMPTS {
        return Some(format!("has {} entries, may have {MOST_PROMPTS}", prompts.len()));
    }
    prompts.iter().position(|prompt| prompt.trim().is_empty()).map(|at| format!("entry {} is empty", at + 1))
}

#[cfg(test)]
pub(super) mod tests;
