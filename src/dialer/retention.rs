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
