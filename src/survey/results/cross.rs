//! The answers to one question by the answers to another.

use crate::call::Given;
use crate::survey::Survey;

/// What spoken answers are called in a table.
const SPOKEN: &str = "(spoken)";

/// A question that is not in the survey.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the survey has no question \"{id}\"; it has: {}", known.join(", "))]
pub struct UnknownQuestion {
    /// Its id, as asked for.
    pub id: String,
    /// Those the survey has.
    pub known: Vec<String>,
}

/// How often each pair of answers to two questions was given, by calls that
/// answered both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossTable {
    /// The question whose answers are the rows.
    pub rows: String,
    /// The question whose answers are the columns.
    pub columns: String,
    /// The answers that are rows.
    pub row_labels: Vec<String>,
    /// The answers that are columns.
    pub column_labels: Vec<String>,
    counts: Vec<Vec<u64>>,
}

impl CrossTable {
    pub(super) fn new(survey: &Survey, rows: &str, columns: &str) -> Result<Self, UnknownQuestion> {
        let labels = |id: &str| {
            let question =
                survey.questions.iter().find(|question| question.id == id).ok_or_else(|| UnknownQuestion {
                    id: id.to_owned(),
                    known: survey.questions.iter().map(|question| question.id.clone()).collect(),
                })?;
            let spoken = question.spoken.iter().map(|_| SPOKEN.to_owned());
            Ok(question.choices.iter().map(|choice| choice.label.clone()).chain(spoken).collect::<Vec<_>>())
        };
        let (row_labels, column_labels) = (labels(rows)?, labels(columns)?);
        let counts = vec![vec![0; column_labels.len()]; row_labels.len()];
        Ok(Self { rows: rows.to_owned(), columns: columns.to_owned(), row_labels, column_labels, counts })
    }

    pub(super) fn count(&mut self, row: Option<&Given>, column: Option<&Given>) {
        let (Some(row), Some(column)) = (row.and_then(label), column.and_then(label)) else { return };
        let (row, column) = (place(&mut self.row_labels, row), place(&mut self.column_labels, column));
        if row == self.counts.len() {
            self.counts.push(Vec::new());
        }
        for counts in &mut self.counts {
            counts.resize(self.column_labels.len(), 0);
        }
        self.counts[row][column] += 1;
    }

    /// The counts of each row, by column.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Calls of a row.
    pub fn row_total(&self, row: usize) -> u64 {
        self.counts.get(row).map_or(0, |counts| counts.iter().sum())
    }

    /// Calls of a column.
    pub fn column_total(&self, column: usize) -> u64 {
        self.counts.iter().filter_map(|counts| counts.get(column)).sum()
    }

    /// Calls that answered both.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// A cell's share of its row, 0 to 1; none: the row is empty.
    pub fn row_share(&self, row: usize, column: usize) -> Option<f64> {
        let count = self.counts.get(row)?.get(column)?;
        super::share(*count, self.row_total(row))
    }
}

/// What an answer is called; none: it is no answer.
fn label(given: &Given) -> Option<&str> {
    match given {
        Given::Key { label, .. } => Some(label),
        Given::Speech { .. } => Some(SPOKEN),
        Given::Nothing => None,
    }
}

/// The place of a label, made for one that the survey has no more.
fn place(labels: &mut Vec<String>, label: &str) -> usize {
    labels.iter().position(|known| known == label).unwrap_or_else(|| {
        labels.push(label.to_owned());
        labels.len() - 1
    })
}
