//! A list of our own numbers, taken over.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::Read;

use jiff::Timestamp;
use tokio::task::spawn_blocking;

use crate::caller_id::Limits;
use crate::contact::{ImportSummary, ListError, ListReader, NewContact, RejectedLine, Row};
use crate::number::PhoneNumber;
use crate::store::{NumberRow, OwnNumber, Store, StoreError};

/// Rows a list of our numbers may have: more is a list of contacts.
const MOST: u64 = 10_000;
/// Rows taken over in one transaction: the ledger waits no longer than that.
const STEP: usize = 2_000;
/// Rejected rows told.
const SHOWN: usize = 100;

/// Why a list of our numbers was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum NumbersError {
    /// It cannot be read; nothing was changed.
    #[error(transparent)]
    List(#[from] ListError),
    /// It is too long to be one; nothing was changed.
    #[error("more than {MOST} rows: this is no list of our own numbers")]
    TooLong,
    /// The process is shutting down; nothing was changed.
    #[error("interrupted")]
    Interrupted,
    /// The database says no. Numbers before may be taken over; the list may be
    /// imported again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a list to its end. New numbers are added; those we have take over what
/// their row says: `label`, `active` (`yes` or `no`), `daily_cap`,
/// `cool_down_seconds`, `max_concurrent`. An empty cell says nothing. A row with
/// a wrong value is rejected as a whole.
pub async fn import_numbers<R: Read + Send + 'static>(
    list: ListReader<R>,
    store: &Store,
    now: Timestamp,
) -> Result<ImportSummary, NumbersError> {
    let read = spawn_blocking(move || read(list)).await.map_err(|_| NumbersError::Interrupted)?;
    let (rows, mut summary) = read?;
    for slice in merged(rows).chunks(STEP) {
        let added = store.take_over_numbers(slice, now).await?;
        summary.accepted += added;
    }
    summary.duplicates = summary.rows - summary.rejected - summary.accepted;
    Ok(summary)
}

/// One row for each number: what a later row says counts.
fn merged(rows: Vec<NumberRow>) -> Vec<NumberRow> {
    let mut places: HashMap<PhoneNumber, usize> = HashMap::new();
    let mut merged: Vec<NumberRow> = Vec::with_capacity(rows.len());
    for row in rows {
        match places.entry(row.number) {
            Entry::Occupied(place) => {
                let before = &mut merged[*place.get()];
                *before = over(row, before);
            }
            Entry::Vacant(place) => {
                place.insert(merged.len());
                merged.push(row);
            }
        }
    }
    merged
}

/// What a row says, and for the rest what an earlier one did.
fn over(row: NumberRow, before: &NumberRow) -> NumberRow {
    NumberRow {
        number: row.number,
        label: row.label.or_else(|| before.label.clone()),
        active: row.active.or(before.active),
        limits: Limits {
            daily_cap: row.limits.daily_cap.or(before.limits.daily_cap),
            cool_down_seconds: row.limits.cool_down_seconds.or(before.limits.cool_down_seconds),
            max_concurrent: row.limits.max_concurrent.or(before.limits.max_concurrent),
        },
    }
}

fn read<R: Read>(list: ListReader<R>) -> Result<(Vec<NumberRow>, ImportSummary), NumbersError> {
    let (mut rows, mut summary) = (Vec::new(), ImportSummary::default());
    for row in list {
        summary.rows += 1;
        if summary.rows > MOST {
            return Err(NumbersError::TooLong);
        }
        let (line, read) = match row? {
            Row::Contact { line, contact, .. } => (line, said(&contact)),
            Row::Rejected(rejected) => (rejected.line, Err(rejected.reason.to_string())),
        };
        match read {
            Ok(row) => rows.push(row),
            Err(reason) => reject(&mut summary, line, reason),
        }
    }
    Ok((rows, summary))
}

fn reject(summary: &mut ImportSummary, line: u64, reason: String) {
    summary.rejected += 1;
    if summary.first_rejected.len() < SHOWN {
        summary.first_rejected.push(RejectedLine { line, reason });
    }
}

/// A row, as far as it says anything.
fn said(contact: &NewContact) -> Result<NumberRow, String> {
    let count = |name: &str| match column(contact, name) {
        None => Ok(None),
        Some(text) => text.parse::<u32>().map(Some).map_err(|_| format!("{name}: \"{text}\" is not a whole number")),
    };
    let active = match column(contact, "active").map(str::to_ascii_lowercase).as_deref() {
        None => None,
        Some("yes" | "true" | "1") => Some(true),
        Some("no" | "false" | "0") => Some(false),
        Some(other) => return Err(format!("active: \"{other}\" is neither yes nor no")),
    };
    let limits = Limits {
        daily_cap: count("daily_cap")?,
        cool_down_seconds: count("cool_down_seconds")?,
        max_concurrent: count("max_concurrent")?,
    };
    if let Some(wrong) = limits.check().first() {
        return Err(wrong.to_string());
    }
    let label = column(contact, "label").or(contact.name.as_deref()).map(ToOwned::to_owned);
    if label.as_ref().is_some_and(|label| label.chars().count() > OwnNumber::LONGEST_LABEL) {
        return Err(format!("label: may have {} characters", OwnNumber::LONGEST_LABEL));
    }
    Ok(NumberRow { number: contact.number, label, active, limits })
}

/// What a cell says; an empty one says nothing.
fn column<'a>(contact: &'a NewContact, name: &str) -> Option<&'a str> {
    contact.column(name).map(str::trim).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::{NumberCheck, NumberRules, Region};

    fn rows(csv: &'static str) -> (Vec<NumberRow>, ImportSummary) {
        let rules = NumberRules { region: Region::US, check: NumberCheck::Valid };
        read(ListReader::new(csv.as_bytes(), rules).expect("a list")).expect("read")
    }

    #[test]
    fn a_row_says_what_it_says() {
        let (rows, summary) = rows(
            "phone_number,label,Daily_Cap,max_concurrent,active\n2127365000,Main,150,,no\n2127365001,,,2,\nx,,,,\n\
             2127365002,,0,,\n2127365003,,many,,\n2127365004,,,,maybe\n",
        );
        assert_eq!((rows.len(), summary.rows, summary.rejected), (2, 6, 4));
        let reasons: Vec<_> = summary.first_rejected.iter().map(|row| (row.line, row.reason.as_str())).collect();
        assert_eq!(
            reasons,
            [
                (4, "phone number: not a phone number"),
                (5, "daily_cap: is 0, must be from 1 to 1000000, or none"),
                (6, "daily_cap: \"many\" is not a whole number"),
                (7, "active: \"maybe\" is neither yes nor no"),
            ]
        );
        let NumberRow { label, active, limits, .. } = &rows[0];
        assert_eq!((label.as_deref(), *active, limits.daily_cap), (Some("Main"), Some(false), Some(150)));
    }

    #[test]
    fn what_a_later_row_says_counts() {
        let (rows, _) = rows(
            "phone_number,label,daily_cap,active\n2127365000,Main,150,no\n2127365001,,,\n2127365000,,200,\n\
             2127365000,Old,,yes\n",
        );
        let merged = merged(rows);
        assert_eq!(merged.len(), 2);
        let NumberRow { label, active, limits, .. } = &merged[0];
        assert_eq!((label.as_deref(), *active, limits.daily_cap), (Some("Old"), Some(true), Some(200)));
    }
}
