//! An operator's own table of zones, in the format of libphonenumber's
//! `map_data.txt`: `1201|America/New_York`, several zones with `&` between,
//! comments with `#`.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::{Zones, zone};

/// Bytes such a file may have.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Why a table of zones cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MapDataError {
    /// The file is not there or cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line that is not what it should be.
    #[error("{}, line {line}: {message}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

/// The zones by the first digits of numbers.
pub(super) fn read(path: &Path) -> Result<HashMap<u64, Zones>, MapDataError> {
    let unread = |source| MapDataError::Read { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unread)?.len();
    if size > LARGEST {
        return Err(unread(io::Error::other(format!("it has {size} bytes; {LARGEST} are possible"))));
    }
    let text = std::fs::read_to_string(path).map_err(unread)?;
    parse(&text).map_err(|(line, message)| MapDataError::Line { path: path.to_owned(), line, message })
}

fn parse(text: &str) -> Result<HashMap<u64, Zones>, (usize, String)> {
    let mut zones = HashMap::new();
    // Lists that are the same are one list in memory.
    let mut lists: HashMap<&str, Zones> = HashMap::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |message: String| (at + 1, message);
        let (digits, names) = line.split_once('|').ok_or_else(|| wrong("has no |".into()))?;
        let beginning = digits.parse().ok().filter(|number| *number > 0 && digits.len() <= 15);
        let beginning = beginning.ok_or_else(|| wrong(format!("{digits:?} are not the first digits of numbers")))?;
        let list = match lists.get(names) {
            Some(list) => list.clone(),
            None => {
                if let Some(unknown) = names.split('&').find(|name| zone(name).is_none()) {
                    return Err(wrong(format!("{unknown:?} is no zone of the tz database")));
                }
                let list = Zones::named(names.split('&')).ok_or_else(|| wrong("names no zone".into()))?;
                lists.entry(names).or_insert(list).clone()
            }
        };
        zones.insert(beginning, list);
    }
    Ok(zones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_comments_are_read() {
        let zones = parse("# ours\n\n1201|America/New_York\n44|Europe/London&Europe/Jersey\r\n").expect("read");
        assert_eq!(zones[&1201].names().collect::<Vec<_>>(), ["America/New_York"]);
        assert_eq!(zones[&44].iter().count(), 2);
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (text, line, part) in [
            ("1201 America/New_York", 1, "no |"),
            ("\n12a|America/New_York", 2, "12a"),
            ("1|America/New_Yorck", 1, "New_Yorck"),
            ("1|", 1, "no zone"),
            ("0|Europe/London", 1, "first digits"),
            ("12345678901234567890|Europe/London", 1, "first digits"),
        ] {
            let (at, message) = parse(text).expect_err("refused");
            assert!(at == line && message.contains(part), "{text}: {at} {message}");
        }
    }
}
