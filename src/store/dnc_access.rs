//! The do-not-call list by its sources.

use jiff::Timestamp;

use super::dnc::{DncNumber, DncReplacement, DncWithdrawn, ListSource};
use super::{Store, StoreError};
use crate::number::PhoneNumber;

/// Numbers read at a time.
const PAGE: u32 = 10_000;

impl Store {
    /// Up to `limit` numbers of the do-not-call list after the number `after`,
    /// by number, with everything that names them.
    pub async fn do_not_call_page(&self, after: Option<PhoneNumber>, limit: u32) -> Result<Vec<DncNumber>, StoreError> {
        let rows = on_engine!(self, db => db.do_not_call_page(after, limit).await)?;
        Ok(DncNumber::of_rows(rows))
    }

    /// Those of these numbers that are on the do-not-call list, by number, with
    /// everything that names them.
    pub async fn do_not_call_among(&self, numbers: &[PhoneNumber]) -> Result<Vec<DncNumber>, StoreError> {
        let rows = on_engine!(self, db => db.do_not_call_among(numbers).await)?;
        Ok(DncNumber::of_rows(rows))
    }

    /// A number of the do-not-call list, with everything that names it.
    pub async fn do_not_call_number(&self, number: PhoneNumber) -> Result<Option<DncNumber>, StoreError> {
        Ok(self.do_not_call_among(&[number]).await?.pop())
    }

    /// The numbers that a source names, in any order. Read page by page: one
    /// whose entry passes to another source meanwhile may be missing, or stand
    /// twice.
    pub async fn do_not_call_held(&self, source: &ListSource) -> Result<Vec<PhoneNumber>, StoreError> {
        let mut numbers = Vec::new();
        let mut last = None;
        loop {
            let page = on_engine!(self, db => db.do_not_call_entries_of(source, last, PAGE).await)?;
            let Some(end) = page.last() else { break };
            last = Some(*end);
            numbers.extend(page.iter().map(|(_, number)| *number));
        }
        let mut last = None;
        loop {
            let page = on_engine!(self, db => db.do_not_call_also_of(source, last, PAGE).await)?;
            let Some(end) = page.last() else { return Ok(numbers) };
            last = Some(*end);
            numbers.extend(page);
        }
    }

    /// Begins to replace what a source says: whatever replaced it until now
    /// takes nothing off any more.
    pub async fn begin_dnc_replacement(&self, replacement: &DncReplacement) -> Result<(), StoreError> {
        on_engine!(self, db => db.begin_dnc_replacement(replacement).await)
    }

    /// Takes numbers off that the replacement's source names no longer, as far
    /// as the source named them before it began: in one transaction, for
    /// slices of thousands. A number that something else names stays on the
    /// list. What was taken off is kept for ever. None: another replacement of
    /// the source has begun, and nothing was changed.
    pub async fn withdraw_do_not_call(
        &self,
        replacement: &DncReplacement,
        numbers: &[PhoneNumber],
        now: Timestamp,
    ) -> Result<Option<DncWithdrawn>, StoreError> {
        on_engine!(self, db => db.withdraw_do_not_call(replacement, numbers, now).await)
    }
}
