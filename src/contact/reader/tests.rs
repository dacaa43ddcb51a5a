//! What a reader may cost, and that nothing makes it panic. What lists mean is
//! told in `tests/contact_list_reading.rs`.

use std::io;

use proptest::prelude::*;

use super::*;
use crate::contact::source::{BLOCK, LONGEST_ROW};
use crate::number::{NumberCheck, Region};

const RULES: NumberRules = NumberRules { region: Region::US, check: NumberCheck::Valid };

/// A list that is made as it is read: a header, then `rows` times a row.
struct Endless<F> {
    rows: u64,
    made: u64,
    ready: io::Cursor<Vec<u8>>,
    row: F,
}

fn list<F: FnMut(u64) -> Vec<u8>>(rows: u64, row: F) -> Endless<F> {
    Endless { rows, made: 0, ready: io::Cursor::new(b"phone,name,notes\n".to_vec()), row }
}

impl<F: FnMut(u64) -> Vec<u8>> Read for Endless<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.ready.read(buffer)?;
            if read > 0 || self.made == self.rows {
                return Ok(read);
            }
            self.ready = io::Cursor::new((self.row)(self.made));
            self.made += 1;
        }
    }
}

/// Reads to the end; contacts, rejected rows, and the most memory held.
fn run(source: impl Read) -> (u64, u64, usize) {
    let mut reader = ListReader::new(source, RULES).expect("a list");
    let (mut contacts, mut rejected, mut most) = (0, 0, 0);
    while let Some(row) = reader.next() {
        match row.expect("no fault") {
            Row::Contact { .. } => contacts += 1,
            Row::Rejected(_) => rejected += 1,
        }
        most = most.max(reader.memory());
    }
    (contacts, rejected, most)
}

/// A row may be as long as [`LONGEST_ROW`], and a block is read behind it.
const BOUND: usize = 2 * (LONGEST_ROW + 2 * BLOCK);

#[test]
fn a_long_list_is_read_in_constant_memory() {
    // Most rows without a number: checking numbers is slow in a debug build.
    let row = |row: u64| {
        let number = if row.is_multiple_of(50) { format!("+1212{:07}", 2_000_000 + row) } else { String::new() };
        format!("{number},Person {row},\"some, notes\"\r\n").into_bytes()
    };
    let (contacts, rejected, most) = run(list(200_000, row));
    assert_eq!((contacts, rejected), (4_000, 196_000));
    assert!(most <= BOUND, "{most}");
}

#[test]
fn a_quote_that_never_closes_is_read_in_constant_memory() {
    let row = |row: u64| {
        let quote = if row == 10 { "\"" } else { "" };
        format!("212736{row:04},{quote}Person {row}\n").into_bytes()
    };
    let (contacts, rejected, most) = run(list(9_000, row));
    assert_eq!((contacts, rejected), (8_999, 1));
    assert!(most <= BOUND, "{most}");
}

#[test]
fn rows_of_any_length_are_read_in_constant_memory() {
    // 50, 60, 70 … kB: the ones over the limit are rejected.
    let row = |row: u64| {
        let notes = "x".repeat(50_000 + 10_000 * usize::try_from(row).expect("small"));
        format!("212736{row:04},Person {row},{notes}\n").into_bytes()
    };
    let (contacts, rejected, most) = run(list(30, row));
    assert_eq!((contacts, rejected), (2, 28));
    assert!(most <= BOUND, "{most}");
}

#[test]
fn a_row_too_long_is_shown_by_its_beginning() {
    let source = format!("phone,name\n2127365000,{}\r\n12,Bob\r\n", "x".repeat(200_000));
    let rows: Vec<Rejected> = ListReader::new(source.as_bytes(), RULES)
        .expect("a list")
        .map(|row| match row {
            Ok(Row::Rejected(row)) => row,
            other => panic!("{other:?}"),
        })
        .collect();
    let [long, short] = rows.as_slice() else { panic!("{}", rows.len()) };
    assert_eq!((long.line, &long.reason, short.line), (2, &RejectReason::TooLong, 3));
    let shown: Vec<&str> = long.raw.cells().collect();
    assert!(shown.len() == 1 && shown[0].starts_with("2127365000,x") && shown[0].ends_with("x…"), "{shown:?}");
    assert_eq!(shown[0].chars().count(), SHOWN + 1);
}

#[test]
fn the_longest_row_is_the_same_wherever_blocks_end() {
    for length in [LONGEST_ROW - 1, LONGEST_ROW, LONGEST_ROW + 1] {
        let counts: Vec<_> = [0, 1, 999, 40_000]
            .map(|before| {
                let before = "x".repeat(before);
                let notes = "y".repeat(length - "2127365000,,\n".len());
                let source = format!("phone,name,notes\n12,{before}\n2127365000,,{notes}\n2127365001,,\n");
                let (contacts, rejected, _) = run(source.as_bytes());
                (contacts, rejected)
            })
            .into();
        let want = if length <= LONGEST_ROW { (2, 1) } else { (1, 2) };
        assert_eq!(counts, [want; 4], "{length}");
    }
}

/// Hands out a few bytes at a time.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

fn rows(source: impl Read) -> Result<(Vec<Row>, Vec<ListWarning>), String> {
    let mut reader = ListReader::new(source, RULES).map_err(|error| error.to_string())?;
    let rows = reader.by_ref().collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    Ok((rows, reader.warnings()))
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = rows(bytes.as_slice());
        let mut list = b"phone,name\n".to_vec();
        list.extend_from_slice(&bytes);
        let _ = rows(list.as_slice());
        let mut utf16 = b"\xFF\xFEp\0h\0o\0n\0e\0\n\0".to_vec();
        utf16.extend_from_slice(&bytes);
        let _ = rows(utf16.as_slice());
    }

    #[test]
    fn no_text_makes_it_panic(text in "(phone|name|[0-9+,;|\t\"'= \r\n\u{A0}é\u{200E}E.-]{0,12}){0,12}") {
        let _ = rows(text.as_bytes());
    }

    /// Nothing is lost, whatever the quotes: each line is in some row.
    #[test]
    fn every_line_comes_out(lines in proptest::collection::vec("[0-9]{1,3},[0-9a-c,\"]{0,9}", 1..20)) {
        let list = format!("phone,name\n{}\n", lines.join("\n"));
        let (rows, _) = rows(list.as_bytes()).expect("a list");
        let lines_of = |raw: &RawRow| 1 + raw.cells().map(|cell| cell.matches('\n').count()).sum::<usize>();
        let found: usize = rows.iter().map(|row| match row {
            Row::Contact { raw, .. } | Row::Rejected(Rejected { raw, .. }) => lines_of(raw),
        }).sum();
        prop_assert_eq!(found, lines.len());
    }

    #[test]
    fn how_the_bytes_arrive_does_not_matter(text in "phone,name\n([0-9a,\"\r\n]{0,9}){0,9}", step in 1_usize..9) {
        prop_assert_eq!(rows(text.as_bytes()), rows(Trickle(text.as_bytes(), step)));
    }
}
