//! Where entries of the do-not-call list come from, and lists from outside
//! that are replaced as a whole.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::DoNotCall;
use crate::number::PhoneNumber;

/// Put there by hand, on the command line.
pub const MANUAL: &str = "manual";
/// Put there over the API.
pub const API: &str = "api";
/// The callee pressed the opt-out key.
pub const KEY: &str = "key";
/// An agent reported that the callee opted out.
pub const AGENT: &str = "agent";
/// Of a list that does not say where it is from.
pub const IMPORT: &str = "import";

/// Sources that no list replaces: what people, calls and agents write, each
/// number by itself, and what many lists share. `inbound` is what the dialplans
/// write for callers; `keypress` and `sms` are kept for the same purpose.
const OURS: [&str; 8] = [MANUAL, API, KEY, AGENT, IMPORT, "inbound", "keypress", "sms"];

/// Longest source, in characters.
pub(crate) const LONGEST_SOURCE: usize = 32;

/// Characters by which sources are told from each other in the database: one
/// that was read from a list may be of any length.
const BEGINNING: usize = 100;

/// Whether a text may be given as a source: 1 to 32 letters, digits, - or _.
pub(crate) fn is_source(text: &str) -> bool {
    let is_word = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    (1..=LONGEST_SOURCE).contains(&text.len()) && text.bytes().all(is_word)
}

/// A list from outside that is delivered whole, time and again, by its name:
/// `federal`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListSource(String);

/// Why a source cannot be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoListSource {
    /// It is no source at all.
    #[error("must be 1 to {LONGEST_SOURCE} letters, digits, - or _")]
    NotAWord,
    /// It is not that of one list.
    #[error(
        "must be the name of one list from outside, as federal: {} are what people, calls and lists without a name put there",
        OURS.join(", ")
    )]
    Ours,
}

impl ListSource {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ListSource {
    type Err = NoListSource;

    fn from_str(text: &str) -> Result<Self, NoListSource> {
        if !is_source(text) {
            Err(NoListSource::NotAWord)
        } else if OURS.iter().any(|ours| ours.eq_ignore_ascii_case(text)) {
            Err(NoListSource::Ours)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl fmt::Display for ListSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number of the do-not-call list, with everything that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DncNumber {
    /// Its entry: what named it first.
    pub entry: DoNotCall,
    /// What else names it, the oldest first.
    pub also: Vec<DoNotCall>,
}

impl DncNumber {
    /// From rows in order of number, each number's entry first.
    pub(super) fn of_rows(rows: Vec<DoNotCall>) -> Vec<Self> {
        let mut numbers: Vec<Self> = Vec::new();
        for row in rows {
            match numbers.last_mut().filter(|last| last.entry.number == row.number) {
                Some(last) => last.also.push(row),
                None => numbers.push(Self { entry: row, also: Vec::new() }),
            }
        }
        numbers
    }

    /// Everything that names it: its entry, then the rest.
    pub fn sources(&self) -> impl Iterator<Item = &DoNotCall> {
        std::iter::once(&self.entry).chain(&self.also)
    }
}

/// A replacement of what a source says of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DncReplacement {
    /// Whose numbers.
    pub source: ListSource,
    /// Tells it from every other.
    pub run: Uuid,
    /// When it began: what was put there since stays.
    pub began: Timestamp,
    /// Who replaces them.
    pub by: String,
}

impl DncReplacement {
    /// Why the removals of this replacement were made.
    pub(super) fn reason(&self) -> String {
        format!("no longer on the list of {}", self.source)
    }
}

/// What came of taking off numbers that a source names no longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DncWithdrawn {
    /// Numbers that the source names no longer.
    pub removed: u64,
    /// Those of them that stay on the list, as something else names them.
    pub still_listed: u64,
}

/// The beginning of a source, by which it is told from others.
pub(super) fn beginning(source: &str) -> &str {
    source.char_indices().nth(BEGINNING).map_or(source, |(end, _)| source.get(..end).unwrap_or(source))
}

/// Of entries that were added, those that are not the entry of a number that
/// was `fresh`, in their order: what they say may have to be kept beside it.
pub(super) fn beside<'a>(
    entries: impl ExactSizeIterator<Item = &'a DoNotCall>,
    fresh: &[String],
) -> Vec<&'a DoNotCall> {
    if fresh.len() == entries.len() {
        return Vec::new();
    }
    let mut fresh: HashSet<_> = fresh.iter().filter_map(|number| PhoneNumber::from_e164(number)).collect();
    // Of several of one number the first is the entry.
    entries.filter(|entry| !fresh.remove(&entry.number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: &str, source: &str) -> DoNotCall {
        let number = PhoneNumber::from_e164(number).expect("a number");
        DoNotCall { number, reason: None, source: source.into(), added_at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn only_a_list_from_outside_is_replaced() {
        for good in ["federal", "scrub-2026_03", "x", "keys"] {
            assert_eq!(good.parse::<ListSource>().map(|source| source.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "by letter", "=1", "ä", &"x".repeat(33)] {
            assert_eq!(bad.parse::<ListSource>(), Err(NoListSource::NotAWord), "{bad:?}");
            assert!(!is_source(bad), "{bad:?}");
        }
        for ours in ["manual", "api", "key", "agent", "import", "inbound", "sms", "Key", "API"] {
            assert_eq!(ours.parse::<ListSource>(), Err(NoListSource::Ours), "{ours}");
            assert!(is_source(ours), "{ours}");
        }
    }

    #[test]
    fn a_source_is_told_by_its_beginning() {
        let long = "ä".repeat(101);
        assert_eq!(beginning(&long), "ä".repeat(100));
        assert_eq!(beginning("federal"), "federal");
        assert_eq!(beginning(&long[..200]), &long[..200], "a hundred characters are no more");
    }

    #[test]
    fn rows_become_numbers() {
        let rows = ["a", "b"].map(|source| entry("+12127365000", source)).into_iter();
        let rows: Vec<_> = rows.chain([entry("+12127365001", "c")]).collect();
        let numbers = DncNumber::of_rows(rows.clone());
        assert_eq!(numbers.iter().map(|number| number.also.len()).collect::<Vec<_>>(), [1, 0]);
        assert!(numbers.iter().flat_map(DncNumber::sources).eq(&rows));
    }

    #[test]
    fn the_first_of_a_fresh_number_is_its_entry() {
        let entries = [
            entry("+12127365000", "a"),
            entry("+12127365001", "a"),
            entry("+12127365000", "b"),
            entry("+12127365000", "a"),
        ];
        let fresh = ["+12127365000".to_owned()];
        assert_eq!(beside(entries.iter(), &fresh), [&entries[1], &entries[2], &entries[3]]);
        assert!(beside(entries[..1].iter(), &fresh).is_empty());
        assert_eq!(beside(entries[..1].iter(), &[]), [&entries[0]]);
    }
}
