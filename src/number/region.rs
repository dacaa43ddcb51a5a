//! Countries, by their two-letter code.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::PHONE_NUMBER_UTIL;
use serde::{Deserialize, Serialize};

/// A country by its ISO 3166-1 alpha-2 code (`US`, `DE`, …).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(rlibphonenumber::Region);

impl Region {
    /// The United States: the default of a new organization.
    pub const US: Self = Self(rlibphonenumber::Region::US);

    pub(super) fn library(self) -> rlibphonenumber::Region {
        self.0
    }
}

/// Not the code of a country with telephone numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a country: write its two-letter ISO 3166 code, such as US or DE")]
pub struct UnknownRegion(String);

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        text.trim()
            .to_ascii_uppercase()
            .parse()
            .ok()
            // The library parses any two letters; only real countries have metadata.
            .filter(|region| PHONE_NUMBER_UTIL.get_country_code_for_region(*region).is_some())
            .map(Self)
            .ok_or_else(|| UnknownRegion(text.to_owned()))
    }
}

impl TryFrom<String> for Region {
    type Error = UnknownRegion;

    fn try_from(text: String) -> Result<Self, UnknownRegion> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.to_string()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_countries_are_regions() {
        assert_eq!("us".parse(), Ok(Region::US));
        assert_eq!("De".parse::<Region>().map(|r| r.to_string()).as_deref(), Ok("DE"));
        for bad in ["", "U", "USA", "ZZ", "12", "Ü1"] {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
    }
}
