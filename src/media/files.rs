//! The files of a sound, named by their content.
//!
//! `ab/abcd….wav` holds 8 kHz: both switches play it, on any call. Beside it
//! `ab/abcd….wav16` holds 16 kHz: Asterisk is told the name without extension
//! and takes the better one for a wideband call.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where the 8 kHz file of a content is, relative to the media folder.
pub fn relative_path(sha256: &str) -> String {
    format!("{}/{sha256}.wav", sha256.get(..2).unwrap_or_default())
}

/// Makes a folder, and those it lies in, for everyone to look into.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(outer) = folder.parent() {
        make_folder(outer)?;
    }
    match fs::create_dir(folder) {
        Ok(()) => fs::set_permissions(folder, Permissions::from_mode(0o755)),
        // Another was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// A digest as it stands in names: small hexadecimal digits.
pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The two files of one content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    narrow: PathBuf,
    wide: PathBuf,
}

impl Stored {
    pub(super) fn new(folder: &Path, sha256: &str) -> Self {
        let narrow = folder.join(relative_path(sha256));
        Self { wide: narrow.with_extension("wav16"), narrow }
    }

    /// Writes what is not there yet. A file is whole or not there, and anyone
    /// may read it: the switch runs as another user.
    pub(super) fn write(&self, narrow: &[u8], wide: &[u8]) -> io::Result<()> {
        // The 8 kHz file is the one looked for: it comes last.
        for (path, bytes) in [(&self.wide, wide), (&self.narrow, narrow)] {
            if fs::metadata(path).is_ok_and(|there| there.len() == bytes.len() as u64) {
                continue;
            }
            let Some(folder) = path.parent() else { continue };
            make_folder(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(bytes)?;
            file.as_file().set_permissions(Permissions::from_mode(0o644))?;
            file.as_file().sync_all()?;
            file.persist(path)?;
        }
        Ok(())
    }

    /// Removes both; what cannot be removed is told in the log, and costs no
    /// more than its room.
    pub(super) fn remove(&self) {
        for path in [&self.narrow, &self.wide] {
            match fs::remove_file(path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => tracing::warn!(path = %path.display(), %error, "a media file cannot be removed"),
            }
        }
        // Succeeds if nothing else is in there.
        if let Some(folder) = self.narrow.parent() {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "ab34567890123456789012345678901234567890123456789012345678901234";

    #[test]
    fn files_are_written_whole_readable_for_all_and_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let stored = Stored::new(folder.path(), SHA);
        stored.write(b"narrow", b"wide").expect("written");
        assert_eq!(stored.narrow, folder.path().join(format!("ab/{SHA}.wav")));
        assert_eq!(fs::read(folder.path().join(relative_path(SHA))).expect("read"), b"narrow");
        assert_eq!(fs::read(&stored.wide).expect("read"), b"wide");
        for path in [&stored.narrow, &stored.wide] {
            assert_eq!(fs::metadata(path).expect("there").permissions().mode() & 0o777, 0o644);
        }
        let inside = fs::metadata(folder.path().join("ab")).expect("there");
        assert_eq!(inside.permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::read_dir(folder.path().join("ab")).expect("a folder").count(), 2, "nothing temporary stays");
        stored.remove();
        assert!(!folder.path().join("ab").exists());
        stored.remove();
    }

    #[test]
    fn a_file_that_was_cut_is_written_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let stored = Stored::new(folder.path(), SHA);
        stored.write(b"narrow", b"wide").expect("written");
        fs::write(&stored.narrow, b"nar").expect("cut");
        stored.write(b"narrow", b"wide").expect("written");
        assert_eq!(fs::read(&stored.narrow).expect("read"), b"narrow");
    }

    #[test]
    fn a_folder_that_takes_nothing_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, b"x").expect("written");
        assert!(Stored::new(&file, SHA).write(b"narrow", b"wide").is_err());
    }
}
