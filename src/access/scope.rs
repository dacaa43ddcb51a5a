//! Roles, and the areas of the API they open.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the holder of a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads everything but keys, users, webhooks and the audit log.
    Viewer,
    /// Reads, and runs campaigns: contacts, surveys, sounds and the
    /// do-not-call list included.
    Operator,
    /// Everything: numbers, agents, settings, users and keys too.
    Admin,
}

/// An area of the API, to read or to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Scope {
    /// See campaigns, their calls and figures.
    #[serde(rename = "campaigns:read")]
    CampaignsRead,
    /// Create, change and run campaigns.
    #[serde(rename = "campaigns:write")]
    CampaignsWrite,
    /// See contacts.
    #[serde(rename = "contacts:read")]
    ContactsRead,
    /// Add, retry, skip and remove contacts.
    #[serde(rename = "contacts:write")]
    ContactsWrite,
    /// Look numbers up in the do-not-call list.
    #[serde(rename = "dnc:read")]
    DncRead,
    /// Put numbers on the do-not-call list and take them off.
    #[serde(rename = "dnc:write")]
    DncWrite,
    /// See our own numbers.
    #[serde(rename = "phone_numbers:read")]
    PhoneNumbersRead,
    /// Add our own numbers and switch them on and off.
    #[serde(rename = "phone_numbers:write")]
    PhoneNumbersWrite,
    /// See single calls: timeline, answers, recording, transcript.
    #[serde(rename = "calls:read")]
    CallsRead,
    /// Note dispositions, report what an agent learnt, hang live calls up.
    #[serde(rename = "calls:write")]
    CallsWrite,
    /// See and hear the media library.
    #[serde(rename = "media:read")]
    MediaRead,
    /// Add sounds to the media library and remove them.
    #[serde(rename = "media:write")]
    MediaWrite,
    /// See surveys.
    #[serde(rename = "surveys:read")]
    SurveysRead,
    /// Add, change and remove surveys.
    #[serde(rename = "surveys:write")]
    SurveysWrite,
    /// See AI agents, without their secrets.
    #[serde(rename = "agents:read")]
    AgentsRead,
    /// Add, change and remove AI agents.
    #[serde(rename = "agents:write")]
    AgentsWrite,
    /// See the switches, their connections and load.
    #[serde(rename = "switches:read")]
    SwitchesRead,
    /// Place test calls.
    #[serde(rename = "switches:write")]
    SwitchesWrite,
    /// See what holds for the whole installation.
    #[serde(rename = "settings:read")]
    SettingsRead,
    /// Change what holds for the whole installation.
    #[serde(rename = "settings:write")]
    SettingsWrite,
    /// See webhooks and what was delivered.
    #[serde(rename = "webhooks:read")]
    WebhooksRead,
    /// Add, change and remove webhooks, deliver again.
    #[serde(rename = "webhooks:write")]
    WebhooksWrite,
    /// See the users there are.
    #[serde(rename = "users:read")]
    UsersRead,
    /// Add, change and remove users.
    #[serde(rename = "users:write")]
    UsersWrite,
    /// See who did what, and why numbers were called or not.
    #[serde(rename = "audit:read")]
    AuditRead,
    /// See the API keys there are.
    #[serde(rename = "api_keys:read")]
    ApiKeysRead,
    /// Make and revoke API keys.
    #[serde(rename = "api_keys:write")]
    ApiKeysWrite,
    /// See what is measured: calls, switches, our own numbers, campaigns.
    #[serde(rename = "metrics:read")]
    MetricsRead,
}

impl Role {
    /// Every role, from the least to the most.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// Its name in the API, the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Whether it may do this at all.
    pub fn may(self, scope: Scope) -> bool {
        match self {
            Self::Viewer => {
                matches!(
                    scope,
                    Scope::CampaignsRead
                        | Scope::CallsRead
                        | Scope::ContactsRead
                        | Scope::DncRead
                        | Scope::PhoneNumbersRead
                        | Scope::MediaRead
                        | Scope::SurveysRead
                        | Scope::AgentsRead
                        | Scope::SwitchesRead
                        | Scope::SettingsRead
                        | Scope::MetricsRead
                )
            }
            Self::Operator => {
                Self::Viewer.may(scope)
                    || matches!(
                        scope,
                        Scope::CampaignsWrite
                            | Scope::CallsWrite
                            | Scope::ContactsWrite
                            | Scope::DncWrite
                            | Scope::MediaWrite
                            | Scope::SurveysWrite
                            | Scope::SwitchesWrite
                            | Scope::WebhooksRead
                            | Scope::AuditRead
                    )
            }
            Self::Admin => true,
        }
    }
}

impl Scope {
    /// Every scope, by area.
    pub const ALL: [Self; 28] = [
        Self::CampaignsRead,
        Self::CampaignsWrite,
        Self::ContactsRead,
        Self::ContactsWrite,
        Self::DncRead,
        Self::DncWrite,
        Self::PhoneNumbersRead,
        Self::PhoneNumbersWrite,
        Self::CallsRead,
        Self::CallsWrite,
        Self::MediaRead,
        Self::MediaWrite,
        Self::SurveysRead,
        Self::SurveysWrite,
        Self::AgentsRead,
        Self::AgentsWrite,
        Self::SwitchesRead,
        Self::SwitchesWrite,
        Self::SettingsRead,
        Self::SettingsWrite,
        Self::WebhooksRead,
        Self::WebhooksWrite,
        Self::UsersRead,
        Self::UsersWrite,
        Self::AuditRead,
        Self::ApiKeysRead,
        Self::ApiKeysWrite,
        Self::MetricsRead,
    ];

    /// Its name in the API, the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CampaignsRead => "campaigns:read",
            Self::CampaignsWrite => "campaigns:write",
            Self::ContactsRead => "contacts:read",
            Self::ContactsWrite => "contacts:write",
            Self::DncRead => "dnc:read",
            Self::DncWrite => "dnc:write",
            Self::PhoneNumbersRead => "phone_numbers:read",
            Self::PhoneNumbersWrite => "phone_numbers:write",
            Self::CallsRead => "calls:read",
            Self::CallsWrite => "calls:write",
            Self::MediaRead => "media:read",
            Self::MediaWrite => "media:write",
            Self::SurveysRead => "surveys:read",
            Self::SurveysWrite => "surveys:write",
            Self::AgentsRead => "agents:read",
            Self::AgentsWrite => "agents:write",
            Self::SwitchesRead => "switches:read",
            Self::SwitchesWrite => "switches:write",
            Self::SettingsRead => "settings:read",
            Self::SettingsWrite => "settings:write",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::AuditRead => "audit:read",
            Self::ApiKeysRead => "api_keys:read",
            Self::ApiKeysWrite => "api_keys:write",
            Self::MetricsRead => "metrics:read",
        }
    }
}

/// A word that is no role or no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} \"{word}\": must be one of {}", .known.join(", "))]
pub struct UnknownWord {
    what: &'static str,
    word: String,
    known: Vec<&'static str>,
}

impl FromStr for Role {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownWord {
            what: "role",
            word: text.to_owned(),
            known: Self::ALL.map(Self::as_str).to_vec(),
        })
    }
}

impl FromStr for Scope {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| UnknownWord {
            what: "scope",
            word: text.to_owned(),
            known: Self::ALL.map(Self::as_str).to_vec(),
        })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).ok(), Some(role.as_str().into()));
        }
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            assert_eq!(serde_json::to_value(scope).ok(), Some(scope.as_str().into()));
        }
        let error = "root".parse::<Role>().expect_err("none of ours");
        assert_eq!(error.to_string(), "unknown role \"root\": must be one of viewer, operator, admin");
    }

    #[test]
    fn each_role_may_what_the_one_below_may() {
        for scope in Scope::ALL {
            assert!(!Role::Viewer.may(scope) || Role::Operator.may(scope), "{scope}");
            assert!(Role::Admin.may(scope), "{scope}");
            if scope.as_str().ends_with(":write") {
                assert!(!Role::Viewer.may(scope), "{scope}");
            }
        }
        assert!(!Role::Operator.may(Scope::ApiKeysRead) && !Role::Operator.may(Scope::PhoneNumbersWrite));
    }
}
