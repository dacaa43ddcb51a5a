//! The first lines of a list: blank ones, the separator, the names of the
//! columns.

use std::io::Read;

use super::error::ListError;
use super::row::{Encoded, RawRow};
use super::source::{LONGEST_ROW, Source, Window};
use super::{cell, header, record};
use crate::number::{NumberRules, PhoneNumber};

/// In order of preference where the header leaves a choice.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What stands above the contacts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opening {
    /// What separates cells.
    pub(super) separator: u8,
    /// The names of the columns, as written.
    pub(super) names: Vec<String>,
    /// Physical lines above the contacts.
    pub(super) lines: u64,
    /// Whether the names are UTF-8; else they were read as Windows-1252.
    pub(super) utf8: bool,
}

/// Reads up to the first row below the header.
pub(super) fn read<R: Read>(source: &mut Source<R>) -> Result<Opening, ListError> {
    let mut above = skip_blank_lines(source)?;
    let declared = declared_separator(source);
    if declared.is_some() {
        above += 1 + skip_blank_lines(source)?;
    }
    while !source.window().full && !source.at_end() {
        source.fill()?;
    }
    let mut opening = None;
    let mut broken = false;
    for separator in SEPARATORS.into_iter().filter(|s| declared.is_none_or(|declared| declared == *s)) {
        match names(source.window(), separator) {
            Ok(found) => opening = better(opening, found),
            Err(BrokenQuotes(quotes)) => broken |= quotes,
        }
    }
    let reason = if broken { "its quotes are broken" } else { "it is too long" };
    // Under a separator it does not have, a header with broken quotes is one
    // column of any text.
    let opening = opening.filter(|found| !broken || header::names_a_phone(&found.names));
    let Names { separator, names, length, lines, encoded } = opening.ok_or(ListError::Header { reason })?;
    source.consume(length);
    let lines = above + lines;
    match encoded {
        Encoded::Utf8 => Ok(Opening { separator, names, lines, utf8: true }),
        Encoded::Windows1252 => Ok(Opening { separator, names, lines, utf8: false }),
        Encoded::Neither => Err(ListError::Header { reason: "it is not text" }),
    }
}

/// A first line without a phone column but with a number is a contact.
pub(super) fn no_header(error: ListError, names: &[String], rules: NumberRules) -> ListError {
    let number = |name: &&String| PhoneNumber::parse(name, rules).is_ok();
    match (&error, names.iter().find(number)) {
        (ListError::NoPhoneColumn { .. }, Some(found)) => ListError::NoHeader { found: found.clone() },
        _ => error,
    }
}

/// Goes to the first line with anything but empty cells on it; gives the number
/// of lines passed.
fn skip_blank_lines<R: Read>(source: &mut Source<R>) -> Result<u64, ListError> {
    let blank = |b: &u8| b.is_ascii_whitespace() || SEPARATORS.contains(b);
    let mut passed = 0;
    loop {
        match record::line(source.bytes(), source.at_end()) {
            Some((_, 0)) => return Err(ListError::Empty),
            Some((text, whole)) if source.bytes().iter().take(text).all(blank) => {
                source.consume(whole);
                passed += 1;
            }
            Some(_) => return Ok(passed),
            None if source.bytes().len() > LONGEST_ROW => return Ok(passed),
            None => source.fill()?,
        }
    }
}

/// `sep=;` on a line of its own before the header tells Excel the separator.
fn declared_separator<R: Read>(source: &mut Source<R>) -> Option<u8> {
    let (text, whole) = record::line(source.bytes(), source.at_end())?;
    let line = source.bytes().get(..text)?;
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (key, value) = line.split_at_checked(b"sep=".len())?;
    let separator = SEPARATORS.into_iter().find(|separator| value == [*separator])?;
    key.eq_ignore_ascii_case(b"sep=").then(|| source.consume(whole))?;
    Some(separator)
}

/// A header as one separator divides it.
struct Names {
    separator: u8,
    names: Vec<String>,
    length: usize,
    lines: u64,
    encoded: Encoded,
}

/// The header does not end, or (`true`) its quotes are broken.
struct BrokenQuotes(bool);

fn names(window: Window<'_>, separator: u8) -> Result<Names, BrokenQuotes> {
    let mut fields = Vec::new();
    match record::scan(window.bytes, separator, window.at_end, &mut fields) {
        record::Scan::Record { length, lines } => {
            let (row, encoded) = RawRow::decode(window.bytes.get(..length).unwrap_or_default(), &fields);
            let names = row.cells().map(|name| cell::text(name).unwrap_or_default().to_owned()).collect();
            Ok(Names { separator, names, length, lines, encoded })
        }
        record::Scan::Incomplete => Err(BrokenQuotes(false)),
        record::Scan::BrokenQuotes => Err(BrokenQuotes(true)),
    }
}

/// The one that shows a phone column, else the one with more columns, else the
/// first.
fn better(old: Option<Names>, new: Names) -> Option<Names> {
    let rank = |names: &Names| (header::names_a_phone(&names.names), names.names.len());
    match old {
        Some(old) if rank(&old) >= rank(&new) => Some(old),
        Some(_) | None => Some(new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(list: &str) -> Opening {
        let mut source = Source::open(list.as_bytes()).expect("memory can be read");
        read(&mut source).expect("a header")
    }

    #[test]
    fn the_separator_is_the_one_that_shows_a_phone_column() {
        assert_eq!(open("phone;a,b,c,d\n").separator, b';');
        assert_eq!(open("\"a;b;c\",phone\n").separator, b',');
        assert_eq!(open("phone\n").separator, b',');
        assert_eq!(open("id\tname\tcity, country\n").separator, b'\t');
        assert_eq!(open("sep=|\nphone|a,b\n").separator, b'|');
    }

    #[test]
    fn lines_above_the_contacts_are_counted() {
        assert_eq!(open("phone\n1").lines, 1);
        assert_eq!(open("\r\n;;;\r\nsep=;\r\n\r\nphone;\"two\r\nlines\"\r\n1").lines, 6);
    }

    #[test]
    fn what_looks_like_a_declaration_is_a_header() {
        assert_eq!(open("sep=x\n").names, ["sep=x"]);
        assert_eq!(open("sept,phone\n").names, ["sept", "phone"]);
    }
}
