//! The one connection that writes.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};

use super::StoreError;

/// How long a write waits for another process to finish its own.
const BUSY: Duration = Duration::from_secs(30);

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// A power cut: the log is synced at each commit.
    Full,
    /// A crash of this process. A power cut may take the last commits, whole
    /// ones: for imports, which can be repeated.
    Bulk,
}

#[derive(Debug)]
pub(super) struct Writer {
    /// None after closing.
    connection: Option<SqliteConnection>,
    /// What the connection is set to, if that is known.
    durability: Option<Durability>,
}

impl Writer {
    pub(super) async fn open(path: &Path) -> Result<Self, StoreError> {
        // SQLite would only say that it cannot open "database file".
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            let message = format!("there is no folder {}", folder.display());
            return Err(StoreError::Refused(sqlx::Error::Configuration(message.into())));
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "MEMORY")
            .pragma("journal_size_limit", "67108864");
        let started = Instant::now();
        // SQLite does not wait when two processes switch a new file to its
        // write-ahead log at once.
        let connection = loop {
            match SqliteConnection::connect_with(&options).await.map_err(StoreError::from) {
                Ok(connection) => break connection,
                Err(StoreError::Away(sqlx::Error::Database(_))) if started.elapsed() < Duration::from_secs(5) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(error) => return Err(error),
            }
        };
        Ok(Self { connection: Some(connection), durability: None })
    }

    /// Starts a transaction that is the only one writing. Dropped without a
    /// commit, it is rolled back.
    pub(super) async fn begin(&mut self, durability: Durability) -> Result<Transaction<'_, Sqlite>, StoreError> {
        let connection = self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        if self.durability != Some(durability) {
            self.durability = None;
            // An import touches the same pages of the unique index again and
            // again: it is cheaper to carry them from the log to the file
            // seldom. The ledger prefers many short pauses to a long one.
            let pragmas = match durability {
                Durability::Full => "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000",
                Durability::Bulk => "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 16000",
            };
            sqlx::raw_sql(pragmas).execute(&mut *connection).await?;
            self.durability = Some(durability);
        }
        Ok(connection.begin_with("BEGIN IMMEDIATE").await?)
    }

    pub(super) async fn close(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "closing the database");
        }
    }
}
