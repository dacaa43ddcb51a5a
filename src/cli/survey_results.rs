//! What was answered, as tables and as CSV.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use crate::report::results::{self, Counting};
use crate::report::survey_csv;
use crate::store::listing::CallQuery;
use crate::store::{Campaign, Store, StoredSurvey};
use crate::survey::{CrossTable, Funnel, QuestionCount, Results, Survey};

/// The width of a full bar.
const BAR: usize = 20;

/// The survey that a campaign asks.
async fn survey_of(store: &Store, campaign: &Campaign) -> anyhow::Result<StoredSurvey> {
    match (results::survey_of(store, campaign).await?, &campaign.settings.survey) {
        (Some(stored), _) => Ok(stored),
        (None, None) => bail!("campaign \"{}\" asks no survey", campaign.name),
        (None, Some(reference)) => {
            bail!("there is no survey \"{reference}\", which campaign \"{}\" asks", campaign.name)
        }
    }
}

/// Counts every call of a campaign; `cross` names two questions to count
/// against each other.
pub(super) async fn collect(
    store: &Store,
    campaign: &Campaign,
    cross: Option<(&str, &str)>,
) -> anyhow::Result<Results> {
    let survey = survey_of(store, campaign).await?;
    let counting = Counting::new(campaign.id, Some(survey), CallQuery::default(), cross)?;
    match counting.all(store).await?.survey {
        Some((_, results)) => Ok(results),
        None => bail!("campaign \"{}\" asks no survey", campaign.name),
    }
}

/// The same, if the campaign asks a survey.
pub(super) async fn if_asked(store: &Store, campaign: &Campaign) -> anyhow::Result<Option<Results>> {
    match campaign.settings.survey {
        Some(_) => collect(store, campaign, None).await.map(Some),
        None => Ok(None),
    }
}

/// Writes a row per call to a file and says how many; `-`: to standard output.
pub(super) async fn write_csv(store: &Store, campaign: &Campaign, path: &Path) -> anyhow::Result<()> {
    let survey = survey_of(store, campaign).await?.survey;
    if path == Path::new("-") {
        csv_to(store, campaign, &survey, std::io::stdout().lock()).await?;
        return Ok(());
    }
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let rows = csv_to(store, campaign, &survey, file).await?;
    println!("{rows} calls written to {}.", path.display());
    Ok(())
}

/// Writes every call of a campaign in order of dialing; gives their number.
/// Constant memory however long the campaign.
async fn csv_to(store: &Store, campaign: &Campaign, survey: &Survey, mut to: impl Write) -> anyhow::Result<u64> {
    to.write_all(&survey_csv::header(Some(survey))?)?;
    let (mut written, mut after) = (0, None);
    loop {
        let page = store.surveyed_calls_page(campaign.id, after, results::STEP).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.row.call);
        to.write_all(&survey_csv::rows(Some(survey), &page)?)?;
        written += page.len() as u64;
    }
    to.flush()?;
    Ok(written)
}

/// The tables a person reads.
pub(super) fn text(results: &Results) -> String {
    let mut parts = vec![funnel(results.funnel(), results.questions())];
    parts.extend(results.questions().iter().enumerate().map(|(at, question)| counts(at, question)));
    parts.extend(results.cross_table().map(cross));
    parts.join("\n\n")
}

fn funnel(funnel: &Funnel, questions: &[QuestionCount]) -> String {
    let mut table = table(&["survey", "calls", "of answered", ""]);
    let mut row = |name: String, count: u64| {
        table.add_row([name, count.to_string(), percent(share(count, funnel.answered)), bar(count, funnel.answered)]);
    };
    row("answered by a person".into(), funnel.answered);
    row("ended before the first question".into(), funnel.before_first);
    for question in questions {
        row(format!("reached {}", question.id), question.asked);
    }
    row("partial".into(), funnel.partial);
    row("complete".into(), funnel.complete);
    row("opted out".into(), funnel.opted_out);
    row("transferred".into(), funnel.transferred);
    if funnel.in_progress > 0 {
        row("going on".into(), funnel.in_progress);
    }
    format!("{}\n{} calls placed", aligned(table, 1..3), funnel.calls)
}

fn counts(at: usize, question: &QuestionCount) -> String {
    let mut table = table(&["answer", "key", "calls", "of answers", ""]);
    let mut row = |name: &str, key: String, count: u64| {
        let share = share(count, question.answered);
        table.add_row([name.to_owned(), key, count.to_string(), percent(share), bar(count, question.answered)]);
    };
    for choice in &question.choices {
        row(&choice.label, choice.digit.to_string(), choice.count);
    }
    if question.choices.is_empty() || question.spoken > 0 {
        row("spoken", String::new(), question.spoken);
    }
    let heading = format!("{}. {}  {}", at + 1, question.id, question.text);
    let QuestionCount { asked, answered, no_answer, .. } = question;
    let left = asked.saturating_sub(answered + no_answer);
    format!(
        "{}\n{}\nasked {asked}, answered {answered}, no answer {no_answer}, left {left}",
        heading.trim_end(),
        aligned(table, 2..4)
    )
}

fn cross(cross: &CrossTable) -> String {
    let mut header = vec![format!("{} \\ {}", cross.rows, cross.columns)];
    header.extend(cross.column_labels.iter().cloned());
    header.push("all".into());
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    for (at, label) in cross.row_labels.iter().enumerate() {
        let counts = cross.counts().get(at).map(Vec::as_slice).unwrap_or_default();
        let mut cells = vec![label.clone()];
        cells.extend(counts.iter().enumerate().map(|(column, count)| match cross.row_share(at, column) {
            Some(share) => format!("{count} ({})", percent(Some(share))),
            None => count.to_string(),
        }));
        cells.push(cross.row_total(at).to_string());
        table.add_row(cells);
    }
    let mut all = vec!["all".to_owned()];
    all.extend((0..cross.column_labels.len()).map(|column| cross.column_total(column).to_string()));
    all.push(cross.total().to_string());
    table.add_row(all);
    let columns = cross.column_labels.len() + 2;
    format!("{}\ncalls that answered both; shares of the row", aligned(table, 1..columns))
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    table
}

/// With numbers to the right in these columns.
fn aligned(mut table: Table, columns: std::ops::Range<usize>) -> Table {
    for column in table.column_iter_mut().skip(columns.start).take(columns.len()) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", 100.0 * share))
}

fn bar(part: u64, whole: u64) -> String {
    let full = share(part, whole).map_or(0.0, |share| share.min(1.0) * BAR as f64);
    "█".repeat(full.round() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallFacts, Given, GivenAnswer, Outcome, SurveyState, TalkFacts};

    fn results() -> Results {
        let json = r#"{"questions": [
            {"id": "vote", "text": "Will you?", "prompts": ["a"], "choices": [{"digit": "1", "label": "Yes"}, {"digit": "2", "label": "No"}]},
            {"id": "why", "prompts": ["b"], "spoken": {}}]}"#;
        let survey: Survey = serde_json::from_str(json).expect("a survey");
        let mut results = Results::new(&survey).with_cross("vote", "why").expect("both are there");
        for (digit, label) in [('1', "Yes"), ('1', "Yes"), ('2', "No")] {
            let at = jiff::Timestamp::UNIX_EPOCH;
            let answers = [
                GivenAnswer {
                    question: "vote".into(),
                    position: 1,
                    given: Given::Key { digit, label: label.into() },
                    at,
                },
                GivenAnswer { question: "why".into(), position: 2, given: Given::Speech { recording: "x".into() }, at },
            ];
            let talk = TalkFacts { survey: Some(SurveyState::Complete), ..TalkFacts::default() };
            results.add(Some(Outcome::Answered), &CallFacts { talk, ..CallFacts::default() }, &answers);
        }
        results.add(Some(Outcome::Answered), &CallFacts::default(), &[]);
        results
    }

    #[test]
    fn the_tables_say_what_was_counted() {
        let text = text(&results());
        for part in [
            "reached vote",
            "4 calls placed",
            "75.0 %",
            "1. vote  Will you?",
            "66.7 %",
            "█████████████ ",
            "asked 3, answered 3, no answer 0, left 0",
            "2. why\n",
            "spoken",
            "vote \\ why",
            "2 (100.0 %)",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn nothing_answered_divides_by_nothing() {
        let survey: Survey = serde_json::from_str(r#"{"questions": []}"#).expect("a survey");
        let text = text(&Results::new(&survey));
        assert!(text.contains("0 calls placed") && text.contains('–'), "{text}");
        assert_eq!((bar(5, 0), bar(5, 5), bar(9, 5)), (String::new(), "█".repeat(BAR), "█".repeat(BAR)));
    }
}
