//! A switch's section: what must be there, and the switch made of it.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::{Config, ConfigError, SwitchConfig, SwitchKind};
use crate::dialer::{Limits, SwitchLimits, SwitchSetup};
use crate::switch::{Parties, Switch, asterisk, freeswitch};

impl SwitchConfig {
    /// Adds everything that is wrong with it to `errors`.
    pub(super) fn check(&self, name: &str, errors: &mut Vec<String>) {
        let mut wrong = |key: &str, message: &str| errors.push(format!("switches.{name}.{key}: {message}"));
        match self.kind {
            SwitchKind::Freeswitch => {
                let port = self.address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
                if port.is_none() {
                    wrong("address", "must be host:port of the event socket, such as 127.0.0.1:8021");
                }
            }
            SwitchKind::Asterisk => {
                if !self.address.starts_with("http://") && !self.address.starts_with("https://") {
                    wrong("address", "must be the URL of ARI, such as http://127.0.0.1:8088/ari");
                }
                if self.user.is_none() {
                    wrong("user", "is missing: the name of a section of ari.conf");
                }
            }
        }
        if self.amd_context.is_empty()
            || !self.amd_context.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        {
            wrong("amd_context", "must be the name of a context: letters, digits, - and _");
        }
        let reachable = |at: &str| {
            at.rsplit_once(':').is_some_and(|(host, port)| {
                !host.is_empty() && port.parse() != Ok(0_u16) && port.parse::<u16>().is_ok()
            })
        };
        if self.audio_advertise.as_deref().is_some_and(|at| !reachable(at)) {
            wrong("audio_advertise", "must be HOST:PORT under which Asterisk reaches audio_bind");
        }
        if self.audio_advertise.is_some() && self.audio_bind.is_none_or(|bind| bind.port() == 0) {
            wrong("audio_bind", "must name a port where audio_advertise does");
        }
        if self.audio_advertise.is_none() && self.audio_bind.is_some_and(|bind| bind.ip().is_unspecified()) {
            wrong("audio_advertise", "is missing: audio_bind names no address that Asterisk could reach");
        }
        if self.password.is_none() {
            wrong("password", "is missing; it may stand in password_file");
        }
        if self.max_channels == 0 {
            wrong("max_channels", "is 0, must be at least 1");
        }
        if !(0.001..=100_000.0).contains(&self.max_calls_per_second) {
            wrong("max_calls_per_second", "must be from 0.001 to 100,000");
        }
        let (first, last) = self.audio_ports;
        if first < 1_024 || last < first {
            wrong("audio_ports", "must be the first and the last port of a range from 1024 up, such as [21000, 21999]");
        }
        match &self.default_trunk {
            None if self.trunks.len() > 1 => wrong("default_trunk", "is missing: there are several trunks"),
            Some(trunk) if !self.trunks.contains_key(trunk) => wrong("default_trunk", "is none of the trunks"),
            None | Some(_) => {}
        }
        if self.trunks.is_empty() {
            wrong("trunks", "is empty: no call could leave");
        }
    }

    fn limits(&self, name: &str) -> SwitchLimits {
        let first = || self.trunks.keys().next().cloned().unwrap_or_default();
        SwitchLimits {
            name: name.to_owned(),
            max_channels: self.max_channels,
            max_calls_per_second: self.max_calls_per_second,
            trunks: self.trunks.clone(),
            default_trunk: self.default_trunk.clone().unwrap_or_else(first),
            parties: self.parties(),
        }
    }

    fn parties(&self) -> Parties {
        let usual = match self.kind {
            SwitchKind::Freeswitch => Parties::freeswitch(),
            SwitchKind::Asterisk => Parties::asterisk(),
        };
        Parties {
            extension: self.extension_endpoint.clone().unwrap_or(usual.extension),
            queue: self.queue_endpoint.clone().unwrap_or(usual.queue),
        }
    }

    fn password(&self) -> SecretString {
        self.password.clone().unwrap_or_default()
    }

    /// Starts the adapter.
    fn connect(&self, name: &str, node: &str) -> SwitchSetup {
        let (switch, events) = match self.kind {
            SwitchKind::Freeswitch => {
                let options = freeswitch::Options {
                    address: self.address.clone(),
                    password: self.password(),
                    node: node.to_owned(),
                };
                let (first, last) = self.audio_ports;
                let (switch, events) = freeswitch::FreeSwitch::start_with(options, freeswitch::AudioPorts(first, last));
                (Switch::FreeSwitch(switch), events)
            }
            SwitchKind::Asterisk => {
                let options = asterisk::Options {
                    url: self.address.trim_end_matches('/').to_owned(),
                    user: self.user.clone().unwrap_or_default(),
                    password: self.password(),
                    node: node.to_owned(),
                    amd_context: self.amd_context.clone(),
                    audio: asterisk::AudioOptions { bind: self.audio_bind, advertise: self.audio_advertise.clone() },
                };
                let (switch, events) = asterisk::Asterisk::start(options);
                (Switch::Asterisk(switch), events)
            }
        };
        SwitchSetup { limits: self.limits(name), switch, events }
    }
}

impl Config {
    /// What a running engine can take over from this configuration. An error: its
    /// rules cannot be read any more.
    pub fn limits(&self) -> Result<Limits, ConfigError> {
        Ok(Limits {
            outbound_limit: self.organization.outbound_rate_limit,
            compliance: Some(Arc::new(self.organization_rules()?)),
            drain: Duration::from_secs(self.dialer.drain_seconds.into()),
            keep_recordings: self.keep_recordings(),
            switches: self.switches.iter().map(|(name, switch)| switch.limits(name)).collect(),
        })
    }

    /// Starts the adapters of all switches; they connect by themselves. `mark`
    /// is what our channels carry: whoever has the same takes them for its own.
    pub fn connect_switches(&self, mark: &str) -> Vec<SwitchSetup> {
        self.switches.iter().map(|(name, switch)| switch.connect(name, mark)).collect()
    }
}
