//! What holds for the whole installation and may be changed while it runs: the
//! configuration says it, and the database may say otherwise.
//!
//! A setting belongs here if an administrator wants to change it without a
//! shell on the machine, and nothing has to be restarted for it. To add one:
//! a field in [`General`] and in [`Overrides`], a line in [`Name`], its range in
//! [`General::check`].

use serde::{Deserialize, Serialize};

use crate::number::{NumberCheck, NumberRules, Region};

mod live;

pub use live::{Live, Turn};

/// Longest name of an organization, in characters.
const LONGEST_NAME: usize = 200;

/// Calls in progress at once that anybody may ask for.
const MOST_CALLS: u32 = 100_000;

/// Days a recording may be kept.
const MOST_DAYS: u32 = 3_650;

/// Seconds running calls may go on for, at the end.
const LONGEST_DRAIN: u32 = 86_400;

/// What is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct General {
    /// What the organization is called; empty: nobody said.
    pub organization_name: String,
    /// Country of numbers written without a country code.
    pub region: Region,
    /// How strictly numbers are checked.
    pub number_check: NumberCheck,
    /// Calls in progress at once over all campaigns, at most.
    pub outbound_rate_limit: u32,
    /// Days a recording is kept; 0: for ever.
    pub recording_keep_days: u32,
    /// Seconds running calls may go on after SIGTERM.
    pub drain_seconds: u32,
}

/// What holds instead of the configuration. Kept as one JSON object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overrides {
    /// See [`General::organization_name`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    /// See [`General::region`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// See [`General::number_check`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_check: Option<NumberCheck>,
    /// See [`General::outbound_rate_limit`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outbound_rate_limit: Option<u32>,
    /// See [`General::recording_keep_days`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording_keep_days: Option<u32>,
    /// See [`General::drain_seconds`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_seconds: Option<u32>,
}

/// A setting by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// [`General::organization_name`].
    OrganizationName,
    /// [`General::region`].
    Region,
    /// [`General::number_check`].
    NumberCheck,
    /// [`General::outbound_rate_limit`].
    OutboundRateLimit,
    /// [`General::recording_keep_days`].
    RecordingKeepDays,
    /// [`General::drain_seconds`].
    DrainSeconds,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// The configuration file, or a variable of the environment.
    File,
    /// The database.
    Database,
}

/// What the configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// The values.
    pub general: General,
    /// Those that stand in the file or in the environment.
    pub said: Vec<Name>,
}

impl Name {
    /// Every setting.
    pub const ALL: [Self; 6] = [
        Self::OrganizationName,
        Self::Region,
        Self::NumberCheck,
        Self::OutboundRateLimit,
        Self::RecordingKeepDays,
        Self::DrainSeconds,
    ];

    /// Where it stands in `canvass.toml`.
    pub fn key(self) -> &'static str {
        match self {
            Self::OrganizationName => "organization.name",
            Self::Region => "organization.region",
            Self::NumberCheck => "organization.number_check",
            Self::OutboundRateLimit => "organization.outbound_rate_limit",
            Self::RecordingKeepDays => "recording.keep_days",
            Self::DrainSeconds => "dialer.drain_seconds",
        }
    }
}

impl General {
    /// How numbers are read.
    pub fn rules(&self) -> NumberRules {
        NumberRules { region: self.region, check: self.number_check }
    }

    /// How long recordings are kept; none: for ever.
    pub fn keep_recordings(&self) -> Option<std::time::Duration> {
        let days = self.recording_keep_days;
        (days > 0).then(|| std::time::Duration::from_secs(u64::from(days) * 86_400))
    }

    /// Everything that is out of range: which setting, and why.
    pub fn check(&self) -> Vec<(Name, String)> {
        let within = |name, value: u32, least: u32, most: u32| {
            (!(least..=most).contains(&value)).then(|| (name, format!("is {value}, must be from {least} to {most}")))
        };
        let called = self.organization_name.chars();
        let long = called.clone().count() > LONGEST_NAME || called.clone().any(char::is_control);
        let named = long
            .then(|| (Name::OrganizationName, format!("may have {LONGEST_NAME} characters, and none that controls")));
        [
            named,
            within(Name::OutboundRateLimit, self.outbound_rate_limit, 1, MOST_CALLS),
            within(Name::RecordingKeepDays, self.recording_keep_days, 0, MOST_DAYS),
            within(Name::DrainSeconds, self.drain_seconds, 0, LONGEST_DRAIN),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl Overrides {
    /// What is in force over a configuration.
    pub fn over(&self, base: &General) -> General {
        General {
            organization_name: self.organization_name.clone().unwrap_or_else(|| base.organization_name.clone()),
            region: self.region.unwrap_or(base.region),
            number_check: self.number_check.unwrap_or(base.number_check),
            outbound_rate_limit: self.outbound_rate_limit.unwrap_or(base.outbound_rate_limit),
            recording_keep_days: self.recording_keep_days.unwrap_or(base.recording_keep_days),
            drain_seconds: self.drain_seconds.unwrap_or(base.drain_seconds),
        }
    }

    /// Whether the database says something of this setting.
    pub fn says(&self, name: Name) -> bool {
        match name {
            Name::OrganizationName => self.organization_name.is_some(),
            Name::Region => self.region.is_some(),
            Name::NumberCheck => self.number_check.is_some(),
            Name::OutboundRateLimit => self.outbound_rate_limit.is_some(),
            Name::RecordingKeepDays => self.recording_keep_days.is_some(),
            Name::DrainSeconds => self.drain_seconds.is_some(),
        }
    }
}

impl Configured {
    /// Where the value of a setting comes from.
    pub fn source(&self, name: Name, overrides: &Overrides) -> Source {
        if overrides.says(name) {
            Source::Database
        } else if self.said.contains(&name) {
            Source::File
        } else {
            Source::Default
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_database_wins_and_null_gives_back() {
        let configured = Configured { said: vec![Name::Region], ..Config::default().configured() };
        let overrides = Overrides { outbound_rate_limit: Some(3), ..Overrides::default() };
        let general = overrides.over(&configured.general);
        assert_eq!((general.outbound_rate_limit, general.region), (3, Region::US));
        assert_eq!(configured.source(Name::OutboundRateLimit, &overrides), Source::Database);
        assert_eq!(configured.source(Name::Region, &overrides), Source::File);
        assert_eq!(configured.source(Name::DrainSeconds, &overrides), Source::Default);
        assert_eq!(Overrides::default().over(&configured.general), configured.general);
    }

    #[test]
    fn a_configuration_goes_by_what_the_database_says() {
        let mut config = Config::default();
        let live = Live::new(config.configured(), Overrides { outbound_rate_limit: Some(3), ..Overrides::default() });
        config.adopt(live.general());
        assert_eq!((config.general(), config.limits().expect("limits").outbound_limit), (live.general(), 3));
        assert_eq!(live.configured().general.outbound_rate_limit, 10, "what is given back");
    }

    #[tokio::test]
    async fn a_file_that_is_read_again_does_not_win() {
        let overrides = Overrides { outbound_rate_limit: Some(3), ..Overrides::default() };
        let live = Live::new(Config::default().configured(), overrides.clone());
        let turn = live.turn().await;
        let mut config = Config::default();
        config.organization.outbound_rate_limit = 50;
        config.dialer.drain_seconds = 7;
        turn.configure(config.configured());
        assert_eq!((live.general().outbound_rate_limit, live.general().drain_seconds), (3, 7));
        assert!(!turn.set(&overrides) && turn.set(&Overrides::default()));
        assert_eq!(live.general().outbound_rate_limit, 50);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let general = General {
            organization_name: "x".repeat(201),
            outbound_rate_limit: 0,
            recording_keep_days: 3_651,
            ..Config::default().configured().general
        };
        let names: Vec<_> = general.check().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [Name::OrganizationName, Name::OutboundRateLimit, Name::RecordingKeepDays]);
        assert_eq!(Config::default().configured().general.check(), []);
    }

    #[test]
    fn overrides_are_read_back_and_what_is_not_said_is_not_kept() {
        let overrides = Overrides { region: "DE".parse().ok(), drain_seconds: Some(0), ..Overrides::default() };
        let json = serde_json::to_value(&overrides).expect("JSON");
        assert_eq!(json, serde_json::json!({"region": "DE", "drain_seconds": 0}));
        assert_eq!(serde_json::from_value::<Overrides>(json).expect("read"), overrides);
    }
}
