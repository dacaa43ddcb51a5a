//! Results as other programs read them.

use serde_json::{Value, json};

use super::{CrossTable, QuestionCount, Results, share};

impl Results {
    /// `{funnel, questions, cross}`; shares are 0 to 1, to four digits, or null
    /// where nobody answered. `cross` is null if it was not asked for.
    pub fn json(&self) -> Value {
        let funnel = self.funnel;
        json!({
            "funnel": {
                "calls": funnel.calls,
                "answered": funnel.answered,
                "before_first": funnel.before_first,
                "partial": funnel.partial,
                "complete": funnel.complete,
                "opted_out": funnel.opted_out,
                "transferred": funnel.transferred,
                "in_progress": funnel.in_progress,
            },
            "questions": self.questions.iter().map(QuestionCount::json).collect::<Vec<_>>(),
            "cross": self.cross.as_ref().map(CrossTable::json),
        })
    }
}

impl QuestionCount {
    fn json(&self) -> Value {
        let choices = self.choices.iter().map(|choice| {
            let share = rounded(choice.share(self));
            json!({ "digit": choice.digit, "label": choice.label, "count": choice.count, "share": share })
        });
        json!({
            "id": self.id,
            "text": self.text,
            "asked": self.asked,
            "answered": self.answered,
            "no_answer": self.no_answer,
            "choices": choices.collect::<Vec<_>>(),
            "spoken": self.spoken,
        })
    }
}

impl CrossTable {
    fn json(&self) -> Value {
        let shares: Vec<Vec<_>> = self
            .counts()
            .iter()
            .enumerate()
            .map(|(row, counts)| counts.iter().map(|count| rounded(share(*count, self.row_total(row)))).collect())
            .collect();
        json!({
            "rows": self.rows,
            "columns": self.columns,
            "row_labels": self.row_labels,
            "column_labels": self.column_labels,
            "counts": self.counts(),
            "row_shares": shares,
            "total": self.total(),
        })
    }
}

fn rounded(share: Option<f64>) -> Option<f64> {
    share.map(|share| (share * 10_000.0).round() / 10_000.0)
}
