//! A whole list into a group of the address book.

use std::io::Read;

use jiff::Timestamp;
use serde::Serialize;

use super::{BATCH, ImportError, ImportSummary, NotAdded, Sink, barred, run};
use crate::clock::Clock;
use crate::contact::{ContactGroupId, ListReader, NewContact, RejectedWriter};
use crate::store::{Added, Store, StoreError};

/// What came of a list for a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GroupImport {
    /// Its rows; those accepted are members now, and duplicates were before.
    #[serde(flatten)]
    pub summary: ImportSummary,
    /// Contacts that were not in the address book before.
    pub created: u64,
}

/// Reads `list` to its end into a group, in the order of the list. A number
/// that is in the address book but not in the group joins it, and what the list
/// says of it wins over what was known; one that is in the group is a duplicate
/// and stays as it is.
///
/// `rejects` gets each row that was rejected or is a duplicate. Dropping the
/// future stops the import after the step at hand.
pub async fn import_group<R: Read + Send + 'static>(
    list: ListReader<R>,
    store: &Store,
    group: ContactGroupId,
    rejects: Option<RejectedWriter>,
    clock: &Clock,
) -> Result<GroupImport, ImportError> {
    let (mut created, mut gone) = (0, false);
    let members = Members { store, group, now: clock.now(), created: &mut created, gone: &mut gone };
    let summary = run(list, members, rejects, BATCH, |_| ()).await?;
    if gone { Err(ImportError::GroupGone) } else { Ok(GroupImport { summary, created }) }
}

struct Members<'a> {
    store: &'a Store,
    group: ContactGroupId,
    now: Timestamp,
    created: &'a mut u64,
    gone: &'a mut bool,
}

impl Sink for Members<'_> {
    async fn add(&mut self, contacts: &[NewContact]) -> Result<Added, NotAdded> {
        let Some(saved) = self.store.save_contacts(contacts, Some(self.group), self.now).await? else {
            *self.gone = true;
            return Ok(Added::default());
        };
        *self.created += saved.created;
        let added = (contacts.len() - saved.duplicates.len()) as u64;
        Ok(Added { added, duplicates: saved.duplicates })
    }

    async fn barred(&mut self, contacts: &[NewContact]) -> Result<u64, StoreError> {
        barred(self.store, contacts).await
    }
}
