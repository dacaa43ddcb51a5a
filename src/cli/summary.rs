//! The closing table of a campaign run in the foreground.

use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use serde_json::{Map, Value, json};

use super::survey_results;
use crate::call::Outcome;
use crate::campaign::CampaignStatus;
use crate::store::Tally;
use crate::survey::Results;

/// What came of a run.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    /// The campaign's tally at the end.
    pub(super) tally: Tally,
    /// Its state at the end.
    pub(super) status: CampaignStatus,
    /// Why it is in that state, if that needs a word.
    pub(super) reason: Option<String>,
    /// From the first claim to the last settlement.
    pub(super) took: Duration,
    /// What was answered, if there is a survey.
    pub(super) results: Option<Results>,
}

impl Summary {
    /// Calls per second over the whole run.
    pub(super) fn calls_per_second(&self) -> f64 {
        let calls = self.tally.calls() as f64;
        calls / self.took.as_secs_f64().max(1e-3)
    }

    /// Whether every contact is settled.
    pub(super) fn is_complete(&self) -> bool {
        self.status == CampaignStatus::Completed
    }

    /// One object: contacts, calls, outcomes, statuses, calls_per_second,
    /// seconds, status.
    pub(super) fn json(&self) -> Map<String, Value> {
        let outcomes: Map<_, _> =
            self.tally.outcomes.iter().map(|(outcome, n)| (outcome.to_string(), json!(n))).collect();
        let statuses: Map<_, _> = self.tally.targets.iter().map(|(status, n)| (status.to_string(), json!(n))).collect();
        let mut object = Map::new();
        object.insert("contacts".into(), json!(self.tally.total()));
        object.insert("calls".into(), json!(self.tally.calls()));
        object.insert("outcomes".into(), Value::Object(outcomes));
        object.insert("statuses".into(), Value::Object(statuses));
        object.insert("calls_per_second".into(), json!((self.calls_per_second() * 10.0).round() / 10.0));
        object.insert("seconds".into(), json!((self.took.as_secs_f64() * 10.0).round() / 10.0));
        object.insert("campaign_status".into(), json!(self.status));
        if let Some(results) = &self.results {
            object.insert("survey".into(), results.json());
        }
        object
    }

    /// The table a person reads.
    pub(super) fn table(&self) -> String {
        let mut calls = Table::new();
        calls.load_style(UTF8_FULL_CONDENSED).set_header(["outcome", "calls", "share"]);
        let total = self.tally.calls();
        for (outcome, n) in &self.tally.outcomes {
            calls.add_row([outcome.to_string(), n.to_string(), percent(*n, total)]);
        }
        calls.add_row(["all calls".to_owned(), total.to_string(), percent(total, total)]);
        let mut contacts = Table::new();
        contacts.load_style(UTF8_FULL_CONDENSED).set_header(["contacts", "number", "share"]);
        let all = self.tally.total();
        for (status, n) in &self.tally.targets {
            contacts.add_row([status.to_string(), n.to_string(), percent(*n, all)]);
        }
        contacts.add_row(["all contacts".to_owned(), all.to_string(), percent(all, all)]);
        for table in [&mut calls, &mut contacts] {
            for column in table.column_iter_mut().skip(1) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let answered = self.tally.outcome(Outcome::Answered);
        let mut text = format!(
            "{calls}\n{contacts}\nAnswer rate       {} of calls\nSpeed             {:.1} calls per second over {:.1} s\n",
            percent(answered, total),
            self.calls_per_second(),
            self.took.as_secs_f64(),
        );
        text.push_str(&format!("Campaign          {}", self.status));
        if let Some(reason) = &self.reason {
            text.push_str(&format!(": {reason}"));
        }
        match &self.results {
            Some(results) => format!("{}\n\n{text}", survey_results::text(results)),
            None => text,
        }
    }
}

fn percent(n: u64, of: u64) -> String {
    if of == 0 { "–".to_owned() } else { format!("{:.1} %", 100.0 * n as f64 / of as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::TargetStatus;

    #[test]
    fn the_table_and_the_object_say_the_same() {
        let summary = Summary {
            tally: Tally {
                targets: vec![(TargetStatus::Completed, 3), (TargetStatus::Busy, 1)],
                outcomes: vec![(Outcome::Answered, 3), (Outcome::Busy, 2)],
            },
            status: CampaignStatus::Completed,
            reason: None,
            took: Duration::from_secs(2),
            results: None,
        };
        let json = summary.json();
        assert_eq!((json["contacts"].as_u64(), json["calls"].as_u64()), (Some(4), Some(5)));
        assert_eq!((json["outcomes"]["busy"].as_u64(), json["statuses"]["busy"].as_u64()), (Some(2), Some(1)));
        assert_eq!(json["calls_per_second"].as_f64(), Some(2.5));
        let table = summary.table();
        for part in ["60.0 %", "all calls", "all contacts", "2.5 calls per second", "completed"] {
            assert!(table.contains(part), "{part} in\n{table}");
        }
    }

    #[test]
    fn an_empty_run_divides_by_nothing() {
        let summary = Summary {
            tally: Tally::default(),
            status: CampaignStatus::Paused,
            reason: Some("no trunk".into()),
            took: Duration::ZERO,
            results: None,
        };
        assert!(summary.table().contains("paused: no trunk"));
        assert_eq!(summary.calls_per_second(), 0.0);
    }
}
