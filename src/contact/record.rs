//! Where a record of a CSV file ends and where its fields are (RFC 4180, and
//! what spreadsheets make of it). Works on bytes: separators, quotes and line
//! ends are the same in UTF-8 and in Windows-1252.

use memchr::{memchr, memchr2, memchr3};

/// Where a field's text is in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its first byte, inside the quotes.
    pub(super) start: usize,
    /// One past its last byte.
    pub(super) end: usize,
    /// It stands in quotes; a quote in it is doubled.
    pub(super) quoted: bool,
}

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// A whole record.
    Record {
        /// Its length, with its line end.
        length: usize,
        /// The physical lines it takes.
        lines: u64,
    },
    /// The beginning of a record, perhaps: more bytes will tell.
    Incomplete,
    /// A quoted field that does not end as one, or not at all.
    BrokenQuotes,
}

/// Finds the record at the beginning of `bytes` and puts its fields into
/// `fields`. `at_end`: no bytes follow these.
///
/// A quote opens a field only at its beginning, spaces aside; after the closing
/// quote comes the separator or the end of the line. A line ends with LF, CRLF
/// or CR.
pub(super) fn scan(bytes: &[u8], separator: u8, at_end: bool, fields: &mut Vec<Field>) -> Scan {
    fields.clear();
    let (mut at, mut lines) = (0, 1);
    loop {
        let padding = if separator == b' ' { 0 } else { spaces(bytes, at) };
        let next = if bytes.get(at + padding) == Some(&b'"') {
            let start = at + padding + 1;
            let end = match closing_quote(bytes, start, at_end) {
                Ok(Some(end)) => end,
                Ok(None) if at_end => return Scan::BrokenQuotes,
                Ok(None) => return Scan::Incomplete,
                Err(Unsure) => return Scan::Incomplete,
            };
            lines += line_ends(bytes.get(start..end).unwrap_or_default());
            fields.push(Field { start, end, quoted: true });
            end + 1 + spaces(bytes, end + 1)
        } else {
            let end = bytes.get(at..).and_then(|rest| memchr3(separator, b'\n', b'\r', rest)).map(|n| at + n);
            let Some(end) = end.or(at_end.then_some(bytes.len())) else { return Scan::Incomplete };
            fields.push(Field { start: at, end, quoted: false });
            end
        };
        match bytes.get(next) {
            Some(byte) if *byte == separator => at = next + 1,
            Some(b'\n') => return Scan::Record { length: next + 1, lines },
            Some(b'\r') => match bytes.get(next + 1) {
                Some(b'\n') => return Scan::Record { length: next + 2, lines },
                None if !at_end => return Scan::Incomplete,
                Some(_) | None => return Scan::Record { length: next + 1, lines },
            },
            Some(_) => return Scan::BrokenQuotes,
            None if at_end => return Scan::Record { length: next, lines },
            None => return Scan::Incomplete,
        }
    }
}

/// The physical line at the beginning of `bytes`: the length of its text, and
/// with its line end. None: it does not end here.
pub(super) fn line(bytes: &[u8], at_end: bool) -> Option<(usize, usize)> {
    match memchr2(b'\n', b'\r', bytes) {
        Some(text) if bytes.get(text) == Some(&b'\n') => Some((text, text + 1)),
        Some(text) => match bytes.get(text + 1) {
            Some(b'\n') => Some((text, text + 2)),
            None if !at_end => None,
            Some(_) | None => Some((text, text + 1)),
        },
        None => at_end.then_some((bytes.len(), bytes.len())),
    }
}

/// A quote at the very end of the bytes: the next byte would say whether it
/// closes the field.
struct Unsure;

/// The quote that closes a field whose text begins at `start`.
fn closing_quote(bytes: &[u8], start: usize, at_end: bool) -> Result<Option<usize>, Unsure> {
    let mut at = start;
    loop {
        let Some(quote) = bytes.get(at..).and_then(|rest| memchr(b'"', rest)).map(|n| at + n) else {
            return Ok(None);
        };
        match bytes.get(quote + 1) {
            Some(b'"') => at = quote + 2,
            Some(_) => return Ok(Some(quote)),
            None if at_end => return Ok(Some(quote)),
            None => return Err(Unsure),
        }
    }
}

fn spaces(bytes: &[u8], at: usize) -> usize {
    bytes.iter().skip(at).take_while(|b| **b == b' ').count()
}

/// Line ends in a quoted field; CRLF is one.
fn line_ends(text: &[u8]) -> u64 {
    let (mut rest, mut count) = (text, 0);
    while let Some((_, end)) = line(rest, false) {
        count += 1;
        rest = rest.get(end..).unwrap_or_default();
    }
    // A CR that is the field's last byte.
    count + u64::from(rest.last() == Some(&b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The records of a text: the line each starts at and its fields.
    fn records(text: &str) -> Vec<(u64, Vec<String>)> {
        let (mut rest, mut at_line, mut fields, mut all) = (text, 1, Vec::new(), Vec::new());
        while !rest.is_empty() {
            let Scan::Record { length, lines } = scan(rest.as_bytes(), b',', true, &mut fields) else {
                panic!("broken: {rest:?}")
            };
            let cells = fields.iter().map(|f| rest[f.start..f.end].replace("\"\"", "\"")).collect();
            all.push((at_line, cells));
            at_line += lines;
            rest = &rest[length..];
        }
        all
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|c| (*c).to_owned()).collect())
    }

    #[test]
    fn fields_and_line_ends() {
        assert_eq!(records("a,b\nc,d"), [row(1, &["a", "b"]), row(2, &["c", "d"])]);
        assert_eq!(records("a,b\r\nc,d\r\n"), [row(1, &["a", "b"]), row(2, &["c", "d"])]);
        assert_eq!(records("a,b\rc,d\r"), [row(1, &["a", "b"]), row(2, &["c", "d"])]);
        assert_eq!(records("a,,\n,b,"), [row(1, &["a", "", ""]), row(2, &["", "b", ""])]);
        assert_eq!(records("\n\na"), [row(1, &[""]), row(2, &[""]), row(3, &["a"])]);
    }

    #[test]
    fn quotes() {
        assert_eq!(records(r#""a,b","say ""hi""""#), [row(1, &["a,b", "say \"hi\""])]);
        assert_eq!(records("\"\",\"\"\nx"), [row(1, &["", ""]), row(2, &["x"])]);
        assert_eq!(records(r#"the "big" one,b"#), [row(1, &["the \"big\" one", "b"])]);
        assert_eq!(records(r#"a, "b, c" ,d"#), [row(1, &["a", "b, c", "d"])]);
    }

    #[test]
    fn lines_inside_quotes_are_counted() {
        assert_eq!(records("\"a\nb\r\nc\rd\re\n\",x\ny"), [row(1, &["a\nb\r\nc\rd\re\n", "x"]), row(7, &["y"])]);
        assert_eq!(records("\"a\r\",x\ny"), [row(1, &["a\r", "x"]), row(3, &["y"])]);
    }

    #[test]
    fn broken_quotes_are_told_from_unfinished_ones() {
        let mut fields = Vec::new();
        assert_eq!(scan(b"\"a\"b,c\n", b',', true, &mut fields), Scan::BrokenQuotes);
        assert_eq!(scan(b"\"a,c\n", b',', true, &mut fields), Scan::BrokenQuotes);
        for part in ["\"a,c\n", "\"a\"", "a,\"b\"\"", "a", "a,b\r", "\"a\" "] {
            assert_eq!(scan(part.as_bytes(), b',', false, &mut fields), Scan::Incomplete, "{part:?}");
        }
    }

    proptest! {
        /// However the bytes arrive, the same record comes out.
        #[test]
        fn a_longer_window_never_changes_a_record(text in "[ab, \"\r\n]{0,40}", cut in 0_usize..40) {
            let (whole, mut all, mut part) = (text.as_bytes(), Vec::new(), Vec::new());
            let cut = cut.min(whole.len());
            match scan(&whole[..cut], b',', false, &mut part) {
                Scan::Incomplete => {}
                known => {
                    prop_assert_eq!(known, scan(whole, b',', true, &mut all));
                    prop_assert_eq!(part, all);
                }
            }
        }

        #[test]
        fn records_and_lines_make_progress(text in proptest::collection::vec(any::<u8>(), 1..200)) {
            let mut fields = Vec::new();
            if let Scan::Record { length, lines } = scan(&text, b';', true, &mut fields) {
                prop_assert!((1..=text.len()).contains(&length) && lines >= 1 && !fields.is_empty());
                prop_assert!(fields.iter().all(|f| f.start <= f.end && f.end <= length));
            }
            let (inner, whole) = line(&text, true).expect("at the end there is a line");
            prop_assert!(inner <= whole && whole >= 1 && whole <= text.len());
        }
    }
}
