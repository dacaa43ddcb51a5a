//! AI agents: what they are, and what of them may be (pure). The bridge between
//! a call's sound and an agent's WebSocket is not there yet; a campaign that
//! names an agent cannot be launched.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

mod check;
mod secrets;

pub use check::{MAX_PROMPT, check, check_headers};
pub use secrets::{MASK, Secrets};

/// An agent's id: a UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct AgentId(pub Uuid);

impl AgentId {
    /// A fresh id.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for AgentId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for AgentId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// How an agent is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AgentProtocol)]
pub enum Protocol {
    /// By messages of Twilio's bidirectional Media Streams.
    #[default]
    Twilio,
    /// By binary frames of 16-bit samples, with control messages as JSON.
    Raw,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Self; 2] = [Self::Twilio, Self::Raw];

    /// Its name, everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Raw => "raw",
        }
    }
}

/// What is said of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFields {
    /// What people call it; no other has this name.
    pub name: String,
    /// Its WebSocket: `ws://` or `wss://`.
    pub url: String,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Headers sent when connecting.
    pub headers: Secrets,
    /// What it is told to do; `{{columns}}` are replaced for each call.
    pub prompt: Option<String>,
    /// What it says first; `{{columns}}` are replaced for each call.
    pub first_message: Option<String>,
    /// What it is given with each call, by name.
    pub variables: BTreeMap<String, String>,
    /// Calls at once over all campaigns, at most; 0: no limit.
    pub max_concurrent_calls: u32,
    /// What is played to a callee when it cannot be reached: as an entry of a
    /// campaign's `prompts`.
    pub fallback_prompt: Option<String>,
}

/// An agent as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// What is said of it.
    pub fields: AgentFields,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed: its version, which no two changes share.
    pub updated_at: Timestamp,
}
