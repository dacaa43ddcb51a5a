//! Passwords: what one must be, and what is kept of it.
//!
//! argon2id with 19 MiB of memory, two passes and one lane: the first of the
//! equally strong settings of OWASP's Password Storage Cheat Sheet. The
//! settings stand in each hash, so they may be raised later.

use std::fmt;
use std::sync::OnceLock;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};

/// Fewest characters of a password.
pub const SHORTEST: usize = 12;

/// Most characters of a password.
pub const LONGEST: usize = 256;

/// Memory of one hash, in KiB.
const MEMORY: u32 = 19 * 1024;

/// Passes over the memory.
const PASSES: u32 = 2;

const SALT_BYTES: usize = 16;

/// Letters and digits that nobody mistakes for one another: 32 of them, so a
/// byte's low five bits choose one evenly.
const CLEAR: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Signs of a one-time password: 100 bits.
const ONE_TIME: usize = 20;

/// A password somebody chose, or that was made for them. Never kept or logged.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

/// A text that cannot be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It has too few characters.
    #[error("must have at least {SHORTEST} characters")]
    Short,
    /// It has too many characters.
    #[error("may have at most {LONGEST} characters")]
    Long,
    /// It is one sign over and over, or the name of its owner.
    #[error("is too easy to guess")]
    Obvious,
}

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("a password cannot be hashed: {0}")]
pub struct HashError(String);

/// What is kept of a password: a PHC string.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl Password {
    /// Checks what somebody wants as the password of the user called `login`.
    pub fn choose(text: &str, login: &str) -> Result<Self, WeakPassword> {
        let mut signs = text.chars();
        let first = signs.next();
        match text.chars().count() {
            length if length < SHORTEST => Err(WeakPassword::Short),
            length if length > LONGEST => Err(WeakPassword::Long),
            _ if signs.all(|sign| Some(sign) == first) || text.eq_ignore_ascii_case(login) => {
                Err(WeakPassword::Obvious)
            }
            _ => Ok(Self(text.to_owned().into())),
        }
    }

    /// One of the system's random numbers, in groups of five: to be used once.
    pub fn one_time() -> Result<Self, super::RandomError> {
        let mut bytes = [0_u8; ONE_TIME];
        getrandom::fill(&mut bytes)?;
        let mut text = String::with_capacity(ONE_TIME + ONE_TIME / 5);
        for (at, byte) in bytes.into_iter().enumerate() {
            if at > 0 && at % 5 == 0 {
                text.push('-');
            }
            text.push(char::from(CLEAR[usize::from(byte & 31)]));
        }
        Ok(Self(text.into()))
    }

    /// The password itself, for the person it is made for.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is kept of it. Takes tens of milliseconds of one core, on purpose.
    pub fn hash(&self) -> Result<PasswordHash, HashError> {
        let mut salt = [0_u8; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|error| HashError(error.to_string()))?;
        let params = Params::new(MEMORY, PASSES, 1, None).map_err(|error| HashError(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash: Phc = argon2
            .hash_password_with_salt(self.expose().as_bytes(), &salt)
            .map_err(|error| HashError(error.to_string()))?;
        Ok(PasswordHash(hash.to_string()))
    }
}

impl PasswordHash {
    /// One that was kept.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the hash of this text. Takes as long as hashing does.
    pub fn is_of(&self, text: &SecretString) -> Result<bool, HashError> {
        let parsed = Phc::new(&self.0).map_err(|error| HashError(error.to_string()))?;
        match Argon2::default().verify_password(text.expose_secret().as_bytes(), &parsed) {
            Ok(()) => Ok(true),
            Err(Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(HashError(error.to_string())),
        }
    }

    /// A hash of a password nobody knows, to compare with where there is no
    /// user: that takes as long as if there was one. Made once.
    pub fn of_nobody() -> Result<Self, HashError> {
        static NOBODY: OnceLock<PasswordHash> = OnceLock::new();
        if let Some(hash) = NOBODY.get() {
            return Ok(hash.clone());
        }
        let hash = Password::one_time().map_err(|error| HashError(error.to_string()))?.hash()?;
        Ok(NOBODY.get_or_init(|| hash).clone())
    }
}

/// Shows nothing: a hash is worth guessing at.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_password_and_no_other() {
        let password = Password::choose("correct horse battery", "anna").expect("good enough");
        let hash = password.hash().expect("hashed");
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        let kept = PasswordHash::kept(hash.as_str().to_owned());
        assert!(kept.is_of(&"correct horse battery".to_owned().into()).expect("readable"));
        assert!(!kept.is_of(&"correct horse batterz".to_owned().into()).expect("readable"));
        assert_ne!(password.hash().expect("hashed"), hash, "salted");
        assert!(PasswordHash::kept("nonsense".into()).is_of(&"x".to_owned().into()).is_err());
        assert!(!format!("{password:?} {hash:?}").contains("horse"));
        assert!(!format!("{hash:?}").contains("argon2id"));
    }

    #[test]
    fn what_is_easy_to_guess_is_refused() {
        let choose = |text: &str| Password::choose(text, "Anna@Example.com").map(|_| ());
        assert_eq!(choose("elevensigns"), Err(WeakPassword::Short));
        assert_eq!(choose(&"ä".repeat(11)), Err(WeakPassword::Short), "signs, not bytes");
        assert_eq!(choose(&"ab".repeat(129)), Err(WeakPassword::Long));
        assert_eq!(choose("aaaaaaaaaaaaaaaa"), Err(WeakPassword::Obvious));
        assert_eq!(choose("anna@example.COM"), Err(WeakPassword::Obvious));
        assert_eq!(choose("twelve signs"), Ok(()));
    }

    #[test]
    fn one_time_passwords_differ_and_are_good_enough() {
        let (one, other) = (Password::one_time().expect("random"), Password::one_time().expect("random"));
        assert_ne!(one.expose(), other.expose());
        assert_eq!(one.expose().len(), 23);
        assert!(Password::choose(one.expose(), "anna").is_ok());
    }
}
