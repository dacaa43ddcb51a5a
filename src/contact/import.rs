//! A whole list into a campaign: one thread reads and checks while the
//! database writes.

use std::io::{self, Read};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::{JoinError, spawn_blocking};

use super::NewContact;
use super::error::{ListError, ListWarning};
use super::reader::ListReader;
use super::rejects::RejectedWriter;
use super::row::{RawRow, RejectReason, Rejected, Row};
use crate::campaign::{CampaignId, CampaignStatus};
use crate::clock::Clock;
use crate::store::listing::ContactsAdded;
use crate::store::{Added, Store, StoreError};

/// Rows that go to the database in one transaction.
const BATCH: usize = 20_000;

/// Text that goes to the database in one transaction, whatever the rows.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Batches that wait for the database: what is being written, what is being
/// read and these are all the memory an import takes.
const WAITING: usize = 2;

/// Rejected rows kept in the summary; all of them go to the
/// [`RejectedWriter`].
const SHOWN: usize = 100;

/// What came of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportSummary {
    /// Rows with anything in them: accepted, duplicates and rejected together.
    pub rows: u64,
    /// New contacts in the campaign or the group, or new numbers on the
    /// do-not-call list.
    pub accepted: u64,
    /// Numbers that were there already, or that came earlier in the list.
    pub duplicates: u64,
    /// Rows that are no contact.
    pub rejected: u64,
    /// Numbers of the list, duplicates included, that are on the do-not-call
    /// list: nobody there is called.
    pub do_not_call: u64,
    /// The first hundred of those.
    pub first_rejected: Vec<RejectedLine>,
    /// What was odd about the list.
    pub warnings: Vec<ListWarning>,
}

/// A rejected row, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedLine {
    /// The line of the file it begins on, from 1.
    pub line: u64,
    /// Why it was rejected.
    pub reason: String,
}

/// Why an import stopped in the middle. The contacts accepted stay; importing
/// the same list again adds the rest, and skips those as duplicates.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The list cannot be read on.
    #[error("after {accepted} contacts: {source}")]
    List {
        /// Contacts added before.
        accepted: u64,
        /// What happened.
        #[source]
        source: ListError,
    },
    /// The database did not take a batch.
    #[error("after {accepted} contacts: {source}")]
    Store {
        /// Contacts added before.
        accepted: u64,
        /// What happened.
        #[source]
        source: StoreError,
    },
    /// The rejected rows cannot be written.
    #[error("after {accepted} contacts: cannot write the rejected rows: {source}")]
    Rejects {
        /// Contacts added before.
        accepted: u64,
        /// What happened.
        #[source]
        source: io::Error,
    },
    /// Somebody launched, cancelled or deleted the campaign meanwhile.
    #[error("after {accepted} contacts: the campaign {}", .status.map_or("was deleted".to_owned(), |status| format!("is {status}")))]
    Conflict {
        /// Contacts added before.
        accepted: u64,
        /// The state it is in; none: it is gone.
        status: Option<CampaignStatus>,
    },
    /// The group was removed meanwhile.
    #[error("the group was removed meanwhile")]
    GroupGone,
    /// The process is shutting down.
    #[error("after {accepted} contacts: interrupted")]
    Interrupted {
        /// Contacts added before.
        accepted: u64,
    },
}

/// Reads `list` to its end into a campaign, as long as that is a draft or
/// paused. Every contact is due at once, in
/// the order of the list.
///
/// `rejects` gets each row that was rejected or is a duplicate, in the order of
/// the list. `progress` is told the number of rows done, now and then. Dropping
/// the future stops the import after the batch at hand.
pub async fn import_list<R: Read + Send + 'static>(
    list: ListReader<R>,
    store: &Store,
    campaign: CampaignId,
    rejects: Option<RejectedWriter>,
    clock: &Clock,
    progress: impl FnMut(u64),
) -> Result<ImportSummary, ImportError> {
    // One instant for all: the claim's order is due time, then order of upload.
    let now = clock.now();
    run(list, Targets { store, campaign, now }, rejects, BATCH, progress).await
}

/// Takes contacts, in order.
trait Sink {
    fn add(&mut self, contacts: &[NewContact]) -> impl Future<Output = Result<Added, NotAdded>> + Send;

    /// How many of them are on the do-not-call list, where that is to be told.
    fn barred(&mut self, _contacts: &[NewContact]) -> impl Future<Output = Result<u64, StoreError>> + Send {
        async { Ok(0) }
    }
}

/// Why a [`Sink`] took nothing.
enum NotAdded {
    Store(StoreError),
    /// The campaign's state does not allow it; none: it is gone.
    Conflict(Option<CampaignStatus>),
}

impl From<StoreError> for NotAdded {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl NotAdded {
    fn after(self, accepted: u64) -> ImportError {
        match self {
            Self::Store(source) => ImportError::Store { accepted, source },
            Self::Conflict(status) => ImportError::Conflict { accepted, status },
        }
    }
}

struct Targets<'a> {
    store: &'a Store,
    campaign: CampaignId,
    now: Timestamp,
}

impl Sink for Targets<'_> {
    async fn add(&mut self, contacts: &[NewContact]) -> Result<Added, NotAdded> {
        match self.store.add_contacts(self.campaign, contacts, self.now).await? {
            ContactsAdded::Yes(added) => Ok(added),
            ContactsAdded::Conflict(status) => Err(NotAdded::Conflict(Some(status))),
            ContactsAdded::NotFound => Err(NotAdded::Conflict(None)),
        }
    }

    async fn barred(&mut self, contacts: &[NewContact]) -> Result<u64, StoreError> {
        barred(self.store, contacts).await
    }
}

async fn barred(store: &Store, contacts: &[NewContact]) -> Result<u64, StoreError> {
    let mut numbers: Vec<_> = contacts.iter().map(|contact| contact.number).collect();
    // A list is looked through quickest in its own order.
    numbers.sort_unstable();
    store.count_do_not_call(&numbers).await
}

/// Some rows of a list.
#[derive(Default)]
struct Batch {
    contacts: Vec<NewContact>,
    /// Line and cells of each contact; no cells where nobody asks for them.
    origins: Vec<(u64, RawRow)>,
    rejected: Vec<Rejected>,
    bytes: usize,
}

async fn run<R: Read + Send + 'static>(
    list: ListReader<R>,
    mut sink: impl Sink,
    mut rejects: Option<RejectedWriter>,
    batch_rows: usize,
    mut progress: impl FnMut(u64),
) -> Result<ImportSummary, ImportError> {
    let mut summary = ImportSummary::default();
    let (sender, mut batches) = mpsc::channel(WAITING);
    let keep = rejects.is_some();
    let reading = spawn_blocking(move || read(list, batch_rows, keep, &sender));
    while let Some(batch) = batches.recv().await {
        let accepted = summary.accepted;
        let batch: Batch = batch.map_err(|source| ImportError::List { accepted, source })?;
        let failed = |source| ImportError::Store { accepted, source };
        let added = match batch.contacts.as_slice() {
            [] => Added::default(),
            contacts => {
                summary.do_not_call += sink.barred(contacts).await.map_err(failed)?;
                sink.add(contacts).await.map_err(|error| error.after(accepted))?
            }
        };
        let left_out = summary.note(batch, &added);
        if !left_out.is_empty() {
            rejects = write(rejects, left_out, summary.accepted).await?;
        }
        progress(summary.rows);
    }
    let accepted = summary.accepted;
    let interrupted = |_: JoinError| ImportError::Interrupted { accepted };
    summary.warnings = reading.await.map_err(interrupted)?;
    if let Some(rejects) = rejects {
        spawn_blocking(|| rejects.finish())
            .await
            .map_err(interrupted)?
            .map_err(|source| ImportError::Rejects { accepted, source })?;
    }
    Ok(summary)
}

impl ImportSummary {
    /// Where only their number is known.
    fn count_duplicates(&mut self) {
        self.duplicates = self.rows.saturating_sub(self.accepted + self.rejected);
    }

    /// Counts a batch; gives what was not taken, in the order of the list.
    fn note(&mut self, batch: Batch, added: &Added) -> Vec<Rejected> {
        let Batch { contacts, mut origins, mut rejected, bytes: _ } = batch;
        self.rows += contacts.len() as u64 + rejected.len() as u64;
        self.accepted += added.added;
        self.duplicates += added.duplicates.len() as u64;
        self.rejected += rejected.len() as u64;
        let room = SHOWN.saturating_sub(self.first_rejected.len());
        self.first_rejected.extend(
            rejected.iter().take(room).map(|row| RejectedLine { line: row.line, reason: row.reason.to_string() }),
        );
        for at in &added.duplicates {
            if let Some((line, raw)) = origins.get_mut(*at) {
                let (line, raw) = (*line, std::mem::take(raw));
                rejected.push(Rejected { line, reason: RejectReason::Duplicate, raw });
            }
        }
        rejected.sort_by_key(|row| row.line);
        rejected
    }
}

/// Writes rows on a thread that may wait for the disk; gives the writer back.
async fn write(
    rejects: Option<RejectedWriter>,
    rows: Vec<Rejected>,
    accepted: u64,
) -> Result<Option<RejectedWriter>, ImportError> {
    let Some(mut rejects) = rejects else { return Ok(None) };
    let written = spawn_blocking(move || {
        rows.iter().try_for_each(|row| rejects.write(row.line, &row.reason, &row.raw)).map(|()| rejects)
    });
    match written.await {
        Ok(Ok(rejects)) => Ok(Some(rejects)),
        Ok(Err(source)) => Err(ImportError::Rejects { accepted, source }),
        Err(_) => Err(ImportError::Interrupted { accepted }),
    }
}

/// Reads a list to its end, or until nobody takes its batches.
fn read<R: Read>(
    mut list: ListReader<R>,
    batch_rows: usize,
    keep: bool,
    batches: &mpsc::Sender<Result<Batch, ListError>>,
) -> Vec<ListWarning> {
    let mut batch = Batch::default();
    for row in &mut list {
        match row {
            Ok(row) => batch.push(row, keep),
            Err(error) => {
                // What was read before the fault is not lost.
                let _ = batches.blocking_send(Ok(std::mem::take(&mut batch)));
                let _ = batches.blocking_send(Err(error));
                return Vec::new();
            }
        }
        if batch.is_full(batch_rows) && batches.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
            return Vec::new();
        }
    }
    let _ = batches.blocking_send(Ok(batch));
    list.warnings()
}

impl Batch {
    fn push(&mut self, row: Row, keep: bool) {
        match row {
            Row::Contact { line, contact, raw } => {
                self.bytes += raw.size();
                self.contacts.push(contact);
                self.origins.push((line, if keep { raw } else { RawRow::default() }));
            }
            Row::Rejected(row) => {
                self.bytes += row.raw.size();
                self.rejected.push(row);
            }
        }
    }

    fn is_full(&self, rows: usize) -> bool {
        self.contacts.len() + self.rejected.len() >= rows || self.bytes >= BATCH_BYTES
    }
}

mod do_not_call;
mod group;
mod replace;

pub use do_not_call::{Unwanted, import_do_not_call};
pub use group::{GroupImport, import_group};
pub use replace::{NotReplaced, Replaced, Replacement, SHRINK};

#[cfg(test)]
mod tests;
