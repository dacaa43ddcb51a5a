//! How a sound gets to a switch: as a path that both see, or as a URL that the
//! switch fetches from us.
//!
//! A URL is signed and works for a limited time. It stays the same for a day,
//! because both switches keep what they fetched by its URL.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

mod listener;
mod name;
mod server;

pub(super) use name::on_offer;
pub use server::MediaServer;

use crate::url_key::{KeyError, UrlKey};

/// A file that is never there.
const PROBE: &str = "probe.wav";
/// Seconds for which a URL stays the same.
const STEADY: i64 = 86_400;

/// How the switches get at sounds.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// They see the media folder.
    Path,
    /// They fetch it.
    Http(Publisher),
}

/// Makes the URLs, and knows them again.
#[derive(Clone)]
pub struct Publisher {
    base: String,
    key: UrlKey,
    valid: Duration,
}

/// Why a request gets no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// The signature is not ours.
    Forged,
    /// It was ours, and its time is over.
    Expired,
    /// Not a URL of a sound.
    NoSuchPlace,
}

/// What a URL of ours leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Granted {
    /// Relative to the media folder.
    file: String,
    /// Seconds for which the URL still works.
    left: u64,
}

impl Publisher {
    /// URLs under `base` (`http://10.0.0.5:8089`) that work for at least
    /// `valid`. Their key lies in the media folder, and is made there if there
    /// is none. Blocks.
    pub fn new(base: &str, valid: Duration, media_folder: &Path) -> Result<Self, KeyError> {
        let key = UrlKey::of_folder(media_folder, "media")?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), key, valid })
    }

    /// Where a file of the media folder is fetched.
    pub(super) fn url(&self, file: &str, now: Timestamp) -> String {
        let valid = i64::try_from(self.valid.as_secs()).unwrap_or(i64::MAX);
        let until = now.as_second().saturating_add(valid);
        let expires = until.saturating_add(STEADY - 1) / STEADY * STEADY;
        format!("{}/media/{expires}/{}/{}", self.base, self.key.sign(expires, file), name::escape(file))
    }

    /// What the path of a URL leads to, if it is one of ours.
    fn granted(&self, path: &str, now: Timestamp) -> Result<Granted, Refusal> {
        let mut parts = path.strip_prefix("/media/").ok_or(Refusal::NoSuchPlace)?.splitn(3, '/');
        let (Some(expires), Some(signature), Some(file)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Refusal::NoSuchPlace);
        };
        let expires = expires.parse::<i64>().map_err(|_| Refusal::NoSuchPlace)?;
        let file = name::unescape(file).ok_or(Refusal::NoSuchPlace)?;
        if !self.key.signed(expires, &file, signature) {
            return Err(Refusal::Forged);
        }
        match u64::try_from(expires.saturating_sub(now.as_second())) {
            Ok(left @ 1..) => Ok(Granted { file, left }),
            Ok(0) | Err(_) => Err(Refusal::Expired),
        }
    }

    /// A URL that a server with the same key answers with "no such file", and
    /// one that it refuses. To see who answers there.
    pub fn probes(&self, now: Timestamp) -> [String; 2] {
        let known = self.url(PROBE, now);
        let forged = known.replace("/probe.wav", "/forged.wav");
        [known, forged]
    }
}

impl fmt::Debug for Publisher {
    /// Never shows the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("base", &self.base).field("valid", &self.valid).finish_non_exhaustive()
    }
}

/// A file on offer, found: inside the folder, whatever links say; or what is
/// wrong with it. Blocks.
pub(super) fn locate(folder: &Path, file: &str) -> Result<PathBuf, &'static str> {
    let inside = on_offer(folder, file)?;
    let real = |path: &Path| path.canonicalize().map_err(|_| "is not there");
    let folder = real(folder)?;
    let path = real(&folder.join(inside))?;
    match path.starts_with(&folder) {
        true if path.is_file() => Ok(path),
        true => Err("is no file"),
        false => Err("is a link to somewhere else"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "ab/abcd.wav";

    fn publisher(folder: &Path) -> Publisher {
        Publisher::new("http://10.0.0.5:8089/", Duration::from_secs(86_400), folder).expect("a key")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 / STEADY * STEADY + seconds).expect("a time")
    }

    fn path(url: &str) -> &str {
        url.strip_prefix("http://10.0.0.5:8089").expect("ours")
    }

    #[test]
    fn a_url_is_the_same_for_a_day_and_works_long_enough() {
        let folder = tempfile::tempdir().expect("a folder");
        let publisher = publisher(folder.path());
        let url = publisher.url(FILE, at(1));
        assert_eq!(url, publisher.url(FILE, at(STEADY)));
        assert_ne!(url, publisher.url(FILE, at(STEADY + 1)));
        assert_ne!(url, publisher.url("ab/abce.wav", at(1)));
        // Asterisk fails where a URL is shorter than the name of its copy.
        assert!(url.len() > 100, "{url}");
        let granted = |seconds| publisher.granted(path(&url), at(seconds));
        assert_eq!(granted(1), Ok(Granted { file: FILE.into(), left: 2 * STEADY as u64 - 1 }));
        assert_eq!(granted(2 * STEADY - 1), Ok(Granted { file: FILE.into(), left: 1 }));
        assert_eq!(granted(2 * STEADY), Err(Refusal::Expired));
    }

    #[test]
    fn nothing_about_a_url_can_be_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let publisher = publisher(folder.path());
        let url = publisher.url(FILE, at(0));
        let parts: Vec<_> = path(&url).split('/').collect();
        let (expires, signature) = (parts[2], parts[3]);
        for (expires, signature, file) in [
            ("9999999999", signature, FILE),
            (expires, signature, "ab/abce.wav"),
            (expires, &"0".repeat(64), FILE),
            (expires, &signature[..62], FILE),
            (expires, "", FILE),
            (expires, "é", FILE),
            ("1", signature, FILE),
        ] {
            let path = format!("/media/{expires}/{signature}/{file}");
            assert_eq!(publisher.granted(&path, at(0)), Err(Refusal::Forged), "{path}");
        }
        for path in ["", "/", "/media/", "/media/x/y/z.wav", "/media/1/2", "/other/1/2/3", "/media/1/2/@zz.wav"] {
            assert_eq!(publisher.granted(path, at(0)), Err(Refusal::NoSuchPlace), "{path}");
        }
        let [known, forged] = publisher.probes(at(0));
        assert!(publisher.granted(path_of(&known), at(0)).is_ok());
        assert_eq!(publisher.granted(path_of(&forged), at(0)), Err(Refusal::Forged));
        let other = tempfile::tempdir().expect("a folder");
        assert_eq!(super::tests::publisher(other.path()).granted(path(&url), at(0)), Err(Refusal::Forged));
    }

    fn path_of(url: &str) -> &str {
        path(url)
    }

    #[test]
    fn nothing_is_found_outside_the_folder() {
        let outer = tempfile::tempdir().expect("a folder");
        let folder = outer.path().join("media");
        std::fs::create_dir_all(folder.join("sub")).expect("made");
        for name in ["media/a.wav", "media/sub/b.wav", "media/.url-key.wav", "secret.wav", "media/notes.txt"] {
            std::fs::write(outer.path().join(name), "x").expect("written");
        }
        let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, folder.join(name)).expect("linked");
        link(&outer.path().join("secret.wav"), "out.wav");
        link(outer.path(), "up");
        link(Path::new("a.wav"), "in.wav");
        for there in ["a.wav", "sub/b.wav", "in.wav", "./a.wav", "sub//b.wav"] {
            assert!(locate(&folder, there).is_ok(), "{there}");
        }
        for not in ["out.wav", "up/secret.wav", "../secret.wav", "sub/../a.wav", ".url-key.wav", "notes.txt", "sub", ""]
        {
            assert!(locate(&folder, not).is_err(), "{not}");
        }
        let outside = outer.path().join("secret.wav");
        assert!(locate(&folder, &outside.to_string_lossy()).is_err());
        assert!(locate(&folder, &folder.join("a.wav").to_string_lossy()).is_ok());
    }

    proptest! {
        #[test]
        fn any_file_comes_back_and_freeswitch_takes_its_url(file in "[a-zA-Z0-9 @%,'é/._+-]{1,40}") {
            let folder = tempfile::tempdir().expect("a folder");
            let publisher = publisher(folder.path());
            let url = publisher.url(&file, at(0));
            let safe = |c: char| c.is_ascii_alphanumeric() || "+-_.@/:".contains(c);
            prop_assert!(url.chars().all(safe) && !url.contains("@@"), "{}", url);
            prop_assert_eq!(publisher.granted(path(&url), at(0)).map(|granted| granted.file), Ok(file));
        }

        #[test]
        fn no_path_breaks_it(path in "/media/[0-9]{1,20}/[0-9a-f@]{0,64}/.{0,20}|.{0,40}") {
            let folder = tempfile::tempdir().expect("a folder");
            prop_assert!(publisher(folder.path()).granted(&path, at(0)).is_err());
        }
    }
}
