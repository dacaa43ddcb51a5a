//! Where the daemon may connect to when somebody gives it an address: not to
//! its own machine or network, unless the configuration says so.
//!
//! Names are looked up once, by the [`Resolver`] of the connection itself, and
//! only public addresses of what is found are used: a name that means another
//! address a moment later is not asked again. Addresses written as such never
//! reach a resolver, so [`Guard::check`] looks at them before each request.

mod address;
mod resolver;

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Url;

pub use address::is_public;
pub use resolver::Resolver;

/// Longest URL, in characters.
const LONGEST: usize = 2_000;

/// The rule for outgoing connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Private addresses are fine too.
    pub allow_private: bool,
}

/// Why a URL is not connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is none.
    #[error("is no URL: {0}")]
    NoUrl(String),
    /// It is longer than any that is meant.
    #[error("is longer than {LONGEST} characters")]
    TooLong,
    /// It speaks something else.
    #[error("must begin with https:// or http://")]
    Scheme,
    /// It names nobody.
    #[error("names no host")]
    NoHost,
    /// It carries a user or a password, which would be shown with it.
    #[error("must hold no user and no password")]
    Credentials,
    /// It leads into a network that is not public.
    #[error("leads to {0}, which is not a public address (webhooks.allow_private allows it)")]
    Private(IpAddr),
}

impl Guard {
    /// Reads a URL and checks what can be seen without looking its name up.
    pub fn parse(self, text: &str) -> Result<Url, Refused> {
        if text.chars().count() > LONGEST {
            return Err(Refused::TooLong);
        }
        let url = Url::parse(text).map_err(|error| Refused::NoUrl(error.to_string()))?;
        self.check(&url)?;
        Ok(url)
    }

    /// Whether a URL may be connected to, but for what its name leads to: that
    /// is the [`Resolver`]'s business.
    pub fn check(self, url: &Url) -> Result<(), Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(Refused::NoHost)?;
        // The URL standard has brought every way to write an address
        // (0x7f.1, 2130706433) into its usual form.
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match bare.parse::<IpAddr>() {
            Ok(address) if !self.allows(address) => Err(Refused::Private(address)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Whether an address may be connected to.
    pub fn allows(self, address: IpAddr) -> bool {
        self.allow_private || is_public(address)
    }

    /// The beginning of a client that connects only where it may: no proxy, no
    /// redirects, names looked up by a [`Resolver`]. Its URLs must still be
    /// [checked](Self::check).
    pub fn client(self) -> reqwest::ClientBuilder {
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(Resolver::new(self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_lead_inside_are_refused_however_they_are_written() {
        let guard = Guard::default();
        for inside in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433:8080/x",
            "http://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://0/",
            "http://１２７.0.0.1/",
        ] {
            assert!(matches!(guard.parse(inside), Err(Refused::Private(_))), "{inside}: {:?}", guard.parse(inside));
            assert!(Guard { allow_private: true }.parse(inside).is_ok(), "{inside}");
        }
        assert!(guard.parse("https://example.com:8443/hook?x=1").is_ok());
        assert!(guard.parse("http://93.184.215.14/").is_ok());
    }

    #[test]
    fn what_is_no_address_of_the_web_is_refused() {
        let guard = Guard { allow_private: true };
        assert_eq!(guard.parse("ftp://example.com/"), Err(Refused::Scheme));
        assert_eq!(guard.parse("file:///etc/passwd"), Err(Refused::Scheme));
        assert_eq!(guard.parse("https://me:hunter2@example.com/"), Err(Refused::Credentials));
        assert_eq!(guard.parse(&format!("https://example.com/{}", "x".repeat(2_000))), Err(Refused::TooLong));
        for none in ["", "example.com", "http://", "https:///"] {
            assert!(guard.parse(none).is_err(), "{none}");
        }
    }
}
