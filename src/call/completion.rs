//! What an agent, or its platform, reports of a call: at its end or days later.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Longest disposition, in characters.
pub const DISPOSITION: usize = 100;
/// Longest notes of a person, in characters.
pub const NOTES: usize = 10_000;
const SUMMARY: usize = 10_000;
const WORD: usize = 100;
const REASON: usize = 200;
/// Turns of a transcript, at most.
const TURNS: usize = 10_000;
/// Bytes of what was extracted, as JSON.
const EXTRACTED: usize = 32 * 1024;
/// Seconds of the longest call anybody can mean: a day.
const LONGEST: f64 = 86_400.0;

/// What an agent reports of a call. All of it may be left out, but not all at
/// once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = CallCompletion)]
pub struct Completion {
    /// What was said: one text, or a list of who said what.
    #[serde(alias = "transcript_object", alias = "messages", skip_serializing_if = "Option::is_none")]
    pub transcript: Option<Transcript>,
    /// What was said, in short; up to 10,000 characters.
    #[serde(alias = "call_summary", alias = "transcript_summary", skip_serializing_if = "Option::is_none")]
    #[schema(example = "Wants a callback on Monday morning.")]
    pub summary: Option<String>,
    /// How the callee felt, in a word; up to 100 characters.
    #[serde(alias = "user_sentiment", skip_serializing_if = "Option::is_none")]
    #[schema(example = "positive")]
    pub sentiment: Option<String>,
    /// What was learnt: an object of any shape, up to 32 KiB as JSON.
    #[serde(alias = "structured_data", alias = "custom_analysis_data", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub extracted_data: Option<Map<String, Value>>,
    /// What came of the call, in a word or two; up to 100 characters. What a
    /// person said stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "callback requested")]
    pub disposition: Option<String>,
    /// Whether the callee asked not to be called again: then their number is on
    /// the do-not-call list before this is answered. `false` takes no number
    /// off it.
    #[serde(alias = "opted_out", alias = "do_not_call", skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<bool>,
    /// Whether the agent reached its aim.
    #[serde(alias = "call_successful", skip_serializing_if = "Option::is_none")]
    pub successful: Option<bool>,
    /// Why the agent ended the call, or says it ended; up to 200 characters.
    #[serde(alias = "end_reason", alias = "disconnection_reason", skip_serializing_if = "Option::is_none")]
    #[schema(example = "agent_hangup")]
    pub ended_reason: Option<String>,
    /// How long the agent talked, in seconds, as it says.
    #[serde(alias = "duration", alias = "call_duration_secs", skip_serializing_if = "Option::is_none")]
    #[schema(example = 42.5, minimum = 0, maximum = 86400)]
    pub duration_seconds: Option<f64>,
}

/// What was said in a call.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Transcript {
    /// In one text.
    Text(String),
    /// Who said what, in order; up to 10,000 turns.
    Turns(Vec<Turn>),
}

/// What one of both said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TranscriptTurn)]
pub struct Turn {
    /// Who: `agent`, `user` or what the platform calls them; up to 100 characters.
    #[schema(example = "agent")]
    pub role: String,
    /// What.
    #[serde(alias = "content", alias = "message")]
    #[schema(example = "Hi Ann, do you have a minute?")]
    pub text: String,
    /// When, in seconds from the beginning of the call.
    #[serde(default, alias = "time", alias = "time_in_call_secs", skip_serializing_if = "Option::is_none")]
    #[schema(example = 1.5)]
    pub at: Option<f64>,
}

impl<'de> Deserialize<'de> for Transcript {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Transcript;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of {role, text}")
            }

            fn visit_str<E>(self, text: &str) -> Result<Transcript, E> {
                Ok(Transcript::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, turns: A) -> Result<Transcript, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(turns)).map(Transcript::Turns)
            }
        }

        from.deserialize_any(Either)
    }
}

/// A part of a completion that cannot be: its place and what is wrong.
pub type Wrong = (String, String);

impl Completion {
    /// Everything that is wrong with it.
    pub fn check(&self) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let texts = [
            ("summary", &self.summary, SUMMARY),
            ("sentiment", &self.sentiment, WORD),
            ("disposition", &self.disposition, DISPOSITION),
            ("ended_reason", &self.ended_reason, REASON),
        ];
        for (field, text, most) in texts {
            wrong.extend(text.as_deref().and_then(|text| too_long(field, text, most)));
        }
        let line = [("sentiment", &self.sentiment), ("disposition", &self.disposition)];
        wrong.extend(line.into_iter().filter_map(|(field, text)| one_line(field, text.as_deref()?)));
        if self.duration_seconds.is_some_and(|seconds| !(0.0..=LONGEST).contains(&seconds)) {
            wrong.push(("duration_seconds".into(), "must be from 0 to 86400".into()));
        }
        if let Some(data) = &self.extracted_data {
            let size = serde_json::to_vec(data).map_or(usize::MAX, |bytes| bytes.len());
            if size > EXTRACTED {
                wrong.push(("extracted_data".into(), format!("has {size} bytes as JSON, may have {EXTRACTED}")));
            }
        }
        if let Some(Transcript::Turns(turns)) = &self.transcript {
            if turns.len() > TURNS {
                wrong.push(("transcript".into(), format!("has {} turns, may have {TURNS}", turns.len())));
            }
            let roles = turns.iter().enumerate();
            let roles = roles.filter_map(|(at, turn)| too_long(&format!("transcript[{at}].role"), &turn.role, WORD));
            wrong.extend(roles.take(10));
        }
        if *self == Self::default() {
            wrong.push((String::new(), "says nothing: send at least one field".into()));
        }
        wrong
    }

    /// What tells it from others: two that say the same have the same.
    pub fn fingerprint(&self) -> [u8; 32] {
        // Cannot fail: there are only texts, numbers and maps of texts.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

/// A fault if a text is longer than so many characters.
pub fn too_long(field: &str, text: &str, most: usize) -> Option<Wrong> {
    let length = text.chars().count();
    (length > most).then(|| (field.to_owned(), format!("has {length} characters, may have {most}")))
}

/// A fault if a text is more than a line, or has control characters.
pub fn one_line(field: &str, text: &str) -> Option<Wrong> {
    text.chars().any(char::is_control).then(|| (field.to_owned(), "has control characters".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Completion {
        serde_json::from_value(value).expect("a completion")
    }

    #[test]
    fn platforms_own_names_are_understood() {
        let one = read(json!({
            "transcript_object": [{"role": "agent", "content": "Hi"}, {"role": "user", "message": "Hello", "time": 1.5}],
            "call_summary": "Short.", "user_sentiment": "Positive", "custom_analysis_data": {"budget": 3},
            "opted_out": true, "disconnection_reason": "user_hangup", "duration": 12
        }));
        let other = read(json!({
            "transcript": [{"role": "agent", "text": "Hi"}, {"role": "user", "text": "Hello", "at": 1.5}],
            "summary": "Short.", "sentiment": "Positive", "extracted_data": {"budget": 3},
            "opt_out": true, "ended_reason": "user_hangup", "duration_seconds": 12.0
        }));
        assert_eq!(one, other);
        assert_eq!(one.fingerprint(), other.fingerprint());
        assert_eq!(one.check(), []);
        assert_ne!(one.fingerprint(), Completion { opt_out: None, ..other }.fingerprint());
    }

    #[test]
    fn a_transcript_is_a_text_or_turns_and_is_read_back() {
        let text = read(json!({"transcript": "AI: Hi"}));
        assert_eq!(text.transcript, Some(Transcript::Text("AI: Hi".into())));
        for wrong in [json!(3), json!({}), json!([{"role": "agent"}]), json!(["Hi"])] {
            assert!(serde_json::from_value::<Completion>(json!({"transcript": wrong})).is_err());
        }
        let stored = serde_json::to_value(&text).expect("JSON");
        assert_eq!(read(stored), text);
    }

    #[test]
    fn every_limit_is_named() {
        let long = "x".repeat(20_000);
        let wrong = read(json!({
            "summary": long, "sentiment": long, "disposition": "a\nb", "ended_reason": long, "duration_seconds": -1,
            "extracted_data": {"a": "x".repeat(40_000)}, "transcript": [{"role": long, "text": ""}]
        }));
        let mut fields: Vec<_> = wrong.check().into_iter().map(|(field, _)| field).collect();
        fields.sort();
        assert_eq!(
            fields,
            [
                "disposition",
                "duration_seconds",
                "ended_reason",
                "extracted_data",
                "sentiment",
                "summary",
                "transcript[0].role"
            ]
        );
        assert_eq!(Completion::default().check().len(), 1);
    }
}
