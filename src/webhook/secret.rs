//! The secret that signs deliveries.

use secrecy::{ExposeSecret, SecretString};

use crate::access::RandomError;

/// What every secret begins with.
pub const SECRET_PREFIX: &str = "whsec_";

const BYTES: usize = 32;

/// A webhook's secret. Unlike an API key it is kept as it is: it must sign.
/// Shown when it is made, and never logged.
#[derive(Clone, Debug)]
pub struct SigningSecret(SecretString);

impl SigningSecret {
    /// A fresh one, of the system's random numbers.
    pub fn generate() -> Result<Self, RandomError> {
        let mut bytes = [0_u8; BYTES];
        crate::access::random(&mut bytes)?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(format!("{SECRET_PREFIX}{digits}").into()))
    }

    /// One that was kept.
    pub fn kept(text: String) -> Self {
        Self(text.into())
    }

    /// The secret itself, prefix included: that is what signs.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_are_not_shown_by_accident() {
        let (one, other) = (SigningSecret::generate().expect("one"), SigningSecret::generate().expect("another"));
        assert_ne!(one.expose(), other.expose());
        assert!(one.expose().starts_with(SECRET_PREFIX) && one.expose().len() == 70);
        assert!(!format!("{one:?}").contains(&one.expose()[6..]));
    }
}
