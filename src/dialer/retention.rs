//! Recordings are deleted when they were kept long enough.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use super::news::News;
use crate::clock::Clock;
use crate::store::{RecordedCall, Store, StoreError};

/// How often it is looked for them.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// Calls looked at in one go.
const PAGE: u32 = 500;

/// Deletes recordings that are older than `keep`.
pub(super) struct Retention {
    pub(super) store: Store,
    pub(super) clock: Clock,
    /// As we see it.
    pub(super) folder: PathBuf,
    /// None: for ever.
    pub(super) keep: watch::Receiver<Option<Duration>>,
    /// Closed when the engine is gone.
    pub(super) news: mpsc::UnboundedSender<News>,
}

impl Retention {
    /// Runs until the engine is gone.
    pub(super) async fn run(self) {
        loop {
            match self.sweep(self.clock.now()).await {
                Ok(0) => {}
                Ok(calls) => tracing::info!(calls, "recordings were kept long enough: deleted"),
                Err(error) => tracing::warn!(%error, "could not look for recordings kept long enough"),
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.news.closed() => return,
            }
        }
    }

    /// Deletes what is older than `keep` at `now`; of how many calls.
    async fn sweep(&self, now: Timestamp) -> Result<u64, StoreError> {
        let Some(keep) = *self.keep.borrow() else { return Ok(0) };
        let keep = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
        let Ok(before) = now.checked_sub(keep) else { return Ok(0) };
        let mut swept = 0;
        loop {
            let calls = self.store.recordings_before(before, PAGE).await?;
            let mut gone = 0;
            for call in &calls {
                // One that cannot be deleted is noted still, and tried again.
                if deleted(&self.folder, call).await {
                    self.store.forget_recording(call.call).await?;
                    gone += 1;
                }
            }
            swept += gone;
            if gone == 0 || calls.len() < PAGE as usize {
                return Ok(swept);
            }
        }
    }
}

/// Whether none of a call's recordings is there any more.
async fn deleted(folder: &Path, call: &RecordedCall) -> bool {
    let mut all = true;
    for name in &call.recordings {
        // Names are ours: letters, digits and hyphens. Anything else is not
        // a file of this folder.
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            continue;
        }
        match tokio::fs::remove_file(folder.join(format!("{name}.wav"))).await {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(name, %error, "a recording cannot be deleted");
                all = false;
            }
        }
    }
    all
}
