//! Reading the configuration from its sources.

use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat};
use secrecy::{ExposeSecret, SecretString};

use super::Config;
use crate::settings::Name;
use crate::store::Location;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was named is not there or cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong kind.
    #[error("{origin}: {message}")]
    Parse {
        /// The file, or the environment.
        origin: String,
        /// What is wrong, with the nearest valid name where a name is unknown.
        message: String,
    },
    /// Readable, but it cannot be: all reasons, one a line.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

/// Reads `file` (it must be there), or no file, and the environment over it.
pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
    let environment = std::env::vars().filter(|(key, _)| key.starts_with("CANVASS__")).collect();
    load_from(file, environment)
}

fn load_from(
    file: Option<&Path>,
    environment: std::collections::HashMap<String, String>,
) -> Result<Config, ConfigError> {
    let mut builder = config::Config::builder();
    if let Some(path) = file {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        builder = builder.add_source(File::from_str(&text, FileFormat::Toml));
    }
    let origin = file.map_or_else(|| "environment".to_owned(), |path| path.display().to_string());
    let parse = |error: config::ConfigError| ConfigError::Parse { origin: origin.clone(), message: explain(&error) };
    let variables =
        Environment::with_prefix("CANVASS").prefix_separator("__").separator("__").source(Some(environment));
    let read = builder.add_source(variables).build().map_err(parse)?;
    let said = Name::ALL.into_iter().filter(|name| read.get::<config::Value>(name.key()).is_ok()).collect();
    let mut config: Config = read.try_deserialize().map_err(parse)?;
    config.said = said;
    config.read_secret_files()?;
    config.check()?;
    Ok(config)
}

/// The parser's words, with the nearest valid name where a name is unknown.
pub(super) fn explain(error: &config::ConfigError) -> String {
    suggest(&error.to_string())
}

/// Adds "did you mean" to serde's "unknown field `x`, expected one of …".
pub(super) fn suggest(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let unknown = ["unknown field", "unknown variant"].iter().any(|what| message.contains(what));
    let (true, Some((wrong, valid))) = (unknown, quoted.split_first()) else { return message.to_owned() };
    let near = valid
        .iter()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), *name))
        .min()
        .filter(|(distance, _)| *distance <= wrong.len().max(3) / 2);
    match near {
        Some((_, name)) => format!("{message}; did you mean `{name}`?"),
        None => message.to_owned(),
    }
}

impl Config {
    fn read_secret_files(&mut self) -> Result<(), ConfigError> {
        if let Some(path) = &self.database.url_file {
            self.database.url = read_secret(path)?;
        }
        for switch in self.switches.values_mut() {
            if let Some(path) = &switch.password_file {
                switch.password = Some(read_secret(path)?);
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        let mut errors = Vec::new();
        if let Err(error) = self.location() {
            errors.push(error.to_string());
        }
        errors.extend(self.general().check().into_iter().map(|(name, message)| format!("{}: {message}", name.key())));
        self.media.check(&mut errors);
        errors.extend(self.caller_ids.check().iter().map(|wrong| format!("caller_ids.{wrong}")));
        let name = &self.node.name;
        if name.is_empty()
            || name.len() > 40
            || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        {
            errors.push("node.name: must be 1 to 40 letters, digits, - or _".to_owned());
        }
        self.api.check(&mut errors);
        self.metrics.check(&mut errors);
        if let Err(faults) = self.compliance() {
            errors.extend(faults);
        }
        for (name, switch) in &self.switches {
            switch.check(name, &mut errors);
        }
        if errors.is_empty() { Ok(()) } else { Err(ConfigError::Invalid(errors)) }
    }

    /// Where the database is.
    pub fn location(&self) -> Result<Location, ConfigError> {
        let url = self.database.url.expose_secret();
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(ConfigError::Invalid(vec!["database.url: sqlite: needs a path after the colon".into()]));
            }
            return Ok(Location::Sqlite(path.into()));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Location::Postgres(self.database.url.clone()));
        }
        // The value itself may be a secret in the wrong place: not shown.
        Err(ConfigError::Invalid(vec!["database.url: must begin with sqlite: or postgres://".into()]))
    }
}

fn read_secret(path: &Path) -> Result<SecretString, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::io::Write;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        load_from(Some(file.path()), environment)
    }

    const SWITCH: &str = r#"
        [switches.main]
        kind = "freeswitch"
        address = "127.0.0.1:8021"
        password = "ClueCon"
        [switches.main.trunks]
        carrier = "sofia/gateway/carrier/{number}"
    "#;

    #[test]
    fn nothing_at_all_is_a_configuration() {
        let config = load_from(None, HashMap::new()).expect("defaults");
        assert_eq!(config.organization.outbound_rate_limit, 10);
        assert!(matches!(config.location(), Ok(Location::Sqlite(path)) if path == Path::new("canvass.db")));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let environment =
            [("CANVASS__SWITCHES__MAIN__PASSWORD", "0123"), ("CANVASS__ORGANIZATION__OUTBOUND_RATE_LIMIT", "7")];
        let config = read(SWITCH, &environment).expect("read");
        assert_eq!(config.organization.outbound_rate_limit, 7);
        assert_eq!(config.said, [Name::OutboundRateLimit], "of those that may be changed while running");
        let password = config.switches["main"].password.as_ref().map(|p| p.expose_secret().to_owned());
        assert_eq!(password.as_deref(), Some("0123"), "a password of digits stays text");
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let error = read("[organisation]\nregion = \"US\"", &[]).expect_err("refused").to_string();
        assert!(error.contains("did you mean `organization`"), "{error}");
        let error = read(&SWITCH.replace("address", "adress"), &[]).expect_err("refused").to_string();
        assert!(error.contains("did you mean `address`"), "{error}");
    }

    #[test]
    fn every_fault_is_named() {
        let broken = r#"
            [database]
            url = "mysql://ann:hunter2@db/x"
            [media]
            max_seconds = 0
            max_mib = 5000
            delivery = "http"
            listen = "0.0.0.0:8089"
            url_seconds = 60
            speech_command = ["espeak-ng"]
            speech_seconds = 0
            speech_cache_mib = 0
            [switches.one]
            kind = "asterisk"
            address = "127.0.0.1:8088"
            max_channels = 0
            max_calls_per_second = -1.0
            audio_ports = [22000, 21000]
        "#;
        let error = read(broken, &[]).expect_err("refused").to_string();
        for part in [
            "database.url",
            "media.max_seconds",
            "media.max_mib",
            "media.public_url: is missing",
            "media.url_seconds",
            "media.speech_command: must have {file}",
            "media.speech_seconds",
            "media.speech_cache_mib",
            "switches.one.address",
            "switches.one.user",
            "switches.one.password",
            "switches.one.max_channels",
            "switches.one.max_calls_per_second",
            "switches.one.audio_ports",
            "switches.one.trunks",
        ] {
            assert!(error.contains(part), "{part} in {error}");
        }
        assert!(!error.contains("hunter2"));
    }

    #[test]
    fn secrets_come_from_files_and_are_never_shown() {
        let mut secret = tempfile::NamedTempFile::new().expect("a file");
        secret.write_all(b"hunter2\n").expect("written");
        let text = SWITCH.replace("password = \"ClueCon\"", &format!("password_file = {:?}", secret.path()));
        let config = read(&text, &[]).expect("read");
        assert_eq!(config.switches["main"].password.as_ref().map(|p| p.expose_secret()), Some("hunter2"));
        let shown = serde_json::to_string(&config).expect("JSON") + &format!("{config:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
