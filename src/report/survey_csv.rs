//! What was answered as CSV: a row per call, a column per question.

use std::collections::HashMap;

use super::{defused, seconds};
use crate::call::Given;
use crate::store::SurveyedCall;
use crate::survey::{Question, Survey};

const HEADER: [&str; 9] =
    ["call_id", "phone_number", "name", "attempt", "caller_id", "answered_at", "talk_seconds", "outcome", "survey"];
/// Asked, and nothing was answered.
const NO_ANSWER: &str = "(no answer)";
/// Spoken, and the recording's time is over.
const REMOVED: &str = "(recording removed)";

/// The first line, as bytes of CSV. Without a survey no call has answers.
pub(crate) fn header(survey: Option<&Survey>) -> std::io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(columns(survey))?;
    csv.into_inner().map_err(|error| error.into_error())
}

/// Some calls, as bytes of CSV.
pub(crate) fn rows(survey: Option<&Survey>, calls: &[SurveyedCall]) -> std::io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for call in calls {
        csv.write_record(record(questions(survey), call))?;
    }
    csv.into_inner().map_err(|error| error.into_error())
}

fn questions(survey: Option<&Survey>) -> &[Question] {
    survey.map(|survey| survey.questions.as_slice()).unwrap_or_default()
}

/// Questions are columns by their ids; one that is called as another column is
/// gets `_answer` at its end.
fn columns(survey: Option<&Survey>) -> Vec<String> {
    let mut header: Vec<String> = HEADER.map(ToOwned::to_owned).into();
    for question in questions(survey) {
        let mut column = question.id.clone();
        while header.contains(&column) {
            column.push_str("_answer");
        }
        header.push(column);
    }
    header
}

fn record(questions: &[Question], call: &SurveyedCall) -> Vec<String> {
    let (row, facts) = (&call.row, &call.row.facts);
    let mut record = vec![
        row.call.to_string(),
        row.number.to_string(),
        row.name.as_deref().map(defused).unwrap_or_default(),
        row.attempt.to_string(),
        row.caller_id.to_string(),
        facts.answered_at.map(|at| at.to_string()).unwrap_or_default(),
        seconds(facts.answered_at, facts.ended_at),
        row.outcome.map(|outcome| outcome.to_string()).unwrap_or_default(),
        facts.talk.survey.map(|state| state.as_str().to_owned()).unwrap_or_default(),
    ];
    // The last answer to each question counts.
    let given: HashMap<_, _> = call.answers.iter().map(|answer| (answer.question.as_str(), &answer.given)).collect();
    record.extend(questions.iter().map(|question| given.get(question.id.as_str()).map_or_else(String::new, cell)));
    record
}

fn cell(given: &&Given) -> String {
    match given {
        Given::Key { label, .. } => defused(label),
        Given::Speech { recording } if recording.is_empty() => REMOVED.to_owned(),
        Given::Speech { recording } => defused(recording),
        Given::Nothing => NO_ANSWER.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_a_column_of_its_own() {
        let question = |id: &str| format!(r#"{{"id": "{id}", "prompts": [], "spoken": {{}}}}"#);
        let ids = ["vote", "name", "name_answer"].map(question).join(",");
        let survey: Survey = serde_json::from_str(&format!(r#"{{"questions": [{ids}]}}"#)).expect("a survey");
        assert_eq!(columns(Some(&survey))[HEADER.len()..], ["vote", "name_answer", "name_answer_answer"]);
        assert_eq!(columns(None), HEADER);
    }

    #[test]
    fn answers_are_cells() {
        let key = Given::Key { digit: '1', label: "=1+1".into() };
        let cells =
            [key, Given::Nothing, Given::Speech { recording: "x.wav".into() }, Given::Speech { recording: "".into() }];
        let cells: Vec<_> = cells.iter().map(|given| cell(&given)).collect();
        assert_eq!(cells, ["'=1+1", "(no answer)", "x.wav", "(recording removed)"]);
    }
}
