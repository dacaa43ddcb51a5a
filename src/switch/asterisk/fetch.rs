//! Bringing a recording from Asterisk to a folder of ours.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::answer::{check, done};
use super::recording::check_name;
use super::rest::Download;
use super::{Asterisk, Core};
use crate::switch::CommandError;

/// The largest recording that is fetched: nine hours.
const MAX_BYTES: u64 = 512 << 20;
/// Between two pieces of a file.
const STALLED: Duration = Duration::from_secs(10);

impl Asterisk {
    /// Brings a finished recording to `folder`, as `<name>.wav`, and deletes
    /// Asterisk's copy once it is there. May be tried again after any error.
    ///
    /// # Errors
    /// [`CommandError::NoSuchChannel`] while Asterisk has no such recording, or
    /// still writes it; [`CommandError::Refused`] where it cannot be stored
    /// here, or is too large; [`CommandError::Disconnected`] if it did not come
    /// whole, or Asterisk's copy could not be deleted.
    pub async fn fetch_recording(&self, name: &str, folder: &Path) -> Result<(), CommandError> {
        check_name(name)?;
        let file = folder.join(format!("{name}.wav"));
        if self.core.is_recording(name).await? {
            return Err(CommandError::NoSuchChannel);
        }
        let part = folder.join(format!(".{name}.wav.part"));
        match self.core.download(name, &part).await {
            Ok(()) => {}
            // Fetched before, and deleted, but the answer was lost.
            Err(CommandError::NoSuchChannel) if tokio::fs::try_exists(&file).await.unwrap_or(false) => return Ok(()),
            Err(error) => {
                let _ = tokio::fs::remove_file(&part).await;
                return Err(error);
            }
        }
        tokio::fs::rename(&part, &file).await.map_err(not_stored)?;
        match done(self.core.commands()?.delete(&format!("recordings/stored/{name}")).await) {
            Err(CommandError::NoSuchChannel) => Ok(()),
            result => result,
        }
    }
}

impl Core {
    /// Whether Asterisk still writes it.
    async fn is_recording(&self, name: &str) -> Result<bool, CommandError> {
        match done(self.commands()?.get(&format!("recordings/live/{name}")).await) {
            Ok(()) => Ok(true),
            Err(CommandError::NoSuchChannel) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn download(&self, name: &str, part: &Path) -> Result<(), CommandError> {
        let download = self.commands()?.download(&format!("recordings/stored/{name}/file")).await;
        let mut incoming = match download.map_err(|error| CommandError::Disconnected(error.to_string()))? {
            Download::Answer(answer) => {
                check(&answer)?;
                return Err(CommandError::Refused(answer.words()));
            }
            Download::File(file) => file,
        };
        let too_large = || CommandError::Refused(format!("the recording is larger than {} MiB", MAX_BYTES >> 20));
        let length = incoming.length();
        if length.is_some_and(|length| length > MAX_BYTES) {
            return Err(too_large());
        }
        let mut file = File::create(part).await.map_err(not_stored)?;
        let mut bytes = 0_u64;
        loop {
            let chunk = match timeout(STALLED, incoming.piece()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(CommandError::Disconnected(error.to_string())),
                Err(_) => return Err(CommandError::Disconnected("the recording stopped coming".into())),
            };
            bytes += chunk.len() as u64;
            if bytes > MAX_BYTES {
                return Err(too_large());
            }
            file.write_all(&chunk).await.map_err(not_stored)?;
        }
        if length.is_some_and(|length| length != bytes) {
            return Err(CommandError::Disconnected("the recording did not come whole".into()));
        }
        // On the disk before Asterisk's copy is deleted.
        file.flush().await.map_err(not_stored)?;
        file.sync_all().await.map_err(not_stored)
    }
}

fn not_stored(error: io::Error) -> CommandError {
    CommandError::Refused(format!("the recording cannot be stored: {error}"))
}
