//! What a campaign's settings may say where a sound belongs.

use std::path::{Component, Path};

use uuid::Uuid;

/// The id of a sound in the library: a UUIDv7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaId(pub Uuid);

impl MediaId {
    /// A fresh id.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for MediaId {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Display for MediaId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// An entry of `prompts`, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// A file that is played as it is: relative to `media.folder`, or absolute.
    File(&'a str),
    /// A sound of the library, by its name or id.
    Library(&'a str),
    /// A text to be spoken, perhaps with `{{placeholders}}`.
    Text(&'a str),
}

/// What a text to be spoken begins with.
const SAY: &str = "say:";

impl<'a> Reference<'a> {
    /// What begins with `say:` is a text; of the rest, a path holds a `/` or
    /// ends in `.wav`; anything else is in the library.
    pub fn of(entry: &'a str) -> Self {
        match entry.strip_prefix(SAY) {
            Some(text) => Self::Text(text.trim()),
            None if is_path(entry) => Self::File(entry),
            None => Self::Library(entry),
        }
    }
}

/// Whether an entry is a file anywhere on the switch's machine. Whoever writes
/// the configuration may play it; a key to the API is for less.
pub(crate) fn leads_outside(entry: &str) -> bool {
    match Reference::of(entry) {
        Reference::File(path) => {
            let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
            !Path::new(path).components().all(inside)
        }
        Reference::Library(_) | Reference::Text(_) => false,
    }
}

/// The longest name, in characters.
const LONGEST: usize = 100;

/// Says what is wrong with a name, if anything is. A name is never mistaken
/// for a path, nor for an id or a text.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() || name.trim() != name || name.chars().count() > LONGEST {
        return Err(format!("must have 1 to {LONGEST} characters, no spaces around them"));
    }
    if name.chars().any(char::is_control) {
        return Err("holds a control character".into());
    }
    if is_path(name) {
        return Err("looks like a file: a name holds no / and does not end in .wav".into());
    }
    if name.starts_with(SAY) {
        return Err(format!("looks like a text to be spoken: a name does not begin with {SAY}"));
    }
    if name.parse::<Uuid>().is_ok() {
        return Err("looks like an id".into());
    }
    Ok(())
}

fn is_path(entry: &str) -> bool {
    let extension = entry.len().checked_sub(4).and_then(|at| entry.get(at..));
    entry.contains('/') || extension.is_some_and(|end| end.eq_ignore_ascii_case(".wav"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_names_are_told_apart() {
        for file in ["hello.wav", "HELLO.WAV", "spring/hello", "/srv/media/hello.wav", "./hello", ".wav"] {
            assert_eq!(Reference::of(file), Reference::File(file));
        }
        for name in ["hello", "hello.mp3", "spring greeting", "é", "wav", "0190a5c4-8d6a-7000-8000-000000000000"] {
            assert_eq!(Reference::of(name), Reference::Library(name));
        }
        for text in ["say:Hello", "say: and/or a.wav ", "say:"] {
            assert_eq!(Reference::of(text), Reference::Text(text[4..].trim()));
        }
    }

    #[test]
    fn a_name_is_never_a_path_nor_an_id() {
        for good in ["hello", "Spring greeting (2)", "日本語", "a.mp3"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        let long = "x".repeat(101);
        for bad in ["", " ", " a", "a ", "a/b", "a.wav", "a\nb", "a\0", "say:a", &long, &MediaId::new().to_string()] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }
}
