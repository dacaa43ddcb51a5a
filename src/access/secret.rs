//! The secret a key is.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every key begins with, so that one that got somewhere it should not be
/// is found by a search.
pub const KEY_PREFIX: &str = "cv_";

/// Digits of a secret that are kept to tell keys apart: 28 bytes stay unknown.
pub const SHOWN_DIGITS: usize = 8;

const BYTES: usize = 32;

/// A whole key. Shown once, when it is made; never kept or logged.
#[derive(Clone, Debug)]
pub struct KeySecret(SecretString);

/// The system has no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers: {0}")]
pub struct RandomError(getrandom::Error);

/// A text that cannot be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an API key: one is cv_ and 64 hexadecimal digits")]
pub struct WrongShape;

/// Fills a buffer with the system's random numbers.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), RandomError> {
    getrandom::fill(bytes).map_err(RandomError)
}

impl KeySecret {
    /// A fresh one, of the system's random numbers.
    pub fn generate() -> Result<Self, RandomError> {
        let mut bytes = [0_u8; BYTES];
        random(&mut bytes)?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(format!("{KEY_PREFIX}{digits}").into()))
    }

    /// Reads what somebody presents as a key.
    pub fn parse(text: &str) -> Result<Self, WrongShape> {
        let digits = text.strip_prefix(KEY_PREFIX).ok_or(WrongShape)?;
        let shaped = digits.len() == 2 * BYTES && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if shaped { Ok(Self(text.to_owned().into())) } else { Err(WrongShape) }
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
    fn a_secret_is_not_shown_by_accident() {
        let key = KeySecret::generate().expect("a key");
        assert!(!format!("{key:?}").contains(key.shown()));
    }
}
