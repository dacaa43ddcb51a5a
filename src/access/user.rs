//! The people who use an installation.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Role;

/// How long a session lasts from the login, used or not: a working day.
pub const SESSION: SignedDuration = SignedDuration::from_hours(12);

/// Most characters of a login.
pub const LONGEST_LOGIN: usize = 100;

/// A user's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct UserId(pub Uuid);

impl UserId {
    /// A fresh id.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for UserId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for UserId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// A person as stored, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// What they log in with: a name or an e-mail address, unique whatever the
    /// case.
    pub login: String,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may log in.
    pub active: bool,
    /// Whether their password was chosen by somebody else: until they choose
    /// one they can do nothing but that.
    pub must_change_password: bool,
    /// When they were added.
    pub created_at: Timestamp,
    /// When anything above was last changed; the version.
    pub updated_at: Timestamp,
    /// When they last logged in.
    pub last_login_at: Option<Timestamp>,
}

/// Somebody who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the session's secret.
    pub sha256: [u8; 32],
    /// Who.
    pub user: User,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

impl Session {
    /// Whether it opens anything at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.user.active && now < self.expires_at
    }
}

/// A text that cannot be a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongLogin {
    /// It is empty or too long.
    #[error("must have 2 to {LONGEST_LOGIN} characters")]
    Length,
    /// It has a character that is none of those allowed.
    #[error("may have letters a to z, digits, and . _ - + @")]
    Character,
}

/// Checks what somebody is to log in with.
pub fn checked_login(text: &str) -> Result<String, WrongLogin> {
    let text = text.trim();
    if !(2..=LONGEST_LOGIN).contains(&text.chars().count()) {
        return Err(WrongLogin::Length);
    }
    // ASCII alone: two that look the same are the same.
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-+@".contains(&b);
    if text.bytes().all(allowed) { Ok(text.to_owned()) } else { Err(WrongLogin::Character) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_names_or_addresses() {
        assert_eq!(checked_login(" Anna.Berg+calls@example.com "), Ok("Anna.Berg+calls@example.com".into()));
        assert_eq!(checked_login("a"), Err(WrongLogin::Length));
        assert_eq!(checked_login(&"a".repeat(101)), Err(WrongLogin::Length));
        for bad in ["anna berg", "änna", "anna\nroot", "anna:x", "а" /* Cyrillic */] {
            assert!(checked_login(bad).is_err(), "{bad}");
        }
    }
}
