//! Recordings are deleted when they were kept long enough.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::recordings::remove;
use crate::call::CallId;
use crate::store::{RecordedCall, Store, StoreError};

/// Calls looked at in one go.
const PAGE: u32 = 500;
/// With so many that cannot be deleted something is wrong with the folder:
/// the rest waits for the next look.
const HOPELESS: usize = 10_000;

/// Deletes recordings that are older than `keep`.
pub(super) struct Retention {
    pub(super) store: Store,
    /// As we see it.
    pub(super) folder: PathBuf,
    pub(super) keep: Duration,
}

/// What came of a look.
#[derive(Debug, Default, PartialEq, Eq)]
struct Swept {
    /// Calls whose recordings are gone.
    calls: u64,
    /// Calls whose recordings are there still.
    kept: Vec<CallId>,
    /// Why, of one of them.
    why: Option<String>,
}

impl Retention {
    /// Deletes what is older than `keep` at `now`.
    pub(super) async fn look(&self, now: Timestamp) {
        match self.sweep(now).await {
            Ok(swept) => {
                if swept.calls > 0 {
                    tracing::info!(calls = swept.calls, "recordings were kept long enough: deleted");
                }
                if let Some(why) = swept.why {
                    tracing::warn!(calls = swept.kept.len(), why, "recordings cannot be deleted: tried again");
                }
            }
            Err(error) => tracing::warn!(%error, "could not look for recordings kept long enough"),
        }
    }

    async fn sweep(&self, now: Timestamp) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        let keep = SignedDuration::try_from(self.keep).unwrap_or(SignedDuration::MAX);
        let Ok(before) = now.checked_sub(keep) else { return Ok(swept) };
        loop {
            let calls = self.store.recordings_before(before, PAGE, &swept.kept).await?;
            for call in &calls {
                match deleted(&self.folder, call).await {
                    Ok(()) => {
                        self.store.forget_recording(call.call).await?;
                        swept.calls += 1;
                    }
                    // It is noted still, and tried again at the next look.
                    Err(error) => {
                        swept.kept.push(call.call);
                        swept.why = Some(error.to_string());
                    }
                }
            }
            if calls.len() < PAGE as usize || swept.kept.len() >= HOPELESS {
                return Ok(swept);
            }
        }
    }
}

/// Deletes all of a call's recordings that are there.
async fn deleted(folder: &Path, call: &RecordedCall) -> std::io::Result<()> {
    let mut result = Ok(());
    for name in &call.recordings {
        if let Err(error) = remove(folder, name).await {
            result = Err(error);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use sqlx::Connection;

    use super::*;
    use crate::store::Location;

    /// More than one look's worth of files that cannot be deleted, older than
    /// the one that can.
    const FILL: &str = "
        INSERT INTO campaigns (id, name, status, settings, created_at, updated_at)
            VALUES (zeroblob(16), 'c', 'running', '{}', 0, 0);
        INSERT INTO contacts (id, number, created_at) VALUES (1, '+15550000001', 0);
        INSERT INTO campaign_contacts (id, campaign_id, contact_id, number, status, updated_at)
            VALUES (1, zeroblob(16), 1, '+15550000001', 'completed', 0);
        WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 602)
        INSERT INTO calls (id, campaign_id, target_id, number, attempt, caller_id, switch, created_at, ended_at,
                outcome, recording)
            SELECT unhex(printf('%032x', n)), zeroblob(16), 1, '+15550000001', 1, '+15550000002', 'fs1', n, n,
                'answered', 'r' || n FROM n";

    #[tokio::test]
    async fn what_cannot_be_deleted_keeps_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("canvass.db");
        let store = Store::open(&Location::Sqlite(file.clone())).await.expect("a store");
        store.migrate().await.expect("a schema");
        let url = format!("sqlite://{}", file.display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.expect("a connection");
        sqlx::raw_sql(FILL).execute(&mut connection).await.expect("rows");
        connection.close().await.expect("closed");
        // A folder is no file, whoever asks.
        for n in 1..=600 {
            std::fs::create_dir(folder.path().join(format!("r{n}.wav"))).expect("a folder");
        }
        std::fs::write(folder.path().join("r601.wav"), b"sound").expect("a file");
        let retention =
            Retention { store: store.clone(), folder: folder.path().to_owned(), keep: Duration::from_secs(60) };
        let now = Timestamp::from_second(3_600).expect("an instant");
        let swept = retention.sweep(now).await.expect("a look");
        assert_eq!((swept.calls, swept.kept.len()), (2, 600), "one deleted, one was gone");
        assert!(swept.why.is_some() && !folder.path().join("r601.wav").exists());
        std::fs::remove_dir(folder.path().join("r7.wav")).expect("removed");
        let again = retention.sweep(now).await.expect("a look");
        assert_eq!((again.calls, again.kept.len()), (1, 599), "tried again");
    }
}
