//! A campaign written as a TOML file: its name and its settings.

use std::path::Path;

use config::{File, FileFormat};
use serde_json::{Map, Value};

use super::load::{ConfigError, explain, suggest};
use crate::campaign::Settings;

/// A campaign as a file gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignFile {
    /// Its name.
    pub name: String,
    /// Its settings, checked.
    pub settings: Settings,
}

/// Reads a campaign file. Every wrong setting is named, not only the first.
pub fn read_campaign(path: &Path) -> Result<CampaignFile, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    parse(&text, &path.display().to_string())
}

fn parse(text: &str, origin: &str) -> Result<CampaignFile, ConfigError> {
    let wrong = |message: String| ConfigError::Parse { origin: origin.to_owned(), message };
    let mut table: Map<String, Value> = config::Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .build()
        .and_then(config::Config::try_deserialize)
        .map_err(|error| wrong(explain(&error)))?;
    let name = match table.remove("name") {
        Some(Value::String(name)) if !name.trim().is_empty() => name,
        Some(_) => return Err(wrong("name: must be a text that is not empty".into())),
        None => return Err(wrong("name: is missing".into())),
    };
    let settings: Settings =
        serde_json::from_value(Value::Object(table)).map_err(|error| wrong(suggest(&error.to_string())))?;
    match settings.check() {
        Ok(()) => Ok(CampaignFile { name, settings }),
        Err(errors) => Err(ConfigError::Invalid(errors.iter().map(|error| format!("{origin}: {error}")).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_is_a_name_and_settings() {
        let text = r#"
            name = "Spring survey"
            number_pool = ["+15550000001", "+15550000002"]
            max_concurrent = 5
            prompts = ["welcome.wav"]
            [retry_on]
            busy = false
        "#;
        let file = parse(text, "x.toml").expect("read");
        assert_eq!((file.name.as_str(), file.settings.max_concurrent), ("Spring survey", 5));
        assert!(!file.settings.retry_on.busy && file.settings.retry_on.no_answer);
        assert_eq!(file.settings.number_pool.len(), 2);
    }

    #[test]
    fn wrong_files_say_what_is_wrong() {
        let error = |text: &str| parse(text, "x.toml").expect_err("refused").to_string();
        assert!(error("max_concurrent = 1").contains("name: is missing"));
        assert!(error("name = \"\"").contains("name: must be"));
        assert!(error("name = \"x\"\nmax_concurent = 1").contains("did you mean `max_concurrent`"));
        assert!(error("name = \"x\"\nnumber_pool = [\"555\"]").contains("\"555\" is not an E.164 number"));
        assert!(error("name = \"x\"\nring_seconds = 1\nmax_concurrent = 0").contains("max_concurrent: is 0"));
        assert!(error("name = ").contains("x.toml"));
    }
}
