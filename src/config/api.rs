//! The HTTP API.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Config;
use crate::api::{KnownSwitch, Limits};
use crate::uploads::Uploads;

/// The HTTP API of the daemon.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiConfig {
    /// Whether `canvass serve` offers it.
    pub enabled: bool,
    /// Address and port it listens on. Plain HTTP: what is not this machine
    /// belongs behind a proxy that speaks TLS.
    pub listen: String,
    /// KiB a JSON body may have. 1 to 16,384.
    pub max_body_kib: u32,
    /// MiB an uploaded list may have. 1 to 4,096.
    pub max_upload_mib: u32,
    /// The folder in which uploaded lists are kept as they came. Only the
    /// daemon's user may look into it.
    pub uploads_folder: PathBuf,
    /// MiB a list for the do-not-call list may have: a million numbers are 12
    /// to 60. 1 to 4,096.
    pub dnc_import_mib: u32,
    /// Requests a second of one key, in the long run. 1 to 100,000.
    pub requests_per_second: u32,
    /// Requests of one key at once. 1 to 100,000.
    pub burst: u32,
    /// Wrong keys a minute from one address. 1 to 10,000.
    pub failures_per_minute: u32,
    /// Connections at once. 1 to 100,000.
    pub max_connections: u32,
    /// Connections at once from one address, or one /64 of IPv6: that of a
    /// proxy has all of its clients. 1 to 100,000.
    pub max_connections_per_address: u32,
    /// Seconds a client may keep the daemon waiting: for a request, for the
    /// next part of it, or for an answer to be read. 1 to 3,600.
    pub client_timeout_seconds: u32,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: "127.0.0.1:8080".into(),
            max_body_kib: 256,
            max_upload_mib: 5,
            uploads_folder: "uploads".into(),
            dnc_import_mib: 64,
            requests_per_second: 200,
            burst: 400,
            failures_per_minute: 20,
            max_connections: 1_024,
            max_connections_per_address: 256,
            client_timeout_seconds: 30,
        }
    }
}

impl ApiConfig {
    pub(super) fn check(&self, errors: &mut Vec<String>) {
        let limits = [
            ("max_body_kib", self.max_body_kib, 16_384),
            ("max_upload_mib", self.max_upload_mib, 4_096),
            ("dnc_import_mib", self.dnc_import_mib, 4_096),
            ("requests_per_second", self.requests_per_second, 100_000),
            ("burst", self.burst, 100_000),
            ("failures_per_minute", self.failures_per_minute, 10_000),
            ("max_connections", self.max_connections, 100_000),
            ("max_connections_per_address", self.max_connections_per_address, 100_000),
            ("client_timeout_seconds", self.client_timeout_seconds, 3_600),
        ];
        for (name, value, most) in limits {
            if !(1..=most).contains(&value) {
                errors.push(format!("api.{name}: is {value}, must be 1 to {most}"));
            }
        }
        // A port alone would listen to the world unasked.
        if !self.listen.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) {
            errors
                .push(format!("api.listen: is \"{}\", must be an address and a port, as 127.0.0.1:8080", self.listen));
        }
    }

    /// What a client may ask for.
    pub fn limits(&self) -> Limits {
        Limits {
            body_bytes: (self.max_body_kib as usize) << 10,
            upload_bytes: u64::from(self.max_upload_mib) << 20,
            dnc_import_bytes: u64::from(self.dnc_import_mib) << 20,
            requests_per_second: self.requests_per_second.into(),
            burst: self.burst,
            failures_per_minute: self.failures_per_minute,
            connections: self.max_connections,
            connections_of_one: self.max_connections_per_address,
            client_pause: Duration::from_secs(self.client_timeout_seconds.into()),
            ..Limits::default()
        }
    }
}

impl Config {
    /// The lists that were uploaded.
    pub fn uploads(&self) -> Uploads {
        let folder = &self.api.uploads_folder;
        Uploads::new(std::path::absolute(folder).unwrap_or_else(|_| folder.clone()))
    }

    /// The switches, as far as the API must know them.
    pub fn known_switches(&self) -> Vec<KnownSwitch> {
        let known = |(name, switch): (&String, &super::SwitchConfig)| KnownSwitch {
            name: name.clone(),
            trunks: switch.trunks.keys().cloned().collect(),
            default_trunk: switch.default_trunk.clone(),
        };
        self.switches.iter().map(known).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_named() {
        let mut errors = Vec::new();
        ApiConfig::default().check(&mut errors);
        assert!(errors.is_empty(), "{errors:?}");
        ApiConfig { listen: ":8080".into(), burst: 0, ..ApiConfig::default() }.check(&mut errors);
        assert_eq!(errors.len(), 2, "{errors:?}");
    }

    #[test]
    fn five_megabytes_unless_said_otherwise() {
        assert_eq!(ApiConfig::default().limits(), Limits::default());
    }
}
