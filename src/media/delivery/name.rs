//! Which files are on offer, and how their names are written in a URL.
//!
//! FreeSWITCH takes few characters in what it plays, `%` not among them. So a
//! byte it does not take is `@` and two hexadecimal digits; `@` itself too, as
//! two in a row mean something to FreeSWITCH.

use std::fmt::Write as _;
use std::path::{Component, Path};

/// The name of a file that may be fetched, relative to the folder; or what is
/// wrong with it. Looks at the name only.
pub(in crate::media) fn on_offer(folder: &Path, file: &str) -> Result<String, &'static str> {
    let path = Path::new(file);
    let path = match path.strip_prefix(folder) {
        Ok(inside) => inside,
        Err(_) if path.is_absolute() => return Err("is not in the media folder"),
        Err(_) => path,
    };
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            // The key lies there, and what is half written.
            Component::Normal(part) if part.as_encoded_bytes().starts_with(b".") => return Err("is hidden"),
            Component::Normal(part) => parts.push(part.to_str().ok_or("has a name that is no text")?),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err("is not in the media folder");
            }
        }
    }
    match parts.last().and_then(|name| name.rsplit_once('.')) {
        Some((_, extension)) if extension.eq_ignore_ascii_case("wav") => Ok(parts.join("/")),
        Some(_) | None => Err("is no .wav file"),
    }
}

/// As it stands in a URL.
pub(super) fn escape(file: &str) -> String {
    let mut escaped = String::with_capacity(file.len());
    for byte in file.bytes() {
        if byte.is_ascii_alphanumeric() || b"+-_./".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "@{byte:02x}");
        }
    }
    escaped
}

/// Back from a URL, if [`escape`] can have made it.
pub(super) fn unescape(escaped: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'@' {
            let (digits, after) = after.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for (name, escaped) in [("ab/0-9_+.wav", "ab/0-9_+.wav"), ("Hello @é.wav", "Hello@20@40@c3@a9.wav")] {
            assert_eq!(escape(name), escaped);
            assert_eq!(unescape(escaped).as_deref(), Some(name));
        }
        for bad in ["@", "@4", "@zz", "@é", "@ff"] {
            assert_eq!(unescape(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_wav_files_in_the_folder_are_on_offer() {
        let offer = |file| on_offer(Path::new("/srv/media"), file);
        assert_eq!(offer("/srv/media/./a/b.WAV"), Ok("a/b.WAV".to_owned()));
        assert_eq!(offer("./a.wav"), Ok("a.wav".to_owned()));
        assert_eq!(offer("/srv/other/a.wav"), Err("is not in the media folder"));
        assert_eq!(offer("../a.wav"), Err("is not in the media folder"));
        assert_eq!(offer(".a/b.wav"), Err("is hidden"));
        for no_wav in ["a.mp3", "a", "", "/srv/media"] {
            assert_eq!(offer(no_wav), Err("is no .wav file"), "{no_wav}");
        }
    }
}
