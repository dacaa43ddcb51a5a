//! Whom on a switch a call can be transferred to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An endpoint with a hole for a name: `Local/{name}@canvass-transfer`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartyTemplate(String);

/// Endpoints of the extensions and queues of a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties {
    /// Of an extension.
    pub extension: PartyTemplate,
    /// Of a queue.
    pub queue: PartyTemplate,
}

/// Why a text is no party template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartyError {
    /// Every transfer would go to the same place.
    #[error("endpoint \"{0}\" has no {{name}}")]
    NoName(String),
    /// A character that could mean something else to a switch.
    #[error("endpoint \"{0}\" has {1:?}; allowed are letters, digits and + - _ . @ / : =")]
    Character(String, char),
}

impl PartyTemplate {
    /// The endpoint of this extension or queue. What could mean something else
    /// to a switch is left out of the name; settings refuse it before.
    pub fn fill(&self, name: &str) -> String {
        let name: String = name.chars().filter(|c| Self::allows(*c)).collect();
        self.0.replace("{name}", &name)
    }

    /// Whether a name may have this character.
    pub fn allows(c: char) -> bool {
        c.is_ascii_alphanumeric() || "+-_.".contains(c)
    }
}

impl Parties {
    /// A FreeSWITCH's, unless its operator says otherwise: users of the domain,
    /// and the contexts of `dialplan/`.
    pub fn freeswitch() -> Self {
        Self {
            extension: PartyTemplate("loopback/{name}/canvass-transfer".into()),
            queue: PartyTemplate("loopback/{name}/canvass-queue".into()),
        }
    }

    /// An Asterisk's: the contexts of `dialplan/`.
    pub fn asterisk() -> Self {
        Self {
            extension: PartyTemplate("Local/{name}@canvass-transfer".into()),
            queue: PartyTemplate("Local/{name}@canvass-queue".into()),
        }
    }
}

impl FromStr for PartyTemplate {
    type Err = PartyError;

    fn from_str(text: &str) -> Result<Self, PartyError> {
        let rest = text.replace("{name}", "");
        if rest.len() == text.len() {
            return Err(PartyError::NoName(text.to_owned()));
        }
        match rest.chars().find(|c| !Self::allows(*c) && !"@/:=".contains(*c)) {
            Some(bad) => Err(PartyError::Character(text.to_owned(), bad)),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl TryFrom<String> for PartyTemplate {
    type Error = PartyError;

    fn try_from(text: String) -> Result<Self, PartyError> {
        text.parse()
    }
}

impl From<PartyTemplate> for String {
    fn from(template: PartyTemplate) -> Self {
        template.0
    }
}

impl fmt::Debug for PartyTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_in_and_cannot_change_the_endpoint() {
        let parties = Parties::asterisk();
        assert_eq!(parties.extension.fill("100"), "Local/100@canvass-transfer");
        assert_eq!(parties.queue.fill("sales"), "Local/sales@canvass-queue");
        assert_eq!(Parties::freeswitch().queue.fill("a,b/c@d{x}"), "loopback/abcdx/canvass-queue");
    }

    #[test]
    fn what_a_switch_could_read_otherwise_is_refused() {
        for bad in ["user/100", "", "{name},user/1", "${x}{name}", "user/{name} ", "{name}\n"] {
            assert!(bad.parse::<PartyTemplate>().is_err(), "{bad:?}");
        }
        assert!("PJSIP/{name}".parse::<PartyTemplate>().is_ok());
    }
}
