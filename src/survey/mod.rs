//! Surveys: questions answered by key or by speaking, with branches. Pure.

mod check;
mod definition;
mod graph;
mod keys;
mod name;
mod results;

pub use check::Problem;
pub use definition::{Choice, Next, Question, Spoken, Survey};
pub use keys::taken_keys;
pub use name::{SurveyId, check_name};
pub use results::{ChoiceCount, CrossTable, Funnel, QuestionCount, Results, SurveyFigures, UnknownQuestion};
