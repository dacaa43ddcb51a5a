//! What was spoken is kept, up to a size. What was not used for longest goes
//! first, and nothing that a call may be about to play.
//!
//! A file's access time says when it was last used. It is set here: many file
//! systems are mounted so that reading does not.

use std::fs::{self, FileTimes};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// What was used within this time stays, whatever the size.
const IN_USE: Duration = Duration::from_secs(3_600);
/// Uses are noted no more often than this.
const NOTE: Duration = Duration::from_secs(600);

/// The spoken texts in their folder.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    most: u64,
    filled: Mutex<Filled>,
}

/// What is known of the folder without looking.
#[derive(Debug, Default)]
struct Filled {
    /// Bytes at the last look; none: nobody looked yet.
    seen: Option<u64>,
    /// Bytes added since.
    since: u64,
}

/// One spoken text: both of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// The 8 kHz file.
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Cache {
    pub(super) fn new(folder: PathBuf, most: u64) -> Self {
        Self { folder, most, filled: Mutex::default() }
    }

    /// Whether this file is there; then it counts as used now. Blocks.
    pub(super) fn has(&self, path: &Path, now: SystemTime) -> bool {
        let Ok(file) = fs::metadata(path) else { return false };
        if !file.is_file() || file.len() == 0 {
            return false;
        }
        let noted = file.accessed().ok().and_then(|used| now.duration_since(used).ok());
        if noted.is_none_or(|ago| ago > NOTE) {
            let times = FileTimes::new().set_accessed(now);
            if let Err(error) = fs::File::open(path).and_then(|file| file.set_times(times)) {
                tracing::debug!(path = %path.display(), %error, "its use cannot be noted");
            }
        }
        true
    }

    /// Something was added; the folder is brought back to its size if need be.
    /// Blocks.
    pub(super) fn added(&self, bytes: u64, now: SystemTime) {
        let mut filled = self.filled.lock().unwrap_or_else(PoisonError::into_inner);
        filled.since += bytes;
        // With much in use nothing may go: then not at every addition.
        let due = match filled.seen {
            None => true,
            Some(seen) => seen + filled.since > self.most && filled.since > self.most / 50,
        };
        if !due {
            return;
        }
        match self.sweep(now) {
            Ok(left) => *filled = Filled { seen: Some(left), since: 0 },
            Err(error) => tracing::warn!(folder = %self.folder.display(), %error, "cannot look for old speech"),
        }
    }

    /// Removes what is too much; gives the bytes left.
    fn sweep(&self, now: SystemTime) -> io::Result<u64> {
        let entries = entries(&self.folder, now)?;
        let all: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let mut removed = 0;
        for entry in surplus(entries, self.most, now) {
            match remove(&entry.path) {
                Ok(()) => removed += entry.bytes,
                Err(error) => tracing::warn!(path = %entry.path.display(), %error, "old speech cannot be removed"),
            }
        }
        Ok(all - removed)
    }
}

/// What has to go so that nine tenths of the size are filled: the oldest, but
/// nothing in use. Nothing at all while there is room.
fn surplus(mut entries: Vec<Entry>, most: u64, now: SystemTime) -> Vec<Entry> {
    let mut left: u64 = entries.iter().map(|entry| entry.bytes).sum();
    if left <= most {
        return Vec::new();
    }
    // A time in the future is of a clock that was wrong: as if used now.
    let in_use = |entry: &Entry| now.duration_since(entry.used).unwrap_or_default() <= IN_USE;
    entries.retain(|entry| !in_use(entry));
    entries.sort_by_key(|entry| entry.used);
    let enough = most / 10 * 9;
    let goes = |entry: &Entry| {
        let goes = left > enough;
        left -= if goes { entry.bytes } else { 0 };
        goes
    };
    entries.into_iter().take_while(goes).collect()
}

/// All that lies in the folder. What a process that died left half written goes.
fn entries(folder: &Path, now: SystemTime) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for inner in fs::read_dir(folder)? {
        let inner = inner?;
        if !inner.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(inner.path())? {
            let path = file?.path();
            // It may go while we look: another process sweeps too.
            let Ok(file) = fs::symlink_metadata(&path) else { continue };
            if !file.is_file() {
                continue;
            }
            let old = |time: io::Result<SystemTime>| {
                time.is_ok_and(|time| now.duration_since(time).unwrap_or_default() > IN_USE)
            };
            if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
                if old(file.modified()) {
                    let _ = fs::remove_file(&path);
                }
            } else if path.extension().is_some_and(|extension| extension == "wav") {
                let wide = fs::metadata(path.with_extension("wav16")).map_or(0, |wide| wide.size());
                entries.push(Entry { bytes: file.size() + wide, used: file.accessed().unwrap_or(now), path });
            }
        }
    }
    Ok(entries)
}

/// The 8 kHz file goes first: it is the one looked for.
fn remove(path: &Path) -> io::Result<()> {
    for path in [path.to_owned(), path.with_extension("wav16")] {
        match fs::remove_file(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(now: SystemTime, minutes: u64) -> SystemTime {
        now - Duration::from_secs(minutes * 60)
    }

    fn entry(name: &str, bytes: u64, used: SystemTime) -> Entry {
        Entry { path: name.into(), bytes, used }
    }

    #[test]
    fn the_oldest_goes_and_nothing_in_use() {
        let now = SystemTime::now();
        let all = [("b", 120), ("a", 300), ("c", 90), ("new", 59), ("future", 0)];
        let all: Vec<_> = all.iter().map(|(name, used)| entry(name, 100, ago(now, *used))).collect();
        let names = |most| {
            let gone = surplus(all.clone(), most, now).into_iter().map(|entry| entry.path);
            gone.map(|path| path.display().to_string()).collect::<Vec<_>>().concat()
        };
        assert_eq!(names(500), "", "there is room");
        assert_eq!(names(499), "a");
        assert_eq!(names(400), "ab");
        assert_eq!(names(0), "abc", "what is in use stays, whatever the size");
        let ahead = vec![entry("x", 10, now + Duration::from_secs(10_000))];
        assert_eq!(surplus(ahead, 0, now), []);
    }

    /// A text of `bytes` in each of its two files.
    fn speak(folder: &Path, name: &str, bytes: usize, used: SystemTime) -> PathBuf {
        let path = folder.join("ab").join(name).with_extension("wav");
        fs::create_dir_all(folder.join("ab")).expect("made");
        for path in [&path, &path.with_extension("wav16")] {
            fs::write(path, vec![0; bytes]).expect("written");
            let file = fs::File::open(path).expect("open");
            file.set_times(FileTimes::new().set_accessed(used).set_modified(used)).expect("set");
        }
        path
    }

    #[test]
    fn a_use_is_noted_and_saves_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let now = SystemTime::now();
        let cache = Cache::new(folder.path().to_owned(), 1_000);
        let [old, used] = ["old", "used"].map(|name| speak(folder.path(), name, 400, ago(now, 600)));
        let left_over = folder.path().join("ab/.tmpXYZ");
        fs::rename(speak(folder.path(), "cut", 5_000, ago(now, 100)), &left_over).expect("renamed");
        assert!(cache.has(&used, now) && !cache.has(&folder.path().join("ab/gone.wav"), now));
        let noted = fs::metadata(&used).expect("there");
        assert_eq!(noted.accessed().expect("a time"), now);
        assert_eq!(noted.modified().expect("a time"), ago(now, 600), "its content did not change");
        cache.added(0, now);
        assert!(!old.exists() && !old.with_extension("wav16").exists() && !left_over.exists());
        assert!(used.exists() && used.with_extension("wav16").exists());
    }

    #[test]
    fn the_folder_is_looked_through_when_it_is_full_and_not_at_every_addition() {
        let folder = tempfile::tempdir().expect("a folder");
        let now = SystemTime::now();
        let cache = Cache::new(folder.path().to_owned(), 10_000);
        cache.added(0, now);
        let old = speak(folder.path(), "old", 6_000, ago(now, 600));
        cache.added(9_000, now);
        assert!(old.exists(), "there is room as far as it knows");
        cache.added(1_001, now);
        assert!(!old.exists());
    }
}
