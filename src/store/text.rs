//! Text from outside, as both databases take it, and text of ours, read back.
//!
//! Postgres has no NUL in text or jsonb. A list that carries one must not fail
//! a whole import, so NULs are dropped on the way in, on both engines.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use serde_json::Value;
use uuid::Uuid;

use super::StoreError;
use crate::campaign::Settings;
use crate::survey::Survey;

/// The text without NUL characters.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// [`clean`], where there is a text.
pub(super) fn clean_option(text: Option<&String>) -> Option<Cow<'_, str>> {
    text.map(|text| clean(text))
}

/// A contact's variables as a JSON object.
pub(super) fn variables<'a>(pairs: impl IntoIterator<Item = (&'a String, &'a String)>) -> Value {
    pairs.into_iter().map(|(name, value)| (clean(name).into_owned(), Value::from(clean(value)))).collect()
}

/// Settings as JSON.
pub(super) fn settings_json(settings: &Settings) -> Result<Value, StoreError> {
    let mut json =
        serde_json::to_value(settings).map_err(|error| StoreError::Refused(sqlx::Error::Encode(error.into())))?;
    clean_json(&mut json);
    Ok(json)
}

/// A survey as JSON.
pub(super) fn survey_json(survey: &Survey) -> Result<Value, StoreError> {
    let mut json =
        serde_json::to_value(survey).map_err(|error| StoreError::Refused(sqlx::Error::Encode(error.into())))?;
    clean_json(&mut json);
    Ok(json)
}

/// A survey back from JSON.
pub(super) fn survey(json: Value) -> Result<Survey, StoreError> {
    serde_json::from_value(json).map_err(|error| StoreError::unreadable("surveys.definition", error))
}

/// Settings back from JSON.
pub(super) fn settings(json: Value) -> Result<Settings, StoreError> {
    serde_json::from_value(json).map_err(|error| StoreError::unreadable("campaigns.settings", error))
}

/// A word of ours back from its column.
pub(super) fn word<T>(what: &'static str, text: &str) -> Result<T, StoreError>
where
    T: FromStr<Err: Display>,
{
    text.parse().map_err(|error| StoreError::unreadable(what, format_args!("\"{text}\": {error}")))
}

/// A count back from its column; what cannot be is shown as its nearest.
pub(super) fn count(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}

/// A size as stored.
pub(super) fn stored(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// The id that a reference to a sound or a survey is, if it is one: in the form
/// we print, so that what finds it also finds who uses it.
pub(super) fn written_id(reference: &str) -> Option<Uuid> {
    reference.parse().ok().filter(|_| reference.len() == uuid::fmt::Hyphenated::LENGTH)
}

/// A size back from its column.
pub(super) fn size(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// The outline of a sound back from JSON.
pub(super) fn waveform(json: Value) -> Result<Vec<u8>, StoreError> {
    serde_json::from_value(json).map_err(|error| StoreError::unreadable("media.waveform", error))
}

/// A cause or SIP code back from its column.
pub(super) fn code(what: &'static str, value: Option<i64>) -> Result<Option<u16>, StoreError> {
    value.map(u16::try_from).transpose().map_err(|error| StoreError::unreadable(what, error))
}

/// Every text in it without NULs.
pub(super) fn clean_json(value: &mut Value) {
    match value {
        Value::String(text) => {
            if text.contains('\0') {
                text.retain(|c| c != '\0');
            }
        }
        Value::Array(items) => items.iter_mut().for_each(clean_json),
        Value::Object(fields) => fields.values_mut().for_each(clean_json),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::TargetStatus;

    #[test]
    fn nul_is_dropped_everywhere() {
        assert_eq!(clean("a\0b"), "ab");
        let settings = Settings { prompts: vec!["he\0llo.wav".into()], ..Settings::default() };
        let json = settings_json(&settings).expect("JSON");
        assert_eq!(json["prompts"][0], "hello.wav");
        let pairs = [("k\0ey".to_owned(), "v\0al".to_owned())];
        assert_eq!(variables(pairs.iter().map(|(k, v)| (k, v))), serde_json::json!({"key": "val"}));
    }

    #[test]
    fn settings_are_read_back() {
        let wanted = Settings { max_concurrent: 7, switch: Some("fs \"1\"".into()), ..Settings::default() };
        let json = settings_json(&wanted).expect("JSON");
        assert_eq!(settings(json).expect("settings"), wanted);
        assert!(matches!(settings(Value::from("x")), Err(StoreError::Unreadable { .. })));
    }

    #[test]
    fn an_unknown_word_names_its_column() {
        let error = word::<TargetStatus>("campaign_contacts.status", "gone").expect_err("an error");
        assert_eq!(
            error.to_string(),
            "unreadable campaign_contacts.status in the database: \"gone\": unknown status \"gone\""
        );
    }
}
