//! What `canvass.toml` may say.
//!
//! Sources, the later winning: built-in defaults, the file, environment
//! variables (`CANVASS__SECTION__KEY`, as in `CANVASS__DATABASE__URL`).
//! Unknown keys are errors. Secrets may stand in files of their own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::caller_id::Watch;
use crate::media::MediaFolder;
use crate::number::{NumberCheck, NumberRules, Region};
use crate::settings::{self, Configured, General};
use crate::switch::{PartyTemplate, TrunkTemplate};

pub use crate::switch::SwitchKind;

mod api;
mod campaign_file;
mod compliance;
mod load;
mod mask;
mod media;
mod metrics;
mod survey_file;
mod switches;
mod webhooks;

pub use api::ApiConfig;
pub use campaign_file::{CampaignFile, read_campaign};
pub use compliance::ComplianceConfig;
pub use load::{ConfigError, load};
pub use metrics::MetricsConfig;
pub use survey_file::{SurveyFile, parse_survey, read_survey};
pub use webhooks::WebhooksConfig;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where everything is kept.
    pub database: Database,
    /// Whose calls these are.
    pub organization: Organization,
    /// How our own numbers are watched: `enabled`, `window_hours`, `min_calls`,
    /// `rest_hours`.
    pub caller_ids: Watch,
    /// Where prompts lie.
    pub media: Media,
    /// Where recordings go.
    pub recording: RecordingConfig,
    /// This process.
    pub node: Node,
    /// The dialing engine.
    pub dialer: Dialer,
    /// What holds for every campaign.
    pub compliance: ComplianceConfig,
    /// The HTTP API.
    pub api: ApiConfig,
    /// Outgoing webhooks.
    pub webhooks: WebhooksConfig,
    /// What is measured.
    pub metrics: MetricsConfig,
    /// What is logged, and how.
    pub log: Log,
    /// The switches, by name.
    pub switches: BTreeMap<String, SwitchConfig>,
    /// The settings that stand in the file or in the environment, of those
    /// that may be changed while running.
    #[serde(skip)]
    pub said: Vec<settings::Name>,
}

/// Where everything is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`.
    #[serde(serialize_with = "mask::url")]
    pub url: SecretString,
    /// A file that holds the URL; wins over `url`.
    pub url_file: Option<PathBuf>,
}

/// Whose calls these are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Organization {
    /// What it is called; up to 200 characters.
    pub name: String,
    /// Country of numbers written without a country code (ISO 3166, `US`).
    pub region: Region,
    /// How strictly numbers are checked: `valid` or `possible`.
    pub number_check: NumberCheck,
    /// Calls in progress at once over all campaigns, at most.
    pub outbound_rate_limit: u32,
}

/// Where prompts lie.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// The folder as the daemon sees it.
    pub folder: PathBuf,
    /// The same folder as the switches see it; none: at the same path.
    pub switch_folder: Option<String>,
    /// Seconds a sound added to the library may play. 1 to 7,200.
    pub max_seconds: u32,
    /// MiB a file added to the library may have. 1 to 512.
    pub max_mib: u32,
    /// How the switches get at sounds: `path` or `http`.
    pub delivery: MediaDelivery,
    /// With `http`: where the daemon listens for them, `HOST:PORT`.
    pub listen: SocketAddr,
    /// With `http`: the URL under which the switches reach that; none:
    /// `http://` and `listen`.
    pub public_url: Option<String>,
    /// Seconds a URL works, at least. 21,600 to 2,592,000.
    pub url_seconds: u32,
    /// The program that speaks texts, and its arguments, with `{file}` for the
    /// WAV file to write and `{text}` for a file that holds the text; without
    /// `{text}` the text is on standard input.
    pub speech_command: Vec<String>,
    /// Seconds it may take over one text. 1 to 600.
    pub speech_seconds: u32,
    /// MiB of spoken texts that are kept. 1 to 1,000,000.
    pub speech_cache_mib: u32,
}

/// How the switches get at sounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaDelivery {
    /// They see the media folder, at `switch_folder`.
    #[default]
    Path,
    /// They fetch each sound from the daemon, by a signed URL.
    Http,
}

/// Where recordings go.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordingConfig {
    /// The folder as the daemon sees it.
    pub folder: PathBuf,
    /// The same folder as FreeSWITCH sees it, which writes into it; none: at
    /// the same path. Asterisk's recordings are fetched.
    pub switch_folder: Option<String>,
    /// Days a recording is kept; 0: for ever. 0 to 3,650.
    pub keep_days: u32,
}

/// This process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Node {
    /// Marks our channels on the switches, so two daemons on one switch tell
    /// theirs apart. Letters, digits, `-` and `_`; keep it over restarts.
    pub name: String,
}

/// The dialing engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialer {
    /// Seconds that running calls may go on after SIGTERM.
    pub drain_seconds: u32,
}

/// What is logged, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `human` or `json`.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as
    /// `info,canvass::switch=debug`.
    pub level: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// One switch.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchConfig {
    /// `freeswitch` or `asterisk`.
    pub kind: SwitchKind,
    /// FreeSWITCH: host and port of its event socket, `127.0.0.1:8021`.
    /// Asterisk: base URL of ARI, `http://127.0.0.1:8088/ari`.
    pub address: String,
    /// Asterisk: the user of ari.conf.
    #[serde(default)]
    pub user: Option<String>,
    /// The password of the event socket or of the ARI user.
    #[serde(default, serialize_with = "mask::secret")]
    pub password: Option<SecretString>,
    /// A file that holds the password; wins over `password`.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Calls in progress at once on this switch, at most.
    #[serde(default = "defaults::max_channels")]
    pub max_channels: u32,
    /// Calls started a second on this switch, at most; evenly spaced.
    #[serde(default = "defaults::max_calls_per_second")]
    pub max_calls_per_second: f64,
    /// FreeSWITCH: the first and the last of the ports it may bind, on its own
    /// machine, to send us what callees say.
    #[serde(default = "defaults::audio_ports")]
    pub audio_ports: (u16, u16),
    /// Trunks by name: `carrier = "sofia/gateway/carrier/{number}"`.
    #[serde(default)]
    pub trunks: BTreeMap<String, TrunkTemplate>,
    /// The trunk of campaigns that name none; may be left out if there is one.
    #[serde(default)]
    pub default_trunk: Option<String>,
    /// The endpoint of an extension that calls are transferred to, with
    /// `{name}`; none: `Local/{name}@canvass-transfer` on Asterisk,
    /// `loopback/{name}/canvass-transfer` on FreeSWITCH.
    #[serde(default)]
    pub extension_endpoint: Option<PartyTemplate>,
    /// The endpoint of a queue, likewise with `canvass-queue`.
    #[serde(default)]
    pub queue_endpoint: Option<PartyTemplate>,
    /// Asterisk: the context of the dialplan that runs `AMD()`.
    #[serde(default = "defaults::amd_context")]
    pub amd_context: String,
    /// Asterisk: where to listen for the sound of calls, `10.0.0.5:9092`. None:
    /// any port of the address from which ARI is reached.
    #[serde(default)]
    pub audio_bind: Option<SocketAddr>,
    /// Asterisk: `HOST:PORT` under which it reaches `audio_bind`, where that is
    /// not the same.
    #[serde(default)]
    pub audio_advertise: Option<String>,
}

mod defaults {
    pub(super) fn max_channels() -> u32 {
        50
    }

    pub(super) fn max_calls_per_second() -> f64 {
        10.0
    }

    pub(super) fn audio_ports() -> (u16, u16) {
        let crate::switch::freeswitch::AudioPorts(first, last) = Default::default();
        (first, last)
    }

    pub(super) fn amd_context() -> String {
        crate::switch::asterisk::AMD_CONTEXT.to_owned()
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:canvass.db".to_owned().into(), url_file: None }
    }
}

impl Default for Organization {
    fn default() -> Self {
        Self { name: String::new(), region: Region::US, number_check: NumberCheck::default(), outbound_rate_limit: 10 }
    }
}

impl Default for Media {
    fn default() -> Self {
        let speech = crate::media::SpeechOptions::default();
        Self {
            folder: PathBuf::from("media"),
            switch_folder: None,
            max_seconds: 600,
            max_mib: 20,
            delivery: MediaDelivery::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8_089)),
            public_url: None,
            url_seconds: 86_400,
            speech_command: speech.command,
            speech_seconds: 20,
            speech_cache_mib: 500,
        }
    }
}

impl Default for RecordingConfig {
    fn default() -> Self {
        Self { folder: PathBuf::from("recordings"), switch_folder: None, keep_days: 90 }
    }
}

impl Default for Node {
    fn default() -> Self {
        Self { name: "canvass".into() }
    }
}

impl Default for Dialer {
    fn default() -> Self {
        Self { drain_seconds: 30 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::default(), level: "info".into() }
    }
}

impl Config {
    /// How lists' numbers are read.
    pub fn number_rules(&self) -> NumberRules {
        self.general().rules()
    }

    /// What may be changed while running, as it stands here.
    pub fn general(&self) -> General {
        General {
            organization_name: self.organization.name.clone(),
            region: self.organization.region,
            number_check: self.organization.number_check,
            outbound_rate_limit: self.organization.outbound_rate_limit,
            recording_keep_days: self.recording.keep_days,
            drain_seconds: self.dialer.drain_seconds,
        }
    }

    /// The same, with what was said and what was not.
    pub fn configured(&self) -> Configured {
        Configured { general: self.general(), said: self.said.clone() }
    }

    /// Goes by these settings from now on.
    pub fn adopt(&mut self, general: General) {
        let General {
            organization_name,
            region,
            number_check,
            outbound_rate_limit,
            recording_keep_days,
            drain_seconds,
        } = general;
        self.organization = Organization { name: organization_name, region, number_check, outbound_rate_limit };
        self.recording.keep_days = recording_keep_days;
        self.dialer.drain_seconds = drain_seconds;
    }

    /// The media folder with its path made absolute, as switches need it.
    pub fn media_folder(&self) -> MediaFolder {
        shared_folder(&self.media.folder, self.media.switch_folder.as_deref())
    }

    /// How long recordings are kept; none: for ever.
    pub fn keep_recordings(&self) -> Option<std::time::Duration> {
        self.general().keep_recordings()
    }

    /// The same for recordings.
    pub fn recordings_folder(&self) -> MediaFolder {
        shared_folder(&self.recording.folder, self.recording.switch_folder.as_deref())
    }
}

fn shared_folder(local: &Path, on_switch: Option<&str>) -> MediaFolder {
    let local = std::path::absolute(local).unwrap_or_else(|_| local.to_owned());
    let on_switch = on_switch.map_or_else(|| local.to_string_lossy().into_owned(), ToOwned::to_owned);
    MediaFolder { local, on_switch }
}
