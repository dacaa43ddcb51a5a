//! Recordings on their way home: what a switch keeps is fetched into the
//! recordings folder once it is complete, tried again while it is not there
//! or the switch is away. Nothing waits for it.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::media::MediaFolder;
use crate::store::Store;
use crate::switch::{CommandError, Switch};

/// Fetched at once, at most.
const AT_ONCE: usize = 4;
/// Pauses between tries double from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long the end of the engine waits for them.
const FINISH: Duration = Duration::from_secs(10);
/// How far back the next start looks, and at how many recordings.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(48);
const MOST_LOOKED_AT: u32 = 10_000;
/// A recording the switch does not have after so many tries was never made,
/// or is gone.
const TRIES_MISSING: u32 = 6;
/// A switch that is away, or a disk that is full, gets about a day.
const TRIES: u32 = 1_440;

/// Takes orders to fetch recordings; never waits. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Recordings {
    folder: Arc<MediaFolder>,
    slots: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Recordings {
    pub(super) fn new(folder: MediaFolder) -> Self {
        Self { folder: Arc::new(folder), slots: Arc::new(Semaphore::new(AT_ONCE)), tasks: TaskTracker::new() }
    }

    /// The folder as the switches see it.
    pub(super) fn folder_on_switch(&self) -> &str {
        &self.folder.on_switch
    }

    /// A recording is complete on its switch.
    pub(super) fn fetch(&self, switch: &Switch, name: String) {
        let (folder, slots, switch) = (self.folder.clone(), self.slots.clone(), switch.clone());
        self.tasks.spawn(async move { fetch(&folder, &slots, &switch, &name).await });
    }

    /// Goes on with what a daemon before did not fetch: recordings of the last
    /// days whose files are not here. `switches`: by name.
    pub(super) async fn go_on(&self, store: &Store, switches: &HashMap<String, Switch>, now: Timestamp) {
        let Ok(since) = now.checked_sub(LOOKED_BACK) else { return };
        let calls = match store.recordings_since(since, MOST_LOOKED_AT).await {
            Ok(calls) => calls,
            Err(error) => return tracing::warn!(%error, "could not look for recordings left on their switches"),
        };
        for call in calls {
            let Some(switch) = switches.get(&call.switch) else { continue };
            for name in call.recordings {
                let there = tokio::fs::try_exists(self.folder.local.join(format!("{name}.wav"))).await;
                if !there.unwrap_or(true) {
                    self.fetch(switch, name);
                }
            }
        }
    }

    /// Waits for what is under way, but not for long: what is left is asked
    /// for again at the next start.
    pub(super) async fn finish(&self) {
        self.tasks.close();
        if tokio::time::timeout(FINISH, self.tasks.wait()).await.is_err() {
            tracing::warn!(recordings = self.tasks.len(), "not fetched yet: the next start goes on");
        }
    }
}

/// Deletes the file of a recording; `false`: there is none.
pub(super) async fn remove(folder: &Path, name: &str) -> std::io::Result<bool> {
    // Names are ours: letters, digits and hyphens. Anything else is not a file
    // of this folder.
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Ok(false);
    }
    match tokio::fs::remove_file(folder.join(format!("{name}.wav"))).await {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

async fn fetch(folder: &MediaFolder, slots: &Semaphore, switch: &Switch, name: &str) {
    let mut pause = FIRST_PAUSE;
    let mut missing = 0;
    for _ in 0..TRIES {
        let result = {
            // Given back while it waits for the next try.
            let Ok(_slot) = slots.acquire().await else { return };
            match tokio::fs::create_dir_all(&folder.local).await {
                Ok(()) => switch.fetch_recording(name, &folder.local).await,
                Err(error) => Err(CommandError::Refused(format!("{}: {error}", folder.local.display()))),
            }
        };
        match result {
            Ok(()) => return,
            Err(CommandError::NoSuchChannel) => {
                missing += 1;
                if missing >= TRIES_MISSING {
                    tracing::warn!(name, "the switch has no such recording");
                    return;
                }
            }
            Err(error) => tracing::warn!(name, %error, "a recording could not be fetched yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    tracing::error!(name, "a recording was not fetched in a day: it stays on its switch");
}
