//! Values nobody is shown.

use std::collections::BTreeMap;
use std::fmt;

/// What is shown in place of a value. Given back, it means that the value stays.
pub const MASK: &str = "********";

/// Headers and their values, which are secrets: neither logs nor answers show
/// them. Names are in lower case.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Of names and values.
    pub fn new(values: BTreeMap<String, String>) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect())
    }

    /// The values themselves.
    pub fn expose(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The names, each with [`MASK`].
    pub fn masked(&self) -> BTreeMap<String, &'static str> {
        self.0.keys().map(|name| (name.clone(), MASK)).collect()
    }
}

/// Shows no value.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.masked()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_a_value() {
        let secrets = Secrets::new(BTreeMap::from([("Authorization".to_owned(), "Bearer hush".to_owned())]));
        assert_eq!(format!("{secrets:?}"), r#"{"authorization": "********"}"#);
        assert_eq!(secrets.expose()["authorization"], "Bearer hush");
        assert_eq!(secrets.masked()["authorization"], MASK);
    }
}
