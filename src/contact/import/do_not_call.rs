//! A whole list onto the do-not-call list.

use std::io::Read;

use jiff::Timestamp;

use super::{BATCH, ImportError, ImportSummary, NotAdded, Sink, run};
use crate::clock::Clock;
use crate::contact::{ListReader, NewContact, RejectedWriter};
use crate::store::{Added, DoNotCall, Store};

/// Entries in one transaction: the ledger waits no longer than that.
pub(super) const STEP: usize = 2_000;

/// What is written beside numbers that do not say it themselves.
#[derive(Clone, Debug)]
pub struct Unwanted {
    /// Why they are not to be called; the list's column `reason` wins.
    pub reason: Option<String>,
    /// Where they came from; the list's column `source` wins.
    pub source: String,
}

/// Reads `list` to its end onto the do-not-call list; entries that are there
/// stay as they are, and a source that is new for a number is kept beside.
///
/// The columns `reason`, `source` and `added_at`, which an export has, are kept;
/// other columns are passed over. `rejects` gets the rows that hold no number.
/// Dropping the future stops the import after the batch at hand.
pub async fn import_do_not_call<R: Read + Send + 'static>(
    list: ListReader<R>,
    store: &Store,
    unwanted: Unwanted,
    rejects: Option<RejectedWriter>,
    clock: &Clock,
) -> Result<ImportSummary, ImportError> {
    let mut summary = run(list, Barred { store, unwanted, now: clock.now() }, rejects, BATCH, |_| ()).await?;
    summary.count_duplicates();
    Ok(summary)
}

pub(super) struct Barred<'a> {
    pub(super) store: &'a Store,
    pub(super) unwanted: Unwanted,
    pub(super) now: Timestamp,
}

impl Sink for Barred<'_> {
    async fn add(&mut self, contacts: &[NewContact]) -> Result<Added, NotAdded> {
        let entries: Vec<_> = contacts.iter().map(|contact| self.unwanted.entry(contact, self.now)).collect();
        let mut added = 0;
        for step in entries.chunks(STEP) {
            added += self.store.add_do_not_call_many(step).await?;
        }
        // Which ones were there already is no row to mend: only their number is told.
        Ok(Added { added, duplicates: Vec::new() })
    }
}

impl Unwanted {
    fn entry(&self, contact: &NewContact, now: Timestamp) -> DoNotCall {
        let said = |name| contact.column(name).map(ToOwned::to_owned);
        // A date to come would be a slip, and the number is barred from now on.
        let since = contact.column("added_at").and_then(|at| at.parse().ok()).filter(|at| *at <= now);
        DoNotCall {
            number: contact.number,
            reason: said("reason").or_else(|| self.reason.clone()),
            source: said("source").unwrap_or_else(|| self.source.clone()),
            added_at: since.unwrap_or(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::PhoneNumber;
    use proptest::prelude::*;

    fn entry(variables: &[(&str, &str)]) -> DoNotCall {
        let number = PhoneNumber::from_e164("+12127365000").expect("a number");
        let mut contact = NewContact::of(number);
        contact.variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let unwanted = Unwanted { reason: Some("asked".into()), source: "import".into() };
        unwanted.entry(&contact, now())
    }

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().expect("an instant")
    }

    #[test]
    fn what_an_export_says_is_kept() {
        let variables =
            [("Reason", "by letter"), ("source", "inbound"), ("added_at", "2025-01-02T03:04:05Z"), ("city", "X")];
        let kept = entry(&variables);
        assert_eq!((kept.reason.as_deref(), kept.source.as_str()), (Some("by letter"), "inbound"));
        assert_eq!(kept.added_at.to_string(), "2025-01-02T03:04:05Z");
    }

    #[test]
    fn what_a_list_does_not_say_is_what_the_import_says() {
        for variables in [vec![], vec![("added_at", "yesterday")], vec![("added_at", "2031-01-01T00:00:00Z")]] {
            let kept = entry(&variables);
            assert_eq!((kept.reason.as_deref(), kept.source.as_str()), (Some("asked"), "import"));
            assert_eq!(kept.added_at, now(), "{variables:?}");
        }
    }

    proptest! {
        #[test]
        fn no_date_a_list_gives_is_in_the_future(text in "\\PC{0,30}") {
            prop_assert!(entry(&[("added_at", &text)]).added_at <= now());
        }
    }
}
