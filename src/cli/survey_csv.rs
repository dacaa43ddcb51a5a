//! What was answered as CSV: a row per call, a column per question.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;

use super::survey_results::{PAGE, survey_of};
use crate::call::Given;
use crate::report::{defused, seconds};
use crate::store::{Campaign, Store, SurveyedCall};
use crate::survey::Survey;

const HEADER: [&str; 9] =
    ["call_id", "phone_number", "name", "attempt", "caller_id", "answered_at", "talk_seconds", "outcome", "survey"];
/// Asked, and nothing was answered.
const NO_ANSWER: &str = "(no answer)";
/// Spoken, and the recording's time is over.
const REMOVED: &str = "(recording removed)";

/// Writes to a file and says how many calls; `-`: to standard output.
pub(super) async fn write_to(store: &Store, campaign: &Campaign, path: &Path) -> anyhow::Result<()> {
    let survey = survey_of(store, campaign).await?;
    if path == Path::new("-") {
        write(store, campaign, &survey, std::io::stdout().lock()).await?;
        return Ok(());
    }
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut file = BufWriter::new(file);
    let rows = write(store, campaign, &survey, &mut file).await?;
    file.flush()?;
    println!("{rows} calls written to {}.", path.display());
    Ok(())
}

/// Writes every call of a campaign in order of dialing; gives their number.
/// Constant memory however long the campaign.
async fn write(store: &Store, campaign: &Campaign, survey: &Survey, to: impl Write) -> anyhow::Result<u64> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(header(survey))?;
    let mut written = 0;
    let mut after = None;
    loop {
        let page = store.surveyed_calls_page(campaign.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.row.call);
        for call in &page {
            csv.write_record(record(survey, call))?;
            written += 1;
        }
    }
    csv.flush()?;
    Ok(written)
}

/// Questions are columns by their ids; one that is called as another column is
/// gets `_answer` at its end.
fn header(survey: &Survey) -> Vec<String> {
    let mut header: Vec<String> = HEADER.map(ToOwned::to_owned).into();
    for question in &survey.questions {
        let mut column = question.id.clone();
        while header.contains(&column) {
            column.push_str("_answer");
        }
        header.push(column);
    }
    header
}

fn record(survey: &Survey, call: &SurveyedCall) -> Vec<String> {
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
    record
        .extend(survey.questions.iter().map(|question| given.get(question.id.as_str()).map_or_else(String::new, cell)));
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
        assert_eq!(header(&survey)[HEADER.len()..], ["vote", "name_answer", "name_answer_answer"]);
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
