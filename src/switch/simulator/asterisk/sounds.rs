//! What can be played, and for how long.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::switch::simulator::play_length;

/// A sound fetched by HTTP is not fetched here; it plays this long.
const FETCHED: Duration = Duration::from_secs(3);
/// A sound of Asterisk's own, such as `beep`.
const BUILT_IN: Duration = Duration::from_millis(440);

/// The lengths of the files played so far.
#[derive(Debug, Default)]
pub(super) struct Sounds {
    lengths: Mutex<HashMap<String, Duration>>,
}

impl Sounds {
    /// How long this plays; none if it cannot be played. As with the real one,
    /// a file is named without its extension.
    pub(super) async fn length(&self, uri: &str) -> Option<Duration> {
        let name = match uri.split_once(':') {
            Some(("sound", name)) => name,
            Some(("tone" | "digits" | "number" | "characters", _)) => return Some(BUILT_IN),
            Some(_) | None => return None,
        };
        if name.starts_with("http://") || name.starts_with("https://") {
            return Some(FETCHED);
        }
        if !name.starts_with('/') {
            return Some(BUILT_IN);
        }
        if let Some(known) = self.lock().get(name) {
            return Some(*known);
        }
        let file = PathBuf::from(format!("{name}.wav"));
        // Only what is there is remembered: a missing file may yet come.
        let length = tokio::task::spawn_blocking(move || play_length(&file)).await.ok()??;
        self.lock().insert(name.to_owned(), length);
        Some(length)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Duration>> {
        self.lengths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_go_without_extension_and_may_come_later() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("hello");
        let uri = format!("sound:{}", path.display());
        let sounds = Sounds::default();
        assert_eq!(sounds.length(&uri).await, None, "not there yet");
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data".to_vec();
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend([0; 8_000]);
        std::fs::write(path.with_extension("wav"), bytes).expect("written");
        assert_eq!(sounds.length(&uri).await, Some(Duration::from_millis(500)));
        assert_eq!(sounds.length(&format!("{uri}.wav")).await, None, "with extension");
    }

    #[tokio::test]
    async fn other_media_have_lengths_of_their_own() {
        let sounds = Sounds::default();
        assert_eq!(sounds.length("sound:beep").await, Some(BUILT_IN));
        assert_eq!(sounds.length("sound:http://127.0.0.1/x").await, Some(FETCHED));
        assert_eq!(sounds.length("nonsense:x").await, None);
        assert_eq!(sounds.length("").await, None);
    }
}
