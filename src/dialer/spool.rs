//! Opt-outs on disk, before anything else is done about them: a person who was
//! told that they are not called again must not be, even if the database is
//! away and the daemon dies before it is back.

use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::number::PhoneNumber;
use crate::store::{DoNotCall, Store, StoreError};

/// A file of opt-outs that may not be in the database yet.
#[derive(Clone, Debug)]
pub(super) struct Spool {
    path: PathBuf,
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    number: PhoneNumber,
    reason: Option<String>,
    source: String,
    added_at: Timestamp,
}

impl Spool {
    /// A spool in this folder.
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("opt-outs.pending") }
    }

    /// Writes an opt-out down, as durably as the disk can.
    pub(super) async fn note(&self, entry: &DoNotCall) {
        let (path, entry) = (self.path.clone(), entry.clone());
        let number = entry.number;
        let written = tokio::task::spawn_blocking(move || append(&path, entry)).await;
        match written.map_err(std::io::Error::other).and_then(|written| written) {
            Ok(()) => {}
            Err(error) => {
                tracing::error!(%number, %error, "an opt-out could not be written to {}", self.path.display());
            }
        }
    }

    /// Puts what is written here on the do-not-call list. Before any call.
    pub(super) async fn take_in(&self, store: &Store) -> Result<(), StoreError> {
        let Ok(text) = tokio::fs::read_to_string(&self.path).await else { return Ok(()) };
        for line in text.lines() {
            // The last one may be half written: it was not confirmed then.
            match serde_json::from_str::<Line>(line) {
                Ok(Line { number, reason, source, added_at }) => {
                    store.add_do_not_call(&DoNotCall { number, reason, source, added_at }).await?;
                }
                Err(error) => tracing::error!(%error, line, "a line of {} is unreadable", self.path.display()),
            }
        }
        self.clear().await;
        Ok(())
    }

    /// Everything is in the database.
    pub(super) async fn clear(&self) {
        match tokio::fs::remove_file(&self.path).await {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => tracing::warn!(%error, "{} cannot be removed", self.path.display()),
        }
    }
}

fn append(path: &Path, entry: DoNotCall) -> std::io::Result<()> {
    let DoNotCall { number, reason, source, added_at } = entry;
    let mut line = serde_json::to_vec(&Line { number, reason, source, added_at })?;
    line.push(b'\n');
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(&line)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Location;

    #[tokio::test]
    async fn what_was_noted_is_on_the_list_after_the_next_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&Location::Sqlite(folder.path().join("db"))).await.expect("a database");
        store.migrate().await.expect("migrated");
        let spool = Spool::in_folder(&folder.path().join("not/there/yet"));
        spool.take_in(&store).await.expect("nothing to take in");
        let number = PhoneNumber::from_e164("+15551234567").expect("a number");
        let added_at = "2026-03-01T09:00:00Z".parse().expect("an instant");
        let entry = DoNotCall { number, reason: Some("pressed 9".into()), source: "key".into(), added_at };
        spool.note(&entry).await;
        // A crash in the middle of a line.
        let mut file = std::fs::OpenOptions::new().append(true).open(&spool.path).expect("there");
        file.write_all(b"{\"number\": \"+1555").expect("written");
        spool.take_in(&store).await.expect("taken in");
        assert_eq!(store.do_not_call(number).await.expect("read"), Some(entry));
        assert!(!spool.path.exists());
    }
}
