//! How long files play, remembered for as long as they do not change.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::switch::simulator::play_length;

/// Files remembered; with more, all are looked at again. A text spoken to each
/// contact makes many that are played once.
const MOST: usize = 10_000;

/// What was read from the files' headers.
#[derive(Debug, Default)]
pub(super) struct Lengths(Mutex<HashMap<PathBuf, Known>>);

#[derive(Clone, Copy, Debug)]
struct Known {
    changed: Option<SystemTime>,
    size: u64,
    length: Option<Duration>,
}

impl Lengths {
    /// How long a file plays; none if it is no WAV file. Blocks, if it was not
    /// looked at before or has changed since.
    pub(super) fn of(&self, path: &Path, metadata: &Metadata) -> Option<Duration> {
        let (changed, size) = (metadata.modified().ok(), metadata.len());
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path).copied();
        if let Some(known) = known.filter(|known| known.changed == changed && known.size == size) {
            return known.length;
        }
        let length = play_length(path);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(path.to_owned(), Known { changed, size, length });
        length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tests::wav;

    #[test]
    fn a_file_is_read_again_only_when_it_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.wav");
        let lengths = Lengths::default();
        assert_eq!(length_after(&lengths, &path, &wav(Duration::from_secs(2))), Some(Duration::from_secs(2)));
        assert_eq!(length_after(&lengths, &path, &wav(Duration::from_secs(3))), Some(Duration::from_secs(3)));
        assert_eq!(length_after(&lengths, &path, b"no sound"), None);
        assert_eq!(length_after(&lengths, &path, &wav(Duration::from_secs(4))), Some(Duration::from_secs(4)));
        // Remembered, though it cannot be read any more.
        let metadata = std::fs::metadata(&path).expect("there");
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(lengths.of(&path, &metadata), Some(Duration::from_secs(4)));
    }

    fn length_after(lengths: &Lengths, path: &Path, bytes: &[u8]) -> Option<Duration> {
        std::fs::write(path, bytes).expect("written");
        lengths.of(path, &std::fs::metadata(path).expect("there"))
    }
}
