//! The store on SQLite: one file, one writer, a few readers.
//!
//! Every write is one `BEGIN IMMEDIATE` transaction on the one writing
//! connection, so writers of this process queue up in order and those of other
//! processes wait for each other (`busy_timeout`) instead of failing. Reads go
//! to connections of their own and never wait (write-ahead log).
//!
//! Many rows travel as one JSON array, taken apart by `jsonb_each`: a statement
//! per batch, not per row.
//!
//! Limits are bound as `LIMIT +?`: SQLite's plan takes the value of a bare
//! `LIMIT ?` into account, so each time one is bound the statement is prepared
//! anew, which is a tenth of what a page costs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::StoreError;
use writer::Durability;

mod agents;
mod answers;
mod api_keys;
mod audit;
mod blocks;
mod book;
mod book_edit;
mod book_list;
mod call_list;
mod calls;
mod calls_api;
mod campaign_edit;
mod campaigns;
mod dnc_sources;
mod do_not_call;
mod do_not_call_list;
mod group_targets;
mod groups;
mod idempotency;
mod launch;
mod ledger;
mod lock;
mod media;
mod migrate;
mod number_audit;
mod number_list;
mod number_use;
mod numbers;
mod readers;
mod recordings;
mod rows;
mod settings;
mod surveys;
mod target_list;
mod targets;
mod told;
mod upkeep;
mod uploads;
mod users;
mod webhooks;
mod writer;

pub(super) use lock::Lock;

/// A SQLite database. Cheap to clone; clones share its connections.
#[derive(Clone, Debug)]
pub struct Sqlite {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    writer: tokio::sync::Mutex<writer::Writer>,
    readers: readers::Readers,
}

impl Sqlite {
    /// Opens the file, which is made if it is not there.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = writer::Writer::open(path).await?;
        // Two names of one file must meet at one lock file.
        let path = path.canonicalize().map_err(StoreError::io)?;
        let readers = readers::Readers::new(&path);
        Ok(Self { inner: Arc::new(Inner { path, writer: tokio::sync::Mutex::new(writer), readers }) })
    }

    /// Reads something.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut reader = self.reader().await?;
        sqlx::query("SELECT 1 FROM sqlite_schema LIMIT 1").fetch_optional(reader.connection()?).await?;
        Ok(())
    }

    /// Closes every connection, of every clone.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.lock().await.close().await;
    }

    /// The right to write: held until dropped.
    async fn writer(&self) -> tokio::sync::MutexGuard<'_, writer::Writer> {
        self.inner.writer.lock().await
    }

    /// A connection to read from.
    async fn reader(&self) -> Result<readers::Reader<'_>, StoreError> {
        self.inner.readers.get().await
    }
}
