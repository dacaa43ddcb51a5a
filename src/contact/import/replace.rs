//! A do-not-call list from outside in place of what its source said before.

use std::io::Read;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::do_not_call::{Barred, STEP, Unwanted};
use super::{Added, BATCH, ImportError, ImportSummary, NotAdded, Sink, run};
use crate::clock::Clock;
use crate::contact::{ListReader, NewContact, RejectedWriter};
use crate::number::PhoneNumber;
use crate::store::dnc::{DncReplacement, ListSource};
use crate::store::{Store, StoreError};

/// How many of a hundred numbers of a source may be taken off, where nobody says
/// it: a download that broke off would take off more.
pub const SHRINK: u8 = 20;

/// Replaces what a source says of numbers: [lists](Self::import) are put on the
/// do-not-call list like any other, and [at the end](Self::finish) the numbers
/// are taken off that the source named before and none of the lists does. A
/// number that something else names stays on the list.
///
/// Of two replacements of one source only the one that began last takes numbers
/// off.
#[derive(Debug)]
pub struct Replacement<'a> {
    store: &'a Store,
    clock: &'a Clock,
    reason: Option<String>,
    replacement: DncReplacement,
    seen: Seen,
}

/// What a replacement knows of its source and of the lists read.
#[derive(Debug)]
struct Seen {
    held: Held,
    /// Numbers in the lists, as often as they stand.
    named: u64,
    rejected: u64,
    /// Rows that say they are of another source, and the first of them.
    others: u64,
    other: Option<(PhoneNumber, String)>,
    /// A list was not read to its end.
    broken: bool,
}

/// What came of a replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Whose numbers.
    pub source: ListSource,
    /// Numbers that the source named before.
    pub held: u64,
    /// Those of them that the lists do not name: taken off, or not.
    pub left_out: u64,
    /// Numbers the source names no longer.
    pub removed: u64,
    /// Those of them that stay on the list, as something else names them.
    pub still_listed: u64,
    /// Why nothing was taken off, or not all.
    pub refused: Option<NotReplaced>,
}

/// Why nothing is taken off the do-not-call list. What the lists name is on it
/// all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReplaced {
    /// A list could not be read to its end.
    #[error("a list was not read to its end")]
    Broken,
    /// Rows that hold no number: nobody knows whom they mean.
    #[error("{rows} rows hold no number, and nobody knows whom they mean: mend the list")]
    Rejected {
        /// How many.
        rows: u64,
    },
    /// Rows that say they are of another source: it may be another list.
    #[error("{rows} rows say in their column source that they are of another, the first {number} of \"{source_said}\"")]
    OtherSource {
        /// How many.
        rows: u64,
        /// The number of the first.
        number: PhoneNumber,
        /// What it says.
        source_said: String,
    },
    /// There is no number in the lists.
    #[error("the list names no number")]
    Empty,
    /// It would be too many: the list may not be whole.
    #[error("{left_out} of {held} numbers would be taken off, more than {shrink} %: is the list whole?")]
    Shrink {
        /// Numbers the source named before.
        held: u64,
        /// Those that would be taken off.
        left_out: u64,
        /// How many of a hundred may be.
        shrink: u8,
    },
    /// Another replacement of the same source has begun. What it was too late
    /// for was taken off before.
    #[error("another replacement of the same source has begun meanwhile")]
    Overtaken,
}

impl Replaced {
    /// As it is noted in the audit log.
    pub(crate) fn details(&self) -> Value {
        json!({
            "source": self.source,
            "held": self.held,
            "kept": self.held.saturating_sub(self.left_out),
            "left_out": self.left_out,
            "removed": self.removed,
            "still_listed": self.still_listed,
            "refused": self.refused.as_ref().map(ToString::to_string),
        })
    }
}

impl NotReplaced {
    /// One word for it, for programs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Rejected { .. } => "rejected",
            Self::OtherSource { .. } => "other_source",
            Self::Empty => "empty",
            Self::Shrink { .. } => "shrink",
            Self::Overtaken => "overtaken",
        }
    }
}

impl<'a> Replacement<'a> {
    /// Begins: finds out what the source says, eight bytes a number in memory.
    /// `reason`: why, for rows that do not say; `by`: who replaces it.
    pub async fn begin(
        store: &'a Store,
        clock: &'a Clock,
        source: ListSource,
        reason: Option<String>,
        by: String,
    ) -> Result<Self, ImportError> {
        let failed = |source| ImportError::Store { accepted: 0, source };
        let replacement = DncReplacement { source, run: Uuid::new_v4(), began: clock.now(), by };
        // First: what another one takes off until now, the lists put back.
        store.begin_dnc_replacement(&replacement).await.map_err(failed)?;
        let numbers = store.do_not_call_held(&replacement.source).await.map_err(failed)?;
        // Ten million take a moment to sort.
        let held = spawn_blocking(|| Held::new(numbers)).await;
        let held = held.map_err(|_| ImportError::Interrupted { accepted: 0 })?;
        let seen = Seen { held, named: 0, rejected: 0, others: 0, other: None, broken: false };
        Ok(Self { store, clock, reason, replacement, seen })
    }

    /// Reads a list to its end onto the do-not-call list, as
    /// [`import_do_not_call`](super::import_do_not_call) does. Several are one
    /// list together.
    pub async fn import<R: Read + Send + 'static>(
        &mut self,
        list: ListReader<R>,
        rejects: Option<RejectedWriter>,
    ) -> Result<ImportSummary, ImportError> {
        let unwanted = Unwanted { reason: self.reason.clone(), source: self.replacement.source.to_string() };
        let (barred, seen) = (Barred { store: self.store, unwanted, now: self.replacement.began }, &mut self.seen);
        // Also if this future is dropped.
        let broken = std::mem::replace(&mut seen.broken, true);
        let sink = Watched { barred, source: self.replacement.source.as_str(), seen };
        let mut summary = run(list, sink, rejects, BATCH, |_| ()).await?;
        summary.count_duplicates();
        self.seen.rejected += summary.rejected;
        self.seen.broken = broken;
        Ok(summary)
    }

    /// Takes off what none of the lists names, unless there is a reason not to:
    /// they are not whole, or more than `shrink` of a hundred numbers would be
    /// gone. In short transactions: broken off, it can be done again.
    pub async fn finish(self, shrink: u8) -> Result<Replaced, StoreError> {
        let left_out = self.seen.held.left_out();
        let (held, out) = (self.seen.held.numbers.len() as u64, left_out.len() as u64);
        let mut replaced = Replaced {
            source: self.replacement.source.clone(),
            held,
            left_out: out,
            removed: 0,
            still_listed: 0,
            refused: None,
        };
        if let Err(refused) = self.seen.may_leave_out(out, shrink) {
            replaced.refused = Some(refused);
            return Ok(replaced);
        }
        for step in left_out.chunks(STEP) {
            let now: Timestamp = self.clock.now();
            let Some(withdrawn) = self.store.withdraw_do_not_call(&self.replacement, step, now).await? else {
                replaced.refused = Some(NotReplaced::Overtaken);
                break;
            };
            replaced.removed += withdrawn.removed;
            replaced.still_listed += withdrawn.still_listed;
        }
        Ok(replaced)
    }
}

impl Seen {
    fn may_leave_out(&self, left_out: u64, shrink: u8) -> Result<(), NotReplaced> {
        let held = self.held.numbers.len() as u64;
        if self.broken {
            return Err(NotReplaced::Broken);
        }
        if self.rejected > 0 {
            return Err(NotReplaced::Rejected { rows: self.rejected });
        }
        if let Some((number, said)) = &self.other {
            let (number, source_said) = (*number, said.clone());
            return Err(NotReplaced::OtherSource { rows: self.others, number, source_said });
        }
        if self.named == 0 {
            return Err(NotReplaced::Empty);
        }
        if left_out * 100 > held * u64::from(shrink) {
            return Err(NotReplaced::Shrink { held, left_out, shrink });
        }
        Ok(())
    }

    fn note(&mut self, contacts: &[NewContact], source: &str) {
        self.named += contacts.len() as u64;
        for contact in contacts {
            match contact.column("source") {
                Some(said) if said != source => {
                    self.others += 1;
                    self.other.get_or_insert_with(|| (contact.number, said.to_owned()));
                }
                Some(_) | None => self.held.name(contact.number),
            }
        }
    }
}

/// A sink that notes what passes.
struct Watched<'a, 's> {
    barred: Barred<'a>,
    source: &'s str,
    seen: &'s mut Seen,
}

impl Sink for Watched<'_, '_> {
    async fn add(&mut self, contacts: &[NewContact]) -> Result<Added, NotAdded> {
        let added = self.barred.add(contacts).await?;
        self.seen.note(contacts, self.source);
        Ok(added)
    }
}

/// The numbers a source named before, and which of them it names again.
#[derive(Debug)]
struct Held {
    /// In order, each once.
    numbers: Vec<PhoneNumber>,
    /// A bit for each.
    again: Vec<u64>,
}

impl Held {
    fn new(mut numbers: Vec<PhoneNumber>) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        let again = vec![0; numbers.len().div_ceil(64)];
        Self { numbers, again }
    }

    fn name(&mut self, number: PhoneNumber) {
        if let Ok(at) = self.numbers.binary_search(&number)
            && let Some(bits) = self.again.get_mut(at / 64)
        {
            *bits |= 1 << (at % 64);
        }
    }

    /// Those not named again, in order.
    fn left_out(&self) -> Vec<PhoneNumber> {
        let is_out = |at: usize| self.again.get(at / 64).is_none_or(|bits| bits >> (at % 64) & 1 == 0);
        self.numbers.iter().enumerate().filter(|(at, _)| is_out(*at)).map(|(_, number)| *number).collect()
    }
}

#[cfg(test)]
#[path = "replace_tests.rs"]
mod tests;
