//! Results as other programs read them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{ChoiceCount, CrossTable, Funnel, QuestionCount, Results, share};

/// What was answered, in figures. Shares are 0 to 1, to four digits, or null
/// where nobody answered.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SurveyFigures {
    /// How far calls got.
    funnel: FunnelFigures,
    /// By question, in the order of the survey. Questions it had before it was
    /// changed follow.
    questions: Vec<QuestionFigures>,
    /// Two questions against each other, if that was asked for.
    cross: Option<CrossFigures>,
}

/// How far calls got.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct FunnelFigures {
    /// Calls placed.
    calls: u64,
    /// Of these: over, and answered by a person. Each is one of the next three.
    answered: u64,
    /// Ended before the first question was asked.
    before_first: u64,
    /// Ended after a question was asked and before the end of the survey.
    partial: u64,
    /// Reached the end of the survey.
    complete: u64,
    /// Of those answered: the opt-out key was pressed.
    opted_out: u64,
    /// Of those answered: were connected with somebody by the transfer key.
    transferred: u64,
    /// Calls that go on, with an answer so far.
    in_progress: u64,
}

/// What was answered to a question, in calls.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct QuestionFigures {
    /// Its id.
    #[schema(example = "vote")]
    id: String,
    /// What it asks; empty: the survey does not say, or has it no more.
    #[schema(example = "Will you vote?")]
    text: String,
    /// Calls in which the survey reached it.
    asked: u64,
    /// Of these: with a key that is a choice, or with speech.
    answered: u64,
    /// Of these: with nothing, or no choice, in all tries. The rest was hung up
    /// on, opted out or was transferred while it was asked.
    no_answer: u64,
    /// By choice, in the order of the survey. Labels the survey had before it
    /// was changed follow.
    choices: Vec<ChoiceFigures>,
    /// Spoken answers.
    spoken: u64,
}

/// How often a choice was taken.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct ChoiceFigures {
    /// The key.
    #[schema(value_type = String, example = "1")]
    digit: char,
    /// What it stands for.
    #[schema(example = "Yes")]
    label: String,
    /// Calls.
    count: u64,
    /// Its share of those who answered, 0 to 1.
    #[schema(example = 0.6667)]
    share: Option<f64>,
}

/// The answers to one question by the answers to another, in calls that
/// answered both.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct CrossFigures {
    /// The id of the question whose answers are the rows.
    rows: String,
    /// The id of the question whose answers are the columns.
    columns: String,
    /// The answers that are rows.
    row_labels: Vec<String>,
    /// The answers that are columns.
    column_labels: Vec<String>,
    /// Calls, row by row.
    counts: Vec<Vec<u64>>,
    /// Each count's share of its row, 0 to 1.
    row_shares: Vec<Vec<Option<f64>>>,
    /// Calls that answered both.
    total: u64,
}

impl Results {
    /// What was counted, for other programs.
    pub fn figures(&self) -> SurveyFigures {
        SurveyFigures {
            funnel: FunnelFigures::of(self.funnel),
            questions: self.questions.iter().map(QuestionFigures::of).collect(),
            cross: self.cross.as_ref().map(CrossFigures::of),
        }
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        serde_json::to_value(self.figures()).unwrap_or_default()
    }
}

impl FunnelFigures {
    fn of(funnel: Funnel) -> Self {
        let Funnel { calls, answered, before_first, partial, complete, opted_out, transferred, in_progress } = funnel;
        Self { calls, answered, before_first, partial, complete, opted_out, transferred, in_progress }
    }
}

impl QuestionFigures {
    fn of(question: &QuestionCount) -> Self {
        let choice = |choice: &ChoiceCount| ChoiceFigures {
            digit: choice.digit,
            label: choice.label.clone(),
            count: choice.count,
            share: rounded(choice.share(question)),
        };
        Self {
            id: question.id.clone(),
            text: question.text.clone(),
            asked: question.asked,
            answered: question.answered,
            no_answer: question.no_answer,
            choices: question.choices.iter().map(choice).collect(),
            spoken: question.spoken,
        }
    }
}

impl CrossFigures {
    fn of(cross: &CrossTable) -> Self {
        let shares = |(row, counts): (usize, &Vec<u64>)| {
            counts.iter().map(|count| rounded(share(*count, cross.row_total(row)))).collect()
        };
        Self {
            rows: cross.rows.clone(),
            columns: cross.columns.clone(),
            row_labels: cross.row_labels.clone(),
            column_labels: cross.column_labels.clone(),
            counts: cross.counts().to_vec(),
            row_shares: cross.counts().iter().enumerate().map(shares).collect(),
            total: cross.total(),
        }
    }
}

fn rounded(share: Option<f64>) -> Option<f64> {
    share.map(|share| (share * 10_000.0).round() / 10_000.0)
}
