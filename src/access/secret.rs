//! The secrets that open the API: a key's, and that of a person's session.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every key begins with, so that one that got somewhere it should not be
/// is found by a search.
pub const KEY_PREFIX: &str = "cv_";

/// Digits of a secret that are kept to tell keys apart: 28 bytes stay unknown.
pub const SHOWN_DIGITS: usize = 8;

/// What every session's secret begins with.
pub const SESSION_PREFIX: &str = "cs_";

const BYTES: usize = 32;

/// A whole key. Shown once, when it is made; never kept or logged.
#[derive(Clone, Debug)]
pub struct KeySecret(SecretString);

/// The secret of a session. Shown once, to whoever logged in; never kept or
/// logged.
#[derive(Clone, Debug)]
pub struct SessionSecret(SecretString);

/// What somebody presents to be let in.
#[derive(Clone, Debug)]
pub enum Presented {
    /// An API key.
    Key(KeySecret),
    /// A session.
    Session(SessionSecret),
}

/// The system has no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers: {0}")]
pub struct RandomError(#[from] getrandom::Error);

/// A text that cannot be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key or session: one is cv_ or cs_ and 64 hexadecimal digits")]
pub struct WrongShape;

/// Fills a buffer with the system's random numbers.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), RandomError> {
    getrandom::fill(bytes).map_err(RandomError)
}

/// A prefix and random digits.
fn generate(prefix: &str) -> Result<SecretString, RandomError> {
    let mut bytes = [0_u8; BYTES];
    random(&mut bytes)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{prefix}{digits}").into())
}

fn parse(prefix: &str, text: &str) -> Result<SecretString, WrongShape> {
    let digits = text.strip_prefix(prefix).ok_or(WrongShape)?;
    let shaped = digits.len() == 2 * BYTES && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if shaped { Ok(text.to_owned().into()) } else { Err(WrongShape) }
}

impl KeySecret {
    /// A fresh one, of the system's random numbers.
    pub fn generate() -> Result<Self, RandomError> {
        generate(KEY_PREFIX).map(Self)
    }

    /// Reads what somebody presents as a key.
    pub fn parse(text: &str) -> Result<Self, WrongShape> {
        parse(KEY_PREFIX, text).map(Self)
    }

    /// The key itself, for the person it is made for.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The digits that may be kept and shown.
    pub fn shown(&self) -> &str {
        let start = KEY_PREFIX.len();
        self.expose().get(start..start + SHOWN_DIGITS).unwrap_or_default()
    }

    /// What is kept of it.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.expose().as_bytes()).into()
    }

    /// Whether this is the key of which `kept` was kept; takes as long however
    /// much of it is right.
    pub fn matches(&self, kept: &[u8; 32]) -> bool {
        self.sha256().ct_eq(kept).into()
    }
}

impl SessionSecret {
    /// A fresh one, of the system's random numbers.
    pub fn generate() -> Result<Self, RandomError> {
        generate(SESSION_PREFIX).map(Self)
    }

    /// Reads what somebody presents as a session's secret.
    pub fn parse(text: &str) -> Result<Self, WrongShape> {
        parse(SESSION_PREFIX, text).map(Self)
    }

    /// The secret itself, for the person who logged in.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is kept of it.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.expose().as_bytes()).into()
    }
}

impl Presented {
    /// Reads it, whichever it is.
    pub fn parse(text: &str) -> Result<Self, WrongShape> {
        KeySecret::parse(text).map(Self::Key).or_else(|_| SessionSecret::parse(text).map(Self::Session))
    }

    /// What is kept of it.
    pub fn sha256(&self) -> [u8; 32] {
        match self {
            Self::Key(secret) => secret.sha256(),
            Self::Session(secret) => secret.sha256(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_matches_what_was_kept_of_it_and_no_other() {
        let (one, other) = (KeySecret::generate().expect("a key"), KeySecret::generate().expect("a key"));
        assert!(one.matches(&one.sha256()) && !one.matches(&other.sha256()));
        let again = KeySecret::parse(one.expose()).expect("its own text");
        assert!(again.matches(&one.sha256()));
        assert!(one.expose().starts_with(&format!("{KEY_PREFIX}{}", one.shown())));
    }

    #[test]
    fn only_keys_are_read() {
        let digits = "0".repeat(64);
        assert!(KeySecret::parse(&format!("cv_{digits}")).is_ok());
        for wrong in [digits.clone(), format!("cv_{digits}0"), format!("cv_{}", "G".repeat(64)), "cv_".into()] {
            assert!(KeySecret::parse(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_session_is_no_key() {
        let session = SessionSecret::generate().expect("a session");
        assert!(KeySecret::parse(session.expose()).is_err());
        assert!(matches!(Presented::parse(session.expose()), Ok(Presented::Session(_))));
        let key = KeySecret::generate().expect("a key");
        assert!(matches!(Presented::parse(key.expose()), Ok(Presented::Key(same)) if same.matches(&key.sha256())));
    }

    #[test]
    fn a_secret_is_not_shown_by_accident() {
        let key = KeySecret::generate().expect("a key");
        assert!(!format!("{key:?}").contains(key.shown()));
        let session = SessionSecret::generate().expect("a session");
        assert!(!format!("{session:?}").contains(&session.expose()[3..]));
    }
}
