//! What is measured.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::guard::is_public;
use crate::metrics::CALLER_IDS;

/// Numbers with metrics of their own, at most.
const MOST: u32 = 10_000;

/// What is measured, for Prometheus.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsConfig {
    /// Where `/metrics` is shown without a key, to private addresses alone;
    /// none: nowhere, the HTTP API shows it to keys that may `metrics:read`.
    pub listen: Option<SocketAddr>,
    /// Numbers of ours with metrics of their own: those in use first, in their
    /// order. 0 to 10,000.
    pub caller_ids: u32,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { listen: None, caller_ids: CALLER_IDS }
    }
}

impl MetricsConfig {
    pub(super) fn check(&self, errors: &mut Vec<String>) {
        if self.caller_ids > MOST {
            errors.push(format!("metrics.caller_ids: is {}, must be 0 to {MOST}", self.caller_ids));
        }
        if let Some(listen) = self.listen.filter(|listen| is_public(listen.ip())) {
            errors.push(format!(
                "metrics.listen: {listen} is a public address, and no key is asked for there: use a private one, or the HTTP API"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(listen: &str, caller_ids: u32) -> usize {
        let mut errors = Vec::new();
        let listen = Some(listen.parse().expect("an address"));
        MetricsConfig { listen, caller_ids }.check(&mut errors);
        errors.len()
    }

    #[test]
    fn the_public_is_not_served() {
        for private in ["127.0.0.1:9464", "10.0.0.5:9464", "[::1]:9464", "0.0.0.0:9464"] {
            assert_eq!(faults(private, 500), 0, "{private}");
        }
        assert_eq!(faults("1.1.1.1:9464", 500), 1);
        assert_eq!(faults("[2606:4700::1111]:9464", 10_001), 2);
    }
}
