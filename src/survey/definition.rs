//! What a survey may say.

use serde::{Deserialize, Serialize};

/// A survey: questions, asked in order unless an answer leads elsewhere.
/// Written by users as TOML or JSON; unknown names are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survey {
    /// The questions. The first is asked first.
    pub questions: Vec<Question>,
    /// Prompts played when the survey is complete, before the call is hung up.
    #[serde(default)]
    pub closing: Vec<String>,
}

/// A question. Has either `choices` or `spoken`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its name within the survey: small letters, digits, `_` and `-`, up to 40.
    pub id: String,
    /// What it asks, for reports; not played.
    #[serde(default)]
    pub text: String,
    /// The prompts that ask it, played in order.
    pub prompts: Vec<String>,
    /// The keys that are answers.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// The answer is spoken and recorded.
    #[serde(default)]
    pub spoken: Option<Spoken>,
    /// Seconds to wait for a key once the prompt is over. 1 to 60.
    #[serde(default = "Question::timeout_seconds")]
    pub timeout_seconds: u32,
    /// How often it is asked again after a wrong key or none. 0 to 5.
    #[serde(default = "Question::retries")]
    pub retries: u8,
    /// Prompts played after a wrong key, before it is asked again.
    #[serde(default)]
    pub invalid: Vec<String>,
    /// What follows without an answer.
    #[serde(default)]
    pub no_answer: Next,
}

/// A key and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The key: `0`–`9`, `*` or `#`.
    pub digit: char,
    /// What it stands for, as reports show it.
    pub label: String,
    /// What follows.
    #[serde(default)]
    pub next: Next,
}

/// A spoken answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spoken {
    /// Seconds that may be spoken. 1 to 600.
    pub max_seconds: u32,
    /// So many seconds of silence end the answer. 1 to 30.
    pub silence_seconds: u32,
}

/// What follows an answer. Written as text: `"next"`, `"end"`, or a question's id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Next {
    /// The next question in order; after the last, the end.
    #[default]
    Following,
    /// The end: the survey is complete.
    End,
    /// The question with this id.
    Question(String),
}

impl Question {
    fn timeout_seconds() -> u32 {
        5
    }

    fn retries() -> u8 {
        1
    }
}

impl Default for Spoken {
    fn default() -> Self {
        Self { max_seconds: 60, silence_seconds: 3 }
    }
}

impl From<String> for Next {
    fn from(text: String) -> Self {
        match text.as_str() {
            "next" => Self::Following,
            "end" => Self::End,
            _ => Self::Question(text),
        }
    }
}

impl From<Next> for String {
    fn from(next: Next) -> Self {
        match next {
            Next::Following => "next".into(),
            Next::End => "end".into(),
            Next::Question(id) => id,
        }
    }
}
