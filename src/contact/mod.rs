//! Contact lists: reading them from CSV, and what a contact is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::number::PhoneNumber;

/// A person to be called, as a list gives them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewContact {
    /// Whom to call.
    pub number: PhoneNumber,
    /// Full name; from `name`, or first and last name joined.
    pub name: Option<String>,
    /// E-mail address, unchecked.
    pub email: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// Time zone by its IANA name, as given.
    pub timezone: Option<String>,
    /// What is on record of the person's consent, as given.
    pub consent: Option<String>,
    /// Every other column of the list, by its header as written.
    pub variables: BTreeMap<String, String>,
}

impl NewContact {
    /// A contact of whom only the number is known.
    pub fn of(number: PhoneNumber) -> Self {
        Self {
            number,
            name: None,
            email: None,
            company: None,
            notes: None,
            timezone: None,
            consent: None,
            variables: BTreeMap::new(),
        }
    }
}
