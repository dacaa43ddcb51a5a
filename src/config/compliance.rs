//! `[compliance]`: what holds for every campaign.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Config, ConfigError};
use crate::campaign::{FrequencyCap, TimeOfDay};
use crate::compliance::{Budget, Countries, DECISIONS_DAYS, Organization, Tariff, state_rules};
use crate::number::zones::zone;
use crate::number::{NumberCheck, Region, ZoneMap};

/// What holds for every campaign, whatever its own settings say.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ComplianceConfig {
    /// The hours in which anybody may be called, on the recipient's clock:
    /// `08:00-21:00`, or `off` where no callee is a person.
    pub legal_hours: String,
    /// Countries that may be called (ISO 3166); empty: the organization's own.
    /// `*`: every one.
    pub countries: Vec<String>,
    /// States whose stricter rules are switched on: `FL`, `OK`, …
    pub states: Vec<String>,
    /// How often a number may be called, by all campaigns together.
    pub frequency_caps: Vec<FrequencyCap>,
    /// Whether only contacts are called whose `consent` says so.
    pub require_consent: bool,
    /// Zones of numbers in the format of libphonenumber's `map_data.txt`; wins
    /// over our own tables.
    pub map_data: Option<PathBuf>,
    /// Calls of one day, over all campaigns, at most; 0: any number.
    pub calls_per_day: u64,
    /// Money of one day, at most, in your currency; 0: any amount. Needs rates.
    pub spend_per_day: f64,
    /// The zone in which those days begin.
    pub timezone: String,
    /// What a minute costs, by the first digits of a number: `1 = 0.01`.
    pub rates: BTreeMap<String, f64>,
    /// What a minute costs to everybody else.
    pub default_rate: f64,
    /// Days for which decisions are kept, 366 to 36,500; 0: for ever.
    pub decisions_days: u32,
}

impl Default for ComplianceConfig {
    fn default() -> Self {
        Self {
            legal_hours: "08:00-21:00".into(),
            countries: Vec::new(),
            states: Vec::new(),
            frequency_caps: Vec::new(),
            require_consent: false,
            map_data: None,
            calls_per_day: 0,
            spend_per_day: 0.0,
            timezone: "UTC".into(),
            rates: BTreeMap::new(),
            default_rate: 0.0,
            decisions_days: DECISIONS_DAYS,
        }
    }
}

impl Config {
    /// The organization's rules.
    pub fn organization_rules(&self) -> Result<Organization, ConfigError> {
        self.compliance().map_err(ConfigError::Invalid)
    }

    /// The same; every fault, if there is one.
    pub(super) fn compliance(&self) -> Result<Organization, Vec<String>> {
        let section = &self.compliance;
        let mut errors = Vec::new();
        let mut wrong = |key: &str, message: String| errors.push(format!("compliance.{key}: {message}"));
        let hours = hours(&section.legal_hours).map_err(|message| wrong("legal_hours", message)).unwrap_or_default();
        let countries = countries(&section.countries, self.organization.region)
            .map_err(|message| wrong("countries", message))
            .unwrap_or(Countries::All);
        for state in section.states.iter().filter(|state| state_rules(state).is_none()) {
            let known: Vec<_> = crate::compliance::STATES.iter().map(|rules| rules.state).collect();
            wrong("states", format!("there are no rules for {state:?}, but for {}", known.join(", ")));
        }
        if let Some(message) = FrequencyCap::check(&section.frequency_caps) {
            wrong("frequency_caps", message);
        }
        let map = match &section.map_data {
            None => ZoneMap::builtin(),
            Some(path) => ZoneMap::with_map_data(path).unwrap_or_else(|error| {
                wrong("map_data", error.to_string());
                ZoneMap::builtin()
            }),
        };
        // Caps and the like look back a year, at calls that were deleted too.
        if !matches!(section.decisions_days, 0 | 366..=36_500) {
            wrong("decisions_days", format!("is {}, must be from 366 to 36500, or 0", section.decisions_days));
        }
        let budget = budget(section).unwrap_or_else(|(key, message)| {
            wrong(key, message);
            Budget::default()
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Organization::default()
            .with_legal_hours(hours)
            .with_countries(countries)
            .with_states(section.states.iter().map(String::as_str))
            .with_caps(section.frequency_caps.clone())
            .with_consent_required(section.require_consent)
            .with_private_plan(self.organization.number_check == NumberCheck::Possible)
            .with_map(map)
            .with_budget(budget)
            .with_decisions_kept(Some(section.decisions_days).filter(|days| *days > 0)))
    }
}

/// `08:00-21:00`, or none for `off`.
fn hours(text: &str) -> Result<Option<(TimeOfDay, TimeOfDay)>, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let wrong = || format!("is {text:?}, must be like 08:00-21:00, or off");
    let (start, end) = text.split_once('-').ok_or_else(wrong)?;
    let (start, end): (TimeOfDay, TimeOfDay) = (start.trim().parse()?, end.trim().parse()?);
    if start < end { Ok(Some((start, end))) } else { Err(wrong()) }
}

fn countries(written: &[String], own: Region) -> Result<Countries, String> {
    if written.iter().any(|country| country == "*") {
        return Ok(Countries::All);
    }
    if written.is_empty() {
        return Ok(Countries::Only(vec![own]));
    }
    let regions: Result<Vec<Region>, _> = written.iter().map(|country| country.parse()).collect();
    regions.map(Countries::Only).map_err(|error| error.to_string())
}

fn budget(section: &ComplianceConfig) -> Result<Budget, (&'static str, String)> {
    let wrong = |amount: f64| format!("is {amount}, must be from 0 to 1,000,000,000");
    let money = |key, amount: f64| millionths(amount).ok_or_else(|| (key, wrong(amount)));
    let mut rates = BTreeMap::new();
    for (digits, rate) in &section.rates {
        let beginning = digits.trim_start_matches('+').parse().ok().filter(|first: &u64| *first > 0);
        let message = || format!("{digits:?} are not the first digits of numbers");
        rates.insert(beginning.ok_or_else(|| ("rates", message()))?, money("rates", *rate)?);
    }
    let tariff = Tariff { rates, otherwise: money("default_rate", section.default_rate)? };
    let spend = money("spend_per_day", section.spend_per_day)?;
    if spend > 0 && tariff.otherwise == 0 && tariff.rates.values().all(|rate| *rate == 0) {
        return Err(("spend_per_day", "needs rates, or a default_rate".into()));
    }
    let zone = zone(&section.timezone);
    Ok(Budget {
        calls: Some(section.calls_per_day).filter(|calls| *calls > 0),
        spend: Some(spend).filter(|spend| *spend > 0),
        tariff,
        zone: zone.ok_or_else(|| ("timezone", format!("{:?} is no zone of the tz database", section.timezone)))?,
    })
}

/// An amount of money in millionths.
fn millionths(amount: f64) -> Option<u64> {
    (0.0..=1e9).contains(&amount).then(|| (amount * 1e6).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(section: &str) -> Result<Organization, Vec<String>> {
        let section = toml_section(section);
        Config { compliance: section, ..Config::default() }.compliance()
    }

    fn toml_section(text: &str) -> ComplianceConfig {
        let source = config::File::from_str(text, config::FileFormat::Toml);
        let built = config::Config::builder().add_source(source).build().expect("TOML");
        built.try_deserialize().expect("a section")
    }

    #[test]
    fn the_law_holds_where_nothing_is_said() {
        assert_eq!(read(""), Ok(Organization::default()));
    }

    #[test]
    fn everything_can_be_said() {
        let text = r#"
            legal_hours = "off"
            countries = ["*"]
            states = ["fl"]
            frequency_caps = [{ attempts = 3, days = 7 }]
            require_consent = true
            calls_per_day = 1000
            spend_per_day = 25.5
            timezone = "America/New_York"
            default_rate = 0.1
            decisions_days = 0
            [rates]
            1 = 0.01
            44 = 0.02
        "#;
        let organization = read(text).expect("read");
        let budget = organization.budget();
        assert_eq!((budget.calls, budget.spend), (Some(1_000), Some(25_500_000)));
        assert_eq!(budget.tariff.rates, BTreeMap::from([(1, 10_000), (44, 20_000)]));
        let plain = Organization::laboratory().with_private_plan(false).with_states(["FL"]);
        let expected = plain
            .with_caps(vec![FrequencyCap { attempts: 3, days: 7 }])
            .with_consent_required(true)
            .with_budget(budget.clone())
            .with_decisions_kept(None);
        assert_eq!(organization, expected);
    }

    #[test]
    fn every_fault_is_named() {
        let text = r#"
            legal_hours = "21:00-08:00"
            countries = ["Germany"]
            states = ["XX"]
            frequency_caps = [{ attempts = 0, days = 7 }]
            map_data = "/nowhere/map_data.txt"
            spend_per_day = 5
            decisions_days = 365
        "#;
        let errors = read(text).expect_err("refused");
        let keys =
            ["legal_hours", "countries", "states", "frequency_caps", "map_data", "decisions_days", "spend_per_day"];
        assert_eq!(errors.len(), keys.len(), "{errors:#?}");
        for (error, key) in errors.iter().zip(keys) {
            assert!(error.starts_with(&format!("compliance.{key}: ")), "{error}");
        }
        for bad in ["timezone = \"Mars/Olympus\"", "default_rate = -1", "[rates]\nx = 1", "legal_hours = \"8-21\""] {
            assert_eq!(read(bad).expect_err("refused").len(), 1, "{bad}");
        }
    }
}
