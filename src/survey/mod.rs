//! Surveys: questions answered by key or by speaking, with branches. Pure.

mod definition;

pub use definition::{Choice, Next, Question, Spoken, Survey};
