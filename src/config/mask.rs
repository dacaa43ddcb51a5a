//! Secrets, when the configuration is shown.

use secrecy::{ExposeSecret, SecretString};
use serde::Serializer;

const MASK: &str = "********";

/// A URL with its password masked.
pub(super) fn url<S: Serializer>(url: &SecretString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&masked(url.expose_secret()))
}

/// Nothing but that there is one.
pub(super) fn secret<S: Serializer>(secret: &Option<SecretString>, to: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(_) => to.serialize_some(MASK),
        None => to.serialize_none(),
    }
}

fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // The password may itself hold an @: the last one ends it. What follows a
    // "?" may hold one too (`?password=`).
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, _)| (rest, "?…"));
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            let name = user.split_once(':').map_or(user, |(name, _)| name);
            format!("{scheme}://{name}:{MASK}@{host}{query}")
        }
        None => format!("{scheme}://{rest}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn passwords_are_masked_wherever_they_stand() {
        assert_eq!(masked("sqlite:canvass.db"), "sqlite:canvass.db");
        assert_eq!(masked("postgres://localhost/canvass"), "postgres://localhost/canvass");
        for secret in [
            "postgres://ann:hunter2@db/canvass",
            "postgres://ann:hunter2@x@db/canvass",
            "postgres://db/canvass?user=ann&password=hunter2",
        ] {
            let shown = masked(secret);
            assert!(!shown.contains("hunter2") && shown.contains("db/canvass"), "{shown}");
        }
    }
}
