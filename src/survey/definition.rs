//! What a survey may say.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A survey: questions, asked in order unless an answer leads elsewhere.
/// Written by users as TOML or JSON; unknown names are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survey {
    /// The questions, 1 to 100. The first is asked first.
    pub questions: Vec<Question>,
    /// Prompts played when the survey is complete, before the call is hung up.
    #[serde(default)]
    pub closing: Vec<String>,
}

/// A question. Has either `choices` or `spoken`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SurveyQuestion)]
pub struct Question {
    /// Its name within the survey: small letters, digits, `_` and `-`, up to 40.
    #[schema(example = "vote")]
    pub id: String,
    /// What it asks, for reports; not played. Up to 500 characters.
    #[serde(default)]
    pub text: String,
    /// The prompts that ask it, played in order: entries as in a campaign's
    /// `prompts`, 1 to 20.
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
    /// What follows without an answer: `next`, `end`, or a question's id. After
    /// a spoken one the next question follows.
    #[serde(default)]
    #[schema(value_type = String, example = "next")]
    pub no_answer: Next,
}

/// A key and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SurveyChoice)]
pub struct Choice {
    /// The key: `0`–`9`, `*` or `#`. A number of one digit is taken too.
    #[serde(deserialize_with = "digit")]
    #[schema(value_type = String, example = "1", min_length = 1, max_length = 1)]
    pub digit: char,
    /// What it stands for, as reports show it. Up to 100 characters.
    #[schema(example = "Yes")]
    pub label: String,
    /// What follows: `next`, `end`, or a question's id.
    #[serde(default)]
    #[schema(value_type = String, example = "next")]
    pub next: Next,
}

/// A spoken answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SpokenAnswer)]
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

/// A key, written as text or, as comes naturally for most, as a number.
fn digit<'de, D: serde::Deserializer<'de>>(from: D) -> Result<char, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "digit must be one of 0 to 9, * and #")]
    enum Written {
        Number(u8),
        Text(char),
    }
    match Written::deserialize(from)? {
        Written::Text(digit) => Ok(digit),
        Written::Number(number) => char::from_digit(number.into(), 10)
            .ok_or_else(|| serde::de::Error::custom(format!("digit is {number}, must be one of 0 to 9, * and #"))),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_may_be_written_as_a_number() {
        let read = |digit: &str| {
            serde_json::from_str::<Choice>(&format!(r#"{{"digit": {digit}, "label": "x"}}"#)).map(|choice| choice.digit)
        };
        assert_eq!((read("1").ok(), read("\"1\"").ok(), read("\"*\"").ok()), (Some('1'), Some('1'), Some('*')));
        for wrong in ["10", "-1", "\"12\"", "\"\"", "1.5", "true"] {
            assert!(read(wrong).is_err_and(|error| error.to_string().contains("0 to 9")), "{wrong}");
        }
    }

    #[test]
    fn what_follows_is_a_word_or_an_id() {
        for (next, text) in [(Next::Following, "next"), (Next::End, "end"), (Next::Question("colour".into()), "colour")]
        {
            assert_eq!(String::from(next.clone()), text);
            assert_eq!(Next::from(text.to_owned()), next);
        }
    }

    #[test]
    fn a_survey_is_read_back_as_it_was_written() {
        let text = r#"{"questions": [{"id": "a", "prompts": ["a"], "choices": [{"digit": "1", "label": "Yes", "next": "end"}]},
            {"id": "b", "prompts": ["b"], "spoken": {"max_seconds": 20}}]}"#;
        let survey: Survey = serde_json::from_str(text).expect("a survey");
        assert_eq!((survey.questions[0].timeout_seconds, survey.questions[0].retries), (5, 1));
        assert_eq!(survey.questions[1].spoken, Some(Spoken { max_seconds: 20, silence_seconds: 3 }));
        let again = serde_json::to_value(&survey).expect("JSON");
        assert_eq!(serde_json::from_value::<Survey>(again).expect("a survey"), survey);
    }
}
