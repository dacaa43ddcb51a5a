//! The key that signs URLs of files: 32 random bytes in their folder, so that
//! URLs stay good over restarts.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::media::hex;

/// Its name in the folder; hidden files are never on offer.
const NAME: &str = ".url-key";
/// Its length in bytes.
const LENGTH: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("cannot read or make {}: {source}", path.display())]
    File {
        /// The key's file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{} holds no key: remove it, and another is made", .0.display())]
    Damaged(PathBuf),
    /// No random numbers to be had.
    #[error("the system gives no random numbers")]
    Random,
}

/// Signs and knows its signatures, all for one purpose.
#[derive(Clone)]
pub(crate) struct UrlKey(Hmac<Sha256>);

impl UrlKey {
    /// The key of a folder, made if there is none. A signature for one purpose
    /// is worthless for another. Blocks.
    pub(crate) fn of_folder(folder: &Path, purpose: &str) -> Result<Self, KeyError> {
        let path = folder.join(NAME);
        let failed = |source| KeyError::File { path: path.clone(), source };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut bytes = [0; LENGTH];
                rustls::crypto::ring::default_provider()
                    .secure_random
                    .fill(&mut bytes)
                    .map_err(|_| KeyError::Random)?;
                // Whole or not there, and never in the place of another's.
                let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
                file.write_all(hex(&bytes).as_bytes()).map_err(failed)?;
                file.as_file().sync_all().map_err(failed)?;
                match file.persist_noclobber(&path) {
                    Ok(_) => {}
                    Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(failed(error.error)),
                }
                fs::read_to_string(&path).map_err(failed)?
            }
            Err(error) => return Err(failed(error)),
        };
        let bytes = unhex(text.trim_end()).ok_or_else(|| KeyError::Damaged(path.clone()))?;
        // HMAC fills a short key up with zeros.
        let mut block = [0; 64];
        block[..LENGTH].copy_from_slice(&bytes);
        Ok(Self(Hmac::new(&block.into()).chain_update(format!("canvass {purpose}\0"))))
    }

    fn over(&self, expires: i64, file: &str) -> Hmac<Sha256> {
        self.0.clone().chain_update(expires.to_be_bytes()).chain_update(file)
    }

    /// The signature, in hexadecimal digits.
    pub(crate) fn sign(&self, expires: i64, file: &str) -> String {
        hex(&self.over(expires, file).finalize().into_bytes())
    }

    /// Whether this is the signature; takes as long whatever is wrong with it.
    pub(crate) fn signed(&self, expires: i64, file: &str, signature: &str) -> bool {
        unhex(signature).is_some_and(|signature| self.over(expires, file).verify_slice(&signature).is_ok())
    }
}

impl fmt::Debug for UrlKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UrlKey(…)")
    }
}

/// 32 bytes back from small hexadecimal digits: one way to write each.
fn unhex(text: &str) -> Option<[u8; LENGTH]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * LENGTH || !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_only_we_may_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = UrlKey::of_folder(folder.path(), "media").expect("a key");
        let path = folder.path().join(NAME);
        let text = fs::read_to_string(&path).expect("written");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        let again = UrlKey::of_folder(folder.path(), "media").expect("a key");
        assert_eq!(key.sign(1, "a"), again.sign(1, "a"));
        assert!(!format!("{key:?}").contains(&text));
        let other = tempfile::tempdir().expect("a folder");
        assert_ne!(UrlKey::of_folder(other.path(), "media").expect("a key").sign(1, "a"), key.sign(1, "a"));
    }

    #[test]
    fn two_processes_that_start_at_once_have_one_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let signatures: Vec<_> = std::thread::scope(|scope| {
            let make = || UrlKey::of_folder(folder.path(), "media").expect("a key").sign(1, "a");
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().expect("made")).collect()
        });
        assert!(signatures.iter().all(|signature| *signature == signatures[0]), "{signatures:?}");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing temporary stays");
    }

    #[test]
    fn what_is_no_key_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        for text in ["", "abc", &"g".repeat(64), &"A".repeat(64), &"é".repeat(32)] {
            fs::write(folder.path().join(NAME), text).expect("written");
            assert!(matches!(UrlKey::of_folder(folder.path(), "media"), Err(KeyError::Damaged(_))), "{text}");
        }
        let nowhere = UrlKey::of_folder(&folder.path().join("gone"), "media");
        assert!(matches!(nowhere, Err(KeyError::File { .. })), "{nowhere:?}");
    }

    #[test]
    fn a_signature_is_of_its_file_and_time() {
        // HMAC-SHA256 by RFC 2104, computed with Python's.
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(NAME), "00".repeat(31) + "01").expect("written");
        let key = UrlKey::of_folder(folder.path(), "media").expect("a key");
        let signature = key.sign(1_800_000_000, "ab/cd.wav");
        assert_eq!(signature, "85e756120ab9b39cc127e9794882d589a4f265da5a8432d9d150edcb1b0a8c7c");
        assert!(key.signed(1_800_000_000, "ab/cd.wav", &signature));
        assert!(!key.signed(1_800_000_001, "ab/cd.wav", &signature));
        assert!(!key.signed(1_800_000_000, "ab/ce.wav", &signature));
        assert!(!key.signed(1_800_000_000, "ab/cd.wav", &signature.to_uppercase()));
    }
}
