//! From the cells of a row to a contact.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use super::NewContact;
use super::cell;
use super::header::Column;
use super::row::{RawRow, RejectReason};
use crate::number::{NumberRules, PhoneNumber};

/// Zone names remembered; a list that has more is looked up row by row.
const ZONES: usize = 1_000;

/// How a list's rows are laid out.
pub(super) struct Layout {
    separator: u8,
    names: Vec<String>,
    columns: Vec<Column>,
    rules: NumberRules,
    /// Whether a column without a name had a value.
    unnamed: Vec<bool>,
    zones: HashMap<String, bool>,
}

impl Layout {
    pub(super) fn new(separator: u8, names: Vec<String>, columns: Vec<Column>, rules: NumberRules) -> Self {
        let unnamed = vec![false; columns.len()];
        Self { separator, names, columns, rules, unnamed, zones: HashMap::new() }
    }

    pub(super) fn separator(&self) -> u8 {
        self.separator
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Positions, from 1, of columns without a name that had values.
    pub(super) fn unnamed_with_values(&self) -> impl Iterator<Item = usize> {
        (1..).zip(&self.unnamed).filter(|(_, used)| **used).map(|(position, _)| position)
    }

    /// The contact in a row.
    pub(super) fn contact(&mut self, raw: &RawRow) -> Result<NewContact, RejectReason> {
        let columns = self.columns.len();
        if raw.cells().skip(columns).any(|cell| cell::text(cell).is_some()) {
            return Err(RejectReason::TooManyCells { found: raw.len(), columns });
        }
        let number = self.columns.iter().zip(raw.cells()).find(|(column, _)| **column == Column::Phone);
        let number = number.and_then(|(_, cell)| cell::number(cell)).ok_or(RejectReason::NoNumber)?;
        let mut contact = NewContact::of(PhoneNumber::parse(number, self.rules)?);
        let (mut first, mut last) = (None, None);
        for ((column, raw), unnamed) in self.columns.iter().zip(raw.cells()).zip(&mut self.unnamed) {
            let Some(text) = cell::text(raw) else { continue };
            match column {
                Column::Phone | Column::Ours => {}
                Column::Name => contact.name = Some(text.to_owned()),
                Column::FirstName(written) => {
                    first = Some(text);
                    keep_part(&mut contact, "first_name", written, text);
                }
                Column::LastName(written) => {
                    last = Some(text);
                    keep_part(&mut contact, "last_name", written, text);
                }
                Column::Email => contact.email = Some(text.to_owned()),
                Column::Company => contact.company = Some(text.to_owned()),
                Column::Notes => contact.notes = Some(text.to_owned()),
                Column::Timezone => contact.timezone = Some(text.to_owned()),
                Column::Consent => contact.consent = Some(text.to_owned()),
                Column::Variable(name) => {
                    contact.variables.insert(name.clone(), text.to_owned());
                }
                Column::Unnamed => *unnamed = true,
            }
        }
        if contact.name.is_none() {
            contact.name = match (first, last) {
                (Some(first), Some(last)) => Some(format!("{first} {last}")),
                (Some(part), None) | (None, Some(part)) => Some(part.to_owned()),
                (None, None) => None,
            };
        }
        match &contact.timezone {
            Some(zone) if !self.is_zone(zone) => Err(RejectReason::UnknownTimezone(zone.clone())),
            Some(_) | None => Ok(contact),
        }
    }

    fn is_zone(&mut self, name: &str) -> bool {
        if let Some(known) = self.zones.get(name) {
            return *known;
        }
        let known = TimeZone::get(name).is_ok();
        if self.zones.len() < ZONES {
            self.zones.insert(name.to_owned(), known);
        }
        known
    }
}

/// First and last name can be used in texts under their own names, and under
/// the column's where that is another.
fn keep_part(contact: &mut NewContact, variable: &str, written: &str, text: &str) {
    contact.variables.insert(variable.to_owned(), text.to_owned());
    if written != variable {
        contact.variables.insert(written.to_owned(), text.to_owned());
    }
}
