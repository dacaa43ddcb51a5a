//! The endpoint template of a trunk.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::number::PhoneNumber;

/// An endpoint with a hole for the number: `sofia/gateway/carrier/{number}` on
/// FreeSWITCH, `PJSIP/{number}@carrier` on Asterisk. `{number}` is E.164 with
/// its `+`, `{digits}` the same without.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrunkTemplate(String);

/// Why a text is no trunk template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrunkError {
    /// Every call would go to the same place.
    #[error("trunk endpoint \"{0}\" has neither {{number}} nor {{digits}}")]
    NoNumber(String),
    /// A character that could mean something else to a switch.
    #[error("trunk endpoint \"{0}\" has {1:?}; allowed are letters, digits and + - _ . @ / : =")]
    Character(String, char),
}

impl TrunkTemplate {
    /// The endpoint for this number.
    pub fn fill(&self, number: PhoneNumber) -> String {
        self.0.replace("{number}", &number.to_string()).replace("{digits}", &number.digits())
    }
}

impl FromStr for TrunkTemplate {
    type Err = TrunkError;

    fn from_str(text: &str) -> Result<Self, TrunkError> {
        let rest = text.replace("{number}", "").replace("{digits}", "");
        if rest.len() == text.len() {
            return Err(TrunkError::NoNumber(text.to_owned()));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "+-_.@/:=".contains(c);
        match rest.chars().find(|c| !allowed(*c)) {
            Some(bad) => Err(TrunkError::Character(text.to_owned(), bad)),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl TryFrom<String> for TrunkTemplate {
    type Error = TrunkError;

    fn try_from(text: String) -> Result<Self, TrunkError> {
        text.parse()
    }
}

impl From<TrunkTemplate> for String {
    fn from(template: TrunkTemplate) -> Self {
        template.0
    }
}

impl fmt::Display for TrunkTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TrunkTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_in_with_and_without_plus() {
        let number = PhoneNumber::from_e164("+15551234567").expect("a number");
        let fill = |text: &str| text.parse::<TrunkTemplate>().map(|t| t.fill(number));
        assert_eq!(fill("sofia/gateway/carrier/{number}").as_deref(), Ok("sofia/gateway/carrier/+15551234567"));
        assert_eq!(fill("PJSIP/{digits}@carrier").as_deref(), Ok("PJSIP/15551234567@carrier"));
    }

    #[test]
    fn what_a_switch_could_read_otherwise_is_refused() {
        for bad in [
            "sofia/gateway/carrier/15551234567",
            "",
            "{number},loopback/{number}",
            "a|{number}",
            "a {number}",
            "${x}{number}",
            "{number}\n",
        ] {
            assert!(bad.parse::<TrunkTemplate>().is_err(), "{bad}");
        }
    }
}
