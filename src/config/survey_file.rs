//! A survey written as a TOML or JSON file: its name and what it asks.

use std::path::Path;

use config::{File, FileFormat};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::load::{ConfigError, explain, suggest};
use crate::survey::{Question, Survey};

/// A survey as a file gives it. Readable, but not checked: that needs to know
/// which keys are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyFile {
    /// Its name, if the file has one.
    pub name: Option<String>,
    /// What it asks.
    pub survey: Survey,
}

/// Reads a survey file. Every question that cannot be read is named, not only
/// the first.
pub fn read_survey(path: &Path) -> Result<SurveyFile, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    parse_survey(&text, &path.display().to_string())
}

/// Reads a survey from a text; `origin` is what errors call it.
pub fn parse_survey(text: &str, origin: &str) -> Result<SurveyFile, ConfigError> {
    let wrong = |message: String| ConfigError::Parse { origin: origin.to_owned(), message };
    // No TOML begins with a brace.
    let mut table: Map<String, Value> = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?
    } else {
        config::Config::builder()
            .add_source(File::from_str(text, FileFormat::Toml))
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|error| wrong(explain(&error)))?
    };
    let name = match table.remove("name") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(wrong("name: must be a text".into())),
    };
    let mut errors = Vec::new();
    if let Some(Value::Array(questions)) = table.get_mut("questions") {
        for (at, question) in questions.iter_mut().enumerate() {
            let id = question.get("id").and_then(Value::as_str).map(|id| format!(" \"{id}\"")).unwrap_or_default();
            if let Err(message) = read::<Question>(question.take()).map(|read| *question = read) {
                errors.push(format!("{origin}: question {}{id}: {message}", at + 1));
            }
        }
    }
    if !errors.is_empty() {
        return Err(ConfigError::Invalid(errors));
    }
    let survey = serde_json::from_value(Value::Object(table)).map_err(|error| wrong(suggest(&error.to_string())))?;
    Ok(SurveyFile { name, survey })
}

/// A value that can be read as a `T`, as it was; otherwise why it cannot.
fn read<T: DeserializeOwned>(value: Value) -> Result<Value, String> {
    match serde_json::from_value::<T>(value.clone()) {
        Ok(_) => Ok(value),
        Err(error) => Err(suggest(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::{Next, Spoken};

    const TOML: &str = r#"
        name = "Spring"
        closing = ["thanks"]
        [[questions]]
        id = "vote"
        prompts = ["vote"]
        choices = [{ digit = 1, label = "Yes" }, { digit = "*", label = "No", next = "end" }]
        [[questions]]
        id = "why"
        text = "Why?"
        prompts = ["why", "say:Go on, {{first_name}}"]
        no_answer = "vote"
        spoken = { max_seconds = 30 }
    "#;

    #[test]
    fn toml_and_json_say_the_same() {
        let file = parse_survey(TOML, "x.toml").expect("read");
        assert_eq!(file.name.as_deref(), Some("Spring"));
        let [vote, why] = &file.survey.questions[..] else { panic!("two questions") };
        assert_eq!((vote.choices[0].digit, vote.choices[1].digit), ('1', '*'));
        assert_eq!((&vote.choices[1].next, &why.no_answer), (&Next::End, &Next::Question("vote".into())));
        assert_eq!(why.spoken, Some(Spoken { max_seconds: 30, silence_seconds: 3 }));
        let json = serde_json::to_string(&file.survey).expect("JSON");
        assert_eq!(parse_survey(&format!("\n {json}"), "x.json").expect("read"), SurveyFile { name: None, ..file });
    }

    #[test]
    fn the_demos_survey_can_be_asked() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/media/demo-survey.toml");
        let file = read_survey(Path::new(path)).expect("read");
        assert_eq!(file.survey.check(&[('9', "the opt-out key")]), []);
    }

    #[test]
    fn wrong_files_say_what_is_wrong_and_where() {
        let error = |text: &str| parse_survey(text, "x.toml").expect_err("refused").to_string();
        assert!(error("name = ").contains("x.toml"));
        assert!(error("{\"name\": ").contains("x.toml"));
        assert!(error("[]").contains("x.toml"));
        assert!(error("name = 7\nquestions = []").contains("name: must be a text"));
        assert!(error("name = \"x\"").contains("missing field `questions`"));
        assert!(error("questions = []\nclosin = []").contains("did you mean `closing`"));
        assert!(error("questions = 7").contains("questions") || error("questions = 7").contains("sequence"));
        let two = TOML.replace("choices", "choises").replace("text", "txt");
        let both = error(&two);
        assert!(both.contains("x.toml: question 1 \"vote\": ") && both.contains("did you mean `choices`"), "{both}");
        assert!(both.contains("x.toml: question 2 \"why\": ") && both.contains("did you mean `text`"), "{both}");
        assert!(error(&TOML.replace("digit = 1", "digit = 12")).contains("question 1 \"vote\": digit is 12"));
        assert!(error(&TOML.replace("label", "labl")).contains("did you mean `label`"));
    }
}
