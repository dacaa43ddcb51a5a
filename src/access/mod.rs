//! Who may use the API: keys and users, their roles, and the areas they may
//! touch (pure, but for random numbers).
//!
//! A key is `cv_` and 64 hexadecimal digits of 32 random bytes. Only its
//! SHA-256 is kept, and its first digits, so that a person can tell keys apart.
//! A session, which a login opens, is `cs_` and as many digits; of passwords an
//! argon2id hash is kept.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

mod password;
mod principal;
mod scope;
mod secret;
mod user;

pub use password::{HashError, LONGEST, Password, PasswordHash, SHORTEST, WeakPassword};
pub use principal::Principal;
pub use scope::{Role, Scope, UnknownWord};
pub(crate) use secret::random;
pub use secret::{
    KEY_PREFIX, KeySecret, Presented, RandomError, SESSION_PREFIX, SHOWN_DIGITS, SessionSecret, WrongShape,
};
pub use user::{LONGEST_LOGIN, SESSION, Session, User, UserId, WrongLogin, checked_login};

/// An API key's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct ApiKeyId(pub Uuid);

impl ApiKeyId {
    /// A fresh id.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for ApiKeyId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for ApiKeyId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// An API key as stored, without the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose it is or what for, as its maker says.
    pub name: String,
    /// The first digits of the secret, after `cv_`.
    pub shown: String,
    /// SHA-256 of the whole secret.
    pub sha256: [u8; 32],
    /// What its holder is.
    pub role: Role,
    /// The only areas it may touch; none: all its role may.
    pub scopes: Vec<Scope>,
    /// Who made it, as [`Principal::actor`] says; none: older than such notes.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name, end or revocation last changed; the version.
    pub updated_at: Timestamp,
    /// From when on it is refused; none: never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl ApiKey {
    /// Of a fresh secret, valid from now on.
    pub fn new(secret: &KeySecret, name: String, role: Role, now: Timestamp) -> Self {
        Self {
            id: ApiKeyId::new(),
            name,
            shown: secret.shown().to_owned(),
            sha256: secret.sha256(),
            role,
            scopes: Vec::new(),
            created_by: None,
            created_at: now,
            updated_at: now,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }

    /// Whether it opens anything at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| now < at)
    }

    /// Whether it may do this: its role may, and its scopes, if it has any,
    /// name it.
    pub fn may(&self, scope: Scope) -> bool {
        self.role.may(scope) && (self.scopes.is_empty() || self.scopes.contains(&scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(role: Role, scopes: &[Scope]) -> ApiKey {
        ApiKey {
            id: ApiKeyId::new(),
            name: "test".into(),
            shown: "0011".into(),
            sha256: [0; 32],
            role,
            scopes: scopes.to_vec(),
            created_by: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }

    #[test]
    fn scopes_narrow_a_role_and_never_widen_it() {
        assert!(key(Role::Viewer, &[]).may(Scope::CampaignsRead));
        assert!(!key(Role::Viewer, &[Scope::CampaignsWrite]).may(Scope::CampaignsWrite));
        let narrow = key(Role::Admin, &[Scope::DncRead]);
        assert!(narrow.may(Scope::DncRead) && !narrow.may(Scope::DncWrite) && !narrow.may(Scope::CampaignsRead));
    }

    #[test]
    fn a_key_ends_when_it_says_and_when_it_is_revoked() {
        let now: Timestamp = "2026-03-01T09:00:00Z".parse().expect("an instant");
        let mut key = key(Role::Admin, &[]);
        assert!(key.is_valid(now));
        key.expires_at = Some(now);
        assert!(!key.is_valid(now));
        key.expires_at = None;
        key.revoked_at = Some(now);
        assert!(!key.is_valid(now));
    }
}
