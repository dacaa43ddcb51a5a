//! Outgoing webhooks.

use serde::{Deserialize, Serialize};

use crate::guard::Guard;

/// Outgoing webhooks.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhooksConfig {
    /// Whether they may lead into private networks and to this machine.
    pub allow_private: bool,
}

impl WebhooksConfig {
    /// Where they may lead.
    pub fn guard(self) -> Guard {
        Guard { allow_private: self.allow_private }
    }
}
