//! Whoever asks something of the API: a program with a key, or a person who is
//! logged in.

use jiff::Timestamp;
use uuid::Uuid;

use super::{ApiKey, Role, Scope, Session};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The holder of an API key.
    Key(ApiKey),
    /// A person who is logged in.
    User(Session),
}

impl Principal {
    /// The id of the key, or of the user.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Key(key) => key.id.0,
            Self::User(session) => session.user.id.0,
        }
    }

    /// What they are.
    pub fn role(&self) -> Role {
        match self {
            Self::Key(key) => key.role,
            Self::User(session) => session.user.role,
        }
    }

    /// Whether they may do this.
    pub fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Key(key) => key.may(scope),
            Self::User(session) => session.user.role.may(scope),
        }
    }

    /// Whether anything opens to them at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        match self {
            Self::Key(key) => key.is_valid(now),
            Self::User(session) => session.is_valid(now),
        }
    }

    /// Who they are, for records that outlive them: `key:CRM (ID)`, `user:anna`.
    pub fn actor(&self) -> String {
        match self {
            Self::Key(key) => format!("key:{} ({})", key.name, key.id),
            Self::User(session) => format!("user:{}", session.user.login),
        }
    }
}
