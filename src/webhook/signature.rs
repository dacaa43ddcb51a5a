//! The signature of a delivery: who knows the secret can tell that it is ours,
//! and how old it is.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::SigningSecret;

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "canvass-signature";

/// `t=<seconds since 1970>,v1=<hex>`, with a `v1` for each secret: HMAC-SHA256,
/// keyed with the whole secret, over the seconds as written, a full stop, and
/// the body as sent. The form is Stripe's.
pub fn sign<'a>(secrets: impl IntoIterator<Item = &'a SigningSecret>, at: Timestamp, body: &[u8]) -> String {
    let time = at.as_second().to_string();
    let mut header = format!("t={time}");
    for secret in secrets {
        // A key of any length is fine for HMAC.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { continue };
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        header.push_str(",v1=");
        for byte in mac.finalize().into_bytes() {
            header.push_str(&format!("{byte:02x}"));
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with `openssl dgst -sha256 -hmac`.
    #[test]
    fn a_known_signature() {
        let secret = SigningSecret::kept("whsec_test".into());
        let at = Timestamp::from_second(1_700_000_000).expect("an instant");
        let expected = "t=1700000000,v1=11bf4466ea17c3df3fd743af0b435368e16b7a05eb8eced85e8c4670767bdec5";
        assert_eq!(sign([&secret], at, b"{\"id\":\"1\"}"), expected);
    }

    #[test]
    fn two_secrets_sign_twice() {
        let (one, two) = (SigningSecret::kept("a".into()), SigningSecret::kept("b".into()));
        let both = sign([&one, &two], Timestamp::UNIX_EPOCH, b"");
        let only = sign([&one], Timestamp::UNIX_EPOCH, b"");
        assert!(both.starts_with(&only) && both.matches(",v1=").count() == 2);
    }
}
